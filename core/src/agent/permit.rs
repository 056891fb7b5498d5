//! Which command is allowed now.

use core::fmt;

use super::states::{AgentState, CallAction};
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
