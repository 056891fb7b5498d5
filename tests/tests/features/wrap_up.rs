//! What comes after a call, and changes of state that wait for its end.

use std::time::Duration;

use finewire_core::agent::{AgentState, Platform};
use finewire_core::contract::{Command as C, Event as Wire};
use finewire_simulator::WrapUp;
use finewire_tests::world::site::{Plan, Site, tell};

fn plan(platform: Platform, wrap_up: WrapUp) -> Plan {
    let mut plan = Plan::calm(7);
    plan.shape.platform = platform;
    plan.shape.wrap_up = wrap_up;
    plan
}

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_call_is_wrapped_up_with_a_reason_until_the_time_is_over() {
    // UCCX has no WORK_READY, and its calls do not wait for the end of wrap-up.
    let works = [
        (Platform::Ucce, AgentState::WorkReady),
        (Platform::Uccx, AgentState::Work),
    ];
    for (platform, work) in works {
        let (mut site, dialog) = Site::answered(&plan(platform, WrapUp::Required(MINUTE)));
        let reason = || C::UpdateWrapup {
            dialog: dialog.clone(),
            label: "Sale".into(),
        };
        site.expect_done(tell(1, C::WrapUpReasonCodes));
        if platform == Platform::Uccx {
            site.expect_done(tell(1, reason()));
        }
        let release = C::ReleaseCall {
            dialog: dialog.clone(),
        };
        site.expect_done(tell(1, release));
        site.net.run_for(SECOND);
        assert_eq!(site.state(1), work, "{platform:?}");
        if platform == Platform::Ucce {
            site.expect_done(tell(1, reason()));
        }

        site.net.run_for(5 * SECOND);
        let errors = |event: &Wire| matches!(event, Wire::Error(_) | Wire::Control(_));
        assert_eq!(site.count(1, errors), 0);
        assert_eq!(site.served_of("UPDATE_CALL_DATA").len(), 1);
        site.net.run_for(MINUTE);
        assert_eq!(site.state(1), AgentState::Ready);
        let calls = site.model(1).map(|model| model.dialogs().count());
        assert_eq!(calls, Some(0));
        site.settle();
        site.check_quiet();
    }
}

#[test]
fn wrap_up_is_asked_for_during_the_call_and_left_by_hand() {
    let optional = WrapUp::Optional(MINUTE);
    let (mut site, dialog) = Site::answered(&plan(Platform::Ucce, optional));

    site.expect_done(tell(1, C::MakeWorkNotReady));
    assert_eq!(site.state(1), AgentState::Talking, "at the end of the call");
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.net.run_for(SECOND);
    assert_eq!(site.state(1), AgentState::Work);
    site.expect_done(tell(1, C::MakeReady));
    assert_eq!(site.state(1), AgentState::Ready);
    site.settle();
    site.check_quiet();
}

#[test]
fn work_ready_is_not_offered_on_uccx() {
    let optional = WrapUp::Optional(MINUTE);
    let (mut site, _) = Site::answered(&plan(Platform::Uccx, optional));

    let text = site.expect_refused(1, C::MakeWorkReady);

    assert!(text.starts_with("NOT_SUPPORTED"), "{text}");
    site.check_quiet();
}

#[test]
fn a_change_during_a_call_waits_for_its_end_on_ucce_and_is_refused_on_uccx() {
    let (mut site, dialog) = Site::answered(&plan(Platform::Ucce, WrapUp::NotAllowed));
    site.expect_done(tell(1, C::MakeNotReady));
    site.expect_done(tell(1, C::MakeReady));
    site.expect_done(tell(1, C::MakeNotReady));
    assert_eq!(site.state(1), AgentState::Talking);
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();
    assert_eq!(site.state(1), AgentState::NotReady);
    site.check_quiet();

    let (mut site, dialog) = Site::answered(&plan(Platform::Uccx, WrapUp::NotAllowed));
    let text = site.expect_refused(1, C::MakeReady);
    assert!(text.starts_with("CF_INVALID_AGENT_WORKMODE"), "{text}");
    assert!(text.contains("265"), "{text}");
    site.expect_done(tell(1, C::MakeNotReady));
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();
    assert_eq!(site.state(1), AgentState::NotReady);
    site.check_quiet();
}

#[test]
fn an_agent_who_is_ready_is_signed_out_on_uccx_and_must_not_be_ready_on_ucce() {
    for (platform, is_done) in [(Platform::Ucce, false), (Platform::Uccx, true)] {
        let mut site = Site::built(&plan(platform, WrapUp::NotAllowed));
        site.be_ready(1);

        let outcome = site.ask(tell(1, C::Logout));

        assert_eq!(outcome.is_done(), is_done, "{platform:?} {outcome:?}");
        // By force it works on either.
        site.expect_done(tell(1, C::ForceLogout));
        assert_eq!(site.true_state(1), AgentState::Logout);
        site.settle();
        site.check_quiet();
    }
}

#[test]
fn what_is_refused_of_a_signed_out_agent_is_told_by_the_products_own_code() {
    for (platform, code) in [(Platform::Ucce, "257"), (Platform::Uccx, "1010")] {
        let mut site = Site::built(&plan(platform, WrapUp::NotAllowed));
        site.sign_in(1);
        site.expect_done(tell(1, C::Logout));

        let text = site.expect_refused(1, C::MakeNotReady);

        assert!(text.contains(code), "{platform:?}: {text}");
        let text = site.expect_refused(1, C::MakeReady);
        assert!(text.contains("22"), "{platform:?}: {text}");
        site.check_quiet();
    }
}
