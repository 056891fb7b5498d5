//! Agent states and sign-out.

use super::bench::*;
use crate::agent::AgentState;
use crate::connector::{About, Answer, Fact, Question};
use crate::machine::Reason;

fn state(state: &str) -> alloc::string::String {
    alloc::format!("siebel< 1001#State#{state}#####Ada Byron#1001#2001")
}

#[test]
fn a_state_is_told_once_when_its_event_answers_the_command() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.deliver("MakeReady#1001", "", None, Some("c5"));
    assert_eq!(
        bench.reply(Answer::Accepted),
        Question::ChangeState {
            agent: "1001".into(),
            state: AgentState::Ready,
            reason: None
        }
    );
    bench.notify(Fact::User(user("READY", Some("2001"))));
    assert_eq!(bench.sent.front().unwrap().correlation, Some("c5".into()));
    assert_eq!(bench.events(), [state("READY")]);

    bench.seconds(60);
    assert!(bench.events().is_empty());
}

#[test]
fn an_event_before_the_202_is_told_at_once_and_not_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    let (request, _) = bench.question();
    bench.notify(Fact::User(user("READY", Some("2001"))));
    assert_eq!(bench.events(), [state("READY")]);
    bench.answer(request, Answer::Accepted);

    assert!(bench.events().is_empty());
    assert_eq!(bench.connector.agent(&"1001".into()).unwrap().commands, 0);
}

#[test]
fn a_duplicate_notification_is_told_once() {
    let mut bench = Bench::new();
    bench.sign_in();
    let update = crate::connector::Update {
        item: Some("same".into()),
        request: None,
        fact: Fact::User(user("READY", Some("2001"))),
    };
    for _ in 0..2 {
        let (agent, update) = ("1001".into(), update.clone());
        bench.signal(crate::connector::Signal::Notified { agent, update });
    }
    bench.notify(Fact::User(user("READY", Some("2001"))));

    assert_eq!(bench.events(), [state("READY")]);
    assert_eq!(bench.connector.counters().duplicates, 1);
}

#[test]
fn the_same_state_again_gives_no_event_at_finesse_but_an_answer_here() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeNotReady#1001", "");
    bench.reply(Answer::Accepted);
    bench.seconds(4);
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));

    assert_eq!(bench.events(), [state("NOT_READY")]);
}

#[test]
fn a_change_that_waits_for_the_end_of_the_call_is_answered_by_the_state_as_it_is() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::User(user("TALKING", Some("2001"))));
    bench.events();
    bench.command("MakeNotReady#1001", "");
    bench.reply(Answer::Accepted);
    bench.seconds(4);
    bench.reply(Answer::User(user("TALKING", Some("2001"))));

    assert_eq!(bench.events(), [state("TALKING")]);
}

#[test]
fn a_reason_code_is_sent_as_the_id_that_finesse_knows_it_by() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeNotReadyWithReason#1001", "10");
    assert_eq!(
        bench.reply(lunch()),
        Question::Reasons("1001".into(), crate::contract::ReasonCategory::NotReady)
    );
    assert_eq!(
        bench.reply(Answer::Accepted),
        Question::ChangeState {
            agent: "1001".into(),
            state: AgentState::NotReady,
            reason: Some("16".into())
        }
    );
    bench.notify(Fact::User(user_for("NOT_READY", "16")));
    assert_eq!(
        bench.events(),
        ["siebel< 1001#State#NOT_READY#10#Lunch###Ada Byron#1001#2001"]
    );

    bench.command("MakeNotReadyWithReason#1001", "10");
    assert!(
        matches!(bench.question().1, Question::ChangeState { .. }),
        "codes are kept"
    );
}

#[test]
fn a_reason_that_finesse_never_names_does_not_fail_the_command() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeNotReadyWithReason#1001", "10");
    bench.reply(lunch());
    bench.reply(Answer::Accepted);
    let mut waited = 0;
    while bench.sent.is_empty() && waited < 60 {
        bench.seconds(1);
        waited += 1;
        bench
            .asked
            .retain(|(_, question, _)| *question != Question::SystemInfo);
        if !bench.asked.is_empty() {
            bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
        }
    }

    assert_eq!(bench.events(), [state("NOT_READY")]);
    assert_eq!(waited, 30);
}

#[test]
fn an_unknown_reason_code_is_an_error() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeNotReadyWithReason#1001", "99");
    bench.reply(lunch());

    assert_eq!(
        bench.events(),
        ["siebel< 1001#Error#NOT_FOUND#Finesse knows no reason code 99."]
    );
}

#[test]
fn a_refusal_comes_by_answer_or_by_notification_with_or_without_request_id() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.reply(no(400, "Invalid State", "CF_INVALID_OBJECT_STATE"));
    assert!(bench.events()[0].starts_with("siebel< 1001#Error#CF_INVALID_OBJECT_STATE#"));

    for by_id in [true, false] {
        bench.command("MakeReady#1001", "");
        let (request, _) = bench.question();
        bench.answer(request, Answer::Accepted);
        let failure = failed(About::User, "Invalid State", "CF_INVALID_AGENT_WORKMODE");
        bench.notify_for(by_id.then_some(request), failure);
        let events = bench.events();
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].starts_with("siebel< 1001#Error#CF_INVALID_AGENT_WORKMODE#"));
    }
}

#[test]
fn a_failure_of_somebody_elses_request_fails_nothing() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.reply(Answer::Accepted);
    let strange = crate::connector::RequestId(1);
    bench.notify_for(Some(strange), failed(About::User, "Invalid State", "CF_X"));
    bench.notify(failed(About::Call("9".into()), "Generic Error", "CF_Y"));

    assert!(bench.events().is_empty());
    assert_eq!(bench.connector.counters().unrelated, 2);
}

#[test]
fn a_request_without_answer_is_followed_by_a_read() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.reply(silence(Reason::TimedOut));
    bench
        .asked
        .retain(|(_, question, _)| *question != Question::SystemInfo);
    bench.reply(Answer::User(user("READY", Some("2001"))));

    assert_eq!(bench.events(), [state("READY")]);
}

#[test]
fn commands_of_one_agent_are_carried_out_one_after_the_other() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.command("MakeNotReady#1001", "");
    assert_eq!(bench.asked.len(), 1);
    bench.reply(Answer::Accepted);
    assert_eq!(bench.asked.len(), 0);
    bench.notify(Fact::User(user("READY", Some("2001"))));
    assert_eq!(bench.asked.len(), 1);
}

#[test]
fn a_logout_is_told_as_a_state() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("Logout#1001", "");
    assert_eq!(
        bench.reply(Answer::Accepted),
        Question::SignOut {
            agent: "1001".into(),
            reason: None
        }
    );
    bench.notify(Fact::User(user("LOGOUT", None)));

    assert_eq!(
        bench.events(),
        ["siebel< 1001#State#LOGOUT#####Ada Byron#1001#"]
    );
}

#[test]
fn a_sign_out_that_nobody_asked_for_is_read_before_it_is_told() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::User(user("LOGOUT", None)));
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![]));
    assert!(bench.events().is_empty(), "it was stray");

    // Long after the last sign-in that this connector knows of: there may have been one elsewhere.
    bench.seconds(3600);
    bench.asked.clear();
    bench.notify(Fact::User(user("LOGOUT", None)));
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![]));
    assert!(bench.events().is_empty(), "stray again");

    bench.notify(Fact::User(user("LOGOUT", None)));
    bench.reply(Answer::User(user("LOGOUT", None)));
    assert!(
        bench.events()[0].contains("#State#LOGOUT#"),
        "Finesse says so itself"
    );
}

#[test]
fn a_stray_sign_out_before_the_answer_to_the_sign_in_is_read_before_it_is_told() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Login#1001", &alloc::format!("{PASSWORD},2001"));
    let (request, _) = bench.question();
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    bench.notify(Fact::User(user("LOGOUT", None)));
    bench.answer(request, Answer::Accepted);
    bench.asked.clear();

    let known = bench.connector.agent(&"1001".into()).unwrap();
    assert_eq!(known.state, AgentState::NotReady);
}

fn at(state: &str, millis: i64) -> Fact {
    let state_changed = Some(crate::machine::UnixMillis(millis));
    Fact::User(crate::agent::User {
        state_changed,
        ..user(state, Some("2001"))
    })
}

fn read_at(state: &str, millis: i64) -> Answer {
    match at(state, millis) {
        Fact::User(user) => Answer::User(user),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_state_that_seems_older_than_the_last_one_is_read_and_a_clock_set_back_believed() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(at("READY", 10_000_000));
    bench.events();
    bench.asked.clear();

    // Finesse's clock goes an hour back; the agent rests.
    bench.notify(at("NOT_READY", 6_400_000));
    bench.reply(read_at("NOT_READY", 6_400_000));
    bench.reply(Answer::Calls(alloc::vec![]));
    assert!(bench.events()[0].contains("#State#NOT_READY#"));

    bench.notify(at("READY", 6_401_000));
    assert!(bench.events()[0].contains("#State#READY#"));
    let known = bench.connector.agent(&"1001".into()).unwrap();
    assert!(known.is_fresh);
}

#[test]
fn a_read_that_a_notification_overtook_is_made_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(at("READY", 5_000));
    bench.events();
    bench.asked.clear();

    // Something older comes late: a read is begun, and while it is under way the state changes.
    bench.notify(at("NOT_READY", 4_000));
    let (request, _) = bench.question();
    bench.notify(at("RESERVED", 6_000));
    assert!(bench.events()[0].contains("#State#RESERVED#"));
    bench.answer(request, read_at("READY", 5_000));
    assert!(bench.events().is_empty(), "the answer is older");
    bench.reply(read_at("RESERVED", 6_000));
    bench.reply(Answer::Calls(alloc::vec![]));

    assert!(bench.events().is_empty());
    let known = bench.connector.agent(&"1001".into()).unwrap();
    assert_eq!(known.state, AgentState::Reserved);
    assert!(known.is_fresh);
}

#[test]
fn get_state_is_answered_from_what_is_known_or_by_a_read() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("GetState#1001", "");
    bench.reply(Answer::User(user("READY", Some("2001"))));
    assert_eq!(bench.events(), [state("READY")]);

    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("GetState#1001", "");
    assert!(bench.asked.is_empty());
    assert_eq!(bench.events(), [state("NOT_READY")]);
}

#[test]
fn a_state_from_elsewhere_is_told_and_an_older_one_is_not() {
    let mut bench = Bench::new();
    bench.sign_in();
    let at = |millis, state| {
        let mut user = user(state, Some("2001"));
        user.state_changed = Some(crate::machine::UnixMillis(millis));
        Fact::User(user)
    };
    bench.notify(at(2_000, "READY"));
    bench.notify(at(1_000, "NOT_READY"));

    let events = bench.events();
    assert_eq!(events.len(), 1);
    assert!(events[0].contains("#State#READY#"));
}
