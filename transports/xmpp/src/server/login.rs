//! From the stream header to the bound resource.

use super::{MOST_ATTEMPTS, Phase, Server, ServerEvent, Timer, answers, greeting};
use crate::trace::Shown;
use crate::{Element, Fault, Jid, StanzaError, StreamError, ns};
use finewire_core::machine::{CloseReason, Instant, ProtocolOutput};

impl Server {
    /// Answers a stream header by our own and the features.
    pub(super) fn greet(&mut self, now: Instant, header: &Element) {
        let id = format!("{:016x}", self.random.next_u64());
        let lang = header
            .attributes
            .iter()
            .find(|it| it.name == "lang" && &*it.namespace == ns::XML)
            .map(|it| it.value.as_str());
        let text = greeting::header(&self.config, &id, lang);
        self.send_text("stream header", Shown::All, text);
        self.greeted = true;
        let to = header.attribute("to").map(str::to_ascii_lowercase);
        if to.is_some_and(|to| to != self.config.domain.to_ascii_lowercase()) {
            let reason = CloseReason::Remote("stream to a domain that is not served".into());
            self.fail(now, StreamError::HostUnknown, reason);
            return;
        }
        let is_one = |version: &str| version.split('.').next() == Some("1");
        if !header.attribute("version").is_some_and(is_one) {
            let reason = CloseReason::Remote("stream of another version than 1.0".into());
            self.fail(now, StreamError::UnsupportedVersion, reason);
            return;
        }
        let features = match self.phase {
            Phase::Authenticated => greeting::bind_features(&self.config),
            _ => greeting::login_features(&self.config, self.secured),
        };
        self.send("features", &features);
    }

    pub(super) fn start_tls(&mut self, _request: &Element) -> Result<(), Fault> {
        match self.config.starttls {
            Some(tls) if !self.secured => {
                if self.intake.unread() > 0 {
                    return Err(Fault::RemoteUnexpected);
                }
                self.send("proceed", &Element::new("proceed", ns::TLS));
                self.phase = Phase::Securing;
                self.outputs.push_back(ProtocolOutput::Secure(tls));
                Ok(())
            }
            _ => Err(Fault::RemoteUnexpected),
        }
    }

    pub(super) fn on_auth(&mut self, now: Instant, auth: &Element) {
        match greeting::plain_credentials(auth) {
            Ok((user, password)) => {
                self.user.clone_from(&user);
                self.phase = Phase::Judging;
                let event = ServerEvent::Authenticating { user, password };
                self.outputs.push_back(ProtocolOutput::Event(event));
            }
            Err(condition) => self.refuse_login(now, condition),
        }
    }

    pub(super) fn refuse_login(&mut self, now: Instant, condition: &str) {
        let failure =
            Element::new("failure", ns::SASL).with_child(Element::new(condition, ns::SASL));
        self.send("failure", &failure);
        self.phase = Phase::Anonymous;
        self.user.clear();
        self.attempts += 1;
        if self.attempts >= MOST_ATTEMPTS {
            let reason = CloseReason::Remote("too many failed logins".into());
            self.fail(now, StreamError::PolicyViolation, reason);
        }
    }

    pub(super) fn bind(&mut self, now: Instant, iq: &Element) {
        let resource = iq
            .child("bind", ns::BIND)
            .and_then(|bind| bind.child("resource", ns::BIND))
            .map(Element::text)
            .filter(|resource| !resource.is_empty())
            .unwrap_or_else(|| format!("{:016x}", self.random.next_u64()));
        let jid = Jid::new(Some(&self.user), &self.config.domain, Some(&resource));
        let Ok(jid) = jid else {
            self.send("iq error", &answers::error(iq, StanzaError::BadRequest));
            return;
        };
        let bound = Element::new("bind", ns::BIND)
            .with_child(Element::new("jid", ns::BIND).with_text(jid.as_str()));
        self.send("bind", &answers::result(iq).with_child(bound));
        self.timers.clear(&Timer::Login);
        self.await_word(now);
        self.phase = Phase::Bound { jid: jid.clone() };
        self.outputs.push_back(ProtocolOutput::Ready);
        let event = ServerEvent::Bound { jid };
        self.outputs.push_back(ProtocolOutput::Event(event));
    }
}
