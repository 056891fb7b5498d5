//! The notification service: who is told, in which form, and what presence means.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use core::time::Duration;

use finewire_core::agent::AgentState;
use finewire_core::machine::{CloseReason, CommandId, Input, Outcome};
use finewire_finesse::{Request, Resource, ServiceStatus, UpdateData};
use finewire_simulator::{Command, Knobs};
use finewire_xmpp::{ClientCommand, Jid};
use office::{Office, Seat, config};

fn subscribe(office: &mut Office, seat: Seat, node: &str) -> Outcome {
    let service: Jid = "pubsub.finesse.example".parse().unwrap();
    let command = ClientCommand::Subscribe {
        service,
        node: node.into(),
    };
    let id = CommandId(900 + u64::try_from(seat).unwrap());
    office.clients[seat]
        .xmpp
        .handle_input(office.now, Input::Command(id, command));
    office.rest();
    office.clients[seat].ended.remove(&id.0).unwrap()
}

fn ready(office: &mut Office, seat: Seat) {
    let agent = office.clients[seat].agent.clone();
    office.tell(
        seat,
        &Request::ChangeState {
            agent,
            state: AgentState::Ready,
            reason_id: None,
        },
    );
}

#[test]
fn a_wrong_password_is_turned_down() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("1001001", "wrong", "test");
    office.rest();
    assert!(!office.clients[seat].bound);
    assert!(matches!(
        office.clients[seat].downs[..],
        [CloseReason::Denied(_), ..]
    ));
    assert!(office.truth().streams.is_empty());
}

#[test]
fn the_login_name_is_no_address() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("ines.abel", finewire_simulator::PASSWORD, "test");
    office.rest();
    assert!(!office.clients[seat].bound);
}

#[test]
fn nobody_is_told_of_others() {
    let mut office = Office::new(config(), 1);
    let (one, other) = (office.sit("1001001"), office.sit("1001002"));
    office.sign_in(one, "2001");
    assert_eq!(office.updates(one).len(), 1);
    assert_eq!(office.updates(other).len(), 0);
}

#[test]
fn both_resources_of_an_agent_are_told_at_the_bare_address() {
    let mut office = Office::new(config(), 1);
    let one = office.sit("1001001");
    let other = office.sit_with("1001001", finewire_simulator::PASSWORD, "second");
    office.rest();
    office.sign_in(one, "2001");
    for seat in [one, other] {
        assert_eq!(office.updates(seat).len(), 1);
        let (to, _) = office.clients[seat].raw[0].clone();
        assert_eq!(to.unwrap().as_str(), "1001001@finesse.example");
    }
}

#[test]
fn capitals_in_a_login_id_do_not_hide_its_streams() {
    let mut config = config();
    config.agents[0].id = "Ines.Abel".into();
    let mut office = Office::new(config, 1);
    let seat = office.sit("Ines.Abel");
    assert_eq!(
        subscribe(&mut office, seat, "/finesse/api/User/Ines.Abel"),
        Outcome::Done
    );
    office.sign_in(seat, "2001");
    assert_eq!(office.updates(seat).len(), 2);
}

#[test]
fn the_same_resource_again_throws_the_first_one_out() {
    let mut office = Office::new(config(), 1);
    let first = office.sit("1001001");
    office.sit("1001001");
    assert!(!office.clients[first].downs.is_empty());
    let text = format!("{:?}", office.clients[first].downs);
    assert!(text.contains("conflict"), "{text}");
}

#[test]
fn a_team_is_told_of_to_whoever_subscribed_at_the_full_address() {
    let mut office = Office::new(config(), 1);
    let (supervisor, agent) = (office.sit("1001001"), office.sit("1001002"));
    let node = "/finesse/api/Team/1/Users";
    assert_eq!(subscribe(&mut office, supervisor, node), Outcome::Done);
    office.sign_in(agent, "2002");
    let updates = office.updates(supervisor);
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].node, Resource::TeamUsers("1".into()));
    assert_eq!(updates[0].source, Resource::User("1001002".into()));
    let (to, _) = office.clients[supervisor].raw[0].clone();
    assert_eq!(to.unwrap().as_str(), "1001001@finesse.example/test");
}

#[test]
fn an_explicit_subscription_beside_the_implied_one_brings_everything_twice() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001001");
    assert_eq!(
        subscribe(&mut office, seat, "/finesse/api/User/1001001"),
        Outcome::Done
    );
    office.sign_in(seat, "2001");
    assert_eq!(office.updates(seat).len(), 2);
}

#[test]
fn a_node_that_does_not_exist_cannot_be_subscribed() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001001");
    let done = subscribe(&mut office, seat, "/finesse/api/Nothing");
    assert!(
        matches!(done, Outcome::Refused(_) | Outcome::Failed(_)),
        "{done:?}"
    );
    assert_eq!(office.truth().subscriptions, []);
}

#[test]
fn only_a_supervisor_may_subscribe_to_the_calls_of_a_team_member() {
    let mut office = Office::new(config(), 1);
    let (supervisor, agent) = (office.sit("1001001"), office.sit("1001002"));
    let done = subscribe(&mut office, agent, "/finesse/api/User/1001001/Dialogs");
    assert!(format!("{done:?}").contains("forbidden"), "{done:?}");
    let node = "/finesse/api/User/1001002/Dialogs";
    assert_eq!(subscribe(&mut office, supervisor, node), Outcome::Done);
    office.sign_in(agent, "2002");
    ready(&mut office, agent);
    office.call("1001002", "5550100");
    let updates = office.updates(supervisor);
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].node, Resource::Dialogs("1001002".into()));
}

#[test]
fn out_of_service_is_told_to_everybody_and_silences_the_rest() {
    let mut office = Office::new(config(), 1);
    let (one, other) = (office.sit("1001001"), office.sit("1001002"));
    office.order(Command::SetInService(false));
    office.rest();
    for seat in [one, other] {
        let updates = office.updates(seat);
        let UpdateData::SystemInfo(info) = &updates[0].data else {
            panic!("no system info")
        };
        assert_eq!(info.status, ServiceStatus::OutOfService);
    }
    let place = Command::PlaceCall {
        to: "1001001".into(),
        from: "1".into(),
    };
    assert!(matches!(office.order(place), Outcome::Refused(_)));
    office.order(Command::SetInService(true));
    office.rest();
    let UpdateData::SystemInfo(info) = &office.updates(one)[0].data else {
        panic!()
    };
    assert_eq!(info.status, ServiceStatus::InService);
}

#[test]
fn without_presence_for_a_minute_the_agent_is_made_not_ready() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001001");
    office.sign_in(seat, "2001");
    ready(&mut office, seat);
    office.cut_xmpp(seat);
    office.pass(Duration::from_secs(59));
    assert_eq!(office.truth().agents[0].state, AgentState::Ready);
    office.pass(Duration::from_secs(2));
    let agent = office.truth().agents[0].clone();
    assert_eq!(agent.state, AgentState::NotReady);
    assert_eq!(agent.reason.unwrap().code, Some("50002".into()));
}

#[test]
fn with_load_the_agent_is_signed_out_instead_with_code_255() {
    let mut config = config();
    config.knobs.load = true;
    let mut office = Office::new(config, 1);
    let seat = office.sit("1001001");
    office.sign_in(seat, "2001");
    office.cut_xmpp(seat);
    office.pass(Duration::from_secs(61));
    let agent = office.truth().agents[0].clone();
    assert_eq!(agent.state, AgentState::Logout);
    assert_eq!(agent.reason.unwrap().code, Some("255".into()));
}

#[test]
fn presence_in_time_averts_the_forced_sign_out() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001001");
    office.sign_in(seat, "2001");
    ready(&mut office, seat);
    office.order(Command::DropXmpp {
        agent: "1001001".into(),
    });
    assert!(!office.clients[seat].bound);
    office.pass(Duration::from_secs(90));
    assert!(office.clients[seat].bound, "the client came back");
    assert_eq!(office.truth().agents[0].state, AgentState::Ready);
}

#[test]
fn the_presence_of_finesse_is_shown_to_whoever_asks() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001001");
    let jid: Jid = "finesse@finesse.example".parse().unwrap();
    let command = ClientCommand::SubscribePresence { jid };
    office.clients[seat]
        .xmpp
        .handle_input(office.now, Input::Command(CommandId(77), command));
    office.rest();
    let seen = |office: &Office| {
        office.clients[seat]
            .presences
            .iter()
            .rev()
            .find_map(|(from, available)| (from.local() == Some("finesse")).then_some(*available))
    };
    assert_eq!(seen(&office), Some(true));
    let mut knobs = Knobs::default();
    knobs.no_finesse_presence = true;
    office.order(Command::SetKnobs(Box::new(knobs)));
    office.rest();
    assert_eq!(seen(&office), Some(false));
}

/// An agent who signed in, got ready, and is offered a call.
fn reserved(knobs: Knobs) -> (Office, Seat) {
    let mut config = config();
    config.knobs = knobs;
    let mut office = Office::new(config, 9);
    let seat = office.sit("1001001");
    let sign_in = Request::SignIn {
        agent: "1001001".into(),
        extension: "2001".into(),
        mobile: None,
    };
    office.ask_http(seat, &sign_in, Some("abc-1"));
    office.rest();
    ready(&mut office, seat);
    office.call("1001001", "5550100");
    (office, seat)
}

/// What a client understands of a whole sign-in and call.
fn understood(knobs: Knobs) -> (Vec<AgentState>, Vec<String>, usize) {
    let (mut office, seat) = reserved(knobs);
    let (mut states, mut calls) = (Vec::new(), Vec::new());
    let updates = office.updates(seat);
    for update in &updates {
        match &update.data {
            UpdateData::User(user) => states.push(user.state.clone()),
            UpdateData::Dialogs(dialogs) => calls.push(format!("{:?}", dialogs[0])),
            _ => {}
        }
    }
    (states, calls, updates.len())
}

#[test]
fn a_client_understands_the_same_whatever_form_the_updates_take() {
    let plain = understood(Knobs::default());
    assert_eq!(
        plain.0,
        [
            AgentState::NotReady,
            AgentState::Ready,
            AgentState::Reserved
        ]
    );
    let form = |change: fn(&mut Knobs)| {
        let mut knobs = Knobs::default();
        change(&mut knobs);
        knobs
    };
    for knobs in [
        form(|knobs| knobs.drop_request_id = true),
        form(|knobs| knobs.lower_case_event = true),
        form(|knobs| knobs.push_namespace = true),
        form(|knobs| knobs.unknown_elements = true),
        form(|knobs| knobs.unescaped_payload = true),
        form(|knobs| knobs.escape_twice = true),
    ] {
        assert_eq!(understood(knobs.clone()), plain, "{knobs:?}");
    }
    let shuffled = understood(form(|knobs| knobs.shuffle_elements = true));
    assert_eq!(shuffled.0, plain.0);
    assert_eq!(
        understood(form(|knobs| knobs.duplicate_events = true)).2,
        2 * plain.2
    );
    let null = understood(form(|knobs| knobs.call_type_null = true));
    assert!(null.1[0].contains(r#"call_type: "NULL""#), "{:?}", null.1);
    let alone = understood(form(|knobs| knobs.no_customer_participant = true));
    assert!(
        !alone.1[0].contains(r#"address: "5550100""#),
        "{:?}",
        alone.1
    );
    let stray = understood(form(|knobs| knobs.stray_logout = true));
    assert!(stray.0.contains(&AgentState::Logout));
}

#[test]
fn updates_overtake_answers_by_the_seed_and_always_with_the_knob() {
    let mut first = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let mut office = Office::new(config(), seed);
        let seat = office.sit("1001001");
        let sign_in = Request::SignIn {
            agent: "1001001".into(),
            extension: "2001".into(),
            mobile: None,
        };
        let number = office.send(seat, &sign_in, None);
        office.answer(seat, number);
        first.insert(office.updates(seat).is_empty());
    }
    assert_eq!(first.len(), 2, "both orders occur");
    for seed in 0..20 {
        let mut config = config();
        config.knobs.event_before_answer = true;
        let mut office = Office::new(config, seed);
        let seat = office.sit("1001001");
        let sign_in = Request::SignIn {
            agent: "1001001".into(),
            extension: "2001".into(),
            mobile: None,
        };
        office.ask(seat, &sign_in);
        assert_eq!(office.updates(seat).len(), 1);
    }
}

#[test]
fn each_knob_shows_on_the_wire() {
    let written = |change: fn(&mut Knobs)| {
        let mut knobs = Knobs::default();
        change(&mut knobs);
        String::from_utf8(reserved(knobs).0.written).unwrap()
    };
    let plain = written(|_| {});
    for (change, sign) in [
        (
            (|knobs| knobs.lower_case_event = true) as fn(&mut Knobs),
            "&lt;event&gt;put&lt;/event&gt;",
        ),
        (|knobs| knobs.push_namespace = true, "'urn:xmpp:push:0'"),
        (|knobs| knobs.unknown_elements = true, "aboutToBeInvented"),
        (
            |knobs| knobs.unescaped_payload = true,
            "<state>RESERVED</state>",
        ),
        (
            |knobs| knobs.call_type_null = true,
            "&lt;callType&gt;NULL&lt;/callType&gt;",
        ),
        (|knobs| knobs.stray_logout = true, "LOGOUT"),
    ] {
        assert!(!plain.contains(sign), "{sign}");
        assert!(written(change).contains(sign), "{sign}");
    }
    let tag = "&lt;requestId&gt;abc-1&lt;/requestId&gt;";
    assert!(plain.contains(tag));
    assert!(!written(|knobs| knobs.drop_request_id = true).contains(tag));
    let order = "&lt;dialogs&gt;/finesse/api/User/1001001/Dialogs&lt;/dialogs&gt;&lt;extension&gt;";
    assert!(plain.contains(order));
    let shuffled = written(|knobs| knobs.shuffle_elements = true);
    assert!(shuffled.matches(order).count() < plain.matches(order).count());
}

#[test]
fn a_message_has_the_form_that_was_seen() {
    let (office, _) = reserved(Knobs::default());
    let written = String::from_utf8(office.written).unwrap();
    let start = written.find("<message").unwrap();
    let message = &written[start..start + written[start..].find("</message>").unwrap()];
    let head = "<message from='pubsub.finesse.example' to='1001001@finesse.example' id='";
    assert!(message.starts_with(head), "{message}");
    let id = &message[head.len()..head.len() + 8];
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    for part in [
        "<event xmlns='http://jabber.org/protocol/pubsub#event'>",
        "<items node='/finesse/api/User/1001001'><item id='",
        "<notification xmlns='http://jabber.org/protocol/pubsub'>&lt;Update&gt;&lt;data&gt;",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert!(
        !message.contains("<body") && !message.contains(" type="),
        "{message}"
    );
}

#[test]
fn with_the_knobs_some_updates_are_lost_cut_off_or_incomplete_and_others_are_whole() {
    let plain = understood(Knobs::default());
    let (mut lost, mut garbled, mut incomplete) = (0, 0, 0);
    for seed in 0..20 {
        let run = |change: fn(&mut Knobs)| {
            let mut config = config();
            change(&mut config.knobs);
            let mut office = Office::new(config, seed);
            let seat = office.sit("1001001");
            office.sign_in(seat, "2001");
            ready(&mut office, seat);
            office.call("1001001", "5550100");
            let updates = office.updates(seat);
            (updates, office.clients[seat].garbled)
        };
        let (updates, _) = run(|knobs| knobs.lose_events = true);
        assert!(updates.len() <= plain.2);
        lost += plain.2 - updates.len();
        let (updates, cut) = run(|knobs| knobs.garble_events = true);
        assert_eq!(updates.len() + cut, plain.2, "cut off, not lost");
        garbled += cut;
        let (updates, _) = run(|knobs| knobs.missing_elements = true);
        assert_eq!(updates.len(), plain.2);
        for update in &updates {
            match &update.data {
                UpdateData::User(user) => {
                    assert_eq!(user.id, *"1001001", "what names it stays");
                    incomplete += usize::from(user.state_changed.is_none());
                }
                UpdateData::Dialogs(dialogs) => {
                    let party = dialogs[0].participant("2001").unwrap();
                    assert_eq!(
                        party.state,
                        finewire_core::agent::ParticipantState::Alerting
                    );
                }
                _ => {}
            }
        }
    }
    let total = 20 * plain.2;
    for (what, count) in [("lost", lost), ("cut off", garbled)] {
        assert!(
            (total / 8..total / 2).contains(&count),
            "{count} of {total} {what}"
        );
    }
    assert!(incomplete > 10, "{incomplete}");
}

#[test]
fn late_events_come_later_and_in_order() {
    let mut config = config();
    config.knobs.late_events = Some(Duration::from_secs(5));
    let mut office = Office::new(config, 3);
    let seat = office.sit("1001001");
    office.sign_in(seat, "2001");
    ready(&mut office, seat);
    assert!(office.updates(seat).is_empty());
    office.pass(Duration::from_secs(5));
    let states: Vec<_> = office
        .updates(seat)
        .into_iter()
        .map(|update| match update.data {
            UpdateData::User(user) => user.state,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(states, [AgentState::NotReady, AgentState::Ready]);
}
