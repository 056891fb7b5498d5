//! Who may name what: ids belong to the connection that made them.

use finewire_core::machine::LinkId;

use crate::command::{ConsumerId, Destination, Text};

use super::connection::Connection;
use super::consumer::{Consumer, ConsumerKey};
use super::fault::Fault;
use super::machine::Broker;
use super::serve::missing;

impl Broker {
    /// The connection on this link, if the id in a command is its own.
    pub(super) fn own(
        &mut self,
        link: LinkId,
        connection_id: Option<&Text>,
    ) -> Result<&mut Connection, Fault> {
        self.connections
            .get_mut(&link)
            .filter(|connection| connection.owns(connection_id))
            .ok_or_else(|| {
                let id = connection_id.map(Text::to_str).unwrap_or_default();
                Fault::illegal_state(format!(
                    "Cannot use a connection that has not been registered: {id}"
                ))
            })
    }

    /// As [`Broker::own`]; the session must be open too. Session −1 always is.
    pub(super) fn own_session(
        &mut self,
        link: LinkId,
        connection_id: Option<&Text>,
        session: i64,
    ) -> Result<&mut Connection, Fault> {
        let connection = self.own(link, connection_id)?;
        if session != -1 && !connection.sessions.contains(&session) {
            return Err(Fault::illegal_state(format!(
                "Cannot use a session that had not been registered: {session}"
            )));
        }
        Ok(connection)
    }

    /// The consumer of this name, if it is this link's.
    pub(super) fn own_consumer(
        &mut self,
        link: LinkId,
        id: Option<&ConsumerId>,
    ) -> Result<(ConsumerKey, &mut Consumer), Fault> {
        let id = id.ok_or_else(|| missing("consumerId"))?;
        let connection = self.own(link, id.connection_id.as_ref())?;
        let key = connection
            .consumers
            .get(&(id.session_id, id.value))
            .copied();
        let unknown = || Fault::illegal_state(format!("Cannot use consumer {id}: it is not open"));
        let key = key.ok_or_else(unknown)?;
        let consumer = self.consumers.get_mut(&key).ok_or_else(unknown)?;
        Ok((key, consumer))
    }

    /// Refuses a temporary destination that does not exist (any more).
    pub(super) fn check_temporary(&self, destination: &Destination) -> Result<(), Fault> {
        if destination.kind.is_temporary() && !self.temporaries.contains_key(destination) {
            return Err(Fault::invalid_destination(format!(
                "The destination {destination} does not exist."
            )));
        }
        Ok(())
    }
}
