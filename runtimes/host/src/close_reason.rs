//! What the system's errors mean to a machine.

use finewire_core::machine::CloseReason;
use std::io::{Error, ErrorKind};

/// The reason behind an error of a socket: connecting, reading, writing or listening.
///
/// A reset or a broken pipe is the peer's end of the stream: [`CloseReason::Eof`].
///
/// ```
/// use finewire_core::machine::CloseReason;
/// use std::io::{Error, ErrorKind};
///
/// let error = Error::from(ErrorKind::ConnectionRefused);
/// assert_eq!(finewire_host::close_reason(&error), CloseReason::Refused);
/// ```
#[must_use]
pub fn close_reason(error: &Error) -> CloseReason {
    match error.kind() {
        ErrorKind::ConnectionRefused => CloseReason::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            CloseReason::Unreachable
        }
        ErrorKind::AddrInUse => CloseReason::AddressInUse,
        ErrorKind::TimedOut => CloseReason::TimedOut,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof
        | ErrorKind::WriteZero => CloseReason::Eof,
        _ => CloseReason::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_trouble_has_its_reason() {
        let table = [
            (ErrorKind::ConnectionRefused, CloseReason::Refused),
            (ErrorKind::HostUnreachable, CloseReason::Unreachable),
            (ErrorKind::NetworkUnreachable, CloseReason::Unreachable),
            (ErrorKind::AddrInUse, CloseReason::AddressInUse),
            (ErrorKind::TimedOut, CloseReason::TimedOut),
            (ErrorKind::ConnectionReset, CloseReason::Eof),
            (ErrorKind::BrokenPipe, CloseReason::Eof),
        ];

        for (kind, reason) in table {
            assert_eq!(close_reason(&Error::from(kind)), reason);
        }
        assert_eq!(
            close_reason(&Error::other("disk on fire")),
            CloseReason::Other("disk on fire".into())
        );
    }
}
