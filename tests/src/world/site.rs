//! A whole site: broker, Finesse, connector and drivers on one network.

use std::time::Duration;

use finewire_connector::Connector;
use finewire_core::agent::{
    AgentId, AgentModel, AgentState, Dialog, DialogId, Extension, ParticipantState, Platform,
};
use finewire_core::contract;
use finewire_core::driver::{self, Event as DriverEvent};
use finewire_core::machine::{CommandId, Instant, Outcome, Party, Reason};
use finewire_driver::Driver;
use finewire_openwire::broker::Broker;
use finewire_simulator::{
    Command as FinesseCommand, Config as FinesseConfig, Knobs, PASSWORD, Simulator,
};

use super::agreement::{connector_agrees, driver_agrees, is_present};
use super::builders::{new_broker, new_driver, new_finesse, new_second_connector};
use super::passwords::secrets;
use super::shape::Shape;
use super::{Network, PipeInfo, Seat, Weather, replay};

pub use super::builders::new_connector;
pub use super::passwords::{WRONG_PASSWORD, codec};

/// Host name of the broker.
pub const BROKER: &str = "broker.test";
/// Host name of the broker that takes over.
pub const SECOND_BROKER: &str = "broker2.test";
/// Host name of Finesse.
pub const FINESSE: &str = "finesse.test";
/// Ports of broker, REST and XMPP.
pub const PORTS: [u16; 3] = [61616, 8445, 5223];
/// Ports of REST and XMPP of the second node, where there is one.
pub const SECOND_PORTS: [u16; 2] = [8446, 5224];

/// How a site is built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything that is left to chance depends on it.
    pub seed: u64,
    /// The network.
    pub weather: Weather,
    /// Where Finesse misbehaves.
    pub knobs: Knobs,
    /// How many drivers there are.
    pub drivers: usize,
    /// Whether the machines are recorded, to be played again.
    pub is_recorded: bool,
    /// How long it takes until all know the same after the worst that a test does.
    pub recovery: Duration,
    /// Whether the drivers encrypt passwords with a key that is not the connector's.
    pub has_foreign_key: bool,
    /// Whether Finesse has two nodes.
    pub has_second_node: bool,
    /// Whether the connector takes its notifications in a WebSocket, on the ports of REST.
    pub has_websocket: bool,
    /// What this Finesse has that the usual one has not.
    pub finesse: fn(&mut FinesseConfig),
    /// What this connector is told that the usual one is not.
    pub decisions: fn(&mut finewire_core::connector::Config),
    /// What there is twice, and what is configured unlike the defaults.
    pub shape: Shape,
}

impl Plan {
    /// One driver, calm weather, a well-behaved Finesse.
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            weather: Weather::calm(),
            knobs: Knobs::default(),
            drivers: 1,
            is_recorded: false,
            recovery: Duration::from_secs(6),
            has_foreign_key: false,
            has_second_node: false,
            has_websocket: false,
            finesse: |_| {},
            decisions: |_| {},
            shape: Shape::default(),
        }
    }

    /// As [`Plan::calm`], with a UCCX in place of a UCCE.
    pub fn express(seed: u64) -> Self {
        let mut plan = Self::calm(seed);
        plan.shape.platform = Platform::Uccx;
        plan
    }
}

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

/// How long a command may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

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

    /// Runs until every driver knows that the connector is in service.
    ///
    /// # Panics
    ///
    /// When that does not happen.
    pub fn await_service(&mut self) {
        let drivers = self.drivers.clone();
        let is_up = self.net.run_until(PATIENCE, |net| {
            drivers
                .iter()
                .all(|seat| net.node(*seat).machine().service() == driver::Service::InService)
        });
        assert!(is_up, "the site does not come into service: {:?}", self.net);
    }

    /// Gives the first driver a command and runs until it has ended.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn ask(&mut self, command: driver::Command) -> Outcome {
        self.ask_of(0, command)
    }

    /// Gives a driver a command and runs until it has ended.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn ask_of(&mut self, driver: usize, command: driver::Command) -> Outcome {
        let id = self.net.command(self.drivers[driver], command.into());
        self.outcome(driver, id)
    }

    /// Runs until a command has ended.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn outcome(&mut self, driver: usize, id: CommandId) -> Outcome {
        let seat = self.drivers[driver];
        self.net
            .run_until(PATIENCE, |net| net.node(seat).outcome(id).is_some());
        match self.net.node(seat).outcome(id) {
            Some((_, outcome)) => outcome.clone(),
            None => panic!(
                "a command does not end: {:?}",
                self.net.node(seat).unended()
            ),
        }
    }

    /// Asks and expects success.
    ///
    /// # Panics
    ///
    /// When it is not done.
    pub fn expect_done(&mut self, command: driver::Command) {
        let text = format!("{command:?}");
        let outcome = self.ask(command);
        assert_eq!(outcome, Outcome::Done, "{text}");
    }

    /// Connects and signs in an agent of the first driver.
    ///
    /// # Panics
    ///
    /// When it does not succeed.
    pub fn sign_in(&mut self, n: u32) {
        self.expect_done(connect(n));
        self.expect_done(login(n));
    }

    /// Signs an agent in and makes it ready.
    ///
    /// # Panics
    ///
    /// When it does not succeed.
    pub fn be_ready(&mut self, n: u32) {
        self.sign_in(n);
        self.expect_done(tell(n, contract::Command::MakeReady));
    }

    /// Lets a call come in for an agent, and runs until it rings at the driver.
    ///
    /// # Panics
    ///
    /// When it does not ring.
    pub fn ring(&mut self, n: u32) -> DialogId {
        self.place_call(n);
        let seat = self.drivers[0];
        let rings = self
            .net
            .run_until(PATIENCE, |net| ringing(net, seat, n).is_some());
        assert!(rings, "the call does not ring");
        ringing(&self.net, seat, n).expect("it rings")
    }

    /// Lets a call come in for an agent.
    pub fn place_call(&mut self, n: u32) -> CommandId {
        let call = FinesseCommand::PlaceCall {
            to: agent(n).as_str().into(),
            from: "5551234".into(),
        };
        self.net.command(self.finesse, call)
    }

    /// What the first driver knows of an agent.
    pub fn model(&self, n: u32) -> Option<&AgentModel> {
        self.net.node(self.drivers[0]).machine().agent(&agent(n))
    }

    /// The state that the first driver knows.
    pub fn state(&self, n: u32) -> AgentState {
        self.model(n)
            .map_or(AgentState::Unknown, |model| model.user().state.clone())
    }

    /// The state of the agent's own party of its only call, as the first driver knows it.
    pub fn own_party(&self, n: u32) -> Option<ParticipantState> {
        let model = self.model(n)?;
        let dialog = model.dialogs().next()?;
        Some(model.own_party(dialog)?.state.clone())
    }

    /// What Finesse holds for true.
    pub fn true_state(&self, n: u32) -> AgentState {
        let truth = self.net.node(self.finesse).machine().truth();
        let found = truth.agents.into_iter().find(|user| user.id == agent(n));
        found.map_or(AgentState::Unknown, |user| user.state)
    }

    /// The calls that Finesse holds for true on an agent's line.
    pub fn true_calls(&self, n: u32) -> Vec<DialogId> {
        let truth = self.net.node(self.finesse).machine().truth();
        let is_here = |call: &&Dialog| call.participant(line(n).as_str()).is_some_and(is_present);
        truth
            .calls
            .iter()
            .filter(is_here)
            .map(|call| call.id.clone())
            .collect()
    }

    /// The events of a driver that are told to its owner.
    pub fn told(&self, driver: usize) -> Vec<&DriverEvent> {
        let node = self.net.node(self.drivers[driver]);
        let events = node.events().iter().filter_map(|(_, event)| match event {
            finewire_driver::Event::Driver(event) => Some(event),
            _ => None,
        });
        events.collect()
    }

    /// Every message that passed between two parties and was told by the machine `by`, one a line.
    pub fn timeline(&self, by: &[&str], parties: &[Party]) -> String {
        let mut lines = String::new();
        for traced in self.net.traces() {
            let event = &traced.event;
            let is_wanted = by.contains(&traced.by.as_str())
                && parties.contains(&event.from)
                && parties.contains(&event.to);
            if is_wanted {
                let line = format!("{:>9} -> {:<9} {}", event.from, event.to, event.subject);
                lines.push_str(line.trim_end());
                if !event.detail.is_empty() {
                    lines.push_str(" | ");
                    lines.push_str(&event.detail);
                }
                lines.push('\n');
            }
        }
        lines
    }

    /// What all machines traced and told, with times; to find out why something went wrong.
    pub fn story(&self) -> String {
        let mut lines: Vec<(Instant, String)> = Vec::new();
        for traced in self.net.traces() {
            let (by, event) = (&traced.by, &traced.event);
            let text = format!(
                "{by} traced {} -> {} {}",
                event.from, event.to, event.subject
            );
            lines.push((traced.at, format!("{text} {}", event.detail)));
        }
        for (n, seat) in self.drivers.iter().enumerate() {
            let told = self.net.node(*seat).events().iter();
            lines.extend(told.map(|(at, event)| (*at, format!("driver{n} told {event:?}"))));
        }
        let told = self.net.node(self.connector).events().iter();
        lines.extend(told.map(|(at, event)| (*at, format!("connector told {event:?}"))));
        let told = self.net.node(self.finesse).events().iter();
        lines.extend(told.map(|(at, event)| (*at, format!("finesse told {event:?}"))));
        let told = self.net.node(self.broker).events().iter();
        lines.extend(told.map(|(at, event)| (*at, format!("broker told {event:?}"))));
        lines.sort_by_key(|(at, _)| *at);
        let lines = lines
            .into_iter()
            .map(|(at, text)| format!("{at} {text:.300}\n"));
        lines.collect()
    }

    /// Runs for long enough that every time-out, retry and recovery is over.
    pub fn settle(&mut self) {
        self.net.run_for(Duration::from_secs(90));
    }

    /// The connections of one kind, by the port that they were opened to.
    pub fn pipes(&self, port: u16, client: &str) -> Vec<PipeInfo> {
        let mut pipes = self.net.pipes();
        pipes.retain(|pipe| pipe.port == port && pipe.client.starts_with(client));
        pipes
    }

    /// What each machine answered, drain by drain; only of a site that is recorded.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub fn films(&self) -> Vec<Vec<String>> {
        let mut films = vec![
            film(&self.net, self.broker).outputs.clone(),
            film(&self.net, self.finesse).outputs.clone(),
            film(&self.net, self.connector).outputs.clone(),
        ];
        films.extend(
            self.drivers
                .iter()
                .map(|seat| film(&self.net, *seat).outputs.clone()),
        );
        films
    }

    /// What new machines answer to what the recorded ones were told.
    ///
    /// # Panics
    ///
    /// When the site is not recorded.
    pub fn replayed(&self, plan: &Plan) -> Vec<Vec<String>> {
        let net = &self.net;
        let mut films = vec![
            replay(new_broker(plan), &film(net, self.broker).inputs),
            replay(new_finesse(plan), &film(net, self.finesse).inputs),
            replay(new_connector(plan), &film(net, self.connector).inputs),
        ];
        for (n, seat) in self.drivers.iter().enumerate() {
            films.push(replay(new_driver(plan, n), &film(net, *seat).inputs));
        }
        films
    }

    /// Checks what must be true once nothing is under way: every command has ended, all drivers
    /// and the connector know what Finesse holds for true, and nobody's text shows a secret.
    ///
    /// # Panics
    ///
    /// When something is not so.
    pub fn check_quiet(&self) {
        self.check_quiet_where(|_, _| true);
    }

    /// As [`check_quiet`](Self::check_quiet), for those agents of which a driver must know how it
    /// stands with them: a driver that has just begun does not.
    ///
    /// # Panics
    ///
    /// When something is not so.
    pub fn check_quiet_where(&self, must_know: impl Fn(usize, &AgentId) -> bool) {
        self.net.check_debug_texts();
        for seat in &self.drivers {
            let node = self.net.node(*seat);
            assert_eq!(
                node.unended(),
                Vec::<&str>::new(),
                "commands have not ended"
            );
        }
        // One to the broker, a pool of eight to each node, one for each of the ten agents.
        for seat in self.connectors() {
            let sockets = self.net.sockets(seat.number());
            assert!(sockets <= 27, "a connector holds {sockets} sockets");
        }
        for seat in &self.drivers {
            let sockets = self.net.sockets(seat.number());
            assert!(sockets <= 1, "a driver holds {sockets} sockets");
        }
        let truth = self.net.node(self.finesse).machine().truth();
        for seat in self.connectors() {
            for (report, _) in self.net.node(seat).machine().status().agents {
                connector_agrees(&report, &truth);
            }
        }
        for (n, seat) in self.drivers.iter().enumerate() {
            for model in self.net.node(*seat).machine().agents() {
                if must_know(n, &model.user().id) {
                    driver_agrees(model, &truth);
                }
            }
        }
    }
}

fn add<M: super::Guest>(
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

fn film<M: super::Guest>(net: &Network, seat: Seat<M>) -> &super::Film<M::Command> {
    net.node(seat).film().expect("the site is recorded")
}

fn ringing(net: &Network, seat: Seat<Driver>, n: u32) -> Option<DialogId> {
    let model = net.node(seat).machine().agent(&agent(n))?;
    let rings = |dialog: &&Dialog| {
        model
            .own_party(dialog)
            .is_some_and(|own| own.state == ParticipantState::Alerting)
    };
    model.dialogs().find(rings).map(|dialog| dialog.id.clone())
}

/// The name of the n-th driver in the network.
pub fn driver_name(n: usize) -> String {
    format!("driver{n}")
}

/// The n-th agent's login id, from 1.
pub fn agent(n: u32) -> AgentId {
    format!("{}", 1_001_000 + n).into()
}

/// The n-th agent's usual line.
pub fn line(n: u32) -> Extension {
    format!("{}", 2000 + n).into()
}

/// Connects the n-th agent with its password.
pub fn connect(n: u32) -> driver::Command {
    driver::Command::connect(agent(n).as_str(), PASSWORD.into())
}

/// Signs the n-th agent in on its line.
pub fn login(n: u32) -> driver::Command {
    driver::Command::login(agent(n).as_str(), PASSWORD.into(), line(n).as_str())
}

/// Anything else about the n-th agent.
pub fn tell(n: u32, command: contract::Command) -> driver::Command {
    driver::Command::tell(agent(n).as_str(), command)
}

/// The reason of a command's end, where it was no success.
pub fn reason(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Done => None,
        Outcome::Refused(why) | Outcome::Failed(why) => Some(why.reason),
    }
}
