//! From the links to the decisions: what they say.

use finewire_core::agent::AgentId;
use finewire_core::connector::{Answer, DeliveryId, Effect, NodeId, RequestId, Signal};
use finewire_core::machine::{CloseReason, CommandId, Input, Instant, LinkEvent, Outcome};
use finewire_finesse as finesse;
use finewire_http::{Bytes, Response};
use finewire_openwire::client::{ClientEvent as BrokerEvent, Delivered};
use finewire_openwire::command::{Command as Broker, Message};
use finewire_xmpp::{ClientEvent as AgentEvent, Item, Jid};

use crate::connector::{Connector, Due, Stage};
use crate::perform::COMMANDS;
use crate::touch::{Act, Said};
use crate::translate;
use crate::verbs::{Event, Which};

/// What a child has said.
pub(crate) enum Leaf {
    Broker(Said<BrokerEvent>),
    Pool {
        node: usize,
        slot: u32,
        said: Said<finewire_http::ClientEvent>,
    },
    Agent {
        slot: u32,
        said: Said<AgentEvent>,
    },
    /// A request that could not even be begun.
    Unasked(RequestId, Answer),
}

impl Connector {
    /// What a child's word means to the decisions.
    pub(crate) fn route(&mut self, leaf: Leaf) {
        match leaf {
            Leaf::Broker(Said::Event(LinkEvent::Up)) => self.on_broker_up(),
            Leaf::Broker(Said::Event(LinkEvent::Down { reason, retry_at })) => {
                self.on_broker_down(reason, retry_at);
            }
            Leaf::Broker(Said::Event(LinkEvent::Said(event))) => self.on_broker_event(event),
            Leaf::Broker(Said::Ended(id, outcome)) => self.on_broker_ended(id, &outcome),
            Leaf::Pool {
                node,
                said: Said::Event(LinkEvent::Up),
                ..
            } => {
                if let Some(pool) = self.pools.get_mut(node) {
                    pool.reached();
                }
            }
            Leaf::Pool {
                node,
                said: Said::Event(LinkEvent::Down { reason, .. }),
                ..
            } => self.on_rest_down(node, reason),
            Leaf::Pool {
                node,
                slot,
                said: Said::Event(LinkEvent::Said(event)),
            } => {
                if let finewire_http::ClientEvent::Answered { response, .. } = event {
                    self.on_answered(node, slot, &response);
                }
            }
            Leaf::Pool {
                node,
                slot,
                said: Said::Ended(_, outcome),
            } => {
                self.on_exchange_ended(node, slot, &outcome);
            }
            Leaf::Agent {
                slot,
                said: Said::Event(LinkEvent::Up),
            } => self.on_agent_up(slot),
            Leaf::Agent {
                slot,
                said: Said::Event(LinkEvent::Down { reason, retry_at }),
            } => {
                self.on_agent_down(slot, reason, retry_at);
            }
            Leaf::Agent {
                slot,
                said: Said::Event(LinkEvent::Said(event)),
            } => {
                self.on_agent_event(slot, event);
            }
            Leaf::Agent {
                said: Said::Ended(..),
                ..
            } => {}
            Leaf::Unasked(request, answer) => self.signal(Signal::Answered { request, answer }),
        }
    }

    fn on_rest_down(&mut self, node: usize, reason: CloseReason) {
        let is_news = self
            .pools
            .get_mut(node)
            .is_some_and(|pool| pool.missed(&reason));
        if let Ok(number) = u16::try_from(node)
            && is_news
        {
            let which = Which::Rest(NodeId(number));
            let retry_at = None;
            let event = Event::LinkDown {
                which,
                reason,
                retry_at,
            };
            self.sink.outputs.event(event);
        }
    }

    fn on_broker_up(&mut self) {
        self.broker_health.up(self.now);
        self.sink.outputs.event(Event::LinkUp(Which::Broker));
        self.signal(Signal::BrokerUp);
    }

    fn on_broker_down(&mut self, reason: CloseReason, retry_at: Option<Instant>) {
        self.broker_health.down(self.now, reason.clone());
        self.tokens.clear();
        let which = Which::Broker;
        self.sink.outputs.event(Event::LinkDown {
            which,
            reason,
            retry_at,
        });
        self.signal(Signal::BrokerDown);
    }

    fn on_broker_event(&mut self, event: BrokerEvent) {
        match event {
            BrokerEvent::Delivered(delivered) if delivered.consumer == COMMANDS => {
                self.on_delivered(&delivered);
            }
            BrokerEvent::Delivered(delivered) => self.on_advisory(&delivered.message),
            BrokerEvent::SubscriptionLost { consumer, why } if consumer == COMMANDS => {
                self.on_queue_lost(&why);
            }
            _ => {}
        }
    }

    /// Somebody consumes the command queue: if it is served before us, we are out.
    fn on_advisory(&mut self, advisory: &Message) {
        let Some(Broker::ConsumerInfo(rival)) = advisory.extras.data_structure.as_deref() else {
            return;
        };
        let ours = self.broker.protocol().connection_id();
        let is_other = rival
            .consumer_id
            .as_ref()
            .is_some_and(|id| id.connection_id != ours.value);
        if is_other && rival.exclusive && rival.priority > self.broker_config.priority {
            self.signal(Signal::Displaced);
        }
    }

    fn on_delivered(&mut self, delivered: &Delivered) {
        let id = DeliveryId(self.next_delivery);
        self.next_delivery += 1;
        if let Some(token) = delivered.token {
            self.tokens.insert(id, token);
        }
        let message = &delivered.message;
        let name = message.message_id.as_ref().map(ToString::to_string);
        let is_running = self.stage == Stage::Running && !self.is_draining;
        if is_running && name.is_some_and(|name| !self.seen.is_new(name)) {
            self.repeated = self.repeated.saturating_add(1);
            self.perform(Effect::Acknowledge(id));
            return;
        }
        self.signal(Signal::Received(translate::delivery(id, message)));
        // What was not taken on is given back by the end of the link.
        self.tokens.remove(&id);
    }

    fn on_queue_lost(&mut self, why: &str) {
        self.sink
            .outputs
            .event(Event::QueueLost { why: why.into() });
        if self.stage == Stage::Running && !self.is_draining {
            let at = self.now + self.broker_config.resubscribe;
            self.timers.set(Due::Resubscribe, at);
        }
    }

    fn on_broker_ended(&mut self, id: CommandId, outcome: &Outcome) {
        let (Outcome::Refused(why) | Outcome::Failed(why)) = outcome else {
            return;
        };
        if self.queue_command == Some(id) {
            self.on_queue_lost(&why.text);
        } else if self.rivals_command != Some(id) {
            self.unsent = self.unsent.saturating_add(1);
        }
    }

    fn on_answered(&mut self, node: usize, slot: u32, response: &Response<Bytes>) {
        let member = self.pools.get_mut(node).and_then(|pool| pool.member(slot));
        let Some((request, asked)) = member.and_then(|member| member.current.take()) else {
            return;
        };
        let answer = translate::answer(finesse::Answer::parse(&asked, response));
        self.signal(Signal::Answered { request, answer });
    }

    fn on_exchange_ended(&mut self, node: usize, slot: u32, outcome: &Outcome) {
        let left = self.pools.get_mut(node).and_then(|pool| pool.release(slot));
        if let (Some((request, _)), Outcome::Refused(why) | Outcome::Failed(why)) = (left, outcome)
        {
            let answer = translate::no_answer(why);
            self.signal(Signal::Answered { request, answer });
        }
        self.begin_requests(node);
    }

    fn on_agent_up(&mut self, slot: u32) {
        if !self.agents.is_in_use(slot) {
            return;
        }
        let now = self.now;
        let Some(known) = self.agents.get_mut(slot) else {
            return;
        };
        known.health.up(now);
        known.look_anew();
        let agent = known.agent.clone();
        let finesse = known.watch();
        let which = Which::Notifications(agent.clone());
        self.sink.outputs.event(Event::LinkUp(which));
        self.signal(Signal::SubscriptionUp(agent));
        if let Some(jid) = finesse {
            let command = finewire_xmpp::ClientCommand::SubscribePresence { jid };
            let input = Input::Command(CommandId(0), command);
            self.touch_agent(slot, Act::Input(input));
        }
    }

    fn on_agent_down(&mut self, slot: u32, reason: CloseReason, retry_at: Option<Instant>) {
        if !self.agents.is_in_use(slot) {
            self.timers.clear(&Due::Link(slot));
            self.agents.remove(slot);
            return;
        }
        let now = self.now;
        let Some(known) = self.agents.get_mut(slot) else {
            return;
        };
        known.health.down(now, reason.clone());
        let agent = known.agent.clone();
        let renewal = known.renewal.take();
        let retries = retry_at.is_some() || renewal.is_some();
        let retry_at = retry_at.map(|wanted| self.turns.take(now, wanted));
        if let Some(turn) = retry_at {
            self.touch_agent(slot, Act::Postpone(turn));
        }
        let which = Which::Notifications(agent.clone());
        let event = Event::LinkDown {
            which,
            reason: reason.clone(),
            retry_at,
        };
        self.sink.outputs.event(event);
        self.signal(Signal::SubscriptionDown {
            agent,
            reason,
            retries,
        });
        if let Some(subscribe) = renewal {
            self.subscribe(&subscribe);
        }
    }

    fn on_agent_event(&mut self, slot: u32, event: AgentEvent) {
        if !self.agents.is_in_use(slot) {
            return;
        }
        match event {
            AgentEvent::Notified {
                from, node, items, ..
            } => self.on_notified(slot, from.as_ref(), &node, items),
            AgentEvent::Presence {
                from, available, ..
            } => self.on_presence(slot, &from, available),
            _ => {}
        }
    }

    fn on_presence(&mut self, slot: u32, from: &Jid, is_there: bool) {
        let Some(known) = self.agents.get_mut(slot) else {
            return;
        };
        let agent = known.agent.clone();
        if let Some(is_there) = known.see(from, is_there) {
            self.signal(Signal::FinesseSeen { agent, is_there });
        }
    }

    fn on_notified(&mut self, slot: u32, from: Option<&Jid>, node: &str, items: Vec<Item>) {
        let Some(known) = self.agents.get_mut(slot) else {
            return;
        };
        if !known.trusts(from) {
            self.forged = self.forged.saturating_add(1);
            return;
        }
        let agent: AgentId = known.agent.clone();
        for item in items {
            let read = finesse::Update::parse(node, &item.payload);
            if read.is_err() {
                self.unreadable = self.unreadable.saturating_add(1);
            }
            let update = translate::update(&agent, item.id, read);
            let agent = agent.clone();
            self.signal(Signal::Notified { agent, update });
        }
    }

    /// Ends requests whose time was over before a connection was free.
    pub(crate) fn give_up_overdue(&mut self, node: usize) {
        let now = self.now;
        while let Some(overdue) = self
            .pools
            .get_mut(node)
            .and_then(|pool| pool.pop_overdue(now))
        {
            let why = finewire_core::machine::Why::new(
                finewire_core::machine::Reason::TimedOut,
                "no connection to Finesse was free in time",
            );
            let (request, answer) = (overdue.request, translate::no_answer(&why));
            self.signal(Signal::Answered { request, answer });
        }
        self.begin_requests(node);
    }

    /// Leaves an agent's link and lets it close in good order.
    pub(crate) fn leave_agent(&mut self, agent: &AgentId) {
        let Some(slot) = self.agents.give_up(agent) else {
            return;
        };
        let is_open = self
            .agents
            .get_mut(slot)
            .is_some_and(|known| known.link.is_ready());
        if is_open {
            let command = finewire_xmpp::ClientCommand::Disconnect;
            let id = CommandId(0);
            self.touch_agent(slot, Act::Input(Input::Command(id, command)));
            return;
        }
        self.touch_agent(slot, Act::Stop(finewire_core::machine::Closing::Abort));
        self.timers.clear(&Due::Link(slot));
        self.agents.remove(slot);
    }
}
