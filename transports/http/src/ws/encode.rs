//! Writes frames.

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// A further piece of a message.
    Continuation,
    /// Text, or its first piece.
    Text,
    /// Binary data, or its first piece.
    Binary,
    /// The end.
    Close,
    /// Are you there?
    Ping,
    /// I am.
    Pong,
}

impl Opcode {
    /// The opcode with this number; `None` for the reserved ones.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    /// Whether it is about the connection rather than a message.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.number() >= 8
    }
}

/// Appends a frame, masked with `mask` as clients must; `last` says that it ends its message.
pub fn write_frame(
    out: &mut Vec<u8>,
    last: bool,
    opcode: Opcode,
    payload: &[u8],
    mask: Option<[u8; 4]>,
) {
    write_head(out, last, opcode, payload.len(), mask);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = mask {
        apply_mask(out.get_mut(start..).unwrap_or_default(), key, 0);
    }
}

/// Appends all of a frame but its payload.
pub(super) fn write_head(
    out: &mut Vec<u8>,
    last: bool,
    opcode: Opcode,
    length: usize,
    mask: Option<[u8; 4]>,
) {
    out.push(if last { 0x80 } else { 0 } | opcode.number());
    let masked = if mask.is_some() { 0x80 } else { 0 };
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => out.push(masked | short),
        (_, Ok(middle)) => {
            out.push(masked | 126);
            out.extend_from_slice(&middle.to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            let long = u64::try_from(length).unwrap_or(u64::MAX);
            out.extend_from_slice(&long.to_be_bytes());
        }
    }
    out.extend(mask.iter().flatten());
}

/// Masks or unmasks bytes that begin `at` bytes into their payload (RFC 6455 §5.3).
pub(super) fn apply_mask(bytes: &mut [u8], key: [u8; 4], at: usize) {
    let [a, b, c, d] = key;
    let [a, b, c, d] = match at % 4 {
        0 => [a, b, c, d],
        1 => [b, c, d, a],
        2 => [c, d, a, b],
        _ => [d, a, b, c],
    };
    let wide = [a, b, c, d, a, b, c, d];
    for chunk in bytes.chunks_mut(8) {
        for (byte, key) in chunk.iter_mut().zip(wide) {
            *byte ^= key;
        }
    }
}
