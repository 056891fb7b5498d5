//! Which command is allowed now.

use core::fmt;

use super::model::AgentModel;
use super::states::{AgentState, CallAction, ParticipantState};
use super::tables::Platform;
use super::text::DialogId;

/// What somebody wants of an agent's state or of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Sign in; also when signed in already (a forced sign-in, it keeps the state).
    SignIn,
    /// Sign out.
    SignOut,
    /// Take calls.
    BeReady,
    /// Take no calls.
    BeNotReady,
    /// Do wrap-up work, not ready afterwards.
    BeWork,
    /// Do wrap-up work, ready afterwards.
    BeWorkReady,
    /// Place a call.
    MakeCall,
    /// Do something to a call.
    Act(DialogId, CallAction),
}

/// How an allowed command takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// At once.
    Now,
    /// When the present call or preview ends; Finesse may send no event before that.
    WhenCallEnds,
}

/// Why a command is not allowed now. `Display` is a text for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The agent is signed out.
    NotSignedIn,
    /// The agent's present state does not allow it.
    State(AgentState),
    /// This product has no such state or command.
    Platform,
    /// The agent's wrap-up settings do not allow it.
    WrapUpNotAllowed,
    /// The agent has no such call.
    UnknownDialog(DialogId),
    /// The agent is no party of the call.
    NoParty(DialogId),
    /// The call's present state does not allow it.
    Action(CallAction),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSignedIn => f.write_str("the agent is not signed in"),
            Self::State(state) => write!(f, "this is not possible in state {state:.64}"),
            Self::Platform => f.write_str("this contact center does not offer it"),
            Self::WrapUpNotAllowed => f.write_str("wrap-up work is not allowed for this agent"),
            Self::UnknownDialog(dialog) => write!(f, "there is no call {dialog:.64}"),
            Self::NoParty(dialog) => write!(f, "the agent is no party of call {dialog:.64}"),
            Self::Action(action) => write!(f, "the call does not allow {action:.64} now"),
        }
    }
}

impl core::error::Error for Refusal {}

impl AgentModel {
    /// Whether a request of the agent itself is allowed now, and when it takes effect.
    ///
    /// Agent states follow the tables of the Finesse Developer Guide, "User - Change agent
    /// state"; calls follow the `actions` of the agent's own party, not a computation. Where the
    /// documents leave it open (unknown states, actions that old releases do not list), the answer
    /// is yes: Finesse decides.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when Finesse is known to refuse it.
    pub fn allows(&self, intent: &Intent) -> Result<Permit, Refusal> {
        use AgentState as S;
        let state = &self.user().state;
        let refused = Err(Refusal::State(state.clone()));
        if let (S::Unknown | S::Other(_), false) = (state, matches!(intent, Intent::Act(..))) {
            return Ok(Permit::Now);
        }
        match intent {
            Intent::SignIn => Ok(Permit::Now),
            Intent::Act(dialog, action) => self.allows_action(dialog, action),
            _ if *state == S::Logout => Err(Refusal::NotSignedIn),
            Intent::SignOut => match (self.platform(), state) {
                (_, S::NotReady) | (Platform::Uccx, S::Ready) => Ok(Permit::Now),
                _ => refused,
            },
            Intent::BeReady => match (self.platform(), state) {
                (Platform::Ucce, S::Talking | S::Hold | S::ReservedOutboundPreview) => {
                    Ok(Permit::WhenCallEnds)
                }
                (_, S::NotReady | S::Ready | S::ReservedOutbound | S::Work | S::WorkReady) => {
                    Ok(Permit::Now)
                }
                _ => refused,
            },
            Intent::BeNotReady => match state {
                S::Talking | S::Hold | S::ReservedOutboundPreview => Ok(Permit::WhenCallEnds),
                S::Reserved => refused,
                _ => Ok(Permit::Now),
            },
            Intent::BeWorkReady if self.platform() == Platform::Uccx => Err(Refusal::Platform),
            Intent::BeWork | Intent::BeWorkReady => match state {
                _ if self.wrap_up_is_forbidden() => Err(Refusal::WrapUpNotAllowed),
                S::Talking | S::Hold => Ok(Permit::WhenCallEnds),
                S::Work | S::WorkReady => Ok(Permit::Now),
                _ => refused,
            },
            Intent::MakeCall => match state {
                S::Reserved | S::ReservedOutbound | S::ReservedOutboundPreview => refused,
                _ => Ok(Permit::Now),
            },
        }
    }

    fn allows_action(&self, id: &DialogId, action: &CallAction) -> Result<Permit, Refusal> {
        let dialog = self
            .dialog(id)
            .ok_or_else(|| Refusal::UnknownDialog(id.clone()))?;
        let own = self
            .own_party(dialog)
            .ok_or_else(|| Refusal::NoParty(id.clone()))?;
        let is_listed = own.actions.contains(action);
        if is_listed || (is_often_unlisted(action) && own.state == ParticipantState::Active) {
            Ok(Permit::Now)
        } else {
            Err(Refusal::Action(action.clone()))
        }
    }

    fn wrap_up_is_forbidden(&self) -> bool {
        let forbids = |setting: &str| setting.eq_ignore_ascii_case("NOT_ALLOWED");
        forbids(self.user().wrap_up_incoming.as_str())
            && forbids(self.user().wrap_up_outgoing.as_str())
    }
}

/// Seen: captures of older releases do not list these for an active party, though the party may.
fn is_often_unlisted(action: &CallAction) -> bool {
    !matches!(
        action,
        CallAction::Answer
            | CallAction::Hold
            | CallAction::Retrieve
            | CallAction::Drop
            | CallAction::ConsultCall
            | CallAction::Transfer
            | CallAction::Conference
            | CallAction::UpdateCallData
            | CallAction::Accept
            | CallAction::Reject
            | CallAction::Close
    )
}
