//! One task that serves a machine and all of its sockets by readiness, whatever the runtime.
//!
//! An asynchronous adapter implements [`Runtime`] (sockets and timers) and [`Desk`] (the
//! channels behind its handle), and polls an [`Engine`] of them. A turn of the task costs as
//! much as there are ready sockets; nothing is spawned and nothing allocated per message.
//!
//! Not here: a runtime, channels, handles; those are the adapters'.

mod desk;
mod engine;
mod events;
mod linger;
mod listener;
mod options;
mod ready;
mod runtime;
mod socket;

pub use desk::{Control, Desk};
pub use engine::Engine;
pub use events::{EventSender, Events, events};
pub use options::{COMMANDS_QUEUED, CONTROLS_QUEUED, MOST_TRACES, Options, raise_descriptor_limit};
pub use runtime::Runtime;
