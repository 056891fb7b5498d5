//! Record an incident, replay it at the desk.
//!
//! ```text
//!   runtime ──inputs──▶ Recorded ──▶ Connector            (serve)
//!                          │ copies, a bounded buffer
//!                          ▼
//!                 a thread: secrets out ──▶ file
//!
//!   file ──inputs──▶ Connector ──▶ time line               (replay)
//! ```
//!
//! What is written are the inputs of the connector's machine, with its seed and its settings: equal inputs give
//! equal outputs, so the same machine says the same again. Passwords are replaced before they are written, each by a
//! placeholder of its own that decrypts under a key that is no secret; the replayed connector is set up with that
//! key, so that right, wrong and repeated passwords take the same way as they did.

mod broker_stream;
mod keeper;
mod preface;
mod redactor;
mod replaying;
mod rules;
mod tap;
mod told;
mod veil;

pub(crate) use keeper::{Keeper, Plan};
pub(crate) use preface::Preface;
pub(crate) use replaying::{Line, Replay};
pub(crate) use tap::{Announcer, Recorded, Tap};
