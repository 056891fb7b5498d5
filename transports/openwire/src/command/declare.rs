//! The declarations' macro: one table row a field gives both directions, both encodings and all versions.

/// Declares a data structure: `Name = type code [since version] { field: Type = kind "wireName" [since
/// version] [until version] }`, the fields in wire order.
///
/// The kinds are the methods of [`Reader`](crate::codec::Reader) and
/// [`Writer`](crate::codec::Writer); a `secret` is a `text` that `Debug` does not show. A field that the
/// negotiated version does not have is not written, and keeps its default.
macro_rules! data {
    (
        $(#[$meta:meta])*
        $name:ident = $code:literal $(since $born:literal)? {
            $(
                $(#[$doc:meta])*
                $field:ident : $type:ty = $kind:ident $wire:literal
                    $(since $since:literal)? $(until $until:literal)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq)]
        pub struct $name {
            $( $(#[$doc])* pub $field: $type, )*
        }

        impl $name {
            /// The type code on the wire.
            pub const CODE: u8 = $code;
        }

        impl $crate::codec::Fill for $name {
            fn fill<R: $crate::codec::Reader>(
                &mut self,
                reader: &mut R,
                code: u8,
            ) -> Result<(), $crate::codec::DecodeError> {
                if code != Self::CODE $(|| reader.version() < $born)? {
                    return Err(reader.wrong_type(stringify!($name), code));
                }
                reader.together(self)
            }
        }

        impl $crate::codec::Fields for $name {
            #[inline(always)]
            fn read_fields<R: $crate::codec::Reader>(
                &mut self,
                reader: &mut R,
            ) -> Result<(), $crate::codec::DecodeError> {
                $(
                    if $crate::command::declare::in_version!(reader $(since $since)? $(until $until)?) {
                        reader.$kind(&mut self.$field).map_err(|error| error.within(stringify!($name), $wire))?;
                    }
                )*
                Ok(())
            }
        }

        impl $crate::codec::Object for $name {
            const EXPECTED: &'static str = stringify!($name);

            fn type_code(&self) -> u8 {
                Self::CODE
            }

            $crate::codec::read_by_filling!();

            fn write<W: $crate::codec::Writer>(
                &self,
                writer: &mut W,
            ) -> Result<(), $crate::codec::EncodeError> {
                $( if writer.version() < $born {
                    return Err($crate::codec::EncodeError::unsupported(stringify!($name), writer.version()));
                } )?
                $(
                    if $crate::command::declare::in_version!(writer $(since $since)? $(until $until)?) {
                        writer.$kind(&self.$field).map_err(|error| error.within(stringify!($name), $wire))?;
                    }
                )*
                Ok(())
            }
        }

        impl $crate::command::reflect::Reflect for $name {
            fn type_name(&self) -> &'static str {
                stringify!($name)
            }

            fn visit<'a>(
                &'a self,
                version: i32,
                visitor: &mut dyn FnMut(&'static str, $crate::command::reflect::FieldValue<'a>),
            ) {
                let at = $crate::command::reflect::At(version);
                $(
                    if $crate::command::declare::in_version!(at $(since $since)? $(until $until)?) {
                        visitor($wire, $crate::command::reflect::FieldValue::$kind(&self.$field));
                    }
                )*
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name))
                    $( .field(stringify!($field), $crate::command::declare::shown!($kind &self.$field)) )*
                    .finish()
            }
        }
    };
}

/// Declares a command: a data structure that begins with a command id and a response flag.
macro_rules! command {
    (
        $(#[$meta:meta])*
        $name:ident = $code:literal $(since $born:literal)? { $($fields:tt)* }
    ) => {
        $crate::command::declare::data! {
            $(#[$meta])*
            $name = $code $(since $born)? {
                /// Counts 1, 2, … on the sending connection; 0 in answers of a broker.
                command_id: i32 = int "commandId",
                /// Whether the sender wants a response that names the command id.
                response_required: bool = boolean "responseRequired",
                $($fields)*
            }
        }
    };
}

/// Whether the version at hand has a field.
macro_rules! in_version {
    ($at:ident) => {{
        let _ = &$at;
        true
    }};
    ($at:ident since $since:literal) => {
        $at.version() >= $since
    };
    ($at:ident until $until:literal) => {
        $at.version() <= $until
    };
}

/// What `Debug` shows of a field: secrets not at all, byte sequences by their length.
macro_rules! shown {
    (secret $field:expr) => {
        &$crate::command::reflect::Hidden($field.is_some())
    };
    (sequence $field:expr) => {
        &$crate::command::reflect::Length($field.as_ref().map(|bytes| bytes.len()))
    };
    ($kind:ident $field:expr) => {
        $field
    };
}

pub(crate) use {command, data, in_version, shown};
