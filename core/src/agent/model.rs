//! The model: one agent, its calls, and what each snapshot changes.

use alloc::collections::BTreeMap;

use super::change::{Change, Changes, ModelCounters};
use super::dialog::{Dialog, Participant};
use super::tables::Platform;
use super::text::{AgentId, DialogId};
use super::user::User;

/// One agent and its calls as Finesse last described them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentModel {
    platform: Platform,
    user: User,
    pub(super) dialogs: BTreeMap<DialogId, Dialog>,
    pub(super) counters: ModelCounters,
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

    /// Takes over which product is behind Finesse, once SystemInfo has told it.
    pub fn set_platform(&mut self, platform: Platform) {
        self.platform = platform;
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

    /// Finesse's clock is what `user` says: a snapshot that comes next is not taken for older than
    /// the one held because the clock was set back in between.
    pub fn trust_clock_of(&mut self, user: &User) {
        if user.id == self.user.id && user.state_changed < self.user.state_changed {
            self.user.state_changed = user.state_changed;
        }
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

    pub(super) fn count_illegal(&mut self, legal: bool) {
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

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::agent::{AgentState, Reason, Team};
    use crate::machine::UnixMillis;

    fn user(state: AgentState, changed: i64) -> User {
        User {
            id: "1001".into(),
            state,
            state_changed: Some(UnixMillis(changed)),
            extension: Some("2001".into()),
            ..User::default()
        }
    }

    fn model() -> AgentModel {
        let mut model = AgentModel::new("1001".into(), Platform::Ucce);
        model.apply_user(user(AgentState::Ready, 100));
        model
    }

    #[test]
    fn the_same_snapshot_twice_changes_nothing() {
        let mut model = model();
        let before = model.clone();

        assert_eq!(model.apply_user(user(AgentState::Ready, 100)), []);
        assert_eq!(model, before);
    }

    #[test]
    fn a_state_is_taken_over_with_whether_it_was_legal() {
        let mut model = model();

        let legal = model.apply_user(user(AgentState::Reserved, 101));
        let illegal = model.apply_user(user(AgentState::Logout, 102));

        let state = |from, to, legal| vec![Change::State { from, to, legal }];
        assert_eq!(legal, state(AgentState::Ready, AgentState::Reserved, true));
        assert_eq!(
            illegal,
            state(AgentState::Reserved, AgentState::Logout, false)
        );
        assert_eq!(model.user().state, AgentState::Logout);
        assert_eq!(model.counters().illegal_moves, 1);
    }

    #[test]
    fn an_older_notification_is_ignored_but_an_older_read_is_not() {
        let mut model = model();

        assert_eq!(model.apply_user(user(AgentState::NotReady, 99)), []);
        assert_eq!(model.user().state, AgentState::Ready);
        assert_eq!(model.counters().stale_users, 1);

        assert_eq!(model.replace_user(user(AgentState::NotReady, 99)).len(), 1);
        assert_eq!(model.user().state, AgentState::NotReady);
    }

    #[test]
    fn a_notification_without_a_time_is_taken_over() {
        let mut model = model();

        model.apply_user(User {
            state_changed: None,
            ..user(AgentState::NotReady, 0)
        });

        assert_eq!(model.user().state, AgentState::NotReady);
        assert_eq!(model.counters().stale_users, 0);
    }

    #[test]
    fn another_agents_snapshot_is_ignored_and_counted() {
        let mut model = model();

        let changes = model.apply_user(User {
            id: "1002".into(),
            ..user(AgentState::Logout, 500)
        });

        assert_eq!(changes, []);
        assert_eq!(model.user().id, "1001");
        assert_eq!(
            (model.counters().foreign_users, model.counters().stale_users),
            (1, 0)
        );
    }

    #[test]
    fn another_reason_is_a_change_without_a_move() {
        let mut model = model();
        model.apply_user(user(AgentState::NotReady, 101));

        let reason = Some(Reason {
            label: "Lunch".into(),
            ..Reason::default()
        });
        let changes = model.apply_user(User {
            reason,
            ..user(AgentState::NotReady, 102)
        });

        assert_eq!(changes, [Change::StateDetails]);
    }

    #[test]
    fn profile_and_line_come_before_the_state() {
        let mut model = model();

        let changes = model.apply_user(User {
            team: Some(Team {
                id: "1".into(),
                name: "Blue".into(),
            }),
            extension: None,
            ..user(AgentState::NotReady, 101)
        });

        assert_eq!(changes[0], Change::Profile);
        assert_eq!(
            changes[1],
            Change::Line {
                from: Some("2001".into()),
                to: None
            }
        );
        assert!(matches!(changes[2], Change::State { .. }));
        assert_eq!(changes.len(), 3);
    }

    #[test]
    fn moves_are_judged_by_the_product_that_is_known() {
        let mut model = model();
        model.set_platform(Platform::Uccx);

        model.apply_user(user(AgentState::Logout, 101));

        assert_eq!(model.counters().illegal_moves, 0);
    }
}
