//! The contact centre behind Finesse: agents, calls, and what happens to them.
//!
//! It knows neither HTTP nor XMPP. Whatever happens leaves [`Happening`]s behind: updates for the
//! notification service, in the order of each node, and deadlines.

mod agent;
mod call;
mod calling;
mod campaign;
mod consult;
mod placing;
mod preview;
mod publish;
mod queue;
mod refusal;
mod state;
mod supervising;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use finewire_core::agent::{AgentId, AgentState, Dialog, DialogId, Extension, Team, Text, User};
use finewire_core::machine::UnixMillis;
use finewire_finesse::Update;
use finewire_finesse::{ReasonCategory, ReasonCode, RequestId, Resource};

use crate::config::{Config, DropRight, EccVariable, Timing};
use crate::profile::Profile;
use agent::Agent;
use call::{Call, CallId, Party};
pub(crate) use campaign::Campaign;
use queue::Group;

/// What something left behind.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// A notification.
    Update(Update),
    /// [`World::fire`] is to be called with this after that long.
    Alarm(Duration, Alarm),
    /// An agent's state is another one.
    AgentChanged(AgentId, AgentState),
    /// A call is new, changed or over.
    CallChanged(DialogId),
    /// The statistics of a queue may be others now.
    QueueTouched(Text),
}

/// What a deadline is for. A late one, whose matter is settled, does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// A routed call rang long enough, unless it was offered again since.
    NotAnswered {
        call: CallId,
        agent: AgentId,
        offer: u64,
    },
    /// A call that is being placed makes its next step.
    Dial { call: CallId },
    /// An outside party answers.
    OutsideAnswers { call: CallId },
    /// Wrap-up time is over, unless another one began since.
    WrapUpEnds { agent: AgentId, round: u64 },
    /// The dialler calls the customer of an accepted preview.
    DialPreview { call: CallId },
}

/// Agents and calls.
#[derive(Debug)]
pub(crate) struct World {
    profile: &'static Profile,
    timing: Timing,
    reason_codes: Vec<ReasonCode>,
    extensions: Vec<Extension>,
    most_calls: usize,
    peripheral_errors: bool,
    agents: BTreeMap<AgentId, Agent>,
    mobile: BTreeSet<AgentId>,
    queues: BTreeMap<Text, Group>,
    drop_right: DropRight,
    ecc: Vec<EccVariable>,
    calls: BTreeMap<CallId, Call>,
    next_call: u64,
    now: UnixMillis,
    /// The request that is being carried out, and whose nodes it tags.
    cause: Option<(Option<RequestId>, Resource)>,
    happenings: Vec<Happening>,
}

impl World {
    pub(crate) fn new(config: &Config) -> Self {
        let mut extensions: Vec<_> = config.agents.iter().map(|a| a.extension.clone()).collect();
        extensions.extend(config.extensions.iter().cloned());
        let agents = config
            .agents
            .iter()
            .map(|a| (a.id.clone(), Agent::new(a.clone())));
        let queues = config
            .queues
            .iter()
            .map(|queue| (queue.id.clone(), Group::new(queue)));
        Self {
            profile: Profile::of(config.platform),
            timing: config.timing.clone(),
            reason_codes: config.reason_codes.clone(),
            extensions,
            most_calls: config.most_calls,
            peripheral_errors: !config.knobs.no_peripheral_errors,
            agents: agents.collect(),
            mobile: config.mobile_agents.iter().cloned().collect(),
            queues: queues.collect(),
            drop_right: config.participant_drop,
            ecc: config.ecc_variables.clone(),
            calls: BTreeMap::new(),
            next_call: 16_777_217,
            now: UnixMillis(0),
            cause: None,
            happenings: Vec::new(),
        }
    }

    /// Sets the clock for what follows, and the request that causes it.
    pub(crate) fn begin(&mut self, now: UnixMillis, cause: Option<(Option<RequestId>, Resource)>) {
        self.now = now;
        self.cause = cause;
    }

    /// Takes what happened since.
    pub(crate) fn take_happenings(&mut self) -> Vec<Happening> {
        self.cause = None;
        core::mem::take(&mut self.happenings)
    }

    pub(crate) fn set_peripheral_errors(&mut self, on: bool) {
        self.peripheral_errors = on;
    }

    /// The agent with this login id, or (UCCE) this login name.
    pub(crate) fn find(&self, name: &str) -> Option<&Agent> {
        let by_name = || {
            let mut agents = self.agents.values();
            agents.find(|a| self.profile.finds_by_name && a.config.login_name == *name)
        };
        self.agents.get(name).or_else(by_name)
    }

    /// Whether `asking` supervises this agent's team.
    pub(crate) fn supervises(&self, asking: &AgentId, agent: &AgentId) -> bool {
        let team = self
            .agents
            .get(agent)
            .map(|agent| agent.config.team.id.as_str());
        team.is_some_and(|team| self.supervises_team(asking, team))
    }

    /// Whether `asking` supervises this team.
    pub(crate) fn supervises_team(&self, asking: &AgentId, team: &str) -> bool {
        let supervisor = self.agents.get(asking);
        supervisor.is_some_and(|one| one.config.supervises.iter().any(|own| own.id == *team))
    }

    pub(crate) fn user(&self, agent: &AgentId) -> Option<User> {
        Some(
            self.agents
                .get(agent)?
                .snapshot(&self.reason_codes, self.profile),
        )
    }

    /// Every agent, by id.
    pub(crate) fn users(&self) -> Vec<User> {
        self.agents
            .values()
            .map(|a| a.snapshot(&self.reason_codes, self.profile))
            .collect()
    }

    /// The team of this id with its members.
    pub(crate) fn team(&self, id: &str) -> Option<(Team, Vec<User>)> {
        let members = || self.agents.values().filter(|a| a.config.team.id == *id);
        let team = members().next()?.config.team.clone();
        Some((
            team,
            members()
                .map(|a| a.snapshot(&self.reason_codes, self.profile))
                .collect(),
        ))
    }

    /// The calls in this agent's list.
    pub(crate) fn dialogs(&self, agent: &AgentId) -> Vec<Dialog> {
        let calls = self.calls.values().filter(|call| call.lists(agent));
        calls.map(|call| call.snapshot(self.profile)).collect()
    }

    /// Every call, by id.
    pub(crate) fn all_dialogs(&self) -> Vec<Dialog> {
        self.calls
            .values()
            .map(|call| call.snapshot(self.profile))
            .collect()
    }

    pub(crate) fn dialog(&self, id: &DialogId) -> Option<Dialog> {
        Some(
            self.calls
                .get(&CallId::from_dialog(id)?)?
                .snapshot(self.profile),
        )
    }

    /// Whether this agent is a party of this call.
    pub(crate) fn takes_part(&self, agent: &AgentId, id: &DialogId) -> bool {
        let call = CallId::from_dialog(id).and_then(|id| self.calls.get(&id));
        call.is_some_and(|call| call.lists(agent))
    }

    pub(crate) fn reason_codes(&self, category: ReasonCategory) -> Vec<ReasonCode> {
        let codes = self.reason_codes.iter();
        codes
            .filter(|code| code.category == Some(category) && !code.system)
            .cloned()
            .collect()
    }

    pub(crate) fn has_reason(&self, id: &str, category: ReasonCategory) -> bool {
        self.reason_codes
            .iter()
            .any(|code| code.id == *id && code.category == Some(category))
    }

    /// Whether this agent has put this call on hold.
    pub(crate) fn holds(&self, agent: &AgentId, id: &DialogId) -> bool {
        let call = CallId::from_dialog(id).and_then(|id| self.calls.get(&id));
        let own = call.and_then(|call| call.of(agent));
        own.is_some_and(Party::is_held)
    }

    /// The signed-in agent on this extension.
    pub(crate) fn on_line(&self, extension: &str) -> Option<AgentId> {
        self.agent_on(extension)
    }

    /// The signed-in agent on this extension.
    fn agent_on(&self, extension: &str) -> Option<AgentId> {
        let mut agents = self.agents.values();
        let on = |agent: &&Agent| {
            agent
                .extension
                .as_ref()
                .is_some_and(|own| *own == *extension)
        };
        agents.find(on).map(|agent| agent.config.id.clone())
    }

    /// The database id of a system reason by its code.
    fn reason_id(&self, category: ReasonCategory, code: &str) -> Option<Text> {
        let mut codes = self.reason_codes.iter();
        let found = codes.find(|known| known.category == Some(category) && known.code == *code);
        found.map(|known| known.id.clone())
    }

    /// Carries out what a deadline was set for.
    pub(crate) fn fire(&mut self, alarm: Alarm) {
        match alarm {
            Alarm::NotAnswered { call, agent, offer } => self.not_answered(call, &agent, offer),
            Alarm::Dial { call } => self.dial(call),
            Alarm::OutsideAnswers { call } => self.outside_answers(call),
            Alarm::WrapUpEnds { agent, round } => self.wrap_up_ends(&agent, round),
            Alarm::DialPreview { call } => self.dial_preview(call),
        }
    }

    fn alarm(&mut self, after: Duration, alarm: Alarm) {
        self.happenings.push(Happening::Alarm(after, alarm));
    }
}
