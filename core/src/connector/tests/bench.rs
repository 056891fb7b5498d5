//! A connector on a bench: signals are put in by hand, effects are sorted into what a test asks.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::agent::{
    AgentId, AgentState, CallAction, Dialog, DialogState, Participant, ParticipantState, Reason,
    TeamId, Text, User,
};
use crate::connector::{
    About, Addressee, Answer, Config, Connector, Delivery, DeliveryId, Effect, Fact, Note, Publish,
    Question, ReasonCode, Refused, ReplyTo, RequestId, Signal, Subscribe, SystemInfo, Update,
};
use crate::contract::Layout;
use crate::machine::{Instant, Random, Reason as Trouble, TraceEvent};
use crate::password::PasswordCodec;

pub(super) const PASSWORD: &str = "Passw0rd!";

pub(super) struct Bench {
    pub(super) connector: Connector,
    pub(super) now: Instant,
    pub(super) sent: VecDeque<Publish>,
    pub(super) asked: VecDeque<(RequestId, Question, Option<String>)>,
    /// Whether the last question went with a bearer token.
    pub(super) with_token: bool,
    pub(super) subscribed: VecDeque<Subscribe>,
    pub(super) unsubscribed: Vec<AgentId>,
    pub(super) followed: Vec<(AgentId, TeamId)>,
    pub(super) acknowledged: Vec<DeliveryId>,
    pub(super) notes: Vec<Note>,
    pub(super) traces: Vec<TraceEvent>,
    deliveries: u64,
    items: u64,
}

impl Bench {
    /// A connector with broker and Finesse in service.
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut bench = Self::cold(change);
        bench.serve(true);
        bench
    }

    /// A connector that Finesse has not answered yet.
    pub(super) fn cold(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(Layout::default(), PasswordCodec::Clear);
        change(&mut config);
        let mut bench = Self {
            connector: Connector::new(config, Random::from_seed([3; 32])),
            now: Instant::START,
            sent: VecDeque::new(),
            asked: VecDeque::new(),
            with_token: false,
            subscribed: VecDeque::new(),
            unsubscribed: Vec::new(),
            followed: Vec::new(),
            acknowledged: Vec::new(),
            notes: Vec::new(),
            traces: Vec::new(),
            deliveries: 0,
            items: 0,
        };
        bench.signal(Signal::Started);
        bench.signal(Signal::BrokerUp);
        bench
    }

    pub(super) fn signal(&mut self, signal: Signal) {
        self.connector.handle(self.now, signal);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.connector.poll() {
            match effect {
                Effect::Acknowledge(id) => self.acknowledged.push(id),
                Effect::Publish(publish) => self.sent.push_back(publish),
                Effect::Subscribe(subscribe) => self.subscribed.push_back(subscribe),
                Effect::Unsubscribe(agent) => self.unsubscribed.push(agent),
                Effect::Follow { agent, team } => self.followed.push((agent, team)),
                Effect::Ask {
                    request,
                    question,
                    credentials,
                    deadline,
                    ..
                } => {
                    assert!(deadline > self.now, "a request has time");
                    self.with_token = credentials.as_ref().is_some_and(|known| known.is_token);
                    let password = credentials.map(|known| known.password.expose().to_string());
                    self.asked.push_back((request, question, password));
                }
                Effect::Note(note) => self.notes.push(note),
                Effect::Trace(trace) => self.traces.push(trace),
            }
        }
        assert!(
            self.connector.deadline().is_none_or(|at| at > self.now),
            "a deadline lies ahead"
        );
    }

    /// Lets time pass, stopping at every deadline.
    pub(super) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.connector.deadline().filter(|at| *at <= end) {
            self.now = at;
            self.connector.handle_timeout(at);
            self.drain();
        }
        self.now = end;
        self.connector.handle_timeout(end);
        self.drain();
    }

    pub(super) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    pub(super) fn command(&mut self, jms_type: &str, body: &str) -> DeliveryId {
        self.deliver(jms_type, body, None, None)
    }

    pub(super) fn deliver(
        &mut self,
        jms_type: &str,
        body: &str,
        reply_to: Option<ReplyTo>,
        correlation: Option<&str>,
    ) -> DeliveryId {
        self.deliveries += 1;
        let id = DeliveryId(self.deliveries);
        self.signal(Signal::Received(Delivery {
            id,
            jms_type: Some(jms_type.into()),
            body: (!body.is_empty()).then(|| body.into()),
            reply_to,
            correlation: correlation.map(Text::from),
        }));
        assert!(
            self.acknowledged.contains(&id),
            "what was taken on is acknowledged"
        );
        id
    }

    /// Takes the next question of Finesse, which must not be missing.
    pub(super) fn question(&mut self) -> (RequestId, Question) {
        let (id, question, _) = self.asked.pop_front().expect("a question");
        (id, question)
    }

    pub(super) fn answer(&mut self, request: RequestId, answer: Answer) {
        self.signal(Signal::Answered { request, answer });
    }

    /// Answers the next question, which is returned.
    pub(super) fn reply(&mut self, answer: Answer) -> Question {
        let (id, question) = self.question();
        self.answer(id, answer);
        question
    }

    /// Answers every open SystemInfo question.
    pub(super) fn serve(&mut self, in_service: bool) {
        let is_info = |question: &Question| matches!(question, Question::SystemInfo);
        let open: Vec<RequestId> = self
            .asked
            .iter()
            .filter(|(_, q, _)| is_info(q))
            .map(|(id, ..)| *id)
            .collect();
        self.asked.retain(|(_, question, _)| !is_info(question));
        assert!(!open.is_empty(), "SystemInfo is asked");
        for id in open {
            self.answer(id, Answer::System(system(in_service)));
        }
    }

    pub(super) fn notify(&mut self, fact: Fact) {
        self.notify_for(None, fact);
    }

    pub(super) fn notify_for(&mut self, request: Option<RequestId>, fact: Fact) {
        self.items += 1;
        let item = Some(format!("item{}", self.items).into());
        let update = Update {
            item,
            request,
            fact,
        };
        self.signal(Signal::Notified {
            agent: "1001".into(),
            update,
        });
    }

    pub(super) fn up(&mut self) {
        self.signal(Signal::SubscriptionUp("1001".into()));
    }

    /// The texts sent since the last look, each with where it went.
    pub(super) fn events(&mut self) -> Vec<String> {
        self.sent
            .drain(..)
            .map(|publish| match publish.to {
                Addressee::Driver(destination) => format!("{destination}< {}", publish.body),
                Addressee::ReplyTo(reply) => format!("reply {}< {}", reply.name, publish.body),
            })
            .collect()
    }

    /// The agent is connected: password proven, notifications flow.
    pub(super) fn connect(&mut self) {
        self.command("Connect#1001", &format!("siebel,{PASSWORD}"));
        assert_eq!(
            self.reply(Answer::User(user("LOGOUT", None))),
            Question::User("1001".into())
        );
        assert_eq!(
            self.subscribed.pop_front().expect("a subscription").agent,
            "1001"
        );
        self.up();
        assert_eq!(self.events(), Vec::<String>::new());
    }

    /// The agent is signed in and its driver told so.
    pub(super) fn sign_in(&mut self) {
        self.connect();
        self.command("Login#1001", &format!("{PASSWORD},2001"));
        self.reply(Answer::Accepted);
        self.notify(Fact::User(user("NOT_READY", Some("2001"))));
        assert_eq!(
            self.reply(Answer::Calls(Vec::new())),
            Question::Calls("1001".into())
        );
        let events = self.events();
        assert_eq!(events.len(), 3, "{events:?}");
    }

    /// As `sign_in`, with a call that rings.
    pub(super) fn with_call(&mut self) {
        self.sign_in();
        self.notify(Fact::User(user("RESERVED", Some("2001"))));
        self.notify(Fact::Calls(alloc::vec![call("ALERTING", "ALERTING")]));
        self.events();
    }

    /// No text that left the connector holds the password.
    pub(super) fn assert_no_secret(&self) {
        let all = format!("{:?}{:?}{:?}", self.traces, self.notes, self.connector);
        assert!(!all.contains(PASSWORD), "{all}");
    }
}

pub(super) fn system(in_service: bool) -> SystemInfo {
    SystemInfo {
        in_service,
        why: Text::default(),
        xmpp_domain: "finesse.example".into(),
        pubsub_domain: "pubsub.finesse.example".into(),
        platform: None,
    }
}

pub(super) fn user(state: &str, extension: Option<&str>) -> User {
    User {
        id: "1001".into(),
        first_name: "Ada".into(),
        last_name: "Byron".into(),
        state: AgentState::from_wire(state),
        extension: extension.map(|line| line.into()),
        ..User::default()
    }
}

pub(super) fn user_for(state: &str, reason: &str) -> User {
    User {
        reason: Some(Reason {
            id: Some(reason.into()),
            code: Some("10".into()),
            label: "Lunch".into(),
        }),
        ..user(state, Some("2001"))
    }
}

pub(super) fn party(address: &str, state: &str) -> Participant {
    Participant {
        address: address.into(),
        state: ParticipantState::from_wire(state),
        actions: alloc::vec![CallAction::Answer, CallAction::Hold, CallAction::Drop],
        ..Participant::default()
    }
}

/// Call 77 from outside, with the agent's party in `own`.
pub(super) fn call(state: &str, own: &str) -> Dialog {
    Dialog {
        id: "77".into(),
        state: DialogState::from_wire(state),
        from: "0301".into(),
        to: "2001".into(),
        call_type: "PREROUTE_ACD_IN".into(),
        participants: alloc::vec![party("2001", own), party("0301", "ACTIVE")],
        ..Dialog::default()
    }
}

pub(super) fn refused(status: u16, kind: &str, message: &str) -> Refused {
    Refused {
        status,
        kind: kind.into(),
        message: message.into(),
        ..Refused::default()
    }
}

pub(super) fn no(status: u16, kind: &str, message: &str) -> Answer {
    Answer::Refused(refused(status, kind, message))
}

pub(super) fn wrong_password() -> Answer {
    no(401, "Authorization Failure", "UNAUTHORIZED")
}

pub(super) fn silence(reason: Trouble) -> Answer {
    Answer::None {
        reason,
        text: "nobody answered".into(),
    }
}

pub(super) fn failed(about: About, kind: &str, message: &str) -> Fact {
    Fact::Failed {
        about,
        refused: refused(0, kind, message),
    }
}

pub(super) fn lunch() -> Answer {
    Answer::Reasons(alloc::vec![ReasonCode {
        id: "16".into(),
        code: "10".into(),
        label: "Lunch".into(),
    }])
}
