//! OpenWire, the protocol of Apache ActiveMQ, as sans-IO Rust.
//!
//! [`command`] has the value types of every version from 1 to 12, [`codec`] the frames, both encodings,
//! the command cache and the negotiation, [`body`] the bodies and properties of messages.
//!
//! ```
//! use bytes::BytesMut;
//! use finewire_openwire::codec::{Decoder, Encoder, FrameSplitter, Limits, WireFormat};
//! use finewire_openwire::command::{Command, Destination, Message};
//!
//! // Each side offers; what is spoken follows from both offers.
//! let format = WireFormat::default().negotiate(&WireFormat::default())?;
//! let mut encoder = Encoder::new(&format);
//! let mut decoder = Decoder::new(&format, Limits::default());
//!
//! let mut message = Message::text("hello");
//! message.destination = Some(Destination::queue("greetings"));
//! let mut sent = BytesMut::new();
//! encoder.encode(&message.into(), &mut sent)?;
//!
//! let mut splitter = FrameSplitter::new();
//! splitter.feed(&sent);
//! let Some(Command::Message(received)) = splitter.next_command(&mut decoder)? else {
//!     panic!("a whole message was fed");
//! };
//! assert_eq!(received.body()?.as_text().unwrap(), "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod body;
pub mod broker;
mod channel;
pub mod client;
pub mod codec;
pub mod command;
#[doc(hidden)]
pub mod fuzz;
pub mod handle;
pub mod selector;
mod window;
