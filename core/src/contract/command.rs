//! Commands: what a driver asks of the connector.

use alloc::vec::Vec;
use core::fmt;

use super::destination::Destination;
use crate::agent::{AgentId, DialogId, Extension, TeamId, Text};
use crate::password::Secret;

/// A command with whom it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandMessage {
    /// Whom it is about.
    pub subject: Subject,
    /// What is asked.
    pub command: Command,
}

impl CommandMessage {
    /// A command about an agent.
    #[must_use]
    pub fn of_agent(agent: AgentId, command: Command) -> Self {
        Self {
            subject: Subject::Agent(agent),
            command,
        }
    }

    /// A driver's first message.
    #[must_use]
    pub fn hello(destination: Destination) -> Self {
        Self {
            subject: Subject::Destination(destination),
            command: Command::Hello,
        }
    }

    /// A driver's heartbeat.
    #[must_use]
    pub fn beat(destination: Destination) -> Self {
        Self {
            subject: Subject::Destination(destination),
            command: Command::Beat,
        }
    }

    /// The agent it is about; `None` for `Hello` and `Beat`.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentId> {
        match &self.subject {
            Subject::Agent(agent) => Some(agent),
            Subject::Destination(_) => None,
        }
    }
}

/// Whom a command is about: the part of the JMS type behind the `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An agent.
    Agent(AgentId),
    /// A driver, by the topic it listens on (`Hello`, `Beat`).
    Destination(Destination),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(agent) => agent.fmt(f),
            Self::Destination(destination) => destination.fmt(f),
        }
    }
}

/// How a mobile agent is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MobileMode {
    /// Finesse `CALL_BY_CALL`: every call is dialled.
    CallByCall,
    /// Finesse `NAILED_CONNECTION`: the line stays up.
    Nailed,
}

/// Declares [`Verb`] and [`Command`] together: a verb is a command without its parameters.
macro_rules! commands {
    ($($(#[$meta:meta])* $name:ident $({ $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* })?;)*) => {
        /// What is asked, without parameters.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Verb {
            $($(#[$meta])* $name,)*
        }

        impl Verb {
            /// Every verb.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }

        /// What is asked, with its parameters.
        ///
        /// Passwords are as they travel: see [`PasswordCodec`](crate::password::PasswordCodec).
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Command {
            $($(#[$meta])* $name $({ $($(#[$field_meta])* $field: $kind,)* })?,)*
        }

        impl Command {
            /// The command without its parameters.
            #[must_use]
            pub const fn verb(&self) -> Verb {
                match self {
                    $(Self::$name { .. } => Verb::$name,)*
                }
            }
        }
    };
}

commands! {
    /// Is the connector there? A driver's first message, then its heartbeat while no agent is
    /// connected.
    Hello;
    /// Heartbeat while agents are connected.
    Beat;
    /// Binds the agent to the driver's destination.
    Connect {
        /// Topic for the agent's events.
        destination: Destination,
        /// The password as it travels; without it the subscription waits for the login.
        password: Option<Secret>,
        /// Whether the password is a bearer token.
        sso: bool,
    };
    /// Signs the agent in.
    Login {
        /// The password as it travels.
        password: Secret,
        /// The agent's line.
        extension: Extension,
    };
    /// Signs a mobile agent in (UCCE).
    MobileAgentLogin {
        /// The password as it travels.
        password: Secret,
        /// The agent's line.
        extension: Extension,
        /// Where the agent is reached.
        dial_number: Text,
        /// How the agent is reached.
        mode: MobileMode,
    };
    /// Signs the agent out.
    Logout;
    /// Signs the agent out and says why.
    LogoutWithReason {
        /// The reason's code (not Finesse's id).
        code: Text,
    };
    /// Signs the agent out whatever the state.
    ForceLogout;
    /// The driver lost the agent's client.
    AgentAbruptDisconnect;
    /// Takes calls.
    MakeReady;
    /// Takes no calls.
    MakeNotReady;
    /// Takes no calls and says why.
    MakeNotReadyWithReason {
        /// The reason's code (not Finesse's id).
        code: Text,
    };
    /// Wrap-up work, ready afterwards.
    MakeWorkReady;
    /// Wrap-up work, not ready afterwards.
    MakeWorkNotReady;
    /// Asks for the agent's state.
    GetState;
    /// Places a call.
    MakeCall {
        /// The number to dial.
        number: Text,
    };
    /// Answers a call.
    AnswerCall {
        /// The call.
        dialog: DialogId,
    };
    /// Puts a call on hold.
    HoldCall {
        /// The call.
        dialog: DialogId,
    };
    /// Takes a call from hold.
    RetrieveCall {
        /// The call.
        dialog: DialogId,
    };
    /// Leaves a call.
    ReleaseCall {
        /// The call.
        dialog: DialogId,
    };
    /// Transfers in a single step.
    TransferSst {
        /// The number to transfer to.
        number: Text,
        /// The call.
        dialog: DialogId,
    };
    /// Calls a third party beside a call.
    ConsultCall {
        /// The number to consult.
        number: Text,
        /// The main call.
        dialog: DialogId,
    };
    /// Completes a consult as a transfer.
    TransferCall {
        /// The second agent's line.
        extension: Extension,
        /// The main call.
        dialog: DialogId,
    };
    /// Completes a consult as a conference.
    ConferenceCall {
        /// The second agent's line.
        extension: Extension,
        /// The main call.
        dialog: DialogId,
    };
    /// Sends digits into a call.
    SendDtmf {
        /// The digits.
        digits: Text,
        /// The call.
        dialog: DialogId,
    };
    /// Changes call variables.
    UpdateCallData {
        /// The call.
        dialog: DialogId,
        /// Names and values.
        variables: Vec<(Text, Text)>,
    };
    /// Sets the wrap-up reason of a call.
    UpdateWrapup {
        /// The call.
        dialog: DialogId,
        /// The reason's label.
        label: Text,
    };
    /// Asks for a call's state.
    GetDialogState {
        /// The call.
        dialog: DialogId,
    };
    /// Asks what the agent may do to a call.
    GetDialogControls {
        /// The call.
        dialog: DialogId,
    };
    /// Takes a previewed campaign call.
    AcceptCall {
        /// The call.
        dialog: DialogId,
    };
    /// Leaves a previewed campaign call to others.
    RejectCall {
        /// The call.
        dialog: DialogId,
    };
    /// Ends a previewed campaign call for good.
    CloseCall {
        /// The call.
        dialog: DialogId,
    };
    /// Records a call (UCCX).
    StartRecording {
        /// The call.
        dialog: DialogId,
    };
    /// Asks for the wrap-up reasons.
    WrapUpReasonCodes;
    /// Asks for the reasons to sign out.
    LogoutReasonCodes;
    /// Asks for the reasons not to be ready.
    NotReadyReasonCodes;
    /// Asks for the agent's queues (UCCE).
    GetQueueList;
    /// Asks for the members of a team (supervisor).
    GetTeamUsers {
        /// The team.
        team: TeamId,
        /// Whether the members' states follow as they change.
        follow: bool,
    };
    /// Listens to an agent (supervisor).
    SilentMonitor {
        /// The agent's line.
        extension: Extension,
    };
    /// Stops listening (supervisor).
    EndSilentMonitor {
        /// The monitoring call.
        dialog: DialogId,
    };
    /// Joins a monitored call (supervisor).
    BargeIn {
        /// The agent's line.
        extension: Extension,
        /// The monitored call.
        dialog: DialogId,
    };
    /// Drops a party of a call (supervisor).
    DropParticipant {
        /// The line to drop.
        extension: Extension,
        /// The call.
        dialog: DialogId,
    };
    /// Asks for the agent's phone books.
    GetPhonebooks;
    /// Asks for a team's phone books.
    GetTeamPhonebooks {
        /// The team.
        team: TeamId,
    };
    /// Asks for the contacts of a phone book.
    GetPhonebookContacts {
        /// The book.
        book: Text,
    };
}

impl Command {
    /// The call it is about.
    #[must_use]
    pub const fn dialog(&self) -> Option<&DialogId> {
        match self {
            Self::AnswerCall { dialog }
            | Self::HoldCall { dialog }
            | Self::RetrieveCall { dialog }
            | Self::ReleaseCall { dialog }
            | Self::TransferSst { dialog, .. }
            | Self::ConsultCall { dialog, .. }
            | Self::TransferCall { dialog, .. }
            | Self::ConferenceCall { dialog, .. }
            | Self::SendDtmf { dialog, .. }
            | Self::UpdateCallData { dialog, .. }
            | Self::UpdateWrapup { dialog, .. }
            | Self::GetDialogState { dialog }
            | Self::GetDialogControls { dialog }
            | Self::AcceptCall { dialog }
            | Self::RejectCall { dialog }
            | Self::CloseCall { dialog }
            | Self::StartRecording { dialog }
            | Self::EndSilentMonitor { dialog }
            | Self::BargeIn { dialog, .. }
            | Self::DropParticipant { dialog, .. } => Some(dialog),
            _ => None,
        }
    }
}
