//! How the client makes itself known on a new link.

use finewire_core::machine::{CloseReason, Closing, Outcome, ProtocolOutput, Reason};

use crate::command::{ConnectionControl, ConnectionInfo, Text};

use super::command::ClientEvent;
use super::protocol::{Client, Stage};
use super::request::Request;

impl Client {
    pub(super) fn introduce(&mut self) {
        self.stage = Stage::Introducing;
        if self.was_connected {
            let _ = self.say(ConnectionControl {
                fault_tolerant: true,
                ..ConnectionControl::default()
            });
        }
        let client_id = match &self.config.client_id {
            Some(client_id) => Some(Text::from(client_id)),
            None => self.connection_id.value.clone(),
        };
        let info = ConnectionInfo {
            connection_id: Some(self.connection_id.clone()),
            client_id,
            user_name: self.config.user.as_ref().map(Text::from),
            password: self
                .config
                .password
                .as_ref()
                .map(|password| Text::from(password.expose())),
            manageable: true,
            client_master: true,
            fault_tolerant: true,
            failover_reconnect: self.was_connected,
            ..ConnectionInfo::default()
        };
        if let Err(Outcome::Refused(why) | Outcome::Failed(why)) =
            self.ask(info, Request::Introduce)
        {
            self.finish(Closing::Abort, CloseReason::Other(why.text.into_owned()));
        }
    }

    /// The broker let us in.
    pub(super) fn admitted(&mut self) {
        self.stage = Stage::Ready;
        self.is_up = true;
        let again = core::mem::replace(&mut self.was_connected, true);
        self.take_up(again);
        self.outputs.push_back(ProtocolOutput::Ready);
        let version = self.channel.format().map_or(0, |format| format.version);
        self.event(ClientEvent::Connected {
            broker: self.broker_name.clone(),
            version,
        });
        self.release_holds();
    }

    /// What is asked for must still make sense: nobody is leaving, and nobody has given up.
    pub(super) fn must_stay(&self) -> Result<(), Outcome> {
        if matches!(self.stage, Stage::Leaving | Stage::Parting) {
            let text = "the client is leaving";
            return Err(Outcome::refused(Reason::ShuttingDown, text));
        }
        match &self.given_up {
            None => Ok(()),
            Some(CloseReason::Denied(text)) => Err(Outcome::refused(
                Reason::Denied,
                format!("the broker did not let us in: {text}"),
            )),
            Some(reason) => Err(Outcome::refused(Reason::LinkDown, reason.to_string())),
        }
    }
}
