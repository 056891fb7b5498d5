//! What a server says and hears before a resource is bound.

use super::ServerConfig;
use crate::{Element, Fault, StreamError, ns};
use base64::Engine;
use finewire_core::password::Secret;

/// Our stream header.
pub(super) fn header(config: &ServerConfig, id: &str, lang: Option<&str>) -> String {
    let header = Element::new("stream", ns::STREAM)
        .with_attribute("from", &config.domain)
        .with_attribute("id", id)
        .with_attribute("version", "1.0");
    config.framing.write_open(header, lang)
}

/// The features before login.
pub(super) fn login_features(config: &ServerConfig, secured: bool) -> Element {
    let mut features = Element::new("features", ns::STREAM);
    if config.starttls.is_some() && !secured {
        features = features.with_child(Element::new("starttls", ns::TLS));
    }
    let plain = Element::new("mechanism", ns::SASL).with_text("PLAIN");
    features = features.with_child(Element::new("mechanisms", ns::SASL).with_child(plain));
    if config.legacy_features {
        features = features
            .with_child(Element::new("auth", "http://jabber.org/features/iq-auth"))
            .with_child(Element::new(
                "register",
                "http://jabber.org/features/iq-register",
            ));
    }
    features
}

/// The features after login.
pub(super) fn bind_features(config: &ServerConfig) -> Element {
    let features = Element::new("features", ns::STREAM).with_child(Element::new("bind", ns::BIND));
    if config.session {
        features.with_child(Element::new("session", ns::SESSION))
    } else {
        features
    }
}

/// User and password of SASL PLAIN (RFC 4616), or the failure's condition.
pub(super) fn plain_credentials(auth: &Element) -> Result<(String, Secret), &'static str> {
    if auth.attribute("mechanism") != Some("PLAIN") {
        return Err("invalid-mechanism");
    }
    let text = Secret::from(auth.text());
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(text.expose().trim())
        .map_err(|_| "incorrect-encoding")?;
    let message = Secret::from_utf8(decoded).ok_or("malformed-request")?;
    let mut parts = message.expose().split('\0');
    let (authorize, user, password) = (parts.next(), parts.next(), parts.next());
    match (authorize, user, password, parts.next()) {
        (Some(authorize), Some(user), Some(password), None) if !user.is_empty() => {
            let own = authorize.is_empty() || authorize.split('@').next() == Some(user);
            if !own {
                return Err("invalid-authzid");
            }
            Ok((user.to_owned(), Secret::from(password)))
        }
        _ => Err("malformed-request"),
    }
}

/// The stream error that tells a client its fault.
pub(super) const fn stream_error(fault: Fault) -> StreamError {
    match fault {
        Fault::RemoteXml | Fault::RemotePrefix | Fault::RemoteAfterEnd => {
            StreamError::NotWellFormed
        }
        Fault::RemoteCharacter => StreamError::UnsupportedEncoding,
        Fault::RemoteRestricted | Fault::RemoteEntity => StreamError::RestrictedXml,
        Fault::RemoteStreamHeader => StreamError::InvalidNamespace,
        Fault::RemoteText => StreamError::BadFormat,
        Fault::RemoteUnexpected => StreamError::UnsupportedStanzaType,
        Fault::LimitStanza
        | Fault::LimitDepth
        | Fault::LimitAttributes
        | Fault::LimitTag
        | Fault::LimitElements => StreamError::PolicyViolation,
    }
}
