//! One command under way: where it stands, what would fulfil it, and when it gives up.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::effect::Spent;
use super::outbound::Sender;
use super::refusal::Refusal;
use super::signal::RequestId;
use super::teams::Members;
use crate::agent::{
    AgentId, AgentModel, AgentState, Dialog, DialogId, DialogState, Extension, Participant,
    ParticipantState, Text,
};
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
    /// Lists that are only read.
    Lists,
}

impl LaneId {
    pub(super) const ALL: [Self; 3] = [Self::User, Self::Device, Self::Lists];
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
    /// The member of a team whom a supervisor's command is about.
    pub(super) member: Option<AgentId>,
    pub(super) sender: Sender,
    pub(super) since: Instant,
    pub(super) deadline: Instant,
    pub(super) step: Step,
    /// The password, once it could be read.
    pub(super) password: Option<Secret>,
    /// The request that changes something, once it was sent.
    pub(super) asked: Option<RequestId>,
    /// When the request that it is about was sent, and when its answer came.
    pub(super) asked_at: Option<Instant>,
    pub(super) answered_at: Option<Instant>,
    /// Whether the driver has been sent what the command's row promises.
    pub(super) is_answered: bool,
}

impl Job {
    /// Where its time went, if it ends at `end`.
    pub(super) fn spent(&self, end: Instant) -> Spent {
        Spent {
            total: end.since(self.since),
            waited: self.asked_at.map(|at| at.since(self.since)),
            rest: self
                .asked_at
                .and_then(|asked| self.answered_at.map(|at| at.since(asked))),
            event: self
                .asked
                .and(self.answered_at)
                .map(|answered| end.since(answered)),
        }
    }

    pub(super) fn verb(&self) -> Verb {
        self.command.verb()
    }

    pub(super) fn correlation(&self) -> Option<&Text> {
        self.sender.correlation.as_ref()
    }

    /// The call that it is about.
    pub(super) fn dialog(&self) -> Option<&DialogId> {
        self.command.dialog()
    }

    /// Whether calls have to wait for it: it decides on which line they are.
    pub(super) fn is_entry(&self) -> bool {
        matches!(
            self.verb(),
            Verb::Connect | Verb::Login | Verb::MobileAgentLogin
        )
    }

    /// Whether it signs the agent in.
    pub(super) fn is_login(&self) -> bool {
        matches!(self.verb(), Verb::Login | Verb::MobileAgentLogin)
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
    ReadingCalls { request: RequestId },
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
    /// The call carries these variables.
    Data(DialogId, Vec<(Text, Text)>),
    /// The preview was taken: the call no longer waits for the agent's word.
    Taken(DialogId),
    /// One of two calls has swallowed the other, has more than so many parties, or it is the one that
    /// was held and the second agent is on it, too. Counting is not enough (Seen: a customer who is
    /// not among a call's parties).
    Merged {
        /// The call that was given, and the one that was held.
        calls: [DialogId; 2],
        parties: usize,
        newcomer: Extension,
        /// The second agent was on the held call before.
        has_joined: bool,
    },
    /// This party is no longer on the call.
    Dismissed(DialogId, Extension),
    /// The agent talks in a call that was not there before, or as a further party in this one.
    Joined {
        before: BTreeSet<DialogId>,
        dialog: DialogId,
    },
    /// A member of a supervised team is in this state.
    Member(AgentId, AgentState),
    /// Nothing that anybody could see: it is done when it is accepted.
    Unseen,
}

impl Goal {
    /// Whether a read of the user shows it; otherwise a read of the calls does.
    pub(super) fn is_about_user(&self) -> bool {
        matches!(self, Self::SignedIn(_) | Self::State(..) | Self::Member(..))
    }

    /// Whether what is known shows it to be met.
    pub(super) fn is_met(&self, model: &AgentModel, members: &Members) -> bool {
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
            Self::Data(dialog, variables) => {
                let Some(dialog) = model.dialog(dialog) else {
                    return false;
                };
                let mut wanted = variables.iter();
                wanted.all(|(name, value)| {
                    let known = dialog.variable(name.as_str());
                    known.is_some_and(|known| is_taken_over(known, value))
                })
            }
            Self::Taken(dialog) => {
                let Some(dialog) = model.dialog(dialog) else {
                    return true;
                };
                let waits = |own: &Participant| own.state == ParticipantState::Alerting;
                dialog.state == DialogState::Accepted
                    || model.own_party(dialog).is_none_or(|own| !waits(own))
            }
            Self::Merged { .. } => self.merged(model).is_some(),
            Self::Dismissed(dialog, line) => {
                let party = model
                    .dialog(dialog)
                    .and_then(|dialog| dialog.participant(line.as_str()));
                party.is_none_or(|party| !is_on_the_call(party))
            }
            Self::Joined { .. } => self.joined(model).is_some(),
            Self::Member(agent, state) => members.state(agent) == Some(state),
            Self::Unseen => false,
        }
    }

    /// The call that a conference left.
    fn merged(&self, model: &AgentModel) -> Option<DialogId> {
        let Self::Merged {
            calls,
            parties,
            newcomer,
            has_joined,
        } = self
        else {
            return None;
        };
        let [_, held] = calls;
        let mut dialogs = model.dialogs();
        let found = dialogs.find(|dialog| {
            let is_one = calls.contains(&dialog.id);
            let has_swallowed = dialog
                .secondary
                .as_ref()
                .is_some_and(|other| is_one && calls.contains(other) && *other != dialog.id);
            let is_on = model.own_party(dialog).is_some_and(is_on_the_call);
            let second = dialog.participant(newcomer.as_str());
            let joins = !has_joined && dialog.id == *held && second.is_some_and(is_on_the_call);
            is_on && (has_swallowed || joins || is_one && parties_of(dialog) > *parties)
        });
        found.map(|dialog| dialog.id.clone())
    }

    /// The call that a supervisor has joined.
    fn joined(&self, model: &AgentModel) -> Option<DialogId> {
        let Self::Joined { before, dialog } = self else {
            return None;
        };
        let talks = |known: &&Dialog| {
            let own = model.own_party(known);
            own.is_some_and(|own| own.state == ParticipantState::Active)
        };
        let mut dialogs = model.dialogs().filter(talks);
        let found = dialogs.find(|known| {
            !before.contains(&known.id) || known.id == *dialog && parties_of(known) > 2
        });
        found.map(|dialog| dialog.id.clone())
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
            Self::Party(dialog, _)
            | Self::Left(dialog)
            | Self::Data(dialog, _)
            | Self::Taken(dialog)
            | Self::Dismissed(dialog, _) => Some(dialog.clone()),
            Self::Merged { .. } => self.merged(model),
            Self::Joined { .. } => self.joined(model),
            Self::SignedIn(_) | Self::State(..) | Self::Member(..) | Self::Unseen => None,
        }
    }
}

pub(super) fn is_on_the_call(party: &Participant) -> bool {
    !matches!(
        party.state,
        ParticipantState::Dropped | ParticipantState::WrapUp | ParticipantState::Failed
    )
}

/// How many parties are on a call.
pub(super) fn parties_of(dialog: &Dialog) -> usize {
    let parties = dialog.participants.iter();
    parties.filter(|party| is_on_the_call(party)).count()
}

/// Finesse Developer Guide, "ECC and call variable error handling": a value that is too long is
/// cut without a word.
fn is_taken_over(known: &Text, wanted: &Text) -> bool {
    const SHORTEST_CUT: usize = 40;
    let (known, wanted) = (known.as_str(), wanted.as_str());
    known == wanted || known.len() >= SHORTEST_CUT && wanted.starts_with(known)
}

/// Where a command goes from here.
#[derive(Debug)]
pub(super) enum Flow {
    /// It waits for something else.
    To(Step),
    /// It was accepted and is done unless a failure is heard of until then; meanwhile the next
    /// command may begin.
    Fades(Instant),
    /// It has ended as its row of the contract says.
    Ended,
    /// It has ended, and was answered by an error.
    Refused,
}
