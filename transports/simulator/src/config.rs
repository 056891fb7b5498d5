//! What a simulator is made of.

use core::ops::RangeInclusive;
use core::time::Duration;

use finewire_core::agent::{AgentId, Extension, Platform, Team, TeamId, Text};
use finewire_core::machine::{Address, TlsId};
use finewire_core::password::Secret;
use finewire_finesse::{Contact, PhoneBook, ReasonCategory, ReasonCode, WrapUpReason};

use crate::knobs::Knobs;

/// The default agents' password.
pub const PASSWORD: &str = "Passw0rd!";

/// A whole contact centre.
#[derive(Clone, Debug)]
pub struct Config {
    /// The product to stand for.
    pub platform: Platform,
    /// `xmppDomain`: the domain of users' JIDs. The pub-sub service is `pubsub.` before it.
    pub domain: Text,
    /// `xmppDomain` of the second node; `None`: there is one node.
    pub second: Option<Text>,
    /// What to listen on.
    pub listeners: Vec<Listener>,
    /// The control door's token; without one, a control listener answers nobody.
    pub door_token: Option<Secret>,
    /// Who works here.
    pub agents: Vec<Agent>,
    /// Extensions that exist besides those of the agents.
    pub extensions: Vec<Extension>,
    /// The reasons agents can choose, and those the system gives.
    pub reason_codes: Vec<ReasonCode>,
    /// Who may sign in as a mobile agent (UCCE).
    pub mobile_agents: Vec<AgentId>,
    /// Where calls wait.
    pub queues: Vec<SkillGroup>,
    /// Who may drop somebody else from a conference.
    pub participant_drop: DropRight,
    /// The expanded call variables that exist; empty: whatever is named `user.…`.
    pub ecc_variables: Vec<EccVariable>,
    /// What calls can be about.
    pub wrap_up_reasons: Vec<WrapUpReason>,
    /// Phone books: for a team, or (`None`) for everybody.
    pub phone_books: Vec<(Option<TeamId>, PhoneBook)>,
    /// Who may read what is for administrators: agents, by login id.
    pub administrators: Vec<AgentId>,
    /// Whether `NOT_READY` and `LOGOUT` without a reason are refused, as Finesse does once codes
    /// are configured.
    pub require_reason: bool,
    /// How long things take.
    pub timing: Timing,
    /// Where to misbehave.
    pub knobs: Knobs,
    /// Links held at once, at most (4096); more are closed as they come.
    pub most_links: usize,
    /// Calls held at once, at most (10 000); more are refused.
    pub most_calls: usize,
}

impl Config {
    /// UCCE at `finesse.example` with ten agents in team 1 "Blue", listening on nothing yet.
    ///
    /// Agents 1001001…1001010 with password [`PASSWORD`] and extensions 2001…2010; 1001001 is
    /// their supervisor, 1001003 and 1001004 may be mobile. Calls to 8001 wait in queue 5022
    /// "Sales" of all agents, calls to 8002 in queue 5023 "Support" of the last five.
    #[must_use]
    pub fn new() -> Self {
        const NAMES: [(&str, &str); 10] = [
            ("Ines", "Abel"),
            ("Jonas", "Brandt"),
            ("Karla", "Conti"),
            ("Levi", "Duval"),
            ("Mina", "Ekman"),
            ("Noel", "Fischer"),
            ("Olga", "Gruber"),
            ("Paul", "Hansen"),
            ("Rosa", "Ivers"),
            ("Sami", "Jansen"),
        ];
        let team = Team {
            id: "1".into(),
            name: "Blue".into(),
        };
        let queue = |id: &str, name: &str, number: &str, agents: RangeInclusive<u32>| SkillGroup {
            id: id.into(),
            name: name.into(),
            number: number.into(),
            agents: agents
                .map(|n| AgentId::from((1_001_000 + n).to_string()))
                .collect(),
        };
        let agents = NAMES
            .iter()
            .zip(1..)
            .map(|((first, last), n): (_, u32)| Agent {
                id: AgentId::from((1_001_000 + n).to_string()),
                login_name: format!("{}.{}", first.to_lowercase(), last.to_lowercase()).into(),
                first_name: (*first).into(),
                last_name: (*last).into(),
                password: PASSWORD.into(),
                extension: Extension::from((2000 + n).to_string()),
                team: team.clone(),
                supervises: if n == 1 {
                    vec![team.clone()]
                } else {
                    Vec::new()
                },
                wrap_up: WrapUp::NotAllowed,
            });
        Self {
            platform: Platform::Ucce,
            domain: "finesse.example".into(),
            second: None,
            listeners: Vec::new(),
            door_token: None,
            agents: agents.collect(),
            extensions: Vec::new(),
            mobile_agents: ["1001003", "1001004"].map(AgentId::from).to_vec(),
            queues: vec![
                queue("5022", "Sales", "8001", 1..=10),
                queue("5023", "Support", "8002", 6..=10),
            ],
            participant_drop: DropRight::ControllerAndSupervisor,
            ecc_variables: Vec::new(),
            reason_codes: default_reasons(),
            wrap_up_reasons: [("205", "Sale"), ("206", "Complaint"), ("207", "Other")]
                .map(|(id, label)| WrapUpReason {
                    id: id.into(),
                    label: label.into(),
                    for_all: true,
                })
                .to_vec(),
            phone_books: default_books(),
            administrators: vec!["1001001".into()],
            require_reason: false,
            timing: Timing::default(),
            knobs: Knobs::default(),
            most_links: 4096,
            most_calls: 10_000,
        }
    }

    /// Adds a listener.
    #[must_use]
    pub fn listen(mut self, service: Service, address: Address, tls: Option<TlsId>) -> Self {
        self.listeners.push(Listener {
            node: Node::First,
            service,
            address,
            tls,
        });
        self
    }

    /// Adds a listener of the second node, whose `xmppDomain` is `finesse2.example` unless
    /// [`second`](Self::second) says something else.
    #[must_use]
    pub fn listen_second(mut self, service: Service, address: Address, tls: Option<TlsId>) -> Self {
        self.second
            .get_or_insert_with(|| Text::from("finesse2.example"));
        self.listeners.push(Listener {
            node: Node::Second,
            service,
            address,
            tls,
        });
        self
    }

    /// How a node's notification service behaves.
    pub(crate) fn notification_service(&self, node: Node) -> finewire_xmpp::ServerConfig {
        finewire_xmpp::ServerConfig {
            silence: Some(self.timing.silence),
            ..finewire_xmpp::ServerConfig::new(self.domain_of(node).as_str())
        }
    }

    /// The domain of a node's users.
    pub(crate) fn domain_of(&self, node: Node) -> &Text {
        match node {
            Node::First => &self.domain,
            Node::Second => self.second.as_ref().unwrap_or(&self.domain),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// A book for everybody and one of team 1.
fn default_books() -> Vec<(Option<TeamId>, PhoneBook)> {
    let contact = |id: &str, first: &str, last: &str, number: &str, about: &str| Contact {
        id: id.into(),
        first_name: first.into(),
        last_name: last.into(),
        phone_number: number.into(),
        description: about.into(),
    };
    let book = |id: &str, name: &str, kind: &str, contacts| PhoneBook {
        id: id.into(),
        name: name.into(),
        kind: kind.into(),
        contacts,
    };
    let everybodys = vec![
        contact("301", "Front", "Desk", "5550001", "Reception"),
        contact("302", "Night", "Watch", "5550002", "From 20:00"),
    ];
    let teams = vec![contact("303", "Second", "Level", "8002", "Support queue")];
    vec![
        (None, book("31", "Company", "GLOBAL", everybodys)),
        (Some("1".into()), book("32", "Blue", "TEAM", teams)),
    ]
}

/// The reason with this code and category, as the default configuration numbers them.
fn default_reasons() -> Vec<ReasonCode> {
    let code = |id: &str, category, code: &str, label: &str, system| ReasonCode {
        id: id.into(),
        code: code.into(),
        label: label.into(),
        category: Some(category),
        for_all: true,
        system,
    };
    let (not_ready, logout) = (ReasonCategory::NotReady, ReasonCategory::Logout);
    vec![
        code("11", not_ready, "1", "Break", false),
        code("12", not_ready, "2", "Lunch", false),
        code("13", not_ready, "3", "Meeting", false),
        code("14", not_ready, "32767", "Call not answered", true),
        code("15", not_ready, "50002", "Connection failure", true),
        code("16", not_ready, "50006", "Outgoing call from ready", true),
        code("17", not_ready, "999", "By supervisor", true),
        code("18", not_ready, "33", "By supervisor", true),
        code("21", logout, "1", "End of shift", false),
        code("22", logout, "255", "Connection failure", true),
        code("23", logout, "999", "By supervisor", true),
        code("24", logout, "22", "By supervisor", true),
    ]
}

/// Something to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Whose.
    pub node: Node,
    /// What is served there.
    pub service: Service,
    /// The address; port 0 lets the system choose.
    pub address: Address,
    /// The TLS profile to serve with from the first byte; `None`: plain.
    pub tls: Option<TlsId>,
}

/// One of the two nodes of a site. They share agents and calls; each has streams, subscriptions and
/// a state of service of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// The primary node, which is always there.
    First,
    /// The secondary node.
    Second,
}

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The REST interface, with the notification service in a WebSocket at `/ws/`. Finesse: 8445 with TLS.
    Rest,
    /// The notification service. Finesse: 5223 with TLS, 5222 plain (off since 12.5).
    Xmpp,
    /// The notification service over HTTP: a WebSocket at `/ws/` (RFC 7395), which [`Service::Rest`] has
    /// too. Finesse: 7443 with TLS.
    XmppOverHttp,
    /// Plain HTTP, which answers everything with 301 and the same path at the node's REST port.
    /// Finesse: 80, 8082.
    PlainHttp,
    /// The control door: small HTTP requests that play the telephone network. Not Finesse's.
    Door,
}

/// A user of Finesse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Login id.
    pub id: AgentId,
    /// Login name; on UCCE it finds the id.
    pub login_name: Text,
    /// First name.
    pub first_name: Text,
    /// Last name.
    pub last_name: Text,
    /// Password, for REST and XMPP alike.
    pub password: Secret,
    /// The usual extension; it exists, but the agent may use any other that exists.
    pub extension: Extension,
    /// The agent's team.
    pub team: Team,
    /// The teams this user supervises.
    pub supervises: Vec<Team>,
    /// What comes after a call.
    pub wrap_up: WrapUp,
}

/// A skill group: a number at which calls wait for one of its agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillGroup {
    /// Its id, as in `/Queue/{id}`.
    pub id: Text,
    /// What people call it.
    pub name: Text,
    /// The number that callers dial.
    pub number: Text,
    /// Who takes its calls.
    pub agents: Vec<AgentId>,
}

/// `enableDropParticipantFor`: who may drop somebody else from a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropRight {
    /// `supervisor_only`
    SupervisorOnly,
    /// `conference_controller_and_supervisor`
    ControllerAndSupervisor,
    /// `all`
    All,
}

/// An expanded call variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EccVariable {
    /// Its name, `user.` and more, without an index.
    pub name: Text,
    /// Bytes of its value; more are cut off without a word.
    pub most_bytes: usize,
    /// Elements of an array, by index from 0; `None`: no array.
    pub elements: Option<u16>,
}

/// `wrapUpOnIncoming` and `wrapUpOnOutgoing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WrapUp {
    /// `NOT_ALLOWED`
    NotAllowed,
    /// `OPTIONAL`: when the agent asks for it during the call. Lasts this long at most.
    Optional(Duration),
    /// `REQUIRED`: after each call. Lasts this long at most.
    Required(Duration),
}

/// How long things take. Ranges are drawn from by the seed, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From a request to its answer.
    pub answer: (Duration, Duration),
    /// From a request until it takes effect.
    pub effect: (Duration, Duration),
    /// From an effect to its notification.
    pub notification: (Duration, Duration),
    /// How long a routed call rings before it is taken from the agent.
    pub ring: Duration,
    /// From one step of placing a call to the next.
    pub dial: Duration,
    /// How long an outside party lets it ring; `None`: it never answers.
    pub outside_answers: Option<Duration>,
    /// From the loss of presence to the forced sign-out (60 s).
    pub forced_sign_out: Duration,
    /// How long a client of the notification service may say nothing before its stream is ended
    /// (6 min); it is pinged after half of that.
    pub silence: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            answer: (millis(1), millis(15)),
            effect: (millis(1), millis(20)),
            notification: (millis(0), millis(10)),
            ring: Duration::from_secs(20),
            dial: millis(50),
            outside_answers: Some(Duration::from_secs(2)),
            forced_sign_out: Duration::from_secs(60),
            silence: Duration::from_secs(360),
        }
    }
}
