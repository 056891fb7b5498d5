//! Which answers end which command: the answers column of the contract, as code.

use alloc::vec::Vec;

use crate::agent::{AgentId, AgentModel, AgentState, DialogId, Extension};
use crate::contract::{Call, CallState, Command, Event, EventKind, ReasonCategory};

/// What has to arrive before a command is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expectation {
    parts: Vec<Part>,
}

/// One event that is awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// A `State` of the agent; for one that names no command, in one of these states if any are
    /// named.
    State(&'static [AgentState]),
    /// A call event about this call; for one that names no command, in one of these states if any
    /// are named.
    Call(DialogId, &'static [CallState]),
    /// A call event about a call that was not known when the command was sent; for one that names
    /// no command, about such a call as was asked for.
    NewCall(Vec<DialogId>, Origin),
    /// `DialogState` or `DialogControls` of this call.
    About(DialogId, EventKind),
    /// `ReasonCodes` of this category.
    Reasons(ReasonCategory),
    /// An event of this kind.
    Kind(EventKind),
}

/// Where a new call comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// This line, on which it was placed.
    Line(Option<Extension>),
    /// A consult: it is told as one.
    Consult,
    /// Anywhere.
    Any,
}

impl Origin {
    fn fits(&self, event: &Event, call: &Call) -> bool {
        match self {
            Self::Any => true,
            Self::Consult => event.kind() == EventKind::ConsultCall,
            // A call that failed tells why in the place of its caller.
            Self::Line(line) => {
                let is_ours = |line: &Extension| call.address == *line.as_str();
                call.state == CallState::Failed || line.as_ref().is_none_or(is_ours)
            }
        }
    }
}

/// How sure it is that an event belongs to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    /// The event names the command.
    Named,
    /// The event names no command although the connector names them in direct answers: what it
    /// tells must be what was asked for.
    Unnamed,
    /// The connector never names commands: the order alone counts.
    ByOrder,
}

/// What an event means for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Nothing.
    None,
    /// A part has arrived.
    Part,
    /// The last part has arrived.
    Last,
}

/// The queues of an agent; in each, one command at a time is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// `Connect`.
    Binding,
    /// Sign-in, sign-out, states.
    State,
    /// Calls.
    Calls,
    /// Questions.
    Questions,
}

impl Lane {
    pub(super) const ALL: [Self; 4] = [Self::Binding, Self::State, Self::Calls, Self::Questions];

    pub(super) const fn of(command: &Command) -> Self {
        use Command as C;
        match command {
            C::Hello | C::Beat | C::Connect { .. } => Self::Binding,
            C::Login { .. }
            | C::MobileAgentLogin { .. }
            | C::Logout
            | C::LogoutWithReason { .. }
            | C::ForceLogout
            | C::AgentAbruptDisconnect
            | C::MakeReady
            | C::MakeNotReady
            | C::MakeNotReadyWithReason { .. }
            | C::MakeWorkReady
            | C::MakeWorkNotReady
            | C::GetState => Self::State,
            C::MakeCall { .. }
            | C::AnswerCall { .. }
            | C::HoldCall { .. }
            | C::RetrieveCall { .. }
            | C::ReleaseCall { .. }
            | C::TransferSst { .. }
            | C::ConsultCall { .. }
            | C::TransferCall { .. }
            | C::ConferenceCall { .. }
            | C::SendDtmf { .. }
            | C::UpdateCallData { .. }
            | C::UpdateWrapup { .. }
            | C::AcceptCall { .. }
            | C::RejectCall { .. }
            | C::CloseCall { .. }
            | C::StartRecording { .. }
            | C::SilentMonitor { .. }
            | C::EndSilentMonitor { .. }
            | C::BargeIn { .. }
            | C::DropParticipant { .. } => Self::Calls,
            C::GetDialogState { .. }
            | C::GetDialogControls { .. }
            | C::WrapUpReasonCodes
            | C::LogoutReasonCodes
            | C::NotReadyReasonCodes
            | C::GetQueueList
            | C::GetTeamUsers { .. }
            | C::GetPhonebooks
            | C::GetTeamPhonebooks { .. }
            | C::GetPhonebookContacts { .. } => Self::Questions,
        }
    }
}

impl Expectation {
    /// What `command` promises. `connect_status`: whether a `Connect` is answered.
    pub(super) fn of(command: &Command, model: &AgentModel, connect_status: bool) -> Self {
        use AgentState as A;
        use CallState as S;
        use Command as C;
        let call = |dialog: &DialogId, states| alloc::vec![Part::Call(dialog.clone(), states)];
        let kind = |kind| alloc::vec![Part::Kind(kind)];
        let parts = match command {
            C::Connect { .. } if connect_status => kind(EventKind::ConnectStatus),
            C::Hello
            | C::Beat
            | C::Connect { .. }
            | C::SendDtmf { .. }
            | C::UpdateWrapup { .. }
            | C::StartRecording { .. } => Vec::new(),
            C::Login { .. } | C::MobileAgentLogin { .. } => alloc::vec![
                Part::Kind(EventKind::AgentInfo),
                Part::State(&[]),
                Part::Kind(EventKind::DialogStatus),
            ],
            C::Logout | C::LogoutWithReason { .. } | C::ForceLogout => {
                alloc::vec![Part::State(&[A::Logout])]
            }
            C::MakeReady => alloc::vec![Part::State(&[A::Ready])],
            C::MakeNotReady | C::MakeNotReadyWithReason { .. } => {
                alloc::vec![Part::State(&[A::NotReady])]
            }
            C::MakeWorkReady => alloc::vec![Part::State(&[A::WorkReady])],
            C::MakeWorkNotReady => alloc::vec![Part::State(&[A::Work])],
            C::AgentAbruptDisconnect | C::GetState => alloc::vec![Part::State(&[])],
            C::AnswerCall { dialog } | C::RetrieveCall { dialog } => call(dialog, &[S::Active]),
            C::HoldCall { dialog } => call(dialog, &[S::Held]),
            C::ReleaseCall { dialog } => call(dialog, &[S::Dropped]),
            C::TransferSst { dialog, .. }
            | C::TransferCall { dialog, .. }
            | C::ConferenceCall { dialog, .. }
            | C::UpdateCallData { dialog, .. }
            | C::AcceptCall { dialog }
            | C::RejectCall { dialog }
            | C::CloseCall { dialog }
            | C::EndSilentMonitor { dialog }
            | C::DropParticipant { dialog, .. } => call(dialog, &[]),
            // The supervisor joins the monitored call, or is moved to the agent's.
            C::BargeIn { dialog, .. } => {
                let known = model.dialogs().map(|dialog| dialog.id.clone());
                let known = known.filter(|known| known != dialog).collect();
                alloc::vec![Part::NewCall(known, Origin::Any)]
            }
            C::MakeCall { .. } | C::SilentMonitor { .. } | C::ConsultCall { .. } => {
                let known = model.dialogs().map(|dialog| dialog.id.clone()).collect();
                let origin = match command {
                    C::ConsultCall { .. } => Origin::Consult,
                    _ => Origin::Line(model.user().extension.clone()),
                };
                alloc::vec![Part::NewCall(known, origin)]
            }
            C::GetDialogState { dialog } => {
                alloc::vec![Part::About(dialog.clone(), EventKind::DialogState)]
            }
            C::GetDialogControls { dialog } => {
                alloc::vec![Part::About(dialog.clone(), EventKind::DialogControls)]
            }
            C::WrapUpReasonCodes => alloc::vec![Part::Reasons(ReasonCategory::WrapUp)],
            C::LogoutReasonCodes => alloc::vec![Part::Reasons(ReasonCategory::Logout)],
            C::NotReadyReasonCodes => alloc::vec![Part::Reasons(ReasonCategory::NotReady)],
            C::GetQueueList => kind(EventKind::QueueList),
            C::GetTeamUsers { .. } => kind(EventKind::TeamUsersList),
            C::GetPhonebooks => kind(EventKind::Phonebooks),
            C::GetTeamPhonebooks { .. } => kind(EventKind::TeamPhonebooks),
            C::GetPhonebookContacts { .. } => kind(EventKind::PhonebookContacts),
        };
        Self { parts }
    }

    /// Whether success is told by nothing at all.
    pub(super) const fn is_silent(&self) -> bool {
        self.parts.is_empty()
    }

    /// Takes an event of `agent` into account.
    pub(super) fn take(&mut self, agent: &AgentId, event: &Event, tie: Tie) -> Fit {
        let Some(at) = self
            .parts
            .iter()
            .position(|part| part.fits(agent, event, tie))
        else {
            return Fit::None;
        };
        self.parts.remove(at);
        if self.parts.is_empty() {
            Fit::Last
        } else {
            Fit::Part
        }
    }
}

impl Part {
    fn fits(&self, agent: &AgentId, event: &Event, tie: Tie) -> bool {
        let is_strict = tie == Tie::Unnamed;
        match (self, event) {
            (Self::State(wanted), Event::State(status)) => {
                let is_reached = wanted.is_empty()
                    || wanted.contains(&status.state)
                    || status
                        .pending_state
                        .as_ref()
                        .is_some_and(|state| wanted.contains(state));
                status.agent == *agent && (!is_strict || is_reached)
            }
            (Self::Call(dialog, wanted), _) => call_of(event).is_some_and(|call| {
                let is_reached = wanted.is_empty() || wanted.contains(&call.state);
                // A conference may live on in the other of its two calls.
                let is_same = call.dialog == *dialog || tie == Tie::Named;
                is_same && (!is_strict || is_reached)
            }),
            (Self::NewCall(known, origin), _) => call_of(event).is_some_and(|call| {
                let is_new = !known.contains(&call.dialog);
                tie == Tie::Named || is_new && (!is_strict || origin.fits(event, call))
            }),
            (Self::About(dialog, EventKind::DialogState), Event::DialogState(call)) => {
                call.dialog == *dialog
            }
            (
                Self::About(asked, EventKind::DialogControls),
                Event::DialogControls { dialog, .. },
            ) => dialog == asked,
            (Self::Reasons(asked), Event::ReasonCodes { category, .. }) => category == asked,
            (Self::Kind(kind), _) => event.kind() == *kind,
            _ => false,
        }
    }
}

/// The call that an event tells of as a change; a ringing one is no answer to anything.
fn call_of(event: &Event) -> Option<&Call> {
    match event {
        Event::InboundCall(call) | Event::ConsultCall(call) => Some(call),
        _ => None,
    }
}
