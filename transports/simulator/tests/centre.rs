//! Queues, supervision, campaigns, phone books: what a contact centre has beside calls.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use core::time::Duration;

use finewire_core::agent::{
    AgentState, CallAction, Dialog, DialogId, DialogState, ParticipantState, Platform,
};
use finewire_core::machine::{CommandId, Input, Machine, Outcome};
use finewire_finesse::{
    Answer, ContactRange, MobileAgent, MobileMode, Request, Update, UpdateData, UpdateMethod,
};
use finewire_simulator::{Command, DropRight};
use finewire_xmpp::ClientCommand;
use office::{Office, Seat, config};

const SECOND: Duration = Duration::from_secs(1);

fn state(office: &Office, agent: &str) -> AgentState {
    let agents = office.truth().agents;
    let found = agents.iter().find(|known| known.id == *agent).unwrap();
    found.state.clone()
}

fn change(office: &mut Office, seat: Seat, agent: &str, state: AgentState) -> Answer {
    let request = Request::ChangeState {
        agent: agent.into(),
        state,
        reason_id: None,
    };
    let answer = office.ask(seat, &request);
    office.rest();
    answer
}

fn ready(office: &mut Office, seat: Seat) {
    let agent = office.clients[seat].agent.to_string();
    assert_eq!(
        change(office, seat, &agent, AgentState::Ready),
        Answer::Accepted
    );
}

/// Agents 1001001, 1001002, … signed in on 2001, 2002, …, one second after the other.
fn signed_in(office: &mut Office, count: u32) -> Vec<Seat> {
    let seat = |n: u32| {
        let seat = office.sit(&(1_001_000 + n).to_string());
        office.sign_in(seat, &(2000 + n).to_string());
        office.updates(seat);
        seat
    };
    (1..=count).map(seat).collect()
}

fn call(office: &Office, id: &DialogId) -> Option<Dialog> {
    let calls = office.truth().calls;
    calls.into_iter().find(|call| call.id == *id)
}

fn parties(office: &Office, id: &DialogId) -> Vec<(String, ParticipantState)> {
    let call = call(office, id).unwrap();
    let parties = call.participants.into_iter();
    parties
        .map(|one| (one.address.to_string(), one.state))
        .collect()
}

fn status(answer: &Answer) -> (u16, String) {
    match answer {
        Answer::Refused(errors) | Answer::Unauthorized(errors) => (
            errors.status.unwrap(),
            errors
                .first()
                .map(|e| e.error_type.to_string())
                .unwrap_or_default(),
        ),
        other => panic!("not refused: {other:?}"),
    }
}

fn failure(updates: &[Update]) -> (String, String) {
    let mut errors = updates.iter().filter_map(|update| match &update.data {
        UpdateData::Errors(errors) => errors.first(),
        _ => None,
    });
    let error = errors.next().expect("an error update");
    (error.error_type.to_string(), error.data.to_string())
}

fn dialogs(updates: &[Update]) -> Vec<(UpdateMethod, Dialog)> {
    let mut all = Vec::new();
    for update in updates {
        match &update.data {
            UpdateData::Dialog(dialog) => all.push((update.method, (**dialog).clone())),
            UpdateData::Dialogs(list) => {
                all.extend(list.iter().map(|dialog| (update.method, dialog.clone())));
            }
            _ => {}
        }
    }
    all
}

fn subscribe(office: &mut Office, seat: Seat, node: &str) {
    let command = ClientCommand::Subscribe {
        service: "pubsub.finesse.example".parse().unwrap(),
        node: node.into(),
    };
    let now = office.now;
    let input = Input::Command(CommandId(900), command);
    office.clients[seat].xmpp.handle_input(now, input);
    office.rest();
    assert_eq!(
        office.clients[seat].ended.remove(&900),
        Some(Outcome::Done),
        "{node}"
    );
}

// Queues

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

// Supervision

/// A supervisor, an agent with a customer, a third agent; and the call.
fn talking(office: &mut Office) -> (Vec<Seat>, DialogId) {
    let seats = signed_in(office, 3);
    ready(office, seats[1]);
    let id = office.call("1001002", "5550100");
    office.act(seats[1], &id, CallAction::Answer, "2002");
    for seat in &seats {
        office.updates(*seat);
    }
    (seats, id)
}

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

// Digits, data, recording

#[test]
fn digits_are_checked_and_need_an_active_call() {
    let mut office = Office::new(config(), 1);
    let (seats, id) = talking(&mut office);
    let digits = |value: Option<&str>| Request::Act {
        dialog: id.clone(),
        action: CallAction::SendDtmf,
        address: "2002".into(),
        to: None,
        params: value
            .map(|v| ("dtmfString".into(), v.into()))
            .into_iter()
            .collect(),
    };
    office.tell(seats[1], &digits(Some("12*#AD")));
    assert!(office.updates(seats[1]).is_empty(), "nothing is told");
    for bad in [Some("12E"), Some("a"), Some("1 2")] {
        let refused = office.ask(seats[1], &digits(bad));
        assert_eq!(status(&refused), (400, "Invalid Input".into()), "{bad:?}");
    }
    let missing = office.ask(seats[1], &digits(None));
    assert_eq!(status(&missing), (400, "Parameter Missing".into()));
    office.act(seats[1], &id, CallAction::Hold, "2002");
    let held = office.ask(seats[1], &digits(Some("1")));
    assert_eq!(status(&held), (401, "Invalid State".into()));
}

#[test]
fn call_data_follow_the_matrix_of_answers() {
    let mut office = Office::new(config(), 2);
    let (seats, id) = talking(&mut office);
    let update = |dialog: &DialogId, variables: &[(&str, &str)]| Request::UpdateCallData {
        dialog: dialog.clone(),
        wrap_up_reason: None,
        variables: variables
            .iter()
            .map(|(n, v)| ((*n).into(), (*v).into()))
            .collect(),
    };
    let long = "x".repeat(41);
    let refused = office.ask(seats[1], &update(&id, &[("callVariable1", &long)]));
    assert_eq!(status(&refused), (400, "Invalid Input".into()));

    office.tell(seats[1], &update(&id, &[("nonsense", "1")]));
    assert!(
        office.updates(seats[1]).is_empty(),
        "no valid variable, no event, no error"
    );

    office.tell(
        seats[1],
        &update(&id, &[("nonsense", "1"), ("callVariable3", "gold")]),
    );
    let told = dialogs(&office.updates(seats[1]));
    assert_eq!(told[0].1.variable("callVariable3").unwrap(), &"gold");
    assert_eq!(told[0].1.variable("nonsense"), None);

    let direct = office.call("2003", "5550177");
    office.act(seats[2], &direct, CallAction::Answer, "2003");
    office.updates(seats[2]);
    office.tell(seats[2], &update(&direct, &[("callVariable3", "gold")]));
    let updates = office.updates(seats[2]);
    let UpdateData::Errors(errors) = &updates[0].data else {
        panic!("{updates:?}")
    };
    assert_eq!(
        errors.first().unwrap().message,
        *"Call Variable is protected"
    );
    assert_eq!(
        call(&office, &direct)
            .unwrap()
            .variable("callVariable3")
            .unwrap(),
        &""
    );
}

#[test]
fn recording_is_uccx_and_not_implemented_on_ucce() {
    for (platform, wanted) in [(Platform::Ucce, 501), (Platform::Uccx, 202)] {
        let mut config = config();
        config.platform = platform;
        let mut office = Office::new(config, 3);
        let (seats, id) = talking(&mut office);
        let record = Request::act(id, CallAction::StartRecording, "2002".into());
        assert_eq!(office.ask_http(seats[1], &record, None).status(), wanted);
        office.rest();
        assert!(office.updates(seats[1]).is_empty());
    }
}

// Mobile agents and campaigns

#[test]
fn who_is_set_up_for_it_signs_in_as_a_mobile_agent_on_ucce_only() {
    let sign_in = |agent: &str, extension: &str| Request::SignIn {
        agent: agent.into(),
        extension: extension.into(),
        mobile: Some(MobileAgent {
            mode: MobileMode::CallByCall,
            dial_number: "95551212".into(),
        }),
    };
    let mut office = Office::new(config(), 4);
    let (mobile, fixed) = (office.sit("1001003"), office.sit("1001002"));
    office.tell(mobile, &sign_in("1001003", "2003"));
    assert_eq!(state(&office, "1001003"), AgentState::NotReady);
    office.tell(fixed, &sign_in("1001002", "2002"));
    assert_eq!(failure(&office.updates(fixed)).0, "Mode Not Allowed");

    let mut uccx = config();
    uccx.platform = Platform::Uccx;
    let mut office = Office::new(uccx, 4);
    let mobile = office.sit("1001003");
    let refused = office.ask(mobile, &sign_in("1001003", "2003"));
    assert_eq!(status(&refused), (400, "Invalid Input".into()));
}

fn preview(office: &mut Office) -> (Seat, DialogId) {
    let seats = signed_in(office, 1);
    ready(office, seats[0]);
    office.updates(seats[0]);
    let offer = Command::OfferPreview {
        agent: "1001001".into(),
        customer: "5550123".into(),
    };
    assert_eq!(office.order(offer), Outcome::Done);
    office.rest();
    (seats[0], office.truth().calls[0].id.clone())
}

#[test]
fn a_preview_reserves_the_agent_who_accepts_and_talks_to_the_customer() {
    let mut office = Office::new(config(), 5);
    let (seat, id) = preview(&mut office);
    assert_eq!(
        state(&office, "1001001"),
        AgentState::ReservedOutboundPreview
    );
    let told = dialogs(&office.updates(seat));
    let own = told[0].1.participant("2001").unwrap();
    assert_eq!(
        own.actions,
        [CallAction::Accept, CallAction::Close, CallAction::Reject]
    );
    let status = told[0].1.variable("BAStatus").unwrap();
    assert_eq!(status, &"PREVIEW_OUTBOUND_RESERVATION");

    office.act(seat, &id, CallAction::Retrieve, "2001");
    assert_eq!(failure(&office.updates(seat)).0, "Generic Error");

    office.act(seat, &id, CallAction::Accept, "2001");
    office.pass(3 * SECOND);

    assert_eq!(state(&office, "1001001"), AgentState::Talking);
    assert!(call(&office, &id).is_none(), "the reservation is over");
    let calls = office.truth().calls;
    assert_eq!(calls[0].to, *"5550123");
    assert_eq!(calls[0].call_type, *"OUTBOUND");
    assert_eq!(calls[0].state, DialogState::Active);
    let states: Vec<_> = dialogs(&office.updates(seat))
        .into_iter()
        .map(|(_, call)| call.state)
        .collect();
    assert_eq!(states[0], DialogState::Accepted);
    office.act(seat, &calls[0].id, CallAction::Drop, "2001");
    assert_eq!(state(&office, "1001001"), AgentState::Ready);
}

#[test]
fn a_preview_that_is_rejected_or_closed_lets_go_of_the_agent() {
    for action in [CallAction::Reject, CallAction::Close] {
        let mut office = Office::new(config(), 6);
        let (seat, id) = preview(&mut office);
        office.act(seat, &id, action, "2001");
        assert_eq!(state(&office, "1001001"), AgentState::Ready);
        assert_eq!(office.truth().calls, []);
        assert_eq!(
            dialogs(&office.updates(seat)).last().unwrap().0,
            UpdateMethod::Delete
        );
    }
}

#[test]
fn not_ready_during_a_preview_waits_for_its_end() {
    let mut office = Office::new(config(), 7);
    let (seat, id) = preview(&mut office);
    let accepted = change(&mut office, seat, "1001001", AgentState::NotReady);
    assert_eq!(accepted, Answer::Accepted);
    assert_eq!(
        state(&office, "1001001"),
        AgentState::ReservedOutboundPreview
    );
    office.act(seat, &id, CallAction::Reject, "2001");
    assert_eq!(state(&office, "1001001"), AgentState::NotReady);
}

// Phone books, teams, messages

#[test]
fn phone_books_come_whole_or_in_parts() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001002");
    let books = |range| Request::PhoneBooks {
        agent: "1001002".into(),
        range,
    };
    let names = |answer: Answer| match answer {
        Answer::PhoneBooks { books, is_partial } => {
            let contacts = books.iter().flat_map(|book| &book.contacts);
            let numbers: Vec<_> = contacts.map(|one| one.phone_number.to_string()).collect();
            (numbers, is_partial)
        }
        other => panic!("{other:?}"),
    };
    let whole = office.ask(seat, &books(None));
    assert_eq!(
        names(whole),
        (
            vec!["5550001".into(), "5550002".into(), "8002".into()],
            false
        )
    );
    let part = office.ask(seat, &books(Some(ContactRange { first: 2, last: 2 })));
    assert_eq!(names(part), (vec!["5550002".into()], true));
    let beyond = office.ask(seat, &books(Some(ContactRange { first: 4, last: 9 })));
    assert_eq!(status(&beyond).0, 416);
    let team = Request::TeamPhoneBooks {
        team: "1".into(),
        range: None,
    };
    assert_eq!(names(office.ask(seat, &team)).0.len(), 3);
    let unknown = Request::TeamPhoneBooks {
        team: "9".into(),
        range: None,
    };
    assert_eq!(
        status(&office.ask(seat, &unknown)),
        (404, "TeamId Not Found".into())
    );
}

#[test]
fn users_are_for_the_administrator_and_teams_for_their_supervisor() {
    let mut office = Office::new(config(), 2);
    let (one, two) = (office.sit("1001001"), office.sit("1001002"));
    let Answer::Users(users) = office.ask(one, &Request::Users) else {
        panic!()
    };
    assert_eq!(users.len(), 10);
    assert_eq!(status(&office.ask(two, &Request::Users)).0, 401);
    let team = Request::Team { team: "1".into() };
    let Answer::Team(_, members) = office.ask(one, &team) else {
        panic!()
    };
    assert_eq!(members.len(), 10);
    assert_eq!(status(&office.ask(two, &team)).0, 401);
}

#[test]
fn a_supervisor_sends_the_team_a_message_and_takes_it_back() {
    let mut office = Office::new(config(), 3);
    let (one, two) = (office.sit("1001001"), office.sit("1001002"));
    let message = |team: &str, seconds| Request::SendTeamMessage {
        teams: vec![team.into()],
        content: "Lunch".into(),
        seconds,
    };
    assert_eq!(status(&office.ask(two, &message("1", 9))).0, 401);
    assert_eq!(
        status(&office.ask(one, &message("7", 9))),
        (404, "TeamId Not Found".into())
    );
    let response = office.ask_http(one, &message("1", 60), None);
    assert_eq!(response.status(), 200, "the guide has it so");
    office.tell(one, &message("1", 5));
    assert_eq!(office.truth().messages.len(), 2);
    office.pass(6 * SECOND);
    let shown = office.truth().messages;
    assert_eq!(shown.len(), 1, "the other's time is over");
    let back = Request::DeleteTeamMessage {
        message: shown[0].0.clone(),
    };
    assert_eq!(status(&office.ask(two, &back)).0, 401);
    office.tell(one, &back);
    assert_eq!(office.truth().messages, []);
    assert_eq!(status(&office.ask(one, &back)).0, 404);
}

#[test]
fn a_clients_log_is_taken_and_nothing_comes_of_it() {
    let mut office = Office::new(config(), 4);
    let seat = office.sit("1001002");
    let log = Request::ClientLog {
        agent: "1001002".into(),
        text: "it works".into(),
    };
    office.tell(seat, &log);
    assert!(office.updates(seat).is_empty());
}
