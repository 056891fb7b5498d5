//! Text that must not be seen.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password, a token or the cipher text of one.
///
/// A clone shares the bytes; they are wiped when the last holder lets go. Nothing prints them:
/// whoever needs them says [`expose`](Secret::expose).
///
/// ```
/// use finewire_core::password::Secret;
///
/// let secret = Secret::from("Passw0rd!");
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert_eq!(secret.expose(), "Passw0rd!");
/// assert!(secret == Secret::from("Passw0rd!"));
/// ```
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes over bytes of UTF-8 text; other bytes are wiped and give `None`.
    #[must_use]
    pub fn from_utf8(bytes: Vec<u8>) -> Option<Self> {
        match String::from_utf8(bytes) {
            Ok(text) => Some(Self::from(text)),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                None
            }
        }
    }

    /// The text itself. Never log, trace or format it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The bytes of the text. Never log, trace or format them.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether there is no character.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    /// Takes over the text without a copy.
    fn from(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }
}

impl From<&str> for Secret {
    /// Copies the text; the caller's copy is not wiped.
    fn from(text: &str) -> Self {
        Self::from(String::from(text))
    }
}

impl PartialEq for Secret {
    /// Compares in a time that depends on the lengths alone.
    fn eq(&self, other: &Self) -> bool {
        self.expose_bytes().ct_eq(other.expose_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
