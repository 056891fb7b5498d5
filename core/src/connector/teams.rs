//! Supervisors: what they know of the agents of their teams, and commands about those.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::counters::Counters;
use super::effect::{Effect, Question};
use super::job::{Flow, Goal, Job, LaneId, Step};
use super::outbound::Context;
use super::refusal::Refusal;
use super::session::Session;
use crate::agent::{AgentId, AgentState, TeamId, User};
use crate::contract::{AgentStatus, Command, ErrorCode, Event, Verb};

/// Members that one supervisor's lists may name. Finesse: 2000 users per cluster.
const MOST_MEMBERS: usize = 2000;
/// Teams whose members' states one supervisor may follow.
const MOST_TEAMS: usize = 64;

/// The agents of a supervisor's teams, as far as Finesse's lists have told.
#[derive(Debug, Default)]
pub(super) struct Members {
    known: BTreeMap<AgentId, (TeamId, AgentStatus)>,
    followed: BTreeSet<TeamId>,
    /// Lists that are to be read again after a loss of notifications.
    unread: VecDeque<TeamId>,
}

impl Members {
    /// Whether the agent is of a team whose list Finesse gave to this supervisor.
    pub(super) fn knows(&self, agent: &AgentId) -> bool {
        self.known.contains_key(agent)
    }

    pub(super) fn state(&self, agent: &AgentId) -> Option<&AgentState> {
        self.known.get(agent).map(|(_, status)| &status.state)
    }

    pub(super) fn team_of(&self, agent: &AgentId) -> Option<TeamId> {
        self.known.get(agent).map(|(team, _)| team.clone())
    }

    /// A team's members are to be followed; `false` when they are too many.
    pub(super) fn follow(&mut self, team: &TeamId) -> bool {
        if self.followed.len() >= MOST_TEAMS && !self.followed.contains(team) {
            return false;
        }
        self.followed.insert(team.clone());
        true
    }

    /// The states of all members may have changed unseen: their lists are to be read again.
    pub(super) fn doubt(&mut self) {
        let listed = self.known.values().map(|(team, _)| team);
        let teams: BTreeSet<TeamId> = listed.chain(&self.followed).cloned().collect();
        self.unread = teams.into_iter().collect();
    }

    /// The team whose list is to be read next.
    pub(super) fn unread(&self) -> Option<&TeamId> {
        self.unread.front()
    }

    /// That list was read.
    pub(super) fn pop_unread(&mut self) -> Option<TeamId> {
        self.unread.pop_front()
    }

    /// Finesse no longer shows this team.
    pub(super) fn lose(&mut self, team: &TeamId) {
        self.known.retain(|_, (known, _)| known != team);
        self.followed.remove(team);
    }

    /// The list of a team's members was read.
    pub(super) fn take_over(&mut self, team: &TeamId, users: &[User]) {
        self.known.retain(|_, (known, _)| known != team);
        for user in users {
            if self.known.len() >= MOST_MEMBERS {
                break;
            }
            let status = AgentStatus::from_user(user);
            self.known.insert(user.id.clone(), (team.clone(), status));
        }
    }

    /// One member is as `user` says; gives what is to be told of it. Agents on no list are none
    /// of this supervisor's business.
    fn update(&mut self, user: &User) -> Option<AgentStatus> {
        let (team, known) = self.known.get_mut(&user.id)?;
        let status = AgentStatus::from_user(user);
        if *known == status {
            return None;
        }
        *known = status.clone();
        self.followed.contains(team).then_some(status)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Session {
    /// Whether this is a supervisor who may give commands for that agent.
    pub(super) fn supervises(&self, agent: &AgentId) -> bool {
        self.bound.is_some() && self.held.is_some() && self.members.knows(agent)
    }

    /// Begins a supervisor's command about a member of a team. Finesse checks the right again, for
    /// it is asked in the supervisor's name.
    pub(super) fn begin_for_member(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut Job,
        member: AgentId,
    ) -> Flow {
        let state = match job.command {
            Command::MakeReady => AgentState::Ready,
            Command::MakeNotReady => AgentState::NotReady,
            Command::Logout | Command::ForceLogout => AgentState::Logout,
            _ => {
                let text = "A supervisor cannot ask for this on behalf of an agent.";
                return self.refuse(cx, job, Refusal::new(ErrorCode::NotSupported, text));
            }
        };
        let goal = Goal::Member(member.clone(), state.clone());
        let question = match state {
            AgentState::Logout => Question::SignOut {
                agent: member,
                reason: None,
            },
            state => Question::ChangeState {
                agent: member,
                state,
                reason: None,
            },
        };
        self.ask_for(cx, job, question, goal)
    }

    /// Members of supervised teams are as `users` say: what is followed is told.
    pub(super) fn meet_members(&mut self, cx: &mut Context<'_>, users: Vec<User>) {
        for user in users {
            // A supervisor may be in the team, too: the own state comes by the own User.
            if let Some(status) = self.members.update(&user)
                && status.agent != self.agent
            {
                self.tell(cx, Event::State(status), None);
            }
        }
    }

    /// Finesse published something about members of supervised teams.
    pub(super) fn on_members(&mut self, cx: &mut Context<'_>, users: Vec<User>) {
        if !users.iter().any(|user| self.members.knows(&user.id)) {
            Counters::add(&mut cx.out.counters.unrelated);
        }
        self.meet_members(cx, users);
        let (model, members) = (&self.model, &self.members);
        let is_met = |job: &&mut Job| {
            let goal = job.goal();
            job.member.is_some() && goal.is_some_and(|goal| goal.is_met(model, members))
        };
        let Some(job) = self.user.current.as_mut().filter(is_met) else {
            return;
        };
        let Step::Asked {
            is_met,
            is_accepted,
            ..
        } = &mut job.step
        else {
            return;
        };
        *is_met = true;
        if *is_accepted
            && let Some(mut job) = self.user.current.take()
            && let Some(goal) = job.goal().cloned()
        {
            let flow = self.fulfil(cx, &mut job, &goal);
            self.settle(cx, LaneId::User, job, flow);
        }
    }

    /// Answers a command about a member by the state that the member has now.
    pub(super) fn tell_member_of(&mut self, cx: &mut Context<'_>, job: &Job) {
        let member = job.member.as_ref();
        let known = member.and_then(|member| self.members.known.get(member));
        if let Some((_, status)) = known {
            let event = Event::State(status.clone());
            self.tell(cx, event, job.correlation());
        }
    }

    /// Notifications flow on a link that may be a new one.
    pub(super) fn follow_again(&self, cx: &mut Context<'_>) {
        for team in &self.members.followed {
            cx.out.effects.push_back(Effect::Follow {
                agent: self.agent.clone(),
                team: team.clone(),
            });
        }
    }
}

/// Whether a supervisor's client sends it with the agent's id.
pub(super) const fn is_for_supervisors(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::MakeReady | Verb::MakeNotReady | Verb::Logout | Verb::ForceLogout
    )
}
