//! The notification service in a WebSocket, on the port of REST and on one of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_core::agent::AgentState;
use finewire_core::machine::{Address, Input, Machine};
use finewire_finesse::{Resource, UpdateData};
use finewire_simulator::{Command, Config, PASSWORD, Service, Simulator};
use finewire_xmpp::ClientCommand;
use office::{Office, REST, Seat, WEBSOCKETS, config};

const SYSTEM_INFO: &str = "GET /finesse/api/SystemInfo HTTP/1.1\r\nHost: f\r\n\r\n";

fn with_port() -> Config {
    config().listen(
        Service::XmppOverHttp,
        Address::new("127.0.0.1", WEBSOCKETS),
        None,
    )
}

fn sit(office: &mut Office, agent: &str, resource: &str, port: u16) -> Seat {
    let seat = office.sit_at(agent, PASSWORD, resource, "finesse.example", (REST, port));
    office.run_until("bound", |office| office.clients[seat].bound);
    seat
}

fn states(office: &mut Office, seat: Seat) -> Vec<AgentState> {
    let updates = office.updates(seat).into_iter();
    let users = updates.filter_map(|update| match update.data {
        UpdateData::User(user) => Some(user.state),
        _ => None,
    });
    users.collect()
}

#[test]
fn an_agent_in_a_websocket_is_told_what_one_on_a_stream_is_told() {
    for port in [REST, WEBSOCKETS] {
        let mut office = Office::new(with_port(), 1).chopped(5);
        let socket = sit(&mut office, "1001001", "socket", port);
        let stream = office.sit("1001001");
        office.sign_in(stream, "2001");
        let call = office.call("2001", "5550100");
        let (told, wanted) = (office.updates(socket), office.updates(stream));
        assert_eq!(told, wanted, "at {port}");
        assert!(
            told.iter()
                .any(|update| update.source == Resource::Dialogs("1001001".into()))
        );
        assert_eq!(office.truth().calls[0].id, call);
    }
}

#[test]
fn rest_goes_on_beside_the_websockets_of_its_port_and_is_not_on_the_other() {
    let mut office = Office::new(with_port(), 1);
    let seat = sit(&mut office, "1001001", "socket", REST);
    office.sign_in(seat, "2001");
    assert_eq!(states(&mut office, seat), [AgentState::NotReady]);

    let mut simulator = Simulator::new(with_port(), [1; 32]);
    let text = at_port(&mut simulator, 3, SYSTEM_INFO);
    assert!(text.starts_with("HTTP/1.1 404 "), "{text}");
    let text = at_port(&mut simulator, 0, SYSTEM_INFO);
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
}

/// What a simulator writes to somebody who says this to a listener.
fn at_port(simulator: &mut Simulator, listener: u32, text: &str) -> String {
    use core::time::Duration;
    use finewire_core::machine::{Instant, LinkId, ListenerId, Output};

    let mut now = Instant::START;
    let link = LinkId::accepted(u64::from(listener) + 7);
    let from = Address::new("127.0.0.1", 40_000);
    simulator.handle_input(now, Input::Accepted(ListenerId(listener), link, from));
    simulator.handle_input(now, Input::Received(link, text.as_bytes()));
    let mut written = Vec::new();
    loop {
        match simulator.poll_output() {
            Output::Wait(Some(at)) if at < Instant::START + Duration::from_secs(1) => {
                now = at;
                simulator.handle_timeout(now);
            }
            Output::Wait(_) => return String::from_utf8_lossy(&written).into_owned(),
            Output::Send(_, chunks) => {
                written.extend(chunks.to_vec());
                simulator.handle_input(now, Input::Sent(link));
            }
            _ => {}
        }
    }
}

#[test]
fn a_request_that_is_no_proper_wish_for_xmpp_is_told_why_and_http_goes_on() {
    const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (headers, status) in [
        (String::new(), "426"),
        (UPGRADE.into(), "426"),
        (format!("{UPGRADE}{VERSION}"), "400"),
        (format!("{UPGRADE}{VERSION}{KEY}"), "400"),
        (
            format!("{UPGRADE}{VERSION}{KEY}Sec-WebSocket-Protocol: chat\r\n"),
            "400",
        ),
        (
            format!("{UPGRADE}{VERSION}{KEY}Sec-WebSocket-Protocol: chat, xmpp\r\n"),
            "101",
        ),
    ] {
        let mut simulator = Simulator::new(config(), [1; 32]);
        let wish = format!("GET /ws/ HTTP/1.1\r\nHost: f\r\n{headers}\r\n");
        let text = at_port(&mut simulator, 0, &format!("{wish}{SYSTEM_INFO}"));
        assert!(
            text.starts_with(&format!("HTTP/1.1 {status} ")),
            "{headers}: {text}"
        );
        assert_eq!(
            text.contains("<SystemInfo>"),
            status != "101",
            "{headers}: {text}"
        );
    }
}

#[test]
fn a_websocket_has_presence_conflicts_subscriptions_and_can_be_dropped() {
    let mut office = Office::new(config(), 1);
    let seat = sit(&mut office, "1001001", "same", REST);
    let node = "/finesse/api/Team/1/Users".to_owned();
    let subscribe = ClientCommand::Subscribe {
        service: "pubsub.finesse.example".parse().unwrap(),
        node,
    };
    let input = Input::Command(finewire_core::machine::CommandId(77), subscribe);
    let now = office.now;
    office.clients[seat].xmpp.handle_input(now, input);
    office.rest();
    assert_eq!(office.truth().subscriptions.len(), 1);

    let other = office.sit_with("1001001", PASSWORD, "same");
    office.run_until("bound", |office| office.clients[other].bound);
    assert!(!office.clients[seat].bound, "the same address twice");
    assert_eq!(office.truth().streams.len(), 1);

    let third = sit(&mut office, "1001002", "test", REST);
    let agent = "1001002".into();
    office.order(Command::DropXmpp { agent });
    assert!(!office.clients[third].bound);
    assert_eq!(office.truth().streams.len(), 1);
}

#[test]
fn plain_http_leads_to_the_rest_port_and_bosh_is_told_where_to_go() {
    let config = || config().listen(Service::PlainHttp, Address::new("127.0.0.1", 80), None);
    let mut simulator = Simulator::new(config(), [1; 32]);
    let wish = "GET /finesse/api/User/1?nocache=1 HTTP/1.1\r\nHost: lab.example:80\r\n\r\n";
    let text = at_port(&mut simulator, 3, wish);
    assert!(text.starts_with("HTTP/1.1 301 "), "{text}");
    let target = "location: https://lab.example:8445/finesse/api/User/1?nocache=1\r\n";
    assert!(
        text.to_ascii_lowercase()
            .contains(&target.to_ascii_lowercase()),
        "{text}"
    );

    let mut simulator = Simulator::new(config(), [1; 32]);
    let wish = "POST /http-bind/ HTTP/1.1\r\nHost: f\r\nContent-Length: 0\r\n\r\n";
    let text = at_port(&mut simulator, 0, wish);
    assert!(text.starts_with("HTTP/1.1 404 "), "{text}");
    assert!(text.contains("WebSocket at /ws/"), "{text}");
}
