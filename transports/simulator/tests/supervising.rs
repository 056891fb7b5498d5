//! Supervisors: they listen, join, drop, change states.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_core::agent::{
    AgentState, CallAction, DialogId, DialogState, ParticipantState, Platform,
};
use finewire_finesse::{Answer, Request, UpdateMethod};
use finewire_simulator::DropRight;
use office::centre::*;
use office::{Office, config};

fn monitor(agent: &str, from: &str, to: &str) -> Request {
    Request::SilentMonitor {
        agent: agent.into(),
        from: from.into(),
        to: to.into(),
    }
}

fn barge(dialog: &DialogId) -> Request {
    Request::Barge {
        agent: "1001001".into(),
        from: "2001".into(),
        to: "2002".into(),
        dialog: dialog.clone(),
    }
}

#[test]
fn a_supervisor_listens_without_the_agent_being_told_and_until_the_call_ends() {
    let mut office = Office::new(config(), 1);
    let (seats, id) = talking(&mut office);

    office.tell(seats[0], &monitor("1001001", "2001", "2002"));

    assert!(dialogs(&office.updates(seats[1])).is_empty());
    let told = dialogs(&office.updates(seats[0]));
    let (method, own) = &told[0];
    assert_eq!(*method, UpdateMethod::Post);
    assert_eq!(own.call_type, *"SUPERVISOR_MONITOR");
    assert_eq!(own.associated, Some(id.clone()));
    assert_eq!(
        own.participant("2002").unwrap().address_type,
        *"AGENT_DEVICE"
    );
    assert_eq!(
        own.participant("2001").unwrap().actions,
        [CallAction::BargeCall, CallAction::Drop]
    );
    assert_eq!(state(&office, "1001001"), AgentState::Talking);

    office.act(seats[1], &id, CallAction::Drop, "2002");
    assert_eq!(office.truth().calls, [], "the monitor ends with its call");
    assert_eq!(state(&office, "1001001"), AgentState::NotReady);
}

#[test]
fn a_supervisor_stops_listening_and_the_call_goes_on() {
    let mut office = Office::new(config(), 2);
    let (seats, id) = talking(&mut office);
    office.tell(seats[0], &monitor("1001001", "2001", "2002"));
    let own = office.truth().calls.last().unwrap().id.clone();

    office.act(seats[0], &own, CallAction::Drop, "2001");

    assert_eq!(office.truth().calls.len(), 1);
    assert_eq!(call(&office, &id).unwrap().state, DialogState::Active);
    assert_eq!(state(&office, "1001001"), AgentState::NotReady);
}

#[test]
fn listening_is_for_supervisors_of_the_team_and_needs_a_call() {
    let mut office = Office::new(config(), 3);
    let (seats, _) = talking(&mut office);
    let plain = office.ask(seats[2], &monitor("1001003", "2003", "2002"));
    assert_eq!(
        status(&plain),
        (401, "Invalid Authorization User Specified".into())
    );
    let oneself = office.ask(seats[0], &monitor("1001001", "2001", "2001"));
    assert_eq!(status(&oneself), (400, "Invalid Destination".into()));
    let nobody = office.ask(seats[0], &monitor("1001001", "2001", "5550100"));
    assert_eq!(status(&nobody), (400, "Invalid Destination".into()));

    office.tell(seats[0], &monitor("1001001", "2001", "2003"));
    let refused = failure(&office.updates(seats[0]));
    assert_eq!(refused, ("Invalid State".into(), "13145".into()));

    let mut uccx = config();
    uccx.platform = Platform::Uccx;
    let mut office = Office::new(uccx, 3);
    let (seats, _) = talking(&mut office);
    office.tell(seats[0], &monitor("1001001", "2001", "2003"));
    assert_eq!(failure(&office.updates(seats[0])).1, "88049");
    office.tell(seats[0], &monitor("1001001", "2001", "2002"));
    assert_eq!(office.truth().calls.len(), 2);
    assert_eq!(
        state(&office, "1001001"),
        AgentState::NotReady,
        "as UCCX has it"
    );
}

#[test]
fn a_supervisor_who_listens_joins_the_call_and_may_drop_others() {
    let mut office = Office::new(config(), 4);
    let (seats, id) = talking(&mut office);
    let too_early = office.ask(seats[0], &barge(&id));
    assert_eq!(status(&too_early), (400, "Invalid State".into()));
    office.tell(seats[0], &monitor("1001001", "2001", "2002"));
    office.updates(seats[0]);

    office.tell(seats[0], &barge(&id));

    let told = dialogs(&office.updates(seats[0]));
    assert!(
        told.iter()
            .any(|(method, call)| *method == UpdateMethod::Post && call.id == id)
    );
    assert!(
        told.iter()
            .any(|(method, call)| *method == UpdateMethod::Delete && call.id != id)
    );
    assert_eq!(parties(&office, &id).len(), 3);
    assert_eq!(office.truth().calls.len(), 1, "the monitor is over");
    assert_eq!(state(&office, "1001001"), AgentState::Talking);

    office.act(seats[0], &id, CallAction::ParticipantDrop, "2002");
    assert_eq!(state(&office, "1001002"), AgentState::Ready);
    let left = parties(&office, &id);
    assert!(
        left.contains(&("2001".into(), ParticipantState::Active)),
        "{left:?}"
    );
    let told = dialogs(&office.updates(seats[1]));
    assert_eq!(told.last().unwrap().0, UpdateMethod::Delete);
}

#[test]
fn who_may_drop_a_participant_is_a_setting() {
    for (right, controller, other) in [
        (DropRight::SupervisorOnly, false, false),
        (DropRight::ControllerAndSupervisor, true, false),
        (DropRight::All, true, true),
    ] {
        for (by, allowed) in [(1, controller), (2, other)] {
            let mut config = config();
            config.participant_drop = right;
            let mut office = Office::new(config, 5);
            let (seats, id) = talking(&mut office);
            let consult = Request::Act {
                dialog: id.clone(),
                action: CallAction::ConsultCall,
                address: "2002".into(),
                to: Some("2003".into()),
                params: vec![],
            };
            office.tell(seats[1], &consult);
            let second = office.truth().calls.last().unwrap().id.clone();
            office.act(seats[2], &second, CallAction::Answer, "2003");
            office.act(seats[1], &id, CallAction::Conference, "2002");
            assert_eq!(parties(&office, &id).len(), 3);
            office.updates(seats[by]);

            office.act(seats[by], &id, CallAction::ParticipantDrop, "5550100");

            let gone = parties(&office, &id)
                .iter()
                .any(|party| *party == ("5550100".into(), ParticipantState::Dropped));
            assert_eq!(gone, allowed, "{right:?} {by}");
            if !allowed {
                assert_eq!(failure(&office.updates(seats[by])).1, "290");
            }
        }
    }
}

#[test]
fn nobody_acts_on_the_connection_of_somebody_else() {
    let mut office = Office::new(config(), 6);
    let (seats, id) = talking(&mut office);
    office.act(seats[1], &id, CallAction::Drop, "5550100");
    assert_eq!(failure(&office.updates(seats[1])).1, "13");
    assert_eq!(call(&office, &id).unwrap().state, DialogState::Active);
}

#[test]
fn a_supervisors_change_of_state_is_checked_and_carries_the_systems_reason() {
    let mut office = Office::new(config(), 7);
    let seats = signed_in(&mut office, 2);
    ready(&mut office, seats[1]);
    let with_reason = Request::ChangeState {
        agent: "1001002".into(),
        state: AgentState::NotReady,
        reason_id: Some("12".into()),
    };
    let refused = office.ask(seats[0], &with_reason);
    assert_eq!(status(&refused), (400, "Invalid Input".into()));
    let work = change(&mut office, seats[0], "1001002", AgentState::Work);
    assert_eq!(status(&work), (400, "Invalid Input".into()));

    let done = change(&mut office, seats[0], "1001002", AgentState::NotReady);
    assert_eq!(done, Answer::Accepted);
    let agents = office.truth().agents;
    let agent = agents.iter().find(|one| one.id == *"1001002").unwrap();
    let reason = agent.reason.as_ref().unwrap();
    assert_eq!(reason.code.as_ref().unwrap(), &"999");

    let again = change(&mut office, seats[0], "1001002", AgentState::NotReady);
    assert_eq!(status(&again), (401, "Invalid State".into()));
    let strange = change(&mut office, seats[1], "1001001", AgentState::Ready);
    assert_eq!(
        status(&strange),
        (401, "Invalid Authorization User Specified".into())
    );
}

#[test]
fn a_supervisor_of_another_team_is_an_invalid_supervisor() {
    let mut config = config();
    config.agents[1].supervises = vec![finewire_core::agent::Team {
        id: "2".into(),
        name: "Red".into(),
    }];
    let mut office = Office::new(config, 8);
    let seats = signed_in(&mut office, 3);
    let refused = change(&mut office, seats[1], "1001003", AgentState::Ready);
    assert_eq!(status(&refused), (401, "Invalid Supervisor".into()));
}
