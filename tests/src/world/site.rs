//! A whole site: broker, Finesse, connector and drivers on one network.

use std::time::Duration;

use finewire_connector::{
    BrokerConfig as WayToBroker, Config as ConnectorConfig, Connector, NodeConfig,
};
use finewire_core::agent::{
    AgentId, AgentModel, AgentState, Dialog, DialogId, Extension, Participant, ParticipantState,
};
use finewire_core::connector::AgentReport;
use finewire_core::contract::{self, Destination};
use finewire_core::driver::{self, Event as DriverEvent};
use finewire_core::machine::{
    Address, CommandId, Endpoint, Instant, LinkConfig, Outcome, Party, Random, Reason, TlsId,
};
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret, TripleDes};
use finewire_driver::{Config as DriverConfig, Driver};
use finewire_openwire::broker::{Broker, BrokerConfig, Listen};
use finewire_openwire::client::ClientConfig;
use finewire_simulator::{
    Command as FinesseCommand, Config as FinesseConfig, Knobs, PASSWORD, Service, Simulator, Truth,
};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Network, PipeInfo, Seat, Weather, replay};

/// Host name of the broker.
pub const BROKER: &str = "broker.test";
/// Host name of Finesse.
pub const FINESSE: &str = "finesse.test";
/// Ports of broker, REST and XMPP.
pub const PORTS: [u16; 3] = [61616, 8445, 5223];

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
        }
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
    plan: Plan,
}

/// Key of the passwords' encryption at this site.
const KEY: &str = "0123456789abcdeffedcba987654321000112233445566aa";

/// Another key.
const FOREIGN_KEY: &str = "ffeeddccbbaa99887766554433221100f0e1d2c3b4a59687";

/// A password that no agent has.
pub const WRONG_PASSWORD: &str = "Wr0ng!pass";

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
        Self {
            net,
            broker,
            finesse,
            connector,
            drivers,
            plan: plan.clone(),
        }
    }

    /// The connector dies and is started again.
    pub fn restart_connector(&mut self) {
        let born_again = Plan {
            seed: self.plan.seed + 1,
            ..self.plan.clone()
        };
        self.net.replace(self.connector, new_connector(&born_again));
    }

    /// The broker dies and is started again, with nothing in it.
    pub fn restart_broker(&mut self) {
        self.net.replace(self.broker, new_broker(&self.plan));
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
        self.net.check_debug_texts();
        for seat in &self.drivers {
            let node = self.net.node(*seat);
            assert_eq!(
                node.unended(),
                Vec::<&str>::new(),
                "commands have not ended"
            );
        }
        let truth = self.net.node(self.finesse).machine().truth();
        for (report, _) in self.net.node(self.connector).machine().status().agents {
            connector_agrees(&report, &truth);
        }
        for seat in &self.drivers {
            for model in self.net.node(*seat).machine().agents() {
                agree_with_truth(model, &truth);
            }
        }
    }
}

/// The connector and Finesse say the same of an agent whose notifications flow.
fn connector_agrees(report: &AgentReport, truth: &Truth) {
    if !report.is_fresh {
        return;
    }
    let agent = &report.agent;
    let real = truth.agents.iter().find(|real| real.id == *agent);
    let real = real.unwrap_or_else(|| panic!("Finesse does not know {agent}"));
    assert_eq!(
        report.state, real.state,
        "state of {agent} at the connector"
    );
    assert_eq!(
        report.extension, real.extension,
        "line of {agent} at the connector"
    );
    assert_eq!(report.commands, 0, "commands of {agent} at the connector");
    let line = report.extension.as_ref().map_or("", Extension::as_str);
    // Who was transferred away stays listed as dropped for as long as the call lasts.
    let is_here = |call: &&Dialog| {
        let own = call.participant(line);
        own.is_some_and(|own| own.state != ParticipantState::Dropped)
    };
    let real_calls: Vec<_> = truth
        .calls
        .iter()
        .filter(is_here)
        .map(|call| &call.id)
        .collect();
    let calls: Vec<_> = report.calls.iter().map(|(id, ..)| id).collect();
    assert_eq!(calls, real_calls, "calls of {agent} at the connector");
}

/// An agent's model and Finesse's truth say the same, as far as events tell it.
fn agree_with_truth(model: &AgentModel, truth: &Truth) {
    let user = model.user();
    if !user.is_signed_in() {
        return;
    }
    let real = truth.agents.iter().find(|real| real.id == user.id);
    let real = real.unwrap_or_else(|| panic!("Finesse does not know {}", user.id));
    assert_eq!(user.state, real.state, "state of {}", user.id);
    assert_eq!(user.extension, real.extension, "line of {}", user.id);
    let line = user.extension.as_ref().map_or("", Extension::as_str);
    let is_here = |call: &&Dialog| call.participant(line).is_some_and(is_present);
    let real_calls: Vec<_> = truth
        .calls
        .iter()
        .filter(is_here)
        .map(|call| &call.id)
        .collect();
    let calls: Vec<_> = model.dialogs().map(|call| &call.id).collect();
    assert_eq!(calls, real_calls, "calls of {}", user.id);
    for call in model.dialogs() {
        let party = |call: &Dialog| call.participant(line).map(|party| party.state.clone());
        let real = truth.calls.iter().find(|real| real.id == call.id);
        assert_eq!(
            party(call),
            real.and_then(party),
            "own party of call {}",
            call.id
        );
    }
}

/// Whether the party has not left its call.
fn is_present(party: &Participant) -> bool {
    !matches!(
        party.state,
        ParticipantState::Dropped | ParticipantState::WrapUp
    )
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

/// How passwords travel at this site.
///
/// # Panics
///
/// Never: the key is a good one.
pub fn codec() -> PasswordCodec {
    codec_with(KEY)
}

fn codec_with(key: &str) -> PasswordCodec {
    let cipher = TripleDes::new(&key.into(), InitialVector::ZERO, CipherText::Hex);
    PasswordCodec::TripleDes(cipher.expect("the key is a good one"))
}

/// Everything that nobody may print, in every form in which it travels.
fn secrets() -> Vec<String> {
    let mut random = Random::from_seed([0; 32]);
    let mut all = vec![KEY.to_owned(), KEY.to_uppercase()];
    for password in [PASSWORD, WRONG_PASSWORD] {
        all.push(password.to_owned());
        all.extend(base64_cores(password));
        let field = codec().encode(&Secret::from(password), &mut random);
        let field = field.expect("the password can be encoded");
        all.push(field.expose().to_owned());
        all.push(field.expose().to_uppercase());
    }
    all
}

/// What the Base64 form of anything that holds `text` holds: HTTP Basic, SASL PLAIN, whatever
/// stands before it. One core for each of the three ways to fall into groups.
fn base64_cores(text: &str) -> impl Iterator<Item = String> {
    (0..3).filter_map(|skipped| {
        let rest = text.as_bytes().get(skipped..)?;
        let groups = rest.get(..rest.len() / 3 * 3)?;
        Some(STANDARD.encode(groups))
    })
}

fn seed(plan: &Plan, of: u8) -> [u8; 32] {
    let mut bytes = [of; 32];
    bytes[..8].copy_from_slice(&plan.seed.to_le_bytes());
    bytes
}

fn new_broker(plan: &Plan) -> Broker {
    let config = BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", PORTS[0]),
            tls: None,
        }],
        ..BrokerConfig::default()
    };
    Broker::new(config, seed(plan, 1))
}

fn new_finesse(plan: &Plan) -> Simulator {
    let local = |port| Address::new("127.0.0.1", port);
    let mut config = FinesseConfig::new()
        .listen(Service::Rest, local(PORTS[1]), Some(TLS))
        .listen(Service::Xmpp, local(PORTS[2]), Some(TLS));
    // A call must not be taken away while a test repairs its links.
    config.timing.ring = Duration::from_secs(3600);
    config.knobs = plan.knobs.clone();
    Simulator::new(config, seed(plan, 2))
}

/// The connector of a site by plan, at its very first moment.
pub fn new_connector(plan: &Plan) -> Connector {
    let broker = LinkConfig::keep_open(vec![Endpoint::plain(BROKER, PORTS[0])]);
    let node = NodeConfig::new(FINESSE, PORTS[1], PORTS[2]).secured(TLS);
    let decisions = finewire_core::connector::Config::new(contract::Layout::default(), codec());
    let config = ConnectorConfig::new(WayToBroker::new(broker, QUEUE), vec![node], decisions);
    Connector::new(config, seed(plan, 3))
}

fn new_driver(plan: &Plan, n: usize) -> Driver {
    let name = driver_name(n);
    let destination = Destination::parse(&name, &[]).expect("a plain name");
    let codec = if plan.has_foreign_key {
        codec_with(FOREIGN_KEY)
    } else {
        codec()
    };
    let config = DriverConfig {
        link: LinkConfig::keep_open(vec![Endpoint::plain(BROKER, PORTS[0])]),
        client: ClientConfig::default(),
        queue: QUEUE.into(),
        driver: driver::Config::new(destination, codec),
    };
    let n = u8::try_from(n).expect("few drivers");
    Driver::new(config, seed(plan, 10 + n))
}

const QUEUE: &str = "Connector1";
const TLS: TlsId = TlsId(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_recognised_in_every_form_in_which_they_travel() {
        let field = codec()
            .encode(&PASSWORD.into(), &mut Random::from_seed([9; 32]))
            .unwrap();
        let forms = [
            format!("Login {PASSWORD}"),
            STANDARD.encode(format!("1001001:{PASSWORD}")),
            STANDARD.encode(format!("\u{0}10010010\u{0}{PASSWORD}")),
            STANDARD.encode(format!("\u{0}100100100\u{0}{PASSWORD}")),
            field.expose().to_uppercase(),
        ];

        for form in forms {
            assert!(
                secrets()
                    .iter()
                    .any(|secret| form.contains(secret.as_str())),
                "{form}"
            );
        }
    }
}
