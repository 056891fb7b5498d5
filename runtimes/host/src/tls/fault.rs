//! What rustls' errors mean: who is at fault, in words that name a remedy.

use super::pin::Mismatch;
use finewire_core::machine::TlsFault;
use rustls::{AlertDescription, CertificateError, Error, OtherError, PeerIncompatible};

/// The fault behind an error of rustls, for those who drive a rustls connection themselves (the
/// doctor does): who is at fault, in words that name a remedy.
///
/// ```
/// use finewire_core::machine::TlsFault;
/// use rustls::{AlertDescription, Error};
///
/// let error = Error::AlertReceived(AlertDescription::ProtocolVersion);
/// assert_eq!(finewire_host::tls_fault(&error), TlsFault::Version);
/// ```
#[must_use]
pub fn tls_fault(error: &Error) -> TlsFault {
    match error {
        Error::InvalidCertificate(error) => certificate_fault(error),
        Error::NoCertificatesPresented => {
            TlsFault::BadCertificate("the peer showed no certificate".into())
        }
        Error::PeerIncompatible(why) => incompatible_fault(why),
        Error::AlertReceived(AlertDescription::ProtocolVersion) => TlsFault::Version,
        Error::AlertReceived(AlertDescription::InsufficientSecurity) => TlsFault::NoCommonSuite,
        Error::AlertReceived(alert) => TlsFault::Alert(alert_text(*alert)),
        other => TlsFault::Other(other.to_string()),
    }
}

fn certificate_fault(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFault::NotYetValid
        }
        CertificateError::Revoked => TlsFault::Revoked,
        CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            TlsFault::BadSignature
        }
        CertificateError::Other(other) => other_fault(other),
        other => TlsFault::BadCertificate(other.to_string()),
    }
}

fn other_fault(OtherError(error): &OtherError) -> TlsFault {
    if let Some(Mismatch(found)) = error.downcast_ref() {
        return TlsFault::PinMismatch(*found);
    }
    match error.downcast_ref::<webpki::Error>() {
        Some(webpki::Error::CaUsedAsEndEntity) => TlsFault::SelfSignedCa,
        Some(webpki::Error::UnsupportedCertVersion) => {
            TlsFault::BadCertificate("not an X.509 version 3 certificate".into())
        }
        Some(webpki::Error::SignatureAlgorithmMismatch) => TlsFault::BadSignature,
        Some(error) => TlsFault::BadCertificate(format!("{error}")),
        None => TlsFault::BadCertificate(error.to_string()),
    }
}

fn incompatible_fault(why: &PeerIncompatible) -> TlsFault {
    match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => TlsFault::Version,
        PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoEcPointFormatsInCommon
        | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => TlsFault::NoCommonSuite,
        other => TlsFault::Other(format!("the peer does not support our TLS: {other:?}")),
    }
}

/// The alert as RFC 8446 §6 spells it; rustls writes British English.
fn alert_text(alert: AlertDescription) -> String {
    let mut text = String::new();
    let mut was_lower = false;
    for letter in format!("{alert:?}").chars() {
        if letter.is_ascii_uppercase() && was_lower {
            text.push('_');
        }
        was_lower = letter.is_ascii_lowercase();
        text.push(letter.to_ascii_lowercase());
    }
    text.replace("recognised", "recognized")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_spelled_as_in_the_rfc() {
        assert_eq!(
            alert_text(AlertDescription::HandshakeFailure),
            "handshake_failure"
        );
        assert_eq!(alert_text(AlertDescription::UnknownCA), "unknown_ca");
    }
}
