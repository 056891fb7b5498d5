//! Mobile agents and outbound previews.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_core::agent::{AgentState, CallAction, DialogId, DialogState, Platform};
use finewire_core::machine::Outcome;
use finewire_finesse::{Answer, MobileAgent, MobileMode, Request, UpdateMethod};
use finewire_simulator::Command;
use office::centre::*;
use office::{Office, Seat, config};

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

/// An agent who talks to a campaign's customer.
fn with_customer(office: &mut Office) -> (Seat, DialogId) {
    let (seat, id) = preview(office);
    office.act(seat, &id, CallAction::Accept, "2001");
    office.pass(3 * SECOND);
    office.updates(seat);
    (seat, office.truth().calls[0].id.clone())
}

fn say(dialog: &DialogId, action: CallAction, params: &[(&str, &str)]) -> Request {
    let params = params
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    Request::Act {
        dialog: dialog.clone(),
        action,
        address: "2001".into(),
        to: None,
        params: params.collect(),
    }
}

#[test]
fn an_answering_machine_is_reported_and_shows_in_the_campaigns_variable() {
    let mut office = Office::new(config(), 6);
    let (seat, id) = with_customer(&mut office);
    let own = call(&office, &id).unwrap();
    let actions = &own.participant("2001").unwrap().actions;
    assert!(actions.contains(&CallAction::Reclassify));
    assert!(!actions.contains(&CallAction::CancelScheduledCallback));
    let class = "outboundClassification";
    let reclassify = |value| say(&id, CallAction::Reclassify, &[(class, value)]);
    office.tell(seat, &reclassify("ANS_MACHINE"));
    let told = dialogs(&office.updates(seat));
    let (_, last) = told.last().unwrap();
    assert_eq!(last.variable("BAResponse"), Some(&"ANS_MACHINE".into()));
    assert_eq!(
        status(&office.ask(seat, &reclassify("PARROT"))),
        (400, "Invalid Input".into())
    );
    assert_eq!(
        status(&office.ask(seat, &say(&id, CallAction::Reclassify, &[]))),
        (400, "Parameter Missing".into())
    );
}

#[test]
fn a_callback_is_scheduled_changed_and_cancelled() {
    let mut office = Office::new(config(), 6);
    let (seat, id) = with_customer(&mut office);
    let schedule = |params: &[(&str, &str)]| say(&id, CallAction::UpdateScheduledCallback, params);
    let cancel = say(&id, CallAction::CancelScheduledCallback, &[]);
    office.tell(seat, &cancel);
    assert_eq!(
        failure(&office.updates(seat)).0,
        "Generic Error",
        "none yet"
    );

    office.tell(seat, &schedule(&[("callbackTime", "2026-03-01T17:30")]));
    office.tell(seat, &schedule(&[("callbackNumber", "5550177")]));
    let told = dialogs(&office.updates(seat));
    let callback = told.last().unwrap().1.callback.clone().unwrap();
    assert_eq!(callback.time, *"2026-03-01T17:30");
    assert_eq!(callback.number, *"5550177");

    office.tell(seat, &cancel);
    let told = dialogs(&office.updates(seat));
    assert_eq!(told.last().unwrap().1.callback, None);
    let wrong = schedule(&[("callbackTime", "at five")]);
    assert_eq!(status(&office.ask(seat, &wrong)).0, 400);
}

#[test]
fn calls_of_no_campaign_are_not_reclassified_and_uccx_has_none() {
    let mut office = Office::new(config(), 6);
    let seat = signed_in(&mut office, 1)[0];
    let id = office.call("2001", "5550100");
    office.act(seat, &id, CallAction::Answer, "2001");
    office.updates(seat);
    let reclassify = say(
        &id,
        CallAction::Reclassify,
        &[("outboundClassification", "FAX")],
    );
    office.tell(seat, &reclassify);
    assert_eq!(failure(&office.updates(seat)).0, "Generic Error");

    let mut uccx = config();
    uccx.platform = Platform::Uccx;
    let mut office = Office::new(uccx, 6);
    let seat = signed_in(&mut office, 1)[0];
    let same = office.call("2001", "5550100");
    office.act(seat, &same, CallAction::Answer, "2001");
    assert_eq!(same, id);
    assert_eq!(status(&office.ask(seat, &reclassify)).0, 501);
}
