//! `finewire doctor`: looks at everything that a connector needs, and says what is wrong and what to do.
//!
//! Every peer is looked at on a way of its own, all at once; a way ends at its first failure, and every step
//! of it is bounded in time. Nothing is changed anywhere: no command is taken from the queue, no message
//! reaches a driver, and an agent's password is tried at most once before it is known to be right.
//!
//! ```text
//!   configuration, secrets
//!   broker 1…n          dns → tcp → tls → login → queue → topic
//!   Finesse A, B        dns → tcp → tls → SystemInfo → clock     ┐
//!   …'s notifications   dns → tcp → tls → greeting               ┴→ credentials → login
//! ```
//!
//! | file | concept |
//! |---|---|
//! | [`report`] | what was found, as lines and as JSON |
//! | [`way`] | steps one after another, bounded in time |
//! | [`tls`], [`handshake`], [`certificate`], [`hello`], [`advice`] | what is wrong with TLS, and the remedy |
//! | [`speech`] | what a peer speaks instead |
//! | [`broker`], [`finesse`], [`notification`] | the peers |
//! | [`secrets`] | keys, vectors and passwords by their files |
//! | [`examination`] | all of it together |

mod advice;
mod broker;
mod certificate;
mod examination;
pub(crate) mod exchange;
mod finesse;
pub(crate) mod handshake;
mod hello;
mod notification;
mod report;
pub(crate) mod secrets;
mod speech;
mod tls;
mod way;

pub(crate) use examination::{Agent, Plan, examine};
