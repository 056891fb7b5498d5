//! Sign-out with a reason or by force, wrap-up work, mobile agents, lost drivers.

use super::bench::*;
use crate::agent::AgentState;
use core::time::Duration;

use crate::connector::{Answer, DriverLoss, Fact, Mobile, Note, Question, ReasonCode, Signal};
use crate::contract::{MobileMode, ReasonCategory};

fn sign_out(reason: Option<&str>) -> Question {
    Question::SignOut {
        agent: "1001".into(),
        reason: reason.map(Into::into),
    }
}

fn change(state: AgentState) -> Question {
    Question::ChangeState {
        agent: "1001".into(),
        state,
        reason: None,
    }
}

fn under_way(bench: &Bench) -> usize {
    bench.connector.agent(&"1001".into()).unwrap().commands
}

#[test]
fn a_sign_out_with_reason_carries_finesses_id_of_it() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("LogoutWithReason#1001", "21");
    let asked = bench.reply(Answer::Reasons(alloc::vec![ReasonCode {
        id: "9".into(),
        code: "21".into(),
        label: "Home".into(),
    }]));
    assert_eq!(
        asked,
        Question::Reasons("1001".into(), ReasonCategory::Logout)
    );
    assert_eq!(bench.reply(Answer::Accepted), sign_out(Some("9")));
    bench.notify(Fact::User(user("LOGOUT", None)));
    assert!(bench.events()[0].starts_with("siebel< 1001#State#LOGOUT#"));
    assert_eq!(under_way(&bench), 0);
}

#[test]
fn a_forced_sign_out_goes_by_way_of_not_ready_where_finesse_needs_it() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::User(user("READY", Some("2001"))));
    bench.events();
    bench.deliver("force_logout#1001", "", None, Some("f1"));
    assert_eq!(bench.reply(Answer::Accepted), change(AgentState::NotReady));
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    assert_eq!(bench.reply(Answer::Accepted), sign_out(None));
    bench.events();
    bench.notify(Fact::User(user("LOGOUT", None)));
    assert_eq!(bench.sent.front().unwrap().correlation, Some("f1".into()));
    assert_eq!(bench.events().len(), 1);
    assert_eq!(under_way(&bench), 0);
}

#[test]
fn a_forced_sign_out_is_tried_although_not_ready_is_refused() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::User(user("READY", Some("2001"))));
    bench.events();
    bench.command("force_logout#1001", "");
    bench.reply(no(400, "Parameter Missing", "a reason is needed"));
    assert_eq!(
        bench.reply(no(400, "Invalid State", "READY")),
        sign_out(None)
    );
    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].contains("#Error#"));
}

#[test]
fn a_forced_sign_out_of_a_signed_out_agent_tells_that_it_is() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::User(user("LOGOUT", None)));
    if let Some((id, _, _)) = bench.asked.pop_front() {
        bench.answer(id, Answer::User(user("LOGOUT", None)));
        bench.reply(Answer::Calls(alloc::vec::Vec::new()));
    }
    bench.events();
    bench.command("force_logout#1001", "");
    assert!(bench.asked.is_empty());
    assert!(bench.events()[0].starts_with("siebel< 1001#State#LOGOUT#"));
}

#[test]
fn wrap_up_work_is_a_state_as_others_are() {
    for (verb, state, word) in [
        ("MakeWorkReady#1001", AgentState::WorkReady, "WORK_READY"),
        ("MakeWorkNotReady#1001", AgentState::Work, "WORK"),
    ] {
        let mut bench = Bench::new();
        bench.sign_in();
        bench.command(verb, "");
        assert_eq!(bench.reply(Answer::Accepted), change(state));
        bench.notify(Fact::User(user(word, Some("2001"))));
        assert_eq!(bench.events().len(), 1, "{verb}");
        assert_eq!(under_way(&bench), 0, "{verb}");
    }
}

#[test]
fn a_mobile_agent_signs_in_with_the_telephone_to_be_reached_on() {
    let mut bench = Bench::new();
    bench.connect();
    let body = alloc::format!("{PASSWORD},2001,95551212,true");
    bench.command("MobileAgentLogin#1001", &body);
    assert_eq!(
        bench.reply(Answer::Accepted),
        Question::SignIn {
            agent: "1001".into(),
            extension: "2001".into(),
            mobile: Some(Mobile {
                dial_number: "95551212".into(),
                mode: MobileMode::CallByCall,
            }),
        }
    );
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec::Vec::new()));
    assert_eq!(bench.events().len(), 3);
    bench.assert_no_secret();
}

#[test]
fn an_abrupt_disconnect_does_what_the_policy_says() {
    for (policy, wanted) in [
        (DriverLoss::Keep, None),
        (DriverLoss::NotReady, Some(AgentState::NotReady)),
        (DriverLoss::Logout, Some(AgentState::NotReady)),
    ] {
        let mut bench = Bench::with(|config| config.on_driver_loss = policy);
        bench.sign_in();
        bench.notify(Fact::User(user("READY", Some("2001"))));
        bench.events();
        bench.command("AgentAbruptDisconnect#1001", "");
        if let Some(state) = wanted {
            assert_eq!(bench.reply(Answer::Accepted), change(state), "{policy:?}");
            bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
        }
        if policy == DriverLoss::Logout {
            assert_eq!(bench.reply(Answer::Accepted), sign_out(None));
            bench.notify(Fact::User(user("LOGOUT", None)));
        }
        assert!(!bench.events().is_empty(), "{policy:?}");
        assert!(bench.asked.is_empty(), "{policy:?}");
        assert_eq!(under_way(&bench), 0, "{policy:?}");
    }
}

fn with_silence(policy: DriverLoss) -> Bench {
    let mut bench = Bench::with(|config| {
        config.on_driver_loss = policy;
        config.timing.driver_silence = Some(Duration::from_secs(20));
    });
    bench.sign_in();
    bench.notify(Fact::User(user("READY", Some("2001"))));
    bench.events();
    bench
}

fn take_change(bench: &mut Bench) -> bool {
    let is_change = |question: &Question| matches!(question, Question::ChangeState { .. });
    let found = bench.asked.iter().any(|(_, asked, _)| is_change(asked));
    bench.asked.retain(|(_, asked, _)| !is_change(asked));
    found
}

fn beat(bench: &mut Bench, seconds: u64) {
    bench.command("Beat#siebel", "");
    bench.seconds(seconds);
}

#[test]
fn agents_of_a_silent_driver_are_made_not_ready_once_and_a_beat_keeps_them() {
    let mut bench = with_silence(DriverLoss::NotReady);
    for _ in 0..3 {
        beat(&mut bench, 19);
        assert!(!take_change(&mut bench));
    }
    bench.seconds(2);
    assert!(take_change(&mut bench));
    bench.seconds(120);
    assert!(!take_change(&mut bench), "it is lost once");
    let lost = |note: &&Note| matches!(note, Note::DriverLost { agents: 1, .. });
    assert_eq!(bench.notes.iter().filter(lost).count(), 1);
}

#[test]
fn a_command_of_an_agent_is_a_sign_of_life_of_its_driver() {
    let mut bench = with_silence(DriverLoss::NotReady);
    for _ in 0..3 {
        bench.command("GetState#1001", "");
        bench.seconds(15);
    }
    assert!(!take_change(&mut bench));
}

#[test]
fn silence_while_the_broker_is_gone_is_nobodys_fault() {
    let mut bench = with_silence(DriverLoss::NotReady);
    bench.signal(Signal::BrokerDown);
    bench.seconds(60);
    bench.signal(Signal::BrokerUp);
    bench.seconds(15);
    assert!(!take_change(&mut bench));
    bench.seconds(10);
    assert!(take_change(&mut bench));
}

#[test]
fn silence_is_not_watched_unless_it_is_asked_for_and_keep_changes_nothing() {
    let mut kept = with_silence(DriverLoss::Keep);
    let mut unwatched = Bench::with(|config| config.on_driver_loss = DriverLoss::Logout);
    unwatched.sign_in();
    for bench in [&mut kept, &mut unwatched] {
        bench.seconds(120);
        assert!(!take_change(bench));
        assert!(
            bench
                .asked
                .iter()
                .all(|(_, asked, _)| *asked == Question::SystemInfo)
        );
    }
}
