//! Queues: who gets the next call, and what is told of them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_core::agent::{AgentState, CallAction, DialogState, Platform};
use finewire_core::machine::Outcome;
use finewire_finesse::{Answer, Request, UpdateData, UpdateMethod};
use finewire_simulator::Command;
use office::centre::*;
use office::{Office, config};

#[test]
fn a_call_to_a_queue_goes_to_the_agent_who_has_been_ready_for_longest() {
    let mut office = Office::new(config(), 1);
    let seats = signed_in(&mut office, 3);
    for seat in [1, 2, 0] {
        ready(&mut office, seats[seat]);
    }

    let first = office.call("8001", "5550100");
    let second = office.call("8001", "5550101");

    assert_eq!(state(&office, "1001002"), AgentState::Reserved);
    assert_eq!(state(&office, "1001003"), AgentState::Reserved);
    assert_eq!(state(&office, "1001001"), AgentState::Ready);
    assert!(
        parties(&office, &first)
            .iter()
            .any(|(who, _)| who == "2002")
    );
    assert!(
        parties(&office, &second)
            .iter()
            .any(|(who, _)| who == "2003")
    );
    let call = call(&office, &first).unwrap();
    assert_eq!(call.queue_name, *"Sales");
    assert_eq!(call.queue_number, *"5022");
    assert_eq!(call.to, *"8001");
}

#[test]
fn calls_wait_in_order_until_somebody_is_ready_and_leave_when_the_caller_does() {
    let mut office = Office::new(config(), 2);
    let seats = signed_in(&mut office, 1);
    let first = office.call("8001", "5550100");
    let second = office.call("8001", "5550101");
    let third = office.call("8001", "5550102");
    assert_eq!(parties(&office, &first).len(), 1, "nobody rings yet");

    assert_eq!(
        office.order(Command::EndCall {
            dialog: first.clone()
        }),
        Outcome::Done
    );
    ready(&mut office, seats[0]);

    assert!(call(&office, &first).is_none());
    assert_eq!(call(&office, &second).unwrap().state, DialogState::Alerting);
    assert_eq!(parties(&office, &third).len(), 1);
    office.act(seats[0], &second, CallAction::Answer, "2001");
    office.act(seats[0], &second, CallAction::Drop, "2001");
    assert_eq!(call(&office, &third).unwrap().state, DialogState::Alerting);
}

#[test]
fn a_queued_call_that_is_not_answered_goes_to_the_next_agent_and_keeps_its_id() {
    let mut office = Office::new(config(), 3);
    let seats = signed_in(&mut office, 2);
    ready(&mut office, seats[0]);
    ready(&mut office, seats[1]);
    let id = office.call("8001", "5550100");
    office.updates(seats[0]);

    office.pass(21 * SECOND);

    assert_eq!(state(&office, "1001001"), AgentState::NotReady);
    assert_eq!(state(&office, "1001002"), AgentState::Reserved);
    let told = dialogs(&office.updates(seats[0]));
    let last = told.last().unwrap();
    assert_eq!(
        (last.0, last.1.id.clone()),
        (UpdateMethod::Delete, id.clone())
    );
    let added = dialogs(&office.updates(seats[1]));
    assert_eq!(
        (added[0].0, added[0].1.id.clone()),
        (UpdateMethod::Post, id.clone())
    );

    // Nobody is left: the call waits, in front of one that came later.
    let later = office.call("8001", "5550199");
    office.pass(21 * SECOND);
    assert_eq!(parties(&office, &id).len(), 1);
    ready(&mut office, seats[0]);
    assert_eq!(call(&office, &id).unwrap().state, DialogState::Alerting);
    assert_eq!(parties(&office, &later).len(), 1);
}

#[test]
fn a_supervisors_sign_out_of_a_ringing_agent_gives_the_call_to_the_next() {
    let mut office = Office::new(config(), 4);
    let seats = signed_in(&mut office, 3);
    ready(&mut office, seats[1]);
    ready(&mut office, seats[2]);
    let id = office.call("8001", "5550100");

    office.tell(
        seats[0],
        &Request::SignOut {
            agent: "1001002".into(),
            reason_id: None,
        },
    );

    assert_eq!(state(&office, "1001002"), AgentState::Logout);
    assert!(parties(&office, &id).iter().any(|(who, _)| who == "2003"));
}

#[test]
fn the_statistics_of_a_queue_count_its_agents_and_calls() {
    let mut office = Office::new(config(), 5);
    let seats = signed_in(&mut office, 3);
    ready(&mut office, seats[0]);
    let id = office.call("8001", "5550100");
    office.act(seats[0], &id, CallAction::Answer, "2001");
    office.call("8001", "5550101");

    let Answer::Queue(queue) = office.ask(
        seats[1],
        &Request::Queue {
            queue: "5022".into(),
        },
    ) else {
        panic!()
    };
    let count = |name| queue.statistic(name).unwrap();
    assert_eq!(queue.name, *"Sales");
    assert_eq!(count("agentsLoggedOn"), 3);
    assert_eq!(count("agentsTalkingInbound"), 1);
    assert_eq!(count("agentsNotReady"), 2);
    assert_eq!(count("agentsReady"), 0);
    assert_eq!(count("callsInQueue"), 1);
    let (_, since) = queue.statistics.last().unwrap();
    assert_eq!(
        since.as_str().len(),
        "2024-02-15T17:58:21Z".len(),
        "{since}"
    );

    let unknown = office.ask(seats[1], &Request::Queue { queue: "1".into() });
    assert_eq!(status(&unknown), (404, "Not Found".into()));
    let own = Request::Queues {
        agent: "1001002".into(),
    };
    let Answer::Queues(queues) = office.ask(seats[1], &own) else {
        panic!()
    };
    assert_eq!(queues.len(), 1);
    let teams = Request::Queues {
        agent: "1001001".into(),
    };
    let Answer::Queues(queues) = office.ask(seats[0], &teams) else {
        panic!()
    };
    assert_eq!(queues.len(), 2, "a supervisor sees the queues of the team");
}

#[test]
fn a_queue_without_agents_says_minus_one_and_uccx_has_no_statistics() {
    let mut lonely = config();
    lonely.queues[0].agents.clear();
    let mut office = Office::new(lonely, 6);
    let seat = office.sit("1001001");
    let request = Request::Queue {
        queue: "5022".into(),
    };
    let Answer::Queue(queue) = office.ask(seat, &request) else {
        panic!()
    };
    assert!(
        queue
            .statistics
            .iter()
            .any(|(name, value)| *name == "callsInQueue" && *value == "-1")
    );

    let mut uccx = config();
    uccx.platform = Platform::Uccx;
    let mut office = Office::new(uccx, 6);
    let seat = office.sit("1001001");
    let Answer::Queue(queue) = office.ask(seat, &request) else {
        panic!()
    };
    assert_eq!(queue.statistics, []);
}

#[test]
fn queue_updates_come_when_something_changed_and_at_most_every_ten_seconds() {
    let mut office = Office::new(config(), 7);
    let seats = signed_in(&mut office, 2);
    subscribe(&mut office, seats[0], "/finesse/api/Queue/5022");
    let told = |office: &mut Office| {
        let updates = office.updates(seats[0]);
        let queues = updates.into_iter().filter_map(|update| match update.data {
            UpdateData::Queue(queue) => queue.statistic("callsInQueue"),
            _ => None,
        });
        queues.collect::<Vec<_>>()
    };

    office.call("8001", "5550100");
    assert_eq!(told(&mut office), [1], "the first change is told at once");
    for _ in 0..4 {
        office.call("8001", "5550100");
        office.pass(SECOND);
    }
    assert!(told(&mut office).is_empty(), "not yet");
    office.pass(5 * SECOND);
    assert_eq!(told(&mut office), [5], "only how it is now");
    office.pass(60 * SECOND);
    assert!(told(&mut office).is_empty(), "nothing changed");
}

#[test]
fn an_assignment_to_a_queue_is_told_to_who_subscribed() {
    let mut office = Office::new(config(), 8);
    let seats = signed_in(&mut office, 1);
    subscribe(&mut office, seats[0], "/finesse/api/User/1001001/Queues");
    let assign = |assigned| Command::AssignQueue {
        queue: "5023".into(),
        agent: "1001001".into(),
        assigned,
    };
    for (assigned, method) in [(true, UpdateMethod::Post), (false, UpdateMethod::Delete)] {
        assert_eq!(office.order(assign(assigned)), Outcome::Done);
        office.rest();
        let updates = office.updates(seats[0]);
        let UpdateData::Queues(queues) = &updates[0].data else {
            panic!()
        };
        assert_eq!(updates[0].method, method);
        assert_eq!(updates[0].request_id, None);
        assert_eq!(queues[0].id, *"5023");
        assert_eq!(office.order(assign(assigned)), Outcome::Done);
        office.rest();
        assert!(office.updates(seats[0]).is_empty(), "no change, no update");
    }
    let nobody = Command::AssignQueue {
        queue: "1".into(),
        agent: "1001001".into(),
        assigned: true,
    };
    assert!(matches!(office.order(nobody), Outcome::Refused(_)));
}
