//! The driver over a real broker: what it sends, as a connector sees it, and what it makes of the
//! answers. The connector here is a script: it says to each verb what its table says.

use std::collections::BTreeMap;
use std::time::Duration;

use finewire_core::agent::AgentState;
use finewire_core::contract::{Command as C, Destination as Topic};
use finewire_core::driver::{self, Command as Ask, Service};
use finewire_core::machine::{
    Address, CommandId, Endpoint, Input, Instant, Link, LinkConfig, LinkEvent, LinkSlot, Machine,
    Outcome, Output, Outputs, Random, Reason, Sorted,
};
use finewire_core::password::{PasswordCodec, Secret};
use finewire_driver::{Command, Config, Driver, Event};
use finewire_openwire::broker::{Broker, BrokerConfig, Listen};
use finewire_openwire::client::{
    Client, ClientCommand, ClientConfig, ClientEvent, ConsumerHandle, Delivered, Publish, Subscribe,
};
use finewire_openwire::command::{Destination, Message};
use finewire_tests::world::{Chunking, Network, Seat, Weather};

/// A message from the command queue: JMS type, body (it may hold a password), correlation id,
/// priority, persistence.
type Heard = (String, Option<Secret>, Option<String>, i8, bool);

/// Answers commands by a table of verbs.
#[derive(Debug)]
struct Script {
    link: Link<Client>,
    outputs: Outputs<Heard>,
    answers: BTreeMap<&'static str, Vec<&'static str>>,
    commands: u64,
    is_started: bool,
}

impl Script {
    fn new(answers: &[(&'static str, &[&'static str])]) -> Self {
        let config = LinkConfig::keep_open(vec![Endpoint::plain("broker.test", 61616)]);
        let client = Client::new(ClientConfig::default(), [3; 32]);
        let random = Random::from_seed([4; 32]);
        let mut link = Link::new(client, config, LinkSlot(0), random);
        let queue = Destination::queue("Connector1");
        let subscribe = ClientCommand::Subscribe(Subscribe::to(ConsumerHandle(1), queue));
        link.handle_input(Instant::START, Input::Command(CommandId(0), subscribe));
        Self {
            link,
            outputs: Outputs::new(),
            answers: answers
                .iter()
                .map(|(verb, events)| (*verb, events.to_vec()))
                .collect(),
            commands: 1,
            is_started: false,
        }
    }

    fn on_delivered(&mut self, delivered: &Delivered) {
        let message = &delivered.message;
        let jms_type = message.jms_type.as_ref().unwrap().to_str().into_owned();
        let correlation = message.correlation_id.clone();
        let verb = jms_type.split('#').next().unwrap();
        for event in self.answers.get(verb).cloned().unwrap_or_default() {
            let answer = Message {
                correlation_id: correlation.clone(),
                ..Message::text(event)
            };
            let destination = Destination::topic("crm7");
            let publish = ClientCommand::Publish(Publish {
                destination,
                message: answer,
            });
            self.commands += 1;
            let id = CommandId(self.commands);
            self.link
                .handle_input(Instant::START, Input::Command(id, publish));
        }
        self.outputs.event((
            jms_type.clone(),
            message
                .body()
                .unwrap()
                .as_text()
                .map(|text| text.to_str().as_ref().into()),
            correlation.map(|id| id.to_str().into_owned()),
            message.priority,
            message.persistent,
        ));
    }
}

impl Machine for Script {
    type Command = ();
    type Event = Heard;

    fn handle_input(&mut self, now: Instant, input: Input<'_, ()>) {
        if !self.is_started {
            self.is_started = true;
            self.link.start(now);
        }
        match input {
            Input::Opened(link) => self.link.handle_input(now, Input::Opened(link)),
            Input::Received(link, bytes) => {
                self.link.handle_input(now, Input::Received(link, bytes));
            }
            Input::Sent(link) => self.link.handle_input(now, Input::Sent(link)),
            Input::Closed(link, reason) => {
                self.link.handle_input(now, Input::Closed(link, reason));
            }
            _ => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.link.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Output<Heard> {
        loop {
            if let Some(output) = self.outputs.pop() {
                return output;
            }
            match self.outputs.pull(&mut self.link) {
                Sorted::Event(LinkEvent::Said(ClientEvent::Delivered(delivered))) => {
                    self.on_delivered(&delivered);
                }
                Sorted::Event(_) | Sorted::Ended(..) => {}
                Sorted::Wait(due) if self.outputs.is_empty() => return Output::Wait(due),
                Sorted::Wait(_) => {}
            }
        }
    }
}

const ANSWERS: &[(&str, &[&str])] = &[
    ("Hello", &["System#IN_SERVICE"]),
    ("Beat", &["System#IN_SERVICE"]),
    (
        "Login",
        &[
            "1001#AgentInfo#Ada#Blue#false#OPTIONAL#Teams:1#1,Blue#1#Ada Blue",
            "1001#State#NOT_READY#####Ada Blue#1001#2001",
            "1001#DialogStatus#NONE#0",
        ],
    ),
    ("MakeReady", &["1001#State#READY#####Ada Blue#1001#2001"]),
    ("GetState", &["1001#State#READY#####Ada Blue#1001#2001"]),
];

struct Town {
    net: Network,
    driver: Seat<Driver>,
    script: Seat<Script>,
}

impl Town {
    fn new(weather: Weather) -> Self {
        let mut net = Network::new(9, weather);
        net.forbid("pa55word");
        let address = Address::new("127.0.0.1", 61616);
        let listen = vec![Listen { address, tls: None }];
        let broker = Broker::new(
            BrokerConfig {
                listen,
                ..BrokerConfig::default()
            },
            [1; 32],
        );
        net.add("broker", &["broker.test"], broker);
        let script = net.add("connector", &[], Script::new(ANSWERS));
        let destination = Topic::parse("crm7", &[]).unwrap();
        let link = LinkConfig::keep_open(vec![Endpoint::plain("broker.test", 61616)]);
        let own = driver::Config::new(destination, PasswordCodec::Clear);
        let driver = Driver::new(Config::new(link, "Connector1", own), [2; 32]);
        let driver = net.add("driver", &[], driver);
        let mut town = Self {
            net,
            driver,
            script,
        };
        town.net.run_for(Duration::from_secs(2));
        town
    }

    fn ask(&mut self, command: impl Into<Command>) -> Option<Outcome> {
        let id = self.net.command(self.driver, command.into());
        self.net.run_for(Duration::from_secs(8));
        self.net
            .node(self.driver)
            .outcome(id)
            .map(|(_, outcome)| outcome.clone())
    }

    fn driver(&self) -> &Driver {
        self.net.node(self.driver).machine()
    }

    fn heard(&self) -> Vec<Heard> {
        self.net
            .node(self.script)
            .events()
            .iter()
            .map(|(_, heard)| heard.clone())
            .collect()
    }
}

#[test]
fn the_connector_sees_commands_as_existing_drivers_send_them() {
    let mut town = Town::new(Weather::calm());
    assert_eq!(town.driver().service(), Service::InService);

    assert_eq!(
        town.ask(Ask::connect("1001", "pa55word".into())),
        Some(Outcome::Done)
    );
    assert_eq!(
        town.ask(Ask::login("1001", "pa55word".into(), "2001")),
        Some(Outcome::Done)
    );
    assert_eq!(
        town.ask(Ask::tell("1001", C::MakeReady)),
        Some(Outcome::Done)
    );

    let heard = town.heard();
    let seen: Vec<_> = heard
        .iter()
        .map(|heard| (heard.0.as_str(), heard.1.as_ref().map(Secret::expose)))
        .collect();
    assert_eq!(
        seen,
        [
            ("Hello#crm7", None),
            ("Connect#1001", Some("crm7,pa55word")),
            ("Login#1001", Some("pa55word,2001")),
            ("MakeReady#1001", None),
        ]
    );
    assert!(
        heard
            .iter()
            .all(|(_, _, correlation, priority, is_persistent)| {
                correlation.is_some() && *priority == 0 && !is_persistent
            })
    );
    let model = town.driver().agent(&"1001".into()).unwrap();
    assert_eq!(model.user().state, AgentState::Ready);
    town.net.check_debug_texts();
}

#[test]
fn byte_by_byte_it_is_the_same() {
    let mut town = Town::new(Weather::calm().cut_into(Chunking::Bytes));

    assert_eq!(
        town.ask(Ask::login("1001", "pa55word".into(), "2001")),
        Some(Outcome::Done)
    );
}

#[test]
fn a_command_while_the_broker_is_down_is_refused_not_lost() {
    let mut town = Town::new(Weather::calm());
    town.net.refuse("broker.test", 61616);
    for pipe in town.net.pipes() {
        town.net.cut(pipe.id);
    }
    town.net.run_for(Duration::from_millis(10));

    let outcome = town.ask(Ask::login("1001", "pa55word".into(), "2001"));

    assert!(matches!(
        outcome,
        Some(Outcome::Refused(why)) if why.reason == Reason::LinkDown
    ));
    assert_eq!(town.driver().service(), Service::Unreachable);
}

#[test]
fn after_a_cut_the_agent_is_connected_again_by_itself() {
    let mut town = Town::new(Weather::stormy());
    town.ask(Ask::connect("1001", "pa55word".into()));
    town.ask(Ask::login("1001", "pa55word".into(), "2001"));
    let before = town.heard().len();

    for pipe in town.net.pipes() {
        town.net.cut(pipe.id);
    }
    town.net.run_for(Duration::from_secs(20));

    let verbs: Vec<_> = town.heard().drain(before..).map(|heard| heard.0).collect();
    assert_eq!(
        verbs,
        ["Beat#crm7", "Connect#1001", "GetState#1001", "Login#1001"]
    );
    assert_eq!(town.driver().service(), Service::InService);
}

#[test]
fn a_stopped_driver_ends_everything_leaves_in_order_and_stays_away() {
    let mut town = Town::new(Weather::calm());
    let seat = town.driver;
    let open = town
        .net
        .command(seat, Ask::connect("1001", "pa55word".into()).into());

    let stopped = town.ask(Command::Stop);
    town.net.run_for(Duration::from_secs(60));

    assert_eq!(stopped, Some(Outcome::Done));
    assert!(matches!(
        town.net.node(seat).outcome(open),
        Some((_, Outcome::Failed(why))) if why.reason == Reason::ShuttingDown
    ));
    assert!(town.net.pipes().iter().all(|pipe| pipe.client != "driver"));
    let again = town.ask(Ask::login("1001", "pa55word".into(), "2001"));
    assert!(matches!(
        again,
        Some(Outcome::Refused(why)) if why.reason == Reason::ShuttingDown
    ));
}

#[test]
fn losses_of_the_broker_are_told_with_their_reason() {
    let mut town = Town::new(Weather::calm());

    let pipes = town.net.pipes();
    let own = pipes.iter().find(|pipe| pipe.client == "driver").unwrap();
    town.net.cut(own.id);
    town.net.run_for(Duration::from_secs(5));

    let told: Vec<_> = town
        .net
        .node(town.driver)
        .events()
        .iter()
        .filter_map(|(_, event)| match event {
            Event::BrokerUp => Some("up"),
            Event::BrokerDown { .. } => Some("down"),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["up", "down", "up"]);
}
