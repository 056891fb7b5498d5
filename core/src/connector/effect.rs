//! Effects: what the connector decides to do, as orders without any wire format.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::signal::{DeliveryId, NodeId, ReplyTo, RequestId};
use crate::agent::{AgentId, AgentState, CallAction, DialogId, Extension, TeamId, Text};
use crate::contract::{Destination, ErrorCode, MobileMode, ReasonCategory};
use crate::machine::{Instant, TraceEvent};
use crate::password::Secret;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Acknowledge a message of the command queue: it was taken on.
    Acknowledge(DeliveryId),
    /// Send a message to a driver, NON_PERSISTENT.
    Publish(Publish),
    /// Log the agent in at Finesse's notification service and keep the link.
    Subscribe(Subscribe),
    /// Have the states of a team's members told on the agent's notification link.
    Follow {
        /// The supervisor.
        agent: AgentId,
        /// The team.
        team: TeamId,
    },
    /// Log the agent out there and forget the link.
    Unsubscribe(AgentId),
    /// Ask Finesse; ends in one [`Answered`](super::Signal::Answered).
    Ask {
        /// Names the request.
        request: RequestId,
        /// Which Finesse server.
        node: NodeId,
        /// What.
        question: Question,
        /// Who asks; `None` for what anybody may ask.
        credentials: Option<Credentials>,
        /// When an answer is no longer of use.
        deadline: Instant,
    },
    /// Something the operator wants to know.
    Note(Note),
    /// A message passed.
    Trace(TraceEvent),
}

/// A message to a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Where to.
    pub to: Addressee,
    /// JMSType: `<EventName>#<agent>`.
    pub jms_type: String,
    /// The text.
    pub body: String,
    /// JMSCorrelationID: that of the command it answers directly.
    pub correlation: Option<Text>,
}

/// Who gets a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// A driver, by its topic.
    Driver(Destination),
    /// Whoever sent the command.
    ReplyTo(ReplyTo),
}

/// A login at the notification service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// The agent.
    pub agent: AgentId,
    /// The Finesse server.
    pub node: NodeId,
    /// The agent's password.
    pub password: Secret,
    /// Domain of the JID, SystemInfo's `xmppDomain`.
    pub domain: Text,
    /// The pub-sub service, SystemInfo's `xmppPubSubDomain`.
    pub pubsub_domain: Text,
}

/// Who asks Finesse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The login id.
    pub agent: AgentId,
    /// The password.
    pub password: Secret,
    /// Whether the password is a bearer token of single sign-on.
    pub is_token: bool,
}

/// What Finesse can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether it serves.
    SystemInfo,
    /// The agent as it is.
    User(AgentId),
    /// The agent's calls.
    Calls(AgentId),
    /// The reasons for not being ready, for signing out, or for wrap-up.
    Reasons(AgentId, ReasonCategory),
    /// A team and its members.
    Team(TeamId),
    /// The agent's queues.
    Queues(AgentId),
    /// The agent's phone books.
    Phonebooks(AgentId),
    /// A team's phone books.
    TeamPhonebooks(TeamId),
    /// Sign the agent in.
    SignIn {
        /// The agent.
        agent: AgentId,
        /// The agent's line.
        extension: Extension,
        /// How a mobile agent is reached.
        mobile: Option<Mobile>,
    },
    /// Sign the agent out.
    SignOut {
        /// The agent.
        agent: AgentId,
        /// Finesse's id of the reason.
        reason: Option<Text>,
    },
    /// Change the agent's state.
    ChangeState {
        /// The agent.
        agent: AgentId,
        /// The state wanted.
        state: AgentState,
        /// Finesse's id of the reason.
        reason: Option<Text>,
    },
    /// Place a call.
    MakeCall {
        /// The agent.
        agent: AgentId,
        /// The agent's line.
        from: Extension,
        /// The number to dial.
        to: Text,
    },
    /// Do something to a call.
    Act {
        /// The call.
        dialog: DialogId,
        /// What.
        action: CallAction,
        /// The agent's line; for `PARTICIPANT_DROP` the line to drop.
        extension: Extension,
    },
    /// Do something to a call that brings another number in.
    ActTowards {
        /// The call.
        dialog: DialogId,
        /// What: consult or transfer.
        action: CallAction,
        /// The agent's line.
        extension: Extension,
        /// The number to dial.
        to: Text,
    },
    /// Send digits into a call.
    SendDigits {
        /// The call.
        dialog: DialogId,
        /// The agent's line.
        extension: Extension,
        /// The digits.
        digits: Text,
    },
    /// Change what is kept with a call.
    UpdateData {
        /// The call.
        dialog: DialogId,
        /// The label of the wrap-up reason.
        wrap_up: Option<Text>,
        /// Call variables: names and values.
        variables: Vec<(Text, Text)>,
    },
    /// Listen to an agent.
    Monitor {
        /// The supervisor.
        agent: AgentId,
        /// The supervisor's line.
        from: Extension,
        /// The agent's line.
        to: Extension,
    },
    /// Join a call that is listened to.
    BargeIn {
        /// The supervisor.
        agent: AgentId,
        /// The supervisor's line.
        from: Extension,
        /// The agent's line.
        to: Extension,
        /// The monitored call.
        dialog: DialogId,
    },
}

/// How a mobile agent is reached (UCCE).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mobile {
    /// The telephone's number.
    pub dial_number: Text,
    /// Whether it is dialled for each call.
    pub mode: MobileMode,
}

/// Where the time of a command went, from being taken off the queue to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Spent {
    /// All of it.
    pub total: Duration,
    /// Until its request was sent to Finesse: its turn, the password, reason codes. `None`: there was no
    /// request of its own.
    pub waited: Option<Duration>,
    /// From the request to its answer by REST; `None`: there was none.
    pub rest: Option<Duration>,
    /// From that answer to the notification, or the read, that showed the effect; `None`: there was nothing to
    /// wait for.
    pub event: Option<Duration>,
}

/// What the operator wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A Finesse server serves, or no longer does.
    ServiceChanged {
        /// Which.
        node: NodeId,
        /// Whether it serves.
        in_service: bool,
        /// What it says about it.
        why: Text,
    },
    /// An agent's events go to another destination than before.
    AgentConnected {
        /// The agent.
        agent: AgentId,
        /// Where its events go.
        destination: Destination,
    },
    /// An agent is signed in and its driver told so.
    AgentSignedIn {
        /// The agent.
        agent: AgentId,
        /// The agent's line.
        extension: Extension,
    },
    /// An agent is signed out.
    AgentSignedOut(AgentId),
    /// A driver was silent for too long.
    DriverLost {
        /// Where it listened.
        destination: Destination,
        /// How many of its agents are signed in.
        agents: usize,
    },
    /// An agent's notifications have stopped; what is known of it is stale.
    AgentStale {
        /// The agent.
        agent: AgentId,
        /// Why.
        why: Text,
    },
    /// A command has ended as its row of the contract says.
    CommandDone {
        /// The agent.
        agent: AgentId,
        /// The verb.
        verb: Text,
        /// Where its time went.
        spent: Spent,
    },
    /// A command was answered by an error.
    CommandFailed {
        /// The agent.
        agent: AgentId,
        /// The verb.
        verb: Text,
        /// The code.
        code: ErrorCode,
        /// The cause, in more words than the driver may see; no secret.
        cause: Text,
        /// Where its time went.
        spent: Spent,
    },
    /// A message of the command queue was dropped.
    CommandDropped {
        /// Why.
        why: Text,
    },
    /// Another connector has taken over: all agents were given up.
    Displaced,
    /// Nothing is left to do after [`ShuttingDown`](super::Signal::ShuttingDown).
    Drained,
}
