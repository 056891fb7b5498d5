//! The watch over the Finesse servers: which serves, and what it says about itself.

use alloc::vec::Vec;

use super::config::Config;
use super::signal::{NodeId, RequestId, SystemInfo};
use crate::agent::{Platform, Text};
use crate::machine::Instant;

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

/// What is known of one server.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) readiness: Readiness,
    pub(super) info: SystemInfo,
    pub(super) asked: Option<RequestId>,
    pub(super) poll_at: Instant,
    pub(super) since: Instant,
}

/// All servers of the configuration, in order of preference.
#[derive(Debug)]
pub(super) struct Services {
    nodes: Vec<Service>,
}

impl Services {
    pub(super) fn new(config: &Config) -> Self {
        let service = |_| Service {
            readiness: Readiness::Unknown,
            info: SystemInfo::default(),
            asked: None,
            poll_at: Instant::NEVER,
            since: Instant::START,
        };
        Self {
            nodes: (0..config.nodes).map(service).collect(),
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

    /// The server to use: the first that serves.
    pub(super) fn active(&self) -> Option<NodeId> {
        self.iter()
            .find(|(_, service)| service.readiness == Readiness::InService)
            .map(|(node, _)| node)
    }

    pub(super) fn is_serving(&self, node: NodeId) -> bool {
        self.get(node)
            .is_some_and(|service| service.readiness == Readiness::InService)
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
    ) -> bool {
        let Some(service) = self.get_mut(node) else {
            return false;
        };
        let before = service.readiness;
        match info {
            Ok(info) => {
                service.readiness = if info.in_service {
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
                service.readiness = Readiness::OutOfService;
                service.info.why = why;
            }
        }
        let wait = match service.readiness {
            Readiness::InService => config.timing.poll_in_service,
            Readiness::Unknown | Readiness::OutOfService => config.timing.poll_out_of_service,
        };
        service.poll_at = now + wait;
        if before != service.readiness {
            service.since = now;
        }
        before != service.readiness
    }
}
