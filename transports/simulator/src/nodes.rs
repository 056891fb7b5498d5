//! The two nodes of a site.

use std::collections::{BTreeMap, BTreeSet};

use finewire_core::agent::{AgentId, Text};
use finewire_core::machine::LinkId;
use finewire_finesse::{
    NodeAddress, Resource, ServiceStatus, SystemInfo, Update, UpdateData, UpdateMethod, time,
};

use crate::config::{Config, Node, Service};
use crate::machine::{Job, Simulator};
use crate::verbs::Event;

/// One node.
#[derive(Clone, Debug)]
pub(crate) struct NodeState {
    /// What it says of itself, but for the time.
    system: SystemInfo,
    /// Whether it is there at all.
    up: bool,
}

/// The nodes of a configuration.
pub(crate) fn all(config: &Config) -> BTreeMap<Node, NodeState> {
    let address = |host: &Text| NodeAddress {
        host: host.clone(),
        ..NodeAddress::default()
    };
    let state = |node| {
        let domain = config.domain_of(node);
        let system = SystemInfo {
            status: ServiceStatus::InService,
            platform: Some(config.platform),
            xmpp_pubsub_domain: Some(format!("pubsub.{domain}").into()),
            xmpp_domain: Some(domain.clone()),
            primary: Some(address(&config.domain)),
            secondary: config.second.as_ref().map(address),
            cti_version: "23".into(),
            cti_heartbeat: "success".into(),
            timezone_offset: Some(0),
            ..SystemInfo::default()
        };
        (node, NodeState { system, up: true })
    };
    let second = config.second.as_ref().map(|_| Node::Second);
    [Some(Node::First), second]
        .into_iter()
        .flatten()
        .map(state)
        .collect()
}

/// Both nodes say at which ports a node really listens.
pub(crate) fn note_port(
    nodes: &mut BTreeMap<Node, NodeState>,
    node: Node,
    service: Service,
    tls: bool,
    port: u16,
) {
    for state in nodes.values_mut() {
        let address = match node {
            Node::First => &mut state.system.primary,
            Node::Second => &mut state.system.secondary,
        };
        let Some(address) = address else { continue };
        let known = match (service, tls) {
            (Service::Rest, true) => &mut address.https_port,
            (Service::Xmpp, true) => &mut address.xmpp_secure_port,
            (Service::Xmpp, false) => &mut address.xmpp_port,
            // SystemInfo knows no port for XMPP over HTTP.
            (Service::Rest, false)
            | (Service::XmppOverHttp | Service::PlainHttp | Service::Door, _) => continue,
        };
        *known = Some(port);
    }
}

impl Simulator {
    /// Whether a node is in service.
    pub(crate) fn serves(&self, node: Node) -> bool {
        let state = self.nodes.get(&node);
        state.is_some_and(|state| state.up && state.system.is_in_service())
    }

    /// Whether any node is.
    pub(crate) fn is_in_service(&self) -> bool {
        self.serves(Node::First) || self.serves(Node::Second)
    }

    /// Whether a node takes links; the door is nobody's.
    pub(crate) fn is_up(&self, node: Node, service: Service) -> bool {
        service == Service::Door || self.nodes.get(&node).is_some_and(|state| state.up)
    }

    /// What a node says of itself now.
    pub(crate) fn system_now(&self, node: Node) -> SystemInfo {
        let state = self.nodes.get(&node);
        let system = state.map(|state| state.system.clone()).unwrap_or_default();
        SystemInfo {
            timestamp: time::format(self.wall()).into(),
            auth_mode: self.config.knobs.sso.auth_mode().into(),
            ..system
        }
    }

    /// The port at which a node's REST interface is, as SystemInfo has it.
    pub(crate) fn rest_port(&self, node: Node) -> u16 {
        let system = self.nodes.get(&node).map(|state| &state.system);
        let address = system.and_then(|system| match node {
            Node::First => system.primary.as_ref(),
            Node::Second => system.secondary.as_ref(),
        });
        address.and_then(|one| one.https_port).unwrap_or(8445)
    }

    /// The name of a node's pub-sub service.
    pub(crate) fn pubsub_of(&self, node: Node) -> String {
        format!("pubsub.{}", self.config.domain_of(node))
    }

    pub(crate) fn expect_node(&self, node: Node) -> Result<(), Text> {
        if self.nodes.contains_key(&node) {
            return Ok(());
        }
        Err("this site has one node".into())
    }

    pub(crate) fn set_in_service(&mut self, node: Node, on: bool) {
        let Some(state) = self.nodes.get_mut(&node) else {
            return;
        };
        if on == state.system.is_in_service() {
            return;
        }
        let (status, reason, heartbeat) = if on {
            (ServiceStatus::InService, "", "success")
        } else {
            let reason = "CTI connection lost";
            (ServiceStatus::OutOfService, reason, "failure")
        };
        state.system.status = status;
        state.system.status_reason = reason.into();
        state.system.cti_heartbeat = heartbeat.into();
        let resource = Resource::SystemInfo;
        let update = Update {
            node: resource.clone(),
            source: resource,
            method: UpdateMethod::Put,
            request_id: None,
            data: UpdateData::SystemInfo(Box::new(self.system_now(node))),
        };
        let at = self.now + self.span(self.config.timing.notification);
        self.agenda.add(at, Job::NotifyAt(node, Box::new(update)));
    }

    /// Lets a node die with all its links, or come back. A client of a dead node is refused or
    /// runs into silence; here it is closed as it comes.
    pub(crate) fn set_up(&mut self, node: Node, up: bool) {
        if let Some(state) = self.nodes.get_mut(&node) {
            state.up = up;
        }
        if up {
            return;
        }
        let web = self.web.iter().filter(|(_, one)| one.node == node);
        let web = web.map(|(link, _)| *link);
        let streams = self.sessions.iter().filter(|(_, one)| one.node == node);
        let streams = streams.map(|(link, _)| *link);
        let links: BTreeSet<LinkId> = web.chain(streams).collect();
        for link in links {
            self.cut(link);
        }
    }

    /// An agent signs in at a node: from now on this is the agent's.
    pub(crate) fn note_sign_in(&mut self, agent: &AgentId, node: Node) {
        let before = self.signed_in_at.insert(agent.clone(), node);
        let moved = before.filter(|before| *before != node);
        if moved.is_some_and(|before| self.is_present_at(agent, before)) {
            let agent = agent.clone();
            self.outputs.event(Event::SignedInTwice { agent });
        }
    }
}
