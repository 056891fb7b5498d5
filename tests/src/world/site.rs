//! A whole site: broker, Finesse, connector and drivers on one network.

use std::time::Duration;

use finewire_connector::Connector;
use finewire_driver::Driver;
use finewire_openwire::broker::Broker;
use finewire_simulator::Simulator;

use super::builders::{new_broker, new_driver, new_finesse, new_second_connector};
use super::passwords::secrets;
use super::{Guest, Network, Seat};

pub use super::builders::new_connector;
pub use super::names::{agent, connect, driver_name, line, login, reason, tell};
pub use super::passwords::{WRONG_PASSWORD, codec};
pub use super::plan::{BROKER, FINESSE, PORTS, Plan, SECOND_BROKER, SECOND_PORTS};

/// A site that runs.
#[derive(Debug)]
pub struct Site {
    /// The network with everything in it.
    pub net: Network,
    /// The broker.
    pub broker: Seat<Broker>,
    /// Finesse.
    pub finesse: Seat<Simulator>,
    /// The connector.
    pub connector: Seat<Connector>,
    /// The drivers.
    pub drivers: Vec<Seat<Driver>>,
    /// The broker that takes over; its port is shut as long as the first one serves.
    pub second_broker: Option<Seat<Broker>>,
    /// The connector that takes over.
    pub second_connector: Option<Seat<Connector>>,
    plan: Plan,
    births: u64,
}

impl Site {
    /// A calm site with one driver.
    pub fn calm() -> Self {
        Self::built(&Plan::calm(7))
    }

    /// A site by plan, run until every driver knows that the connector is in service.
    ///
    /// # Panics
    ///
    /// When it does not come into service.
    pub fn built(plan: &Plan) -> Self {
        let mut site = Self::begun(plan);
        site.await_service();
        site
    }

    /// A site by plan at its very first moment.
    pub fn begun(plan: &Plan) -> Self {
        let mut net = Network::new(plan.seed, plan.weather.clone());
        for secret in secrets() {
            net.forbid(&secret);
        }
        let broker = add(&mut net, plan, "broker", &[BROKER], new_broker(plan));
        let finesse = add(&mut net, plan, "finesse", &[FINESSE], new_finesse(plan));
        let connector = add(&mut net, plan, "connector", &[], new_connector(plan));
        let drivers = (0..plan.drivers)
            .map(|n| add(&mut net, plan, &driver_name(n), &[], new_driver(plan, n)))
            .collect();
        let second_broker = plan.shape.has_second_broker.then(|| {
            let seat = add(&mut net, plan, "spare", &[SECOND_BROKER], new_broker(plan));
            net.refuse(SECOND_BROKER, PORTS[0]);
            seat
        });
        let second_connector = plan.shape.has_second_connector.then(|| {
            add(
                &mut net,
                plan,
                "connector2",
                &[],
                new_second_connector(plan),
            )
        });
        Self {
            net,
            broker,
            finesse,
            connector,
            drivers,
            second_broker,
            second_connector,
            plan: plan.clone(),
            births: 0,
        }
    }

    /// How the site is built.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// All connectors, the preferred one first.
    pub fn connectors(&self) -> impl Iterator<Item = Seat<Connector>> {
        [Some(self.connector), self.second_connector]
            .into_iter()
            .flatten()
    }

    /// A plan for whoever is born again: with other randomness than before.
    fn reborn(&mut self) -> Plan {
        self.births += 1;
        Plan {
            seed: self.plan.seed.wrapping_add(self.births),
            ..self.plan.clone()
        }
    }

    /// The connector dies and is started again.
    pub fn restart_connector(&mut self) {
        let mut born_again = self.reborn();
        born_again.shape.is_json = self.plan.is_json();
        self.net.replace(self.connector, new_connector(&born_again));
    }

    /// The connector that takes over dies and is started again, if there is one.
    pub fn restart_second_connector(&mut self) {
        if let Some(seat) = self.second_connector {
            let mut born_again = self.reborn();
            born_again.shape.is_json = self.plan.is_json();
            self.net.replace(seat, new_second_connector(&born_again));
        }
    }

    /// The driver's process ends and begins again, with no agent.
    pub fn restart_driver(&mut self, n: usize) {
        let born_again = self.reborn();
        self.net
            .replace(self.drivers[n], new_driver(&born_again, n));
    }

    /// The broker dies and is started again, with nothing in it.
    pub fn restart_broker(&mut self) {
        self.net.replace(self.broker, new_broker(&self.plan));
    }

    /// The broker dies and the spare one begins to serve, or the other way round.
    pub fn swap_brokers(&mut self, is_spare: bool) {
        let Some(spare) = self.second_broker else {
            return self.restart_broker();
        };
        let (dead, shut, served) = match is_spare {
            true => (self.broker, BROKER, SECOND_BROKER),
            false => (spare, SECOND_BROKER, BROKER),
        };
        self.net.refuse(shut, PORTS[0]);
        self.net.replace(dead, new_broker(&self.plan));
        self.net.admit(served, PORTS[0]);
    }

    /// How long it takes until all know the same again.
    pub const fn recovery(&self) -> Duration {
        self.plan.recovery
    }
}

fn add<M: Guest>(
    net: &mut Network,
    plan: &Plan,
    name: &str,
    hosts: &[&str],
    machine: M,
) -> Seat<M> {
    match plan.is_recorded {
        true => net.add_recorded(name, hosts, machine),
        false => net.add(name, hosts, machine),
    }
}
