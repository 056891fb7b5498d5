//! Lists of team members under way, and what notifications told of members meanwhile.
//!
//! As with an agent's own [reads](super::reads), an answer that was written before a change may come
//! after the notification of it. In a large team there is always somebody who changes, so a list is
//! not read again: who was told of meanwhile is as told.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::signal::RequestId;
use super::teams::MOST_MEMBERS;
use crate::agent::{AgentId, TeamId, User};

/// The resync's and one for each queue can be under way at a time.
pub(super) const MOST: usize = 8;

#[derive(Debug)]
struct Reading {
    request: RequestId,
    team: TeamId,
    /// Members told of since it began; `None` for who has left.
    told: BTreeMap<AgentId, Option<User>>,
}

impl Reading {
    fn tell(&mut self, agent: &AgentId, user: Option<&User>) {
        if self.told.len() < MOST_MEMBERS || self.told.contains_key(agent) {
            self.told.insert(agent.clone(), user.cloned());
        }
    }
}

/// The lists that one supervisor has asked for and not been given yet.
#[derive(Debug, Default)]
pub(super) struct TeamReads(VecDeque<Reading>);

impl TeamReads {
    /// The list of a team was asked for.
    pub(super) fn begin(&mut self, request: RequestId, team: TeamId) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        let told = BTreeMap::new();
        self.0.push_back(Reading {
            request,
            team,
            told,
        });
    }

    /// A notification told of members of a team.
    pub(super) fn tell(&mut self, team: &TeamId, users: &[User]) {
        for reading in self.of(team) {
            for user in users {
                reading.tell(&user.id, Some(user));
            }
        }
    }

    /// A notification told that somebody has left a team.
    pub(super) fn tell_left(&mut self, team: &TeamId, agent: &AgentId) {
        for reading in self.of(team) {
            reading.tell(agent, None);
        }
    }

    fn of<'a>(&'a mut self, team: &'a TeamId) -> impl Iterator<Item = &'a mut Reading> {
        self.0
            .iter_mut()
            .filter(move |reading| reading.team == *team)
    }

    /// A request has ended; if it was for a list, `users` becomes what is known now.
    pub(super) fn end(&mut self, request: RequestId, users: Option<&mut Vec<User>>) {
        let at = self.0.iter().position(|reading| reading.request == request);
        let Some(reading) = at.and_then(|at| self.0.remove(at)) else {
            return;
        };
        let Some(users) = users else { return };
        users.retain_mut(|user| match reading.told.get(&user.id) {
            Some(Some(told)) => {
                take_state(user, told);
                true
            }
            Some(None) => false,
            None => true,
        });
    }

    /// How many lists are under way, and of how many members one of them was told at most.
    pub(super) fn sizes(&self) -> (usize, usize) {
        let told = self.0.iter().map(|reading| reading.told.len());
        (self.0.len(), told.max().unwrap_or(0))
    }
}

/// A notification says less of a member than a list does: only how it stands with it.
fn take_state(user: &mut User, told: &User) {
    user.state = told.state.clone();
    user.state_changed = told.state_changed;
    user.pending_state = told.pending_state.clone();
    user.reason = told.reason.clone();
    user.extension = told.extension.clone();
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::agent::AgentState;

    fn user(id: &str, state: &str) -> User {
        User {
            id: id.into(),
            first_name: "Ada".into(),
            state: AgentState::from_wire(state),
            ..User::default()
        }
    }

    fn team() -> TeamId {
        TeamId::from("1")
    }

    #[test]
    fn who_changes_while_a_list_is_read_is_as_told_and_who_leaves_is_gone() {
        let mut reads = TeamReads::default();
        reads.begin(RequestId(1), team());
        let told = User {
            first_name: "".into(),
            ..user("1002", "READY")
        };
        reads.tell(&team(), &[told]);
        reads.tell(&TeamId::from("2"), &[user("1001", "READY")]);
        reads.tell_left(&team(), &"1003".into());
        reads.begin(RequestId(2), team());

        let list = ["1001", "1002", "1003"].map(|id| user(id, "NOT_READY"));
        let mut first = list.to_vec();
        reads.end(RequestId(1), Some(&mut first));
        assert_eq!(first, [user("1001", "NOT_READY"), user("1002", "READY")]);

        let mut second = list.to_vec();
        reads.end(RequestId(2), Some(&mut second));
        assert_eq!(second, list, "told before it was asked for");
    }

    #[test]
    fn neither_lists_nor_members_pile_up() {
        let mut reads = TeamReads::default();
        for n in 0..100 {
            reads.begin(RequestId(n), team());
        }
        for n in 0..MOST_MEMBERS + 100 {
            reads.tell(&team(), &[user(&format!("{n}"), "READY")]);
        }
        assert_eq!(reads.sizes(), (MOST, MOST_MEMBERS));
        reads.end(RequestId(99), None);
        assert_eq!(reads.sizes(), (MOST - 1, MOST_MEMBERS));
    }
}
