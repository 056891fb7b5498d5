//! Requests: what a client asks for, to and from HTTP.

mod read;
mod write;

use finewire_core::agent::{AgentId, AgentState, CallAction, DialogId, Extension, TeamId, Text};

use crate::object::{ContactRange, ReasonCategory};
use crate::resource::Resource;

pub use read::Rejection;
pub(crate) use read::pairs;

/// A request to Finesse. Finesse Developer Guide, "Cisco Finesse Desktop APIs".
///
/// Reads are answered with the object; everything else is answered with "accepted" and takes
/// effect, or fails, by a notification. The new dialog's id after [`Request::MakeCall`] comes only
/// by a notification too.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// `GET /SystemInfo`; needs no credentials.
    SystemInfo,
    /// `GET /User/{id}`; on UCCE the login name instead of the id finds the id.
    User {
        /// Login id, or login name.
        agent: AgentId,
    },
    /// `GET /User/{id}/Dialogs`: the agent's calls.
    Dialogs {
        /// Whose.
        agent: AgentId,
    },
    /// `GET /Dialog/{id}`
    Dialog {
        /// Which call.
        dialog: DialogId,
    },
    /// `GET /Team/{id}`; for its supervisor.
    Team {
        /// Which team.
        team: TeamId,
    },
    /// `GET /User/{id}/ReasonCodes?category=…`
    ReasonCodes {
        /// For whom.
        agent: AgentId,
        /// Of which kind.
        category: ReasonCategory,
    },
    /// `GET /User/{id}/WrapUpReasons`
    WrapUpReasons {
        /// For whom.
        agent: AgentId,
    },
    /// `GET /User/{id}/ReasonCode/{id}`
    ReasonCode {
        /// For whom.
        agent: AgentId,
        /// The reason's **id**.
        reason: Text,
    },
    /// `GET /User/{id}/WrapUpReason/{id}`
    WrapUpReason {
        /// For whom.
        agent: AgentId,
        /// The reason's id.
        reason: Text,
    },
    /// `GET /Users`; for the administrator.
    Users,
    /// `GET /User/{id}/PhoneBooks`
    PhoneBooks {
        /// For whom.
        agent: AgentId,
        /// Which contacts; `None`: the first 1500.
        range: Option<ContactRange>,
    },
    /// `GET /TeamResource/{id}/ReasonCodes?category=…` (from 12.5 on)
    TeamReasonCodes {
        /// For which team.
        team: TeamId,
        /// Of which kind.
        category: ReasonCategory,
    },
    /// `GET /TeamResource/{id}/WrapUpReasons` (from 12.5 on)
    TeamWrapUpReasons {
        /// For which team.
        team: TeamId,
    },
    /// `GET /TeamResource/{id}/PhoneBooks` (from 12.5 on)
    TeamPhoneBooks {
        /// For which team.
        team: TeamId,
        /// Which contacts; `None`: the first 1500.
        range: Option<ContactRange>,
    },
    /// `GET /User/{id}/Queues`: the agent's queues, or those of the supervised teams.
    Queues {
        /// Whose.
        agent: AgentId,
    },
    /// `GET /Queue/{id}`
    Queue {
        /// Which queue.
        queue: Text,
    },
    /// `POST /User/{id}/ClientLog`; nothing comes of it.
    ClientLog {
        /// Whose client.
        agent: AgentId,
        /// `logData`
        text: Text,
    },
    /// `POST /TeamMessage`; for supervisors.
    SendTeamMessage {
        /// To which teams.
        teams: Vec<TeamId>,
        /// The text; Finesse takes 255 characters.
        content: Text,
        /// How long it is shown, in seconds.
        seconds: u32,
    },
    /// `GET /Team/{id}/TeamMessages`: those that are shown now. Seen; for members and supervisors.
    TeamMessages {
        /// Whose.
        team: TeamId,
    },
    /// `DELETE /TeamMessage/{id}`; for who sent it.
    DeleteTeamMessage {
        /// Which.
        message: Text,
    },
    /// `POST /User/{id}/Dialogs` with `SILENT_MONITOR`: a supervisor listens to an agent.
    SilentMonitor {
        /// The supervisor.
        agent: AgentId,
        /// The supervisor's own extension.
        from: Extension,
        /// The agent's extension.
        to: Text,
    },
    /// `POST /User/{id}/Dialogs` with `BARGE_CALL`: a supervisor who listens joins the call.
    Barge {
        /// The supervisor.
        agent: AgentId,
        /// The supervisor's own extension.
        from: Extension,
        /// The agent's extension.
        to: Text,
        /// `associatedDialogUri`: the call that is listened to.
        dialog: DialogId,
    },
    /// `PUT /User/{id}` with state `LOGIN`. Also accepted for a signed-in agent, whose state it
    /// keeps; then no notification may come at all.
    SignIn {
        /// Who.
        agent: AgentId,
        /// On which line.
        extension: Extension,
        /// How a mobile agent is reached (UCCE).
        mobile: Option<MobileAgent>,
    },
    /// `PUT /User/{id}` with state `LOGOUT`.
    SignOut {
        /// Who.
        agent: AgentId,
        /// The reason's **id**, not its code.
        reason_id: Option<Text>,
    },
    /// `PUT /User/{id}` with another state.
    ChangeState {
        /// Who.
        agent: AgentId,
        /// The state wanted; Finesse takes `READY`, `NOT_READY`, `WORK`, `WORK_READY`.
        state: AgentState,
        /// The reason's **id**, not its code; for `NOT_READY`.
        reason_id: Option<Text>,
    },
    /// `POST /User/{id}/Dialogs` with `MAKE_CALL`.
    MakeCall {
        /// Who calls.
        agent: AgentId,
        /// The caller's own extension.
        from: Extension,
        /// The number to dial, as it is.
        to: Text,
        /// Call variables (UCCE only): name and value.
        variables: Vec<(Text, Text)>,
    },
    /// `PUT /Dialog/{id}` with a `requestedAction`.
    Act {
        /// The call. For `TRANSFER` and `CONFERENCE` the original, held one.
        dialog: DialogId,
        /// What to do.
        action: CallAction,
        /// `targetMediaAddress`: the own extension; for `PARTICIPANT_DROP` the one to be dropped.
        address: Extension,
        /// `toAddress`, for `CONSULT_CALL` and `TRANSFER_SST`.
        to: Option<Text>,
        /// `actionParams`, e.g. `dtmfString` for `SEND_DTMF`: name and value.
        params: Vec<(Text, Text)>,
    },
    /// `PUT /Dialog/{id}` with `UPDATE_CALL_DATA`.
    UpdateCallData {
        /// The call.
        dialog: DialogId,
        /// The wrap-up reason's label.
        wrap_up_reason: Option<Text>,
        /// Call variables: name and value.
        variables: Vec<(Text, Text)>,
    },
}

/// How a mobile agent is reached. Finesse Developer Guide, "User - Sign in as a mobile agent".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MobileAgent {
    /// `mode`.
    pub mode: MobileMode,
    /// `dialNumber`: the telephone's number.
    pub dial_number: Text,
}

/// `mobileAgent/mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MobileMode {
    /// `CALL_BY_CALL`: dialled for each call.
    CallByCall,
    /// `NAILED_CONNECTION`: dialled once.
    NailedConnection,
}

impl MobileMode {
    /// The wire word.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::CallByCall => "CALL_BY_CALL",
            Self::NailedConnection => "NAILED_CONNECTION",
        }
    }

    /// Reads a wire word.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        [Self::CallByCall, Self::NailedConnection]
            .into_iter()
            .find(|mode| mode.as_wire() == word)
    }
}

impl Request {
    /// A plain action on a call: `ANSWER`, `HOLD`, `RETRIEVE`, `DROP`, `TRANSFER`, `CONFERENCE`.
    #[must_use]
    pub const fn act(dialog: DialogId, action: CallAction, address: Extension) -> Self {
        Self::Act {
            dialog,
            action,
            address,
            to: None,
            params: Vec::new(),
        }
    }

    /// Whether it only reads: then the answer is the object and no notification follows.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        match self {
            Self::SystemInfo
            | Self::User { .. }
            | Self::Dialogs { .. }
            | Self::Dialog { .. }
            | Self::Team { .. }
            | Self::ReasonCodes { .. }
            | Self::WrapUpReasons { .. }
            | Self::Users
            | Self::PhoneBooks { .. }
            | Self::TeamReasonCodes { .. }
            | Self::TeamWrapUpReasons { .. }
            | Self::TeamPhoneBooks { .. }
            | Self::Queues { .. }
            | Self::TeamMessages { .. }
            | Self::ReasonCode { .. }
            | Self::WrapUpReason { .. }
            | Self::Queue { .. } => true,
            Self::SignIn { .. }
            | Self::SignOut { .. }
            | Self::ChangeState { .. }
            | Self::MakeCall { .. }
            | Self::Act { .. }
            | Self::UpdateCallData { .. }
            | Self::ClientLog { .. }
            | Self::SendTeamMessage { .. }
            | Self::DeleteTeamMessage { .. }
            | Self::SilentMonitor { .. }
            | Self::Barge { .. } => false,
        }
    }

    /// The object it is about. Finesse handles the requests on one object one after the other,
    /// so a client sends the next one only after the outcome of the one before.
    #[must_use]
    pub fn resource(&self) -> Resource {
        match self {
            Self::SystemInfo => Resource::SystemInfo,
            Self::User { agent }
            | Self::SignIn { agent, .. }
            | Self::SignOut { agent, .. }
            | Self::ChangeState { agent, .. } => Resource::User(agent.clone()),
            Self::Dialogs { agent }
            | Self::MakeCall { agent, .. }
            | Self::SilentMonitor { agent, .. }
            | Self::Barge { agent, .. } => Resource::Dialogs(agent.clone()),
            Self::Dialog { dialog }
            | Self::Act { dialog, .. }
            | Self::UpdateCallData { dialog, .. } => Resource::Dialog(dialog.clone()),
            Self::Team { team } => Resource::Team(team.clone()),
            Self::ReasonCodes { agent, .. } => Resource::ReasonCodes(agent.clone()),
            Self::WrapUpReasons { agent } => Resource::WrapUpReasons(agent.clone()),
            Self::ReasonCode { agent, reason } => {
                Resource::UserReasonCode(agent.clone(), reason.clone())
            }
            Self::WrapUpReason { agent, reason } => {
                Resource::UserWrapUpReason(agent.clone(), reason.clone())
            }
            Self::Users => Resource::Users,
            Self::PhoneBooks { agent, .. } => Resource::PhoneBooks(agent.clone()),
            Self::TeamReasonCodes { team, .. } => Resource::TeamReasonCodes(team.clone()),
            Self::TeamWrapUpReasons { team } => Resource::TeamWrapUpReasons(team.clone()),
            Self::TeamPhoneBooks { team, .. } => Resource::TeamPhoneBooks(team.clone()),
            Self::Queues { agent } => Resource::Queues(agent.clone()),
            Self::Queue { queue } => Resource::Queue(queue.clone()),
            Self::ClientLog { agent, .. } => Resource::ClientLog(agent.clone()),
            Self::SendTeamMessage { .. } => Resource::TeamMessages,
            Self::TeamMessages { team } => Resource::TeamMessagesOf(team.clone()),
            Self::DeleteTeamMessage { message } => Resource::TeamMessage(message.clone()),
        }
    }

    /// What it is called: `LOGIN`, `READY`, `ANSWER`, …, or the kind of object it reads.
    #[must_use]
    pub fn verb(&self) -> &str {
        match self {
            Self::SystemInfo => "SystemInfo",
            Self::User { .. } => "User",
            Self::Dialogs { .. } => "Dialogs",
            Self::Dialog { .. } => "Dialog",
            Self::Team { .. } => "Team",
            Self::ReasonCodes { .. } => "ReasonCodes",
            Self::WrapUpReasons { .. } => "WrapUpReasons",
            Self::ReasonCode { .. } => "ReasonCode",
            Self::WrapUpReason { .. } => "WrapUpReason",
            Self::Users => "Users",
            Self::PhoneBooks { .. } | Self::TeamPhoneBooks { .. } => "PhoneBooks",
            Self::TeamReasonCodes { .. } => "ReasonCodes",
            Self::TeamWrapUpReasons { .. } => "WrapUpReasons",
            Self::Queues { .. } => "Queues",
            Self::Queue { .. } => "Queue",
            Self::ClientLog { .. } => "ClientLog",
            Self::TeamMessages { .. } => "TeamMessages",
            Self::SendTeamMessage { .. } | Self::DeleteTeamMessage { .. } => "TeamMessage",
            Self::SilentMonitor { .. } => CallAction::SilentMonitor.as_wire(),
            Self::Barge { .. } => CallAction::BargeCall.as_wire(),
            Self::SignIn { .. } => "LOGIN",
            Self::SignOut { .. } => "LOGOUT",
            Self::ChangeState { state, .. } => state.as_wire(),
            Self::MakeCall { .. } => "MAKE_CALL",
            Self::Act { action, .. } => action.as_wire(),
            Self::UpdateCallData { .. } => "UPDATE_CALL_DATA",
        }
    }
}
