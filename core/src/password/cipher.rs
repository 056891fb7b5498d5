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
#[non_exhaustive]
pub enum InitialVector {
    /// Both sides know it. All zero is the default.
    Fixed([u8; BLOCK]),
    /// Drawn for every password and sent as the first 8 bytes.
    Random,
}

/// How the cipher text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
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
        let mut bytes = self.cipher_text.read(field)?;
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
        let padding = BLOCK - text.len() % BLOCK;
        let mut sent = Zeroizing::new(Vec::with_capacity(BLOCK + text.len() + padding));
        let initial_vector = match self.initial_vector {
            InitialVector::Fixed(vector) => vector,
            InitialVector::Random => {
                let mut vector = [0; BLOCK];
                random.fill(&mut vector);
                sent.extend_from_slice(&vector);
                vector
            }
        };
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
        Secret::from(match self.cipher_text {
            CipherText::Hex => hex::encode(&*sent),
            CipherText::Base64 => STANDARD.encode(&*sent),
        })
    }
}

impl CipherText {
    /// Reads `hex` or `base64`, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim() {
            word if word.eq_ignore_ascii_case("hex") => Some(Self::Hex),
            word if word.eq_ignore_ascii_case("base64") => Some(Self::Base64),
            _ => None,
        }
    }

    /// Text → bytes, in a buffer that never moves, so that no copy stays behind.
    fn read(self, field: &str) -> Result<Zeroizing<Vec<u8>>, DecodeFault> {
        let mut bytes = Zeroizing::new(alloc::vec![0; field.len()]);
        let length = match self {
            Self::Hex => {
                let length = field.len() / 2;
                let target = bytes.get_mut(..length).ok_or(DecodeFault::Encoding)?;
                hex::decode_to_slice(field, target).map_err(|_| DecodeFault::Encoding)?;
                length
            }
            Self::Base64 => STANDARD
                .decode_slice_unchecked(field, &mut bytes)
                .map_err(|_| DecodeFault::Encoding)?,
        };
        bytes.truncate(length);
        Ok(bytes)
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

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::{format, vec};

    use super::super::codec::{PasswordCodec, Unencodable};
    use super::*;

    /// Three different parts.
    const KEY3: &str = "0123456789abcdef23456789abcdef01456789abcdef0123";
    /// Two parts.
    const KEY2: &str = "0123456789abcdeffedcba9876543210";

    fn codec(key: &str, vector: &str, cipher_text: CipherText) -> PasswordCodec {
        let vector = InitialVector::parse(vector).unwrap();
        PasswordCodec::triple_des(&key.into(), vector, cipher_text).unwrap()
    }

    fn random() -> Random {
        Random::from_seed([7; 32])
    }

    fn fault(codec: &PasswordCodec, field: &str) -> DecodeFault {
        codec.decode(&field.into()).unwrap_err().cause()
    }

    /// Made with `openssl enc -des-ede3-cbc -K <key> -iv <vector>`, OpenSSL 3.0.19.
    const KNOWN: [(&str, &str, &str, &str); 6] = [
        (
            KEY3,
            "zero",
            "Passw0rd!",
            "5419266293e99891747e7b833f9d3d95",
        ),
        (
            KEY2,
            "zero",
            "Passw0rd!",
            "56ea3284146ecb4c0e5138c21e4c76fc",
        ),
        (KEY3, "zero", "12345678", "e184c00b08d473aabcfd4443f88c8ea1"),
        (
            KEY3,
            "00112233445566ff",
            "ä€😀",
            "4948ecabd6c0d988c4a19da25c0ab6ab",
        ),
        (KEY3, "zero", "x", "0b1b5184768a4bcf"),
        (
            KEY3,
            "zero",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "7cc7ea4474782860537b47da0ce905eae7e9b85dcfebd8c7cedd5a2bc1a43f76\
             cda9916f28561c3f2a40765e13365365",
        ),
    ];

    #[test]
    fn what_openssl_made_is_read_and_made_again() {
        for (key, vector, password, hex) in KNOWN {
            let codec = codec(key, vector, CipherText::Hex);

            assert_eq!(codec.decode(&hex.into()).unwrap().expose(), password);
            assert_eq!(
                codec
                    .encode(&password.into(), &mut random())
                    .unwrap()
                    .expose(),
                hex
            );
        }
    }

    #[test]
    fn hex_is_read_in_any_case_and_with_blanks_around_it() {
        let codec = codec(KEY3, "zero", CipherText::Hex);

        let password = codec
            .decode(&" 5419266293E99891747E7b833f9d3d95\r\n".into())
            .unwrap();

        assert_eq!(password.expose(), "Passw0rd!");
    }

    #[test]
    fn a_random_vector_is_read_from_the_first_eight_bytes() {
        let codec = codec(KEY3, "random", CipherText::Base64);

        let password = codec
            .decode(&"obLD1OX2Bxj92rf+oQBGSE3cBNpxaI8M".into())
            .unwrap();

        assert_eq!(password.expose(), "Passw0rd!");
    }

    #[test]
    fn a_random_vector_makes_every_field_another_one_and_all_readable() {
        let codec = codec(KEY2, "random", CipherText::Hex);
        let mut random = random();

        let first = codec.encode(&"Passw0rd!".into(), &mut random).unwrap();
        let second = codec.encode(&"Passw0rd!".into(), &mut random).unwrap();

        assert_ne!(first, second);
        assert_ne!(first.expose()[..16], second.expose()[..16]);
        for field in [first, second] {
            assert_eq!(codec.decode(&field).unwrap().expose(), "Passw0rd!");
        }
    }

    #[test]
    fn every_length_comes_back_in_both_encodings() {
        for cipher_text in [CipherText::Hex, CipherText::Base64] {
            for vector in ["zero", "random"] {
                let codec = codec(KEY3, vector, cipher_text);
                for length in 1..=40 {
                    let password = Secret::from("p".repeat(length));
                    let field = codec.encode(&password, &mut random()).unwrap();

                    assert_eq!(codec.decode(&field).unwrap(), password);
                }
            }
        }
    }

    #[test]
    fn every_wrong_padding_is_found() {
        let codec = codec(KEY3, "zero", CipherText::Hex);
        // openssl enc -nopad of AAAAAAAA, AAAAAAA\x09, AAAAAA\x03\x03, AAAAAAA\0.
        for field in [
            "9f6ca443ceebf424",
            "fdee3e700202b0c8",
            "cf28df36eb2718e1",
            "d9760e3d3e4a48f9",
        ] {
            assert_eq!(fault(&codec, field), DecodeFault::Padding);
        }
    }

    #[test]
    fn the_length_of_every_right_padding_is_found() {
        for padding in 1..=8_u8 {
            let mut block = vec![b'A'; 16 - usize::from(padding)];
            block.resize(16, padding);
            assert_eq!(unpadded_length(&block), Some(16 - usize::from(padding)));

            if padding > 1 {
                block[16 - usize::from(padding)] ^= 1;
                assert_eq!(unpadded_length(&block), None);
            }
        }
    }

    #[test]
    fn each_cause_is_told_apart_inside_and_none_outside() {
        let codec = codec(KEY3, "zero", CipherText::Hex);
        let with_vector = self::codec(KEY3, "random", CipherText::Base64);
        let long = "a".repeat(PasswordCodec::MAX_FIELD + 2);
        let causes = [
            (&codec, long.as_str(), DecodeFault::TooLong),
            (&codec, "not hex!", DecodeFault::Encoding),
            (&codec, "abc", DecodeFault::Encoding),
            (&codec, "", DecodeFault::Length),
            (&codec, "abcd", DecodeFault::Length),
            (&codec, "fdee3e700202b0c8", DecodeFault::Padding),
            (&codec, "10abd3e56d66971c", DecodeFault::NotText),
            (&codec, "037c187711080041", DecodeFault::Forbidden),
            (&codec, "832846b52f9e213d", DecodeFault::Empty),
            (&with_vector, "obLD1OX2Bxj=", DecodeFault::Encoding),
            (&with_vector, "obLD1OX2Bxg=", DecodeFault::Length),
            (&with_vector, "AAAA", DecodeFault::Length),
        ];
        for (codec, field, cause) in causes {
            let outward = codec.decode(&field.into()).unwrap_err();

            assert_eq!(outward.cause(), cause, "{field}");
            assert_eq!(format!("{outward:?}"), "Undecodable");
            assert_eq!(format!("{outward}"), "the password was not accepted");
        }
    }

    #[test]
    fn a_password_under_another_key_is_not_read() {
        let other = codec(KEY2, "zero", CipherText::Hex);

        assert!(other.decode(&KNOWN[0].3.into()).is_err());
    }

    #[test]
    fn keys_that_are_single_des_in_disguise_are_refused() {
        let (a, b) = ("0123456789abcdef", "23456789abcdef01");
        // The same as `a` but for one parity bit.
        let a_parity = "0023456789abcdef";
        let make = |key: String| {
            TripleDes::new(&key.into(), InitialVector::ZERO, CipherText::Hex).map(|_| ())
        };

        for key in [
            [a, a, b].concat(),
            [b, a, a].concat(),
            [a, a].concat(),
            [a, a_parity, b].concat(),
        ] {
            assert_eq!(make(key), Err(KeyFault::LocalKeyDegenerate));
        }
        assert_eq!(make([a, b, a].concat()), Ok(()));
    }

    #[test]
    fn keys_and_vectors_of_wrong_form_are_refused() {
        let make = |key: &str| {
            TripleDes::new(&key.into(), InitialVector::ZERO, CipherText::Hex).map(|_| ())
        };

        assert_eq!(make(""), Err(KeyFault::LocalKeyLength));
        assert_eq!(make(&KEY3[1..]), Err(KeyFault::LocalKeyLength));
        assert_eq!(make(&KEY3.replace('a', "g")), Err(KeyFault::LocalNotHex));
        assert_eq!(
            InitialVector::parse("00"),
            Err(KeyFault::LocalInitialVector)
        );
        assert_eq!(InitialVector::parse("Random"), Ok(InitialVector::Random));
        assert_eq!(InitialVector::parse(" ZERO "), Ok(InitialVector::ZERO));
        assert_eq!(CipherText::parse("Base64 "), Some(CipherText::Base64));
        assert_eq!(CipherText::parse("base32"), None);
    }

    #[test]
    fn the_clear_field_is_the_password_and_carries_no_separator() {
        let codec = PasswordCodec::Clear;

        assert_eq!(codec.decode(&" pass ".into()).unwrap().expose(), " pass ");
        assert_eq!(
            codec.encode(&"a b".into(), &mut random()).unwrap().expose(),
            "a b"
        );
        for bad in ["a,b", "a#b", "a|b", "a\nb", "a\0b"] {
            assert_eq!(
                codec.encode(&bad.into(), &mut random()),
                Err(Unencodable::LocalForbidden)
            );
        }
        assert_eq!(
            codec.encode(&"".into(), &mut random()),
            Err(Unencodable::LocalEmpty)
        );
        assert_eq!(fault(&codec, "a\0b"), DecodeFault::Forbidden);
        assert_eq!(fault(&codec, ""), DecodeFault::Empty);
    }

    #[test]
    fn no_secret_shows_in_debug() {
        let codec = codec(KEY3, "00112233445566ff", CipherText::Hex);
        let shown = format!("{codec:?} {:?}", Secret::from("Passw0rd!"));

        for secret in ["0123", "1, 35", "ff", "Passw0rd"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_field_can_make_decoding_panic(field in ".*", base64: bool, random: bool) {
            let cipher_text = if base64 { CipherText::Base64 } else { CipherText::Hex };
            let vector = if random { "random" } else { "zero" };
            let _ = codec(KEY3, vector, cipher_text).decode(&field.into());
        }

        #[test]
        fn every_password_comes_back(password in "[^\0]{1,60}", random_vector: bool) {
            let codec = codec(KEY3, if random_vector { "random" } else { "zero" }, CipherText::Hex);
            let password = Secret::from(password);
            let field = codec.encode(&password, &mut random()).unwrap();

            proptest::prop_assert_eq!(codec.decode(&field).unwrap(), password);
        }
    }
}
