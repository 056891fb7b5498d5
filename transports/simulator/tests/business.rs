//! What agents and calls do, beyond the main flow.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use core::time::Duration;

use finewire_core::agent::{AgentState, CallAction, DialogState, ParticipantState, Platform, Text};
use finewire_finesse::{ErrorCode, Request, Resource, UpdateData, UpdateMethod};
use finewire_simulator::WrapUp;
use office::calls::*;
use office::{Office, config};

#[test]
fn an_unknown_extension_is_accepted_first_and_refused_by_an_update_with_the_request_id() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001001");
    let request = Request::SignIn {
        agent: "1001001".into(),
        extension: "9999".into(),
        mobile: None,
    };
    assert_eq!(office.ask_http(seat, &request, Some("abc-1")).status(), 202);
    office.rest();
    let updates = office.updates(seat);
    let wanted = (
        "Invalid Device".to_owned(),
        Some(ErrorCode::INVALID_LOGON_DEVICE),
    );
    assert_eq!(error(&updates), Some(wanted));
    assert_eq!(updates[0].request_id.as_ref().unwrap().as_str(), "abc-1");
    assert_eq!(updates[0].node, Resource::User("1001001".into()));
    let (_, raw) = &office.clients[seat].raw[0];
    assert!(raw.contains("<event>put</event>"), "{raw}");
    assert_eq!(state(&office, seat), AgentState::Logout);
}

#[test]
fn an_extension_in_use_is_busy() {
    let mut office = Office::new(config(), 1);
    let (one, other) = (office.sit("1001001"), office.sit("1001002"));
    sign_in(&mut office, one, "2001");
    sign_in(&mut office, other, "2001");
    let wanted = ("Device Busy".to_owned(), Some(ErrorCode::EXTENSION_IN_USE));
    assert_eq!(error(&office.updates(other)), Some(wanted));
    sign_in(&mut office, other, "2009");
    assert_eq!(state(&office, other), AgentState::NotReady);
}

#[test]
fn a_repeated_sign_in_is_accepted_and_nothing_is_told() {
    let mut office = Office::new(config(), 1);
    let seat = signed_in(&mut office, 1)[0];
    change(&mut office, seat, AgentState::Ready);
    office.updates(seat);
    sign_in(&mut office, seat, "2001");
    assert_eq!(office.updates(seat), []);
    assert_eq!(state(&office, seat), AgentState::Ready);
    change(&mut office, seat, AgentState::Ready);
    assert_eq!(office.updates(seat), [], "nor of a state that is the same");
}

#[test]
fn states_that_cannot_be_are_refused_with_the_code_of_the_product() {
    for (platform, not_ready) in [
        (Platform::Ucce, ErrorCode::INVALID_PASSWORD),
        (Platform::Uccx, ErrorCode::INVALID_PARAMETER),
    ] {
        let mut config = config();
        config.platform = platform;
        let mut office = Office::new(config, 1);
        let seat = office.sit("1001001");
        change(&mut office, seat, AgentState::NotReady);
        let refused = |code| Some(("Invalid State".to_owned(), Some(code)));
        assert_eq!(error(&office.updates(seat)), refused(not_ready));
        change(&mut office, seat, AgentState::Ready);
        let wanted = refused(ErrorCode::INVALID_OBJECT_STATE);
        assert_eq!(error(&office.updates(seat)), wanted);
        sign_in(&mut office, seat, "2001");
        change(&mut office, seat, AgentState::Ready);
        office.updates(seat);
        let agent = office.clients[seat].agent.clone();
        office.tell(
            seat,
            &Request::SignOut {
                agent,
                reason_id: None,
            },
        );
        let uccx = platform == Platform::Uccx;
        assert_eq!(error(&office.updates(seat)).is_none(), uccx);
        assert_eq!(state(&office, seat) == AgentState::Logout, uccx);
    }
}

#[test]
fn not_ready_during_a_call_waits_for_its_end() {
    let mut office = Office::new(config(), 1);
    let seat = signed_in(&mut office, 1)[0];
    change(&mut office, seat, AgentState::Ready);
    let dialog = office.call("1001001", "5550100");
    office.act(seat, &dialog, CallAction::Answer, "2001");
    change(&mut office, seat, AgentState::NotReady);
    assert_eq!(state(&office, seat), AgentState::Talking);
    office.act(seat, &dialog, CallAction::Drop, "2001");
    assert_eq!(state(&office, seat), AgentState::NotReady);
}

#[test]
fn a_supervisor_signs_out_an_agent_in_any_state() {
    let mut office = Office::new(config(), 1);
    let seats = signed_in(&mut office, 2);
    change(&mut office, seats[1], AgentState::Ready);
    let sign_out = Request::SignOut {
        agent: "1001002".into(),
        reason_id: None,
    };
    office.tell(seats[0], &sign_out);
    let agent = office.truth().agents[1].clone();
    assert_eq!(agent.state, AgentState::Logout);
    assert_eq!(agent.reason.unwrap().code, Some("999".into()));
}

#[test]
fn required_wrap_up_follows_a_call_until_its_time_is_over() {
    let mut config = config();
    config.agents[0].wrap_up = WrapUp::Required(Duration::from_secs(30));
    let mut office = Office::new(config, 1);
    let seat = signed_in(&mut office, 1)[0];
    for (pending, work, after) in [
        (None, AgentState::WorkReady, AgentState::Ready),
        (
            Some(AgentState::NotReady),
            AgentState::Work,
            AgentState::NotReady,
        ),
    ] {
        change(&mut office, seat, AgentState::Ready);
        let dialog = office.call("1001001", "5550100");
        office.act(seat, &dialog, CallAction::Answer, "2001");
        if let Some(pending) = pending {
            change(&mut office, seat, pending);
        }
        office.act(seat, &dialog, CallAction::Drop, "2001");
        assert_eq!(state(&office, seat), work);
        assert_eq!(party(&office, &dialog, "2001"), ParticipantState::WrapUp);
        office.updates(seat);
        office.pass(Duration::from_secs(31));
        assert_eq!(state(&office, seat), after);
        assert_eq!(told(&mut office, seat), [(UpdateMethod::Delete, dialog)]);
        assert_eq!(office.truth().calls, []);
    }
}

#[test]
fn the_end_of_wrap_up_by_hand_is_not_undone_by_its_timer() {
    let mut config = config();
    config.agents[0].wrap_up = WrapUp::Required(Duration::from_secs(30));
    let mut office = Office::new(config, 1);
    let seat = signed_in(&mut office, 1)[0];
    change(&mut office, seat, AgentState::Ready);
    let dialog = office.call("1001001", "5550100");
    office.act(seat, &dialog, CallAction::Answer, "2001");
    office.act(seat, &dialog, CallAction::Drop, "2001");
    change(&mut office, seat, AgentState::NotReady);
    office.pass(Duration::from_secs(31));
    assert_eq!(state(&office, seat), AgentState::NotReady);
}

#[test]
fn an_agent_calls_another_who_answers() {
    let mut office = Office::new(config(), 1);
    let seats = signed_in(&mut office, 2);
    let dialog = dial(&mut office, seats[0], "2001", "2002");
    let told: Vec<_> = office
        .updates(seats[0])
        .into_iter()
        .filter_map(|update| match update.data {
            UpdateData::Dialog(dialog) => Some((update.method, dialog.state)),
            UpdateData::Dialogs(dialogs) => Some((update.method, dialogs[0].state.clone())),
            _ => None,
        })
        .collect();
    let (post, put) = (UpdateMethod::Post, UpdateMethod::Put);
    let wanted = [
        (post, DialogState::Initiating),
        (put, DialogState::Initiated),
        (put, DialogState::Alerting),
    ];
    assert_eq!(told, wanted);
    assert_eq!(state(&office, seats[0]), AgentState::Talking);
    assert_eq!(party(&office, &dialog, "2002"), ParticipantState::Alerting);
    office.act(seats[1], &dialog, CallAction::Answer, "2002");
    assert_eq!(party(&office, &dialog, "2001"), ParticipantState::Active);
    assert_eq!(state(&office, seats[1]), AgentState::Talking);
    office.act(seats[0], &dialog, CallAction::Drop, "2001");
    assert_eq!(office.truth().calls, []);
    for seat in seats {
        assert_eq!(state(&office, seat), AgentState::NotReady);
    }
}

#[test]
fn an_outside_party_answers_after_its_time_and_a_ready_agent_is_not_ready_after_the_call() {
    let mut office = Office::new(config(), 1);
    let seat = signed_in(&mut office, 1)[0];
    change(&mut office, seat, AgentState::Ready);
    let dialog = dial(&mut office, seat, "2001", "5550100");
    assert_eq!(call(&office, &dialog).state, DialogState::Alerting);
    office.pass(Duration::from_secs(3));
    assert_eq!(call(&office, &dialog).state, DialogState::Active);
    office.act(seat, &dialog, CallAction::Drop, "2001");
    let agent = office.truth().agents[0].clone();
    assert_eq!(agent.state, AgentState::NotReady);
    assert_eq!(agent.reason.unwrap().code, Some("50006".into()));
}

#[test]
fn a_call_that_cannot_be_placed_fails_with_its_cause_and_has_to_be_dropped() {
    let mut office = Office::new(config(), 1);
    let seats = signed_in(&mut office, 3);
    let busy = dial(&mut office, seats[1], "2002", "2003");
    for (to, cause) in [
        ("2010", "BAD_DESTINATION"),
        ("2002", "BUSY"),
        ("help", "BAD_DESTINATION"),
    ] {
        let failed = dial(&mut office, seats[0], "2001", to);
        let dialog = call(&office, &failed);
        assert_eq!(dialog.state, DialogState::Failed);
        assert_eq!(dialog.participants[0].cause, cause);
        assert_eq!(dialog.participants[0].actions, [CallAction::Drop]);
        office.act(seats[0], &failed, CallAction::Drop, "2001");
    }
    assert_eq!(office.truth().calls.len(), 1);
    assert_eq!(office.truth().calls[0].id, busy);
}

#[test]
fn actions_that_do_not_fit_the_state_are_refused_by_an_update() {
    let mut office = Office::new(config(), 1);
    let seat = signed_in(&mut office, 1)[0];
    change(&mut office, seat, AgentState::Ready);
    let dialog = office.call("1001001", "5550100");
    office.updates(seat);
    for action in [
        CallAction::Hold,
        CallAction::Retrieve,
        CallAction::Drop,
        CallAction::Transfer,
    ] {
        office.act(seat, &dialog, action.clone(), "2001");
        let updates = office.updates(seat);
        let (error_type, _) = error(&updates).unwrap_or_else(|| panic!("{action:?}"));
        assert_eq!(error_type, "Generic Error");
        assert_eq!(updates[0].node, Resource::Dialogs("1001001".into()));
        assert_eq!(updates[0].source, Resource::Dialog(dialog.clone()));
    }
    office.act(seat, &dialog, CallAction::Answer, "2009");
    let (error_type, _) = error(&office.updates(seat)).unwrap();
    assert_eq!(error_type, "Call Operation Failure", "not a party");
}

#[test]
fn call_variables_and_the_wrap_up_reason_change_and_silence_means_no_change() {
    let mut office = Office::new(config(), 1);
    let seat = signed_in(&mut office, 1)[0];
    change(&mut office, seat, AgentState::Ready);
    let dialog = office.call("1001001", "5550100");
    office.act(seat, &dialog, CallAction::Answer, "2001");
    office.updates(seat);
    let update = |variables: &[(&str, &str)], reason: Option<&str>| Request::UpdateCallData {
        dialog: dialog.clone(),
        wrap_up_reason: reason.map(Text::from),
        variables: variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    };
    office.tell(
        seat,
        &update(
            &[("callVariable3", "gold"), ("nonsense", "1")],
            Some("Sale"),
        ),
    );
    assert_eq!(office.updates(seat).len(), 1);
    let known = call(&office, &dialog);
    assert_eq!(known.variable("callVariable3"), Some(&"gold".into()));
    assert_eq!(known.variable("nonsense"), None);
    assert_eq!(known.wrap_up_reason, Some("Sale".into()));
    office.tell(seat, &update(&[("nonsense", "2")], None));
    assert_eq!(office.updates(seat), []);
}

#[test]
fn on_uccx_a_call_that_was_not_routed_leaves_the_state_alone_and_hold_is_talking() {
    let mut config = config();
    config.platform = Platform::Uccx;
    let mut office = Office::new(config, 1);
    let seat = signed_in(&mut office, 1)[0];
    let direct = office.call("2001", "5550100");
    office.act(seat, &direct, CallAction::Answer, "2001");
    assert_eq!(state(&office, seat), AgentState::NotReady);
    office.act(seat, &direct, CallAction::Drop, "2001");
    change(&mut office, seat, AgentState::Ready);
    let routed = office.call("1001001", "5550100");
    office.act(seat, &routed, CallAction::Answer, "2001");
    office.act(seat, &routed, CallAction::Hold, "2001");
    assert_eq!(state(&office, seat), AgentState::Talking);
    office.updates(seat);
    change(&mut office, seat, AgentState::Ready);
    let wanted = (
        "Invalid State".to_owned(),
        Some(ErrorCode::INVALID_AGENT_WORKMODE),
    );
    assert_eq!(error(&office.updates(seat)), Some(wanted));
}
