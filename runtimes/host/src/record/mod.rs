//! What a machine was told, in a file: written while it runs, read again at a desk.
//!
//! A machine's outputs follow from its inputs alone, so a file of its inputs replays everything it ever said. This
//! module knows the file's form and nothing of what is in it; who writes takes care that no secret is.
//!
//! ```text
//!   magic "FINEWREC", version (2 bytes)
//!   frame: length (4), CRC-32 of the payload (4), payload      the preface: whatever the machine is made of
//!   frame: …                                                    an entry: when, and what it was told
//!   frame: …                                                    the last: why nothing follows
//! ```
//!
//! Numbers are big-endian; the CRC is that of ISO 3309, as in gzip. A file whose writer was killed ends in the middle of
//! a frame: [`Recording`] reads up to there and says so.
//!
//! ```
//! use finewire_core::machine::{Instant, LinkId};
//! use finewire_host::record::{Ending, Entry, Recording, Told, Writer};
//!
//! let mut file = Vec::new();
//! let mut writer = Writer::begin(&mut file, b"a clock, wound up", 1_000_000)?;
//! writer.write(&Entry { at: Instant::START, told: Told::Opened(LinkId::from_number(1)) })?;
//! writer.close("that was all")?;
//!
//! let mut recording = Recording::open(file.as_slice())?;
//! assert_eq!(&recording.preface()[..], b"a clock, wound up");
//! assert!(recording.next_entry()?.is_some());
//! assert!(recording.next_entry()?.is_none());
//! assert_eq!(recording.ending(), Some(&Ending::Closed("that was all".into())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: machines that listen; their reports cannot be written yet.

mod entry;
mod fault;
#[doc(hidden)]
pub mod fuzz;
mod reader;
mod reason;
mod writer;

pub use entry::{Entry, Told};
pub use fault::RecordFault;
pub use reader::{Ending, Recording};
pub use writer::{Room, Writer};

/// What a file begins with.
const MAGIC: [u8; 8] = *b"FINEWREC";
/// The version that is written, and the only one that is read.
const VERSION: u16 = 1;
/// A frame's payload is at most this long, in bytes: a preface with a whole configuration has some 100 kB.
const LONGEST: usize = 4 * 1024 * 1024;
/// Received bytes are written in pieces of at most this many.
const PIECE: usize = 1024 * 1024;

/// What a payload is; its first byte.
mod kind {
    pub(super) const PREFACE: u8 = 1;
    pub(super) const TIME: u8 = 2;
    pub(super) const OPENED: u8 = 3;
    pub(super) const SECURED: u8 = 4;
    pub(super) const RECEIVED: u8 = 5;
    pub(super) const SENT: u8 = 6;
    pub(super) const CLOSED: u8 = 7;
    pub(super) const WALL: u8 = 8;
    pub(super) const COMMAND: u8 = 9;
    pub(super) const END: u8 = 10;
}
