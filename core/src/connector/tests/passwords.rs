//! Who may move an agent, and what a wrong password costs.

use alloc::format;
use alloc::vec::Vec;

use super::bench::*;
use crate::connector::{Answer, Fact, Question, Signal};
use crate::machine::CloseReason;
use crate::password::{CipherText, InitialVector, PasswordCodec, Secret};

fn login() -> alloc::string::String {
    format!("{PASSWORD},2001")
}

#[test]
fn a_wrong_password_costs_one_attempt_for_connect_and_login_together() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", "siebel,wrong");
    bench.command("Login#1001", "wrong,2001");
    bench.reply(wrong_password());
    bench.seconds(3);

    assert!(bench.asked.is_empty() && bench.subscribed.is_empty());
    assert_eq!(
        bench.events(),
        [
            "siebel< 1001#Error#SUBSCRIPTION_FAILED#The password was not accepted.",
            "siebel< 1001#Error#AUTHORIZATION_FAILURE#The password was not accepted.",
        ]
    );
    assert_eq!(bench.connector.counters().wrong_passwords, 1);
}

#[test]
fn after_a_wrong_password_the_right_one_gets_in() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", "siebel,wrong");
    bench.reply(wrong_password());
    bench.seconds(3);
    bench.events();

    bench.command("Login#1001", &login());
    bench.reply(Answer::User(user("LOGOUT", None)));
    bench.subscribed.pop_front().unwrap();
    bench.up();
    bench.reply(Answer::Accepted);
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));

    assert_eq!(bench.events().len(), 3);
}

#[test]
fn an_undecodable_password_is_answered_as_a_refused_one_code_text_and_time() {
    let codec = || {
        let key = Secret::from("0123456789abcdef23456789abcdef014567890123abcdef");
        PasswordCodec::triple_des(&key, InitialVector::ZERO, CipherText::Hex).unwrap()
    };
    let mut answers = Vec::new();
    for body in ["abcd,2001", "c8ce3d5d5ab9cbee,2001"] {
        let mut bench = Bench::with(|config| config.password = codec());
        bench.command("Connect#1001", "siebel");
        bench.command("Login#1001", body);
        while !bench.asked.is_empty() {
            bench.reply(wrong_password());
        }
        let mut waited = 0;
        while bench.sent.is_empty() {
            bench.pass(core::time::Duration::from_millis(100));
            waited += 100;
        }
        answers.push((waited, bench.events()));
    }

    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 1000);
}

#[test]
fn the_sixth_wrong_password_in_five_minutes_is_refused_unread() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", "siebel");
    for n in 0..5 {
        bench.command("Login#1001", &format!("wrong{n},2001"));
        bench.reply(wrong_password());
        bench.seconds(2);
    }
    assert_eq!(bench.events().len(), 5);

    bench.command("Login#1001", &login());
    bench.seconds(2);
    assert!(bench.asked.is_empty(), "not even the right one is tried");
    assert_eq!(
        bench.events(),
        ["siebel< 1001#Error#AUTHORIZATION_FAILURE#The password was not accepted."]
    );

    bench.seconds(300);
    bench.asked.clear();
    bench.command("Login#1001", &login());
    assert_eq!(bench.asked.len(), 1, "later it is");
}

#[test]
fn another_driver_gets_the_agent_by_its_password_and_the_first_is_told() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("Connect#1001", &format!("genesis,{PASSWORD}"));
    assert_eq!(bench.events(), ["siebel< 1001#RECONNECT"]);

    bench.notify(Fact::User(user("READY", Some("2001"))));
    assert_eq!(
        bench.events(),
        ["genesis< 1001#State#READY#####Ada Byron#1001#2001"]
    );
}

#[test]
fn another_driver_with_a_wrong_password_or_none_changes_nothing() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("Connect#1001", "thief");
    bench.command("Connect#1001", "thief,guess");
    assert_eq!(bench.reply(wrong_password()), Question::User("1001".into()));
    bench.seconds(2);
    let events = bench.events();
    assert_eq!(events.len(), 2);
    assert!(
        events
            .iter()
            .all(|event| event.starts_with("thief< 1001#Error#SUBSCRIPTION_FAILED#"))
    );

    bench.notify(Fact::User(user("READY", Some("2001"))));
    assert_eq!(
        bench.events(),
        ["siebel< 1001#State#READY#####Ada Byron#1001#2001"]
    );
}

#[test]
fn a_password_changed_at_finesse_is_proven_by_one_read_and_used_from_then_on() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("Connect#1001", "genesis,NewPass1");
    assert_eq!(bench.asked.front().unwrap().2.as_deref(), Some("NewPass1"));
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    assert_eq!(
        bench.subscribed.pop_front().unwrap().password.expose(),
        "NewPass1"
    );
    assert_eq!(bench.events(), ["siebel< 1001#RECONNECT"]);

    bench.command("MakeReady#1001", "");
    assert_eq!(bench.asked.front().unwrap().2.as_deref(), Some("NewPass1"));
}

#[test]
fn a_login_does_not_choose_between_two_drivers_that_proved_nothing() {
    for second in ["evil", "evil,wrong"] {
        let mut bench = Bench::new();
        bench.command("Connect#1001", "siebel");
        bench.command("Connect#1001", second);
        if second.contains(',') {
            bench.reply(wrong_password());
            bench.seconds(3);
        }
        bench.events();

        bench.command("Login#1001", &login());
        bench.reply(Answer::User(user("LOGOUT", None)));
        bench.subscribed.pop_front().unwrap();
        bench.up();

        let text = "1001#Error#SUBSCRIPTION_FAILED#Several drivers claim the agent; \
                    connect it with its password.";
        let mut events = bench.events();
        events.sort();
        assert_eq!(events, [format!("evil< {text}"), format!("siebel< {text}")]);
        assert!(bench.asked.is_empty(), "nobody is signed in");

        bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
        bench.command("Login#1001", &login());
        bench.reply(Answer::Accepted);
        bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
        bench.reply(Answer::Calls(Vec::new()));
        let events = bench.events();
        assert!(events.len() == 3 && events.iter().all(|event| event.starts_with("siebel< ")));
    }
}

#[test]
fn a_bearer_token_goes_with_every_question_of_its_agent() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", &format!("siebel,{PASSWORD},SSO"));
    assert!(bench.with_token);
    bench.reply(Answer::User(user("LOGOUT", None)));
    let subscribe = bench.subscribed.pop_front().unwrap();
    assert_eq!(subscribe.password.expose(), PASSWORD);
    bench.up();
    bench.with_token = false;
    bench.command("Login#1001", &format!("{PASSWORD},2001"));
    assert!(bench.with_token);
    bench.assert_no_secret();
}

#[test]
fn a_refused_token_is_one_error_and_a_password_is_no_token() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", &format!("siebel,{PASSWORD},SSO"));
    bench.reply(wrong_password());
    bench.seconds(2);
    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].contains("#Error#SUBSCRIPTION_FAILED#"));
    let mut other = Bench::new();
    other.connect();
    other.command("Login#1001", &format!("{PASSWORD},2001"));
    assert!(!other.with_token);
}

fn has_question(bench: &Bench) -> bool {
    let info = |question: &Question| *question == Question::SystemInfo;
    bench.asked.iter().any(|(_, question, _)| !info(question))
}

#[test]
fn a_password_that_finesse_takes_no_more_is_offered_to_it_once_and_never_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.command("MakeNotReady#1001", "");
    bench.reply(wrong_password());

    let events = bench.events();
    assert_eq!(events[0], "siebel< System#RECONNECT", "{events:?}");
    assert!(
        events[1].contains("#Error#AUTHORIZATION_FAILURE#"),
        "{events:?}"
    );
    assert!(events[2].contains("#Error#NOT_CONNECTED#"), "{events:?}");
    assert_eq!(events.len(), 3);
    assert_eq!(
        bench.unsubscribed,
        ["1001"],
        "XMPP does not offer it either"
    );
    bench.seconds(29);
    bench.command("Login#1001", &format!("{PASSWORD},2001"));
    bench.seconds(1);
    assert!(
        !has_question(&bench),
        "its driver's repetition is not passed on"
    );
    bench.assert_no_secret();
}

#[test]
fn a_read_after_a_loss_that_is_refused_is_not_tried_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.signal(Signal::SubscriptionDown {
        agent: "1001".into(),
        reason: CloseReason::Eof,
        retries: true,
    });
    bench.serve(true);
    bench.up();
    bench.reply(wrong_password());
    assert_eq!(bench.events(), ["siebel< System#RECONNECT"]);

    bench.seconds(60);

    assert!(!has_question(&bench));
    assert_eq!(bench.unsubscribed, ["1001"]);
}

#[test]
fn a_password_that_xmpp_refuses_is_not_tried_by_rest() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.signal(Signal::SubscriptionDown {
        agent: "1001".into(),
        reason: CloseReason::Denied("not-authorized".into()),
        retries: false,
    });
    assert_eq!(bench.events(), ["siebel< System#RECONNECT"]);

    bench.command("MakeReady#1001", "");
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.seconds(2);

    assert!(!has_question(&bench));
    let events = bench.events();
    assert!(events[0].contains("#Error#NOT_CONNECTED#"), "{events:?}");
    assert!(
        events[1].contains("#Error#SUBSCRIPTION_FAILED#"),
        "{events:?}"
    );
}

#[test]
fn a_right_that_an_agent_lacks_does_not_cost_its_connection() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    let text = "The user is not authorized to perform this operation";
    bench.reply(no(401, "Unauthorized", text));

    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(bench.unsubscribed.is_empty());
}
