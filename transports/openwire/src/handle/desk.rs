//! The machine behind the handles: a client, its link, and where deliveries go.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use finewire_core::machine::{
    CloseReason, CommandId, Input, Instant, Link, LinkEvent, LinkSlot, Machine, Outcome, Output,
    Random, Reason, TlsId,
};

use crate::client::{
    Client, ClientCommand, ClientEvent, ConsumerHandle, Delivered, JmsOptions, MAX_URI,
    SessionHandle, Subscribe, UriError,
};
use crate::command::Throwable;

use super::mailbox::{End, Mailbox};
use super::outcome::NotDone;
use super::plan::Plan;
use super::replies::Replies;
use super::shared::{Errand, Shared, Slot};
use super::steering::Steering;

/// A command to a [`Desk`]; made by the handles.
#[derive(Debug)]
pub struct DeskCommand(pub(super) Order);

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a command is moved a few times and never stored"
)]
pub(super) enum Order {
    /// A command of the client as it is.
    Plain(ClientCommand),
    /// Subscribe, deliveries going there.
    Subscribe(Subscribe, Outlet),
    /// Make a temporary destination and put its name there.
    Temporary(bool, Slot),
    /// There are errands.
    Nudge,
}

/// Where what comes to a consumer goes.
#[derive(Clone, Debug)]
pub(super) enum Outlet {
    Mailbox(Arc<Mailbox>),
    Replies(Arc<Replies>),
}

/// What a connection tells whoever listens.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// A broker let us in; everything that was open is open again.
    Up {
        /// The broker's name, where it told.
        broker: Option<String>,
        /// The protocol version spoken.
        version: i32,
    },
    /// The connection is lost, or an attempt to make it has failed.
    Down {
        /// Why.
        reason: CloseReason,
        /// In how long the next attempt begins; `None`: there will be none.
        retry_in: Option<Duration>,
    },
    /// Trouble that answers no call of ours: a send without confirmation was refused, for example.
    BrokerSaid(Throwable),
    /// The broker speaks of other brokers; whether that was followed is up to `updateURIsSupported` and
    /// `reconnectSupported`.
    Steered {
        /// URIs of the brokers that it knows, as it wrote them, at most [`MAX_URI`] bytes.
        connected_brokers: String,
        /// Where it wants us to go; empty: nowhere.
        reconnect_to: String,
        /// Whether it wants us to choose anew.
        rebalance: bool,
    },
}

/// A [`Client`] on its [`Link`], with an outlet for each consumer: the machine that an adapter runs for a
/// [`Connection`](super::Connection).
///
/// Errands of its handles (see [`Shared`]) are done before the next input, whatever that is.
pub struct Desk {
    pub(super) link: Link<Client>,
    shared: Shared,
    jms: JmsOptions,
    outlets: BTreeMap<ConsumerHandle, Outlet>,
    slots: BTreeMap<CommandId, Slot>,
    next_errand: u64,
    /// Consumers that owe acknowledgements, and when those are due.
    owing: BTreeSet<ConsumerHandle>,
    collect_at: Option<Instant>,
    /// Ends of commands that it has answered itself.
    ended: Vec<(CommandId, Outcome)>,
    pub(super) now: Instant,
    pub(super) steering: Steering,
    is_started: bool,
}

/// How long a lazy consumer may owe acknowledgements: long beside a message, short beside a person.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(100);

/// Errands are numbered from here on, owners' commands from 0.
const ERRANDS: u64 = 1 << 63;

impl Desk {
    /// The machine for `plan` and what it shares with its handles. `tls` is the profile for `ssl://`
    /// brokers, `seed` 32 random bytes.
    ///
    /// A URI without `failover:` must lead to a broker at once; it is kept open after that.
    ///
    /// # Errors
    ///
    /// [`UriError::Scheme`] when a broker wants TLS and `tls` is `None`.
    pub fn new(
        plan: &Plan,
        tls: Option<TlsId>,
        seed: [u8; 32],
    ) -> Result<(Self, Shared), UriError> {
        let mut config = plan.uri.to_link_config(tls)?;
        if plan.uri.failover.is_none() {
            config.first_attempts_at_most = Some(1);
        }
        let steering = Steering::new(&plan.uri, tls, config.endpoints.clone());
        let mut random = Random::from_seed(seed);
        let mut for_link = [0; 32];
        for chunk in for_link.chunks_exact_mut(8) {
            chunk.copy_from_slice(&random.next_u64().to_be_bytes());
        }
        let client = Client::new(plan.config.clone(), seed);
        let link = Link::new(client, config, LinkSlot(0), Random::from_seed(for_link));
        let shared = Shared::default();
        let desk = Self {
            link,
            shared: shared.clone(),
            jms: plan.uri.jms.clone(),
            outlets: BTreeMap::new(),
            slots: BTreeMap::new(),
            next_errand: ERRANDS,
            owing: BTreeSet::new(),
            collect_at: None,
            ended: Vec::new(),
            now: Instant::START,
            steering,
            is_started: false,
        };
        Ok((desk, shared))
    }

    /// The `jms.` options of the URI.
    #[must_use]
    pub const fn jms(&self) -> &JmsOptions {
        &self.jms
    }

    /// The client, to look at.
    #[must_use]
    pub const fn client(&self) -> &Client {
        self.link.protocol()
    }

    fn run_errands(&mut self) {
        for errand in self.shared.take_errands() {
            match errand {
                Errand::Command(command) => self.run_errand(*command),
                Errand::Acknowledge(token) => self.run_errand(ClientCommand::Acknowledge(token)),
                Errand::Collect(consumer) => {
                    self.owing.insert(consumer);
                    self.collect_at.get_or_insert(self.now + ACKNOWLEDGE_WITHIN);
                }
            }
        }
    }

    fn run_errand(&mut self, command: ClientCommand) {
        self.forget_outlets(&command);
        let id = CommandId(self.next_errand);
        self.next_errand = self.next_errand.checked_add(1).unwrap_or(ERRANDS);
        self.link
            .handle_input(self.now, Input::Command(id, command));
    }

    /// Acknowledges what lazy consumers owe, where it is time.
    fn collect(&mut self) {
        if self.collect_at.is_none_or(|at| at > self.now) {
            return;
        }
        self.collect_at = None;
        for consumer in core::mem::take(&mut self.owing) {
            if let Some(Outlet::Mailbox(mailbox)) = self.outlets.get(&consumer)
                && let Some(token) = mailbox.collect()
            {
                self.run_errand(ClientCommand::Acknowledge(token));
            }
        }
    }

    fn on_order(&mut self, id: CommandId, order: Order) {
        let command = match order {
            Order::Nudge => {
                self.ended.push((id, Outcome::Done));
                return;
            }
            Order::Plain(command) => {
                let opens = match &command {
                    ClientCommand::OpenSession(asked) => Some(asked.session.0),
                    ClientCommand::OpenProducer(asked) => Some(asked.producer.0),
                    _ => None,
                };
                if let Some(refused) = opens.and_then(|number| self.why_not(number)) {
                    self.ended.push((id, refused));
                    return;
                }
                self.forget_outlets(&command);
                command
            }
            Order::Subscribe(asked, outlet) => {
                if let Some(refused) = self.why_not(asked.consumer.0) {
                    self.ended.push((id, refused));
                    return;
                }
                self.outlets.insert(asked.consumer, outlet);
                ClientCommand::Subscribe(asked)
            }
            Order::Temporary(topic, slot) => {
                self.slots.insert(id, slot);
                ClientCommand::CreateTemporary { topic }
            }
        };
        self.link
            .handle_input(self.now, Input::Command(id, command));
    }

    /// Why what has this number is not opened.
    fn why_not(&self, number: u32) -> Option<Outcome> {
        if !self.shared.is_asked(number) {
            let text = "nobody wants it any more";
            return Some(Outcome::refused(Reason::Local, text));
        }
        self.shared.over().map(|why| Outcome::Refused(why.why))
    }

    /// What is closed by its owner is delivered nothing any more.
    fn forget_outlets(&mut self, command: &ClientCommand) {
        match command {
            ClientCommand::Unsubscribe(consumer) => {
                self.outlets.remove(consumer);
            }
            ClientCommand::CloseSession(session) => self.forget_session(*session),
            _ => {}
        }
    }

    fn forget_session(&mut self, session: SessionHandle) {
        self.outlets.retain(|_, outlet| match outlet {
            Outlet::Mailbox(mailbox) if mailbox.session() == session => {
                mailbox.clear();
                mailbox.end(End::Complete);
                false
            }
            Outlet::Mailbox(_) | Outlet::Replies(_) => true,
        });
    }

    fn deliver(&self, delivered: Delivered) {
        match self.outlets.get(&delivered.consumer) {
            Some(Outlet::Mailbox(mailbox)) => mailbox.put(delivered),
            Some(Outlet::Replies(replies)) => replies.came(&delivered.message),
            None => {}
        }
    }

    fn end_outlet(&mut self, consumer: ConsumerHandle, end: &End) {
        match self.outlets.remove(&consumer) {
            Some(Outlet::Mailbox(mailbox)) => mailbox.end(end.clone()),
            Some(Outlet::Replies(replies)) => {
                if let End::Lost(why) = end {
                    replies.fail(why, true);
                }
            }
            None => {}
        }
    }

    fn on_down(&mut self, reason: &CloseReason, comes_back: bool) {
        self.shared.set_connected(false);
        let kind = match reason {
            CloseReason::Asked => Reason::ShuttingDown,
            CloseReason::Denied(_) => Reason::Denied,
            CloseReason::Remote(_) => Reason::Remote,
            CloseReason::Limit(_) => Reason::Limit,
            _ => Reason::LinkDown,
        };
        let why = NotDone::failed(kind, reason.to_string());
        for outlet in self.outlets.values() {
            match outlet {
                Outlet::Mailbox(mailbox) => mailbox.clear(),
                Outlet::Replies(replies) => replies.fail(&why, !comes_back),
            }
        }
        if !comes_back {
            let consumers: Vec<ConsumerHandle> = self.outlets.keys().copied().collect();
            let end = match reason {
                CloseReason::Asked => End::Complete,
                _ => End::Lost(why.clone()),
            };
            for consumer in consumers {
                self.end_outlet(consumer, &end);
            }
            self.shared.set_over(why);
        }
    }

    /// What an event means for the handles; what is left for whoever listens.
    fn sort(&mut self, event: LinkEvent<ClientEvent>) -> Option<ConnectionEvent> {
        match event {
            LinkEvent::Up => None,
            LinkEvent::Down { reason, retry_at } => {
                self.on_down(&reason, retry_at.is_some());
                self.look_home();
                let now = self.now;
                Some(ConnectionEvent::Down {
                    reason,
                    retry_in: retry_at.map(|at| if at > now { at - now } else { Duration::ZERO }),
                })
            }
            LinkEvent::Said(said) => self.sort_said(said),
        }
    }

    fn sort_said(&mut self, said: ClientEvent) -> Option<ConnectionEvent> {
        match said {
            ClientEvent::Connected { broker, version } => {
                self.shared.set_connected(true);
                self.steering.arrived();
                Some(ConnectionEvent::Up { broker, version })
            }
            ClientEvent::Delivered(delivered) => {
                self.deliver(delivered);
                None
            }
            ClientEvent::RolledBack { again, .. } => {
                let mut by_consumer: BTreeMap<ConsumerHandle, Vec<Delivered>> = BTreeMap::new();
                for delivered in again {
                    let list = by_consumer.entry(delivered.consumer).or_default();
                    list.push(delivered);
                }
                for (consumer, list) in by_consumer {
                    if let Some(Outlet::Mailbox(mailbox)) = self.outlets.get(&consumer) {
                        mailbox.put_first(list.into_iter());
                    }
                }
                None
            }
            // A handle pulls without limit and is not answered with nothing.
            ClientEvent::PulledNothing(_) => None,
            ClientEvent::BrowseEnded(consumer) => {
                if let Some(Outlet::Mailbox(mailbox)) = self.outlets.get(&consumer) {
                    mailbox.end(End::Complete);
                }
                None
            }
            ClientEvent::TemporaryCreated {
                command,
                destination,
            } => {
                let slot = self.slots.get(&command);
                if let Some(nobodys) = slot.and_then(|slot| slot.fill(destination)) {
                    self.run_errand(ClientCommand::RemoveDestination(nobodys));
                }
                None
            }
            ClientEvent::SubscriptionLost { consumer, why } => {
                let lost = End::Lost(NotDone::refused(Reason::Denied, why));
                self.end_outlet(consumer, &lost);
                None
            }
            ClientEvent::BrokerSaid(throwable) => Some(ConnectionEvent::BrokerSaid(throwable)),
            ClientEvent::Steered {
                connected_brokers,
                reconnect_to,
                rebalance,
            } => {
                self.steer(&connected_brokers, &reconnect_to, rebalance);
                Some(ConnectionEvent::Steered {
                    connected_brokers: bounded(connected_brokers),
                    reconnect_to: bounded(reconnect_to),
                    rebalance,
                })
            }
        }
    }
}

/// What comes from outside and is kept for the owner.
fn bounded(mut text: String) -> String {
    if text.len() > MAX_URI {
        let end = (0..=MAX_URI).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
    }
    text
}

impl Machine for Desk {
    type Command = DeskCommand;
    type Event = ConnectionEvent;

    fn handle_input(&mut self, now: Instant, input: Input<'_, DeskCommand>) {
        self.now = now;
        if !self.is_started {
            self.is_started = true;
            self.link.start(now);
        }
        self.run_errands();
        let input = match input {
            Input::Command(id, DeskCommand(order)) => return self.on_order(id, order),
            Input::Opened(link) => Input::Opened(link),
            Input::Secured(link, identity) => Input::Secured(link, identity),
            Input::Received(link, bytes) => Input::Received(link, bytes),
            Input::Sent(link) => Input::Sent(link),
            Input::Closed(link, reason) => Input::Closed(link, reason),
            Input::Listening(listener, address) => Input::Listening(listener, address),
            Input::ListenFailed(listener, reason) => Input::ListenFailed(listener, reason),
            Input::Accepted(listener, link, address) => Input::Accepted(listener, link, address),
            Input::Wall(wall) => Input::Wall(wall),
        };
        self.link.handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.run_errands();
        self.collect();
        self.link.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Output<ConnectionEvent> {
        loop {
            if let Some((id, outcome)) = self.ended.pop() {
                return Output::Ended(id, outcome);
            }
            let output = match self.link.poll_output() {
                Output::Event(event) => match self.sort(event) {
                    Some(event) => Output::Event(event),
                    None => continue,
                },
                Output::Ended(id, outcome) => {
                    if id.0 >= ERRANDS {
                        continue;
                    }
                    self.slots.remove(&id);
                    Output::Ended(id, outcome)
                }
                Output::Open(link, endpoint) => Output::Open(link, endpoint),
                Output::Send(link, chunks) => Output::Send(link, chunks),
                Output::Pause(link) => Output::Pause(link),
                Output::Resume(link) => Output::Resume(link),
                Output::Secure(link, tls) => Output::Secure(link, tls),
                Output::Close(link, closing) => Output::Close(link, closing),
                Output::Listen(listener, address) => Output::Listen(listener, address),
                Output::Unlisten(listener) => Output::Unlisten(listener),
                Output::Trace(trace) => Output::Trace(trace),
                Output::Wait(deadline) => {
                    let deadlines = [deadline, self.collect_at];
                    Output::Wait(deadlines.into_iter().flatten().min())
                }
            };
            return output;
        }
    }
}

impl Drop for Desk {
    /// Whoever waits on a handle is told that nothing more comes.
    fn drop(&mut self) {
        self.on_down(&CloseReason::Asked, false);
    }
}

impl core::fmt::Debug for Desk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Desk")
            .field("link", &self.link)
            .field("consumers", &self.outlets.len())
            .finish_non_exhaustive()
    }
}
