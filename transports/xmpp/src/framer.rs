//! Finds stanzas in a byte stream.
//!
//! Each byte is looked at once, in whatever pieces the stream comes. Only the outline of the XML is
//! checked here (tags, nesting, what XMPP forbids); [`Element::read`](crate::Element::read) checks the rest.
//!
//! Source: RFC 6120 §4 (streams), §11 (what XML is allowed).
//!
//! Not here: names, attributes, namespaces, character encoding.

use crate::{Fault, Limits};
use bytes::{Buf, Bytes, BytesMut};
use quick_xml::parser::{ElementParser, Parser, PiParser};

/// A piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The stream header, from `<` to `>`.
    Open(Bytes),
    /// A complete stanza.
    Stanza(Bytes),
    /// The end of the stream.
    Close,
}

/// Cuts a byte stream into frames.
///
/// ```
/// use finewire_xmpp::{Frame, Framer, Limits};
///
/// let mut framer = Framer::new(Limits::default());
/// framer.push(b"<stream:stream to='a'> <presence/><mess");
/// assert!(matches!(framer.next_frame(), Ok(Some(Frame::Open(_)))));
/// assert_eq!(framer.next_frame(), Ok(Some(Frame::Stanza("<presence/>".into()))));
/// assert_eq!(framer.next_frame(), Ok(None));
/// framer.push(b"age>hi</message></stream:stream>");
/// assert_eq!(framer.next_frame(), Ok(Some(Frame::Stanza("<message>hi</message>".into()))));
/// assert_eq!(framer.next_frame(), Ok(Some(Frame::Close)));
/// ```
pub struct Framer {
    limits: Limits,
    /// Begins with the frame under way, if there is one.
    buffer: BytesMut,
    /// How much of the buffer was looked at.
    at: usize,
    /// Where the tag under way begins.
    tag: usize,
    scan: Scan,
    place: Place,
    /// Open elements of the stanza under way.
    depth: usize,
    /// Elements of the stanza under way.
    elements: usize,
    /// The name in the stream header, as its end tag must repeat it.
    stream_name: Bytes,
    /// Whether an XML declaration may come.
    fresh: bool,
    fault: Option<Fault>,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum Scan {
    Text,
    /// Behind a `<`.
    Markup,
    Start(ElementParser),
    End,
    Declaration(PiParser),
    /// Behind a `<!`.
    Bang,
    /// In a CDATA section, behind so many `]`.
    CData(u8),
}

/// Where the next byte stands, seen from the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    Behind,
}

impl Framer {
    /// A framer at the beginning of a stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            at: 0,
            tag: 0,
            scan: Scan::Text,
            place: Place::Before,
            depth: 0,
            elements: 0,
            stream_name: Bytes::new(),
            fresh: true,
            fault: None,
        }
    }

    /// Adds bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.fault.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Expects a new stream header: the stream was restarted (RFC 6120 §4.3.3).
    pub fn restart(&mut self) {
        self.place = Place::Before;
        self.fresh = true;
    }

    /// How many bytes wait that belong to no frame given so far.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.buffer.len()
    }

    /// The next frame, `None` while it is incomplete.
    ///
    /// # Errors
    /// What is wrong with the stream; nothing comes after it but the same error.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let found = self.find();
        if let Err(fault) = found {
            self.fault = Some(fault);
            self.buffer = BytesMut::new();
        }
        found
    }

    fn find(&mut self) -> Result<Option<Frame>, Fault> {
        while self.at < self.buffer.len() {
            let frame = match self.scan {
                Scan::Text => self.in_text()?,
                Scan::Markup => self.in_markup()?,
                Scan::Start(parser) => self.in_start(parser)?,
                Scan::End => self.in_end()?,
                Scan::Declaration(parser) => self.in_declaration(parser)?,
                Scan::Bang => self.in_bang()?,
                Scan::CData(brackets) => self.in_cdata(brackets),
            };
            if self.at > self.limits.stanza_bytes {
                return Err(Fault::LimitStanza);
            }
            if frame.is_some() {
                return Ok(frame);
            }
        }
        Ok(None)
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn in_text(&mut self) -> Result<Option<Frame>, Fault> {
        let next = self.rest().iter().position(|byte| *byte == b'<');
        if self.depth > 0 {
            self.at = next.map_or(self.buffer.len(), |n| self.at + n);
        } else {
            let gap = next.unwrap_or(self.buffer.len());
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            if !self.buffer.iter().take(gap).all(blank) {
                return Err(match self.place {
                    Place::Before => Fault::RemoteXml,
                    Place::Inside => Fault::RemoteText,
                    Place::Behind => Fault::RemoteAfterEnd,
                });
            }
            self.buffer.advance(gap);
            self.at = 0;
        }
        if next.is_some() {
            if self.place == Place::Behind {
                return Err(Fault::RemoteAfterEnd);
            }
            self.tag = self.at;
            self.at += 1;
            self.scan = Scan::Markup;
        }
        Ok(None)
    }

    fn in_markup(&mut self) -> Result<Option<Frame>, Fault> {
        let begins_stream = self.place == Place::Before && self.fresh;
        self.scan = match self.rest().first() {
            Some(b'/') => Scan::End,
            Some(b'?') if begins_stream => Scan::Declaration(PiParser::default()),
            Some(b'!') if self.depth > 0 => Scan::Bang,
            Some(b'?' | b'!') => return Err(Fault::RemoteRestricted),
            _ => {
                self.scan = Scan::Start(ElementParser::default());
                return Ok(None);
            }
        };
        self.at += 1;
        Ok(None)
    }

    fn check_tag(&self) -> Result<(), Fault> {
        if self.at - self.tag > self.limits.tag_bytes {
            return Err(Fault::LimitTag);
        }
        Ok(())
    }

    fn in_start(&mut self, mut parser: ElementParser) -> Result<Option<Frame>, Fault> {
        let Some(end) = parser.feed(self.rest()) else {
            self.scan = Scan::Start(parser);
            self.at = self.buffer.len();
            self.check_tag()?;
            return Ok(None);
        };
        self.at += end + 1;
        self.check_tag()?;
        self.scan = Scan::Text;
        let is_empty = self.at.checked_sub(2).and_then(|n| self.buffer.get(n)) == Some(&b'/');
        if self.place == Place::Before {
            if is_empty {
                return Err(Fault::RemoteStreamHeader);
            }
            self.place = Place::Inside;
            let header = self.take();
            let ends_name = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
            let name_end = header.iter().position(ends_name).unwrap_or(header.len());
            self.stream_name = header.slice(1.min(name_end)..name_end);
            return Ok(Some(Frame::Open(header)));
        }
        if self.depth + 1 >= self.limits.depth {
            return Err(Fault::LimitDepth);
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(Fault::LimitElements);
        }
        if !is_empty {
            self.depth += 1;
        }
        self.stanza_if_complete()
    }

    fn in_end(&mut self) -> Result<Option<Frame>, Fault> {
        let Some(end) = self.rest().iter().position(|byte| *byte == b'>') else {
            self.at = self.buffer.len();
            self.check_tag()?;
            return Ok(None);
        };
        self.at += end + 1;
        self.check_tag()?;
        self.scan = Scan::Text;
        if self.place == Place::Before {
            return Err(Fault::RemoteXml);
        }
        if let Some(depth) = self.depth.checked_sub(1) {
            self.depth = depth;
            return self.stanza_if_complete();
        }
        let tag = self.take();
        let name = tag.get(2..tag.len() - 1).unwrap_or_default();
        if name.trim_ascii_end() != &*self.stream_name {
            return Err(Fault::RemoteXml);
        }
        self.place = Place::Behind;
        Ok(Some(Frame::Close))
    }

    fn in_declaration(&mut self, mut parser: PiParser) -> Result<Option<Frame>, Fault> {
        match parser.feed(self.rest()) {
            Some(end) => {
                self.at += end + 1;
                self.scan = Scan::Text;
                self.fresh = false;
                let declaration = self.take();
                let is_xml = declaration.strip_prefix(b"<?xml");
                if !is_xml.is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_whitespace)) {
                    return Err(Fault::RemoteRestricted);
                }
            }
            None => {
                self.scan = Scan::Declaration(parser);
                self.at = self.buffer.len();
                self.check_tag()?;
            }
        }
        Ok(None)
    }

    fn in_bang(&mut self) -> Result<Option<Frame>, Fault> {
        let tag = self.buffer.get(self.tag..).unwrap_or_default();
        if let Some(rest) = tag.strip_prefix(CDATA) {
            self.at = self.buffer.len() - rest.len();
            self.scan = Scan::CData(0);
        } else if CDATA.starts_with(tag) {
            self.at = self.buffer.len();
        } else {
            return Err(Fault::RemoteRestricted);
        }
        Ok(None)
    }

    fn in_cdata(&mut self, mut brackets: u8) -> Option<Frame> {
        for (n, byte) in self.rest().iter().enumerate() {
            match byte {
                b']' => brackets = brackets.saturating_add(1),
                b'>' if brackets >= 2 => {
                    self.at += n + 1;
                    self.scan = Scan::Text;
                    return None;
                }
                _ => brackets = 0,
            }
        }
        self.at = self.buffer.len();
        self.scan = Scan::CData(brackets);
        None
    }

    fn stanza_if_complete(&mut self) -> Result<Option<Frame>, Fault> {
        if self.depth > 0 {
            return Ok(None);
        }
        if self.at > self.limits.stanza_bytes {
            return Err(Fault::LimitStanza);
        }
        self.elements = 0;
        Ok(Some(Frame::Stanza(self.take())))
    }

    fn take(&mut self) -> Bytes {
        let taken = self
            .buffer
            .split_to(self.at.min(self.buffer.len()))
            .freeze();
        self.at = 0;
        taken
    }
}

impl core::fmt::Debug for Framer {
    /// Shows no content: a login may be in it.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Framer")
            .field("place", &self.place)
            .field("depth", &self.depth)
            .field("unread", &self.buffer.len())
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

const CDATA: &[u8] = b"<![CDATA[";
