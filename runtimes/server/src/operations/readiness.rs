//! Whether drivers can be served now, and if not, why.

use super::{LOOK_WITHIN, Operations};
use finewire_connector::Connector;
use finewire_core::connector::Readiness;
use finewire_core::machine::LinkState;
use serde::Serialize;

/// What `/readyz` tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ReadyView {
    pub(super) ready: bool,
    /// Everything that stands in the way; empty when ready.
    pub(super) why: Vec<String>,
}

impl ReadyView {
    fn of(why: Vec<String>) -> Self {
        Self {
            ready: why.is_empty(),
            why,
        }
    }
}

impl Operations {
    /// Ready: the broker is reached, a Finesse server serves, nobody drains it, and the machine turns.
    pub(super) async fn ready(&self) -> ReadyView {
        let look = self.connector.inspect(|connector| obstacles(connector));
        ReadyView::of(match tokio::time::timeout(LOOK_WITHIN, look).await {
            Ok(Some(why)) => why,
            Ok(None) => vec!["the connector has stopped".into()],
            Err(_) => vec!["the connector does not answer".into()],
        })
    }
}

fn obstacles(connector: &Connector) -> Vec<String> {
    let (broker, nodes) = connector.links();
    let decisions = connector.decisions();
    let mut why = Vec::new();
    if decisions.is_draining() {
        why.push("draining: no new commands are taken".into());
    }
    if broker.state != LinkState::Ready {
        let reason = broker.why.map(|why| format!(": {why}")).unwrap_or_default();
        why.push(format!("broker {} is not reached{reason}", broker.endpoint));
    }
    if decisions.readiness() != Readiness::InService {
        for node in nodes {
            let said = match (&node.fault, node.why.as_str()) {
                (Some(fault), _) => format!(": {fault}"),
                (None, "") => String::new(),
                (None, said) => format!(": {said}"),
            };
            why.push(format!("Finesse {} does not serve{said}", node.endpoint));
        }
    }
    why
}
