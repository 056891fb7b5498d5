//! What a simulator can be asked for, and what it says.

use core::time::Duration;

use finewire_core::agent::{AgentId, AgentState, Dialog, DialogId, TeamId, Text, User};
use finewire_core::machine::{Address, CloseReason, CommandId};
use finewire_core::password::Secret;

use crate::config::{Node, Service};
use crate::knobs::Knobs;
use crate::scenario::{Scenario, Step};

/// What the [`Simulator`](crate::Simulator) can be asked for: to play the telephone network, the
/// administrator, or bad luck.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Brings a call in. Ends as done after [`Event::CallPlaced`], or as refused with the reason.
    PlaceCall {
        /// A queue's number (the call waits for an agent), a login id (a routed call; the agent
        /// must be ready) or an extension (a direct call).
        to: Text,
        /// The caller's number.
        from: Text,
    },
    /// Reserves a ready agent for a customer of an outbound campaign (UCCE). Ends as
    /// [`Command::PlaceCall`] does.
    OfferPreview {
        /// The agent.
        agent: AgentId,
        /// The customer's number.
        customer: Text,
    },
    /// Puts an agent into a queue, or takes the agent out.
    AssignQueue {
        /// The queue's id.
        queue: Text,
        /// The agent.
        agent: AgentId,
        /// In, or out.
        assigned: bool,
    },
    /// Ends a call as its outside party would.
    EndCall {
        /// Which.
        dialog: DialogId,
    },
    /// Takes the service of both nodes out or back in: `OUT_OF_SERVICE` in SystemInfo, 503 to everything else.
    SetInService(bool),
    /// Takes one node out or back in; its streams stay.
    SetNodeInService {
        /// Which.
        node: Node,
        /// In, or out.
        on: bool,
    },
    /// Lets a node die, with all its links, or come back.
    SetNodeUp {
        /// Which.
        node: Node,
        /// Whether it is there.
        up: bool,
    },
    /// Cuts all XMPP streams of an agent, without a word.
    DropXmpp {
        /// Whose.
        agent: AgentId,
    },
    /// Gives an agent an access token of single sign-on, as the identity provider would.
    GrantToken {
        /// Whose.
        agent: AgentId,
        /// The token.
        token: Secret,
        /// How long it is good.
        life: Duration,
    },
    /// Makes all tokens of an agent worthless.
    ExpireTokens {
        /// Whose.
        agent: AgentId,
    },
    /// Plays a scenario from now on. Ends as done at once; each step is told by
    /// [`Event::Stepped`].
    Play(Scenario),
    /// Misbehave like this from now on.
    SetKnobs(Box<Knobs>),
}

/// What the [`Simulator`](crate::Simulator) says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It listens.
    Listening {
        /// Whose.
        node: Node,
        /// For what.
        service: Service,
        /// Where, with the real port.
        address: Address,
    },
    /// It cannot listen, or listening ended.
    ListenFailed {
        /// Whose.
        node: Node,
        /// For what.
        service: Service,
        /// Where it was to listen.
        address: Address,
        /// Why not.
        reason: CloseReason,
    },
    /// A step of a scenario was made.
    Stepped {
        /// Which.
        step: Step,
        /// Why it was not possible.
        refused: Option<Text>,
    },
    /// A REST request was answered.
    RequestServed {
        /// Who asked, if the credentials were right.
        agent: Option<AgentId>,
        /// Method and path.
        line: Text,
        /// What was asked for (`LOGIN`, `ANSWER`, `User`, …), where it could be read.
        verb: Option<Text>,
        /// The status of the answer.
        status: u16,
    },
    /// A call came in by [`Command::PlaceCall`] or the door.
    CallPlaced {
        /// The command; `None` for the door.
        command: Option<CommandId>,
        /// The new call.
        dialog: DialogId,
        /// The agent or extension.
        to: Text,
        /// The caller.
        from: Text,
    },
    /// An agent's state, reason or line changed.
    AgentChanged {
        /// Who.
        agent: AgentId,
        /// The state now.
        state: AgentState,
    },
    /// A call is new, changed or over.
    CallChanged {
        /// Which.
        dialog: DialogId,
    },
    /// An agent signs in at a node while present at the other one, which Finesse does not
    /// support.
    SignedInTwice {
        /// Who.
        agent: AgentId,
    },
    /// An agent's XMPP stream is there.
    Connected {
        /// Who.
        agent: AgentId,
        /// The resource.
        resource: Text,
    },
    /// An agent's XMPP stream is gone.
    Disconnected {
        /// Who.
        agent: AgentId,
        /// The resource.
        resource: Text,
    },
    /// A notification went out.
    Notified {
        /// The address: bare for implicit subscriptions, full for explicit ones.
        to: Text,
        /// The node.
        node: Text,
    },
}

/// How things really are, whatever was said to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Whether the service is in.
    pub in_service: bool,
    /// Every agent, by login id.
    pub agents: Vec<User>,
    /// Every call, by id.
    pub calls: Vec<Dialog>,
    /// The XMPP streams that are bound: full addresses.
    pub streams: Vec<Text>,
    /// The team messages that are shown: id, teams, content.
    pub messages: Vec<(Text, Vec<TeamId>, Text)>,
    /// The explicit subscriptions: node and address.
    pub subscriptions: Vec<(Text, Text)>,
}
