//! A driver: for the demo and for the command line.

use super::{client_tls, options, seed};
use crate::config::Trust;
use crate::logs::codes;
use anyhow::{Context, Result, bail};
use finewire_core::contract::Destination;
use finewire_core::driver::{self, Service};
use finewire_core::machine::{Outcome, TlsId};
use finewire_core::password::PasswordCodec;
use finewire_driver::{Command, Config, Driver, Event};
use finewire_host::TlsProfiles;
use finewire_openwire::client::{BrokerUri, ClientConfig};
use finewire_tokio::{Events, Handle, Task};

/// The TLS profile of `ssl://` brokers.
const BROKER: TlsId = TlsId(0);

/// What a driver is to be.
#[derive(Debug)]
pub(crate) struct DriverPlan {
    /// The broker, as ActiveMQ's clients write it.
    pub(crate) broker: String,
    /// Whose certificate is believed where the broker is an `ssl://` one.
    pub(crate) trust: Trust,
    /// The connector's queue.
    pub(crate) queue: String,
    /// The driver's own topic.
    pub(crate) destination: String,
    /// How passwords travel.
    pub(crate) passwords: PasswordCodec,
}

/// A running driver.
#[derive(Debug)]
pub(crate) struct DriverPart {
    pub(crate) handle: Handle<Driver>,
    pub(crate) events: Events<Event>,
    task: Task<Driver>,
}

impl DriverPart {
    /// Starts it; it reaches for its broker and says hello by itself.
    ///
    /// # Errors
    ///
    /// The plan is no good: address, destination or queue.
    pub(crate) fn start(plan: DriverPlan) -> Result<Self> {
        let uri: BrokerUri = plan.broker.parse().context("the broker's address")?;
        let mut profiles = TlsProfiles::new();
        if uri.servers.iter().any(|server| server.tls) {
            profiles.set_client(BROKER, client_tls(&plan.trust)?);
        }
        let mut client = ClientConfig::default();
        client.apply(&uri);
        let destination = Destination::parse(&plan.destination, &[plan.queue.as_str().into()])
            .context("the destination's name")?;
        let link = uri
            .to_link_config(Some(BROKER))
            .context("the broker's address")?;
        let driver = driver::Config::new(destination, plan.passwords);
        let config = Config {
            client,
            ..Config::new(link, &plan.queue, driver)
        };
        let machine = Driver::new(config, seed()?);
        let (handle, events, task) = finewire_tokio::spawn(machine, options(profiles));
        Ok(Self {
            handle,
            events,
            task,
        })
    }

    /// Gives a command and waits for its end.
    ///
    /// # Errors
    ///
    /// It was refused or has failed; with the connector's words.
    pub(crate) async fn ask(&self, command: driver::Command) -> Result<()> {
        match self.handle.command(Command::Ask(command)).await {
            Outcome::Done => Ok(()),
            Outcome::Refused(why) => bail!("refused: {why}"),
            Outcome::Failed(why) => bail!("failed: {why}"),
        }
    }

    /// Waits until connector and Finesse are in service.
    ///
    /// # Errors
    ///
    /// The driver has stopped.
    pub(crate) async fn in_service(&mut self) -> Result<()> {
        loop {
            match self.events.next().await {
                Some(Event::Driver(driver::Event::ServiceChanged(Service::InService))) => {
                    return Ok(());
                }
                Some(_) => {}
                None => bail!("the driver has stopped"),
            }
        }
    }

    /// Closes its link and stops.
    pub(crate) async fn stop(self) {
        self.handle.command(Command::Stop).await;
        self.handle.shut_down().await;
        drop(self.events);
        if let Err(e) = self.task.await {
            tracing::error!(code = codes::TASK_BROKEN, "the driver's task: {e}");
        }
    }
}
