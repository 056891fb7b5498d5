//! The embedded broker.

use super::{BrokerOptions, address, cannot_listen, options, seed, socket_address};
use crate::config::EmbeddedBroker;
use crate::logs::codes;
use anyhow::{Result, bail};
use core::net::SocketAddr;
use finewire_core::machine::{Fingerprint, TlsId};
use finewire_host::{ServerTls, TlsProfiles};
use finewire_openwire::broker::{
    Admission, Broker, BrokerCommand, BrokerConfig, BrokerEvent, Listen, Permissions,
};
use finewire_tokio::{Events, Handle, Options, Task};

/// The TLS profile that the broker shows.
const SHOWN: TlsId = TlsId(0);

/// A running embedded broker.
#[derive(Debug)]
pub(crate) struct BrokerPart {
    handle: Handle<Broker>,
    address: SocketAddr,
    /// Where the connector of this process connects.
    own_url: String,
    /// Of the certificate that it shows; `None`: it listens without TLS.
    fingerprint: Option<Fingerprint>,
    task: Task<Broker>,
}

impl BrokerPart {
    /// What whoever starts it is told.
    pub(crate) const FORGETS: &str = "             messages are kept in memory only, persistent ones too; none \
                                      survives a restart";

    /// Starts the one that a configuration describes.
    ///
    /// # Errors
    ///
    /// It cannot listen there, or its certificate cannot be read or written.
    pub(crate) async fn embedded(embedded: &EmbeddedBroker) -> Result<Self> {
        let permissions = embedded.permissions.clone();
        let (listen, admission) = (embedded.listen, embedded.admission());
        let started = Self::start_guarded(
            listen,
            admission,
            permissions,
            &embedded.options,
            "broker.listen",
        );
        let mut part = started.await?;
        part.own_url = embedded.url(part.address.port());
        Ok(part)
    }

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
        let plain = BrokerOptions::default();
        Self::start_guarded(listen, admission, None, &plain, option).await
    }

    /// As [`BrokerPart::start`], with these options; users may do what `permissions` grant (`None`:
    /// everything).
    ///
    /// # Errors
    ///
    /// It cannot listen there, or an option is wrong.
    pub(crate) async fn start_guarded(
        listen: SocketAddr,
        admission: Admission,
        permissions: Option<Permissions>,
        asked: &BrokerOptions,
        option: &str,
    ) -> Result<Self> {
        let mut profiles = TlsProfiles::new();
        let shown = asked.tls(&listen.ip().to_string())?;
        let fingerprint = shown.as_ref().map(ServerTls::fingerprint);
        if let Some(shown) = shown {
            profiles.set_server(SHOWN, shown);
        }
        let config = BrokerConfig {
            listen: vec![Listen {
                address: address(listen),
                tls: fingerprint.map(|_| SHOWN),
            }],
            admission,
            permissions,
            ..asked.config()?
        };
        let broker = Broker::new(config, seed()?);
        let options = Options {
            linger: asked.linger,
            ..options(profiles)
        };
        let (handle, mut events, task) = finewire_tokio::spawn(broker, options);
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
            own_url: url(address, fingerprint),
            fingerprint,
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
        url(self.address, self.fingerprint)
    }

    /// Where the connector of this process connects: on this machine, wherever the broker listens.
    pub(crate) fn own_url(&self) -> String {
        self.own_url.clone()
    }

    /// The certificate that it shows; `None`: it listens without TLS.
    pub(crate) const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
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

fn url(address: SocketAddr, fingerprint: Option<Fingerprint>) -> String {
    let scheme = if fingerprint.is_some() { "ssl" } else { "tcp" };
    format!("{scheme}://{address}")
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
            BrokerEvent::ProducerHeldUp { link, place } => {
                tracing::warn!(
                    code = codes::BROKER_PRODUCER_HELD_UP,
                    "broker: {place} is full: a producer is held up ({link})"
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
