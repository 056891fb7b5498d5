//! What Finesse sends, without what would let somebody in: cookies, tokens, passwords that are repeated.

/// What comes before a secret (in lower case), and the bytes that end it.
const SECRETS: [(&[u8], &[u8]); 9] = [
    (b"\nset-cookie:", b"\r\n"),
    (b"\nset-cookie2:", b"\r\n"),
    (b"\nauthorization:", b"\r\n"),
    (b"\nauthentication-info:", b"\r\n"),
    (b"<password>", b"<"),
    (b"<token>", b"<"),
    (b"<access_token>", b"<"),
    (b"\"access_token\":\"", b"\""),
    (b"\"refresh_token\":\"", b"\""),
];

/// One stream, byte by byte: a secret that comes in pieces is found all the same. No byte is added, left out or
/// held back, so that lengths and moments stay what they were.
#[derive(Debug, Default)]
pub(super) struct Veil {
    /// How much of each beginning has been seen.
    seen: [usize; SECRETS.len()],
    /// Which secret is being covered.
    covering: Option<usize>,
}

impl Veil {
    pub(super) fn cover(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if let Some((_, ends)) = self.covering.and_then(|n| SECRETS.get(n)) {
                if !ends.contains(byte) {
                    *byte = b'x';
                    continue;
                }
                self.covering = None;
            }
            let lower = byte.to_ascii_lowercase();
            for (n, (seen, (begins, _))) in self.seen.iter_mut().zip(SECRETS).enumerate() {
                // No beginning repeats its first byte, so a mismatch begins anew with this byte.
                *seen = match begins.get(*seen) {
                    Some(wanted) if *wanted == lower => *seen + 1,
                    _ => usize::from(begins.first() == Some(&lower)),
                };
                if *seen == begins.len() {
                    *seen = 0;
                    self.covering = Some(n);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "HTTP/1.1 200 OK\r\nSET-Cookie: JSESSIONID=hunter2; Path=/\r\nContent-Length: 9\r\n\r\n\
                          <User><password>hunter2</password><state>READY</state></User>\
                          {\"access_token\":\"hunter2\",\"a\":1}\r\nAuthorization: hunter2";

    #[test]
    fn secrets_are_covered_wherever_they_are_cut_and_the_rest_stays() {
        for piece in 1..ANSWER.len() {
            let mut veil = Veil::default();
            let mut bytes = ANSWER.as_bytes().to_vec();
            for piece in bytes.chunks_mut(piece) {
                veil.cover(piece);
            }
            let text = String::from_utf8(bytes).unwrap();
            assert!(
                !text.contains("hunter2") && !text.contains("JSESSIONID"),
                "{text}"
            );
            assert_eq!(text.len(), ANSWER.len());
            for part in [
                "200 OK\r\n",
                "\r\nContent-Length: 9\r\n\r\n<User>",
                "</password><state>READY</state>",
                "\",\"a\":1}",
            ] {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
    }

    #[test]
    fn no_beginning_repeats_its_first_byte() {
        // The double quote of the JSON names is the exception, which a fresh start at that byte bears.
        for (begins, _) in SECRETS {
            let first = begins.first().unwrap();
            let again = begins.iter().filter(|byte| *byte == first).count();
            assert!(again == 1 || *first == b'"', "{begins:?}");
        }
    }
}
