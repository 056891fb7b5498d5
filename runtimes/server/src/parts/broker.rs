//! The embedded broker.

use super::{address, cannot_listen, options, seed, socket_address};
use crate::logs::codes;
use anyhow::{Result, bail};
use core::net::SocketAddr;
use finewire_host::TlsProfiles;
use finewire_openwire::broker::{
    Admission, Broker, BrokerCommand, BrokerConfig, BrokerEvent, Listen, Permissions,
};
use finewire_tokio::{Events, Handle, Task};

/// A running embedded broker.
#[derive(Debug)]
pub(crate) struct BrokerPart {
    handle: Handle<Broker>,
    address: SocketAddr,
    task: Task<Broker>,
}

impl BrokerPart {
    /// Starts it on `listen`; `option` is what chooses its port, for the error.
    ///
    /// # Errors
    ///
    /// It cannot listen there.
    pub(crate) async fn start(
        listen: SocketAddr,
        admission: Admission,
        option: &str,
    ) -> Result<Self> {
        Self::start_guarded(listen, admission, None, option).await
    }

    /// As [`BrokerPart::start`]; users may do what `permissions` grant (`None`: everything).
    ///
    /// # Errors
    ///
    /// It cannot listen there.
    pub(crate) async fn start_guarded(
        listen: SocketAddr,
        admission: Admission,
        permissions: Option<Permissions>,
        option: &str,
    ) -> Result<Self> {
        let config = BrokerConfig {
            listen: vec![Listen {
                address: address(listen),
                tls: None,
            }],
            admission,
            permissions,
            ..BrokerConfig::default()
        };
        let broker = Broker::new(config, seed()?);
        let (handle, mut events, task) = finewire_tokio::spawn(broker, options(TlsProfiles::new()));
        let address = loop {
            match events.next().await {
                Some(BrokerEvent::Listening { address, .. }) => break socket_address(&address)?,
                Some(BrokerEvent::ListenFailed { address, reason }) => {
                    return Err(cannot_listen("broker", address, &reason, option));
                }
                Some(_) => {}
                None => bail!("the broker stopped at its start"),
            }
        };
        tokio::spawn(log(events));
        Ok(Self {
            handle,
            address,
            task,
        })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// To look at it while it runs.
    pub(crate) fn handle(&self) -> Handle<Broker> {
        self.handle.clone()
    }

    /// Where clients connect, as they write it.
    pub(crate) fn url(&self) -> String {
        format!("tcp://{}", self.address)
    }

    /// Lets what is pending be written, closes every link and stops.
    pub(crate) async fn stop(self) {
        self.handle.command(BrokerCommand::Stop).await;
        self.handle.shut_down().await;
        if let Err(e) = self.task.await {
            tracing::error!(code = codes::TASK_BROKEN, "the broker's task: {e}");
        }
    }
}

async fn log(mut events: Events<BrokerEvent>) {
    while let Some(event) = events.next().await {
        match event {
            BrokerEvent::Connected {
                link,
                peer,
                client_id,
            } => {
                tracing::info!(
                    code = codes::BROKER_CLIENT_CAME,
                    "broker: {client_id} connected from {peer} ({link})"
                );
            }
            BrokerEvent::Disconnected {
                link,
                client_id,
                reason,
            } => {
                tracing::info!(
                    code = codes::BROKER_CLIENT_LEFT,
                    "broker: {client_id} is gone ({link}): {reason}"
                );
            }
            BrokerEvent::TurnedAway { link, peer, reason } => {
                tracing::warn!(
                    code = codes::BROKER_CLIENT_TURNED_AWAY,
                    "broker: {peer} was turned away ({link}): {reason}"
                );
            }
            BrokerEvent::Refused {
                link,
                command,
                exception,
            } => {
                tracing::warn!(
                    code = codes::BROKER_COMMAND_REFUSED,
                    "broker: {command} refused ({link}): {exception}"
                );
            }
            BrokerEvent::Unsendable { link, what } => {
                tracing::warn!(
                    code = codes::BROKER_UNSENDABLE,
                    "broker: cannot tell {link}: {what}"
                );
            }
            BrokerEvent::SlowConsumer { link, destination } => {
                tracing::warn!(
                    code = codes::BROKER_SLOW_CONSUMER,
                    "broker: slow consumer of {destination} ({link})"
                );
            }
            BrokerEvent::ListenFailed { address, reason } => {
                tracing::error!(
                    code = codes::LISTENING_ENDED,
                    "broker: listening on {address} ended: {reason}"
                );
            }
            _ => {}
        }
    }
}
