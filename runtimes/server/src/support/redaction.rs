//! Takes secrets out of text, whatever wrote it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt::Write as _;
use finewire_core::password::Secret;
use std::collections::BTreeSet;

const MARK: &str = "[redacted]";
/// Shorter secrets would be found in every other word. They go unmarked, and the bundle's list says so.
const SHORTEST: usize = 4;
/// What comes behind one of these words and `=` or `:` is taken for a secret.
const WORDS: [&str; 9] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "authorization",
    "api_key",
    "apikey",
    "cookie",
];

/// Knows the secrets that must not be in any text.
pub(crate) struct Redaction {
    /// The longest first, so that none is left in part.
    known: Vec<Secret>,
    too_short: usize,
}

impl core::fmt::Debug for Redaction {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Redaction").finish_non_exhaustive()
    }
}

impl Redaction {
    /// Takes these secrets out: as they are, and as hex, Base64 and percent-encoded text.
    pub(crate) fn of(secrets: &[Secret]) -> Self {
        let mut forms = BTreeSet::new();
        let mut too_short = 0;
        for secret in secrets {
            let text = secret.expose().trim();
            if text.len() < SHORTEST {
                too_short += usize::from(!text.is_empty());
                continue;
            }
            let mut hex = String::new();
            let mut percent = String::new();
            for byte in text.bytes() {
                // Writing into a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
                let _ = match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        write!(percent, "{}", char::from(byte))
                    }
                    _ => write!(percent, "%{byte:02X}"),
                };
            }
            forms.insert(STANDARD.encode(text).trim_end_matches('=').to_owned());
            forms.extend([hex.to_uppercase(), hex, percent, text.to_owned()]);
        }
        let mut known: Vec<Secret> = forms
            .iter()
            .map(|form| Secret::from(form.as_str()))
            .collect();
        known.sort_by_key(|secret| core::cmp::Reverse(secret.expose().len()));
        Self { known, too_short }
    }

    /// How many secrets are too short to be looked for.
    pub(crate) const fn too_short(&self) -> usize {
        self.too_short
    }

    /// The text without secrets.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.known {
            if text.contains(secret.expose()) {
                text = text.replace(secret.expose(), MARK);
            }
        }
        let lines: Vec<String> = text.lines().map(clean_line).collect();
        let mut text = lines.join("\n");
        text.push('\n');
        text
    }
}

/// Takes out of one line what looks like a secret by the word before it, and credentials in addresses.
fn clean_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, value)) = split_at_value(rest) {
        out.push_str(before);
        let (quote, inner) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => (Some(quote), value.get(1..).unwrap_or_default()),
            _ => (None, value),
        };
        if let Some(quote) = quote {
            out.push(quote);
        }
        let end = match quote {
            Some(quote) => inner.find(quote).unwrap_or(inner.len()),
            None => bare_end(inner),
        };
        let (value, after) = inner.split_at(end);
        // A bare value behind a quoted name is JSON's, and is to stay JSON.
        let is_bare = quote.is_none() && before.trim_end_matches([' ', ':', '=']).ends_with('"');
        let is_plain = value.is_empty() || value == MARK || value.starts_with('/');
        if is_plain || ["true", "false", "null"].contains(&value) {
            out.push_str(value);
        } else if is_bare {
            out.push_str(&format!("\"{MARK}\""));
        } else {
            out.push_str(MARK);
        }
        rest = after;
    }
    out.push_str(rest);
    without_user_info(&out)
}

/// Where a value without quotes ends. Schemes of HTTP's `Authorization` are part of it.
fn bare_end(text: &str) -> usize {
    let scheme = ["Basic ", "Bearer "].iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(scheme))
    });
    let skipped = scheme.map_or(0, |scheme| scheme.len());
    let rest = text.get(skipped..).unwrap_or_default();
    let end = rest.find(|c: char| c.is_whitespace() || "\"'&,;<)}".contains(c));
    skipped.saturating_add(end.unwrap_or(rest.len()))
}

/// The text up to a value that belongs to one of the words, and from there on. A word that goes on with
/// `_file` names a path.
fn split_at_value(text: &str) -> Option<(&str, &str)> {
    let lower = text.to_ascii_lowercase();
    let mut found: Option<usize> = None;
    for word in WORDS {
        let mut from = 0;
        while let Some(at) = lower.get(from..).and_then(|rest| rest.find(word)) {
            let end = from.saturating_add(at).saturating_add(word.len());
            let rest = lower.get(end..).unwrap_or_default();
            let bare = rest.trim_start_matches(['"', '\'', ' ']);
            if let Some(value) = bare.strip_prefix(['=', ':']) {
                let value = value.trim_start_matches(' ');
                let start = lower.len().saturating_sub(value.len());
                if found.is_none_or(|known| start < known) {
                    found = Some(start);
                }
            }
            from = end;
        }
    }
    text.split_at_checked(found?)
}

/// `scheme://user:password@host` without the password.
fn without_user_info(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at.saturating_add(3));
        out.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?\"',)".contains(c));
        let (authority, tail) = after.split_at(end.unwrap_or(after.len()));
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                let name = user.split(':').next().unwrap_or_default();
                out.push_str(&format!("{name}:{MARK}@{host}"));
            }
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_secret_is_found_in_every_form() {
        let redaction = Redaction::of(&[Secret::from("s3cret&word"), Secret::from("ab")]);
        for text in ["says s3cret&word.", "733363726574 26776f7264 733363726574"] {
            let clean = redaction.clean(text);
            assert!(!clean.contains("s3cret"), "{clean}");
        }
        for form in [
            "73336372657426776f7264",
            "73336372657426776F7264",
            "czNjcmV0JndvcmQ",
            "s3cret%26word",
        ] {
            let clean = redaction.clean(&format!("x{form}y"));
            assert_eq!(clean, "x[redacted]y\n", "{form}");
        }
        assert_eq!(redaction.too_short(), 1);
        assert_eq!(redaction.clean("abc"), "abc\n");
    }

    #[test]
    fn what_looks_like_a_secret_goes_and_the_rest_stays() {
        let redaction = Redaction::of(&[]);
        for (text, clean) in [
            ("password=abc next", "password=[redacted] next"),
            ("Password: \"a b\", x", "Password: \"[redacted]\", x"),
            (
                "{\"token\":\"abc\",\"n\":1}",
                "{\"token\":\"[redacted]\",\"n\":1}",
            ),
            (
                "jms.password=x&jms.userName=y",
                "jms.password=[redacted]&jms.userName=y",
            ),
            ("Authorization: Basic YWJj", "Authorization: [redacted]"),
            ("{\"use_password\": false}", "{\"use_password\": false}"),
            ("{\"password\": false}", "{\"password\": false}"),
            ("{\"token\": 12}", "{\"token\": \"[redacted]\"}"),
            ("url tcp://me:pw@host:1/", "url tcp://me:[redacted]@host:1/"),
            ("password_file = \"/etc/x\"", "password_file = \"/etc/x\""),
            ("passwords are encrypted", "passwords are encrypted"),
            ("a password and a token=", "a password and a token="),
            ("password=a token=b", "password=[redacted] token=[redacted]"),
        ] {
            assert_eq!(redaction.clean(text), format!("{clean}\n"));
        }
    }

    #[test]
    fn odd_text_is_no_trouble() {
        let redaction = Redaction::of(&[Secret::from("żółw")]);
        for text in [
            "",
            "=",
            "password",
            "password=\"",
            "://",
            "ż://ó@",
            "İpassword=ż",
            "token:'",
        ] {
            let _ = redaction.clean(text);
        }
        assert_eq!(
            redaction.clean("żółw://żółw@x"),
            "[redacted]://[redacted]:[redacted]@x\n"
        );
    }
}
