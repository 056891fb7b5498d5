//! One agent: where its events go, what is known of it, and the commands under way.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::attempts::Attempts;
use super::calls::Legs;
use super::effect::Mobile;
use super::job::{Job, Lane, LaneId};
use super::outbound::Context;
use super::reading::Resync;
use super::reads::Reads;
use super::signal::{NodeId, ReasonCode};
use super::status::{SUBSCRIPTION, Subscription};
use super::team_reads::TeamReads;
use super::teams::Members;
use crate::agent::{AgentId, AgentModel, DialogId, Platform, Text};
use crate::contract::{AgentStatus, Call, Destination, ReasonCategory};
use crate::machine::Instant;
use crate::password::Secret;

/// What the connector holds of one agent.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) agent: AgentId,
    /// Where events go; given only to who proved the password.
    pub(super) bound: Option<Destination>,
    /// Where the last unproven Connect came from: errors go there while nothing is bound.
    pub(super) candidate: Option<Destination>,
    /// Unproven destinations among which a login may choose, if there is just one.
    pub(super) claims: Vec<Destination>,
    /// The password that Finesse accepted last.
    pub(super) held: Option<Secret>,
    /// Whether it is a bearer token of single sign-on.
    pub(super) is_token: bool,
    pub(super) node: NodeId,
    pub(super) subscription: Subscription,
    pub(super) since: Instant,
    /// Why its notifications do not flow.
    pub(super) trouble: Option<Text>,
    pub(super) model: AgentModel,
    /// A login was answered: what changes is told.
    pub(super) is_live: bool,
    /// What is known is what Finesse says: notifications have not stopped since it was read.
    pub(super) is_fresh: bool,
    /// Events were lost because the broker was gone.
    pub(super) is_untold: bool,
    pub(super) told_state: Option<AgentStatus>,
    pub(super) told_calls: BTreeMap<DialogId, Call>,
    /// Ends of calls that could not be told.
    pub(super) lost_ends: Vec<Call>,
    /// When an event was last handed to the broker.
    pub(super) told_at: Option<Instant>,
    /// The last calls whose ends were handed to the broker, and when.
    pub(super) told_ends: VecDeque<(Instant, Call)>,
    pub(super) user: Lane,
    pub(super) device: Lane,
    pub(super) attempts: Attempts,
    pub(super) resync: Resync,
    pub(super) reads: Reads,
    pub(super) team_reads: TeamReads,
    pub(super) reasons: BTreeMap<ReasonCategory, (Vec<ReasonCode>, Instant)>,
    /// How the agent was last signed in as a mobile one.
    pub(super) mobile: Option<Mobile>,
    /// Calls that are told otherwise than calls are.
    pub(super) legs: Legs,
    /// What a supervisor knows of the agents of the own teams.
    pub(super) members: Members,
    pub(super) lists: Lane,
    /// Accepted commands without a visible effect, for failures that come late.
    pub(super) fading: VecDeque<(Instant, Job)>,
    pub(super) retire_at: Option<Instant>,
    /// When it moves to another server.
    pub(super) move_at: Option<Instant>,
    /// When it looks whether it can move back to an earlier server.
    pub(super) return_at: Option<Instant>,
    /// Another server than the one it was signed in on is used: sign in there.
    pub(super) signs_in_again: bool,
    pub(super) items: VecDeque<Text>,
    pub(super) serial: u64,
    /// When something last happened to it, counted over all agents.
    pub(super) revision: u64,
}

impl Session {
    pub(super) fn new(agent: AgentId, now: Instant) -> Self {
        Self {
            bound: None,
            candidate: None,
            claims: Vec::new(),
            held: None,
            is_token: false,
            node: NodeId(0),
            subscription: Subscription::None,
            since: now,
            trouble: None,
            model: AgentModel::new(agent.clone(), Platform::Ucce),
            agent,
            is_live: false,
            is_fresh: false,
            is_untold: false,
            told_state: None,
            told_calls: BTreeMap::new(),
            lost_ends: Vec::new(),
            told_at: None,
            told_ends: VecDeque::new(),
            user: Lane::default(),
            device: Lane::default(),
            attempts: Attempts::default(),
            resync: Resync::Idle,
            reads: Reads::default(),
            team_reads: TeamReads::default(),
            reasons: BTreeMap::new(),
            mobile: None,
            legs: Legs::default(),
            members: Members::default(),
            lists: Lane::default(),
            fading: VecDeque::new(),
            retire_at: None,
            move_at: None,
            return_at: None,
            signs_in_again: false,
            items: VecDeque::new(),
            serial: 0,
            revision: 0,
        }
    }

    /// When something of it is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = [
            self.user.deadline(),
            self.device.deadline(),
            self.lists.deadline(),
            self.fading.front().map(|(at, _)| *at),
            self.resync.due(),
            self.retire_at,
            self.move_at,
            self.return_at,
        ];
        due.into_iter().flatten().min()
    }

    /// Commands that wait or are under way.
    pub(super) fn commands(&self) -> usize {
        self.user.len() + self.device.len() + self.lists.len()
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.user.is_empty()
            || !self.device.is_empty()
            || !self.lists.is_empty()
            || !self.fading.is_empty()
    }

    /// Nothing would be lost with it but a binding that its driver makes anew.
    pub(super) fn is_dispensable(&self, cx: &Context<'_>) -> bool {
        !self.is_busy()
            && self.subscription == Subscription::None
            && self.attempts.is_clean(cx.now, cx.config)
    }

    /// Nothing but the memory of wrong passwords would be lost with it. Only when nothing else is
    /// dispensable: junk must not keep agents out, and Finesse counts wrong passwords too.
    pub(super) fn is_junk(&self) -> bool {
        !self.is_busy() && self.subscription == Subscription::None && self.bound.is_none()
    }

    /// Where its driver listens.
    pub(super) fn destination(&self) -> Option<&Destination> {
        self.bound.as_ref().or(self.candidate.as_ref())
    }

    pub(super) fn lane(&mut self, lane: LaneId) -> &mut Lane {
        match lane {
            LaneId::User => &mut self.user,
            LaneId::Device => &mut self.device,
            LaneId::Lists => &mut self.lists,
        }
    }

    pub(super) fn set_subscription(&mut self, cx: &Context<'_>, next: Subscription) {
        if self.subscription != next {
            debug_assert!(
                SUBSCRIPTION.allows(&self.subscription, &next),
                "{:?} to {next:?}",
                self.subscription
            );
            self.subscription = next;
            self.since = cx.now;
        }
    }
}
