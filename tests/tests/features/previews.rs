//! Outbound previews: a campaign shows an agent whom to call.

use std::time::Duration;

use finewire_core::agent::{AgentState, DialogId, ParticipantState};
use finewire_core::contract::{Command as C, Event as Wire};
use finewire_simulator::Command as FinesseCommand;
use finewire_tests::world::site::{Site, agent, tell};

/// Agent 1 is shown a customer.
fn previewing() -> (Site, DialogId) {
    let mut site = Site::calm();
    site.be_ready(1);
    let offer = FinesseCommand::OfferPreview {
        agent: agent(1),
        customer: "5557777".into(),
    };
    site.order(offer);
    site.net.run_for(Duration::from_secs(1));
    assert_eq!(site.state(1), AgentState::ReservedOutboundPreview);
    let dialog = site.true_calls(1)[0].clone();
    (site, dialog)
}

#[test]
fn a_preview_tells_the_customer_and_becomes_a_call_when_it_is_taken() {
    let (mut site, dialog) = previewing();
    let shows = |event: &Wire| {
        let (Wire::NewInboundCall(call) | Wire::InboundCall(call)) = event else {
            return false;
        };
        let mut variables = call.variables.iter();
        variables.any(|(name, value)| name == "BACustomerNumber" && value == "5557777")
    };
    assert!(site.count(1, shows) > 0);
    let controls = C::GetDialogControls {
        dialog: dialog.clone(),
    };
    site.expect_done(tell(1, controls));

    let accept = C::AcceptCall {
        dialog: dialog.clone(),
    };
    site.expect_done(tell(1, accept));
    site.settle();

    let calls = site.true_calls(1);
    assert_eq!(calls.len(), 1);
    assert_ne!(calls[0], dialog, "the customer's call is another one");
    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    assert_eq!(site.state(1), AgentState::Talking);
    let release = C::ReleaseCall {
        dialog: calls[0].clone(),
    };
    site.expect_done(tell(1, release));
    site.settle();
    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}

#[test]
fn a_preview_is_left_to_others_or_closed_for_good() {
    for closes in [false, true] {
        let (mut site, dialog) = previewing();
        let command = if closes {
            C::CloseCall { dialog }
        } else {
            C::RejectCall { dialog }
        };

        site.expect_done(tell(1, command));
        site.settle();

        assert!(site.true_calls(1).is_empty());
        assert_eq!(site.state(1), AgentState::Ready);
        let verb = if closes { "CLOSE" } else { "REJECT" };
        assert_eq!(site.served_of(verb).len(), 1);
        site.check_quiet();
    }
}

#[test]
fn what_does_not_fit_a_preview_is_refused_and_not_ready_waits_for_its_end() {
    let (mut site, dialog) = previewing();
    let hold = C::HoldCall {
        dialog: dialog.clone(),
    };
    let text = site.expect_refused(1, hold);
    assert!(!text.is_empty());

    site.expect_done(tell(1, C::MakeNotReady));
    assert_eq!(site.state(1), AgentState::ReservedOutboundPreview);
    site.expect_done(tell(1, C::RejectCall { dialog }));
    site.settle();

    assert_eq!(site.state(1), AgentState::NotReady);
    site.check_quiet();
}
