//! The legal moves of agents, calls and parties, as tables.
//!
//! Source: Finesse Developer Guide, "User - Change agent state" and "State (dialog, participant)
//! parameter values". Moves with "request" are asked for, the others are made by the system.

use super::states::{AgentState, DialogState, ParticipantState};
use crate::transitions;

/// The two products behind the same interface; they differ in what an agent may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Platform {
    /// Stand-alone Finesse with Unified Contact Center Enterprise.
    #[default]
    Ucce,
    /// Finesse on Unified Contact Center Express.
    Uccx,
}

impl Platform {
    /// Reads SystemInfo's `deploymentType`.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        match word.trim() {
            word if word.eq_ignore_ascii_case("UCCE") => Some(Self::Ucce),
            word if word.eq_ignore_ascii_case("UCCX") => Some(Self::Uccx),
            _ => None,
        }
    }

    /// The wire word.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::Ucce => "UCCE",
            Self::Uccx => "UCCX",
        }
    }

    /// Whether the documents know this move of an agent. From and to [`AgentState::Unknown`] and
    /// words that are not known here, every move is.
    #[must_use]
    pub fn allows(self, from: &AgentState, to: &AgentState) -> bool {
        let is_open =
            |state: &AgentState| matches!(state, AgentState::Unknown | AgentState::Other(_));
        let table = match self {
            Self::Ucce => &AGENT_UCCE,
            Self::Uccx => &AGENT_UCCX,
        };
        is_open(from) || is_open(to) || table.allows(from, to)
    }
}

impl DialogState {
    /// Whether the documents know this move of a call. From and to words that are not known here,
    /// every move is.
    #[must_use]
    pub fn may_become(&self, to: &Self) -> bool {
        matches!((self, to), (Self::Other(_), _) | (_, Self::Other(_))) || DIALOG.allows(self, to)
    }
}

impl ParticipantState {
    /// Whether the documents know this move of a party. From and to words that are not known here,
    /// every move is.
    #[must_use]
    pub fn may_become(&self, to: &Self) -> bool {
        matches!((self, to), (Self::Other(_), _) | (_, Self::Other(_)))
            || PARTICIPANT.allows(self, to)
    }
}

transitions! {
    /// How an agent moves on UCCE.
    pub AGENT_UCCE: AgentState {
        Logout => NotReady by "sign-in request";
        NotReady => Logout by "sign-out request";
        NotReady => Ready by "request";
        NotReady => Talking by "places a call";
        Ready => NotReady by "request, or call not answered";
        Ready => Reserved by "call offered";
        Ready => ReservedOutbound by "campaign reserves";
        Ready => ReservedOutboundPreview by "campaign offers a preview";
        Reserved => Talking by "answered";
        Reserved => Ready by "never took the call";
        Reserved => NotReady by "call not answered";
        ReservedOutbound => Ready by "request";
        ReservedOutbound => NotReady by "request";
        ReservedOutbound => Talking by "campaign call arrives";
        ReservedOutboundPreview => Talking by "campaign call arrives";
        ReservedOutboundPreview => Ready by "preview ends";
        ReservedOutboundPreview => NotReady by "pending request, preview ends";
        Talking => Ready by "call dropped";
        Talking => NotReady by "call dropped, not ready pending";
        Talking => Work by "call dropped, wrap-up";
        Talking => WorkReady by "call dropped, wrap-up";
        Talking => Hold by "hold";
        Hold => Talking by "retrieve";
        Hold => Ready by "held call dropped";
        Hold => NotReady by "held call dropped";
        Hold => Work by "held call dropped, wrap-up";
        Hold => WorkReady by "held call dropped, wrap-up";
        Work => Ready by "request";
        Work => NotReady by "request, or wrap-up time over";
        WorkReady => Ready by "request, or wrap-up time over";
        WorkReady => NotReady by "request";
    }
}

transitions! {
    /// How an agent moves on UCCX: no hold, no work-ready, sign-out also from ready.
    pub AGENT_UCCX: AgentState {
        Logout => NotReady by "sign-in request";
        NotReady => Logout by "sign-out request";
        NotReady => Ready by "request";
        NotReady => Talking by "supervisor barges in";
        Ready => NotReady by "request, or call not answered";
        Ready => Logout by "sign-out request";
        Ready => Reserved by "call offered";
        Ready => ReservedOutboundPreview by "campaign offers a preview";
        Reserved => Talking by "answered";
        Reserved => Ready by "never took the call";
        Reserved => NotReady by "call not answered";
        ReservedOutboundPreview => Talking by "campaign call arrives";
        ReservedOutboundPreview => Ready by "preview ends";
        ReservedOutboundPreview => NotReady by "pending request, preview ends";
        Talking => Ready by "call dropped";
        Talking => NotReady by "call dropped, not ready pending";
        Talking => Work by "call dropped, wrap-up";
        Work => Ready by "request, or wrap-up time over";
        Work => NotReady by "request, or wrap-up time over";
    }
}

transitions! {
    /// How a call moves.
    pub DIALOG: DialogState {
        Initiating => Initiated by "digits dialled";
        Initiating => Alerting by "rings";
        Initiating => Active by "answered";
        Initiating => Failed by "cannot be placed";
        Initiating => Dropped by "hung up";
        Initiated => Alerting by "rings";
        Initiated => Active by "answered";
        Initiated => Failed by "cannot be placed";
        Initiated => Dropped by "hung up";
        Alerting => Active by "answered";
        Alerting => Failed by "not answered";
        Alerting => Dropped by "hung up";
        Alerting => Accepted by "preview accepted";
        Accepted => Initiating by "campaign call begins";
        Accepted => Initiated by "campaign call begins";
        Accepted => Active by "campaign call arrives";
        Accepted => Dropped by "preview ends";
        Active => Dropped by "last party left";
        Failed => Dropped by "hung up";
    }
}

transitions! {
    /// How one party of a call moves.
    pub PARTICIPANT: ParticipantState {
        Initiating => Initiated by "digits dialled";
        Initiating => Active by "other side answers";
        Initiating => Failed by "cannot be placed";
        Initiating => Dropped by "hangs up";
        Initiated => Active by "other side answers";
        Initiated => Failed by "cannot be placed";
        Initiated => Dropped by "hangs up";
        Alerting => Active by "answers";
        Alerting => Accepted by "accepts the preview";
        Alerting => Dropped by "not answered";
        Accepted => Active by "campaign call arrives";
        Accepted => Dropped by "preview ends";
        Active => Held by "hold";
        Active => Dropped by "leaves";
        Active => WrapUp by "leaves, wrap-up";
        Held => Active by "retrieve";
        Held => Dropped by "leaves";
        Held => WrapUp by "leaves, wrap-up";
        Failed => Dropped by "hangs up";
        WrapUp => Dropped by "wrap-up done";
    }
}
