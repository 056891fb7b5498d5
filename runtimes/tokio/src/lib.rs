//! finewire machines on tokio.
//!
//! [`spawn`] runs a [`Machine`] on one task that serves all of its sockets by readiness:
//! thousands of links, vectored writes, one read buffer for all, nothing spawned and nothing
//! allocated per message. The owner gets a cloneable [`Handle`] (commands that end, a look at
//! the machine, shut-down), the [`Events`] and the task.
//!
//! # Back-pressure
//!
//! A paused link is not read. While the owner leaves [`Options::events_at_most`] events lying,
//! the machine stands still: no reads, no commands, no timers. Traces are never waited for:
//! a slow receiver loses the oldest.
//!
//! # Example
//!
//! An echo machine that serves one client:
//!
//! ```
//! use finewire_core::machine::*;
//! use finewire_tokio::{Bytes, Options};
//! use std::collections::VecDeque;
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! /// Sends back what comes.
//! #[derive(Default)]
//! struct Echo { says: VecDeque<Output<Address>> }
//!
//! struct Serve;
//!
//! impl Machine for Echo {
//!     type Command = Serve;
//!     type Event = Address;
//!
//!     fn handle_input(&mut self, _now: Instant, input: Input<'_, Serve>) {
//!         match input {
//!             Input::Command(id, Serve) => {
//!                 self.says.push_back(Output::Listen(ListenerId(1), Address::new("127.0.0.1", 0)));
//!                 self.says.push_back(Output::Ended(id, Outcome::Done));
//!             }
//!             Input::Listening(_, address) => self.says.push_back(Output::Event(address)),
//!             Input::Received(link, heard) => {
//!                 // One write at a time: read on when it is done.
//!                 let chunks = Chunks::from(Bytes::copy_from_slice(heard));
//!                 self.says.push_back(Output::Pause(link));
//!                 self.says.push_back(Output::Send(link, chunks));
//!             }
//!             Input::Sent(link) => self.says.push_back(Output::Resume(link)),
//!             _ => {}
//!         }
//!     }
//!     fn handle_timeout(&mut self, _now: Instant) {}
//!     fn poll_output(&mut self) -> Output<Address> {
//!         self.says.pop_front().unwrap_or(Output::Wait(None))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (handle, mut events, task) = finewire_tokio::spawn(Echo::default(), Options::default());
//! assert!(handle.command(Serve).await.is_done());
//! let address = events.next().await.ok_or("stopped")?;
//!
//! let mut client = tokio::net::TcpStream::connect((&*address.host, address.port)).await?;
//! client.write_all(b"hello").await?;
//! let mut heard = [0; 5];
//! client.read_exact(&mut heard).await?;
//! assert_eq!(&heard, b"hello");
//!
//! handle.shut_down().await;
//! let _echo: Echo = task.await?;
//! # Ok(())
//! # }
//! ```
//!
//! Not here: what to decide (the machine's), TLS and closing (the
//! [host](finewire_host)'s).

mod handle;
#[cfg(feature = "openwire")]
pub mod openwire;
mod run;
mod sockets;

pub use finewire_host::task::{Events, Options, raise_descriptor_limit};
pub use handle::Handle;
pub use run::{Task, run, spawn};

#[doc(no_inline)]
pub use bytes::Bytes;
#[cfg(feature = "tls")]
#[doc(no_inline)]
pub use finewire_host::{ClientTls, ServerTls, TlsSetupError, rustls};
#[doc(no_inline)]
pub use finewire_host::{Host, HostConfig, TlsProfiles, seed};

/// Compiles and runs the examples of that page.
#[cfg(all(doctest, feature = "openwire"))]
#[doc = include_str!("../../../transports/openwire/README.md")]
struct OpenWireInFiveMinutes;

#[cfg(doc)]
use finewire_core::machine::Machine;
