//! Everything from outside is bounded.

use alloc::format;

use super::bench::*;
use crate::connector::{Answer, Fact, RequestId};

#[test]
fn more_commands_than_may_wait_are_refused_one_by_one() {
    let mut bench = Bench::with(|config| config.limits.commands_per_agent = 3);
    bench.sign_in();
    for _ in 0..5 {
        bench.command("MakeReady#1001", "");
    }

    let events = bench.events();
    assert_eq!(events.len(), 2);
    assert!(
        events
            .iter()
            .all(|event| event.contains("#Error#GENERAL_ERROR#"))
    );
}

#[test]
fn commands_whose_turn_does_not_come_end_in_time() {
    let mut bench = Bench::new();
    bench.sign_in();
    for _ in 0..5 {
        bench.command("MakeReady#1001", "");
    }
    bench.asked.clear();
    bench.seconds(120);

    let events = bench.events();
    assert_eq!(events.len(), 5, "{events:?}");
    assert!(
        events.iter().all(|event| event.contains("#Error#TIMEOUT#")),
        "{events:?}"
    );
}

#[test]
fn more_agents_than_there_is_room_for_are_refused_unless_one_is_idle() {
    let mut bench = Bench::with(|config| config.limits.agents = 1);
    bench.sign_in();
    bench.command("Connect#1002", "siebel");
    assert!(bench.events()[0].starts_with("siebel< 1002#Error#LICENSES_EXCEEDED#"));

    let mut bench = Bench::with(|config| config.limits.agents = 1);
    bench.command("Connect#1001", "siebel");
    bench.command("Connect#1002", "siebel");
    assert!(bench.events().is_empty());
    assert!(bench.connector.agent(&"1001".into()).is_none());
}

#[test]
fn agents_that_nobody_got_into_make_room_for_others() {
    let mut bench = Bench::with(|config| config.limits.agents = 1);
    bench.command("Connect#9000", "evil,zz");
    bench.reply(wrong_password());
    bench.seconds(3);
    bench.events();

    bench.connect();

    assert!(bench.connector.agent(&"9000".into()).is_none());
}

#[test]
fn a_late_or_invented_answer_is_counted_and_nothing_else() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.answer(RequestId(12), Answer::Accepted);

    assert_eq!(bench.connector.counters().late_answers, 1);
    assert!(bench.events().is_empty());
}

#[test]
fn forgotten_notifications_are_few() {
    let mut bench = Bench::with(|config| config.limits.remembered_items = 4);
    bench.sign_in();
    for _ in 0..100 {
        bench.notify(Fact::Other("x".into()));
    }
    assert_eq!(bench.connector.counters().unrelated, 100);
}

#[test]
fn no_order_of_signals_leaves_a_command_without_its_one_end() {
    let mut random = crate::machine::Random::from_seed([42; 32]);
    for round in 0..300_u64 {
        let mut bench = Bench::new();
        bench.command("Connect#1001", "siebel");
        let mut sent = 1;
        for _ in 0..40 {
            match random.below(12) {
                0 => {
                    bench.command("Login#1001", &format!("{PASSWORD},2001"));
                    sent += 1;
                }
                1 => {
                    bench.command("MakeReady#1001", "");
                    sent += 1;
                }
                2 => {
                    bench.command("AnswerCall#1001", "77");
                    sent += 1;
                }
                3 => {
                    bench.command("MakeCall#1001", "0500");
                    sent += 1;
                }
                4 => bench.up(),
                5 => bench.signal(crate::connector::Signal::SubscriptionDown {
                    agent: "1001".into(),
                    reason: crate::machine::CloseReason::Eof,
                    retries: random.below(2) == 0,
                }),
                6 => bench.notify(Fact::User(user("READY", Some("2001")))),
                7 => bench.notify(Fact::Calls(alloc::vec![call("ALERTING", "ALERTING")])),
                8 => bench.seconds(random.below(5)),
                9 => bench.notify(Fact::User(user("LOGOUT", None))),
                _ => {
                    if let Some((id, question, _)) = bench.asked.pop_front() {
                        let answer = match (random.below(4), question) {
                            (0, _) => silence(crate::machine::Reason::TimedOut),
                            (1, _) => no(400, "Generic Error", "CF_GENERIC_UNSPECIFIED"),
                            (_, crate::connector::Question::SystemInfo) => {
                                Answer::System(system(true))
                            }
                            (_, crate::connector::Question::User(_)) => {
                                Answer::User(user("NOT_READY", Some("2001")))
                            }
                            (_, crate::connector::Question::Calls(_)) => {
                                Answer::Calls(alloc::vec![])
                            }
                            _ => Answer::Accepted,
                        };
                        bench.answer(id, answer);
                    }
                }
            }
        }
        // From here on nobody answers; every request ends by its own deadline.
        for _ in 0..40 {
            while let Some((id, ..)) = bench.asked.pop_front() {
                bench.answer(id, silence(crate::machine::Reason::TimedOut));
            }
            bench.seconds(5);
        }
        let counters = bench.connector.counters();
        let ended = counters.commands_done + counters.commands_failed;
        assert_eq!(
            (sent, 0),
            (
                ended,
                bench.connector.agent(&"1001".into()).unwrap().commands
            ),
            "{round}"
        );
        bench.assert_no_secret();
    }
}
