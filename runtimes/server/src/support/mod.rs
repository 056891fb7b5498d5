//! What goes into a support bundle: files of text, each without secrets, in one archive.
//!
//! | file | concept |
//! |---|---|
//! | [`redaction`] | takes secrets out of any text: those that are known by their files, and what looks like one |
//! | [`archive`] | the `.tar.gz` that only its owner can read |
//! | [`running`] | what the monitor of a connector that runs tells, over HTTP or HTTPS |
//! | [`facts`](mod@facts) | what the machine and its operating system are |

mod archive;
mod facts;
mod redaction;
mod running;

pub(crate) use archive::Archive;
pub(crate) use facts::facts;
pub(crate) use redaction::Redaction;
pub(crate) use running::Running;
