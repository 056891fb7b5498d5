//! Quirks of the service as a whole: out of service, locks, presence, certificates.

use std::time::Duration;

use finewire_core::agent::AgentState;
use finewire_core::contract::Command as C;
use finewire_core::driver::{self, Service};
use finewire_core::machine::{Outcome, Reason, TlsFault};
use finewire_simulator::{Command as FinesseCommand, Knobs};
use finewire_tests::world::site::{
    PORTS, Plan, Site, WRONG_PASSWORD, agent, connect, reason, tell,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn in_the_window_of_503_commands_end_as_out_of_service_and_afterwards_they_work() {
    let (mut site, dialog) = Site::answered(&Plan::calm(7));
    site.order(FinesseCommand::SetInService(false));

    let hold = C::HoldCall {
        dialog: dialog.clone(),
    };
    let outcome = site.ask(tell(1, hold));

    assert_eq!(reason(&outcome), Some(Reason::LinkDown), "{outcome:?}");
    site.order(FinesseCommand::SetInService(true));
    site.settle();
    assert_eq!(site.state(1), AgentState::Talking, "the call went on");
    site.expect_done(tell(1, C::HoldCall { dialog }));
    site.settle();
    site.check_quiet();
}

#[test]
fn a_call_that_began_and_ended_inside_the_gap_is_never_told() {
    let mut site = Site::calm();
    site.be_ready(1);
    let pipes = site.pipes(PORTS[2], "connector");
    for pipe in pipes {
        site.net.cut(pipe.id);
    }
    site.place_call(1);
    site.net.run_for(Duration::from_millis(1));
    let calls = site.true_calls(1);
    for dialog in calls {
        site.order(FinesseCommand::EndCall { dialog });
    }
    site.settle();

    let offers = site.count(1, |event| {
        matches!(event, finewire_core::contract::Event::NewInboundCall(_))
    });
    let model = site.model(1).map(|model| model.dialogs().count());
    assert_eq!(model, Some(0), "{offers} offers");
    site.check_quiet();
}

#[test]
fn five_wrong_passwords_of_drivers_never_lock_an_account() {
    let mut site = Site::calm();
    for _ in 0..12 {
        let wrong = driver::Command::connect(agent(1).as_str(), WRONG_PASSWORD.into());
        let outcome = site.ask(wrong);
        assert!(matches!(outcome, Outcome::Refused(_)));
    }
    let asked = site.served().into_iter().filter(|r| r.status == 401);
    assert!(
        asked.count() < 5,
        "the fifth in a row would lock the account"
    );

    site.net.run_for(300 * SECOND);
    site.expect_done(connect(1));
    site.check_quiet();
}

#[test]
fn each_fault_of_a_certificate_is_named_in_words() {
    for (fault, word) in [
        (TlsFault::Expired, "expired"),
        (TlsFault::NotYetValid, "not"),
        (TlsFault::WrongName, "name"),
        (TlsFault::SelfSignedCa, "self-signed"),
    ] {
        let mut site = Site::begun(&Plan::calm(7));
        site.net.break_tls(PORTS[1], fault.clone());
        site.net.run_for(10 * SECOND);
        let status = site.net.node(site.connector).machine().status();
        let why = status.nodes[0].why.as_str().to_lowercase();
        assert!(why.contains(word), "{fault:?}: {why}");
        let service = site.net.node(site.drivers[0]).machine().service();
        assert_ne!(service, Service::InService);
    }
}

#[test]
fn a_certificate_that_is_mended_lets_the_site_come_into_service() {
    let mut site = Site::calm();
    site.sign_in(1);
    site.net.break_tls(PORTS[2], TlsFault::Expired);
    for pipe in site.pipes(PORTS[2], "connector") {
        site.net.cut(pipe.id);
    }
    site.net.run_for(20 * SECOND);
    site.net.mend_tls(PORTS[2]);
    site.settle();

    site.expect_done(tell(1, C::MakeReady));
    assert_eq!(site.true_state(1), AgentState::Ready);
    site.check_quiet();
}

#[test]
fn rest_that_has_moved_is_said_and_nothing_is_followed() {
    let mut site = Site::calm();
    site.sign_in(1);
    let mut knobs = Knobs::default();
    knobs.moved_to = Some("https://elsewhere.example:8445/".into());
    site.turn(move |own| *own = knobs);

    let outcome = site.ask(tell(1, C::MakeReady));

    assert!(!outcome.is_done(), "{outcome:?}");
    site.turn(|_| {});
    site.settle();
    site.expect_done(tell(1, C::MakeReady));
    site.settle();
    site.check_quiet();
}

#[test]
fn a_state_change_may_be_answered_with_200() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.ok_instead_of_accepted = true);
    site.be_ready(1);
    assert_eq!(site.true_state(1), AgentState::Ready);
    assert!(
        site.served_of("READY")
            .iter()
            .all(|request| request.status == 200)
    );
    site.check_quiet();
}

#[test]
fn lost_notifications_are_made_up_for_by_reads() {
    let mut site = Site::calm();
    site.sign_in(1);
    site.rewrite_notifications(|text| text.contains("<message").then(|| " ".to_owned()));

    site.expect_done(tell(1, C::MakeReady));
    site.expect_done(tell(1, C::MakeNotReady));
    site.net.rewrite_nothing();
    site.expect_done(tell(1, C::MakeReady));

    assert_eq!(site.state(1), AgentState::Ready);
    site.settle();
    site.check_quiet();
}
