//! A value of a property, a map or a stream.

use std::borrow::Cow;

use bytes::{BufMut, Bytes};

use super::{Properties, parse::Parser};
use crate::codec::{DecodeError, EncodeError, Flaw, Misfit};
use crate::command::Text;

/// A tagged value (primitive encoding): what JMS allows, and the maps and lists that ActiveMQ adds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// A boolean.
    Boolean(bool),
    /// A byte.
    Byte(i8),
    /// A UTF-16 code unit.
    Char(u16),
    /// A 16-bit integer.
    Short(i16),
    /// A 32-bit integer.
    Int(i32),
    /// A 64-bit integer.
    Long(i64),
    /// A double.
    Double(f64),
    /// A float.
    Float(f32),
    /// A string; it travels in one of two forms, by its length.
    Text(Text),
    /// Bytes.
    Bytes(Bytes),
    /// A map.
    Map(Properties),
    /// A list.
    List(Vec<Self>),
}

/// Strings from this length on, in UTF-16 units, travel with a 32-bit length.
const BIG_STRING: usize = 8191;

impl Value {
    /// As a string, as JMS converts properties: numbers and booleans are written out; `None` for null,
    /// bytes, maps and lists.
    #[must_use]
    pub fn to_text(&self) -> Option<Text> {
        Some(match self {
            Self::Text(text) => text.clone(),
            Self::Boolean(value) => Text::from_static(if *value { "true" } else { "false" }),
            Self::Char(unit) => String::from_utf16_lossy(&[*unit]).into(),
            Self::Double(value) => value.to_string().into(),
            Self::Float(value) => value.to_string().into(),
            other => other.to_integer()?.to_string().into(),
        })
    }

    /// As an integer, if it is one of any width.
    #[must_use]
    pub const fn to_integer(&self) -> Option<i64> {
        Some(match self {
            Self::Byte(value) => *value as i64,
            Self::Short(value) => *value as i64,
            Self::Int(value) => *value as i64,
            Self::Long(value) => *value,
            _ => return None,
        })
    }

    /// As a double, as JMS converts properties: floats widen, texts are read; `None` for everything else.
    #[must_use]
    pub fn to_float(&self) -> Option<f64> {
        match self {
            Self::Double(value) => Some(*value),
            Self::Float(value) => Some((*value).into()),
            Self::Text(text) => text.to_str().trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn parse(parser: &mut Parser<'_>) -> Result<Self, DecodeError> {
        let source = &mut parser.source;
        Ok(match source.u8()? {
            0 => Self::Null,
            1 => Self::Boolean(source.u8()? != 0),
            2 => Self::Byte(source.u8()?.cast_signed()),
            3 => Self::Char(source.u16()?),
            4 => Self::Short(source.i16()?),
            5 => Self::Int(source.i32()?),
            6 => Self::Long(source.i64()?),
            7 => Self::Double(f64::from_be_bytes(source.array()?)),
            8 => Self::Float(f32::from_be_bytes(source.array()?)),
            9 => {
                let length = source.u16()?.into();
                Self::Text(parser.text(length)?)
            }
            10 => {
                let length = source.length()?;
                Self::Bytes(parser.bytes(length)?)
            }
            11 => parser
                .nested(Properties::parse)?
                .map_or(Self::Null, Self::Map),
            12 => Self::List(parser.nested(|parser| {
                let count = parser.source.i32()?;
                if count < 0 {
                    let length = count.into();
                    return Err(parser.source.fail(Flaw::RemoteNegative { length }));
                }
                let count = parser.claim(count, 1)?;
                let mut list = Vec::with_capacity(count);
                for _ in 0..count {
                    list.push(Self::parse(parser)?);
                }
                Ok(list)
            })?),
            13 => {
                let length = source.i32()?;
                match usize::try_from(length) {
                    Ok(length) => Self::Text(parser.text(length)?),
                    Err(_) if length == -1 => Self::Null,
                    Err(_) => {
                        let length = length.into();
                        return Err(source.fail(Flaw::RemoteNegative { length }));
                    }
                }
            }
            tag => return Err(source.fail(Flaw::RemoteTag { tag })),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Null => out.put_u8(0),
            Self::Boolean(value) => out.put_slice(&[1, (*value).into()]),
            Self::Byte(value) => out.put_slice(&[2, value.cast_unsigned()]),
            Self::Char(unit) => {
                out.put_u8(3);
                out.put_u16(*unit);
            }
            Self::Short(value) => {
                out.put_u8(4);
                out.put_i16(*value);
            }
            Self::Int(value) => {
                out.put_u8(5);
                out.put_i32(*value);
            }
            Self::Long(value) => {
                out.put_u8(6);
                out.put_i64(*value);
            }
            Self::Double(value) => {
                out.put_u8(7);
                out.put_f64(*value);
            }
            Self::Float(value) => {
                out.put_u8(8);
                out.put_f32(*value);
            }
            Self::Text(text) if text.utf16_len() < BIG_STRING => {
                out.put_u8(9);
                super::put_short_text(text, out)?;
            }
            Self::Text(text) => {
                out.put_u8(13);
                put_length(text.len(), out)?;
                out.put_slice(text.as_wire());
            }
            Self::Bytes(bytes) => {
                out.put_u8(10);
                put_length(bytes.len(), out)?;
                out.put_slice(bytes);
            }
            Self::Map(map) => {
                out.put_u8(11);
                map.write(out)?;
            }
            Self::List(list) => {
                out.put_u8(12);
                put_length(list.len(), out)?;
                for value in list {
                    value.write(out)?;
                }
            }
        }
        Ok(())
    }
}

/// A length or count as a signed 32-bit number.
pub(super) fn put_length(length: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match i32::try_from(length) {
        Ok(length) => {
            out.put_i32(length);
            Ok(())
        }
        Err(_) => Err(EncodeError::new(Misfit::LocalLength { length })),
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => { $(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )* };
}

from! {
    bool => Boolean, i8 => Byte, i16 => Short, i32 => Int, i64 => Long, f64 => Double, f32 => Float,
    Text => Text, &str => Text, String => Text, Cow<'_, str> => Text, Bytes => Bytes,
    Properties => Map, Vec<Self> => List,
}
