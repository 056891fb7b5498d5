//! Whoever reaches the broker can send anything: names that would loop or forge, verbs that do not
//! exist, passwords tried one after the other.

use std::time::Duration;

use finewire_core::agent::AgentState;
use finewire_core::contract::Command as C;
use finewire_core::machine::{
    CommandId, Endpoint, Input, Instant, Link, LinkConfig, LinkEvent, LinkSlot, Machine, Output,
    Random,
};
use finewire_openwire::client::{Client, ClientCommand, ClientConfig, ClientEvent, Publish};
use finewire_openwire::command::{Destination, Message};
use finewire_tests::world::Seat;
use finewire_tests::world::site::{BROKER, PORTS, Plan, Site, agent, connect, login, tell};

/// A bare broker client: its command is a JMS type and a body for the connector's queue.
struct Stranger {
    link: Link<Client>,
    is_started: bool,
}

impl std::fmt::Debug for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stranger")
    }
}

impl Machine for Stranger {
    type Command = (&'static str, &'static str);
    type Event = LinkEvent<ClientEvent>;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Self::Command>) {
        if !self.is_started {
            self.is_started = true;
            self.link.start(now);
        }
        match input {
            Input::Command(id, (jms_type, body)) => {
                let message = Message {
                    jms_type: Some(jms_type.into()),
                    ..Message::text(body)
                };
                let destination = Destination::queue("Connector1");
                let publish = ClientCommand::Publish(Publish {
                    destination,
                    message,
                });
                self.link.handle_input(now, Input::Command(id, publish));
            }
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

    fn poll_output(&mut self) -> Output<Self::Event> {
        self.link.poll_output()
    }
}

fn with_stranger() -> (Site, Seat<Stranger>) {
    let mut site = Site::built(&Plan::calm(7));
    let config = LinkConfig::keep_open(vec![Endpoint::plain(BROKER, PORTS[0])]);
    let client = Client::new(ClientConfig::default(), [0x57; 32]);
    let link = Link::new(client, config, LinkSlot(0), Random::from_seed([0x58; 32]));
    let stranger = Stranger {
        link,
        is_started: false,
    };
    let seat = site.net.add("stranger", &[], stranger);
    site.net.run_for(Duration::from_secs(1));
    (site, seat)
}

fn say(site: &mut Site, stranger: Seat<Stranger>, jms_type: &'static str, body: &'static str) {
    let id: CommandId = site.net.command(stranger, (jms_type, body));
    site.net.run_for(Duration::from_secs(3));
    let ended = site.net.node(stranger).outcome(id);
    assert!(
        ended.is_some_and(|(_, outcome)| outcome.is_done()),
        "{jms_type}: {ended:?}"
    );
}

/// Destination names that a broker would read as something else than one topic.
const FORGED: &[(&str, &str)] = &[
    ("Hello#x,queue://Connector1", ""),
    ("Hello#Connector1", ""),
    ("Hello#queue://Connector1", ""),
    ("Hello#>", ""),
    ("Hello#driver*", ""),
    ("Hello#ActiveMQ.Advisory.Connection", ""),
    ("Hello#Consumer.a.b", ""),
    ("Hello#x?consumer.exclusive=true", ""),
    ("Connect#1001001", "Connector1,00"),
    ("Connect#1001001", "queue://Connector1,00"),
    ("Connect#1001001", "driver>,00"),
    ("Beat#", ""),
];

#[test]
fn a_destination_that_would_loop_or_forge_is_counted_and_answered_by_nothing() {
    let (mut site, stranger) = with_stranger();
    let counters = |site: &Site| site.net.node(site.connector).machine().status().counters;
    let before = counters(&site);

    for (jms_type, body) in FORGED {
        say(&mut site, stranger, jms_type, body);
    }
    site.net.run_for(Duration::from_secs(5));

    let after = counters(&site);
    let sent = u64::try_from(FORGED.len()).unwrap();
    let beats = 2;
    assert!(
        after.commands - before.commands <= sent + beats,
        "a message came back: a loop"
    );
    assert!(
        after.refused_destinations - before.refused_destinations >= sent - 1,
        "{after:?}"
    );
    assert!(after.events - before.events <= beats, "{after:?}");
    site.sign_in(1);
    site.check_quiet();
}

#[test]
fn what_is_no_command_is_counted_and_harms_nobody() {
    let (mut site, stranger) = with_stranger();
    site.be_ready(1);

    for (jms_type, body) in [
        ("", ""),
        ("#", "#"),
        ("Login", "x"),
        ("Explode#1001001", ""),
        ("AnswerCall#1001001", ""),
        ("Login#1001001", ",,,,,,,,"),
        ("MakeReady#1001001#1001002", "x"),
        ("Connect#1001001", ""),
    ] {
        say(&mut site, stranger, jms_type, body);
    }
    site.settle();

    assert_eq!(site.state(1), AgentState::Ready);
    site.expect_done(tell(1, C::MakeNotReady));
    site.check_quiet();
}

#[test]
fn passwords_that_are_tried_do_not_lock_the_agent_out_at_finesse() {
    let (mut site, stranger) = with_stranger();
    let tries = [
        "stranger,0011223344556677",
        "stranger,8899aabbccddeeff",
        "stranger,0f1e2d3c4b5a6978",
        "stranger,00ff00ff00ff00ff",
        "stranger,123456789abcdef0",
        "stranger,fedcba9876543210",
        "stranger,aaaaaaaaaaaaaaaa",
    ];

    for body in tries {
        say(&mut site, stranger, "Connect#1001001", body);
    }

    let asked = site
        .net
        .node(site.finesse)
        .events()
        .iter()
        .filter(|(_, event)| {
            matches!(
                event,
                finewire_simulator::Event::RequestServed { status: 401, .. }
            )
        });
    assert!(asked.count() < 5, "Finesse locks an account after five");
    // The agent itself is kept out as long as the strikes count, and not longer.
    let seat = site.drivers[0];
    site.net.run_for(Duration::from_secs(310));
    let connecting = site.net.command(seat, connect(1).into());
    assert!(site.outcome(0, connecting).is_done());
    site.expect_done(login(1));
    assert!(
        site.model(1)
            .is_some_and(|model| model.user().id == agent(1))
    );
    site.settle();
    site.check_quiet();
}
