//! What a peer speaks, told by its first bytes.

/// A protocol known by how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// TLS, any version.
    Tls,
    /// HTTP without TLS.
    Http,
    /// OpenWire without TLS.
    OpenWire,
    /// XMPP without TLS.
    Xmpp,
    /// The AMQP of brokers.
    Amqp,
    /// STOMP.
    Stomp,
    /// SSH.
    Ssh,
    /// None of them.
    Unknown,
}

impl Speech {
    /// What these first bytes of a peer are.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let holds = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
        match bytes {
            // A record's content type and the major version (RFC 8446 §5.1).
            [20..=24, 3, ..] => Self::Tls,
            // A WireFormatInfo: size, type 1, and the magic word.
            [_, _, _, _, 1, ..] if holds(b"ActiveMQ") => Self::OpenWire,
            [b'H', b'T', b'T', b'P', b'/', ..] => Self::Http,
            [b'A', b'M', b'Q', b'P', ..] => Self::Amqp,
            [b'S', b'S', b'H', b'-', ..] => Self::Ssh,
            _ if bytes.starts_with(b"ERROR\n") || bytes.starts_with(b"CONNECTED\n") => Self::Stomp,
            _ if holds(b"<stream:") || holds(b"http://etherx.jabber.org/streams") => Self::Xmpp,
            _ => Self::Unknown,
        }
    }

    /// Its name, as in "it speaks …".
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tls => "TLS",
            Self::Http => "HTTP without TLS",
            Self::OpenWire => "OpenWire without TLS",
            Self::Xmpp => "XMPP without TLS",
            Self::Amqp => "AMQP",
            Self::Stomp => "STOMP",
            Self::Ssh => "SSH",
            Self::Unknown => "something else",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_known_by_how_they_begin() {
        let wire_format = b"\0\0\0\xf0\x01ActiveMQ\0\0\0\x0c";
        for (bytes, speech) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], Speech::Http),
            (b"\x15\x03\x01\0\x02\x02\x46", Speech::Tls),
            (wire_format, Speech::OpenWire),
            (
                b"<?xml version='1.0'?><stream:stream from='x'>",
                Speech::Xmpp,
            ),
            (b"AMQP\x03\x01\0\0", Speech::Amqp),
            (b"SSH-2.0-OpenSSH_9.2", Speech::Ssh),
            (b"ERROR\nmessage:x\n\n", Speech::Stomp),
            (b"", Speech::Unknown),
            (b"220 mail.example ESMTP", Speech::Unknown),
        ] {
            assert_eq!(Speech::of(bytes), speech, "{bytes:?}");
        }
    }
}
