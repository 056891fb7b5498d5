//! Clients go: by their own word, by losing their link, or thrown out.

use finewire_core::machine::{CloseReason, LinkId};

use crate::command::{Command, Destination, RemoveInfo};

use super::connection::Stage;
use super::consumer::ConsumerKey;
use super::event::BrokerEvent;
use super::machine::Broker;

impl Broker {
    /// Takes down everything that a client has on this link; the link itself stays.
    ///
    /// Its consumers' messages return to their queues, its open transactions are rolled back and its
    /// temporary destinations deleted. `last_delivered` is as in [`Broker::close_consumer`].
    pub(super) fn depart(&mut self, link: LinkId, reason: &CloseReason, last_delivered: i64) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        if connection.identity().is_none() {
            return;
        }
        let stage = core::mem::replace(&mut connection.stage, Stage::Departed);
        let Stage::Known(identity) = stage else {
            return;
        };
        let keys: Vec<ConsumerKey> = connection.consumers.values().copied().collect();
        // Nothing may be dispatched to a client that is going.
        connection.congested = true;
        for key in keys {
            self.close_consumer(key, last_delivered);
        }
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        connection.sessions.clear();
        let held_up = connection.held_up.take();
        let producers = core::mem::take(&mut connection.producers);
        let transactions = core::mem::take(&mut connection.transactions);
        let temporaries: Vec<Destination> = connection.temporaries.iter().cloned().collect();
        for producer in producers.values() {
            self.close_producer(producer);
        }
        self.drop_held(link, held_up);
        for (_, transaction) in transactions {
            self.roll_back(transaction);
        }
        for temporary in temporaries {
            self.destroy(&temporary, Some(link));
        }
        if let Some(id) = &identity.connection_id.value
            && self.by_connection_id.get(id) == Some(&link)
        {
            self.by_connection_id.remove(id);
        }
        if self.by_client_id.get(&identity.client_id) == Some(&link) {
            self.by_client_id.remove(&identity.client_id);
        }
        self.outputs.event(BrokerEvent::Disconnected {
            link,
            client_id: identity.client_id.to_str().into_owned(),
            reason: reason.clone(),
        });
        let removed = RemoveInfo {
            last_delivered_sequence_id: RemoveInfo::UNKNOWN_DELIVERED,
            ..RemoveInfo::new(Command::ConnectionId(identity.connection_id))
        };
        self.advise_connection(removed.into());
    }
}
