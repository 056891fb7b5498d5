//! Frames, the two encodings, the command cache, and negotiation.
//!
//! [`FrameSplitter`] cuts the byte stream into frames, [`Decoder`] makes [`Command`]s of them and
//! [`Encoder`] the way back. Both keep the command cache of their direction, so each belongs to one
//! connection. A message that goes to many connections need not be copied for each of them:
//! [`Encoder::encode_shared`] writes to [`Frames`], which hold large contents as they are. What is spoken is a [`WireFormat`], the greeting at first and the negotiated one after
//! the exchange of `WireFormatInfo`s.
//!
//! [`Command`]: crate::command::Command

mod cache;
mod decoder;
mod digest;
mod encoder;
mod error;
mod fields;
mod frames;
mod limits;
mod read;
pub(crate) mod source;
mod splitter;
mod wire_format;
mod write;

pub use decoder::{Decoder, Unprefixed};
pub use encoder::Encoder;
pub use error::{DecodeError, EncodeError, Flaw, Misfit};
pub use frames::Frames;
pub use limits::Limits;
pub use splitter::FrameSplitter;
pub use wire_format::WireFormat;

pub(crate) use cache::CacheEntry;
pub(crate) use digest::Digest;
pub(crate) use fields::{Cacheable, Fields, Fill, Object, Reader, Writer, put, read_by_filling};
