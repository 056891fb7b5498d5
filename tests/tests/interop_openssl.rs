//! The password codec against OpenSSL's Triple-DES, both directions.

use finewire_core::machine::Random;
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use finewire_tests::peers::{available, decrypt_triple_des, encrypt_triple_des};

const KEY: &str = "8a1f40c3957be2d60b47f19e2c6d8350e7a90d5b31c86f24";
const IV: &str = "00c1d2e3f4a5b697";
const PASSWORDS: [&str; 8] = [
    "a",
    "Passw0rd!",
    "seven77",
    "eight888",
    "nine99999",
    "a long pass phrase with blanks in it, and some more of it behind",
    "Grüße, Žofie 密码",
    "#|{}[]\\\"'",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn is_available() -> bool {
    available("OpenSSL", &["/usr/bin/openssl"])
}

#[test]
fn what_openssl_encrypts_is_decrypted_with_a_fixed_vector_in_either_case() {
    if !is_available() {
        return;
    }
    let iv = InitialVector::parse(IV).expect("a vector");
    let codec = PasswordCodec::triple_des(&KEY.into(), iv, CipherText::Hex).expect("a key");
    for password in PASSWORDS {
        let digits = hex(&encrypt_triple_des(KEY, IV, password.as_bytes()));
        for field in [digits.clone(), digits.to_lowercase()] {
            let decoded = codec
                .decode(&Secret::from(field.as_str()))
                .expect("decodes");
            assert_eq!(decoded.expose(), password);
        }
    }
}

#[test]
fn what_openssl_encrypts_is_decrypted_with_the_vector_sent_in_front() {
    if !is_available() {
        return;
    }
    let codec = PasswordCodec::triple_des(&KEY.into(), InitialVector::Random, CipherText::Hex);
    let codec = codec.expect("a key");
    for password in PASSWORDS {
        let field = format!(
            "{IV}{}",
            hex(&encrypt_triple_des(KEY, IV, password.as_bytes()))
        );
        let decoded = codec
            .decode(&Secret::from(field.as_str()))
            .expect("decodes");
        assert_eq!(decoded.expose(), password);
    }
}

#[test]
fn two_key_triple_des_is_the_three_key_form_with_the_first_key_again() {
    if !is_available() {
        return;
    }
    let short = &KEY[..32];
    let codec = PasswordCodec::triple_des(&short.into(), InitialVector::ZERO, CipherText::Hex);
    let full = format!("{short}{}", &short[..16]);
    let zero = "0000000000000000";
    let field = hex(&encrypt_triple_des(&full, zero, b"Passw0rd!"));

    let decoded = codec
        .expect("a key")
        .decode(&Secret::from(field.as_str()))
        .expect("decodes");

    assert_eq!(decoded.expose(), "Passw0rd!");
}

#[test]
fn openssl_decrypts_what_we_encrypt() {
    if !is_available() {
        return;
    }
    let mut random = Random::from_seed([5; 32]);
    let iv = InitialVector::parse(IV).expect("a vector");
    let codec = PasswordCodec::triple_des(&KEY.into(), iv, CipherText::Hex).expect("a key");
    for password in PASSWORDS {
        let field = codec
            .encode(&Secret::from(password), &mut random)
            .expect("encodes");
        let bytes: Vec<u8> = (0..field.expose().len() / 2)
            .map(|n| u8::from_str_radix(&field.expose()[2 * n..2 * n + 2], 16).expect("hex"))
            .collect();
        assert_eq!(decrypt_triple_des(KEY, IV, &bytes), password.as_bytes());
    }
}
