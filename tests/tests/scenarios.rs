//! The main job as stories: real connector, real drivers, broker and Finesse, fake time, no socket.

use std::time::Duration;

use finewire_core::agent::{AgentState, ParticipantState};
use finewire_core::contract::{Command as C, Event as Wire};
use finewire_core::driver::{self, Event as Told, Service};
use finewire_core::machine::{Outcome, Party, Reason};
use finewire_simulator::{Command as FinesseCommand, PASSWORD};
use finewire_tests::world::site::{
    Plan, Site, WRONG_PASSWORD, agent, connect, line, login, reason, tell,
};
use finewire_tests::world::{Chunking, Weather};

fn refusal(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Refused(why) => &why.text,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_login_passes_in_the_order_of_the_documented_flow() {
    let mut site = Site::calm();
    site.expect_done(connect(1));
    site.expect_done(login(1));

    let told = site.timeline(
        &["connector"],
        &[Party::Driver, Party::Connector, Party::Finesse],
    );

    insta::assert_snapshot!(told);
    site.settle();
    site.check_quiet();
}

/// Hello to Logout, with one call in between.
fn main_job(site: &mut Site) {
    site.be_ready(1);
    assert_eq!(site.state(1), AgentState::Ready);

    let dialog = site.ring(1);
    assert_eq!(site.own_party(1), Some(ParticipantState::Alerting));
    site.expect_done(tell(
        1,
        C::AnswerCall {
            dialog: dialog.clone(),
        },
    ));
    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    site.expect_done(tell(
        1,
        C::HoldCall {
            dialog: dialog.clone(),
        },
    ));
    assert_eq!(site.own_party(1), Some(ParticipantState::Held));
    site.expect_done(tell(
        1,
        C::RetrieveCall {
            dialog: dialog.clone(),
        },
    ));
    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();
    site.check_quiet();
    assert_eq!(site.own_party(1), None);
    assert_eq!(site.state(1), AgentState::Ready);

    site.expect_done(tell(1, C::MakeNotReady));
    site.expect_done(tell(1, C::Logout));
    site.settle();
    assert_eq!(site.state(1), AgentState::Logout);
    assert_eq!(site.true_state(1), AgentState::Logout);
    site.check_quiet();
}

#[test]
fn the_main_job_runs_from_hello_to_logout() {
    let mut site = Site::calm();

    main_job(&mut site);

    let told = site.timeline(&["connector"], &[Party::Driver, Party::Connector]);
    insta::assert_snapshot!(told);
}

#[test]
fn the_main_job_runs_when_every_byte_comes_alone() {
    let weather = Weather::calm().cut_into(Chunking::Bytes);
    let mut site = Site::built(&Plan {
        weather,
        ..Plan::calm(7)
    });

    main_job(&mut site);
}

#[test]
fn a_wrong_password_is_refused_with_one_attempt_at_finesse() {
    let mut site = Site::calm();
    let wrong = driver::Command::connect(agent(1).as_str(), WRONG_PASSWORD.into());

    let outcome = site.ask(wrong);

    assert!(
        refusal(&outcome).starts_with("SUBSCRIPTION_FAILED"),
        "{outcome:?}"
    );
    site.settle();
    let refused = site
        .net
        .node(site.finesse)
        .events()
        .iter()
        .filter(|(_, event)| {
            matches!(
                event,
                finewire_simulator::Event::RequestServed { status: 401, .. }
            )
        });
    assert_eq!(refused.count(), 1);
    site.sign_in(1);
    site.check_quiet();
}

#[test]
fn a_password_that_cannot_be_decoded_is_refused_in_the_same_words_and_not_sooner() {
    let mut site = Site::calm();
    let wrong = driver::Command::connect(agent(1).as_str(), WRONG_PASSWORD.into());
    let begun = site.net.now();
    let refused = site.ask(wrong);
    let after_wrong = site.net.now() - begun;

    // The same site, but the driver encrypts with another key.
    let mut plan = Plan::calm(7);
    plan.has_foreign_key = true;
    let mut site = Site::built(&plan);
    let begun = site.net.now();
    let undecodable = site.ask(connect(1));
    let after_undecodable = site.net.now() - begun;

    assert_eq!(refusal(&undecodable), refusal(&refused));
    let least = Duration::from_secs(1);
    assert!(after_wrong >= least && after_undecodable >= least);
}

#[test]
fn a_login_with_a_wrong_password_is_refused_and_leaves_the_agent_signed_out() {
    let mut site = Site::calm();
    site.expect_done(connect(1));
    let wrong = driver::Command::login(agent(1).as_str(), WRONG_PASSWORD.into(), line(1).as_str());

    let outcome = site.ask(wrong);

    assert!(
        refusal(&outcome).starts_with("AUTHORIZATION_FAILURE"),
        "{outcome:?}"
    );
    site.settle();
    assert_eq!(site.true_state(1), AgentState::Logout);
    site.expect_done(login(1));
    site.settle();
    site.check_quiet();
}

#[test]
fn an_unknown_agent_is_refused() {
    let mut site = Site::calm();
    let nobody = driver::Command::connect("4711", PASSWORD.into());

    let outcome = site.ask(nobody);

    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    site.settle();
    site.check_quiet();
}

#[test]
fn a_wrong_extension_is_refused_and_the_right_one_works() {
    let mut site = Site::calm();
    site.expect_done(connect(1));
    let wrong = driver::Command::login(agent(1).as_str(), PASSWORD.into(), "9999");

    let outcome = site.ask(wrong);

    let text = refusal(&outcome);
    assert!(
        text.starts_with("WRONG_EXTENSION") || text.starts_with("CF_INVALID_LOGON_DEVICE"),
        "{text}"
    );
    site.expect_done(login(1));
    assert_eq!(site.state(1), AgentState::NotReady);
    site.settle();
    site.check_quiet();
}

#[test]
fn a_login_that_does_not_wait_for_the_subscription_succeeds() {
    let mut site = Site::calm();
    let seat = site.drivers[0];

    let connecting = site.net.command(seat, connect(1).into());
    let logging_in = site.net.command(seat, login(1).into());

    assert_eq!(site.outcome(0, logging_in), Outcome::Done);
    assert_eq!(site.outcome(0, connecting), Outcome::Done);
    assert_eq!(site.state(1), AgentState::NotReady);
    site.settle();
    site.check_quiet();
}

#[test]
fn a_login_without_connect_is_refused() {
    let mut site = Site::calm();

    let outcome = site.ask(login(1));

    // Nobody is bound and drivers give no reply-to: the command is counted, the driver waits.
    assert!(!outcome.is_done(), "{outcome:?}");
    site.settle();
    site.check_quiet();
}

#[test]
fn a_second_login_tells_state_and_calls_again() {
    let mut site = Site::calm();
    site.be_ready(1);
    let dialog = site.ring(1);
    site.expect_done(tell(
        1,
        C::AnswerCall {
            dialog: dialog.clone(),
        },
    ));
    let before = site.told(0).len();

    site.expect_done(login(1));
    site.settle();

    let told = site.told(0);
    let received: Vec<_> = told[before..]
        .iter()
        .filter_map(|event| match event {
            Told::Received(message) => Some(&message.event),
            _ => None,
        })
        .collect();
    assert!(
        received
            .iter()
            .any(|event| matches!(event, Wire::AgentInfo(_)))
    );
    assert!(received.iter().any(|event| matches!(event, Wire::State(_))));
    assert!(
        received
            .iter()
            .any(|event| matches!(event, Wire::DialogStatus { calls: 1 }))
    );
    assert!(
        received
            .iter()
            .any(|event| { matches!(event, Wire::InboundCall(call) if call.dialog == dialog) })
    );
    assert_eq!(site.state(1), AgentState::Talking);
    site.check_quiet();
}

#[test]
fn a_call_that_is_already_there_is_told_at_the_login() {
    let mut site = Site::built(&Plan {
        drivers: 2,
        ..Plan::calm(7)
    });
    site.be_ready(1);
    let dialog = site.ring(1);
    site.expect_done(tell(
        1,
        C::AnswerCall {
            dialog: dialog.clone(),
        },
    ));

    // The driver's process ends; another one takes the agent over in mid-call.
    assert_eq!(site.ask_of(1, connect(1)), Outcome::Done);
    assert_eq!(site.ask_of(1, login(1)), Outcome::Done);
    site.settle();

    let heir = site
        .net
        .node(site.drivers[1])
        .machine()
        .agent(&agent(1))
        .unwrap();
    let calls: Vec<_> = heir.dialogs().map(|call| call.id.clone()).collect();
    assert_eq!(calls, [dialog]);
    assert_eq!(heir.user().state, AgentState::Talking);
    site.check_quiet();
}

#[test]
fn a_second_driver_needs_the_password_and_the_first_is_told_that_it_lost_the_agent() {
    let mut site = Site::built(&Plan {
        drivers: 2,
        ..Plan::calm(7)
    });
    site.be_ready(1);

    let wrong = driver::Command::connect(agent(1).as_str(), WRONG_PASSWORD.into());
    let refused = site.ask_of(1, wrong);
    assert!(
        refusal(&refused).starts_with("SUBSCRIPTION_FAILED"),
        "{refused:?}"
    );
    site.expect_done(tell(1, C::MakeNotReady));

    assert_eq!(site.ask_of(1, connect(1)), Outcome::Done);
    site.settle();

    assert!(site.told(0).contains(&&Told::AgentDisplaced(agent(1))));
    assert!(site.model(1).is_none());
    assert_eq!(site.ask_of(1, login(1)), Outcome::Done);
    assert_eq!(site.ask_of(1, tell(1, C::MakeReady)), Outcome::Done);
    site.settle();
    assert!(
        site.model(1).is_none(),
        "the first driver does not take it back"
    );
    site.check_quiet();
}

#[test]
fn while_finesse_is_out_of_service_everything_is_refused_and_then_works_again() {
    let mut site = Site::calm();
    site.be_ready(1);

    site.net
        .command(site.finesse, FinesseCommand::SetInService(false));
    site.net.run_for(Duration::from_secs(60));
    let service = site.net.node(site.drivers[0]).machine().service();
    assert_eq!(service, Service::OutOfService);
    let outcome = site.ask(tell(1, C::MakeNotReady));
    assert_eq!(reason(&outcome), Some(Reason::LinkDown), "{outcome:?}");
    let outcome = site.ask(connect(2));
    assert_eq!(reason(&outcome), Some(Reason::LinkDown), "{outcome:?}");

    site.net
        .command(site.finesse, FinesseCommand::SetInService(true));
    site.net.run_for(Duration::from_secs(60));
    let service = site.net.node(site.drivers[0]).machine().service();
    assert_eq!(service, Service::InService);
    site.expect_done(tell(1, C::MakeNotReady));
    site.sign_in(2);
    site.settle();
    site.check_quiet();
}

#[test]
fn an_action_that_the_call_does_not_allow_is_refused_and_the_call_goes_on() {
    let mut site = Site::calm();
    site.be_ready(1);
    let dialog = site.ring(1);

    let hold = site.ask(tell(
        1,
        C::HoldCall {
            dialog: dialog.clone(),
        },
    ));
    assert!(matches!(hold, Outcome::Refused(_)), "{hold:?}");
    let unknown = site.ask(tell(
        1,
        C::AnswerCall {
            dialog: "999".into(),
        },
    ));
    assert!(matches!(unknown, Outcome::Refused(_)), "{unknown:?}");

    site.expect_done(tell(1, C::AnswerCall { dialog }));
    site.settle();
    site.check_quiet();
}

#[test]
fn a_caller_who_hangs_up_ends_the_call_for_the_driver() {
    let mut site = Site::calm();
    site.be_ready(1);
    let dialog = site.ring(1);
    site.expect_done(tell(
        1,
        C::AnswerCall {
            dialog: dialog.clone(),
        },
    ));

    site.net.command(
        site.finesse,
        FinesseCommand::EndCall {
            dialog: dialog.clone(),
        },
    );
    site.settle();

    let ended = site
        .told(0)
        .into_iter()
        .filter(|event| matches!(event, Told::CallEnded { dialog: ended, .. } if *ended == dialog));
    assert_eq!(ended.count(), 1);
    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}

#[test]
fn a_placed_call_is_told_until_it_is_released() {
    let mut site = Site::calm();
    site.sign_in(1);

    site.expect_done(tell(
        1,
        C::MakeCall {
            number: "5559876".into(),
        },
    ));
    site.settle();
    assert_eq!(site.own_party(1), Some(ParticipantState::Active));
    let dialog = site.model(1).unwrap().dialogs().next().unwrap().id.clone();
    site.expect_done(tell(
        1,
        C::GetDialogState {
            dialog: dialog.clone(),
        },
    ));
    site.expect_done(tell(1, C::ReleaseCall { dialog }));
    site.settle();

    assert_eq!(site.own_party(1), None);
    site.check_quiet();
}

#[test]
fn many_agents_of_one_driver_work_at_the_same_time() {
    let mut site = Site::calm();
    let seat = site.drivers[0];
    let mut commands = Vec::new();
    for n in 1..=10 {
        commands.push(site.net.command(seat, connect(n).into()));
        commands.push(site.net.command(seat, login(n).into()));
        commands.push(site.net.command(seat, tell(n, C::MakeReady).into()));
    }

    for id in commands {
        assert_eq!(site.outcome(0, id), Outcome::Done);
    }
    for n in 1..=10 {
        assert_eq!(site.state(n), AgentState::Ready);
        assert_eq!(site.model(n).unwrap().user().extension, Some(line(n)));
        site.place_call(n);
    }
    site.settle();

    for n in 1..=10 {
        assert_eq!(site.own_party(n), Some(ParticipantState::Alerting));
    }
    site.check_quiet();
}

#[test]
fn an_equal_seed_gives_an_equal_story_and_every_machine_can_be_played_again() {
    let plan = Plan {
        is_recorded: true,
        weather: Weather::stormy(),
        ..Plan::calm(3)
    };
    let run = || {
        let mut site = Site::built(&plan);
        site.be_ready(1);
        let dialog = site.ring(1);
        site.expect_done(tell(1, C::AnswerCall { dialog }));
        site
    };
    let (first, second) = (run(), run());

    assert_eq!(first.net.steps(), second.net.steps());
    assert_eq!(first.films(), second.films());
    assert_eq!(first.replayed(&plan), first.films());
}
