//! Values while a selector is computed.

use core::cmp::Ordering;
use std::borrow::Cow;

use super::evaluate::Incomputable;
use super::java_number;
use super::tree::{Computation, Constant};
use crate::body::Value;

/// A value: of a field, a property, a constant or of what was computed from them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand<'a> {
    /// Nothing; as a condition: unknown.
    Null,
    Boolean(bool),
    Byte(i8),
    Short(i16),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Text(Cow<'a, str>),
    /// Something that is equal to nothing: bytes, a map, a list.
    Opaque,
}

impl<'a> From<&'a Constant> for Operand<'a> {
    fn from(constant: &'a Constant) -> Self {
        match constant {
            Constant::Null => Self::Null,
            Constant::Boolean(value) => Self::Boolean(*value),
            Constant::Int(value) => Self::Int(*value),
            Constant::Long(value) => Self::Long(*value),
            Constant::Double(value) => Self::Double(*value),
            Constant::Text(text) => Self::Text(Cow::Borrowed(text)),
        }
    }
}

impl<'a> From<&'a Value> for Operand<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(value) => Self::Boolean(*value),
            Value::Byte(value) => Self::Byte(*value),
            Value::Short(value) => Self::Short(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Long(value) => Self::Long(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Double(value) => Self::Double(*value),
            Value::Text(text) => Self::Text(text.to_str()),
            Value::Char(_) | Value::Bytes(_) | Value::Map(_) | Value::List(_) => Self::Opaque,
        }
    }
}

/// A number as Java promotes it.
#[derive(Clone, Copy, Debug)]
enum Number {
    Whole { value: i64, long: bool },
    Float(f32),
    Double(f64),
}

impl Number {
    /// As a double. Java rounds a long to the nearest, as this does.
    #[expect(clippy::cast_precision_loss, reason = "Java's promotion")]
    const fn to_double(self) -> f64 {
        match self {
            Self::Whole { value, .. } => value as f64,
            Self::Float(value) => value as f64,
            Self::Double(value) => value,
        }
    }

    /// As a float, by which Java compares floats with integers.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "Java's promotion"
    )]
    const fn to_float(self) -> f32 {
        match self {
            Self::Whole { value, .. } => value as f32,
            Self::Float(value) => value,
            Self::Double(value) => value as f32,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole { value: a, .. }, Self::Whole { value: b, .. }) => a.cmp(&b),
            (Self::Double(_), _) | (_, Self::Double(_)) => {
                java_order(self.to_double(), other.to_double())
            }
            _ => java_order(self.to_float().into(), other.to_float().into()),
        }
    }
}

/// `Double.compare`: −0 is below 0, NaN above everything and equal to itself.
fn java_order(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(&b),
        (a, b) => a.cmp(&b),
    }
}

impl Operand<'_> {
    fn number(&self) -> Option<Number> {
        let whole = |value: i64| Number::Whole { value, long: false };
        Some(match self {
            Self::Byte(value) => whole((*value).into()),
            Self::Short(value) => whole((*value).into()),
            Self::Int(value) => whole((*value).into()),
            Self::Long(value) => Number::Whole {
                value: *value,
                long: true,
            },
            Self::Float(value) => Number::Float(*value),
            Self::Double(value) => Number::Double(*value),
            Self::Null | Self::Boolean(_) | Self::Text(_) | Self::Opaque => return None,
        })
    }

    /// A text read as the kind of `self`.
    fn convert(&self, text: &str) -> Option<Operand<'static>> {
        Some(match self {
            Self::Boolean(_) => Operand::Boolean(text.eq_ignore_ascii_case("true")),
            Self::Byte(_) => Operand::Byte(text.parse().ok()?),
            Self::Short(_) => Operand::Short(text.parse().ok()?),
            Self::Int(_) => Operand::Int(text.parse().ok()?),
            Self::Long(_) => Operand::Long(text.parse().ok()?),
            Self::Float(_) => Operand::Float(text.trim().parse().ok()?),
            Self::Double(_) => Operand::Double(text.trim().parse().ok()?),
            Self::Null | Self::Text(_) | Self::Opaque => return None,
        })
    }

    /// The order of two values that are not null; `None` for values of different kinds.
    pub(super) fn compare(&self, other: &Self, converting: bool) -> Option<Ordering> {
        if let (Some(a), Some(b)) = (self.number(), other.number()) {
            return Some(a.compare(b));
        }
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
            (Self::Text(text), kind) if converting => kind.convert(text)?.compare(kind, false),
            (kind, Self::Text(text)) if converting => kind
                .convert(text)?
                .compare(kind, false)
                .map(Ordering::reverse),
            _ => None,
        }
    }

    /// The value with the other sign; of what has no sign, nothing.
    pub(super) fn negate(self) -> Self {
        match self {
            Self::Byte(value) => Self::Int(-i32::from(value)),
            Self::Short(value) => Self::Int(-i32::from(value)),
            Self::Int(value) => Self::Int(value.wrapping_neg()),
            Self::Long(value) => Self::Long(value.wrapping_neg()),
            Self::Float(value) => Self::Float(-value),
            Self::Double(value) => Self::Double(-value),
            Self::Null | Self::Boolean(_) | Self::Text(_) | Self::Opaque => Self::Null,
        }
    }

    /// Computes with a value to the right; nothing on either side gives nothing.
    pub(super) fn compute(
        self,
        computation: Computation,
        right: &Self,
    ) -> Result<Self, Incomputable> {
        if self == Self::Null || *right == Self::Null {
            return Ok(Self::Null);
        }
        if let (Self::Text(text), Computation::Add) = (&self, computation) {
            let mut joined = text.clone().into_owned();
            joined.push_str(&right.spelled()?);
            // Longer texts than any property can be are of no use and only grow.
            if joined.len() > MAX_JOINED {
                return Err(Incomputable);
            }
            return Ok(Self::Text(joined.into()));
        }
        let (Some(a), Some(b)) = (self.number(), right.number()) else {
            return Err(Incomputable);
        };
        let whole = |long: bool, int: i32, value: i64| {
            if long {
                Self::Long(value)
            } else {
                Self::Int(int)
            }
        };
        Ok(match (computation, a, b) {
            (Computation::Divide, ..) => Self::Double(a.to_double() / b.to_double()),
            (Computation::Remainder, ..) => Self::Double(a.to_double() % b.to_double()),
            (_, Number::Whole { value: a, long: x }, Number::Whole { value: b, long: y }) => {
                let (long, narrow) = (x || y, |value| wrap(value));
                match computation {
                    Computation::Add => {
                        whole(long, narrow(a).wrapping_add(narrow(b)), a.wrapping_add(b))
                    }
                    Computation::Subtract => {
                        whole(long, narrow(a).wrapping_sub(narrow(b)), a.wrapping_sub(b))
                    }
                    _ => whole(long, narrow(a).wrapping_mul(narrow(b)), a.wrapping_mul(b)),
                }
            }
            (Computation::Add, ..) => Self::Double(a.to_double() + b.to_double()),
            (Computation::Subtract, ..) => Self::Double(a.to_double() - b.to_double()),
            (Computation::Multiply, ..) => Self::Double(a.to_double() * b.to_double()),
        })
    }

    /// The value as Java writes it.
    fn spelled(&self) -> Result<Cow<'_, str>, Incomputable> {
        Ok(match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Boolean(value) => (if *value { "true" } else { "false" }).into(),
            Self::Byte(value) => value.to_string().into(),
            Self::Short(value) => value.to_string().into(),
            Self::Int(value) => value.to_string().into(),
            Self::Long(value) => value.to_string().into(),
            Self::Float(value) => java_number::float(*value).into(),
            Self::Double(value) => java_number::double(*value).into(),
            Self::Null | Self::Opaque => return Err(Incomputable),
        })
    }
}

/// The longest text that `+` makes, bytes.
const MAX_JOINED: usize = 1 << 20;

/// The lower half of a number, as Java narrows it.
#[expect(clippy::cast_possible_truncation, reason = "Java's narrowing")]
const fn wrap(value: i64) -> i32 {
    value as i32
}
