//! finewire machines on mio: one thread, one `Poll`, no executor.
//!
//! This is the example of `runtimes/WRITING_AN_ADAPTER.md`, whole: [`spawn`] runs a [`Machine`] on a
//! thread that serves all of its sockets by readiness. The owner gets a cloneable [`Handle`], the events and the
//! thread to join, as with the blocking adapter.
//!
//! # Example
//!
//! A machine that listens, connects to itself, and says what it hears:
//!
//! ```
//! use finewire_core::machine::*;
//! use finewire_mio_example::{Bytes, Options};
//! use std::collections::VecDeque;
//! use std::time::Duration;
//!
//! #[derive(Default)]
//! struct Narcissus { says: VecDeque<Output<Vec<u8>>> }
//!
//! struct Look;
//!
//! impl Machine for Narcissus {
//!     type Command = Look;
//!     type Event = Vec<u8>;
//!
//!     fn handle_input(&mut self, _now: Instant, input: Input<'_, Look>) {
//!         match input {
//!             Input::Command(id, Look) => {
//!                 self.says.push_back(Output::Listen(ListenerId(1), Address::new("127.0.0.1", 0)));
//!                 self.says.push_back(Output::Ended(id, Outcome::Done));
//!             }
//!             Input::Listening(_, address) => {
//!                 let there = Endpoint::plain(&address.host, address.port);
//!                 self.says.push_back(Output::Open(LinkSlot(0).link(0), there));
//!             }
//!             Input::Opened(link) => {
//!                 let hello = Chunks::from(Bytes::from_static(b"hello, you"));
//!                 self.says.push_back(Output::Send(link, hello));
//!             }
//!             Input::Received(_, heard) => self.says.push_back(Output::Event(heard.to_vec())),
//!             _ => {}
//!         }
//!     }
//!     fn handle_timeout(&mut self, _now: Instant) {}
//!     fn poll_output(&mut self) -> Output<Vec<u8>> {
//!         self.says.pop_front().unwrap_or(Output::Wait(None))
//!     }
//! }
//!
//! let soon = Duration::from_secs(5);
//! let (handle, mut events, task) =
//!     finewire_mio_example::spawn(Narcissus::default(), Options::default())?;
//! assert!(handle.command(Look, soon).is_done());
//! assert_eq!(events.next_within(soon).as_deref(), Some(&b"hello, you"[..]));
//!
//! handle.shut_down();
//! let _narcissus: Narcissus = task.join().map_err(|_| "panicked")??;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: what to decide (the machine's), TLS and closing (the [host](finewire_host)'s), OpenWire handles.

mod engine;
mod handle;
mod listener;
mod post;
mod queue;
mod run;
mod socket;

pub use handle::Handle;
pub use queue::Received;
pub use run::{Options, Task, run, spawn};

#[doc(no_inline)]
pub use bytes::Bytes;
#[doc(no_inline)]
pub use finewire_host::{Host, HostConfig, TlsProfiles, seed};

#[cfg(doc)]
use finewire_core::machine::Machine;
