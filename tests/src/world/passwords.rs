//! How passwords travel at a site, and every form in which nobody may print them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use finewire_core::machine::Random;
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret, TripleDes};
use finewire_simulator::PASSWORD;

/// Key of the passwords' encryption at this site.
const KEY: &str = "0123456789abcdeffedcba987654321000112233445566aa";

/// Another key.
pub(super) const FOREIGN_KEY: &str = "ffeeddccbbaa99887766554433221100f0e1d2c3b4a59687";

/// A password that no agent has.
pub const WRONG_PASSWORD: &str = "Wr0ng!pass";

/// How passwords travel at this site.
///
/// # Panics
///
/// Never: the key is a good one.
pub fn codec() -> PasswordCodec {
    codec_with(KEY)
}

pub(super) fn codec_with(key: &str) -> PasswordCodec {
    let cipher = TripleDes::new(&key.into(), InitialVector::ZERO, CipherText::Hex);
    PasswordCodec::TripleDes(cipher.expect("the key is a good one"))
}

/// Everything that nobody may print, in every form in which it travels.
pub(super) fn secrets() -> Vec<String> {
    let mut random = Random::from_seed([0; 32]);
    let mut all = vec![KEY.to_owned(), KEY.to_uppercase()];
    for password in [PASSWORD, WRONG_PASSWORD] {
        all.push(password.to_owned());
        all.extend(base64_cores(password));
        let field = codec().encode(&Secret::from(password), &mut random);
        let field = field.expect("the password can be encoded");
        all.push(field.expose().to_owned());
        all.push(field.expose().to_uppercase());
    }
    all
}

/// What the Base64 form of anything that holds `text` holds: HTTP Basic, SASL PLAIN, whatever
/// stands before it. One core for each of the three ways to fall into groups.
fn base64_cores(text: &str) -> impl Iterator<Item = String> {
    (0..3).filter_map(|skipped| {
        let rest = text.as_bytes().get(skipped..)?;
        let groups = rest.get(..rest.len() / 3 * 3)?;
        Some(STANDARD.encode(groups))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_recognised_in_every_form_in_which_they_travel() {
        let field = codec()
            .encode(&PASSWORD.into(), &mut Random::from_seed([9; 32]))
            .unwrap();
        let forms = [
            format!("Login {PASSWORD}"),
            STANDARD.encode(format!("1001001:{PASSWORD}")),
            STANDARD.encode(format!("\u{0}10010010\u{0}{PASSWORD}")),
            STANDARD.encode(format!("\u{0}100100100\u{0}{PASSWORD}")),
            field.expose().to_uppercase(),
        ];

        for form in forms {
            assert!(
                secrets()
                    .iter()
                    .any(|secret| form.contains(secret.as_str())),
                "{form}"
            );
        }
    }
}
