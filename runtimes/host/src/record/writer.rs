//! Writing a recording.

use super::fault::RecordFault;
use super::{Entry, LONGEST, MAGIC, PIECE, Told, VERSION, kind};
use std::io::Write;

/// Writes what a machine is told, up to so many bytes.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    left: u64,
    is_closed: bool,
    payload: Vec<u8>,
}

/// Whether a recording goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// It does.
    Left,
    /// The bound on its size is reached; it was closed before the entry, and takes no more.
    Full,
}

/// Kept free for the last frame.
const FOR_THE_END: u64 = 512;
/// The length and the CRC before a payload.
const FRAME_HEAD: u64 = 8;

impl<W: Write> Writer<W> {
    /// Begins a recording of a machine that `preface` describes; the file will have at most `max_bytes`.
    ///
    /// # Errors
    ///
    /// [`RecordFault::LocalTooLong`] for a preface above 4 MiB or above `max_bytes`; what the system says.
    pub fn begin(mut out: W, preface: &[u8], max_bytes: u64) -> Result<Self, RecordFault> {
        out.write_all(&MAGIC)?;
        out.write_all(&VERSION.to_be_bytes())?;
        let mut writer = Self {
            out,
            left: max_bytes.saturating_sub(10),
            is_closed: false,
            payload: Vec::new(),
        };
        writer.payload.push(kind::PREFACE);
        writer.payload.extend_from_slice(preface);
        let length = preface.len();
        match writer.frame()? {
            Room::Left => Ok(writer),
            Room::Full => Err(RecordFault::LocalTooLong { length }),
        }
    }

    /// Writes an entry, or closes the recording where there is no room for it. Does nothing once it is closed.
    ///
    /// # Errors
    ///
    /// [`RecordFault::LocalTooLong`] for a command above 4 MiB; what the system says.
    pub fn write(&mut self, entry: &Entry) -> Result<Room, RecordFault> {
        match &entry.told {
            Told::Received(link, bytes) if bytes.len() > PIECE => {
                let mut rest = bytes.clone();
                while !rest.is_empty() {
                    let piece = rest.split_to(rest.len().min(PIECE));
                    let told = Told::Received(*link, piece);
                    if self.put(&Entry { at: entry.at, told })? == Room::Full {
                        return Ok(Room::Full);
                    }
                }
                Ok(Room::Left)
            }
            _ => self.put(entry),
        }
    }

    fn put(&mut self, entry: &Entry) -> Result<Room, RecordFault> {
        self.payload.clear();
        entry.write(&mut self.payload);
        let room = self.frame()?;
        if room == Room::Full {
            self.close("the recording is as large as it may become")?;
        }
        Ok(room)
    }

    /// Writes the payload as a frame, if there is room.
    fn frame(&mut self) -> Result<Room, RecordFault> {
        if self.is_closed {
            return Ok(Room::Full);
        }
        let length = self.payload.len();
        let too_long = || RecordFault::LocalTooLong { length };
        if length > LONGEST {
            return Err(too_long());
        }
        let word = u32::try_from(length).map_err(|_| too_long())?;
        let taken = FRAME_HEAD + u64::from(word);
        if self.left < taken + FOR_THE_END {
            return Ok(Room::Full);
        }
        self.put_frame(word)?;
        self.left -= taken;
        Ok(Room::Left)
    }

    fn put_frame(&mut self, length: u32) -> Result<(), RecordFault> {
        self.out.write_all(&length.to_be_bytes())?;
        self.out
            .write_all(&crc32fast::hash(&self.payload).to_be_bytes())?;
        self.out.write_all(&self.payload)?;
        Ok(())
    }

    /// Hands what was written to the system.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn flush(&mut self) -> Result<(), RecordFault> {
        Ok(self.out.flush()?)
    }

    /// Says why nothing follows, in at most 400 bytes. The second time it does nothing.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn close(&mut self, why: &str) -> Result<(), RecordFault> {
        if core::mem::replace(&mut self.is_closed, true) {
            return Ok(());
        }
        self.payload.clear();
        self.payload.push(kind::END);
        for c in why.chars() {
            if self.payload.len() + c.len_utf8() > 401 {
                break;
            }
            let mut buffer = [0; 4];
            self.payload
                .extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
        let length = u32::try_from(self.payload.len()).unwrap_or(0);
        self.put_frame(length)?;
        self.flush()
    }
}
