//! What is done to a call besides taking it: data, digits, recording, questions about it.

use finewire_core::agent::{CallAction, DialogId, Platform};
use finewire_core::contract::{CallState, Command as C, Event as Wire};
use finewire_core::machine::Party;
use finewire_tests::world::site::{Plan, Site, tell};

fn plan(platform: Platform) -> Plan {
    let mut plan = Plan::calm(7);
    plan.shape.platform = platform;
    plan
}

fn update(dialog: &DialogId, name: &str, value: &str) -> C {
    C::UpdateCallData {
        dialog: dialog.clone(),
        variables: vec![(name.into(), value.into())],
    }
}

fn value(site: &Site, dialog: &DialogId, name: &str) -> Option<String> {
    let call = site.model(1)?.dialog(dialog)?;
    call.variable(name).map(|value| value.as_str().to_owned())
}

#[test]
fn call_data_are_changed_and_told() {
    for platform in [Platform::Ucce, Platform::Uccx] {
        let (mut site, dialog) = Site::answered(&plan(platform));

        site.expect_done(tell(1, update(&dialog, "callVariable3", "a = b: c")));

        assert_eq!(
            value(&site, &dialog, "callVariable3").as_deref(),
            Some("a = b: c")
        );
        let text = site.expect_refused(1, update(&dialog, "BAStatus", "x"));
        assert!(text.starts_with("GENERAL_ERROR"), "{text}");
        site.settle();
        site.check_quiet();
    }
}

#[test]
fn a_value_that_the_protocol_cannot_carry_is_refused_before_it_is_sent() {
    let (mut site, dialog) = Site::answered(&Plan::calm(7));

    for bad in ["a|b", "a\nb"] {
        let outcome = site.ask(tell(1, update(&dialog, "callVariable3", bad)));
        assert!(!outcome.is_done(), "{bad:?} {outcome:?}");
    }
    assert!(site.served_of("UPDATE_CALL_DATA").is_empty());
    assert_ne!(
        value(&site, &dialog, "callVariable3").as_deref(),
        Some("a b")
    );
}

#[test]
fn what_a_caller_puts_into_a_variable_shifts_and_forges_no_field() {
    for is_json in [false, true] {
        let mut plan = Plan::calm(7);
        plan.shape.is_json = Some(is_json);
        let mut site = Site::built(&plan);
        let evil = "x#State#READY|callVariable9=forged,y\u{7}z";
        let payload = "x#State#READY|callVariable9=forged,y&amp;#9;z";
        site.rewrite_notifications(move |text| {
            let name = "&lt;name&gt;callVariable1&lt;/name&gt;&lt;value&gt;";
            let evil = format!("{name}{payload}");
            text.contains(name).then(|| text.replace(name, &evil))
        });

        let dialog = site.answer_one(1);

        assert_ne!(
            value(&site, &dialog, "callVariable9").as_deref(),
            Some("forged")
        );
        let states = site.count(1, |event| matches!(event, Wire::State(_)));
        let calls = site.count(1, |event| {
            matches!(event, Wire::NewInboundCall(call) | Wire::InboundCall(call)
                if call.variables.len() >= 12)
        });
        assert!(calls >= 2 && states >= 2);
        let counters = site
            .net
            .node(site.connector)
            .machine()
            .decisions()
            .counters();
        assert!(counters.replaced_values > 0, "counted: {evil}");
        site.expect_done(tell(1, C::ReleaseCall { dialog }));
        site.settle();
        site.check_quiet();
    }
}

#[test]
fn digits_are_sent_in_a_call_and_refused_where_they_cannot_be() {
    for (platform, letters) in [(Platform::Ucce, true), (Platform::Uccx, false)] {
        let (mut site, dialog) = Site::answered(&plan(platform));
        let digits = |text: &str| C::SendDtmf {
            digits: text.into(),
            dialog: dialog.clone(),
        };

        site.expect_done(tell(1, digits("12*#")));
        let outcome = site.ask(tell(1, digits("A")));
        assert_eq!(outcome.is_done(), letters, "{platform:?} {outcome:?}");
        let outcome = site.ask(tell(1, digits("x")));
        assert!(!outcome.is_done());
        let hold = C::HoldCall {
            dialog: dialog.clone(),
        };
        site.expect_done(tell(1, hold));
        let text = site.expect_refused(1, digits("1"));
        assert!(text.contains("held"), "{text}");
        site.settle();
        site.check_quiet();
    }
}

#[test]
fn a_call_is_recorded_on_uccx_and_ucce_says_that_it_cannot() {
    for (platform, records) in [(Platform::Ucce, false), (Platform::Uccx, true)] {
        let (mut site, dialog) = Site::answered(&plan(platform));

        let outcome = site.ask(tell(1, C::StartRecording { dialog }));

        assert_eq!(outcome.is_done(), records, "{outcome:?}");
        let refused = |event: &Wire| {
            matches!(event, Wire::Error(refused) | Wire::Control(refused)
                if refused.code.as_wire() == "NOT_SUPPORTED")
        };
        assert_eq!(site.count(1, refused), usize::from(!records));
        site.settle();
        site.check_quiet();
    }
}

#[test]
fn the_state_and_the_controls_of_a_call_can_be_asked_for() {
    let (mut site, dialog) = Site::answered(&Plan::calm(7));
    let unknown = || DialogId::from("4711");

    let known = dialog.clone();
    site.expect_done(tell(1, C::GetDialogState { dialog: known }));
    site.expect_done(tell(1, C::GetDialogState { dialog: unknown() }));
    let known = dialog.clone();
    site.expect_done(tell(1, C::GetDialogControls { dialog: known }));
    let dialog_of_none = unknown();
    let text = site.expect_refused(
        1,
        C::GetDialogControls {
            dialog: dialog_of_none,
        },
    );

    assert!(text.starts_with("NOT_FOUND"), "{text}");
    let state = |wanted: &DialogId, of: CallState| {
        let is_so = |event: &Wire| matches!(event, Wire::DialogState(call) if call.dialog == *wanted && call.state == of);
        site.count(1, is_so)
    };
    assert_eq!(state(&dialog, CallState::Active), 1);
    assert_eq!(state(&unknown(), CallState::NotFound), 1);
    let controls = |event: &Wire| {
        matches!(event, Wire::DialogControls { actions, .. }
            if actions.contains(&CallAction::Hold) && !actions.contains(&CallAction::Answer))
    };
    assert_eq!(site.count(1, controls), 1, "those of the own party");
    site.check_quiet();
}

#[test]
fn events_as_json_say_the_same_as_events_as_text() {
    let story = |is_json: bool| {
        let mut plan = Plan::calm(7);
        plan.shape.is_json = Some(is_json);
        let (mut site, main, _) = Site::consulted(&plan);
        for list in [
            C::NotReadyReasonCodes,
            C::GetQueueList,
            C::GetPhonebooks,
            C::GetState,
        ] {
            site.expect_done(tell(1, list));
        }
        let extension = finewire_tests::world::site::line(2);
        let transfer = C::TransferCall {
            extension,
            dialog: main,
        };
        site.expect_done(tell(1, transfer));
        site.settle();
        site.check_quiet();
        let to_driver = site.net.traces().iter().filter(|traced| {
            traced.by == "connector"
                && traced.event.from == Party::Connector
                && traced.event.to == Party::Driver
        });
        let bodies: Vec<String> = to_driver
            .map(|traced| traced.event.detail.clone())
            .collect();
        assert!(
            bodies.iter().all(|body| body.starts_with('{') == is_json),
            "{bodies:?}"
        );
        let told: Vec<String> = (1..=2)
            .flat_map(|n| site.events_to(n))
            .map(|event| format!("{event:?}"))
            .collect();
        told
    };

    let (text, json) = (story(false), story(true));

    assert_eq!(text.len(), json.len());
    assert!(text.len() > 20);
}

#[test]
fn a_placed_call_is_announced_once_to_drivers_that_want_it_in_either_form() {
    for (is_wanted, is_json) in [(false, false), (true, false), (true, true)] {
        for platform in [Platform::Ucce, Platform::Uccx] {
            let mut plan = plan(platform);
            plan.shape.is_json = Some(is_json);
            if is_wanted {
                plan.decisions = |config| config.new_outbound_call = true;
            }
            let mut site = Site::built(&plan);
            site.sign_in(1);

            site.expect_done(tell(
                1,
                C::MakeCall {
                    number: "5550100".into(),
                },
            ));
            site.settle();

            let announced = |event: &Wire| {
                matches!(event, Wire::NewOutboundCall(call)
                    if call.address == "5550100" && call.state == CallState::Initiating)
            };
            let told = |event: &Wire| matches!(event, Wire::InboundCall(_));
            assert_eq!(site.count(1, announced), usize::from(is_wanted));
            assert!(site.count(1, told) >= 1);
            site.check_quiet();
        }
    }
}
