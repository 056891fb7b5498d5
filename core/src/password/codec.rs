//! The password field of a command, both directions.

use core::fmt;

use super::cipher::{CipherText, InitialVector, TripleDes};
use super::secret::Secret;
use crate::machine::Random;

/// How passwords travel between driver and connector (option `use_secure_password`).
///
/// ```
/// use finewire_core::machine::Random;
/// use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
///
/// let key = Secret::from("0123456789abcdef23456789abcdef01456789abcdef0123");
/// let codec = PasswordCodec::triple_des(&key, InitialVector::ZERO, CipherText::Hex)?;
/// let mut random = Random::from_seed([0; 32]); // in production: from the operating system
///
/// let field = codec.encode(&"Passw0rd!".into(), &mut random)?;
///
/// assert_eq!(field.expose(), "5419266293e99891747e7b833f9d3d95");
/// assert_eq!(codec.decode(&field)?, "Passw0rd!".into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PasswordCodec {
    /// In clear: the field is the password.
    Clear,
    /// Encrypted with Triple-DES.
    TripleDes(TripleDes),
}

impl PasswordCodec {
    /// The longest password field in bytes; longer ones are refused before any work.
    pub const MAX_FIELD: usize = 2048;

    /// Triple-DES with a key of 48 hex digits (or 32 for two keys).
    ///
    /// # Errors
    ///
    /// [`KeyFault`] when the key is unusable, see [`TripleDes::new`].
    pub fn triple_des(
        key: &Secret,
        initial_vector: InitialVector,
        cipher_text: CipherText,
    ) -> Result<Self, KeyFault> {
        TripleDes::new(key, initial_vector, cipher_text).map(Self::TripleDes)
    }

    /// Reads a password field of a command.
    ///
    /// # Errors
    ///
    /// [`Undecodable`], always the same outward: answers that differ by cause are a padding
    /// oracle. Answer as if Finesse had refused the password, after the same delay.
    pub fn decode(&self, field: &Secret) -> Result<Secret, Undecodable> {
        if field.expose_bytes().len() > Self::MAX_FIELD {
            return Err(Undecodable(DecodeFault::TooLong));
        }
        let password = match self {
            Self::Clear => field.clone(),
            Self::TripleDes(cipher) => cipher.decrypt(field.expose()).map_err(Undecodable)?,
        };
        // A NUL would end the password inside a SASL PLAIN message (RFC 4616 §2).
        match password.expose() {
            "" => Err(Undecodable(DecodeFault::Empty)),
            text if text.contains('\0') => Err(Undecodable(DecodeFault::Forbidden)),
            _ => Ok(password),
        }
    }

    /// Makes the password field of a command. `random` gives the initial vector where it is sent.
    ///
    /// # Errors
    ///
    /// [`Unencodable`] when the password is empty, too long, or holds a character that the field
    /// cannot carry.
    pub fn encode(&self, password: &Secret, random: &mut Random) -> Result<Secret, Unencodable> {
        let text = password.expose();
        if text.is_empty() {
            return Err(Unencodable::LocalEmpty);
        }
        let field = match self {
            _ if text.contains('\0') => return Err(Unencodable::LocalForbidden),
            Self::Clear if text.contains(|c: char| ",#|".contains(c) || c.is_control()) => {
                return Err(Unencodable::LocalForbidden);
            }
            Self::Clear => password.clone(),
            Self::TripleDes(cipher) => cipher.encrypt(password, random),
        };
        if field.expose_bytes().len() > Self::MAX_FIELD {
            return Err(Unencodable::LocalTooLong);
        }
        Ok(field)
    }
}

/// A password field could not be read. Says nothing about the cause, not even in `Debug`.
#[derive(Clone, Copy)]
pub struct Undecodable(DecodeFault);

impl Undecodable {
    /// The cause, for log and monitor only; it must not influence an answer.
    #[must_use]
    pub const fn cause(self) -> DecodeFault {
        self.0
    }
}

impl fmt::Debug for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Undecodable")
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password was not accepted")
    }
}

impl core::error::Error for Undecodable {}

/// Why a password field could not be read; for log and monitor only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DecodeFault {
    /// Longer than [`PasswordCodec::MAX_FIELD`].
    TooLong,
    /// No hex or Base64 text.
    Encoding,
    /// Not a whole number of cipher blocks, or too few.
    Length,
    /// Wrong padding: most likely another key.
    Padding,
    /// The plain text is not UTF-8: most likely another key.
    NotText,
    /// The password is empty.
    Empty,
    /// The password holds a character that cannot be a part of one.
    Forbidden,
}

impl fmt::Display for DecodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the password field is too long",
            Self::Encoding => "the password field is no text of the configured encoding",
            Self::Length => "the password field is no whole number of cipher blocks",
            Self::Padding => "the padding is wrong, probably another key",
            Self::NotText => "the plain text is no UTF-8, probably another key",
            Self::Empty => "the password is empty",
            Self::Forbidden => "the password holds a NUL character",
        })
    }
}

/// A password cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unencodable {
    /// The password is empty.
    LocalEmpty,
    /// The password holds a character that the field cannot carry.
    LocalForbidden,
    /// The field would be longer than [`PasswordCodec::MAX_FIELD`].
    LocalTooLong,
}

impl fmt::Display for Unencodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalEmpty => "the password is empty",
            Self::LocalForbidden => "the password holds a character that cannot be sent",
            Self::LocalTooLong => "the password is too long",
        })
    }
}

impl core::error::Error for Unencodable {}

/// A key or an initial vector cannot be used. Says nothing about its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// Not 48 or 32 hex digits.
    LocalKeyLength,
    /// A character that is no hex digit.
    LocalNotHex,
    /// First and second, or second and third part are equal: single DES.
    LocalKeyDegenerate,
    /// The initial vector is not 16 hex digits, `zero` or `random`.
    LocalInitialVector,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalKeyLength => "the key must have 48 hex digits (or 32 for two keys)",
            Self::LocalNotHex => "the key must consist of hex digits",
            Self::LocalKeyDegenerate => "two neighbouring parts of the key are equal",
            Self::LocalInitialVector => {
                "the initial vector must be 16 hex digits, `zero` or `random`"
            }
        })
    }
}

impl core::error::Error for KeyFault {}
