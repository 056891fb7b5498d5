//! finewire machines on blocking sockets and threads, for programs without an async runtime.
//!
//! [`spawn`] runs a [`Machine`] that many threads serve, one at a time: a link's reader tells it what it has read and
//! writes what it answers, on one thread from socket to socket; a command runs on the thread that gives it; a thread
//! of its own keeps the time. Each link costs a thread, and a second from the first write that the system does not
//! take at once, so this is meant for tens of links. The names are those of the tokio adapter, with time-outs:
//! a cloneable [`Handle`] (commands that end, a look at the machine, shut-down), the events and
//! the thread to join.
//!
//! # Back-pressure
//!
//! A reader reads once and waits until the machine has taken the bytes and is not paused.
//! While the owner leaves [`Options::events_at_most`] events lying, the machine stands still.
//!
//! # Example
//!
//! An echo machine that serves one client:
//!
//! ```
//! use finewire_blocking::{Bytes, Options};
//! use finewire_core::machine::*;
//! use std::collections::VecDeque;
//! use std::io::{Read, Write};
//! use std::time::Duration;
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
//! let soon = Duration::from_secs(5);
//! let (handle, mut events, task) = finewire_blocking::spawn(Echo::default(), Options::default())?;
//! assert!(handle.command(Serve, soon).is_done());
//! let address = events.next_within(soon)?;
//!
//! let mut client = std::net::TcpStream::connect((&*address.host, address.port))?;
//! client.write_all(b"hello")?;
//! let mut heard = [0; 5];
//! client.read_exact(&mut heard)?;
//! assert_eq!(&heard, b"hello");
//!
//! handle.shut_down();
//! let _echo: Echo = task.join().map_err(|_| "panicked")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: what to decide (the machine's), TLS and closing (the [host](finewire_host)'s),
//! thousands of links (an async adapter's).

mod engine;
mod handle;
mod listener;
mod mail;
#[cfg(feature = "openwire")]
pub mod openwire;
mod queue;
mod run;
mod shared;
mod socket;
mod writing;

pub use handle::Handle;
pub use queue::{Nothing, Received};
pub use run::{Options, Task, run, spawn};

#[doc(no_inline)]
pub use bytes::Bytes;
#[cfg(feature = "tls")]
#[doc(no_inline)]
pub use finewire_host::{ClientTls, ServerTls, TlsSetupError, rustls};
#[doc(no_inline)]
pub use finewire_host::{Host, HostConfig, TlsProfiles, seed};

#[cfg(doc)]
use finewire_core::machine::Machine;
