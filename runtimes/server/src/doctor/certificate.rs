//! What a certificate says of itself, read without judging it.

use core::net::IpAddr;
use finewire_core::machine::Fingerprint;
use x509_parser::prelude::*;

/// A certificate's facts (RFC 5280).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// 1 to 3.
    pub(crate) version: u32,
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// Whether subject and issuer are the same.
    pub(crate) is_self_issued: bool,
    /// `CA:TRUE` in the basic constraints.
    pub(crate) is_ca: bool,
    /// DNS names and addresses of the subject alternative name; `None`: it has none.
    pub(crate) names: Option<Vec<String>>,
    /// Seconds since 1970.
    pub(crate) not_before: i64,
    /// Seconds since 1970.
    pub(crate) not_after: i64,
    /// `RSA`, `EC` or what else it is, and its bits (0: unknown).
    pub(crate) key: (&'static str, usize),
    /// Whether it is signed with MD5 or SHA-1.
    pub(crate) weak_digest: Option<&'static str>,
    /// Whether it may be shown by a server: it says nothing of purposes, or names that one.
    pub(crate) is_for_servers: bool,
    pub(crate) fingerprint: Fingerprint,
}

impl Facts {
    /// Reads a certificate in DER form; `None`: it cannot be read.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let key = certificate.public_key();
        let key = match key.parsed() {
            Ok(public_key::PublicKey::RSA(rsa)) => ("RSA", rsa.key_size()),
            Ok(public_key::PublicKey::EC(point)) => ("EC", point.key_size()),
            Ok(other) => ("other", other.key_size()),
            Err(_) => ("unreadable", 0),
        };
        let names = certificate.subject_alternative_name().ok().flatten();
        let purposes = certificate.extended_key_usage().ok().flatten();
        Some(Self {
            version: certificate.version().0.saturating_add(1),
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            is_self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
            is_ca: certificate.is_ca(),
            names: names.map(|names| names.value.general_names.iter().filter_map(name).collect()),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            key,
            weak_digest: weak_digest(&certificate.signature_algorithm.algorithm.to_id_string()),
            is_for_servers: purposes.is_none_or(|it| it.value.server_auth || it.value.any),
            fingerprint: finewire_host::fingerprint(der),
        })
    }

    /// Whether it is for this host (RFC 9525 §6: only the subject alternative name counts, a `*` stands
    /// for one whole label on the left).
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        let names = self.names.as_deref().unwrap_or_default();
        if let Ok(address) = host.parse::<IpAddr>() {
            return names.iter().any(|name| name.parse() == Ok(address));
        }
        names.iter().any(|name| match name.strip_prefix("*.") {
            None => name.eq_ignore_ascii_case(host),
            Some(parent) => host.split_once('.').is_some_and(|(label, rest)| {
                !label.is_empty() && rest.eq_ignore_ascii_case(parent)
            }),
        })
    }
}

/// RFC 8017 appendix C, RFC 5758 §3.2: the identifiers of signatures with digests that are broken.
fn weak_digest(identifier: &str) -> Option<&'static str> {
    match identifier {
        "1.2.840.113549.1.1.4" => Some("MD5"),
        "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" => Some("SHA-1"),
        _ => None,
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = || <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| v6()).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(names: &[&str]) -> Facts {
        let tls = finewire_host::ServerTls::self_made(names).unwrap();
        let (_, pem) = parse_x509_pem(tls.certificate_pem().as_bytes()).unwrap();
        let facts = Facts::read(&pem.contents).unwrap();
        assert_eq!(facts.fingerprint, tls.fingerprint());
        facts
    }

    #[test]
    fn a_certificate_tells_its_names_key_and_version() {
        let facts = facts(&["finesse.example", "10.1.2.3", "::1"]);

        let names = facts.names.clone().unwrap();
        assert_eq!(names, ["finesse.example", "10.1.2.3", "::1"]);
        assert_eq!((facts.version, facts.key), (3, ("EC", 256)));
        assert!(facts.is_self_issued && facts.is_for_servers && !facts.is_ca);
        assert_eq!(facts.weak_digest, None);
    }

    #[test]
    fn names_count_as_tls_counts_them() {
        let facts = facts(&["a.example", "*.b.example", "10.1.2.3"]);
        for host in [
            "a.example",
            "A.EXAMPLE",
            "a.example.",
            "x.b.example",
            "10.1.2.3",
        ] {
            assert!(facts.is_for(host), "{host}");
        }
        for host in [
            "b.example",
            "x.y.b.example",
            ".b.example",
            "10.1.2.4",
            "aa.example",
        ] {
            assert!(!facts.is_for(host), "{host}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_facts() {
        let tls = finewire_host::ServerTls::self_made(&["a.example"]).unwrap();
        let (_, pem) = parse_x509_pem(tls.certificate_pem().as_bytes()).unwrap();
        for length in 0..pem.contents.len() {
            assert_eq!(Facts::read(&pem.contents[..length]), None, "{length}");
        }
    }
}
