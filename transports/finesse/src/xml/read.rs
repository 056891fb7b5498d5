//! Reading a complete document.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::Error as XmlError;
use quick_xml::events::{BytesRef, Event};

use super::Element;
use crate::error::Error;

/// What a reader takes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the document, in bytes.
    pub bytes: usize,
    /// Nesting of elements.
    pub depth: usize,
    /// Number of elements.
    pub elements: usize,
}

impl Limits {
    /// What Finesse can need: a team of 2000 agents is about 1 MiB and 40 000 elements.
    pub const DEFAULT: Self = Self {
        bytes: 4 << 20,
        depth: 24,
        elements: 100_000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<'a> Element<'a> {
    /// Reads a complete document within the [default limits](Limits::DEFAULT).
    ///
    /// # Errors
    /// `Remote…` when it is no well-formed XML or declares a document type, `Limit…` when it is
    /// too long, too deep or has too many elements.
    pub fn parse(document: &'a str) -> Result<Self, Error> {
        Self::parse_within(document, Limits::DEFAULT)
    }

    /// Reads a complete document of bytes, which must be UTF-8.
    ///
    /// # Errors
    /// As [`Element::parse`], and [`Error::RemoteNotUtf8`].
    pub fn parse_bytes(document: &'a [u8]) -> Result<Self, Error> {
        if document.len() > Limits::DEFAULT.bytes {
            return Err(Error::LimitBytes(Limits::DEFAULT.bytes));
        }
        Self::parse(str::from_utf8(document).map_err(|_| Error::RemoteNotUtf8)?)
    }

    /// Reads a complete document within `limits`.
    ///
    /// # Errors
    /// As [`Element::parse`].
    pub fn parse_within(document: &'a str, limits: Limits) -> Result<Self, Error> {
        if document.len() > limits.bytes {
            return Err(Error::LimitBytes(limits.bytes));
        }
        let mut reader = Reader::from_str(document);
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        let mut elements = 0;
        loop {
            let event = reader
                .read_event()
                .map_err(|error| not_xml(&error, reader.error_position()))?;
            let at = reader.buffer_position();
            match event {
                Event::Start(start) => {
                    elements += 1;
                    if elements > limits.elements {
                        return Err(Error::LimitElements(limits.elements));
                    }
                    if open.len() >= limits.depth {
                        return Err(Error::LimitDepth(limits.depth));
                    }
                    if root.is_some() {
                        return Err(broken("a second root element", at));
                    }
                    open.push(Self::named(start.local_name().as_ref()));
                }
                Event::Empty(start) => {
                    elements += 1;
                    if elements > limits.elements {
                        return Err(Error::LimitElements(limits.elements));
                    }
                    if root.is_some() {
                        return Err(broken("a second root element", at));
                    }
                    let element = Self::named(start.local_name().as_ref());
                    root = close(&mut open, element);
                }
                Event::End(_) => {
                    let element = open
                        .pop()
                        .ok_or_else(|| broken("an end without a start", at))?;
                    root = close(&mut open, element);
                }
                Event::Text(text) => add(&mut open, text.into_inner(), at)?,
                Event::CData(text) => add(&mut open, text.into_inner(), at)?,
                Event::GeneralRef(reference) => {
                    let text = resolved(&reference).ok_or_else(|| broken("a bad character", at))?;
                    add(&mut open, text, at)?;
                }
                Event::DocType(_) => return Err(Error::RemoteDoctype),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof if !open.is_empty() => return Err(broken("an element without end", at)),
                Event::Eof => return root.ok_or_else(|| broken("no element", at)),
            }
        }
    }

    fn named(name: &str) -> Self {
        Self {
            name: Cow::Owned(name.to_owned()),
            ..Self::default()
        }
    }
}

/// Puts a finished element into its parent, or gives it back as the root.
fn close<'a>(open: &mut [Element<'a>], element: Element<'a>) -> Option<Element<'a>> {
    match open.last_mut() {
        Some(parent) => {
            parent.children.push(element);
            None
        }
        None => Some(element),
    }
}

/// Adds character data to the innermost open element.
fn add<'a>(open: &mut [Element<'a>], text: Cow<'a, str>, at: u64) -> Result<(), Error> {
    match open.last_mut() {
        Some(element) if element.text.is_empty() => element.text = text,
        Some(element) => element.text.to_mut().push_str(&text),
        None if text.chars().all(|c| c.is_whitespace() || c == '\u{feff}') => {}
        None => return Err(broken("text outside of the root element", at)),
    }
    Ok(())
}

/// The text that a reference stands for. An entity that XML does not predefine is kept as it is
/// written: a label that says `&nbsp;` is no reason to lose an update.
fn resolved<'a>(reference: &BytesRef<'a>) -> Option<Cow<'a, str>> {
    if reference.is_char_ref() {
        let character = reference.resolve_char_ref().ok().flatten()?;
        return Some(Cow::Owned(character.to_string()));
    }
    Some(match &**reference {
        "lt" => Cow::Borrowed("<"),
        "gt" => Cow::Borrowed(">"),
        "amp" => Cow::Borrowed("&"),
        "quot" => Cow::Borrowed("\""),
        "apos" => Cow::Borrowed("'"),
        other => Cow::Owned(format!("&{other};")),
    })
}

fn broken(what: &'static str, at: u64) -> Error {
    Error::RemoteNotXml {
        what: Cow::Borrowed(what),
        at,
    }
}

/// Names the kind of trouble without repeating the document, which may hold what people said.
fn not_xml(error: &XmlError, at: u64) -> Error {
    let what = match error {
        XmlError::Syntax(_) => "bad syntax",
        XmlError::IllFormed(_) => "tags that do not match",
        XmlError::InvalidAttr(_) => "a bad attribute",
        XmlError::Encoding(_) => "a bad encoding",
        XmlError::Escape(_) => "a bad reference",
        _ => "not readable",
    };
    broken(what, at)
}
