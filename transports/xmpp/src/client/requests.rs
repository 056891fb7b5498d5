//! Requests to services and the server: what is sent, and what their answers lead to.

use super::subscriptions::{self, Node, Wish};
use super::{Client, ClientCommand, ClientEvent, Phase, SHORTEST, Timer};
use crate::{Element, Jid, StanzaError, ns};
use finewire_core::machine::{CommandId, Instant, Outcome, ProtocolOutput, Reason};

impl Client {
    pub(super) fn on_command(&mut self, now: Instant, id: CommandId, command: ClientCommand) {
        let wish = match command {
            ClientCommand::Disconnect => {
                self.leave(now, id);
                return;
            }
            ClientCommand::Subscribe { service, node } => Wish::Subscribe(Node { service, node }),
            ClientCommand::Unsubscribe { service, node } => {
                Wish::Unsubscribe(Node { service, node })
            }
            ClientCommand::SubscribePresence { jid } => Wish::Presence(jid),
        };
        // Taking back must stay possible when nothing more can be asked for.
        let held = match wish {
            Wish::Unsubscribe(_) => self.subscriptions.on_their_way(),
            Wish::Subscribe(_) | Wish::Presence(_) => self.subscriptions.len(),
        };
        if held >= self.config.most_pending {
            let text = "too many subscriptions";
            self.end(Some(id), Outcome::refused(Reason::Limit, text));
            return;
        }
        match self.phase {
            Phase::Ready { .. } => self.ask(now, Some(id), wish),
            Phase::Leaving { .. } => {
                let text = "the stream is being ended";
                self.end(Some(id), Outcome::refused(Reason::ShuttingDown, text));
            }
            Phase::Down | Phase::LoggingIn(_) | Phase::Closing => {
                let within = self.config.reply_timeout.max(SHORTEST);
                self.timers.set(Timer::Waiting(id), now + within);
                self.subscriptions.wait(id, wish);
            }
        }
    }

    pub(super) fn ask_waiting(&mut self, now: Instant) {
        while matches!(self.phase, Phase::Ready { .. }) {
            let Some((command, wish)) = self.subscriptions.pop_waiting() else {
                return;
            };
            self.timers.clear(&Timer::Waiting(command));
            self.ask(now, Some(command), wish);
        }
    }

    /// Sends what a wish needs.
    pub(super) fn ask(&mut self, now: Instant, command: Option<CommandId>, wish: Wish) {
        let Phase::Ready { jid } = &self.phase else {
            return;
        };
        let (node, name) = match &wish {
            Wish::Presence(whose) => {
                let presence = Element::new("presence", ns::CLIENT)
                    .with_attribute("type", "subscribe")
                    .with_attribute("to", whose.as_str());
                self.subscriptions.hold_presence(whose.clone());
                self.send("presence subscribe", &presence);
                self.end(command, Outcome::Done);
                return;
            }
            Wish::Subscribe(node) => (node, "subscribe"),
            Wish::Unsubscribe(node) => (node, "unsubscribe"),
        };
        let subid = match &wish {
            Wish::Unsubscribe(node) => self.subscriptions.subid(node),
            Wish::Subscribe(_) | Wish::Presence(_) => None,
        };
        let request = Element::new(name, ns::PUBSUB)
            .with_attribute("node", &node.node)
            .with_attribute("jid", jid.as_str())
            .with_optional("subid", subid);
        let number = self.requests + 1;
        self.requests = number;
        let iq = Element::new("iq", ns::CLIENT)
            .with_attribute("type", "set")
            .with_attribute("to", node.service.as_str())
            .with_attribute("id", &request_id(number))
            .with_child(Element::new("pubsub", ns::PUBSUB).with_child(request));
        let subject = format!("{name} {}", node.node);
        self.subscriptions.asked(number, command, wish);
        let within = self.config.reply_timeout.max(SHORTEST);
        self.timers.set(Timer::Reply(number), now + within);
        self.send(&subject, &iq);
    }

    pub(super) fn on_answer(&mut self, jid: &Jid, iq: &Element, result: Result<(), StanzaError>) {
        let number = iq.attribute("id").and_then(request_number);
        let asked_of = number.and_then(|number| self.subscriptions.asked_of(number));
        let fits = match (asked_of, iq.attribute("from")) {
            (Some(asked_of), Some(from)) => from.parse().is_ok_and(|from: Jid| from == *asked_of),
            // Seen: some servers leave the sender out of what they answer themselves.
            (Some(_), None) => true,
            (None, _) => false,
        };
        let taken = number
            .filter(|_| fits)
            .and_then(|number| Some((number, self.subscriptions.take_asked(number)?)));
        let Some((number, (command, wish))) = taken else {
            // Answers to pings come here too; that they came is all that counts.
            return;
        };
        self.timers.clear(&Timer::Reply(number));
        if let Err(error) = result {
            if let Wish::Unsubscribe(node) = &wish {
                // The service knows of no such subscription; making it again would be wrong.
                self.subscriptions.drop_held(node);
            }
            let text = subscriptions::refusal(&wish, error);
            self.end_wish(command, wish, error, Outcome::refused(Reason::Denied, text));
            return;
        }
        match wish {
            Wish::Subscribe(node) => {
                let subscription = iq
                    .child("pubsub", ns::PUBSUB)
                    .and_then(|pubsub| pubsub.child("subscription", ns::PUBSUB));
                // The answer may speak of another address only if it is not for us.
                let subid = subscription
                    .filter(|it| it.attribute("jid").is_none_or(|it| it == jid.as_str()))
                    .and_then(|subscription| subscription.attribute("subid"))
                    .map(str::to_owned);
                self.subscriptions.hold(node, subid);
            }
            Wish::Unsubscribe(node) => {
                self.subscriptions.drop_held(&node);
            }
            Wish::Presence(_) => {}
        }
        self.end(command, Outcome::Done);
    }

    /// A wish did not come true.
    pub(super) fn end_wish(
        &mut self,
        command: Option<CommandId>,
        wish: Wish,
        error: StanzaError,
        outcome: Outcome,
    ) {
        if let (Wish::Subscribe(node), None) = (&wish, command) {
            self.subscriptions.drop_held(node);
            let event = ClientEvent::SubscriptionLost {
                service: node.service.clone(),
                node: node.node.clone(),
                error,
            };
            self.outputs.push_back(ProtocolOutput::Event(event));
        }
        self.end(command, outcome);
    }

    pub(super) fn ping(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Ready { .. }) {
            return;
        }
        self.requests += 1;
        let iq = Element::new("iq", ns::CLIENT)
            .with_attribute("type", "get")
            .with_attribute("to", &self.config.domain)
            .with_attribute("id", &request_id(self.requests))
            .with_child(Element::new("ping", ns::PING));
        self.send("ping", &iq);
        let within = self.config.ping_timeout.max(SHORTEST);
        self.timers.set(Timer::Pong, now + within);
    }
}

/// Request ids are numbers behind letters, so that they cannot be taken for the login's.
fn request_id(number: u64) -> String {
    format!("fw{number}")
}

fn request_number(id: &str) -> Option<u64> {
    id.strip_prefix("fw")?.parse().ok()
}
