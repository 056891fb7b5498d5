//! Brokers that a broker recommends (`ConnectionControl`), followed as far as the URI allows.

use finewire_core::machine::{CloseReason, Endpoint, TlsId};

use crate::client::BrokerUri;

use super::desk::Desk;

/// What is allowed, and whither we were steered.
#[derive(Debug)]
pub(super) struct Steering {
    /// `updateURIsSupported`: the list may be another one.
    list: bool,
    /// `reconnectSupported`: so may the broker in use.
    reconnect: bool,
    tls: Option<TlsId>,
    /// Whether the URI names brokers behind TLS alone.
    only_tls: bool,
    /// The brokers of the URI.
    own: Vec<Endpoint>,
    hint: Option<Hint>,
}

/// A list that is tried instead of the URI's.
#[derive(Debug)]
struct Hint {
    endpoints: Vec<Endpoint>,
    /// Losses and vain attempts since one of them last took us in.
    failed: usize,
}

impl Steering {
    pub(super) fn new(uri: &BrokerUri, tls: Option<TlsId>, own: Vec<Endpoint>) -> Self {
        let failover = uri.failover.as_ref();
        Self {
            list: failover.is_some_and(|it| it.update_uris),
            reconnect: failover.is_some_and(|it| it.reconnect),
            tls,
            only_tls: uri.servers.iter().all(|server| server.tls),
            own,
            hint: None,
        }
    }

    /// A broker took us in.
    pub(super) fn arrived(&mut self) {
        if let Some(hint) = &mut self.hint {
            hint.failed = 0;
        }
    }

    /// The brokers that a list names; none if it is empty, does not read, or would give up TLS.
    fn endpoints(&self, list: &str) -> Option<Vec<Endpoint>> {
        let uri: BrokerUri = format!("failover:({list})").parse().ok()?;
        if self.only_tls && uri.servers.iter().any(|server| !server.tls) {
            return None;
        }
        Some(uri.to_link_config(self.tls).ok()?.endpoints)
    }
}

impl Desk {
    /// Follows the broker's hints as far as the URI allowed it.
    pub(super) fn steer(&mut self, connected: &str, reconnect_to: &str, rebalance: bool) {
        if self.steering.list
            && let Some(endpoints) = self.steering.endpoints(connected)
        {
            self.head_for(endpoints);
            if rebalance && self.steering.reconnect {
                let reason = CloseReason::Other("the broker wants its clients spread anew".into());
                self.link.reopen(self.now, reason);
            }
        }
        if self.steering.reconnect
            && let Some(endpoints) = self.steering.endpoints(reconnect_to)
        {
            self.head_for(endpoints);
            let reason = CloseReason::Other("the broker sent us to another one".into());
            self.link.reopen(self.now, reason);
        }
    }

    fn head_for(&mut self, endpoints: Vec<Endpoint>) {
        self.link.set_endpoints(endpoints.clone());
        self.steering.hint = Some(Hint {
            endpoints,
            failed: 0,
        });
    }

    /// After a loss or a vain attempt: when every recommended broker was tried in vain, the URI's own are
    /// tried again too.
    pub(super) fn look_home(&mut self) {
        let Some(hint) = &mut self.steering.hint else {
            return;
        };
        hint.failed += 1;
        // The first is the loss of the broker that was left.
        if hint.failed <= hint.endpoints.len() {
            return;
        }
        let mut all = core::mem::take(&mut hint.endpoints);
        self.steering.hint = None;
        let own = self.steering.own.iter();
        let missing: Vec<Endpoint> = own.filter(|it| !all.contains(it)).cloned().collect();
        all.extend(missing);
        self.link.set_endpoints(all);
    }
}
