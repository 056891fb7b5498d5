//! Consult, transfer and conference, in either order and after going back and forth.

use finewire_core::agent::{DialogId, ParticipantState, Platform};
use finewire_core::contract::{CallState, Command as C, Event as Wire};
use finewire_tests::world::site::{Plan, Site, line, tell};

const BOTH: [Platform; 2] = [Platform::Ucce, Platform::Uccx];

fn plan(platform: Platform) -> Plan {
    let mut plan = Plan::calm(7);
    plan.shape.platform = platform;
    plan
}

fn transfer(dialog: &DialogId) -> C {
    C::TransferCall {
        extension: line(2),
        dialog: dialog.clone(),
    }
}

fn conference(dialog: &DialogId) -> C {
    C::ConferenceCall {
        extension: line(2),
        dialog: dialog.clone(),
    }
}

/// Back to the first call: the consulted one waits.
fn go_back(site: &mut Site, main: &DialogId, leg: &DialogId) {
    let hold = C::HoldCall {
        dialog: leg.clone(),
    };
    site.expect_done(tell(1, hold));
    let retrieve = C::RetrieveCall {
        dialog: main.clone(),
    };
    site.expect_done(tell(1, retrieve));
}

#[test]
fn each_side_of_a_consult_is_told_what_it_is() {
    for platform in BOTH {
        let (site, main, leg) = Site::consulted(&plan(platform));

        let of_leg = |event: &Wire| match event {
            Wire::ConsultCall(call) if call.dialog == leg => call.address == line(2).as_str(),
            _ => false,
        };
        assert!(site.count(1, of_leg) > 0, "the consulted number is told");
        let as_inbound = |event: &Wire| matches!(event, Wire::InboundCall(c) if c.dialog == leg);
        assert_eq!(site.count(1, as_inbound), 0);
        let called = |event: &Wire| {
            matches!(event, Wire::NewInboundCall(call) | Wire::InboundCall(call)
                if call.dialog == leg && call.call_type == "CONSULT_IN")
        };
        assert!(site.count(2, called) >= 2, "offered and answered");
        let associated = |event: &Wire| {
            let Wire::ConsultCall(call) = event else {
                return false;
            };
            let mut variables = call.variables.iter();
            variables.any(|(name, value)| name == "associatedDialogId" && *value == *main.as_str())
        };
        assert!(site.count(1, associated) > 0);
        let model = site.model(1).expect("an agent");
        let own = |id: &DialogId| {
            let dialog = model.dialog(id)?;
            model.own_party(dialog).map(|own| own.state.clone())
        };
        assert_eq!(own(&main), Some(ParticipantState::Held));
        assert_eq!(own(&leg), Some(ParticipantState::Active));
        site.check_quiet();
    }
}

#[test]
fn a_transfer_completes_whichever_call_is_named_and_whichever_is_held() {
    for platform in BOTH {
        for (names_leg, goes_back) in [(false, false), (true, false), (false, true), (true, true)] {
            let (mut site, main, leg) = Site::consulted(&plan(platform));
            if goes_back {
                go_back(&mut site, &main, &leg);
            }
            let named = if names_leg { &leg } else { &main };

            site.expect_done(tell(1, transfer(named)));
            site.settle();

            let case = format!("{platform:?} {names_leg} {goes_back}");
            assert!(site.true_calls(1).is_empty(), "{case}");
            let survivor = if goes_back { &leg } else { &main };
            assert_eq!(site.true_calls(2), std::slice::from_ref(survivor), "{case}");
            let ended = |event: &Wire| {
                matches!(event, Wire::InboundCall(call) | Wire::ConsultCall(call)
                    if call.state == CallState::Dropped)
            };
            assert_eq!(site.count(1, ended), 2, "both ends are told once: {case}");
            assert_eq!(site.own_party(2), Some(ParticipantState::Active));
            site.check_quiet();
        }
    }
}

#[test]
fn a_conference_completes_whichever_call_is_named_and_whichever_is_held() {
    for platform in BOTH {
        for (names_leg, goes_back) in [(false, false), (true, false), (false, true), (true, true)] {
            let (mut site, main, leg) = Site::consulted(&plan(platform));
            if goes_back {
                go_back(&mut site, &main, &leg);
            }
            let named = if names_leg { &leg } else { &main };

            site.expect_done(tell(1, conference(named)));
            site.settle();

            let case = format!("{platform:?} {names_leg} {goes_back}");
            let survivor = if goes_back { &leg } else { &main };
            for n in [1, 2] {
                let calls = site.true_calls(n);
                assert_eq!(calls, std::slice::from_ref(survivor), "{case}");
                let model = site.model(n).expect("an agent");
                let call = model.dialogs().next().expect("a call");
                assert_eq!(call.participants.len(), 3, "{case}");
            }
            let told = site
                .events_to(1)
                .into_iter()
                .rev()
                .find_map(|event| match event {
                    Wire::InboundCall(call) if call.dialog == *survivor => Some(call.clone()),
                    _ => None,
                });
            let told = told.expect("it is told as an ordinary call");
            assert_eq!(told.participants.len(), 3, "{case}");
            site.check_quiet();
        }
    }
}

#[test]
fn a_consult_that_nobody_answers_cannot_be_completed_and_the_agent_goes_back() {
    let (mut site, main) = Site::answered(&Plan::calm(7));
    site.sign_in(2);
    let consult = C::ConsultCall {
        number: line(2).as_str().into(),
        dialog: main.clone(),
    };
    site.expect_done(tell(1, consult));

    let text = site.expect_refused(1, transfer(&main));

    assert!(
        text.starts_with("CF_") || text.starts_with("GENERAL_ERROR"),
        "{text}"
    );
    let mut calls = site.true_calls(1).into_iter();
    let leg = calls.find(|call| *call != main).expect("the consult call");
    site.expect_done(tell(1, C::ReleaseCall { dialog: leg }));
    let dialog = main.clone();
    site.expect_done(tell(1, C::RetrieveCall { dialog }));
    site.settle();
    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    assert_eq!(site.true_calls(1), [main]);
    site.check_quiet();
}

#[test]
fn a_single_step_transfer_rings_at_the_other_and_a_wrong_number_is_refused() {
    for platform in BOTH {
        let (mut site, dialog) = Site::answered(&plan(platform));
        site.sign_in(2);
        let to = |number: &str| C::TransferSst {
            number: number.into(),
            dialog: dialog.clone(),
        };

        let text = site.expect_refused(1, to("2010"));
        assert!(!text.contains("refused:"), "friendly: {text}");
        assert_eq!(site.true_calls(1).len(), 1, "the caller is still there");
        site.expect_done(tell(1, to("2002")));
        site.settle();

        assert!(site.true_calls(1).is_empty());
        assert_eq!(site.own_party(2), Some(ParticipantState::Alerting));
        let rings =
            |event: &Wire| matches!(event, Wire::NewInboundCall(call) if call.dialog == dialog);
        assert_eq!(site.count(2, rings), 1);
        let answer = C::AnswerCall {
            dialog: dialog.clone(),
        };
        site.expect_done(tell(2, answer));
        site.settle();
        site.check_quiet();
    }
}
