//! Triple-DES in CBC mode with PKCS#7 padding (NIST SP 800-67, NIST SP 800-38A §6.2, RFC 5652
//! §6.3).

use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use des::TdesEde3;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _, ConstantTimeGreater as _};
use zeroize::Zeroizing;

use super::codec::{DecodeFault, KeyFault};
use super::secret::Secret;
use crate::machine::Random;

const BLOCK: usize = 8;
const KEY: usize = 24;

/// A key with everything else that both sides must agree on.
#[derive(Clone)]
pub struct TripleDes {
    key: Zeroizing<[u8; KEY]>,
    initial_vector: InitialVector,
    cipher_text: CipherText,
}

/// Where the initial vector of a password comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialVector {
    /// Both sides know it. All zero is the default.
    Fixed([u8; BLOCK]),
    /// Drawn for every password and sent as the first 8 bytes.
    Random,
}

/// How the cipher text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CipherText {
    /// Two hex digits a byte; lower case is sent, any case is read.
    #[default]
    Hex,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
}

impl InitialVector {
    /// All zero, the default.
    pub const ZERO: Self = Self::Fixed([0; BLOCK]);

    /// Reads 16 hex digits, `zero` or `random`.
    ///
    /// # Errors
    ///
    /// [`KeyFault::LocalInitialVector`] for any other text.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        match text.trim() {
            word if word.eq_ignore_ascii_case("zero") => Ok(Self::ZERO),
            word if word.eq_ignore_ascii_case("random") => Ok(Self::Random),
            digits => {
                let mut bytes = [0; BLOCK];
                hex::decode_to_slice(digits, &mut bytes)
                    .map_err(|_| KeyFault::LocalInitialVector)?;
                Ok(Self::Fixed(bytes))
            }
        }
    }
}

impl Default for InitialVector {
    fn default() -> Self {
        Self::ZERO
    }
}

impl TripleDes {
    /// A cipher with a key of 48 hex digits (three parts), or 32 (two parts, the first is used
    /// again as the third).
    ///
    /// # Errors
    ///
    /// [`KeyFault`] for a key of another length or with other characters, and for one whose first
    /// and second, or second and third parts are equal apart from their parity bits: two of the
    /// three steps would cancel out and leave single DES (NIST SP 800-67 §3.3.2).
    pub fn new(
        key: &Secret,
        initial_vector: InitialVector,
        cipher_text: CipherText,
    ) -> Result<Self, KeyFault> {
        let digits = key.expose().trim();
        let mut bytes = Zeroizing::new([0; KEY]);
        let given = match digits.len() {
            48 => bytes.as_mut_slice(),
            32 => bytes.get_mut(..2 * BLOCK).ok_or(KeyFault::LocalKeyLength)?,
            _ => return Err(KeyFault::LocalKeyLength),
        };
        hex::decode_to_slice(digits, given).map_err(|_| KeyFault::LocalNotHex)?;
        if digits.len() == 32 {
            bytes.copy_within(..BLOCK, 2 * BLOCK);
        }
        let without_parity = Zeroizing::new(bytes.map(|byte| byte & 0xfe));
        let mut parts = without_parity.chunks_exact(BLOCK);
        let (first, second, third) = (parts.next(), parts.next(), parts.next());
        if first == second || second == third {
            return Err(KeyFault::LocalKeyDegenerate);
        }
        Ok(Self {
            key: bytes,
            initial_vector,
            cipher_text,
        })
    }

    /// Cipher text as sent → password.
    pub(super) fn decrypt(&self, field: &str) -> Result<Secret, DecodeFault> {
        let field = field.trim();
        let mut bytes = Zeroizing::new(match self.cipher_text {
            CipherText::Hex => hex::decode(field).map_err(|_| DecodeFault::Encoding)?,
            CipherText::Base64 => STANDARD.decode(field).map_err(|_| DecodeFault::Encoding)?,
        });
        let initial_vector = match self.initial_vector {
            InitialVector::Fixed(vector) => vector,
            InitialVector::Random => {
                let (vector, _) = bytes.split_first_chunk().ok_or(DecodeFault::Length)?;
                let vector = *vector;
                bytes.drain(..BLOCK);
                vector
            }
        };
        if bytes.is_empty() || bytes.len() % BLOCK != 0 {
            return Err(DecodeFault::Length);
        }
        cbc::Decryptor::<TdesEde3>::new((&*self.key).into(), &initial_vector.into())
            .decrypt_padded::<NoPadding>(&mut bytes)
            .map_err(|_| DecodeFault::Length)?;
        let length = unpadded_length(&bytes).ok_or(DecodeFault::Padding)?;
        let plain = bytes.get(..length).ok_or(DecodeFault::Padding)?;
        Secret::from_utf8(plain.to_vec()).ok_or(DecodeFault::NotText)
    }

    /// Password → cipher text as sent.
    pub(super) fn encrypt(&self, password: &Secret, random: &mut Random) -> Secret {
        let text = password.expose_bytes();
        let mut sent = Vec::new();
        let initial_vector = match self.initial_vector {
            InitialVector::Fixed(vector) => vector,
            InitialVector::Random => {
                let mut vector = [0; BLOCK];
                random.fill(&mut vector);
                sent.extend_from_slice(&vector);
                vector
            }
        };
        let padding = BLOCK - text.len() % BLOCK;
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() + padding));
        bytes.extend_from_slice(text);
        bytes.resize(
            text.len() + padding,
            u8::try_from(padding).unwrap_or_default(),
        );
        let length = bytes.len();
        let encrypted =
            cbc::Encryptor::<TdesEde3>::new((&*self.key).into(), &initial_vector.into())
                .encrypt_padded::<NoPadding>(&mut bytes, length);
        sent.extend_from_slice(encrypted.expect("the text was padded to whole blocks above"));
        let sent = Zeroizing::new(sent);
        Secret::from(match self.cipher_text {
            CipherText::Hex => hex::encode(&*sent),
            CipherText::Base64 => STANDARD.encode(&*sent),
        })
    }
}

impl fmt::Debug for TripleDes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TripleDes")
            .field("cipher_text", &self.cipher_text)
            .finish_non_exhaustive()
    }
}

/// Length of the text before its PKCS#7 padding; looks at the same bytes whatever they are, so
/// that the time taken says nothing about the padding.
fn unpadded_length(padded: &[u8]) -> Option<usize> {
    let last = padded.last_chunk::<BLOCK>()?;
    let padding = *last.last()?;
    let mut valid = !padding.ct_eq(&0) & !padding.ct_gt(&8);
    for (distance, byte) in (0_u8..8).zip(last.iter().rev()) {
        let is_padding = padding.ct_gt(&distance);
        valid &= !is_padding | byte.ct_eq(&padding);
    }
    let length = u8::conditional_select(&0, &padding, valid);
    let is_valid: bool = (valid & Choice::from(1)).into();
    is_valid.then(|| padded.len().saturating_sub(usize::from(length)))
}
