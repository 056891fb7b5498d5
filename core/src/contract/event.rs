//! Events: what the connector tells a driver.

use alloc::vec::Vec;

use super::call::Call;
use super::error_code::ErrorCode;
use super::lists::{Contact, Phonebook, QueueStatistics, ReasonCategory, TeamUser};
use crate::agent::{AgentId, AgentState, CallAction, DialogId, Extension, Team, TeamId, Text};
use crate::machine::UnixMillis;

/// An event with the agent it is addressed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventMessage {
    /// The agent addressed. For `System` it is empty, written as the layout's word for the
    /// connector itself; an agent's id there says that only this agent is meant: `RECONNECT` that
    /// another driver has taken it over.
    pub to: AgentId,
    /// What happened.
    pub event: Event,
}

/// What the connector tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Whether the connector can serve. Wire name `System`; the status takes the name's place.
    System(SystemStatus),
    /// The agent is connected. Wire name `ConnectStatus`.
    ConnectStatus {
        /// `CONNECTED`.
        status: Text,
    },
    /// An agent's state. Wire name `State`.
    State(AgentStatus),
    /// Who the agent is. Wire name `AgentInfo`.
    AgentInfo(AgentInfo),
    /// Whether the agent has calls, after a login. Wire name `DialogStatus`.
    DialogStatus {
        /// How many.
        calls: u32,
    },
    /// A call rings. Wire name `NewInboundCall`.
    NewInboundCall(Call),
    /// The agent has placed a call; an option. Wire name `NewOutboundCall`.
    NewOutboundCall(Call),
    /// A call is another one than before. Wire name `InboundCall`.
    InboundCall(Call),
    /// A consult call is another one than before. Wire name `ConsultCall`.
    ConsultCall(Call),
    /// The answer to `GetDialogState`. Wire name `DialogState`.
    DialogState(Call),
    /// The answer to `GetDialogControls`. Wire name `DialogControls`.
    DialogControls {
        /// The call.
        dialog: DialogId,
        /// What the agent may do to it.
        actions: Vec<CallAction>,
    },
    /// Reasons to choose from. Wire name `ReasonCodes`.
    ReasonCodes {
        /// What they are for.
        category: ReasonCategory,
        /// Code and label.
        reasons: Vec<(Text, Text)>,
    },
    /// The members of a team. Wire name `TeamUsersList`.
    TeamUsersList(Vec<TeamUser>),
    /// The agent's queues. Wire name `QueueList`.
    QueueList(Vec<QueueStatistics>),
    /// The agent's phone books. Wire name `Phonebooks`.
    Phonebooks(Vec<Phonebook>),
    /// A team's phone books. Wire name `TeamPhoneBooks`.
    TeamPhonebooks(Vec<Phonebook>),
    /// The contacts of a phone book. Wire name `PhonebookContacts`.
    PhonebookContacts(Vec<Contact>),
    /// A command was not carried out. Wire name `Error`.
    Error(Refused),
    /// A call action was refused. Wire name `Control`.
    Control(Refused),
}

impl Event {
    /// An `Error` event.
    #[must_use]
    pub fn error(code: ErrorCode, text: impl Into<Text>) -> Self {
        Self::Error(Refused {
            code,
            text: text.into(),
        })
    }

    /// A `Control` event.
    #[must_use]
    pub fn control(code: ErrorCode, text: impl Into<Text>) -> Self {
        Self::Control(Refused {
            code,
            text: text.into(),
        })
    }

    /// The event without its content.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::System(_) => EventKind::System,
            Self::ConnectStatus { .. } => EventKind::ConnectStatus,
            Self::State(_) => EventKind::State,
            Self::AgentInfo(_) => EventKind::AgentInfo,
            Self::DialogStatus { .. } => EventKind::DialogStatus,
            Self::NewInboundCall(_) => EventKind::NewInboundCall,
            Self::NewOutboundCall(_) => EventKind::NewOutboundCall,
            Self::InboundCall(_) => EventKind::InboundCall,
            Self::ConsultCall(_) => EventKind::ConsultCall,
            Self::DialogState(_) => EventKind::DialogState,
            Self::DialogControls { .. } => EventKind::DialogControls,
            Self::ReasonCodes { .. } => EventKind::ReasonCodes,
            Self::TeamUsersList(_) => EventKind::TeamUsersList,
            Self::QueueList(_) => EventKind::QueueList,
            Self::Phonebooks(_) => EventKind::Phonebooks,
            Self::TeamPhonebooks(_) => EventKind::TeamPhonebooks,
            Self::PhonebookContacts(_) => EventKind::PhonebookContacts,
            Self::Error(_) => EventKind::Error,
            Self::Control(_) => EventKind::Control,
        }
    }
}

/// Declares [`EventKind`] with the list of all kinds.
macro_rules! kinds {
    ($($name:ident,)*) => {
        /// What an event is about, without its content.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum EventKind {
            $(#[doc = concat!("See [`Event::", stringify!($name), "`].")] $name,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

kinds! {
    System,
    ConnectStatus,
    State,
    AgentInfo,
    DialogStatus,
    NewInboundCall,
    NewOutboundCall,
    InboundCall,
    ConsultCall,
    DialogState,
    DialogControls,
    ReasonCodes,
    TeamUsersList,
    QueueList,
    Phonebooks,
    TeamPhonebooks,
    PhonebookContacts,
    Error,
    Control,
}

/// Whether the connector can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemStatus {
    /// The connector and Finesse are there. Wire word `IN_SERVICE`.
    InService,
    /// The connector is there, Finesse is not. Wire word `OUT_OF_SERVICE`.
    OutOfService,
    /// Connect your agents again. Wire word `RECONNECT`.
    Reconnect,
}

/// The content of `State`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AgentStatus {
    /// State.
    pub state: AgentState,
    /// Reason code; empty for none.
    pub reason_code: Text,
    /// Reason label; empty for none.
    pub reason_label: Text,
    /// What follows the present call.
    pub pending_state: Option<AgentState>,
    /// Time of the last change of state; events carry whole seconds.
    pub state_changed: Option<UnixMillis>,
    /// First and last name.
    pub full_name: Text,
    /// Whose state it is; another than the addressed agent for a supervisor.
    pub agent: AgentId,
    /// Line; `None` while signed out.
    pub extension: Option<Extension>,
}

/// The content of `AgentInfo`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AgentInfo {
    /// First name.
    pub first_name: Text,
    /// Last name.
    pub last_name: Text,
    /// Whether the agent is a supervisor.
    pub is_supervisor: bool,
    /// Finesse's word for wrap-up after incoming calls.
    pub wrap_up_mode: Text,
    /// The teams: those supervised, else the own one.
    pub teams: Vec<Team>,
    /// The agent's own team.
    pub team: Option<TeamId>,
    /// First and last name.
    pub full_name: Text,
}

/// The content of `Error` and `Control`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub code: ErrorCode,
    /// Why, for the user.
    pub text: Text,
}
