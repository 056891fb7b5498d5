//! Reads frames and puts messages together.
//!
//! Each byte is looked at once, in whatever pieces the stream comes. A length that is merely announced
//! reserves no memory.

use super::encode::apply_mask;
use super::utf8::Utf8;
use super::{CloseCode, Fault, Opcode};
use crate::Bytes;

/// Which end of the connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// We connected: we mask, the peer must not.
    Client,
    /// We accepted: the peer must mask, we do not.
    Server,
}

/// Bounds for what a peer sends; exceeding one is a typed limit fault, told to the peer as code 1009.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Payload bytes of one frame (1 MiB).
    pub frame_bytes: usize,
    /// Payload bytes of one message, all its frames together (1 MiB).
    pub message_bytes: usize,
}

impl Default for Limits {
    /// As long as the longest XMPP stanza taken by default.
    fn default() -> Self {
        Self {
            frame_bytes: 1024 * 1024,
            message_bytes: 1024 * 1024,
        }
    }
}

/// What came.
#[derive(Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A whole text message; it is UTF-8.
    Text(Bytes),
    /// A whole binary message.
    Binary(Bytes),
    /// A ping, to be answered by a pong with the same content.
    Ping(Bytes),
    /// A pong, asked for or not.
    Pong(Bytes),
    /// The peer's last word: code and reason, where given.
    Close(Option<(CloseCode, String)>),
}

impl core::fmt::Debug for Incoming {
    /// Shows how much came, never what: a message may hold a password.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(data) => write!(f, "Binary({} bytes)", data.len()),
            Self::Ping(data) => write!(f, "Ping({} bytes)", data.len()),
            Self::Pong(data) => write!(f, "Pong({} bytes)", data.len()),
            Self::Close(why) => f.debug_tuple("Close").field(why).finish(),
        }
    }
}

/// Makes messages out of bytes.
pub struct Decoder {
    side: Side,
    limits: Limits,
    /// The head of the frame under way.
    head: Head,
    frame: Option<Frame>,
    /// The kind of the message under way.
    kind: Option<Opcode>,
    message: Vec<u8>,
    utf8: Utf8,
    /// The content of the control frame under way.
    control: Vec<u8>,
    fault: Option<Fault>,
}

/// The bytes of a frame's head, as far as they came.
#[derive(Clone, Copy, Default)]
struct Head {
    bytes: [u8; 14],
    len: usize,
}

#[derive(Clone, Copy)]
struct Frame {
    last: bool,
    opcode: Opcode,
    mask: Option<[u8; 4]>,
    length: usize,
    read: usize,
}

impl Decoder {
    /// A decoder for what the other end of `side` sends.
    #[must_use]
    pub fn new(side: Side, limits: Limits) -> Self {
        Self {
            side,
            limits,
            head: Head::default(),
            frame: None,
            kind: None,
            message: Vec::new(),
            utf8: Utf8::default(),
            control: Vec::new(),
            fault: None,
        }
    }

    /// Takes bytes up to the end of the next message or control frame; tells how many, and what
    /// it is unless all bytes were taken before its end.
    ///
    /// # Errors
    /// What is wrong with the frames; nothing comes after it but the same error.
    pub fn read(&mut self, input: &[u8]) -> Result<(usize, Option<Incoming>), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let read = self.read_frames(input);
        if let Err(fault) = read {
            self.fault = Some(fault);
            self.message = Vec::new();
        }
        read
    }

    fn read_frames(&mut self, input: &[u8]) -> Result<(usize, Option<Incoming>), Fault> {
        let mut used = 0;
        loop {
            let rest = input.get(used..).unwrap_or_default();
            let Some(mut frame) = self.frame else {
                let Some(byte) = rest.first() else {
                    return Ok((used, None));
                };
                used += 1;
                self.frame = self.on_head_byte(*byte)?;
                continue;
            };
            let piece = rest.get(..frame.length - frame.read).unwrap_or(rest);
            used += piece.len();
            self.take(&frame, piece)?;
            frame.read += piece.len();
            if frame.read < frame.length {
                self.frame = Some(frame);
                return Ok((used, None));
            }
            self.frame = None;
            if let Some(incoming) = self.end_frame(&frame)? {
                return Ok((used, Some(incoming)));
            }
        }
    }

    /// Adds a byte to the head; checks what it says as soon as it is there.
    fn on_head_byte(&mut self, byte: u8) -> Result<Option<Frame>, Fault> {
        if let Some(place) = self.head.bytes.get_mut(self.head.len) {
            *place = byte;
        }
        self.head.len += 1;
        let [first, second, rest @ ..] = self.head.bytes;
        if self.head.len == 1 {
            self.check_first(first)?;
            return Ok(None);
        }
        let masked = second & 0x80 != 0;
        let short = second & 0x7f;
        if self.head.len == 2 {
            if masked != (self.side == Side::Server) {
                return Err(Fault::RemoteMask);
            }
            if first & 0x08 != 0 && short > 125 {
                return Err(Fault::RemoteControl);
            }
        }
        let extended = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if self.head.len < 2 + extended {
            return Ok(None);
        }
        let (length, rest) = rest.split_at(extended);
        let length = length
            .iter()
            .fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte));
        let length = match short {
            126 if length < 126 => return Err(Fault::RemoteLength),
            127 if length <= 0xffff || length >> 63 != 0 => return Err(Fault::RemoteLength),
            126 | 127 => length,
            short => u64::from(short),
        };
        let length = usize::try_from(length).map_err(|_| Fault::LimitFrame)?;
        let is_control = first & 0x08 != 0;
        if !is_control && length > self.limits.frame_bytes {
            return Err(Fault::LimitFrame);
        }
        if !is_control && length > self.limits.message_bytes.saturating_sub(self.message.len()) {
            return Err(Fault::LimitMessage);
        }
        if self.head.len < 2 + extended + if masked { 4 } else { 0 } {
            return Ok(None);
        }
        let mask = rest.first_chunk().copied().filter(|_| masked);
        let opcode = Opcode::from_number(first & 0x0f).ok_or(Fault::RemoteOpcode)?;
        self.head = Head::default();
        match opcode {
            Opcode::Text | Opcode::Binary => self.kind = Some(opcode),
            Opcode::Continuation | Opcode::Close | Opcode::Ping | Opcode::Pong => {}
        }
        Ok(Some(Frame {
            last: first & 0x80 != 0,
            opcode,
            mask,
            length,
            read: 0,
        }))
    }

    fn check_first(&self, first: u8) -> Result<(), Fault> {
        if first & 0x70 != 0 {
            return Err(Fault::RemoteReservedBits);
        }
        let opcode = Opcode::from_number(first & 0x0f).ok_or(Fault::RemoteOpcode)?;
        if opcode.is_control() && first & 0x80 == 0 {
            return Err(Fault::RemoteControl);
        }
        if !opcode.is_control() && (opcode == Opcode::Continuation) != self.kind.is_some() {
            return Err(Fault::RemoteFragment);
        }
        Ok(())
    }

    /// Takes a piece of the frame's payload.
    fn take(&mut self, frame: &Frame, piece: &[u8]) -> Result<(), Fault> {
        let into = if frame.opcode.is_control() {
            &mut self.control
        } else {
            &mut self.message
        };
        let start = into.len();
        into.extend_from_slice(piece);
        if let Some(key) = frame.mask {
            apply_mask(into.get_mut(start..).unwrap_or_default(), key, frame.read);
        }
        let is_text = !frame.opcode.is_control() && self.kind == Some(Opcode::Text);
        if is_text && !self.utf8.extend(&self.message) {
            return Err(Fault::RemoteText);
        }
        Ok(())
    }

    fn end_frame(&mut self, frame: &Frame) -> Result<Option<Incoming>, Fault> {
        let incoming = match frame.opcode {
            Opcode::Ping => Incoming::Ping(core::mem::take(&mut self.control).into()),
            Opcode::Pong => Incoming::Pong(core::mem::take(&mut self.control).into()),
            Opcode::Close => Incoming::Close(close_body(&core::mem::take(&mut self.control))?),
            Opcode::Continuation | Opcode::Text | Opcode::Binary if !frame.last => return Ok(None),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                let message = core::mem::take(&mut self.message);
                let utf8 = core::mem::take(&mut self.utf8);
                if self.kind.take() == Some(Opcode::Text) {
                    if !utf8.is_complete(&message) {
                        return Err(Fault::RemoteText);
                    }
                    Incoming::Text(message.into())
                } else {
                    Incoming::Binary(message.into())
                }
            }
        };
        Ok(Some(incoming))
    }
}

/// Code and reason of a Close frame (RFC 6455 §5.5.1).
fn close_body(body: &[u8]) -> Result<Option<(CloseCode, String)>, Fault> {
    if body.is_empty() {
        return Ok(None);
    }
    let (code, reason) = body.split_first_chunk().ok_or(Fault::RemoteCloseFrame)?;
    let code = CloseCode::from_number(u16::from_be_bytes(*code)).ok_or(Fault::RemoteCloseFrame)?;
    let reason = core::str::from_utf8(reason).map_err(|_| Fault::RemoteText)?;
    Ok(Some((code, reason.to_owned())))
}

impl core::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Decoder")
            .field("side", &self.side)
            .field("message", &self.message.len())
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
