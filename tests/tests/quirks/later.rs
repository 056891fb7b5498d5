//! What Finesse may add later: words nobody knows pass through to the driver.

use finewire_core::agent::{AgentState, CallAction};
use finewire_core::contract::{Command as C, Event as Wire};
use finewire_tests::world::site::{Site, tell};

#[test]
fn states_types_and_actions_that_nobody_knows_pass_through_to_the_driver() {
    let mut site = Site::calm();
    let words = [
        ("&gt;TALKING&lt;", "&gt;TELEPATHING&lt;"),
        ("&lt;callType&gt;", "&lt;callType&gt;HOLO_"),
        (
            "&lt;action&gt;HOLD&lt;",
            "&lt;action&gt;LEVITATE&lt;/action&gt;&lt;action&gt;HOLD&lt;",
        ),
    ];
    site.rewrite_notifications(move |text| {
        let text = words
            .iter()
            .fold(text.to_owned(), |text, (old, new)| text.replace(old, new));
        Some(text)
    });

    let dialog = site.answer_one(1);
    let controls = C::GetDialogControls {
        dialog: dialog.clone(),
    };
    site.expect_done(tell(1, controls));

    assert_eq!(site.state(1), AgentState::Other("TELEPATHING".into()));
    let state =
        |event: &Wire| matches!(event, Wire::State(s) if s.state.as_wire() == "TELEPATHING");
    assert_eq!(site.count(1, state), 1);
    let kind = |event: &Wire| matches!(event, Wire::NewInboundCall(call) if call.call_type.as_str().starts_with("HOLO_"));
    assert_eq!(site.count(1, kind), 1);
    let action = |event: &Wire| {
        matches!(event, Wire::DialogControls { actions, .. }
            if actions.contains(&CallAction::Other("LEVITATE".into())))
    };
    assert_eq!(site.count(1, action), 1);
    // In a state that nobody knows, work goes on.
    let hold = C::HoldCall {
        dialog: dialog.clone(),
    };
    site.expect_done(tell(1, hold));
    site.expect_done(tell(1, C::MakeNotReady));
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();
    assert_eq!(site.true_state(1), AgentState::NotReady);
    assert_eq!(site.state(1), AgentState::NotReady);
}

#[test]
fn a_state_of_a_call_that_nobody_knows_passes_through_too() {
    let mut site = Site::calm();
    site.rewrite_notifications(|text| {
        let (old, new) = (
            "&lt;state&gt;ACTIVE&lt;/state&gt;&lt;toAddress&gt;",
            "&lt;state&gt;QUANTUM&lt;/state&gt;&lt;toAddress&gt;",
        );
        text.contains(old).then(|| text.replace(old, new))
    });

    let dialog = site.answer_one(1);

    let told = |event: &Wire| {
        matches!(event, Wire::InboundCall(call)
            if call.dialog == dialog && call.state.as_wire() == "QUANTUM")
    };
    assert!(site.count(1, told) > 0);
}

#[test]
fn an_update_of_an_object_that_nobody_knows_is_passed_over() {
    let mut site = Site::calm();
    site.rewrite_notifications(|text| {
        let data = "&lt;data&gt;";
        let new = "&lt;data&gt;&lt;hologram&gt;&lt;id&gt;7&lt;/id&gt;&lt;/hologram&gt;";
        text.contains(data).then(|| text.replace(data, new))
    });

    let dialog = site.answer_one(1);
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();

    assert_eq!(site.state(1), AgentState::Ready);
    // None of it had to be read a second time: events alone were enough.
    let reads = site.served().into_iter();
    let reads = reads.filter(|r| r.line.starts_with("GET /finesse/api/User/1001001/Dialogs"));
    assert!(reads.count() <= 2);
    site.check_quiet();
}
