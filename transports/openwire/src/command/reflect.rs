//! The fields of a command by name, for tests, traces and tools.

use core::fmt;

use bytes::Bytes;

use super::{Elements, Text, Throwable};

/// A structure whose fields can be visited by their wire names.
pub trait Reflect {
    /// The name of the concrete type in the protocol.
    fn type_name(&self) -> &'static str;

    /// Calls `visitor` with each field that `version` has, in wire order.
    fn visit<'a>(&'a self, version: i32, visitor: &mut dyn FnMut(&'static str, FieldValue<'a>));
}

impl<T: Reflect + ?Sized> Reflect for Box<T> {
    fn type_name(&self) -> &'static str {
        (**self).type_name()
    }

    fn visit<'a>(&'a self, version: i32, visitor: &mut dyn FnMut(&'static str, FieldValue<'a>)) {
        (**self).visit(version, visitor);
    }
}

/// A field's value, borrowed.
#[expect(missing_debug_implementations, reason = "it may hold a secret")]
pub enum FieldValue<'a> {
    /// A boolean.
    Boolean(bool),
    /// An integer of any width.
    Integer(i64),
    /// A string that may be shown.
    Text(Option<&'a Text>),
    /// A string that must not be shown.
    Secret(Option<&'a Text>),
    /// A byte sequence.
    Sequence(Option<&'a [u8]>),
    /// An object, cached or not.
    Object(Option<&'a dyn Reflect>),
    /// An array of objects.
    Array(Option<Vec<Option<&'a dyn Reflect>>>),
    /// A throwable.
    Throwable(Option<&'a Throwable>),
}

impl<'a> FieldValue<'a> {
    pub(crate) const fn boolean(value: &bool) -> Self {
        Self::Boolean(*value)
    }

    pub(crate) fn byte<T: Copy + Into<i8>>(value: &T) -> Self {
        let value: i8 = (*value).into();
        Self::Integer(value.into())
    }

    pub(crate) fn int(value: &i32) -> Self {
        Self::Integer((*value).into())
    }

    pub(crate) const fn long(value: &i64) -> Self {
        Self::Integer(*value)
    }

    pub(crate) const fn text(value: &'a Option<Text>) -> Self {
        Self::Text(value.as_ref())
    }

    pub(crate) const fn secret(value: &'a Option<Text>) -> Self {
        Self::Secret(value.as_ref())
    }

    pub(crate) fn sequence(value: &'a Option<Bytes>) -> Self {
        Self::Sequence(value.as_deref())
    }

    pub(crate) const fn magic(value: &'a super::Magic) -> Self {
        Self::Sequence(Some(&value.0))
    }

    pub(crate) fn object<T: Reflect>(value: &'a Option<T>) -> Self {
        Self::Object(value.as_ref().map(|value| value as &dyn Reflect))
    }

    pub(crate) fn cached<T: Reflect>(value: &'a Option<T>) -> Self {
        Self::object(value)
    }

    pub(crate) fn array<T: Reflect>(value: &'a Elements<T>) -> Self {
        let borrow = |element: &'a Option<T>| element.as_ref().map(|value| value as &dyn Reflect);
        Self::Array(
            value
                .as_ref()
                .map(|elements| elements.iter().map(borrow).collect()),
        )
    }

    pub(crate) fn throwable(value: &'a Option<Box<Throwable>>) -> Self {
        Self::Throwable(value.as_deref())
    }
}

/// A version, with the accessor that readers and writers have.
pub(crate) struct At(pub(crate) i32);

impl At {
    pub(crate) const fn version(&self) -> i32 {
        self.0
    }
}

/// Stands for a secret in `Debug`.
pub(crate) struct Hidden(pub(crate) bool);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "<redacted>" } else { "None" })
    }
}

/// Stands for a byte sequence in `Debug`.
pub(crate) struct Length(pub(crate) Option<usize>);

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(length) => write!(f, "<{length} bytes>"),
            None => f.write_str("None"),
        }
    }
}
