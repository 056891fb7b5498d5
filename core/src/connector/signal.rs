//! Signals: what the connector's decisions are told, as facts without any wire format.

use alloc::vec::Vec;
use core::fmt;

use crate::agent::{AgentId, Dialog, DialogId, Platform, TeamId, Text, User};
use crate::contract::{Contact, Phonebook, QueueStatistics};
use crate::machine::{CloseReason, Reason, UnixMillis};

/// One Finesse server of the configuration, by its position there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u16);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

/// Names one request to Finesse; its text is the `requestId` header.
///
/// The upper half is drawn once per run, so that a late notification for a request of an earlier
/// run is not taken for ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

impl RequestId {
    /// Reads what [`Display`](fmt::Display) wrote; anything else is not an id of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix("fw-")?;
        if digits.len() != 16 {
            return None;
        }
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fw-{:016x}", self.0)
    }
}

/// Names one message of the command queue until it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub u64);

/// A message from the command queue.
///
/// `Debug` leaves the body out: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names it for the acknowledgement.
    pub id: DeliveryId,
    /// JMSType; `None` when the message has none.
    pub jms_type: Option<Text>,
    /// The text; `None` for a null body or a message that is no text.
    pub body: Option<Text>,
    /// JMSReplyTo.
    pub reply_to: Option<ReplyTo>,
    /// JMSCorrelationID.
    pub correlation: Option<Text>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id.0)
            .field("reply_to", &self.reply_to)
            .finish_non_exhaustive()
    }
}

/// Where a sender wants its answer, as the broker's client understands it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyTo {
    /// What kind of destination it is.
    pub kind: ReplyKind,
    /// Its physical name.
    pub name: Text,
}

/// The kinds of destination an answer can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReplyKind {
    /// A queue.
    Queue,
    /// A topic.
    Topic,
    /// A queue that lives as long as its connection.
    TemporaryQueue,
    /// A topic that lives as long as its connection.
    TemporaryTopic,
}

/// What happened, as far as the connector's decisions care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The connector is started: Finesse is asked whether it serves.
    Started,
    /// The broker can be talked to, and the command queue is subscribed.
    BrokerUp,
    /// The broker is gone.
    BrokerDown,
    /// A message came from the command queue.
    Received(Delivery),
    /// The agent's notifications flow: logged in by XMPP, presence sent.
    SubscriptionUp(AgentId),
    /// The agent's notifications have stopped, or an attempt to get them has failed.
    SubscriptionDown {
        /// The agent.
        agent: AgentId,
        /// Why.
        reason: CloseReason,
        /// Whether the link tries again by itself.
        retries: bool,
    },
    /// The user `finesse`, which stands for the web application, is there or gone. Finesse
    /// Developer Guide, "Failure scenarios".
    FinesseSeen {
        /// The agent on whose link it was seen.
        agent: AgentId,
        /// Whether it is there.
        is_there: bool,
    },
    /// Finesse published something to this agent.
    Notified {
        /// The agent on whose link it came.
        agent: AgentId,
        /// What it says.
        update: Update,
    },
    /// A request to Finesse has ended.
    Answered {
        /// Which.
        request: RequestId,
        /// How.
        answer: Answer,
    },
    /// The broker serves another connector before this one now.
    Displaced,
    /// The wall clock shows this.
    Wall(UnixMillis),
    /// The operator wants no new commands taken on; drivers are told that the connector is out of service.
    Draining,
    /// The operator wants commands taken on again.
    Resumed,
    /// The operator wants an agent's state and calls read again; what differs is told.
    ResyncAsked(AgentId),
    /// The connector is to end: nothing new is begun.
    ShuttingDown,
}

/// A notification of Finesse. Finesse Developer Guide, "Notification parameters".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The pub-sub item's id, for de-duplication; `None` when it had none.
    pub item: Option<Text>,
    /// The request that caused it, where Finesse says so ("best effort").
    pub request: Option<RequestId>,
    /// What it says.
    pub fact: Fact,
}

/// What a notification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A full snapshot of a user.
    User(User),
    /// Calls that are new or changed.
    Calls(Vec<Dialog>),
    /// Members of this team, which the agent supervises, as they are now.
    Members(TeamId, Vec<User>),
    /// This team as a whole: who is not among these members is none any more.
    Team(TeamId, Vec<User>),
    /// No longer a member of this team.
    MemberLeft(TeamId, AgentId),
    /// Calls that have left the agent's list; each with its last snapshot.
    CallsRemoved(Vec<Dialog>),
    /// A request that was accepted has failed.
    Failed {
        /// The object it is about.
        about: About,
        /// What Finesse says.
        refused: Refused,
    },
    /// Finesse serves, or does not.
    System(SystemInfo),
    /// Anything else; in a few words.
    Other(Text),
}

/// Which object a failure is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The agent itself: sign-in, sign-out, state.
    User,
    /// The agent's list of calls: a call that could not be placed.
    Calls,
    /// One call.
    Call(DialogId),
    /// Anything else.
    Other,
}

/// What Finesse says when it refuses. Finesse Developer Guide, "ApiErrors".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Refused {
    /// HTTP status; 0 when it came as a notification.
    pub status: u16,
    /// `ErrorType`, such as `Invalid Device`.
    pub kind: Text,
    /// `ErrorMessage`, such as `CF_INVALID_LOGON_DEVICE_SPECIFIED`.
    pub message: Text,
    /// `ErrorData`, such as `260`.
    pub data: Text,
    /// A sentence for the user: `peripheralErrorText`, where the release sends one, or what the words
    /// mean; empty where nobody knows.
    pub sentence: Text,
}

/// How a request has ended.
#[expect(
    clippy::large_enum_variant,
    reason = "an answer is moved a few times and never kept; a box would cost more"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200 or 202 without a body: accepted, which is not success.
    Accepted,
    /// SystemInfo.
    System(SystemInfo),
    /// A user.
    User(User),
    /// The agent's calls.
    Calls(Vec<Dialog>),
    /// Reason codes.
    Reasons(Vec<ReasonCode>),
    /// A list that a driver asked for.
    List(List),
    /// Finesse said no.
    Refused(Refused),
    /// There is no answer, or none that can be understood.
    None {
        /// The kind of trouble.
        reason: Reason,
        /// In words.
        text: Text,
    },
}

/// A list that a driver asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// The members of a team, each as far as the team's list tells.
    Members(Vec<User>),
    /// Queues.
    Queues(Vec<QueueStatistics>),
    /// Phone books, each with its contacts.
    Phonebooks(Vec<(Phonebook, Vec<Contact>)>),
}

/// Whether Finesse serves. Finesse Developer Guide, "SystemInfo".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SystemInfo {
    /// `status` is `IN_SERVICE`.
    pub in_service: bool,
    /// `statusReason`, or the status itself when it is an unknown word.
    pub why: Text,
    /// `xmppDomain`; empty when not said.
    pub xmpp_domain: Text,
    /// `xmppPubSubDomain`; empty when not said.
    pub pubsub_domain: Text,
    /// `deploymentType`.
    pub platform: Option<Platform>,
}

/// A reason for not being ready or signing out. Finesse Developer Guide, "ReasonCode".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReasonCode {
    /// The database id that requests carry.
    pub id: Text,
    /// The code that people know.
    pub code: Text,
    /// The label that people read.
    pub label: Text,
}
