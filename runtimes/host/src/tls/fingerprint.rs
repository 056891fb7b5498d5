//! Names of certificates.

use finewire_core::machine::Fingerprint;

/// The fingerprint of a certificate in DER form: its SHA-256.
#[must_use]
pub fn fingerprint(der: &[u8]) -> Fingerprint {
    let digest = ring::digest::digest(&ring::digest::SHA256, der);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Fingerprint(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_the_sha_256_of_the_bytes() {
        // FIPS 180-2, appendix B.1: the message "abc".
        let shown = super::fingerprint(b"abc").to_string();
        assert!(
            shown.starts_with("BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23"),
            "{shown}"
        );
    }
}
