//! What Finesse says about itself.

use core::fmt;

use finewire_core::agent::{Platform, Text};

use crate::resource::Resource;
use crate::xml::Element;

/// State and addresses of a Finesse node. Finesse Developer Guide, "SystemInfo".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SystemInfo {
    /// `status`.
    pub status: ServiceStatus,
    /// `statusReason`: a sentence; may be empty.
    pub status_reason: Text,
    /// `deploymentType`; `None` when absent or another product.
    pub platform: Option<Platform>,
    /// `xmppDomain`: the domain of users' JIDs on this node. Absent in some updates.
    pub xmpp_domain: Option<Text>,
    /// `xmppPubSubDomain`: the JID of the pub-sub service.
    pub xmpp_pubsub_domain: Option<Text>,
    /// `primaryNode`.
    pub primary: Option<NodeAddress>,
    /// `secondaryNode`.
    pub secondary: Option<NodeAddress>,
    /// `systemAuthMode`: `NON_SSO`, `SSO` or `HYBRID`.
    pub auth_mode: Text,
    /// `currentTimestamp`, as it came.
    pub timestamp: Text,
    /// `ctiVersion`.
    pub cti_version: Text,
    /// `lastCTIHeartbeatStatus`: `success` or `failure`.
    pub cti_heartbeat: Text,
    /// `timezoneOffset`: minutes east of UTC.
    pub timezone_offset: Option<i32>,
}

impl SystemInfo {
    /// Whether requests make sense now.
    #[must_use]
    pub fn is_in_service(&self) -> bool {
        self.status == ServiceStatus::InService
    }
}

/// `SystemInfo/status`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum ServiceStatus {
    /// `IN_SERVICE`
    InService,
    /// `OUT_OF_SERVICE`
    #[default]
    OutOfService,
    /// `PARTIAL_SERVICE`
    PartialService,
    /// A word that is not known here.
    Other(Text),
}

impl ServiceStatus {
    /// The wire word.
    #[must_use]
    pub fn as_wire(&self) -> &str {
        match self {
            Self::InService => "IN_SERVICE",
            Self::OutOfService => "OUT_OF_SERVICE",
            Self::PartialService => "PARTIAL_SERVICE",
            Self::Other(word) => word.as_str(),
        }
    }

    /// Reads a wire word; case and blanks around it do not matter.
    #[must_use]
    pub fn from_wire(word: &str) -> Self {
        let word = word.trim();
        [Self::InService, Self::OutOfService, Self::PartialService]
            .into_iter()
            .find(|status| status.as_wire().eq_ignore_ascii_case(word))
            .unwrap_or_else(|| Self::Other(word.into()))
    }
}

impl fmt::Display for ServiceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_wire())
    }
}

/// A node of the cluster. The ports are given from 12.6(2) on.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NodeAddress {
    /// `host`: a name; behind a reverse proxy that of the proxy.
    pub host: Text,
    /// `httpsPort`
    pub https_port: Option<u16>,
    /// `xmppPort`
    pub xmpp_port: Option<u16>,
    /// `xmppSecurePort`
    pub xmpp_secure_port: Option<u16>,
}

pub(crate) fn read(info: &Element<'_>) -> SystemInfo {
    let node = |name| {
        let node = info.child(name)?;
        Some(NodeAddress {
            host: node.word("host")?.into(),
            https_port: node.number("httpsPort"),
            xmpp_port: node.number("xmppPort"),
            xmpp_secure_port: node.number("xmppSecurePort"),
        })
    };
    SystemInfo {
        status: info
            .word("status")
            .map(ServiceStatus::from_wire)
            .unwrap_or_default(),
        status_reason: info.word_of("statusReason"),
        platform: info.word("deploymentType").and_then(Platform::from_wire),
        xmpp_domain: info.word("xmppDomain").map(Text::from),
        xmpp_pubsub_domain: info.word("xmppPubSubDomain").map(Text::from),
        primary: node("primaryNode"),
        secondary: node("secondaryNode"),
        auth_mode: info.word_of("systemAuthMode"),
        timestamp: info.word_of("currentTimestamp"),
        cti_version: info.word_of("ctiVersion"),
        cti_heartbeat: info.word_of("lastCTIHeartbeatStatus"),
        timezone_offset: info.number("timezoneOffset"),
    }
}

pub(crate) fn element<'a>(name: &'a str, info: &'a SystemInfo) -> Element<'a> {
    let mut parts = vec![Element::leaf("currentTimestamp", info.timestamp.as_str())];
    let mut leaf = |name, text: &'a str| parts.push(Element::leaf(name, text));
    leaf("ctiVersion", info.cti_version.as_str());
    leaf(
        "deploymentType",
        info.platform.map_or("", Platform::as_wire),
    );
    leaf("lastCTIHeartbeatStatus", info.cti_heartbeat.as_str());
    parts.extend(
        info.primary
            .as_ref()
            .map(|node| node_element("primaryNode", node)),
    );
    parts.extend(
        info.secondary
            .as_ref()
            .map(|node| node_element("secondaryNode", node)),
    );
    let mut leaf = |name, text: &'a str| parts.push(Element::leaf(name, text));
    leaf("status", info.status.as_wire());
    leaf("statusReason", info.status_reason.as_str());
    leaf("systemAuthMode", info.auth_mode.as_str());
    if let Some(minutes) = info.timezone_offset {
        parts.push(Element::leaf("timezoneOffset", minutes.to_string()));
    }
    parts.push(Element::leaf("uri", Resource::SystemInfo.to_string()));
    if let Some(domain) = &info.xmpp_domain {
        parts.push(Element::leaf("xmppDomain", domain.as_str()));
    }
    if let Some(domain) = &info.xmpp_pubsub_domain {
        parts.push(Element::leaf("xmppPubSubDomain", domain.as_str()));
    }
    Element::node(name, parts)
}

fn node_element<'a>(name: &'a str, node: &'a NodeAddress) -> Element<'a> {
    let mut parts = vec![Element::leaf("host", node.host.as_str())];
    let mut port = |name, port: Option<u16>| {
        parts.extend(port.map(|port| Element::leaf(name, port.to_string())));
    };
    port("httpsPort", node.https_port);
    port("xmppPort", node.xmpp_port);
    port("xmppSecurePort", node.xmpp_secure_port);
    Element::node(name, parts)
}
