//! finewire machines on async-std.
//!
//! async-std is discontinued (RUSTSEC-2025-0052) and names smol as its successor: new programs
//! take [finewire-smol](finewire_smol). This crate is for programs that still run on async-std.
//!
//! [`spawn`] runs a [`Machine`] on a task of async-std's executor. Everything else is
//! finewire-smol's, for both runtimes have their sockets and timers from the same async-io: one
//! task serves all sockets by readiness, and the owner gets a cloneable [`Handle`], the
//! [`Events`] and the task.
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
//! use finewire_async_std::{Bytes, Options};
//! use async_std::io::{ReadExt, WriteExt};
//! use std::collections::VecDeque;
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
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! async_std::task::block_on(async {
//!     let (handle, mut events, task) = finewire_async_std::spawn(Echo::default(), Options::default());
//!     assert!(handle.command(Serve).await.is_done());
//!     let address = events.next().await.ok_or("stopped")?;
//!
//!     let mut client = async_std::net::TcpStream::connect((&*address.host, address.port)).await?;
//!     client.write_all(b"hello").await?;
//!     let mut heard = [0; 5];
//!     client.read_exact(&mut heard).await?;
//!     assert_eq!(&heard, b"hello");
//!
//!     handle.shut_down().await;
//!     let _echo: Echo = task.await;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! Not here: what to decide (the machine's), TLS and closing (the
//! [host](finewire_smol::Host)'s), sockets (finewire-smol's).

use finewire_core::machine::Machine;
use std::time::Instant;

#[cfg(feature = "openwire")]
pub mod openwire;

pub use finewire_smol::{Events, Handle, Options, raise_descriptor_limit, run};

#[doc(no_inline)]
pub use finewire_smol::Bytes;
#[cfg(feature = "tls")]
#[doc(no_inline)]
pub use finewire_smol::{ClientTls, ServerTls, TlsSetupError, rustls};
#[doc(no_inline)]
pub use finewire_smol::{Host, HostConfig, TlsProfiles, seed};

/// The task of a machine; gives the machine back at the end.
///
/// As every task of async-std it goes on when this is dropped, until [`Handle::shut_down`] or
/// until the last handle is dropped.
pub type Task<M> = async_std::task::JoinHandle<M>;

/// Runs `machine` on a task of its own until [`Handle::shut_down`] or until the last handle is
/// dropped.
pub fn spawn<M>(machine: M, options: Options) -> (Handle<M>, Events<M::Event>, Task<M>)
where
    M: Machine + Send + 'static,
    M::Command: Send + 'static,
    M::Event: Send + 'static,
{
    let host = Host::new(machine, options.host.clone(), Instant::now());
    let (handle, events, run) = run(host, &options);
    (handle, events, async_std::task::spawn(run))
}
