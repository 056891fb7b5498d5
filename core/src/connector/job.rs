//! One command under way: where it stands, what would fulfil it, and when it gives up.

use alloc::collections::{BTreeSet, VecDeque};

use super::outbound::Sender;
use super::refusal::Refusal;
use super::signal::RequestId;
use crate::agent::{AgentModel, AgentState, DialogId, Extension, ParticipantState, Text};
use crate::contract::{Command, Verb};
use crate::machine::Instant;
use crate::password::Secret;

/// The object at Finesse that a command is about; each has one command under way at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LaneId {
    /// The user: subscription, sign-in, sign-out, state.
    User,
    /// The agent's device and its calls.
    Device,
}

/// The commands about one object, in order.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) current: Option<Job>,
    pub(super) queue: VecDeque<Job>,
}

impl Lane {
    pub(super) fn len(&self) -> usize {
        self.queue.len() + usize::from(self.current.is_some())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Job> {
        self.current.iter().chain(&self.queue)
    }

    /// When something of it is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let current = self.current.as_ref().map(Job::due);
        let queued = self.queue.front().map(|job| job.deadline);
        [current, queued].into_iter().flatten().min()
    }
}

/// A command that was accepted and has not ended.
#[derive(Debug)]
pub(super) struct Job {
    /// Order of acceptance among all commands of the agent.
    pub(super) serial: u64,
    pub(super) command: Command,
    pub(super) sender: Sender,
    pub(super) since: Instant,
    pub(super) deadline: Instant,
    pub(super) step: Step,
    /// The password, once it could be read.
    pub(super) password: Option<Secret>,
    /// The request that changes something, once it was sent.
    pub(super) asked: Option<RequestId>,
    /// Whether the driver has been sent what the command's row promises.
    pub(super) is_answered: bool,
}

impl Job {
    pub(super) fn verb(&self) -> Verb {
        self.command.verb()
    }

    pub(super) fn correlation(&self) -> Option<&Text> {
        self.sender.correlation.as_ref()
    }

    /// The call that it is about.
    pub(super) fn dialog(&self) -> Option<&DialogId> {
        match &self.command {
            Command::AnswerCall { dialog }
            | Command::HoldCall { dialog }
            | Command::RetrieveCall { dialog }
            | Command::ReleaseCall { dialog }
            | Command::GetDialogState { dialog } => Some(dialog),
            _ => None,
        }
    }

    /// Whether calls have to wait for it: it decides on which line they are.
    pub(super) fn is_entry(&self) -> bool {
        matches!(self.verb(), Verb::Connect | Verb::Login)
    }

    /// The request that its step waits for.
    pub(super) fn request(&self) -> Option<RequestId> {
        match &self.step {
            Step::Proving { request }
            | Step::ReadingReasons { request }
            | Step::ReadingCalls { request, .. }
            | Step::Rereading { request, .. }
            | Step::Reading { request }
            | Step::Asked { request, .. } => Some(*request),
            Step::Waiting | Step::Subscribing | Step::Refusing { .. } => None,
        }
    }

    /// What would fulfil it, once it was asked for.
    pub(super) fn goal(&self) -> Option<&Goal> {
        match &self.step {
            Step::Asked { goal, .. } | Step::Rereading { goal, .. } => Some(goal),
            Step::Waiting
            | Step::Proving { .. }
            | Step::Subscribing
            | Step::ReadingReasons { .. }
            | Step::Reading { .. }
            | Step::ReadingCalls { .. }
            | Step::Refusing { .. } => None,
        }
    }

    pub(super) fn due(&self) -> Instant {
        match &self.step {
            Step::Refusing { at, .. } => *at,
            Step::Asked {
                reread_at: Some(at),
                ..
            } => (*at).min(self.deadline),
            Step::Waiting
            | Step::Subscribing
            | Step::Proving { .. }
            | Step::ReadingReasons { .. }
            | Step::Reading { .. }
            | Step::ReadingCalls { .. }
            | Step::Rereading { .. }
            | Step::Asked {
                reread_at: None, ..
            } => self.deadline,
        }
    }
}

/// Where a command stands. Each variant is one expectation.
///
/// ```text
///   Waiting ─▶ Proving ─▶ Subscribing ─▶ Asked ⇄ Rereading ─▶ ReadingCalls ─▶ (end)   Login
///   Waiting ─▶ Proving ─▶ Subscribing ─▶ (end)                                        Connect
///   Waiting ─▶ ReadingReasons ─▶ Asked ⇄ Rereading ─▶ (end)                           states
///   Waiting ─▶ Asked ⇄ Rereading ─▶ (end)                                             calls
///   Waiting ─▶ Reading ─▶ (end)                                                       queries
///   any of them ─▶ Refusing ─▶ (end)                                                  passwords
/// ```
#[derive(Debug)]
pub(super) enum Step {
    /// For its turn, or for the first word of Finesse.
    Waiting,
    /// For the read of the User that proves the password.
    Proving { request: RequestId },
    /// For the agent's notifications to flow.
    Subscribing,
    /// For the reason codes.
    ReadingReasons { request: RequestId },
    /// For the outcome of a request that changes something.
    Asked {
        request: RequestId,
        goal: Goal,
        /// 200 or 202 came.
        is_accepted: bool,
        /// A notification showed the goal to be met.
        is_met: bool,
        /// When to read, should no notification come.
        reread_at: Option<Instant>,
    },
    /// For the read that shows whether the goal was met.
    Rereading {
        request: RequestId,
        goal: Goal,
        trigger: Trigger,
    },
    /// For what a query asks.
    Reading { request: RequestId },
    /// For the calls of an agent who has just signed in.
    ReadingCalls { request: RequestId, epoch: u64 },
    /// For the time at which the refusal of a password may be told.
    Refusing { at: Instant, refusal: Refusal },
}

/// What made a command read instead of waiting for a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// It was accepted, and nothing came for a while.
    Silence,
    /// It got no answer, or its time is over: the last look.
    Last,
}

/// What makes a command done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// The agent is signed in on this line.
    SignedIn(Extension),
    /// The agent is in this state, for this reason (Finesse's id).
    State(AgentState, Option<Text>),
    /// There is a call from the agent's line that was not there before.
    Placed { before: BTreeSet<DialogId> },
    /// The agent's party of the call is in one of these states.
    Party(DialogId, &'static [ParticipantState]),
    /// The agent is no longer on the call.
    Left(DialogId),
}

impl Goal {
    /// Whether a read of the user shows it; otherwise a read of the calls does.
    pub(super) fn is_about_user(&self) -> bool {
        matches!(self, Self::SignedIn(_) | Self::State(..))
    }

    /// Whether what is known shows it to be met.
    pub(super) fn is_met(&self, model: &AgentModel) -> bool {
        let user = model.user();
        match self {
            Self::SignedIn(extension) => {
                user.is_signed_in() && user.extension.as_ref() == Some(extension)
            }
            Self::State(state, reason) => {
                let known = user.reason.as_ref().and_then(|reason| reason.id.as_ref());
                user.state == *state && (reason.is_none() || reason.as_ref() == known)
            }
            Self::Placed { .. } => self.placed(model).is_some(),
            Self::Party(dialog, states) => model
                .dialog(dialog)
                .and_then(|dialog| model.own_party(dialog))
                .is_some_and(|own| states.contains(&own.state)),
            Self::Left(dialog) => {
                let Some(dialog) = model.dialog(dialog) else {
                    return true;
                };
                model.own_party(dialog).is_none_or(|own| {
                    matches!(
                        own.state,
                        ParticipantState::Dropped | ParticipantState::WrapUp
                    )
                })
            }
        }
    }

    /// Whether it is met but for a reason that Finesse does not name (Seen: after a failover the
    /// reason is lost).
    pub(super) fn is_met_without_reason(&self, model: &AgentModel) -> bool {
        let user = model.user();
        let is_nameless = user
            .reason
            .as_ref()
            .is_none_or(|reason| reason.id.is_none());
        matches!(self, Self::State(state, Some(_)) if user.state == *state && is_nameless)
    }

    /// The call that a `MakeCall` made.
    pub(super) fn placed(&self, model: &AgentModel) -> Option<DialogId> {
        let Self::Placed { before } = self else {
            return None;
        };
        let own = model.user().extension.as_ref()?;
        model
            .dialogs()
            .find(|dialog| !before.contains(&dialog.id) && dialog.from == *own.as_str())
            .map(|dialog| dialog.id.clone())
    }

    /// The call it is about.
    pub(super) fn dialog(&self, model: &AgentModel) -> Option<DialogId> {
        match self {
            Self::Placed { .. } => self.placed(model),
            Self::Party(dialog, _) | Self::Left(dialog) => Some(dialog.clone()),
            Self::SignedIn(_) | Self::State(..) => None,
        }
    }
}

/// Where a command goes from here.
#[derive(Debug)]
pub(super) enum Flow {
    /// It waits for something else.
    To(Step),
    /// It has ended.
    Ended,
}
