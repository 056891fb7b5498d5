//! The main job: an agent signs in and takes a call.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_core::agent::{AgentState, CallAction, DialogState, ParticipantState};
use finewire_core::machine::Outcome;
use finewire_finesse::{Answer, Request, Resource, Update, UpdateData, UpdateMethod};
use finewire_simulator::{Command, Event};
use office::{Office, Seat, config};

/// The states that a client was told of, in order.
fn states(updates: &[Update]) -> Vec<AgentState> {
    let user = |update: &Update| match &update.data {
        UpdateData::User(user) => Some(user.state.clone()),
        _ => None,
    };
    updates.iter().filter_map(user).collect()
}

/// What a client was told of calls, in order: the event, the call's state, the own party's state.
fn calls(updates: &[Update], own: &str) -> Vec<(UpdateMethod, DialogState, ParticipantState)> {
    let mut all = Vec::new();
    for update in updates {
        let dialog = match &update.data {
            UpdateData::Dialog(dialog) => &**dialog,
            UpdateData::Dialogs(dialogs) => &dialogs[0],
            _ => continue,
        };
        let party = dialog.participant(own).expect("the own party is there");
        all.push((update.method, dialog.state.clone(), party.state.clone()));
    }
    all
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

fn whole_flow(office: &mut Office) {
    let seat = office.sit("1001001");
    office.sign_in(seat, "2001");
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::NotReady]);
    let UpdateData::User(user) = &updates[0].data else {
        panic!("no user")
    };
    assert_eq!(user.extension, Some("2001".into()));
    assert_eq!(user.reason, None);
    assert!(user.roles.supervisor);

    ready(office, seat);
    assert_eq!(states(&office.updates(seat)), [AgentState::Ready]);

    let dialog = office.call("1001001", "5550100");
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::Reserved]);
    let alerting = (
        UpdateMethod::Post,
        DialogState::Alerting,
        ParticipantState::Alerting,
    );
    assert_eq!(calls(&updates, "2001"), [alerting]);

    office.act(seat, &dialog, CallAction::Answer, "2001");
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::Talking]);
    let active = (
        UpdateMethod::Put,
        DialogState::Active,
        ParticipantState::Active,
    );
    assert_eq!(calls(&updates, "2001"), core::slice::from_ref(&active));

    office.act(seat, &dialog, CallAction::Hold, "2001");
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::Hold]);
    let held = (
        UpdateMethod::Put,
        DialogState::Active,
        ParticipantState::Held,
    );
    assert_eq!(calls(&updates, "2001"), [held]);

    office.act(seat, &dialog, CallAction::Retrieve, "2001");
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::Talking]);
    assert_eq!(calls(&updates, "2001"), [active]);

    office.act(seat, &dialog, CallAction::Drop, "2001");
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::Ready]);
    let dropped = |method| (method, DialogState::Dropped, ParticipantState::Dropped);
    let wanted = [dropped(UpdateMethod::Put), dropped(UpdateMethod::Delete)];
    assert_eq!(calls(&updates, "2001"), wanted);
    assert_eq!(office.truth().calls, []);

    let agent = office.clients[seat].agent.clone();
    let not_ready = AgentState::NotReady;
    let reason_id = Some("12".into());
    office.tell(
        seat,
        &Request::ChangeState {
            agent: agent.clone(),
            state: not_ready,
            reason_id,
        },
    );
    let updates = office.updates(seat);
    let UpdateData::User(user) = &updates[0].data else {
        panic!("no user")
    };
    let reason = user.reason.clone().unwrap();
    assert_eq!(
        (reason.code, reason.label),
        (Some("2".into()), "Lunch".into())
    );

    office.tell(
        seat,
        &Request::SignOut {
            agent,
            reason_id: None,
        },
    );
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::Logout]);
    let UpdateData::User(user) = &updates[0].data else {
        panic!("no user")
    };
    assert_eq!(user.extension, None);
}

#[test]
fn an_agent_signs_in_takes_a_call_and_signs_out() {
    whole_flow(&mut Office::new(config(), 1));
}

#[test]
fn the_flow_is_the_same_when_every_byte_comes_alone() {
    whole_flow(&mut Office::new(config(), 1).chopped(1));
}

#[test]
fn equal_seeds_write_equal_bytes_and_others_do_not() {
    let run = |seed| {
        let mut office = Office::new(config(), seed);
        whole_flow(&mut office);
        office.written
    };
    let first = run(7);
    assert!(first == run(7));
    assert!(first != run(8));
}

#[test]
fn a_read_shows_what_the_updates_told() {
    let mut office = Office::new(config(), 2);
    let seat = office.sit("1001002");
    office.sign_in(seat, "2002");
    ready(&mut office, seat);
    let dialog = office.call("1001002", "5550100");
    let told = office
        .updates(seat)
        .into_iter()
        .rev()
        .find_map(|update| match update.data {
            UpdateData::Dialogs(dialogs) => Some(dialogs),
            _ => None,
        });
    let agent = office.clients[seat].agent.clone();
    let read = office.ask(
        seat,
        &Request::Dialogs {
            agent: agent.clone(),
        },
    );
    assert_eq!(read, Answer::Dialogs(told.clone().unwrap()));
    let read = office.ask(seat, &Request::Dialog { dialog });
    assert_eq!(read, Answer::Dialog(Box::new(told.unwrap().remove(0))));
    let Answer::User(user) = office.ask(seat, &Request::User { agent }) else {
        panic!("no user")
    };
    assert_eq!(user.state, AgentState::Reserved);
}

#[test]
fn the_request_id_comes_back_in_the_answer_and_in_the_update_it_caused_only() {
    let mut office = Office::new(config(), 3);
    let seat = office.sit("1001003");
    office.sign_in(seat, "2003");
    ready(&mut office, seat);
    let dialog = office.call("1001003", "5550100");
    office.updates(seat);
    let answer = Request::act(dialog, CallAction::Answer, "2003".into());
    let response = office.ask_http(seat, &answer, Some("abc-1"));
    assert_eq!(response.status(), 202);
    assert!(response.body().is_empty());
    assert_eq!(response.headers()["requestid"], "abc-1");
    office.rest();
    let updates = office.updates(seat);
    let tag = |update: &Update| update.request_id.as_ref().map(|id| id.as_str().to_owned());
    let tagged: Vec<_> = updates
        .iter()
        .map(|update| (update.node.clone(), tag(update)))
        .collect();
    let agent = || office.clients[seat].agent.clone();
    assert!(tagged.contains(&(Resource::Dialogs(agent()), Some("abc-1".into()))));
    assert!(tagged.contains(&(Resource::User(agent()), None)));
}

#[test]
fn the_caller_hangs_up_and_the_agent_is_ready_again() {
    let mut office = Office::new(config(), 4);
    let seat = office.sit("1001001");
    office.sign_in(seat, "2001");
    ready(&mut office, seat);
    let dialog = office.call("1001001", "5550100");
    office.updates(seat);
    assert_eq!(
        office.order(Command::EndCall {
            dialog: dialog.clone()
        }),
        Outcome::Done
    );
    office.rest();
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::Ready]);
    let methods: Vec<_> = calls(&updates, "2001")
        .into_iter()
        .map(|(method, ..)| method)
        .collect();
    assert_eq!(methods, [UpdateMethod::Put, UpdateMethod::Delete]);
    let again = office.order(Command::EndCall { dialog });
    assert!(matches!(again, Outcome::Refused(_)));
}

#[test]
fn a_routed_call_that_nobody_answers_makes_the_agent_not_ready() {
    let mut office = Office::new(config(), 5);
    let seat = office.sit("1001001");
    office.sign_in(seat, "2001");
    ready(&mut office, seat);
    office.call("1001001", "5550100");
    office.updates(seat);
    office.pass(core::time::Duration::from_secs(21));
    let updates = office.updates(seat);
    assert_eq!(states(&updates), [AgentState::NotReady]);
    let agent = &office.truth().agents[0];
    assert_eq!(agent.reason.as_ref().unwrap().code, Some("32767".into()));
    assert_eq!(office.truth().calls, []);
}

#[test]
fn a_routed_call_needs_a_ready_agent_and_a_direct_one_a_signed_in_agent() {
    let mut office = Office::new(config(), 6);
    let seat = office.sit("1001001");
    let place = |to: &str| Command::PlaceCall {
        to: to.into(),
        from: "5550100".into(),
    };
    for to in ["1001001", "2001", "4711"] {
        assert!(
            matches!(office.order(place(to)), Outcome::Refused(_)),
            "{to}"
        );
    }
    office.sign_in(seat, "2001");
    assert!(matches!(
        office.order(place("1001001")),
        Outcome::Refused(_)
    ));
    office.updates(seat);
    let dialog = office.call("2001", "5550100");
    let updates = office.updates(seat);
    assert_eq!(
        states(&updates),
        [],
        "a direct call does not reserve an agent who is not ready"
    );
    office.act(seat, &dialog, CallAction::Answer, "2001");
    assert_eq!(states(&office.updates(seat)), [AgentState::Talking]);
    office.act(seat, &dialog, CallAction::Drop, "2001");
    assert_eq!(states(&office.updates(seat)), [AgentState::NotReady]);
}

#[test]
fn the_owner_learns_of_listeners_requests_and_calls() {
    let mut office = Office::new(config(), 7);
    whole_flow(&mut office);
    let events = &office.events;
    let listening = events
        .iter()
        .filter(|event| matches!(event, Event::Listening { .. }));
    assert_eq!(listening.count(), 3);
    assert!(events.iter().any(|event| matches!(
        event,
        Event::RequestServed { agent: Some(agent), verb: Some(verb), status: 202, .. }
            if *agent == *"1001001" && *verb == *"LOGIN"
    )));
    assert!(!format!("{events:?}").contains(finewire_simulator::PASSWORD));
}
