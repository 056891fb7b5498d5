//! Pitfalls of the REST interface: what is asked, and what its answer is worth.

use std::time::Duration;

use finewire_core::agent::{AgentState, ParticipantState};
use finewire_core::contract::{Command as C, Event as Wire};
use finewire_core::machine::Outcome;
use finewire_simulator::{Command as FinesseCommand, PASSWORD};
use finewire_tests::world::site::{Plan, Site, agent, line, login, tell};

#[test]
fn a_202_is_not_taken_for_success() {
    let mut site = Site::calm();
    site.be_ready(1);

    // UCCE signs nobody out who is ready: it says so only after it has accepted the request.
    let text = site.expect_refused(1, C::Logout);

    assert!(text.starts_with("CF_INVALID_OBJECT_STATE"), "{text}");
    assert_eq!(site.served_of("LOGOUT")[0].status, 202);
    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}

#[test]
fn the_login_name_is_not_taken_for_the_login_id() {
    let mut site = Site::calm();
    let by_name = finewire_core::driver::Command::connect("ines.abel", PASSWORD.into());

    let text = site.expect_turned_down(by_name);

    // Finesse finds the user by either name, but addresses hold the id.
    assert!(text.contains("1001001"), "{text}");
    site.settle();
    let truth = site.net.node(site.finesse).machine().truth();
    assert!(truth.streams.is_empty(), "{:?}", truth.streams);
    site.sign_in(1);
    let truth = site.net.node(site.finesse).machine().truth();
    assert!(truth.streams[0].as_str().starts_with("1001001@"));
    site.check_quiet();
}

#[test]
fn a_reason_goes_by_its_id_and_comes_by_its_code() {
    let mut site = Site::calm();
    site.be_ready(1);

    site.expect_done(tell(1, C::MakeNotReadyWithReason { code: "2".into() }));

    let truth = site.net.node(site.finesse).machine().truth();
    let reason = truth.agents[0].reason.clone().expect("a reason");
    assert_eq!(reason.id, Some("12".into()), "Finesse's id of code 2");
    let told = |event: &Wire| {
        matches!(event, Wire::State(status)
            if status.reason_code == "2" && status.reason_label == "Lunch")
    };
    assert_eq!(site.count(1, told), 1);
    let text = site.expect_refused(1, C::MakeNotReadyWithReason { code: "12".into() });
    assert!(text.starts_with("NOT_FOUND"), "an id is no code: {text}");
    site.check_quiet();
}

#[test]
fn what_changes_nothing_ends_although_no_event_comes() {
    let mut site = Site::calm();
    site.be_ready(1);
    let before = site.net.now();

    site.expect_done(login(1));
    site.expect_done(tell(1, C::MakeReady));

    let took = site.net.now() - before;
    assert!(took < Duration::from_secs(2), "both took {took:?}");
    let dialog = site.ring(1);
    let answer = C::AnswerCall {
        dialog: dialog.clone(),
    };
    site.expect_done(tell(1, answer));
    let before = site.net.now();
    let update = C::UpdateCallData {
        dialog,
        variables: vec![("noSuchVariable".into(), "x".into())],
    };
    let text = site.expect_refused(1, update);
    let took = site.net.now() - before;
    assert!(took < Duration::from_secs(15), "{took:?}: {text}");
    site.settle();
    site.check_quiet();
}

#[test]
fn an_event_that_overtakes_its_202_ends_the_command() {
    let mut site = Site::calm();
    site.turn(|knobs| {
        knobs.event_before_answer = true;
        knobs.slow_rest = Some(Duration::from_secs(2));
    });

    let dialog = site.answer_one(1);

    let answered = site.served_of("ANSWER")[0].at;
    let told = site.net.node(site.drivers[0]).events().iter();
    let is_active = |event: &finewire_driver::Event| {
        let finewire_driver::Event::Driver(finewire_core::driver::Event::CallChanged {
            call, ..
        }) = event
        else {
            return false;
        };
        call.dialog == dialog && call.state == finewire_core::contract::CallState::Active
    };
    let mut told = told.filter(|(_, event)| is_active(event));
    let (at, _) = told.next().expect("the answered call is told");
    assert!(*at < answered + Duration::from_secs(2), "{at} {answered}");
    let refusals = site.count(1, |event| {
        matches!(event, Wire::Error(_) | Wire::Control(_))
    });
    assert_eq!(refusals, 0);
    site.settle();
    site.check_quiet();
}

#[test]
fn an_event_without_request_id_finds_its_command() {
    let mut site = Site::calm();
    site.sign_in(1);
    site.turn(|knobs| {
        knobs.drop_request_id = true;
        knobs.late_errors = Some(Duration::from_secs(2));
    });
    let seat = site.drivers[0];

    // Both are under way at once: one fails, one succeeds, and no event says which is meant.
    let ready = tell(1, C::MakeWorkReady);
    let call = tell(
        1,
        C::MakeCall {
            number: line(2).as_str().into(),
        },
    );
    let (ready, call) = (
        site.net.command(seat, ready.into()),
        site.net.command(seat, call.into()),
    );

    let outcome = site.outcome(0, ready);
    assert!(
        matches!(&outcome, Outcome::Refused(why) if why.text.starts_with("CF_")),
        "{outcome:?}"
    );
    assert_eq!(site.outcome(0, call), Outcome::Done);
    site.settle();
    site.check_quiet();
}

#[test]
fn the_id_of_a_new_call_is_learned_from_its_event() {
    let mut site = Site::calm();
    site.sign_in(1);
    let place = || {
        tell(
            1,
            C::MakeCall {
                number: "5559876".into(),
            },
        )
    };
    site.expect_done(place());
    let dialog = site.true_calls(1)[0].clone();
    let told = |event: &Wire| matches!(event, Wire::InboundCall(call) if call.dialog == dialog);
    assert!(site.count(1, told) > 0, "the answer named no id");
    site.settle();
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();

    // A call that comes from elsewhere at that moment is not taken for the one that was placed:
    // Finesse's own list decides, which is read after a while.
    site.rewrite_notifications(|text| {
        let (from, other) = ("&lt;fromAddress&gt;2001", "&lt;fromAddress&gt;5550000");
        text.contains(from).then(|| text.replace(from, other))
    });
    let before = site.net.now();
    site.expect_done(place());
    let took = site.net.now() - before;
    assert!(took > Duration::from_secs(2), "{took:?}");
    site.settle();
    site.check_quiet();
}

#[test]
fn a_transfer_goes_to_the_held_call() {
    let (mut site, main, _) = Site::consulted(&Plan::calm(7));

    let (extension, dialog) = (line(2), main.clone());
    site.expect_done(tell(1, C::TransferCall { extension, dialog }));

    let served = site.served_of("TRANSFER");
    let path = format!("PUT /finesse/api/Dialog/{main}");
    assert_eq!(served.last().map(|served| &*served.line), Some(&*path));
    site.settle();
    assert!(site.true_calls(1).is_empty());
    assert_eq!(site.true_calls(2), std::slice::from_ref(&main));
    site.check_quiet();
}

#[test]
fn nothing_but_documented_requests_is_sent() {
    let (mut site, main, _) = Site::consulted(&Plan::calm(7));
    let (extension, dialog) = (line(2), main);
    site.expect_done(tell(1, C::ConferenceCall { extension, dialog }));
    for list in [C::NotReadyReasonCodes, C::GetQueueList, C::GetPhonebooks] {
        site.expect_done(tell(1, list));
    }
    let team = "1".into();
    site.expect_done(tell(1, C::GetTeamUsers { team, follow: true }));
    site.settle();

    // Subscriptions are the notification service's business; the REST interface knows none.
    let served = site.served();
    assert!(served.len() > 15);
    for request in &served {
        assert!(![404, 405].contains(&request.status), "{request:?}");
        assert!(!request.line.contains("resource="), "{request:?}");
    }
    let truth = site.net.node(site.finesse).machine().truth();
    let is_team = |(node, _): &&(finewire_core::agent::Text, _)| node.as_str().contains("Team/1");
    assert_eq!(truth.subscriptions.iter().filter(is_team).count(), 1);
}

#[test]
fn the_own_party_is_found_by_its_line_wherever_it_stands() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.shuffle_elements = true);
    // Participants come in turned order.
    site.rewrite_notifications(|text| {
        let (start, end) = ("&lt;participants&gt;", "&lt;/participants&gt;");
        let (before, rest) = text.split_once(start)?;
        let (parties, after) = rest.split_once(end)?;
        let mut each: Vec<&str> = parties.split_inclusive("&lt;/Participant&gt;").collect();
        each.reverse();
        Some(format!("{before}{start}{}{end}{after}", each.concat()))
    });

    let dialog = site.answer_one(1);

    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    let told = site
        .events_to(1)
        .into_iter()
        .rev()
        .find_map(|event| match event {
            Wire::InboundCall(call) if call.dialog == dialog => Some(call.participants.clone()),
            _ => None,
        });
    let parties = told.expect("the call is told");
    assert_eq!(parties[0].address, "5551234");
    assert_eq!(parties[0].device, "", "a caller from outside has no device");
    assert_eq!(parties[1].address.as_str(), line(1).as_str());
    assert_eq!(parties[1].device, "AGENT_DEVICE");
    let hold = C::HoldCall { dialog };
    site.expect_done(tell(1, hold));
    assert_eq!(site.own_party(1), Some(ParticipantState::Held));
}

#[test]
fn a_call_is_placed_by_the_agent_from_the_line_even_if_the_line_is_anothers() {
    let mut site = Site::calm();
    site.expect_done(finewire_tests::world::site::connect(1));
    // Not the usual line: neither agent nor URL can be guessed from it.
    let elsewhere =
        finewire_core::driver::Command::login(agent(1).as_str(), PASSWORD.into(), line(7).as_str());
    site.expect_done(elsewhere);

    site.expect_done(tell(
        1,
        C::MakeCall {
            number: line(2).as_str().into(),
        },
    ));

    let served = site.served_of("MAKE_CALL");
    assert_eq!(served[0].line, "POST /finesse/api/User/1001001/Dialogs");
    let told = |event: &Wire| matches!(event, Wire::InboundCall(call) if call.address == "2007");
    assert!(site.count(1, told) > 0);
    site.settle();
    site.check_quiet();
}

#[test]
fn protected_call_variables_are_refused_and_ecc_names_need_their_prefix() {
    let mut site = Site::calm();
    site.sign_in(1);
    let direct = FinesseCommand::PlaceCall {
        to: line(1).as_str().into(),
        from: "5551234".into(),
    };
    site.order(direct);
    site.net.run_for(Duration::from_secs(1));
    let dialog = site.true_calls(1)[0].clone();
    let answer = C::AnswerCall {
        dialog: dialog.clone(),
    };
    site.expect_done(tell(1, answer));
    let update = |name: &str| C::UpdateCallData {
        dialog: dialog.clone(),
        variables: vec![(name.into(), "red".into())],
    };

    let text = site.expect_refused(1, update("callVariable1"));
    assert!(text.to_lowercase().contains("protected"), "{text}");

    let release = C::ReleaseCall {
        dialog: dialog.clone(),
    };
    site.expect_done(tell(1, release));
    site.expect_done(tell(1, C::MakeReady));
    let dialog = site.ring(1);
    let answer = C::AnswerCall {
        dialog: dialog.clone(),
    };
    site.expect_done(tell(1, answer));
    let update = |name: &str| C::UpdateCallData {
        dialog: dialog.clone(),
        variables: vec![(name.into(), "red".into())],
    };
    site.expect_done(tell(1, update("user.colour")));
    let text = site.expect_refused(1, update("colour"));
    assert!(text.starts_with("GENERAL_ERROR"), "{text}");
    site.settle();
    site.check_quiet();
}
