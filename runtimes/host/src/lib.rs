//! What every runtime adapter of finewire needs, and no runtime: clock, TLS, and the loop that
//! turns a [`Machine`](finewire_core::machine::Machine) into steps.
//!
//! A [`Host`] owns the machine. [`Host::step`] says what to do next ([`Step`]: connect, write,
//! listen, wait…), the `on_*` methods tell it what happened. rustls lies between the socket's
//! bytes and the link's, once for all adapters, so an adapter only connects, accepts, reads,
//! writes, closes and sleeps.
//!
//! ```text
//!   socket --bytes--> adapter --on_received--> Host [ TLS ] --Received--> Machine
//!   socket <--bytes-- adapter <----Write------ Host [ TLS ] <---Send----- Machine
//! ```
//!
//! # What a host sees to
//!
//! - Every link that was opened or accepted ends in exactly one `Closed`; late reports of
//!   closed links are ignored.
//! - `Close(Flush)` writes what is under way (10 s at most), says TLS `close_notify`, shuts the
//!   sending half and waits for the peer's end (2 s at most). `Close(Abort)` drops the socket.
//! - A peer that ends its half of the stream (FIN or `close_notify`) has closed: the machine
//!   gets `Closed(Eof)`; a write under way is still finished.
//! - After `Pause` the machine receives nothing until `Resume`.
//! - A TLS server's handshake is done within 20 s or the link closes with `TimedOut`. Clients
//!   are watched by their [`Link`](finewire_core::machine::Link).
//! - Memory per link is bounded: one `Send` of the machine, 256 KiB encrypted ahead, one read
//!   of the adapter held back while paused.
//!
//! # Example
//!
//! A machine that listens, on an adapter that has no sockets at all:
//!
//! ```
//! use finewire_core::machine::*;
//! use finewire_host::{Host, HostConfig, Step};
//! use std::time::Instant as StdInstant;
//!
//! struct Door { says: Vec<Output<Address>> }
//!
//! impl Machine for Door {
//!     type Command = ();
//!     type Event = Address;
//!     fn handle_input(&mut self, _now: Instant, input: Input<'_, ()>) {
//!         if let Input::Listening(_, address) = input {
//!             self.says.push(Output::Event(address));
//!         }
//!     }
//!     fn handle_timeout(&mut self, _now: Instant) {}
//!     fn poll_output(&mut self) -> Output<Address> {
//!         self.says.pop().unwrap_or(Output::Wait(None))
//!     }
//! }
//!
//! let says = vec![Output::Listen(ListenerId(1), Address::new("127.0.0.1", 0))];
//! let now = StdInstant::now();
//! let mut host = Host::new(Door { says }, HostConfig::default(), now);
//! assert!(matches!(host.step(now), Step::Listen(ListenerId(1), _)));
//! host.on_listening(now, ListenerId(1), "127.0.0.1:4711".parse()?);
//! assert!(matches!(host.step(now), Step::Event(address) if address.port == 4711));
//! assert!(matches!(host.step(now), Step::Wait(None)));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! With the feature `record` there are files of what a machine was told (module `record`).
//! With the feature `task` there is also the loop that all asynchronous adapters share. How to write an adapter, step
//! by step, is told in `runtimes/WRITING_AN_ADAPTER.md`.
//!
//! Not here: sockets, threads, executors; those are the adapters'.

mod clock;
mod close_reason;
mod host;
mod link;
#[cfg(feature = "record")]
pub mod record;
mod seed;
mod step;
#[cfg(feature = "task")]
pub mod task;
mod tls;

pub use close_reason::close_reason;
pub use host::{Host, HostConfig};
/// What configurations of one's own are made with.
#[cfg(feature = "tls")]
#[doc(no_inline)]
pub use rustls;
pub use seed::{NoRandomness, seed};
pub use step::Step;
pub use tls::TlsProfiles;
#[cfg(feature = "tls")]
pub use tls::{ClientTls, ServerTls, TlsSetupError, fingerprint, tls_fault};

/// Compiles and runs the adapter of that page.
#[cfg(doctest)]
#[doc = include_str!("../../WRITING_AN_ADAPTER.md")]
struct WriteYourOwnAdapter;
