//! Passwords of the monitor's users: argon2id hashes in PHC form, never the passwords themselves.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use core::fmt;
use finewire_core::password::Secret;
use thiserror::Error;

/// A shorter password is refused when it is hashed: the monitor may stand on a network.
pub(crate) const SHORTEST: usize = 12;
/// A longer password is refused unread.
pub(crate) const LONGEST: usize = 1024;
/// A hash's text is some 100 bytes.
const LONGEST_HASH: usize = 512;
/// What a hash in the configuration may ask of us: 256 MiB and 16 passes.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 16;

/// Why a password or its hash is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum PasswordFault {
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    #[error("not an argon2 hash; `finewire monitor hash` makes one")]
    NoHash,
    #[error("the hash asks for more memory or passes than are given to it")]
    TooCostly,
    #[error("the system gives no randomness")]
    NoRandomness,
    #[error("the password cannot be hashed")]
    Failed,
}

/// The hash of a password. `Debug` leaves it out: it can be tried offline.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash {
    text: String,
}

impl PasswordHash {
    /// Reads a hash in PHC form, `$argon2id$v=19$m=…`.
    ///
    /// # Errors
    ///
    /// It is none, or costs more than anybody needs.
    pub(crate) fn parse(text: &str) -> Result<Self, PasswordFault> {
        let text = text.trim();
        if text.len() > LONGEST_HASH {
            return Err(PasswordFault::NoHash);
        }
        let hash = argon2::PasswordHash::new(text).map_err(|_| PasswordFault::NoHash)?;
        if hash.algorithm != Algorithm::Argon2id.ident()
            || hash.hash.is_none()
            || hash.salt.is_none()
        {
            return Err(PasswordFault::NoHash);
        }
        let params = Params::try_from(&hash).map_err(|_| PasswordFault::NoHash)?;
        if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_PASSES {
            return Err(PasswordFault::TooCostly);
        }
        Ok(Self { text: text.into() })
    }

    /// Hashes a password with the parameters that OWASP's "Password Storage Cheat Sheet" names for argon2id:
    /// 19 MiB, two passes, one lane.
    ///
    /// # Errors
    ///
    /// The password is too short or too long, or there is no randomness for the salt.
    pub(crate) fn make(password: &Secret) -> Result<Self, PasswordFault> {
        let password = password.expose();
        if password.chars().count() < SHORTEST {
            return Err(PasswordFault::TooShort);
        }
        if password.len() > LONGEST {
            return Err(PasswordFault::TooLong);
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| PasswordFault::NoRandomness)?;
        let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordFault::Failed)?;
        let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| PasswordFault::Failed)?;
        let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(password.as_bytes(), &salt)
            .map_err(|_| PasswordFault::Failed)?;
        Ok(Self {
            text: hash.to_string(),
        })
    }

    /// Whether this is the password; takes some 20 ms and 19 MiB.
    pub(crate) fn is_of(&self, password: &Secret) -> bool {
        let password = password.expose();
        let Ok(hash) = argon2::PasswordHash::new(&self.text) else {
            return false;
        };
        password.len() <= LONGEST
            && Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
    }

    /// The text for the configuration.
    pub(crate) fn as_text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_its_password_alone_and_shows_neither() {
        let hash = PasswordHash::make(&Secret::from("correct horse battery")).unwrap();
        let again = PasswordHash::parse(&format!(" {}\n", hash.as_text())).unwrap();
        assert_eq!(hash, again);
        assert!(again.is_of(&Secret::from("correct horse battery")));
        assert!(!again.is_of(&Secret::from("correct horse batterY")));
        assert!(!again.is_of(&Secret::from("")));
        assert_eq!(format!("{hash:?}"), "PasswordHash(..)");
        let other = PasswordHash::make(&Secret::from("correct horse battery")).unwrap();
        assert_ne!(hash, other, "salted");
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        let make = |text: &str| PasswordHash::make(&Secret::from(text)).unwrap_err();
        assert_eq!(make("eleven char"), PasswordFault::TooShort);
        assert_eq!(make(&"x".repeat(1025)), PasswordFault::TooLong);
    }

    #[test]
    fn what_is_no_hash_or_too_dear_a_one_is_refused() {
        let salt_and_hash = "c2FsdHNhbHRzYWx0$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo";
        for (text, fault) in [
            ("swordfish".to_owned(), PasswordFault::NoHash),
            ("$argon2id$".to_owned(), PasswordFault::NoHash),
            ("$".repeat(600), PasswordFault::NoHash),
            (
                format!("$argon2d$v=19$m=19456,t=2,p=1${salt_and_hash}"),
                PasswordFault::NoHash,
            ),
            (
                format!("$argon2id$v=19$m=4000000,t=2,p=1${salt_and_hash}"),
                PasswordFault::TooCostly,
            ),
            (
                format!("$argon2id$v=19$m=19456,t=99,p=1${salt_and_hash}"),
                PasswordFault::TooCostly,
            ),
        ] {
            assert_eq!(PasswordHash::parse(&text).unwrap_err(), fault, "{text}");
        }
    }
}
