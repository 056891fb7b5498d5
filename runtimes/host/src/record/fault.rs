//! What can be wrong with a recording.

use core::fmt;

/// A recording cannot be read, or not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecordFault {
    /// The system does not let us read or write.
    System(std::io::Error),
    /// The file is no recording: it begins otherwise.
    RemoteNoRecording,
    /// It is a recording of a version that this program cannot read.
    RefusedVersion {
        /// The file's.
        found: u16,
        /// Ours.
        known: u16,
    },
    /// It ends before it says what machine it is of.
    RemoteNoPreface,
    /// The frame that begins at this byte was changed after it was written, or never was right.
    RemoteDamaged {
        /// Bytes before it.
        at: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The frame that begins at this byte says it is longer than any is.
    LimitFrame {
        /// Bytes before it.
        at: u64,
        /// What it says, in bytes.
        length: usize,
    },
    /// What is to be written is longer than a frame may be.
    LocalTooLong {
        /// How long, in bytes.
        length: usize,
    },
}

impl fmt::Display for RecordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::RemoteNoRecording => f.write_str("this is no recording of finewire"),
            Self::RefusedVersion { found, known } => write!(
                f,
                "the recording is of version {found}, and only version {known} can be read"
            ),
            Self::RemoteNoPreface => {
                f.write_str("the recording ends before it says what it is a recording of")
            }
            Self::RemoteDamaged { at, what } => {
                write!(f, "the recording is damaged at byte {at}: {what}")
            }
            Self::LimitFrame { at, length } => write!(
                f,
                "the recording is damaged at byte {at}: a frame of {length} bytes is longer than any that is written"
            ),
            Self::LocalTooLong { length } => {
                write!(
                    f,
                    "{length} bytes are too many for one frame of a recording"
                )
            }
        }
    }
}

impl core::error::Error for RecordFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

impl From<std::io::Error> for RecordFault {
    fn from(error: std::io::Error) -> Self {
        Self::System(error)
    }
}
