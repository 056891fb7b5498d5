//! A ClientHello of old, to hear what a server that refuses ours would rather speak. It only asks: the
//! handshake goes no further than the server's first words.

use super::speech::Speech;

/// What a server said to an old ClientHello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It would go on with this version and cipher suite.
    Chose {
        /// The version's name.
        version: &'static str,
        /// The suite's number in the TLS registry.
        suite: u16,
    },
    /// It would not, or did not say.
    Nothing,
}

/// The newest version to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Newest {
    Tls11,
    Tls12,
}

/// Suites that old servers have and rustls does not: RSA key exchange, CBC, 3DES, finite-field
/// Diffie-Hellman (IANA, "TLS Cipher Suites").
const OLD_SUITES: &[(u16, &str)] = &[
    (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
];

/// The suite's name in the registry, or its number.
pub(crate) fn suite_name(suite: u16) -> String {
    match OLD_SUITES.iter().find(|(number, _)| *number == suite) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("suite 0x{suite:04X}"),
    }
}

/// The ClientHello (RFC 5246 §7.4.1.2) in a record of its own. `host` goes into the server name
/// indication unless it is an address.
pub(crate) fn hello(newest: Newest, host: &str) -> Vec<u8> {
    let minor = match newest {
        Newest::Tls11 => 2,
        Newest::Tls12 => 3,
    };
    let mut body = vec![3, minor];
    // Nothing is ever encrypted with it.
    body.extend([0x46; 32]);
    body.push(0);
    let suites: Vec<u8> = OLD_SUITES
        .iter()
        .flat_map(|(number, _)| number.to_be_bytes())
        .collect();
    put(&mut body, 2, &suites);
    body.extend([1, 0]);
    put(&mut body, 2, &extensions(host));
    let mut handshake = vec![1];
    put(&mut handshake, 3, &body);
    let mut record = vec![22, 3, 1];
    put(&mut record, 2, &handshake);
    record
}

fn extensions(host: &str) -> Vec<u8> {
    let mut all = Vec::new();
    let is_name = host.parse::<core::net::IpAddr>().is_err() && host.len() < 256;
    if is_name {
        let mut entry = vec![0];
        put(&mut entry, 2, host.as_bytes());
        let mut list = Vec::new();
        put(&mut list, 2, &entry);
        extension(&mut all, 0, &list);
    }
    // Groups x25519, P-256, P-384 and P-521; points uncompressed (RFC 8422 §5.1).
    extension(&mut all, 10, &[0, 8, 0, 29, 0, 23, 0, 24, 0, 25]);
    extension(&mut all, 11, &[1, 0]);
    // Signature schemes, RSA and ECDSA with SHA-512 down to SHA-1 (RFC 5246 §7.4.1.4.1).
    let schemes = [6, 1, 6, 3, 5, 1, 5, 3, 4, 1, 4, 3, 2, 1, 2, 3];
    let mut list = Vec::new();
    put(&mut list, 2, &schemes);
    extension(&mut all, 13, &list);
    all
}

fn extension(all: &mut Vec<u8>, number: u16, data: &[u8]) {
    all.extend(number.to_be_bytes());
    put(all, 2, data);
}

/// Appends `data` with its length in front, in so many bytes.
fn put(to: &mut Vec<u8>, width: usize, data: &[u8]) {
    let length = data.len().to_be_bytes();
    to.extend(length.iter().skip(length.len().saturating_sub(width)));
    to.extend_from_slice(data);
}

/// Reads the first bytes of the answer: a ServerHello (RFC 5246 §7.4.1.3) tells version and suite.
/// `None`: more bytes are needed.
pub(crate) fn heard(bytes: &[u8]) -> Option<Heard> {
    let (&[kind, _, _, high, low], rest) = bytes.split_first_chunk::<5>()?;
    if Speech::of(bytes) != Speech::Tls || kind != 22 {
        return Some(Heard::Nothing);
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    // Type and length, version, random, length of the session id.
    let Some((head, rest)) = rest
        .get(..length.min(rest.len()))?
        .split_first_chunk::<39>()
    else {
        return (rest.len() >= length).then_some(Heard::Nothing);
    };
    let &[2, _, _, _, 3, minor, .., session] = head else {
        return Some(Heard::Nothing);
    };
    let suite = rest.get(usize::from(session)..)?.first_chunk::<2>()?;
    let version = match minor {
        0 => "SSL 3.0",
        1 => "TLS 1.0",
        2 => "TLS 1.1",
        3 => "TLS 1.2",
        _ => return Some(Heard::Nothing),
    };
    Some(Heard::Chose {
        version,
        suite: u16::from_be_bytes(*suite),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ServerHello of this minor version and suite, with a session id of this length.
    fn server_hello(minor: u8, suite: [u8; 2], session: u8) -> Vec<u8> {
        let mut body = vec![3, minor];
        body.extend([9; 32]);
        body.push(session);
        body.extend(vec![8; usize::from(session)]);
        body.extend(suite);
        body.push(0);
        let mut handshake = vec![2];
        put(&mut handshake, 3, &body);
        let mut record = vec![22, 3, minor];
        put(&mut record, 2, &handshake);
        record
    }

    #[test]
    fn version_and_suite_of_a_server_hello_are_heard_however_many_bytes_came() {
        for (minor, version) in [(1, "TLS 1.0"), (2, "TLS 1.1"), (3, "TLS 1.2")] {
            for session in [0, 32] {
                let bytes = server_hello(minor, [0, 0x2F], session);
                let chose = Heard::Chose {
                    version,
                    suite: 0x2F,
                };
                let needed = 5 + 39 + usize::from(session) + 2;
                for length in 0..=bytes.len() {
                    let expected = (length >= needed).then(|| chose.clone());
                    assert_eq!(heard(&bytes[..length]), expected, "{length}");
                }
            }
        }
        assert_eq!(suite_name(0x2F), "TLS_RSA_WITH_AES_128_CBC_SHA");
        assert_eq!(suite_name(0x1301), "suite 0x1301");
    }

    #[test]
    fn alerts_and_other_protocols_are_nothing() {
        for bytes in [
            &[21, 3, 1, 0, 2, 2, 70][..],
            b"HTTP/1.1 400",
            &[22, 3, 3, 0, 1, 14],
        ] {
            assert_eq!(heard(bytes), Some(Heard::Nothing), "{bytes:?}");
        }
    }

    #[test]
    fn lengths_in_a_hello_are_those_of_what_follows() {
        let bytes = hello(Newest::Tls12, "finesse.example");
        let length = u16::from_be_bytes([bytes[3], bytes[4]]);
        assert_eq!(usize::from(length), bytes.len() - 5);
        let handshake = u32::from_be_bytes([0, bytes[6], bytes[7], bytes[8]]);
        assert_eq!(handshake as usize, bytes.len() - 9);
        let name = b"finesse.example";
        assert!(bytes.windows(name.len()).any(|part| part == name));
        assert!(hello(Newest::Tls11, "10.0.0.1").len() < bytes.len());
    }
}
