//! A broker recommends other brokers: the URI decides what becomes of that.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use core::time::Duration;

use bytes::BytesMut;
use finewire_core::machine::{
    Address, CloseReason, Input, Instant, LinkId, ListenerId, Machine, Output, PeerIdentity, TlsId,
    UnixMillis,
};
use finewire_openwire::broker::{Broker, BrokerConfig, Listen};
use finewire_openwire::client::MAX_URI;
use finewire_openwire::codec::{Decoder, Encoder, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::{Command, ConnectionControl};
use finewire_openwire::handle::{ConnectionEvent, Desk, Plan};

/// What the broker and the client agree on where both URIs say so: loose, without cache.
const PLAIN: &str = "wireFormat.tightEncodingEnabled=false&wireFormat.cacheEnabled=false";
const TLS: TlsId = TlsId(3);

/// A desk, and a broker behind every endpoint that is not down.
struct Road {
    desk: Desk,
    broker: Broker,
    now: Instant,
    down: Vec<&'static str>,
    /// Hosts in the order in which they were opened.
    opened: Vec<String>,
    events: Vec<ConnectionEvent>,
    link: Option<(LinkId, LinkId)>,
    links: u64,
    /// What the client said on each link.
    said: Vec<Vec<u8>>,
    wait: Option<Instant>,
}

impl Road {
    fn new(uri: &str) -> Self {
        let plan = Plan::new(uri).unwrap();
        let (desk, _shared) = Desk::new(&plan, Some(TLS), [5; 32]).unwrap();
        let listen = Listen {
            address: Address::new("broker", 1),
            tls: None,
        };
        let config = BrokerConfig {
            listen: vec![listen],
            ..BrokerConfig::default()
        };
        let mut broker = Broker::new(config, [6; 32]);
        let now = Instant::START;
        let bound = Address::new("broker", 1);
        broker.handle_input(now, Input::Listening(ListenerId(0), bound));
        let mut road = Self {
            desk,
            broker,
            now,
            down: Vec::new(),
            opened: Vec::new(),
            events: Vec::new(),
            link: None,
            links: 0,
            said: Vec::new(),
            wait: None,
        };
        let wall = UnixMillis(1_700_000_000_000);
        road.broker.handle_input(now, Input::Wall(wall));
        road.desk.handle_input(now, Input::Wall(wall));
        road.run(Duration::from_secs(1));
        road
    }

    /// Lets time pass.
    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            self.settle();
            match self.wait.filter(|at| *at <= end) {
                Some(at) => {
                    self.now = at;
                    self.desk.handle_timeout(at);
                    self.broker.handle_timeout(at);
                }
                None => break,
            }
        }
        self.now = end;
    }

    fn settle(&mut self) {
        loop {
            let quiet = self.drain_broker();
            match self.desk.poll_output() {
                Output::Wait(at) => {
                    self.wait = at;
                    if quiet {
                        return;
                    }
                }
                Output::Open(link, endpoint) => {
                    let host = endpoint.host.to_string();
                    let input = if self.down.contains(&host.as_str()) {
                        Input::Closed(link, CloseReason::Refused)
                    } else {
                        if endpoint.tls.is_none() {
                            self.accept(link);
                        }
                        Input::Opened(link)
                    };
                    self.opened.push(host);
                    self.desk.handle_input(self.now, input);
                }
                Output::Secure(link, _) => {
                    self.accept(link);
                    let identity = PeerIdentity::default();
                    self.desk
                        .handle_input(self.now, Input::Secured(link, identity));
                }
                Output::Send(link, chunks) => {
                    if let Some((here, there)) = self.link
                        && here == link
                    {
                        let bytes = chunks.to_vec();
                        self.said.last_mut().unwrap().extend(&bytes);
                        self.broker
                            .handle_input(self.now, Input::Received(there, &bytes));
                        self.desk.handle_input(self.now, Input::Sent(link));
                    }
                }
                Output::Close(link, _) => {
                    if let Some((_, there)) = self.link.take_if(|(here, _)| *here == link) {
                        let gone = Input::Closed(there, CloseReason::Eof);
                        self.broker.handle_input(self.now, gone);
                    }
                    let closed = Input::Closed(link, CloseReason::Asked);
                    self.desk.handle_input(self.now, closed);
                }
                Output::Event(event) => self.events.push(event),
                _ => {}
            }
        }
    }

    /// The broker meets the client.
    fn accept(&mut self, link: LinkId) {
        self.links += 1;
        self.said.push(Vec::new());
        let there = LinkId::accepted(self.links);
        self.link = Some((link, there));
        let from = Address::new("client", 2);
        let accepted = Input::Accepted(ListenerId(0), there, from);
        self.broker.handle_input(self.now, accepted);
    }

    fn drain_broker(&mut self) -> bool {
        let mut quiet = true;
        loop {
            match self.broker.poll_output() {
                Output::Wait(_) => return quiet,
                Output::Send(there, chunks) => {
                    quiet = false;
                    self.broker.handle_input(self.now, Input::Sent(there));
                    if let Some((here, of)) = self.link
                        && of == there
                    {
                        let bytes = chunks.to_vec();
                        self.desk
                            .handle_input(self.now, Input::Received(here, &bytes));
                    }
                }
                _ => {}
            }
        }
    }

    /// The broker speaks of others.
    fn hint(&mut self, connected: &str, reconnect_to: &str, rebalance: bool) {
        let control = ConnectionControl {
            connected_brokers: Some(connected.into()),
            reconnect_to: Some(reconnect_to.into()),
            rebalance_connection: rebalance,
            ..ConnectionControl::default()
        };
        let format = WireFormat {
            max_frame_size: i64::MAX,
            ..WireFormat::greeting()
        };
        let mut bytes = BytesMut::new();
        let command = Command::from(control);
        Encoder::new(&format).encode(&command, &mut bytes).unwrap();
        let in_use = self.link;
        let (here, _) = in_use
            .unwrap_or_else(|| panic!("no broker is in use: {:?} {:?}", self.opened, self.events));
        self.desk
            .handle_input(self.now, Input::Received(here, &bytes));
        self.run(Duration::from_secs(1));
    }

    /// The broker in use is gone.
    fn lose(&mut self) {
        let (here, there) = self.link.take().expect("a broker is in use");
        let gone = Input::Closed(there, CloseReason::Eof);
        self.broker.handle_input(self.now, gone);
        self.desk
            .handle_input(self.now, Input::Closed(here, CloseReason::Eof));
        self.run(Duration::from_secs(60));
    }

    fn steered(&self) -> Vec<(&str, &str, bool)> {
        let steered = self.events.iter().filter_map(|event| match event {
            ConnectionEvent::Steered {
                connected_brokers,
                reconnect_to,
                rebalance,
            } => Some((
                connected_brokers.as_str(),
                reconnect_to.as_str(),
                *rebalance,
            )),
            _ => None,
        });
        steered.collect()
    }
}

fn uri(brokers: &str, options: &str) -> String {
    let brokers: Vec<String> = brokers
        .split(',')
        .map(|broker| format!("{broker}?{PLAIN}"))
        .collect();
    format!("failover:({})?randomize=false&{options}", brokers.join(","))
}

#[test]
fn a_hint_is_told_and_not_followed_unless_the_uri_says_so() {
    let mut road = Road::new(&uri("tcp://a:1", "timeout=1000"));

    road.hint("tcp://b:1,tcp://c:1", "tcp://d:1", true);

    assert_eq!(road.steered(), [("tcp://b:1,tcp://c:1", "tcp://d:1", true)]);
    assert_eq!(road.opened, ["a"]);
    road.lose();
    assert_eq!(road.opened, ["a", "a"]);
}

#[test]
fn the_recommended_list_serves_from_the_next_loss_on() {
    let mut road = Road::new(&uri(
        "tcp://a:1",
        "updateURIsSupported=true&reconnectSupported=false",
    ));

    road.hint("tcp://b:1,tcp://c:1", "tcp://d:1", true);
    assert_eq!(road.opened, ["a"], "nobody goes before there is a reason");
    road.down = vec!["a", "b"];
    road.lose();

    assert_eq!(road.opened, ["a", "b", "c"]);
}

#[test]
fn a_client_goes_where_it_is_sent_and_is_told_why_it_left() {
    let mut road = Road::new(&uri("tcp://a:1", "updateURIsSupported=true"));

    road.hint("", "tcp://d:1", false);

    assert_eq!(road.opened, ["a", "d"]);
    let left = road.events.iter().find_map(|event| match event {
        ConnectionEvent::Down { reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(left.unwrap().contains("sent us to another one"));
    let up = |event: &&ConnectionEvent| matches!(event, ConnectionEvent::Up { .. });
    assert_eq!(road.events.iter().filter(up).count(), 2);
}

#[test]
fn a_rebalanced_client_chooses_anew_from_the_list() {
    let mut road = Road::new(&uri("tcp://a:1", "updateURIsSupported=true"));

    road.hint("tcp://b:1", "", true);

    assert_eq!(road.opened, ["a", "b"]);
}

#[test]
fn recommended_brokers_that_are_all_gone_do_not_keep_us_from_our_own() {
    let mut road = Road::new(&uri("tcp://a:1", "updateURIsSupported=true"));
    road.down = vec!["b", "c"];

    road.hint("tcp://b:1,tcp://c:1", "", true);
    road.run(Duration::from_secs(60));

    assert_eq!(road.opened[..3], ["a", "b", "c"]);
    assert_eq!(road.opened.last().unwrap(), "a");
    assert!(road.link.is_some());
}

#[test]
fn nobody_is_led_from_tls_to_plain() {
    let mut road = Road::new(&uri("ssl://a:1", "updateURIsSupported=true"));

    road.hint("tcp://b:1", "tcp://d:1", true);
    assert_eq!(road.opened, ["a"]);
    road.hint("", "ssl://d:1", false);

    assert_eq!(road.opened, ["a", "d"]);
}

#[test]
fn a_hint_that_does_not_read_changes_nothing() {
    let mut road = Road::new(&uri("tcp://a:1", "updateURIsSupported=true"));

    for nonsense in ["(((", "smoke://x", ",,", "tcp://b:99999", "tcp://"] {
        road.hint(nonsense, nonsense, true);
    }

    assert_eq!(road.opened, ["a"]);
    let long = "x".repeat(60_000);
    road.hint(&long, "", false);
    let told = road.steered().last().unwrap().0.len();
    assert_eq!(told, MAX_URI, "what is told is bounded");
}

#[test]
fn who_comes_back_says_that_it_comes_back_under_the_same_id() {
    let mut road = Road::new(&uri("tcp://a:1", "timeout=1000"));
    road.lose();

    let introductions = road.said.iter().map(|bytes| {
        let mut decoder = Decoder::new(&WireFormat::greeting(), Limits::default());
        let mut splitter = FrameSplitter::new();
        splitter.feed(bytes);
        let mut returns = false;
        loop {
            match splitter.next_command(&mut decoder).unwrap().unwrap() {
                Command::ConnectionControl(control) => returns = control.fault_tolerant,
                Command::ConnectionInfo(info) => {
                    return (returns, info.failover_reconnect, info.connection_id);
                }
                _ => {}
            }
        }
    });
    let introductions: Vec<_> = introductions.collect();

    assert_eq!(introductions.len(), 2);
    assert_eq!((introductions[0].0, introductions[0].1), (false, false));
    assert_eq!((introductions[1].0, introductions[1].1), (true, true));
    assert_eq!(introductions[0].2, introductions[1].2);
}
