//! OpenSSL's command line: an independent Triple-DES, and certificates of every kind.

use super::Lines;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// `openssl enc -des-ede3-cbc`: PKCS#7-padded cipher text of `text`; `key` and `iv` as hex.
///
/// # Panics
///
/// When OpenSSL is not installed or fails.
#[must_use]
pub fn encrypt_triple_des(key: &str, iv: &str, text: &[u8]) -> Vec<u8> {
    triple_des("-e", key, iv, text)
}

/// `openssl enc -d -des-ede3-cbc`: the text of a cipher text.
///
/// # Panics
///
/// When OpenSSL is not installed or fails.
#[must_use]
pub fn decrypt_triple_des(key: &str, iv: &str, cipher_text: &[u8]) -> Vec<u8> {
    triple_des("-d", key, iv, cipher_text)
}

fn triple_des(direction: &str, key: &str, iv: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(["enc", direction, "-des-ede3-cbc", "-K", key, "-iv", iv])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(input)
        .expect("openssl reads");
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "openssl failed");
    output.stdout
}

/// A self-signed certificate for `localhost` and 127.0.0.1 in `folder`: `cert.pem`, `key.pem`
/// and `store.p12` (password `changeit`).
///
/// # Panics
///
/// When OpenSSL fails.
pub fn certificate(folder: &Path) {
    run(
        folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=CA:FALSE",
        ],
    );
    run(
        folder,
        &[
            "pkcs12",
            "-export",
            "-in",
            "cert.pem",
            "-inkey",
            "key.pem",
            "-out",
            "store.p12",
            "-passout",
            "pass:changeit",
        ],
    );
}

fn run(folder: &Path, args: &[&str]) {
    let mut command = Command::new("openssl");
    let mut process = Lines::start("openssl", command.current_dir(folder).args(args));
    let code = process.finish(Duration::from_secs(60));
    assert_eq!(code, Some(0), "openssl {args:?}: {:?}", process.seen());
}
