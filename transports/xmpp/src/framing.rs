//! How stanzas lie in what is received and sent: in one XML stream, or each in a message of its own.

use crate::{Attribute, Element, Fault, Frame, Framer, Limits, Namespaces, ns, writer};
use bytes::Bytes;
use std::collections::VecDeque;

/// How stanzas are carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// One XML document for each direction of a byte stream (RFC 6120 §4).
    #[default]
    Stream,
    /// One stanza a message, `<open/>` and `<close/>` instead of the stream's tags, no STARTTLS (RFC 7395).
    /// What is given as received must be one message at a time.
    WebSocket,
}

impl Framing {
    /// The element as it goes out.
    pub(crate) fn write(self, element: &Element) -> String {
        let xml = element.to_xml(ns::CLIENT);
        match self {
            Self::Stream => xml,
            Self::WebSocket => writer::standing_alone(&xml),
        }
    }

    /// The beginning of our stream; attributes as in `header`.
    pub(crate) fn write_open(self, header: Element, lang: Option<&str>) -> String {
        match self {
            Self::Stream => writer::stream_header(&header, lang),
            Self::WebSocket => {
                let mut open = Element::new("open", ns::FRAMING);
                open.attributes = header.attributes;
                if let Some(lang) = lang {
                    open.attributes.push(Attribute {
                        name: "lang".into(),
                        namespace: ns::XML.into(),
                        value: lang.into(),
                    });
                }
                open.to_xml("")
            }
        }
    }

    /// The end of our stream.
    pub(crate) const fn close_text(self) -> &'static str {
        match self {
            Self::Stream => "</stream:stream>",
            Self::WebSocket => "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
        }
    }
}

/// A piece of what the peer sends.
#[derive(Debug)]
pub(crate) enum Piece {
    /// The beginning of a stream; its attributes are those of this element.
    Open(Element),
    /// A stanza, with the bytes it was read from.
    Stanza(Element, Bytes),
    /// The end of the stream.
    Close,
}

/// Reads the pieces of a stream in either framing.
pub(crate) struct Intake {
    limits: Limits,
    /// Declarations of the stream header; `None` before it came.
    scope: Option<Namespaces>,
    source: Source,
}

enum Source {
    Stream(Framer),
    Messages {
        queue: VecDeque<Bytes>,
        bytes: usize,
    },
}

impl Intake {
    pub(crate) fn new(framing: Framing, limits: Limits) -> Self {
        Self {
            limits,
            scope: None,
            source: match framing {
                Framing::Stream => Source::Stream(Framer::new(limits)),
                Framing::WebSocket => Source::Messages {
                    queue: VecDeque::new(),
                    bytes: 0,
                },
            },
        }
    }

    /// Adds bytes of the stream, or one message.
    pub(crate) fn push(&mut self, received: &[u8]) {
        match &mut self.source {
            Source::Stream(framer) => framer.push(received),
            Source::Messages { queue, bytes } => {
                if !received.is_empty() {
                    // An empty place costs memory, too.
                    *bytes += received.len() + size_of::<Bytes>();
                    queue.push_back(Bytes::copy_from_slice(received));
                }
            }
        }
    }

    /// Expects a new stream header.
    pub(crate) fn restart(&mut self) {
        self.scope = None;
        if let Source::Stream(framer) = &mut self.source {
            framer.restart();
        }
    }

    /// How many bytes wait that belong to no piece given so far.
    pub(crate) fn unread(&self) -> usize {
        match &self.source {
            Source::Stream(framer) => framer.unread(),
            Source::Messages { bytes, .. } => *bytes,
        }
    }

    /// The next piece, `None` while it is incomplete.
    pub(crate) fn next_piece(&mut self) -> Result<Option<Piece>, Fault> {
        match &mut self.source {
            Source::Stream(framer) => match framer.next_frame()? {
                None => Ok(None),
                Some(frame) => self.of_frame(frame).map(Some),
            },
            Source::Messages { queue, bytes } => match queue.pop_front() {
                None => Ok(None),
                Some(message) => {
                    *bytes -= message.len() + size_of::<Bytes>();
                    self.of_message(message).map(Some)
                }
            },
        }
    }

    fn of_frame(&mut self, frame: Frame) -> Result<Piece, Fault> {
        match (frame, &self.scope) {
            (Frame::Open(bytes), None) => {
                let (header, scope) = Element::read_header(&bytes, &self.limits)?;
                if !header.is("stream", ns::STREAM) {
                    return Err(Fault::RemoteStreamHeader);
                }
                self.scope = Some(scope);
                Ok(Piece::Open(header))
            }
            (Frame::Stanza(bytes), Some(scope)) => {
                let stanza = Element::read(&bytes, scope, &self.limits)?;
                Ok(Piece::Stanza(stanza, bytes))
            }
            (Frame::Close, _) => Ok(Piece::Close),
            (Frame::Open(_), Some(_)) | (Frame::Stanza(_), None) => Err(Fault::RemoteStreamHeader),
        }
    }

    /// Each message is a document of its own and begins with `<` (RFC 7395 §3.3).
    fn of_message(&mut self, message: Bytes) -> Result<Piece, Fault> {
        if message.len() > self.limits.stanza_bytes {
            return Err(Fault::LimitStanza);
        }
        if message.first() != Some(&b'<') {
            return Err(Fault::RemoteText);
        }
        let none = Namespaces::default();
        let element = Element::read(&message, self.scope.as_ref().unwrap_or(&none), &self.limits)?;
        if element.is("open", ns::FRAMING) {
            if self.scope.is_some() {
                return Err(Fault::RemoteStreamHeader);
            }
            self.scope = Some(none);
            return Ok(Piece::Open(element));
        }
        if element.is("close", ns::FRAMING) {
            return Ok(Piece::Close);
        }
        if self.scope.is_none() {
            return Err(Fault::RemoteStreamHeader);
        }
        Ok(Piece::Stanza(element, message))
    }
}

/// Stanzas written one behind the other for a stream, each as a message of its own.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn split(stanzas: &[u8], limits: Limits) -> Result<Vec<String>, Fault> {
    let mut framer = Framer::new(limits);
    framer.push(b"<s>");
    framer.push(stanzas);
    let mut messages = Vec::new();
    while let Some(frame) = framer.next_frame()? {
        match frame {
            Frame::Open(_) => {}
            Frame::Stanza(bytes) => {
                let text = core::str::from_utf8(&bytes).map_err(|_| Fault::RemoteCharacter)?;
                messages.push(writer::standing_alone(text));
            }
            Frame::Close => return Err(Fault::RemoteXml),
        }
    }
    if framer.unread() > 0 {
        return Err(Fault::RemoteXml);
    }
    Ok(messages)
}
