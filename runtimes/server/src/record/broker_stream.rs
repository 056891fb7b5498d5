//! What a broker sends, frame by frame, without the passwords in it.

use super::rules::Rules;
use bytes::Bytes;
use finewire_openwire::codec::{DecodeError, Decoder, Flaw, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::{Command, Message};

/// One connection to a broker, from its first byte.
///
/// Frames are read as the connector reads them; a frame is held until it is whole, so that no password escapes in
/// two halves. A frame that cannot be read, and everything behind it, is withheld: a frame that nobody can read
/// takes its place, and ends the connection as it did.
pub(super) struct BrokerStream {
    splitter: FrameSplitter,
    decoder: Decoder,
    offer: WireFormat,
    limits: Limits,
    is_negotiated: bool,
    is_withheld: bool,
}

/// A frame of a type that there is not.
const UNREADABLE: [u8; 5] = [0, 0, 0, 1, 0xff];

impl BrokerStream {
    pub(super) fn new(offer: WireFormat, limits: Limits) -> Self {
        Self {
            splitter: FrameSplitter::new(),
            decoder: Decoder::new(&WireFormat::greeting(), Limits::greeting()),
            offer,
            limits,
            is_negotiated: false,
            is_withheld: false,
        }
    }

    /// Takes bytes in; gives the frames that are whole now, as they are to be written.
    pub(super) fn pass(&mut self, bytes: &[u8], rules: &mut Rules) -> Vec<u8> {
        let mut out = Vec::new();
        if self.is_withheld {
            return out;
        }
        self.splitter.feed(bytes);
        loop {
            match self.next(rules) {
                Ok(None) => return out,
                Ok(Some(frame)) => {
                    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
                    out.extend_from_slice(&length.to_be_bytes());
                    out.extend_from_slice(&frame);
                }
                Err(withheld) => {
                    self.is_withheld = true;
                    self.splitter = FrameSplitter::new();
                    out.extend_from_slice(&withheld);
                    return out;
                }
            }
        }
    }

    /// The next frame, or what is written in place of the rest.
    fn next(&mut self, rules: &mut Rules) -> Result<Option<Bytes>, Vec<u8>> {
        if !self.decoder.format().size_prefix {
            // Without prefixes nothing can be replaced.
            return Err(UNREADABLE.into());
        }
        let limit = self.decoder.largest_frame();
        let Some(frame) = self.splitter.next_frame(limit).map_err(|e| bad_size(&e))? else {
            return Ok(None);
        };
        let command = self.decoder.decode(&frame).map_err(|_| UNREADABLE)?;
        match &command {
            Command::WireFormatInfo(info) if !self.is_negotiated => {
                let theirs = WireFormat::from_info(info);
                let common = theirs.and_then(|theirs| self.offer.negotiate(&theirs));
                if let Ok(common) = common {
                    self.decoder = Decoder::new(&common, self.limits);
                    self.is_negotiated = true;
                }
                Ok(Some(frame))
            }
            Command::MessageDispatch(dispatch) => match &dispatch.message {
                Some(message) => replaced(&frame, message, rules).map(Some),
                None => Ok(Some(frame)),
            },
            Command::Message(message) => replaced(&frame, message, rules).map(Some),
            // Nobody sends us these; they hold a password.
            Command::ConnectionInfo(_) => Err(UNREADABLE.into()),
            _ => Ok(Some(frame)),
        }
    }
}

/// The size that was refused: it is refused again.
fn bad_size(error: &DecodeError) -> Vec<u8> {
    match error.flaw() {
        Flaw::RemoteFrameSize { size } => size.to_be_bytes().into(),
        Flaw::LimitFrame { size, .. } => {
            let size = u32::try_from(*size).unwrap_or(u32::MAX);
            size.to_be_bytes().into()
        }
        _ => UNREADABLE.into(),
    }
}

/// The frame with another content where the message's own holds a secret.
fn replaced(frame: &Bytes, message: &Message, rules: &mut Rules) -> Result<Bytes, Vec<u8>> {
    if let Some(data) = &message.extras.data_structure
        && matches!(**data, Command::ConnectionInfo(_))
    {
        return Err(UNREADABLE.into());
    }
    let Some(old) = message.content.as_ref().filter(|old| !old.is_empty()) else {
        return Ok(frame.clone());
    };
    let Some(new) = content(message, old, rules) else {
        return Ok(frame.clone());
    };
    patched(frame, old, &new).ok_or_else(|| UNREADABLE.into())
}

/// What stands in place of a message's content; `None` where it may stay.
fn content(message: &Message, old: &Bytes, rules: &mut Rules) -> Option<Bytes> {
    let body = message.body().ok();
    let Some(text) = body.as_ref().and_then(|body| body.as_text()) else {
        // No command, whatever it says; nobody will read it.
        return Some(vec![0xff; old.len()].into());
    };
    let jms_type = message.jms_type.as_ref().map(|text| text.to_str());
    let text = rules.rewrite(jms_type.as_deref().unwrap_or_default(), &text.to_str())?;
    let mut other = Message::text(text);
    if message.compressed {
        other.compress();
    }
    other.content
}

/// The frame with `new` in place of `old`, which is a part of it: four bytes of length, then the content, in both
/// encodings.
fn patched(frame: &Bytes, old: &Bytes, new: &Bytes) -> Option<Bytes> {
    let place = old.as_ptr().addr().checked_sub(frame.as_ptr().addr())?;
    let length = u32::try_from(old.len()).ok()?.to_be_bytes();
    let before = place.checked_sub(4)?;
    let after = place.checked_add(old.len())?;
    if frame.get(before..place)? != length || frame.get(place..after)? != old {
        return None;
    }
    let mut out = Vec::with_capacity(frame.len() + new.len());
    out.extend_from_slice(frame.get(..before)?);
    out.extend_from_slice(&u32::try_from(new.len()).ok()?.to_be_bytes());
    out.extend_from_slice(new);
    out.extend_from_slice(frame.get(after..)?);
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use finewire_core::contract::Layout;
    use finewire_core::password::PasswordCodec;
    use finewire_openwire::codec::Encoder;
    use finewire_openwire::command::{Destination, MessageDispatch, MessageKind};

    fn dispatch(jms_type: &str, message: Message) -> Command {
        MessageDispatch {
            destination: Some(Destination::queue("Connector1")),
            message: Some(
                Message {
                    jms_type: Some(jms_type.into()),
                    destination: Some(Destination::queue("Connector1")),
                    ..message
                }
                .into(),
            ),
            ..MessageDispatch::default()
        }
        .into()
    }

    /// The stream of a broker with this offer that sends these.
    fn stream(offer: &WireFormat, commands: &[Command]) -> Vec<u8> {
        let mut out = BytesMut::new();
        let mut encoder = Encoder::new(&WireFormat::greeting());
        encoder.encode(&offer.to_info().into(), &mut out).unwrap();
        let common = WireFormat::default().negotiate(offer).unwrap();
        encoder.switch(&common);
        for command in commands {
            encoder.encode(command, &mut out).unwrap();
        }
        out.to_vec()
    }

    fn messages(offer: &WireFormat, bytes: &[u8]) -> Vec<Option<String>> {
        let mut splitter = FrameSplitter::new();
        let mut decoder = Decoder::new(&WireFormat::greeting(), Limits::greeting());
        splitter.feed(bytes);
        let mut texts = Vec::new();
        while let Some(command) = splitter.next_command(&mut decoder).unwrap() {
            match command {
                Command::WireFormatInfo(_) => {
                    let common = WireFormat::default().negotiate(offer).unwrap();
                    decoder = Decoder::new(&common, Limits::default());
                }
                Command::MessageDispatch(dispatch) => {
                    let body = dispatch.message.unwrap().body().ok();
                    let text = body.and_then(|body| body.as_text().map(|t| t.to_str().into()));
                    texts.push(text);
                }
                other => panic!("{other:?}"),
            }
        }
        texts
    }

    fn commands() -> Vec<Command> {
        let mut compressed = Message::text("hunter2-compressed,2002");
        compressed.compress();
        vec![
            dispatch("Login#1", Message::text("hunter2,2001")),
            dispatch("Login#2", compressed),
            dispatch("MakeCall#1", Message::text("5551234")),
            dispatch("Login#3", Message::bytes(&b"hunter2-bytes"[..])),
            dispatch("Login#1", Message::text("hunter2,2001")),
            dispatch("GetState#1", Message::new(MessageKind::Text)),
        ]
    }

    #[test]
    fn passwords_are_replaced_in_every_encoding_and_everything_else_stays() {
        for (tight, cache) in [(true, true), (true, false), (false, true), (false, false)] {
            let offer = WireFormat {
                tight,
                cache,
                ..WireFormat::default()
            };
            let bytes = stream(&offer, &commands());
            for piece in [bytes.len(), 1, 7] {
                let mut rules = Rules::new(Layout::default(), PasswordCodec::Clear);
                let mut stream = BrokerStream::new(WireFormat::default(), Limits::default());
                let out: Vec<u8> = bytes
                    .chunks(piece)
                    .flat_map(|piece| stream.pass(piece, &mut rules))
                    .collect();
                let found = String::from_utf8_lossy(&out).into_owned();
                assert!(!found.contains("hunter2"), "{found:?}");
                let texts = messages(&offer, &out);
                let text = |n: usize| texts[n].as_deref();
                assert!(text(0).unwrap().ends_with(",2001"));
                assert!(text(1).unwrap().ends_with(",2002"));
                assert_eq!(text(2), Some("5551234"));
                assert_eq!((text(3), text(5)), (None, None));
                assert_eq!((text(4), texts.len()), (text(0), 6));
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_withheld_with_all_that_follows() {
        let offer = WireFormat::default();
        let mut bytes = stream(&offer, &[]);
        let whole = bytes.len();
        bytes.extend_from_slice(b"\0\0\0\x09\x15hunter2!");
        bytes.extend_from_slice(b"hunter2");
        let mut rules = Rules::new(Layout::default(), PasswordCodec::Clear);
        let mut stream = BrokerStream::new(WireFormat::default(), Limits::default());
        let mut out = stream.pass(&bytes, &mut rules);
        out.extend(stream.pass(b"hunter2", &mut rules));
        assert_eq!(out.get(whole..), Some(&UNREADABLE[..]));
    }
}
