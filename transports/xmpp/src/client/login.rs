//! The steps from the first stream header to the bound resource.
//!
//! ```text
//!   header, features --> starttls --> TLS --> header, features --> SASL --> header, features
//!        --> bind --> session (where it is not optional) --> bound
//! ```

use super::ClientConfig;
use crate::{Element, Jid, StanzaError, ns};
use base64::Engine;
use finewire_core::machine::{CloseReason, TlsId};

/// What is expected next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// A stream header, then features.
    Features {
        /// Whether TLS protects the stream.
        secured: bool,
        /// Whether the password was accepted.
        authenticated: bool,
    },
    /// Leave to begin with TLS.
    Proceed,
    /// The end of the TLS handshake.
    Securing,
    /// The verdict on the password.
    Verdict {
        /// Whether TLS protects the stream.
        secured: bool,
    },
    /// Our address.
    Bound {
        /// Whether a session must be established after it.
        session: bool,
    },
    /// The session.
    Session {
        /// Our address.
        jid: Jid,
    },
}

/// What one step leads to.
#[derive(Debug)]
pub(super) enum Step {
    /// Send this and expect that.
    Send(Element, Login),
    /// Do the TLS handshake.
    Secure(TlsId),
    /// Begin a new stream.
    Restart(Login),
    /// Logged in.
    Bound(Jid),
}

/// Why the login is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Trying again will not help.
    Final(CloseReason),
    /// It may help.
    Passing(CloseReason),
}

impl Login {
    /// Takes the stanza that came.
    pub(super) fn step(self, stanza: &Element, config: &ClientConfig) -> Result<Step, Failure> {
        match self {
            Self::Features {
                secured,
                authenticated,
            } if stanza.is("features", ns::STREAM) => match (authenticated, config.starttls) {
                (true, _) => bind(stanza, config),
                (false, Some(_)) if !secured => start_tls(stanza),
                (false, _) => authenticate(stanza, config, secured),
            },
            Self::Proceed if stanza.is("proceed", ns::TLS) => {
                config.starttls.map(Step::Secure).ok_or_else(unexpected)
            }
            Self::Proceed if stanza.is("failure", ns::TLS) => Err(Failure::Passing(
                CloseReason::Remote("STARTTLS failed at the server".into()),
            )),
            Self::Verdict { secured } if stanza.is("success", ns::SASL) => {
                Ok(Step::Restart(Self::Features {
                    secured,
                    authenticated: true,
                }))
            }
            Self::Verdict { .. } if stanza.is("failure", ns::SASL) => Err(denied(stanza)),
            Self::Bound { session } => {
                let jid = answer(stanza, BIND_ID)?
                    .and_then(|result| result.child("bind", ns::BIND))
                    .and_then(|bind| bind.child("jid", ns::BIND))
                    .and_then(|jid| jid.text().trim().parse::<Jid>().ok())
                    .ok_or_else(unexpected)?;
                if !session {
                    return Ok(Step::Bound(jid));
                }
                let request = iq(SESSION_ID).with_child(Element::new("session", ns::SESSION));
                Ok(Step::Send(request, Self::Session { jid }))
            }
            Self::Session { jid } => {
                answer(stanza, SESSION_ID)?;
                Ok(Step::Bound(jid))
            }
            Self::Features { .. } | Self::Proceed | Self::Securing | Self::Verdict { .. } => {
                Err(unexpected())
            }
        }
    }
}

const BIND_ID: &str = "bind";
const SESSION_ID: &str = "session";

fn start_tls(features: &Element) -> Result<Step, Failure> {
    if features.child("starttls", ns::TLS).is_none() {
        let text = "the server does not offer STARTTLS, which is configured";
        return Err(Failure::Final(CloseReason::Other(text.into())));
    }
    let request = Element::new("starttls", ns::TLS);
    Ok(Step::Send(request, Login::Proceed))
}

fn authenticate(features: &Element, config: &ClientConfig, secured: bool) -> Result<Step, Failure> {
    if !secured && !config.allow_plaintext {
        let text = "the stream has no TLS and plain text is not allowed";
        return Err(Failure::Final(CloseReason::Other(text.into())));
    }
    let offers_plain = features
        .child("mechanisms", ns::SASL)
        .is_some_and(|list| list.elements().any(|m| m.text().trim() == "PLAIN"));
    if !offers_plain {
        let text = "the server offers no SASL PLAIN on this stream";
        return Err(Failure::Final(CloseReason::Denied(text.into())));
    }
    // RFC 4616 §2: no authorization identity, NUL, user, NUL, password.
    let mut message = vec![0];
    message.extend_from_slice(config.user.as_bytes());
    message.push(0);
    message.extend_from_slice(config.password.expose_bytes());
    let request = Element::new("auth", ns::SASL)
        .with_attribute("mechanism", "PLAIN")
        .with_text(&base64::engine::general_purpose::STANDARD.encode(&message));
    Ok(Step::Send(request, Login::Verdict { secured }))
}

fn bind(features: &Element, config: &ClientConfig) -> Result<Step, Failure> {
    if features.child("bind", ns::BIND).is_none() {
        return Err(unexpected());
    }
    let session = features
        .child("session", ns::SESSION)
        .is_some_and(|session| session.child_named("optional").is_none());
    let resource = Element::new("resource", ns::BIND).with_text(&config.resource);
    let request = iq(BIND_ID).with_child(Element::new("bind", ns::BIND).with_child(resource));
    Ok(Step::Send(request, Login::Bound { session }))
}

fn iq(id: &str) -> Element {
    Element::new("iq", ns::CLIENT)
        .with_attribute("type", "set")
        .with_attribute("id", id)
}

/// The result with this id; an error ends the login.
fn answer<'a>(stanza: &'a Element, id: &str) -> Result<Option<&'a Element>, Failure> {
    let fits = stanza.is("iq", ns::CLIENT) && stanza.attribute("id") == Some(id);
    match stanza.attribute("type") {
        Some("result") if fits => Ok(Some(stanza)),
        Some("error") if fits => {
            let error = StanzaError::of(stanza);
            let reason = CloseReason::Denied(format!("{id}: {error}"));
            Err(match error {
                StanzaError::ResourceConstraint | StanzaError::InternalServerError => {
                    Failure::Passing(reason)
                }
                _ => Failure::Final(reason),
            })
        }
        _ => Err(unexpected()),
    }
}

/// One wrong password is enough: Finesse locks the account after five (Finesse Developer Guide,
/// "Authentication"), so nothing but a temporary failure is tried again.
fn denied(failure: &Element) -> Failure {
    let condition = failure
        .elements()
        .find(|child| child.name != "text")
        .map_or("no condition given", |child| child.name.as_str());
    let short: String = condition.chars().take(64).collect();
    let reason = CloseReason::Denied(short);
    if condition == "temporary-auth-failure" {
        Failure::Passing(reason)
    } else {
        Failure::Final(reason)
    }
}

fn unexpected() -> Failure {
    Failure::Passing(crate::Fault::RemoteUnexpected.close_reason())
}
