//! A call as events tell it.

use alloc::vec::Vec;

use crate::agent::{DialogId, ParticipantState, Text, open_words};
use crate::machine::UnixMillis;

open_words! {
    /// The state of a call as drivers see it.
    pub enum CallState {
        /// Off hook.
        Initiating = "INITIATING",
        /// Dialling.
        Initiated = "INITIATED",
        /// Rings.
        Alerting = "ALERTING",
        /// In conversation.
        Active = "ACTIVE",
        /// On hold at the agent.
        Held = "HELD",
        /// A preview was accepted.
        Accepted = "ACCEPTED",
        /// Could not be placed.
        Failed = "FAILED",
        /// Over for the agent.
        Dropped = "DROPPED",
        /// There is no such call.
        NotFound = "NotFound",
    }
}

/// A call in `NewInboundCall`, `NewOutboundCall`, `InboundCall`, `ConsultCall` and `DialogState`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// State of the call. `NewInboundCall` and `NewOutboundCall` do not carry it: it is always
    /// alerting, or initiating.
    pub state: CallState,
    /// The call.
    pub dialog: DialogId,
    /// Who called; in `ConsultCall` and `NewOutboundCall` the number called; the error text when it
    /// failed.
    pub address: Text,
    /// `ani` and `associatedDialogId` first, then call variables: name and value.
    pub variables: Vec<(Text, Text)>,
    /// When the call began; events carry whole seconds.
    pub started: Option<UnixMillis>,
    /// Finesse's word, `SM` for silent monitor, `CONSULT_IN` for a consulted party.
    pub call_type: Text,
    /// The parties. `NewInboundCall` and `NewOutboundCall` do not carry them.
    pub participants: Vec<CallParticipant>,
}

impl Call {
    /// The answer for a call that does not exist.
    #[must_use]
    pub fn not_found(dialog: DialogId) -> Self {
        Self {
            state: CallState::NotFound,
            dialog,
            address: Text::default(),
            variables: Vec::new(),
            started: None,
            call_type: Text::default(),
            participants: Vec::new(),
        }
    }

    /// The value of a variable; names compare case-insensitively.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Text> {
        let mut variables = self.variables.iter();
        variables
            .find(|(known, _)| known.as_str().eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// One party of a call in an event.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CallParticipant {
    /// Extension or number.
    pub address: Text,
    /// State of the party.
    pub state: ParticipantState,
    /// `AGENT_DEVICE`, or empty for customers.
    pub device: Text,
    /// A word for the party's role; Seen: always empty.
    pub role: Text,
    /// When the party came; older builds do not send it.
    pub started: Option<UnixMillis>,
}
