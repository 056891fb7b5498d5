//! The connector without a broker: its owner carries commands and events.
#![allow(clippy::unwrap_used, reason = "tests")]

use core::time::Duration;
use finewire_connector::{
    BrokerConfig, Command, Config, Connector, DriverSide, Event, Heard, NodeConfig,
};
use finewire_core::connector::{self, Addressee, Publish, ReplyKind, ReplyTo};
use finewire_core::contract::{CommandMessage, Destination, Layout};
use finewire_core::machine::{
    CommandId, Endpoint, Input, Instant, LinkConfig, LinkState, Machine, Outcome, Output, Reason,
};
use finewire_core::password::PasswordCodec;

struct Seen {
    outputs: Vec<Output<Event>>,
}

impl Seen {
    fn told(&self) -> Vec<&Publish> {
        let told = self.outputs.iter().filter_map(|output| match output {
            Output::Event(Event::Told(publish)) => Some(publish),
            _ => None,
        });
        told.collect()
    }

    fn outcome(&self) -> Option<&Outcome> {
        let mut ended = self.outputs.iter().filter_map(|output| match output {
            Output::Ended(CommandId(7), outcome) => Some(outcome),
            _ => None,
        });
        let first = ended.next();
        assert!(ended.next().is_none(), "it ended twice");
        first
    }
}

fn connector(drivers: impl Into<DriverSide>) -> Connector {
    let decisions = connector::Config::new(Layout::default(), PasswordCodec::Clear);
    let nodes = vec![NodeConfig::new("finesse.example", 8445, 5223)];
    Connector::new(Config::new(drivers, nodes, decisions), [7; 32])
}

fn drain(connector: &mut Connector) -> Seen {
    let mut outputs = Vec::new();
    loop {
        match connector.poll_output() {
            Output::Wait(_) => return Seen { outputs },
            output => outputs.push(output),
        }
    }
}

/// What it says when nothing happens for so long.
fn later(connector: &mut Connector, time: Duration) -> Seen {
    let mut outputs = Vec::new();
    loop {
        match connector.poll_output() {
            Output::Wait(Some(at)) if at <= Instant::START + time => connector.handle_timeout(at),
            Output::Wait(_) => return Seen { outputs },
            output => outputs.push(output),
        }
    }
}

fn give(connector: &mut Connector, command: Command) -> Seen {
    connector.handle_input(Instant::START, Input::Command(CommandId(7), command));
    drain(connector)
}

fn hello() -> Heard {
    let destination = Destination::parse("desk-1", &[]).unwrap();
    let wire = CommandMessage::hello(destination).to_wire(&Layout::default());
    Heard::from(&wire.unwrap())
}

#[test]
fn no_broker_is_reached_for() {
    let mut connector = connector(DriverSide::Owner);
    connector.handle_timeout(Instant::START);

    let seen = drain(&mut connector);

    let opened = seen.outputs.iter().filter_map(|output| match output {
        Output::Open(_, endpoint) => Some(endpoint.to_string()),
        _ => None,
    });
    assert_eq!(opened.collect::<Vec<_>>(), ["finesse.example:8445"]);
    assert_eq!(connector.status().broker.state, LinkState::Idle);
}

#[test]
fn a_hello_is_taken_on_and_answered_to_its_destination() {
    let mut connector = connector(DriverSide::Owner);

    let seen = give(&mut connector, Command::Hear(hello()));

    assert_eq!(seen.outcome(), Some(&Outcome::Done));
    assert!(seen.told().is_empty(), "Finesse has not been heard yet");
    let seen = later(&mut connector, Duration::from_secs(30));
    let told = seen.told();
    let [answer] = told.as_slice() else {
        panic!("{told:?}");
    };
    let Addressee::Driver(destination) = &answer.to else {
        panic!("{answer:?}");
    };
    assert_eq!(destination.as_str(), "desk-1");
    assert!(answer.body.contains("OUT_OF_SERVICE"), "{}", answer.body);
}

#[test]
fn nonsense_is_taken_on_and_answered_to_whoever_sent_it() {
    let mut connector = connector(DriverSide::Owner);
    let asker = ReplyTo {
        kind: ReplyKind::Queue,
        name: "desk-1".into(),
    };
    let nonsense = Heard {
        jms_type: "Juggle#1001001".into(),
        body: None,
        reply_to: Some(asker.clone()),
        correlation: Some("17".into()),
    };

    let seen = give(&mut connector, Command::Hear(nonsense));

    assert_eq!(seen.outcome(), Some(&Outcome::Done));
    let told = seen.told();
    let [answer] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(answer.to, Addressee::ReplyTo(asker));
    assert_eq!(
        answer.correlation.as_ref().map(|id| id.as_str()),
        Some("17")
    );
    assert!(answer.jms_type.starts_with("Error"), "{}", answer.jms_type);
}

#[test]
fn a_drained_connector_refuses_and_a_resumed_one_does_not() {
    let mut connector = connector(DriverSide::Owner);
    give(&mut connector, Command::Drain);

    let seen = give(&mut connector, Command::Hear(hello()));
    let Some(Outcome::Refused(why)) = seen.outcome() else {
        panic!("{:?}", seen.outcome());
    };
    assert_eq!(why.reason, Reason::ShuttingDown);
    assert!(seen.told().is_empty());

    give(&mut connector, Command::Resume);
    let seen = give(&mut connector, Command::Hear(hello()));
    assert_eq!(seen.outcome(), Some(&Outcome::Done));
}

#[test]
fn the_end_comes_and_later_commands_are_refused() {
    let mut connector = connector(DriverSide::Owner);
    give(&mut connector, Command::Hear(hello()));

    let seen = give(&mut connector, Command::Shutdown);
    let has_stopped = |output: &Output<Event>| matches!(output, Output::Event(Event::Stopped));
    assert!(seen.outputs.iter().any(has_stopped));
    assert_eq!(seen.outcome(), Some(&Outcome::Done));

    let seen = give(&mut connector, Command::Hear(hello()));
    assert!(matches!(seen.outcome(), Some(Outcome::Refused(_))));
}

#[test]
fn a_connector_with_a_broker_hears_nobody_else() {
    let broker = LinkConfig::keep_open(vec![Endpoint::plain("broker.example", 61616)]);
    let mut connector = connector(BrokerConfig::new(broker, "Connector1"));

    let seen = give(&mut connector, Command::Hear(hello()));

    let Some(Outcome::Refused(why)) = seen.outcome() else {
        panic!("{:?}", seen.outcome());
    };
    assert_eq!(why.reason, Reason::Local);
    assert!(seen.told().is_empty());
}

#[test]
fn what_is_heard_keeps_its_body_to_itself() {
    let heard = Heard {
        jms_type: "Login#1001001".into(),
        body: Some("geheim,2001".into()),
        reply_to: None,
        correlation: None,
    };

    let text = format!("{:?} {:?}", heard, Command::Hear(heard.clone()));

    assert!(!text.contains("geheim"), "{text}");
    assert!(text.contains("Login#1001001"));
}
