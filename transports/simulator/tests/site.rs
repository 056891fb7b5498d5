//! A site with two nodes: one world, two doors to it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use core::time::Duration;

use finewire_core::agent::AgentState;
use finewire_core::machine::{Address, Outcome};
use finewire_finesse::{Answer, Request, ServiceStatus, SystemInfo, Update, UpdateData};
use finewire_simulator::{Command, Config, Event, Node, Service};
use office::{Office, SECOND_REST, SECOND_XMPP, Seat, config};

fn two() -> Config {
    let at = |port| Address::new("127.0.0.1", port);
    config()
        .listen_second(Service::Rest, at(SECOND_REST), None)
        .listen_second(Service::Xmpp, at(SECOND_XMPP), None)
}

fn system(office: &mut Office, seat: Seat) -> SystemInfo {
    match office.ask(seat, &Request::SystemInfo) {
        Answer::SystemInfo(info) => *info,
        other => panic!("{other:?}"),
    }
}

fn states(updates: &[Update]) -> Vec<AgentState> {
    let users = updates.iter().filter_map(|update| match &update.data {
        UpdateData::User(user) => Some(user.state.clone()),
        _ => None,
    });
    users.collect()
}

fn ready(office: &mut Office, seat: Seat) -> Answer {
    let agent = office.clients[seat].agent.clone();
    let request = Request::ChangeState {
        agent,
        state: AgentState::Ready,
        reason_id: None,
    };
    let answer = office.ask(seat, &request);
    office.rest();
    answer
}

#[test]
fn each_node_names_its_own_domain_and_both_hosts() {
    let mut office = Office::new(two(), 1);
    let (first, second) = (office.sit("1001001"), office.sit_at_second("1001002"));
    let (one, other) = (system(&mut office, first), system(&mut office, second));
    assert_eq!(one.xmpp_domain.unwrap(), *"finesse.example");
    assert_eq!(other.xmpp_domain.unwrap(), *"finesse2.example");
    assert_eq!(
        other.xmpp_pubsub_domain.unwrap(),
        *"pubsub.finesse2.example"
    );
    assert_eq!(one.primary, other.primary);
    let address = other.secondary.unwrap();
    assert_eq!(address.host, *"finesse2.example");
    assert_eq!(address.xmpp_port, Some(SECOND_XMPP));
    assert_eq!(one.secondary.unwrap(), address);
}

#[test]
fn a_site_with_one_node_has_no_second() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001001");
    assert_eq!(system(&mut office, seat).secondary, None);
    let fail = Command::SetNodeUp {
        node: Node::Second,
        up: false,
    };
    assert!(matches!(office.order(fail), Outcome::Refused(_)));
}

#[test]
fn what_happens_at_one_node_is_told_at_the_other() {
    let mut office = Office::new(two(), 2);
    let first = office.sit("1001001");
    office.sign_in(first, "2001");
    let second = office.sit_at_second("1001001");
    office.updates(second);
    assert_eq!(ready(&mut office, first), Answer::Accepted);
    assert_eq!(states(&office.updates(second)), [AgentState::Ready]);
}

#[test]
fn an_agent_moves_to_the_other_node_when_one_dies_and_keeps_state_and_call() {
    let mut office = Office::new(two(), 3);
    let first = office.sit("1001001");
    office.sign_in(first, "2001");
    assert_eq!(ready(&mut office, first), Answer::Accepted);
    let dialog = office.call("1001001", "5550100");

    let dies = Command::SetNodeUp {
        node: Node::First,
        up: false,
    };
    assert_eq!(office.order(dies), Outcome::Done);
    assert_eq!(office.truth().streams.len(), 0);
    assert!(
        !office.clients[first].downs.is_empty(),
        "cut without a word"
    );

    let second = office.sit_at_second("1001001");
    office.sign_in(second, "2001");
    assert!(
        states(&office.updates(second)).is_empty(),
        "a repeated sign-in keeps the state and says nothing"
    );
    let list = Request::Dialogs {
        agent: "1001001".into(),
    };
    let Answer::Dialogs(calls) = office.ask(second, &list) else {
        panic!()
    };
    assert_eq!(calls[0].id, dialog);
    office.pass(Duration::from_secs(130));
    let agent = office.truth().agents[0].clone();
    assert_ne!(agent.state, AgentState::Logout, "present at the other node");
    let twice = |event: &Event| matches!(event, Event::SignedInTwice { .. });
    assert!(!office.events.iter().any(twice));
}

#[test]
fn a_dead_node_takes_nobody_until_it_is_back() {
    let mut office = Office::new(two(), 4);
    let set = |up| Command::SetNodeUp {
        node: Node::Second,
        up,
    };
    assert_eq!(office.order(set(false)), Outcome::Done);
    let seat = office.sit_with("1001001", finewire_simulator::PASSWORD, "one");
    office.run_until("bound", |office| office.clients[seat].bound);
    assert_eq!(office.order(set(true)), Outcome::Done);
    let second = office.sit_at_second("1001002");
    assert!(office.clients[second].bound);
    assert_eq!(office.order(set(false)), Outcome::Done);
    assert_eq!(office.truth().streams.len(), 1, "the first node's is left");
    office.pass(Duration::from_secs(30));
    assert!(!office.clients[second].bound);
    assert_eq!(office.order(set(true)), Outcome::Done);
    office.run_until("bound again", |office| office.clients[second].bound);
}

#[test]
fn one_node_goes_out_of_service_and_says_so_to_its_own_clients_only() {
    let mut office = Office::new(two(), 5);
    let (first, second) = (office.sit("1001001"), office.sit_at_second("1001002"));
    office.sign_in(first, "2001");
    office.updates(first);
    let set = |on| Command::SetNodeInService {
        node: Node::First,
        on,
    };
    assert_eq!(office.order(set(false)), Outcome::Done);
    office.rest();
    let told = |updates: Vec<Update>| {
        let infos = updates.into_iter().filter_map(|update| match update.data {
            UpdateData::SystemInfo(info) => Some(info.status),
            _ => None,
        });
        infos.collect::<Vec<_>>()
    };
    assert_eq!(told(office.updates(first)), [ServiceStatus::OutOfService]);
    assert!(told(office.updates(second)).is_empty());
    assert!(matches!(ready(&mut office, first), Answer::Unavailable(_)));
    assert!(office.clients[first].bound, "the streams stay");

    office.sign_in(second, "2002");
    assert_eq!(office.order(set(true)), Outcome::Done);
    office.rest();
    assert_eq!(told(office.updates(first)), [ServiceStatus::InService]);
    assert_eq!(ready(&mut office, first), Answer::Accepted);
}

#[test]
fn signing_in_at_both_nodes_at_once_is_noticed() {
    let mut office = Office::new(two(), 6);
    let (first, second) = (office.sit("1001001"), office.sit_at_second("1001001"));
    office.sign_in(first, "2001");
    let twice = |office: &Office| {
        let twice = |event: &&Event| matches!(event, Event::SignedInTwice { .. });
        office.events.iter().filter(twice).count()
    };
    assert_eq!(twice(&office), 0);
    office.sign_in(second, "2001");
    assert_eq!(twice(&office), 1);
}
