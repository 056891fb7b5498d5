//! What messages carry: bodies and properties, parsed when asked for.
//!
//! The codec passes content and properties on as the bytes that came, so that a broker never looks into
//! them. An error here is about one message; the connection is not affected by it.

mod compression;
mod parse;
mod properties;
mod value;

pub use properties::Properties;
pub use value::Value;

use bytes::{BufMut, Bytes};

use crate::codec::{DecodeError, EncodeError, Limits, Misfit, source::Source};
use crate::command::{Message, MessageKind, Text};
use parse::Parser;

/// The body of a message.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Body {
    /// No content: a plain or blob message, a null text, an empty map.
    #[default]
    Empty,
    /// The text of a text message.
    Text(Text),
    /// The bytes of a bytes message.
    Bytes(Bytes),
    /// The entries of a map message.
    Map(Properties),
    /// The values of a stream message.
    Stream(Vec<Value>),
    /// The serialized Java object of an object message. It is never looked into (CVE-2015-5254).
    Object(Bytes),
}

impl Body {
    /// The text, if it is one.
    #[must_use]
    pub const fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, if it is a bytes message's.
    #[must_use]
    pub const fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The entries, if it is a map message's.
    #[must_use]
    pub const fn as_map(&self) -> Option<&Properties> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The values, if it is a stream message's.
    #[must_use]
    pub fn as_stream(&self) -> Option<&[Value]> {
        match self {
            Self::Stream(values) => Some(values),
            _ => None,
        }
    }

    /// The kind of message that carries it.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Empty => MessageKind::Plain,
            Self::Text(_) => MessageKind::Text,
            Self::Bytes(_) => MessageKind::Bytes,
            Self::Map(_) => MessageKind::Map,
            Self::Stream(_) => MessageKind::Stream,
            Self::Object(_) => MessageKind::Object,
        }
    }

    /// The content as it travels, uncompressed; `None` for what travels as no content.
    fn encode(&self) -> Result<Option<Bytes>, EncodeError> {
        Ok(Some(match self {
            Self::Empty => return Ok(None),
            Self::Map(map) if map.is_empty() => return Ok(None),
            Self::Text(text) => {
                let mut out = Vec::with_capacity(4 + text.len());
                value::put_length(text.len(), &mut out)?;
                out.put_slice(text.as_wire());
                out.into()
            }
            Self::Bytes(bytes) | Self::Object(bytes) => bytes.clone(),
            Self::Map(map) => map.encode()?,
            Self::Stream(values) => {
                let mut out = Vec::new();
                for value in values {
                    value.write(&mut out)?;
                }
                out.into()
            }
        }))
    }

    fn decode(kind: MessageKind, content: &Bytes, limits: &Limits) -> Result<Self, DecodeError> {
        Ok(match kind {
            MessageKind::Plain | MessageKind::Blob => Self::Empty,
            MessageKind::Text => {
                let mut parser = Parser::new(content, limits);
                let length = parser.source.length()?;
                let text = parser.text(length)?;
                parser.end()?;
                Self::Text(text)
            }
            MessageKind::Bytes => Self::Bytes(content.clone()),
            MessageKind::Object => Self::Object(content.clone()),
            MessageKind::Map => Properties::decode(content, limits)?.map_or(Self::Empty, Self::Map),
            MessageKind::Stream => {
                let mut parser = Parser::new(content, limits);
                let mut values = Vec::new();
                while parser.source.left() > 0 {
                    parser.claim(1, 1)?;
                    values.push(Value::parse(&mut parser)?);
                }
                Self::Stream(values)
            }
        })
    }
}

impl Message {
    /// A text message.
    #[must_use]
    pub fn text(text: impl Into<Text>) -> Self {
        let text = text.into();
        let mut content = Vec::with_capacity(4 + text.len());
        // 2 GiB of text does not fit; cut, it would be another text, so it stays whole and is refused
        // when the frame is encoded.
        content.put_i32(i32::try_from(text.len()).unwrap_or(i32::MAX));
        content.put_slice(text.as_wire());
        Self {
            content: Some(content.into()),
            ..Self::new(MessageKind::Text)
        }
    }

    /// A bytes message.
    #[must_use]
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self {
            content: Some(bytes.into()),
            ..Self::new(MessageKind::Bytes)
        }
    }

    /// A message that carries `body`.
    ///
    /// # Errors
    /// A name of a map above 65535 bytes, or anything above 2 GiB.
    pub fn with_body(body: &Body) -> Result<Self, EncodeError> {
        Ok(Self {
            content: body.encode()?,
            ..Self::new(body.kind())
        })
    }

    /// The body, within the default limits.
    ///
    /// # Errors
    /// Content that is not what the kind of message says, or above the limits.
    pub fn body(&self) -> Result<Body, DecodeError> {
        self.body_within(&Limits::default())
    }

    /// The body, within these limits.
    ///
    /// # Errors
    /// Content that is not what the kind of message says, or above the limits.
    pub fn body_within(&self, limits: &Limits) -> Result<Body, DecodeError> {
        match &self.content {
            None => Ok(Body::Empty),
            Some(content) if self.compressed => {
                let plain = if self.kind == MessageKind::Bytes {
                    // Java inflates to its whole buffer; only the announced length counts.
                    let mut source = Source::new(content);
                    let length = source.length()?;
                    let deflated = content.get(4..).unwrap_or_default();
                    compression::inflate(deflated, Some(length), limits.inflated)?
                } else {
                    compression::inflate(content, None, limits.inflated)?
                };
                Body::decode(self.kind, &plain, limits)
            }
            Some(content) => Body::decode(self.kind, content, limits),
        }
    }

    /// Compresses the content, if there is any and it is not compressed yet. Receivers inflate it; brokers
    /// pass it on.
    pub fn compress(&mut self) {
        if self.compressed {
            return;
        }
        if let Some(content) = &self.content {
            let mut deflated = Vec::new();
            if self.kind == MessageKind::Bytes {
                let Ok(length) = i32::try_from(content.len()) else {
                    return;
                };
                deflated.put_i32(length);
            }
            deflated.append(&mut compression::deflate(content));
            self.content = Some(deflated.into());
            self.compressed = true;
        }
    }

    /// The properties, within the default limits; empty if there are none.
    ///
    /// # Errors
    /// Bytes that are no map, or above the limits.
    pub fn properties(&self) -> Result<Properties, DecodeError> {
        self.properties_within(&Limits::default())
    }

    /// The properties, within these limits; empty if there are none.
    ///
    /// # Errors
    /// Bytes that are no map, or above the limits.
    pub fn properties_within(&self, limits: &Limits) -> Result<Properties, DecodeError> {
        match &self.marshalled_properties {
            Some(bytes) => Ok(Properties::decode(bytes, limits)?.unwrap_or_default()),
            None => Ok(Properties::new()),
        }
    }

    /// Replaces the properties; an empty map travels as none.
    ///
    /// # Errors
    /// A name above 65535 bytes, or anything above 2 GiB.
    pub fn set_properties(&mut self, properties: &Properties) -> Result<(), EncodeError> {
        self.marshalled_properties = if properties.is_empty() {
            None
        } else {
            Some(properties.encode()?)
        };
        Ok(())
    }
}

/// A string behind a 16-bit length.
fn put_short_text(text: &Text, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    const LIMIT: usize = 65535;
    let length = text.len();
    let Ok(short) = u16::try_from(length) else {
        return Err(EncodeError::new(Misfit::LocalText {
            length,
            limit: LIMIT,
        }));
    };
    out.put_u16(short);
    out.put_slice(text.as_wire());
    Ok(())
}
