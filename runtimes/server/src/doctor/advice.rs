//! What is wrong with a TLS peer in the words of whoever has to mend it: the exact defect, and the remedy.

use super::certificate::Facts;
use super::hello::{Heard, suite_name};
use super::report::Finding;
use super::speech::Speech;
use crate::config::Trust;
use finewire_core::machine::TlsFault;

/// What is known of the place where TLS was tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) host: &'a str,
    pub(crate) trust: &'a Trust,
    /// The table of the configuration that it is configured in: `[broker]`, `[[finesse.node]]`.
    pub(crate) table: &'static str,
    /// What to set if the peer is meant to be without TLS.
    pub(crate) without_tls: &'static str,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

const DAY: i64 = 86_400;
/// How long before its end a certificate is worth a warning.
const SOON: i64 = 30 * DAY;

/// A handshake that went well: what was agreed on, and how long the certificate lasts.
pub(crate) fn agreed(place: Place<'_>, agreed: &str, own: Option<&Facts>) -> Finding {
    let Some(own) = own else {
        return Finding::ok(agreed);
    };
    let end = date(own.not_after);
    let days = own.not_after.saturating_sub(place.now) / DAY;
    if matches!(place.trust, Trust::Pinned(_)) {
        return Finding::ok(format!("{agreed}; the pinned certificate"));
    }
    if own.not_after.saturating_sub(place.now) < SOON {
        let text = format!("{agreed}; the certificate expires on {end}, in {days} days");
        return Finding::warning(text, "renew it at the server in time");
    }
    Finding::ok(format!("{agreed}; certificate valid to {end}"))
}

/// A certificate that was not accepted, or a handshake that broke over it.
pub(crate) fn refused(place: Place<'_>, fault: &TlsFault, chain: &[Facts]) -> Finding {
    let Some(own) = chain.first() else {
        return Finding::failed(fault.to_string(), "look at the server's TLS configuration");
    };
    if let TlsFault::PinMismatch(found) = fault {
        let text = format!(
            "the certificate is not the pinned one: {found} is there (subject {}, valid from {} to {})",
            own.subject,
            date(own.not_before),
            date(own.not_after)
        );
        let hint = format!(
            "if it was renewed, compare it at the server and set fingerprint = \"{found}\" in {}; \
             if not, somebody may stand in between",
            place.table
        );
        return Finding::failed(text, hint);
    }
    let mut defects = defects(place, own);
    if defects.is_empty() || matches!(fault, TlsFault::UnknownIssuer) {
        defects.push(trust_defect(place, fault, chain));
    }
    let text: Vec<&str> = defects.iter().map(|defect| defect.text.as_str()).collect();
    let mut hint: Vec<String> = Vec::new();
    for defect in &defects {
        if !hint.contains(&defect.remedy) {
            hint.push(defect.remedy.clone());
        }
    }
    if defects.iter().all(|defect| defect.pin_helps) {
        hint.push(format!(
            "or pin this certificate, after comparing it at the server: fingerprint = \"{}\" in {}",
            own.fingerprint, place.table
        ));
    }
    Finding::failed(text.join("; "), hint.join("; "))
}

/// One thing that is wrong with a certificate.
struct Defect {
    text: String,
    remedy: String,
    /// Whether it does not matter once the certificate is pinned.
    pin_helps: bool,
}

impl Defect {
    fn new(text: impl Into<String>, remedy: &str, pin_helps: bool) -> Self {
        Self {
            text: text.into(),
            remedy: remedy.to_owned(),
            pin_helps,
        }
    }
}

const FEWEST_RSA_BITS: usize = 2048;

/// Everything that is wrong with a certificate by itself, the worst first.
fn defects(place: Place<'_>, own: &Facts) -> Vec<Defect> {
    let mut defects = Vec::new();
    if own.version < 3 {
        let text = format!("the certificate is of X.509 version {}, not 3", own.version);
        let remedy = "have a version 3 certificate made, with a subject alternative name";
        defects.push(Defect::new(text, remedy, false));
    }
    if let ("RSA", bits @ 1..FEWEST_RSA_BITS) = own.key {
        let text = format!("its RSA key has {bits} bits, fewer than {FEWEST_RSA_BITS}");
        let remedy = "have a new key of at least 2048 bits made";
        defects.push(Defect::new(text, remedy, false));
    }
    if let Some(digest) = own.weak_digest {
        let text = format!("the certificate is signed with {digest}");
        let remedy = "have it signed again with SHA-256";
        defects.push(Defect::new(text, remedy, true));
    }
    let days = |from: i64, to: i64| to.saturating_sub(from) / DAY;
    if place.now > own.not_after {
        let since = days(own.not_after, place.now);
        let text = format!(
            "the certificate expired on {}, {since} days ago",
            date(own.not_after)
        );
        defects.push(Defect::new(text, "renew it at the server", true));
    }
    if place.now < own.not_before {
        let until = days(place.now, own.not_before);
        let from = date(own.not_before);
        let text = format!("the certificate is not valid before {from}, in {until} days");
        let remedy = "compare the clocks of this machine and of whoever issued it, or wait";
        defects.push(Defect::new(text, remedy, true));
    }
    if own.is_ca && own.is_self_issued {
        let text = "the server shows a self-signed certificate that is an authority's (CA:TRUE)";
        let remedy = "have a certificate of its own signed for the server";
        defects.push(Defect::new(text, remedy, true));
    } else if own.is_ca {
        let text = "the server shows an authority's certificate (CA:TRUE) as its own";
        let remedy = "have a certificate of its own signed for the server";
        defects.push(Defect::new(text, remedy, true));
    }
    if !own.is_for_servers {
        let text = "the certificate is not for servers (its extended key usage lacks serverAuth)";
        let remedy = "have it issued for TLS servers";
        defects.push(Defect::new(text, remedy, true));
    }
    match &own.names {
        // A version that cannot have extensions lacks the name for that reason.
        None if own.version < 3 => {}
        None => {
            let text = "the certificate has no subject alternative name (SAN); the common name does not \
                        count";
            let remedy = format!("have it issued with the SAN DNS:{}", place.host);
            defects.push(Defect::new(text, &remedy, true));
        }
        Some(names) if !own.is_for(place.host) => {
            let shown: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
            let text = format!(
                "the certificate is for {}, not for {}",
                shown.join(", "),
                place.host
            );
            let remedy = format!(
                "set host in {} to a name of the certificate, or have it issued for {} too",
                place.table, place.host
            );
            defects.push(Defect::new(text, &remedy, true));
        }
        Some(_) => {}
    }
    defects
}

/// A certificate without fault of its own that is not accepted all the same.
fn trust_defect(place: Place<'_>, fault: &TlsFault, chain: &[Facts]) -> Defect {
    let (Some(own), Some(last)) = (chain.first(), chain.last()) else {
        return Defect::new(fault.to_string(), "look at the server's certificates", true);
    };
    let holder = match place.trust {
        Trust::System => "the system's list of authorities".to_owned(),
        Trust::Authority(path) => path.display().to_string(),
        Trust::Pinned(_) => "the pin".to_owned(),
    };
    match fault {
        TlsFault::UnknownIssuer if own.is_self_issued => Defect::new(
            format!("the certificate is self-signed and not in {holder}"),
            &format!("name a PEM file with it as ca_file in {}", place.table),
            true,
        ),
        TlsFault::UnknownIssuer => Defect::new(
            format!(
                "the certificate is signed by {}, which is not in {holder}",
                last.issuer
            ),
            &format!(
                "name a PEM file with that authority as ca_file in {}; if it is only an intermediate one, have \
                 the server send the whole chain",
                place.table
            ),
            true,
        ),
        TlsFault::BadSignature => Defect::new(
            "a signature of the certificate or of the handshake is wrong or of an algorithm that is not \
             accepted",
            "have the certificate issued again with SHA-256 and a current key; see that the server has the \
             key that belongs to it",
            false,
        ),
        TlsFault::Expired | TlsFault::NotYetValid => Defect::new(
            format!("a certificate of an authority on the way: {fault}"),
            "have the server send the current intermediate certificate",
            true,
        ),
        other => Defect::new(
            other.to_string(),
            "have the certificate issued again",
            false,
        ),
    }
}

/// A handshake that broke before any certificate came.
pub(crate) fn no_handshake(
    place: Place<'_>,
    fault: &TlsFault,
    old: &Heard,
    new: &Heard,
) -> Finding {
    match (fault, old, new) {
        (_, Heard::Chose { version, .. }, _)
            if matches!(fault, TlsFault::Version) || is_older(new) =>
        {
            let text =
                format!("the server speaks {version} at most; finewire needs TLS 1.2 or 1.3");
            Finding::failed(text, "switch TLS 1.2 on at the server")
        }
        (_, _, Heard::Chose { suite, .. }) => {
            let text = format!(
                "no cipher suite in common: the server would take {}, which finewire does not offer",
                suite_name(*suite)
            );
            let hint = "allow ECDHE with AES-GCM or ChaCha20 at the server, \
                        e.g. TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
            Finding::failed(text, hint)
        }
        (TlsFault::Version, _, _) => {
            let text = "no TLS version in common; finewire needs TLS 1.2 or 1.3";
            Finding::failed(text, "switch TLS 1.2 on at the server")
        }
        (TlsFault::NoCommonSuite, _, _) => {
            let hint = "allow ECDHE with AES-GCM or ChaCha20 at the server";
            Finding::failed("no cipher suite in common", hint)
        }
        (TlsFault::Alert(alert), _, _) if alert.contains("certificate") => {
            let text = format!("the server refused with the alert {alert}");
            Finding::failed(
                text,
                "it may want a certificate of its clients: switch that off for this port",
            )
        }
        (TlsFault::Alert(alert), _, _) => {
            let text = format!("the server refused the handshake with the alert {alert}");
            Finding::failed(
                text,
                format!("the log of the server at {} says why", place.host),
            )
        }
        _ => Finding::failed(fault.to_string(), "look at the server's TLS configuration"),
    }
}

fn is_older(heard: &Heard) -> bool {
    matches!(heard, Heard::Chose { version, .. } if *version != "TLS 1.2")
}

/// What came is not TLS at all.
pub(crate) fn not_tls(place: Place<'_>, first: &[u8]) -> Finding {
    let speech = Speech::of(first);
    let text = match speech {
        Speech::Unknown => {
            let shown: String = String::from_utf8_lossy(first).chars().take(20).collect();
            format!("no TLS there: it says {shown:?}")
        }
        speech => format!("no TLS there: it speaks {}", speech.name()),
    };
    let hint = format!(
        "give the port that has TLS; for a peer without it: {}",
        place.without_tls
    );
    Finding::failed(text, hint)
}

/// The day of a moment, in UTC.
fn date(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(moment) => moment.strftime("%Y-%m-%d").to_string(),
        Err(_) => format!("{seconds} s after 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use finewire_core::machine::Fingerprint;

    const NOW: i64 = 1_800_000_000;

    fn place() -> Place<'static> {
        Place {
            host: "finesse.example",
            trust: &Trust::System,
            table: "[[finesse.node]]",
            without_tls: "security = \"plain\"",
            now: NOW,
        }
    }

    fn good() -> Facts {
        Facts {
            version: 3,
            subject: "CN=finesse.example".into(),
            issuer: "CN=Site CA".into(),
            is_self_issued: false,
            is_ca: false,
            names: Some(vec!["finesse.example".into()]),
            not_before: NOW - DAY,
            not_after: NOW + 400 * DAY,
            key: ("RSA", 2048),
            weak_digest: None,
            is_for_servers: true,
            fingerprint: Fingerprint([0xab; 32]),
        }
    }

    #[test]
    fn a_pin_is_advised_where_it_helps_and_only_there() {
        let advised = |facts: Facts, fault: TlsFault| {
            refused(place(), &fault, &[facts])
                .hint
                .contains("fingerprint = \"AB:AB")
        };
        let no_san = Facts {
            names: None,
            ..good()
        };
        let ca = Facts {
            is_ca: true,
            is_self_issued: true,
            ..good()
        };
        let short = Facts {
            key: ("RSA", 1024),
            ..good()
        };
        let old = Facts {
            version: 1,
            names: None,
            ..good()
        };

        assert!(advised(no_san, TlsFault::WrongName));
        assert!(advised(ca, TlsFault::SelfSignedCa));
        assert!(advised(good(), TlsFault::UnknownIssuer));
        assert!(!advised(short, TlsFault::BadSignature));
        assert!(!advised(old, TlsFault::BadCertificate(String::new())));
    }

    #[test]
    fn every_defect_of_a_certificate_is_told_at_once() {
        let facts = Facts {
            names: None,
            is_ca: true,
            is_self_issued: true,
            not_after: NOW - 3 * DAY,
            ..good()
        };
        let text = refused(place(), &TlsFault::SelfSignedCa, &[facts]).text;
        for part in ["expired on 2027-01-12, 3 days ago", "CA:TRUE", "(SAN)"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_certificate_that_ends_soon_is_a_warning_and_a_pinned_one_is_not() {
        let soon = Facts {
            not_after: NOW + 10 * DAY,
            ..good()
        };
        let told = agreed(place(), "TLS 1.3", Some(&soon));
        assert_eq!(
            told.text,
            "TLS 1.3; the certificate expires on 2027-01-25, in 10 days"
        );
        let trust = Trust::Pinned(Fingerprint([1; 32]));
        let pinned = Place {
            trust: &trust,
            ..place()
        };
        assert_eq!(agreed(pinned, "TLS 1.3", Some(&soon)).hint, "");
    }
}
