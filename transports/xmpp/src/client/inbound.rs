//! What stanzas mean once we are logged in.

use super::{Client, ClientEvent, notification};
use crate::{Element, Jid, StanzaError, ns};
use finewire_core::machine::ProtocolOutput;

impl Client {
    pub(super) fn on_ready_stanza(&mut self, jid: &Jid, stanza: &Element) {
        match (&*stanza.namespace, stanza.name.as_str()) {
            (ns::CLIENT, "iq") => self.on_iq(jid, stanza),
            (ns::CLIENT, "message") => self.on_message(stanza),
            (ns::CLIENT, "presence") => self.on_presence(stanza),
            _ => self.ignored = self.ignored.saturating_add(1),
        }
    }

    pub(super) fn on_message(&mut self, message: &Element) {
        let lists = notification::read(message);
        if lists.is_empty() {
            self.ignored = self.ignored.saturating_add(1);
        }
        for (node, items) in lists {
            let event = ClientEvent::Notified {
                from: address(message, "from"),
                to: address(message, "to"),
                node,
                items,
            };
            self.outputs.push_back(ProtocolOutput::Event(event));
        }
    }

    pub(super) fn on_presence(&mut self, presence: &Element) {
        let available = match presence.attribute("type") {
            None => Some(true),
            Some("unavailable") => Some(false),
            // An error tells that nobody may know, not that nobody is there (RFC 6121 §4.3.2).
            Some(_) => None,
        };
        let (Some(from), Some(available)) = (address(presence, "from"), available) else {
            self.ignored = self.ignored.saturating_add(1);
            return;
        };
        let priority = presence
            .child("priority", ns::CLIENT)
            .and_then(|priority| priority.text().trim().parse().ok())
            .unwrap_or(0);
        let event = ClientEvent::Presence {
            from,
            available,
            priority,
        };
        self.outputs.push_back(ProtocolOutput::Event(event));
    }

    pub(super) fn on_iq(&mut self, jid: &Jid, iq: &Element) {
        let id = iq.attribute("id").unwrap_or_default();
        match iq.attribute("type") {
            Some("get" | "set") => {
                let is_ping = iq.child("ping", ns::PING).is_some();
                let answer = Element::new("iq", ns::CLIENT)
                    .with_optional("to", iq.attribute("from"))
                    .with_attribute("id", id);
                let answer = if is_ping && iq.attribute("type") == Some("get") {
                    answer.with_attribute("type", "result")
                } else {
                    answer
                        .with_attribute("type", "error")
                        .with_child(StanzaError::ServiceUnavailable.to_element())
                };
                self.send("iq answer", &answer);
            }
            Some("result") => self.on_answer(jid, iq, Ok(())),
            Some("error") => self.on_answer(jid, iq, Err(StanzaError::of(iq))),
            _ => self.ignored = self.ignored.saturating_add(1),
        }
    }
}

fn address(stanza: &Element, name: &str) -> Option<Jid> {
    stanza.attribute(name)?.parse().ok()
}
