//! The watch over the Finesse servers: which serves, and what it says about itself.
//!
//! A server serves when SystemInfo says so and nobody sees the user `finesse` absent. Whether its
//! notifications can be had decides on which of those that serve is used. Finesse Developer Guide,
//! "Failure scenarios": SystemInfo first, then XMPP, then the presence of `finesse`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::config::Config;
use super::signal::{NodeId, RequestId, SystemInfo};
use crate::agent::{Platform, Text};
use crate::machine::{Backoff, CloseReason, Instant, Random};

/// Whether Finesse serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// It has not answered yet.
    Unknown,
    /// At least one server serves.
    InService,
    /// None does.
    OutOfService,
}

/// Whether a server's notifications can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Feed {
    /// As far as is known.
    Fine,
    /// Some agent's have stopped; if nobody's flow when `due` comes, it has failed.
    Failing { due: Instant, why: Text },
    /// Nobody's flow; tried again from `until` on.
    Failed { until: Instant, why: Text },
    /// It has failed before; the next agent shows whether it still does.
    OnTrial,
}

/// What is known of one server.
#[derive(Debug)]
pub(super) struct Service {
    /// What it says of itself.
    answers: Readiness,
    /// Since when somebody has seen the user `finesse` absent.
    absent_since: Option<Instant>,
    feed: Feed,
    backoff: Backoff,
    pub(super) readiness: Readiness,
    pub(super) info: SystemInfo,
    pub(super) asked: Option<RequestId>,
    /// Something was heard of it that is newer than what it was asked.
    is_overtaken: bool,
    pub(super) poll_at: Instant,
    pub(super) since: Instant,
}

/// The first and the longest time for which a server without notifications is not tried again.
const AVOIDED: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(300));

impl Service {
    fn new() -> Self {
        Self {
            answers: Readiness::Unknown,
            absent_since: None,
            feed: Feed::Fine,
            backoff: Backoff::new(AVOIDED.0, AVOIDED.1),
            readiness: Readiness::Unknown,
            info: SystemInfo::default(),
            asked: None,
            is_overtaken: false,
            poll_at: Instant::NEVER,
            since: Instant::START,
        }
    }

    /// Works out the readiness anew; `true` when it is another one than before.
    fn judge(&mut self, now: Instant) -> bool {
        let before = self.readiness;
        self.readiness = match self.answers {
            Readiness::InService if self.absent_since.is_some() => Readiness::OutOfService,
            answers => answers,
        };
        if before != self.readiness {
            self.since = now;
        }
        before != self.readiness
    }

    /// What it says, or why it is not used.
    pub(super) fn why(&self) -> Text {
        match (&self.feed, self.absent_since, self.answers) {
            (_, Some(_), Readiness::InService) => "its user finesse is absent".into(),
            (Feed::Failed { why, .. }, None, Readiness::InService) => {
                format!("no notifications: {why}").into()
            }
            _ => self.info.why.clone(),
        }
    }

    fn has_feed(&self) -> bool {
        !matches!(self.feed, Feed::Failed { .. })
    }
}

/// All servers of the configuration, in order of preference.
#[derive(Debug)]
pub(super) struct Services {
    nodes: Vec<Service>,
}

impl Services {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            nodes: (0..config.nodes).map(|_| Service::new()).collect(),
        }
    }

    pub(super) fn get_mut(&mut self, node: NodeId) -> Option<&mut Service> {
        self.nodes.get_mut(usize::from(node.0))
    }

    pub(super) fn get(&self, node: NodeId) -> Option<&Service> {
        self.nodes.get(usize::from(node.0))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &Service)> {
        (0..).map(NodeId).zip(&self.nodes)
    }

    /// Whether any server serves.
    pub(super) fn readiness(&self) -> Readiness {
        let mut any = Readiness::OutOfService;
        for service in &self.nodes {
            match service.readiness {
                Readiness::InService => return Readiness::InService,
                Readiness::Unknown => any = Readiness::Unknown,
                Readiness::OutOfService => {}
            }
        }
        any
    }

    /// The server to use: the first that serves and has notifications, else the first that serves.
    pub(super) fn active(&self) -> Option<NodeId> {
        let serving = || {
            self.iter()
                .filter(|(_, service)| service.readiness == Readiness::InService)
        };
        serving()
            .find(|(_, service)| service.has_feed())
            .or_else(|| serving().next())
            .map(|(node, _)| node)
    }

    pub(super) fn is_serving(&self, node: NodeId) -> bool {
        self.get(node)
            .is_some_and(|service| service.readiness == Readiness::InService)
    }

    /// Whether an agent may stay there: it serves, and has notifications if another one has.
    pub(super) fn is_usable(&self, node: NodeId) -> bool {
        let has_feed = |node| self.get(node).is_some_and(Service::has_feed);
        self.is_serving(node) && (has_feed(node) || !self.active().is_some_and(has_feed))
    }

    /// Whether there is no other server to go to.
    pub(super) fn is_alone(&self, node: NodeId) -> bool {
        let is_choice =
            |service: &Service| service.readiness == Readiness::InService && service.has_feed();
        !self
            .iter()
            .any(|(other, service)| other != node && is_choice(service))
    }

    /// Why none of them serves.
    pub(super) fn why(&self) -> Text {
        let mut text = String::from("no Finesse server serves");
        for (node, service) in self.iter() {
            text.push_str(&format!("; {node}: {:.128}", service.why()));
        }
        text.into()
    }

    pub(super) fn platform(&self, node: NodeId) -> Option<Platform> {
        self.get(node).and_then(|service| service.info.platform)
    }

    /// Domain of JIDs and name of the pub-sub service of a server.
    pub(super) fn domains(&self, node: NodeId, config: &Config) -> (Text, Text) {
        let info = self.get(node).map(|service| &service.info);
        let said = |pick: fn(&SystemInfo) -> &Text| info.map(pick).cloned().unwrap_or_default();
        let domain = config
            .xmpp_domain
            .clone()
            .unwrap_or_else(|| said(|info| &info.xmpp_domain));
        let pubsub = config
            .pubsub_domain
            .clone()
            .or_else(|| said(|info| &info.pubsub_domain).non_empty())
            .unwrap_or_else(|| alloc::format!("pubsub.{domain}").into());
        (domain, pubsub)
    }

    /// Takes over what a server says of itself; `true` when it is another readiness than before.
    pub(super) fn learn(
        &mut self,
        now: Instant,
        node: NodeId,
        info: Result<SystemInfo, Text>,
        config: &Config,
        random: &mut Random,
    ) -> bool {
        let Some(service) = self.get_mut(node) else {
            return false;
        };
        match info {
            Ok(info) => {
                service.answers = if info.in_service {
                    Readiness::InService
                } else {
                    Readiness::OutOfService
                };
                let held = core::mem::replace(&mut service.info, info);
                // A notification may say no more than the status.
                let info = &mut service.info;
                if info.xmpp_domain.is_empty() {
                    info.xmpp_domain = held.xmpp_domain;
                }
                if info.pubsub_domain.is_empty() {
                    info.pubsub_domain = held.pubsub_domain;
                }
                info.platform = info.platform.or(held.platform);
            }
            Err(why) => {
                service.answers = Readiness::OutOfService;
                service.info.why = why;
            }
        }
        let has_changed = service.judge(now);
        let wait = match service.readiness {
            Readiness::InService => config.timing.poll_in_service,
            // Several connectors that lost the same server do not ask it all at once.
            Readiness::Unknown | Readiness::OutOfService => {
                Backoff::new(config.timing.poll_out_of_service, Duration::MAX).next(random)
            }
        };
        service.poll_at = now + wait.max(SHORTEST_POLL);
        has_changed
    }

    /// An agent who is logged in at a server has seen whether the user `finesse` is there; `true`
    /// when that makes it another readiness.
    pub(super) fn see_finesse(&mut self, now: Instant, node: NodeId, is_there: bool) -> bool {
        let Some(service) = self.get_mut(node) else {
            return false;
        };
        service.is_overtaken |= service.absent_since.is_some() == is_there;
        service.absent_since = match is_there {
            true => None,
            false => Some(service.absent_since.unwrap_or(now)),
        };
        service.judge(now)
    }

    /// A server has said of itself, unasked, whether it serves.
    pub(super) fn overtake(&mut self, node: NodeId, in_service: bool) {
        if let Some(service) = self.get_mut(node) {
            service.is_overtaken |= (service.answers == Readiness::InService) != in_service;
        }
    }

    /// A question begins.
    pub(super) fn ask(&mut self, node: NodeId, request: RequestId) {
        if let Some(service) = self.get_mut(node) {
            service.asked = Some(request);
            service.is_overtaken = false;
        }
    }

    /// The question has its answer; `false`: it tells of a time before what was heard meanwhile.
    pub(super) fn is_answered(&mut self, node: NodeId, request: RequestId) -> bool {
        match self.get_mut(node) {
            Some(service) if service.asked == Some(request) => {
                service.asked = None;
                !core::mem::take(&mut service.is_overtaken)
            }
            _ => true,
        }
    }

    pub(super) fn is_absent(&self, node: NodeId) -> bool {
        self.get(node)
            .is_some_and(|service| service.absent_since.is_some())
    }

    /// Somebody is logged in there, or nobody is, while `finesse` is thought to be absent; `true`
    /// when it is believed no longer.
    pub(super) fn doubt_absence(
        &mut self,
        now: Instant,
        node: NodeId,
        is_witnessed: bool,
        config: &Config,
    ) -> bool {
        let Some(service) = self.get_mut(node) else {
            return false;
        };
        let Some(since) = service.absent_since else {
            return false;
        };
        if is_witnessed {
            service.absent_since = Some(now);
        } else if now.since(since) >= config.timing.absence_memory {
            service.absent_since = None;
        }
        service.judge(now)
    }

    /// An agent's notifications flow from a server; `true` when it had been given up.
    pub(super) fn feed_flows(&mut self, node: NodeId) -> bool {
        let Some(service) = self.get_mut(node) else {
            return false;
        };
        let was_failed = !service.has_feed();
        service.feed = Feed::Fine;
        service.backoff.reset();
        was_failed
    }

    /// An agent's notifications have stopped, or cannot be had; when to look again.
    pub(super) fn feed_stops(
        &mut self,
        now: Instant,
        node: NodeId,
        reason: &CloseReason,
        config: &Config,
    ) -> Option<Instant> {
        let service = self.get_mut(node)?;
        let patience = match service.feed {
            Feed::Fine => config.timing.failover_after,
            Feed::OnTrial => Duration::ZERO,
            Feed::Failing { .. } | Feed::Failed { .. } => return None,
        };
        let due = now + patience.max(SHORTEST_POLL);
        let why = format!("{reason}").into();
        service.feed = Feed::Failing { due, why };
        Some(due)
    }

    /// The time to look at a server's notifications has come; `flows` and `lacks` tell whether
    /// anybody gets them or waits for them. Gives whether the choice may be another one from now
    /// on, and when to look again.
    pub(super) fn feed_due(
        &mut self,
        now: Instant,
        node: NodeId,
        (flows, lacks): (bool, bool),
        config: &Config,
        random: &mut Random,
    ) -> (bool, Option<Instant>) {
        let Some(service) = self.get_mut(node) else {
            return (false, None);
        };
        match &service.feed {
            Feed::Failing { due, why } if *due <= now => {
                if flows && lacks {
                    let due = now + config.timing.failover_after.max(SHORTEST_POLL);
                    let why = why.clone();
                    service.feed = Feed::Failing { due, why };
                    return (false, Some(due));
                }
                if !lacks {
                    service.feed = Feed::Fine;
                    return (false, None);
                }
                let until = now + service.backoff.next(random);
                let why = why.clone();
                service.feed = Feed::Failed { until, why };
                (true, Some(until))
            }
            Feed::Failed { until, .. } if *until <= now => {
                service.feed = Feed::OnTrial;
                (true, None)
            }
            Feed::Failing { due: at, .. } | Feed::Failed { until: at, .. } => (false, Some(*at)),
            Feed::Fine | Feed::OnTrial => (false, None),
        }
    }
}

/// A deadline lies in the future, also for a time of zero.
const SHORTEST_POLL: Duration = Duration::from_millis(1);
