//! Supervisors: what they know of the agents of their teams, and commands about those.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::counters::Counters;
use super::effect::{Effect, Question};
use super::job::{Flow, Goal, Job, LaneId, Step};
use super::outbound::Context;
use super::refusal::Refusal;
use super::session::Session;
use crate::agent::{AgentId, AgentState, TeamId, Text, User};
use crate::contract::{AgentStatus, Command, ErrorCode, Event, Verb};

/// Members that one supervisor's lists may name. Finesse: 2000 users per cluster.
pub(super) const MOST_MEMBERS: usize = 2000;
/// Teams whose members' states one supervisor may follow.
pub(super) const MOST_TEAMS: usize = 64;

/// The agents of a supervisor's teams, as far as Finesse's lists have told.
#[derive(Debug, Default)]
pub(super) struct Members {
    known: BTreeMap<AgentId, (TeamId, AgentStatus)>,
    followed: BTreeSet<TeamId>,
    /// Teams whose list Finesse gave: who is new in them is a member too.
    listed: BTreeSet<TeamId>,
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
        let teams = self.listed.union(&self.followed);
        self.unread = teams.cloned().collect();
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
        self.listed.remove(team);
    }

    /// Somebody is no longer in this team.
    pub(super) fn drop_member(&mut self, team: &TeamId, agent: &AgentId) {
        if self.team_of(agent).as_ref() == Some(team) {
            self.known.remove(agent);
        }
    }

    /// The list of a team's members is this one; gives what is to be told: who is new and who has
    /// changed.
    pub(super) fn take_over(&mut self, team: &TeamId, users: &[User]) -> Vec<AgentStatus> {
        if self.listed.len() < MOST_TEAMS || self.listed.contains(team) {
            self.listed.insert(team.clone());
        }
        let now: BTreeSet<&AgentId> = users.iter().map(|user| &user.id).collect();
        self.known
            .retain(|agent, (known, _)| known != team || now.contains(agent));
        users
            .iter()
            .filter_map(|user| self.update(team, user))
            .collect()
    }

    /// One member of a team is as `user` says; gives what is to be told of it. Who is in no team
    /// whose list Finesse gave is none of this supervisor's business.
    fn update(&mut self, team: &TeamId, user: &User) -> Option<AgentStatus> {
        let is_new = !self.known.contains_key(&user.id);
        if !self.listed.contains(team) || is_new && self.known.len() >= MOST_MEMBERS {
            return None;
        }
        let status = AgentStatus::from_user(user);
        let now = (team.clone(), status.clone());
        let before = self.known.insert(user.id.clone(), now);
        let is_changed = before.is_none_or(|(_, known)| known != status);
        (is_changed && self.followed.contains(team)).then_some(status)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The members of the teams that are followed, with their states.
    pub(super) fn followed(&self) -> impl Iterator<Item = (&AgentId, &AgentState)> {
        let known = self.known.iter();
        let followed = known.filter(|(_, (team, _))| self.followed.contains(team));
        followed.map(|(agent, (_, status))| (agent, &status.state))
    }

    /// How many members are known, teams followed, teams listed, and lists to be read.
    pub(super) fn sizes(&self) -> (usize, usize, usize, usize) {
        let (known, followed) = (self.known.len(), self.followed.len());
        (known, followed, self.listed.len(), self.unread.len())
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

    /// The list of a team was read again: what is followed is told. `answer`: the member whose
    /// state answers a command, and what that answer carries; says whether it was told.
    pub(super) fn meet_team(
        &mut self,
        cx: &mut Context<'_>,
        team: &TeamId,
        users: &[User],
        answer: impl FnOnce(&Self) -> Option<(AgentId, Option<Text>)>,
    ) -> bool {
        let news = self.members.take_over(team, users);
        let answer = answer(self);
        self.tell_members(cx, news, answer.as_ref())
    }

    fn tell_members(
        &mut self,
        cx: &mut Context<'_>,
        news: Vec<AgentStatus>,
        answer: Option<&(AgentId, Option<Text>)>,
    ) -> bool {
        let mut is_answered = false;
        for status in news {
            // A supervisor may be in the team, too: the own state comes by the own User.
            if status.agent == self.agent {
                continue;
            }
            let ours = answer.filter(|(member, _)| *member == status.agent);
            let correlation = ours.and_then(|(_, correlation)| correlation.as_ref());
            let is_told = self.tell(cx, Event::State(status), correlation);
            is_answered |= is_told && ours.is_some();
        }
        is_answered
    }

    /// Finesse published a whole team.
    pub(super) fn on_team(&mut self, cx: &mut Context<'_>, team: &TeamId, users: &[User]) {
        self.team_reads.tell(team, users);
        if !self.members.listed.contains(team) {
            Counters::add(&mut cx.out.counters.unrelated);
            return;
        }
        let is_answered = self.meet_team(cx, team, users, Self::fulfilled_member);
        self.after_members(cx, is_answered);
    }

    /// Finesse published something about members of a team.
    pub(super) fn on_members(&mut self, cx: &mut Context<'_>, team: &TeamId, users: &[User]) {
        self.team_reads.tell(team, users);
        if !self.members.listed.contains(team) {
            Counters::add(&mut cx.out.counters.unrelated);
        }
        let news = users.iter();
        let news = news.filter_map(|user| self.members.update(team, user));
        let news = news.collect();
        let answer = self.fulfilled_member();
        let is_answered = self.tell_members(cx, news, answer.as_ref());
        self.after_members(cx, is_answered);
    }

    /// The member whose state fulfils the command under way, and what its answer carries.
    fn fulfilled_member(&self) -> Option<(AgentId, Option<Text>)> {
        let job = self.user.current.as_ref()?;
        let member = job.member.clone()?;
        let is_met = job.goal()?.is_met(&self.model, &self.members);
        is_met.then(|| (member, job.correlation().cloned()))
    }

    /// Ends the command that a change of a member fulfils.
    fn after_members(&mut self, cx: &mut Context<'_>, is_answered: bool) {
        if self.fulfilled_member().is_none() {
            return;
        }
        let Some(job) = &mut self.user.current else {
            return;
        };
        job.is_answered |= is_answered;
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
