//! The model: one agent, its calls, and what each snapshot changes.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::change::{Change, Changes};
use super::dialog::{Dialog, Participant};
use super::states::ParticipantState;
use super::tables::Platform;
use super::text::{AgentId, DialogId};
use super::user::User;

/// One agent and its calls as Finesse last described them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentModel {
    platform: Platform,
    user: User,
    dialogs: BTreeMap<DialogId, Dialog>,
    counters: ModelCounters,
}

/// What the model has met that the documents do not expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ModelCounters {
    /// Moves that no table knows; they were taken over.
    pub illegal_moves: u64,
    /// Snapshots of the agent older than the one held; they were ignored.
    pub stale_users: u64,
    /// Snapshots of another agent; they were ignored.
    pub foreign_users: u64,
    /// Reports of the end of a call that is not held; they were ignored.
    pub unknown_removals: u64,
    /// Calls above [`AgentModel::MAX_DIALOGS`]; they were ignored.
    pub over_limit: u64,
}

impl AgentModel {
    /// As many calls one agent may have: Finesse allows a handful of lines with a few calls each.
    pub const MAX_DIALOGS: usize = 64;

    /// A model of an agent of whom nothing is known but the login id.
    #[must_use]
    pub fn new(agent: AgentId, platform: Platform) -> Self {
        Self {
            platform,
            user: User {
                id: agent,
                ..User::default()
            },
            dialogs: BTreeMap::new(),
            counters: ModelCounters::default(),
        }
    }

    /// Takes over a notification about the agent.
    ///
    /// Ignored and counted: a snapshot of another agent, and one whose `stateChangeTime` is older
    /// than that of the snapshot held (notifications can overtake one another).
    pub fn apply_user(&mut self, user: User) -> Changes {
        if let (Some(held), Some(new)) = (self.user.state_changed, user.state_changed)
            && new < held
            && user.id == self.user.id
        {
            self.counters.stale_users = self.counters.stale_users.saturating_add(1);
            return Changes::new();
        }
        self.replace_user(user)
    }

    /// Takes over the answer to a read of the agent, whatever its time says: after a failover the
    /// other node's clock may be behind.
    pub fn replace_user(&mut self, user: User) -> Changes {
        if user.id != self.user.id {
            self.counters.foreign_users = self.counters.foreign_users.saturating_add(1);
            return Changes::new();
        }
        let old = core::mem::replace(&mut self.user, user);
        let mut changes = Changes::new();
        if profile(&old) != profile(&self.user) {
            changes.push(Change::Profile);
        }
        if old.extension != self.user.extension {
            let (from, to) = (old.extension.clone(), self.user.extension.clone());
            changes.push(Change::Line { from, to });
        }
        if old.state != self.user.state {
            let (from, to) = (old.state, self.user.state.clone());
            let legal = self.platform.allows(&from, &to);
            self.count_illegal(legal);
            changes.push(Change::State { from, to, legal });
        } else if (&old.reason, &old.pending_state, old.state_changed)
            != (
                &self.user.reason,
                &self.user.pending_state,
                self.user.state_changed,
            )
        {
            changes.push(Change::StateDetails);
        }
        changes
    }

    /// Takes over a notification about one call. A call that is not held is added, whatever the
    /// notification's verb was.
    pub fn apply_dialog(&mut self, dialog: Dialog) -> Changes {
        if dialog.id.is_empty() {
            return Changes::new();
        }
        let Some(held) = self.dialogs.get(&dialog.id) else {
            return self.add_dialog(dialog);
        };
        if *held == dialog {
            return Changes::new();
        }
        let own_before = self.own_state(held);
        let own_after = self.own_state(&dialog);
        let (from, to) = (held.state.clone(), dialog.state.clone());
        let legal = from.may_become(&to)
            && match (&own_before, &own_after) {
                (Some(before), Some(after)) => before.may_become(after),
                _ => true,
            };
        self.count_illegal(legal);
        let id = dialog.id.clone();
        let offered = own_after == Some(ParticipantState::Alerting)
            && own_before != Some(ParticipantState::Alerting);
        self.dialogs.insert(id.clone(), dialog);
        let mut changes = Changes::new();
        if offered {
            changes.push(Change::CallOffered(id));
        } else {
            changes.push(Change::CallChanged {
                dialog: id,
                from,
                to,
                legal,
            });
        }
        changes
    }

    /// Takes over that a call is over for this agent; a call that is not held is ignored.
    pub fn remove_dialog(&mut self, id: &DialogId) -> Changes {
        match self.dialogs.remove(id) {
            Some(last) => alloc::vec![Change::CallEnded(Box::new(last))],
            None => {
                self.counters.unknown_removals = self.counters.unknown_removals.saturating_add(1);
                Changes::new()
            }
        }
    }

    /// Takes over the full list of the agent's calls, as a read of `Dialogs` gives it: calls that
    /// are missing from it have ended. Ends come before changes and new calls.
    pub fn replace_dialogs(&mut self, dialogs: Vec<Dialog>) -> Changes {
        let listed: BTreeSet<&DialogId> = dialogs.iter().map(|dialog| &dialog.id).collect();
        let gone: Vec<DialogId> = self
            .dialogs
            .keys()
            .filter(|id| !listed.contains(id))
            .cloned()
            .collect();
        let mut changes = Changes::new();
        for id in &gone {
            changes.extend(self.remove_dialog(id));
        }
        for dialog in dialogs {
            changes.extend(self.apply_dialog(dialog));
        }
        changes
    }

    /// The agent.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The product behind Finesse.
    #[must_use]
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// The calls, ordered by id.
    pub fn dialogs(&self) -> impl ExactSizeIterator<Item = &Dialog> {
        self.dialogs.values()
    }

    /// The call with this id.
    #[must_use]
    pub fn dialog(&self, id: &DialogId) -> Option<&Dialog> {
        self.dialogs.get(id)
    }

    /// The agent's own party of a call, found by the agent's extension.
    #[must_use]
    pub fn own_party<'a>(&self, dialog: &'a Dialog) -> Option<&'a Participant> {
        dialog.participant(self.user.extension.as_ref()?.as_str())
    }

    /// What was met that the documents do not expect.
    #[must_use]
    pub fn counters(&self) -> ModelCounters {
        self.counters
    }

    fn add_dialog(&mut self, dialog: Dialog) -> Changes {
        let id = dialog.id.clone();
        if self.dialogs.len() >= Self::MAX_DIALOGS {
            self.counters.over_limit = self.counters.over_limit.saturating_add(1);
            return alloc::vec![Change::CallOverLimit(id)];
        }
        let rings = self.own_state(&dialog) == Some(ParticipantState::Alerting);
        self.dialogs.insert(id.clone(), dialog);
        alloc::vec![if rings {
            Change::CallOffered(id)
        } else {
            Change::CallStarted(id)
        }]
    }

    fn own_state(&self, dialog: &Dialog) -> Option<ParticipantState> {
        self.own_party(dialog).map(|party| party.state.clone())
    }

    fn count_illegal(&mut self, legal: bool) {
        if !legal {
            self.counters.illegal_moves = self.counters.illegal_moves.saturating_add(1);
        }
    }
}

/// The parts of a user that do not move with its state.
fn profile(user: &User) -> impl PartialEq + '_ {
    (
        (
            &user.login_name,
            &user.first_name,
            &user.last_name,
            user.roles,
        ),
        (&user.team, &user.supervised),
        (
            &user.wrap_up_incoming,
            &user.wrap_up_outgoing,
            user.wrap_up_timer,
        ),
    )
}
