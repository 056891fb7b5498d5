//! The bodies of fuzz targets, so that `cargo test` and the fuzzer run the same code.
//!
//! Each takes any bytes and panics if a promise of the codec is broken.

use bytes::{Bytes, BytesMut};

use crate::body::Body;
use crate::codec::{
    Cacheable, DecodeError, Decoder, Encoder, Flaw, FrameSplitter, Frames, Limits, Misfit, Object,
    Reader, WireFormat,
};
use crate::command::{
    Command, Elements, Magic, Message, MessageKind, StackElement, Text, Throwable,
};

/// A wire format and the rest of the data.
fn format(data: &[u8]) -> (WireFormat, &[u8]) {
    let (&[version, flags], rest) = data.split_first_chunk().unwrap_or((&[12, 0], &[]));
    let format = WireFormat {
        version: i32::from(version % 12) + 1,
        tight: flags & 1 != 0,
        cache: flags & 2 != 0,
        stack_trace: flags & 4 != 0,
        size_prefix: flags & 8 == 0,
        cache_size: if flags & 16 == 0 { 1024 } else { 101 },
        ..WireFormat::default()
    };
    (format, rest)
}

/// Any bytes as a stream: nothing panics, and what decodes survives another round.
///
/// # Panics
/// If a decoded command does not encode and decode to itself.
pub fn frame(data: &[u8]) {
    let (format, rest) = format(data);
    let limits = Limits {
        frame: 1 << 20,
        inflated: 1 << 20,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(&format, limits);
    let mut encoder = Encoder::new(&format);
    let mut again = Decoder::new(&format, limits);
    let mut splitter = FrameSplitter::new();
    splitter.feed(rest);
    let mut out = BytesMut::new();
    while let Ok(Some(command)) = splitter.next_command(&mut decoder) {
        let _ = format!("{command:?}");
        if let Command::Message(message) = &command {
            let _ = message.body_within(&limits);
            let _ = message.properties_within(&limits);
        }
        if let Command::WireFormatInfo(info) = &command
            && let Ok(theirs) = WireFormat::from_info(info)
        {
            let _ = WireFormat::default().negotiate(&theirs);
        }
        out.clear();
        match encoder.encode(&command, &mut out) {
            Ok(()) => {}
            // The tight reader takes longer strings than the tight writer may send.
            Err(error) if matches!(error.misfit(), Misfit::LocalText { .. }) => return,
            Err(error) => panic!("{error}: {command:?}"),
        }
        let mut second = FrameSplitter::new();
        second.feed(&out);
        let decoded = second
            .next_command(&mut again)
            .unwrap_or_else(|error| panic!("{error}: {command:?}"));
        assert_eq!(decoded.as_ref(), Some(&shortened(&command, &format)));
        assert_eq!(second.buffered(), 0);
    }
}

/// What versions 1 and 10 leave of long exception messages cannot come back; everything else does.
fn shortened(command: &Command, format: &WireFormat) -> Command {
    let mut command = command.clone();
    if matches!(format.version, 1 | 10) {
        let throwable = match &mut command {
            Command::ExceptionResponse(response) => &mut response.exception,
            Command::ConnectionError(error) => &mut error.exception,
            _ => return command,
        };
        let mut next = throwable.as_deref_mut();
        while let Some(throwable) = next {
            if let Some(message) = &mut throwable.message
                && message.utf16_len() > 1024
            {
                *message = message.cut(1021, "...");
            }
            next = throwable.cause.as_deref_mut();
        }
    }
    command
}

/// Any commands: they encode, and decode to themselves, in whatever pieces they arrive.
///
/// # Panics
/// If one does not.
pub fn command(data: &[u8]) {
    let (format, rest) = format(data);
    let mut source = Generator {
        data: rest,
        format: &format,
        depth: 0,
    };
    let mut encoder = Encoder::new(&format);
    let mut sharing = Encoder::new(&format);
    let mut sent = Vec::new();
    let mut out = BytesMut::new();
    let mut shared = Frames::new();
    while !source.data.is_empty() && sent.len() < 16 {
        let code = source.next();
        let Ok(command) = Command::read(&mut source, code) else {
            continue;
        };
        encoder
            .encode(&command, &mut out)
            .unwrap_or_else(|error| panic!("{error}: {command:?}"));
        sharing
            .encode_sharing(&command, 1, &mut shared)
            .unwrap_or_else(|error| panic!("{error}: {command:?}"));
        sent.push(command);
    }
    assert_eq!(shared.take().to_vec(), out, "shared or copied: {sent:?}");
    for piece in [1, 5, out.len().max(1)] {
        let mut decoder = Decoder::new(&format, Limits::default());
        let mut splitter = FrameSplitter::new();
        let mut received = Vec::new();
        for bytes in out.chunks(piece) {
            splitter.feed(bytes);
            while let Some(command) = splitter
                .next_command(&mut decoder)
                .unwrap_or_else(|error| panic!("{error}: {sent:?}"))
            {
                received.push(command);
            }
        }
        assert_eq!(received, sent, "in pieces of {piece}");
        assert_eq!(splitter.buffered(), 0);
    }
}

/// Any bytes as content and properties: nothing panics, limits hold, and what parses survives another
/// round.
///
/// # Panics
/// If it does not.
pub fn body(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let kinds = [
        MessageKind::Text,
        MessageKind::Bytes,
        MessageKind::Map,
        MessageKind::Stream,
        MessageKind::Object,
        MessageKind::Plain,
        MessageKind::Blob,
    ];
    let Some(kind) = kinds.get(usize::from(first >> 1) % kinds.len()) else {
        return;
    };
    let limits = Limits {
        inflated: 1 << 16,
        ..Limits::default()
    };
    let message = Message {
        content: Some(Bytes::copy_from_slice(rest)),
        marshalled_properties: Some(Bytes::copy_from_slice(rest)),
        compressed: first & 1 != 0,
        ..Message::new(*kind)
    };
    if let Ok(properties) = message.properties_within(&limits) {
        let mut again = Message::default();
        again
            .set_properties(&properties)
            .unwrap_or_else(|error| panic!("{error}"));
        // Compared as bytes, for a NaN is not equal to itself.
        let first = properties.encode();
        let second = again.properties_within(&limits).map(|map| map.encode());
        assert_eq!(Ok(first), second);
    }
    if let Ok(body) = message.body_within(&limits)
        && body != Body::Empty
    {
        let mut again = match Message::with_body(&body) {
            Ok(again) => again,
            // A name may become too long as well.
            Err(error) if matches!(error.misfit(), Misfit::LocalText { .. }) => return,
            Err(error) => panic!("{error}"),
        };
        // Texts are read leniently: a zero of one byte is written as two, which is the worst case.
        let limits = Limits {
            inflated: 2 * limits.inflated,
            ..limits
        };
        let plain = again.content.clone();
        again.compress();
        let read = again
            .body_within(&limits)
            .unwrap_or_else(|error| panic!("{error}"));
        let twice = Message::with_body(&read).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(twice.content, plain);
    }
}

/// A reader that makes values of any bytes: every type gets arbitrary values without further ado.
struct Generator<'a> {
    data: &'a [u8],
    format: &'a WireFormat,
    depth: usize,
}

impl Generator<'_> {
    /// The next byte; 0 when there are no more, which ends everything that could go on.
    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.data.split_first() else {
            return 0;
        };
        self.data = rest;
        first
    }

    fn flip(&mut self) -> bool {
        self.next() & 1 != 0
    }

    fn some_text(&mut self) -> Text {
        // A few that come again and again, so that the cache has something to find.
        const POOL: [&str; 5] = ["", "ID:a-1:1", "queue", "é€", "nul\0 and \u{1F600}"];
        let choice = self.next();
        match POOL.get(usize::from(choice) % 8) {
            Some(text) => (*text).into(),
            None => {
                let length = usize::from(self.next()) % 40;
                let text: String = (0..length).map(|_| char::from(self.next())).collect();
                text.into()
            }
        }
    }

    fn number<const N: usize>(&mut self) -> [u8; N] {
        // Small ones are more common than arithmetic would have it.
        let digits = usize::from(self.next()) % (N + 1);
        let mut bytes = [0; N];
        for place in bytes.iter_mut().rev().take(digits) {
            *place = self.next();
        }
        bytes
    }

    fn cause(&mut self, depth: usize) -> Option<Box<Throwable>> {
        if depth > 4 || !self.flip() {
            return None;
        }
        let maybe =
            |source: &mut Self| (source.flip() || source.flip()).then(|| source.some_text());
        let mut throwable = Throwable {
            class: maybe(self),
            message: maybe(self),
            ..Throwable::default()
        };
        if self.format.stack_trace {
            for _ in 0..self.next() % 4 {
                throwable.stack.push(StackElement {
                    class: maybe(self),
                    method: maybe(self),
                    file: maybe(self),
                    line: i32::from_be_bytes(self.number()),
                });
            }
            throwable.cause = self.cause(depth + 1);
        }
        Some(Box::new(throwable))
    }
}

impl Reader for Generator<'_> {
    fn version(&self) -> i32 {
        self.format.version
    }

    fn boolean(&mut self, to: &mut bool) -> Result<(), DecodeError> {
        *to = self.flip();
        Ok(())
    }

    fn byte<T: From<i8>>(&mut self, to: &mut T) -> Result<(), DecodeError> {
        *to = self.next().cast_signed().into();
        Ok(())
    }

    fn int(&mut self, to: &mut i32) -> Result<(), DecodeError> {
        *to = i32::from_be_bytes(self.number());
        Ok(())
    }

    fn long(&mut self, to: &mut i64) -> Result<(), DecodeError> {
        *to = i64::from_be_bytes(self.number());
        Ok(())
    }

    fn text(&mut self, to: &mut Option<Text>) -> Result<(), DecodeError> {
        *to = self.flip().then(|| self.some_text());
        Ok(())
    }

    fn sequence(&mut self, to: &mut Option<Bytes>) -> Result<(), DecodeError> {
        if self.flip() {
            let length = usize::from(self.next()).min(self.data.len());
            *to = Some((0..length).map(|_| self.next()).collect());
        }
        Ok(())
    }

    fn magic(&mut self, to: &mut Magic) -> Result<(), DecodeError> {
        *to = Magic(self.number());
        Ok(())
    }

    fn object<T: Object>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        if self.depth >= Limits::default().depth || !self.flip() {
            return Ok(());
        }
        self.depth += 1;
        // An odd step visits every code, so that each of several fitting ones has its chance.
        let (start, step) = (self.next(), self.next() | 1);
        *to = (0..=u8::MAX)
            .map(|n| start.wrapping_add(n.wrapping_mul(step)))
            .find_map(|code| T::read(self, code).ok());
        self.depth -= 1;
        Ok(())
    }

    fn cached<T: Cacheable>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        self.object(to)
    }

    fn array<T: Object>(&mut self, to: &mut Elements<T>) -> Result<(), DecodeError> {
        if self.flip() {
            let mut elements = Vec::new();
            for _ in 0..self.next() % 5 {
                let mut element = None;
                self.object(&mut element)?;
                elements.push(element);
            }
            *to = Some(elements);
        }
        Ok(())
    }

    fn throwable(&mut self, to: &mut Option<Box<Throwable>>) -> Result<(), DecodeError> {
        *to = self.cause(0);
        Ok(())
    }

    fn wrong_type(&self, expected: &'static str, code: u8) -> DecodeError {
        DecodeError::new(Flaw::RemoteWrongType { expected, code }, 0)
    }

    fn unknown_type(&self, code: u8) -> DecodeError {
        DecodeError::new(Flaw::RemoteUnknownType { code }, 0)
    }
}

/// A command of every type that the version has, every field set: texts and byte sequences of `size`
/// bytes, arrays and stack traces of `size` elements, but short ones in what is nested.
#[must_use]
pub fn every_type(format: &WireFormat, size: usize) -> Vec<Command> {
    let mut filler = Filler {
        format,
        size,
        depth: 0,
    };
    let codes = 1..=u8::MAX;
    codes
        .filter_map(|code| Command::read(&mut filler, code).ok())
        .collect()
}

/// A reader that sets every field.
struct Filler<'a> {
    format: &'a WireFormat,
    size: usize,
    depth: usize,
}

impl Filler<'_> {
    /// How long what stands here is.
    const fn length(&self) -> usize {
        if self.depth == 0 { self.size } else { 3 }
    }

    fn throwable_of(&self, length: usize, causes: usize) -> Box<Throwable> {
        let text = || Some(Text::from("x".repeat(length)));
        let mut throwable = Throwable::default();
        (throwable.class, throwable.message) = (text(), Some(Text::from("why")));
        if self.format.stack_trace {
            let element = StackElement {
                class: Some(Text::from_static("class")),
                line: -1,
                ..StackElement::default()
            };
            throwable.stack = vec![element; length];
            throwable.cause = (causes > 0).then(|| self.throwable_of(3, causes - 1));
        }
        Box::new(throwable)
    }
}

impl Reader for Filler<'_> {
    fn version(&self) -> i32 {
        self.format.version
    }

    fn boolean(&mut self, to: &mut bool) -> Result<(), DecodeError> {
        *to = true;
        Ok(())
    }

    fn byte<T: From<i8>>(&mut self, to: &mut T) -> Result<(), DecodeError> {
        *to = (-2).into();
        Ok(())
    }

    fn int(&mut self, to: &mut i32) -> Result<(), DecodeError> {
        *to = i32::MIN + 3;
        Ok(())
    }

    fn long(&mut self, to: &mut i64) -> Result<(), DecodeError> {
        *to = i64::MAX - 5;
        Ok(())
    }

    fn text(&mut self, to: &mut Option<Text>) -> Result<(), DecodeError> {
        *to = Some("t".repeat(self.length()).into());
        Ok(())
    }

    fn sequence(&mut self, to: &mut Option<Bytes>) -> Result<(), DecodeError> {
        *to = Some(vec![7; self.length()].into());
        Ok(())
    }

    fn magic(&mut self, to: &mut Magic) -> Result<(), DecodeError> {
        *to = Magic::default();
        Ok(())
    }

    fn object<T: Object>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        if self.depth >= 3 {
            return Ok(());
        }
        self.depth += 1;
        *to = (1..=u8::MAX).find_map(|code| T::read(self, code).ok());
        self.depth -= 1;
        Ok(())
    }

    fn cached<T: Cacheable>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError> {
        self.object(to)
    }

    fn array<T: Object>(&mut self, to: &mut Elements<T>) -> Result<(), DecodeError> {
        let mut elements = Vec::new();
        // All arrays of a command count together.
        for _ in 0..self.length().div_ceil(4) {
            let mut element = None;
            self.object(&mut element)?;
            elements.push(element);
        }
        *to = Some(elements);
        Ok(())
    }

    fn throwable(&mut self, to: &mut Option<Box<Throwable>>) -> Result<(), DecodeError> {
        *to = Some(self.throwable_of(self.length(), 3));
        Ok(())
    }

    fn wrong_type(&self, expected: &'static str, code: u8) -> DecodeError {
        DecodeError::new(Flaw::RemoteWrongType { expected, code }, 0)
    }

    fn unknown_type(&self, code: u8) -> DecodeError {
        DecodeError::new(Flaw::RemoteUnknownType { code }, 0)
    }
}
