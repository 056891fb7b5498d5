//! What the operator asks for, and what the monitor is told: draining, reading again, where a command's time
//! went, which agents have changed.

use super::bench::*;
use crate::connector::{Answer, Delivery, DeliveryId, Effect, Fact, Note, Question, Signal, Spent};
use crate::machine::Instant;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

fn spent(bench: &Bench, wanted: &str) -> Spent {
    let mut notes = bench.notes.iter().rev();
    let found = notes.find_map(|note| match note {
        Note::CommandDone { verb, spent, .. } | Note::CommandFailed { verb, spent, .. } => {
            (verb.as_str() == wanted).then_some(*spent)
        }
        _ => None,
    });
    found.expect("a note about the command")
}

const fn ms(ms: u64) -> Option<Duration> {
    Some(Duration::from_millis(ms))
}

#[test]
fn where_the_time_of_a_command_went_is_told_hop_by_hop() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.pass(Duration::from_millis(12));
    bench.reply(Answer::Accepted);
    bench.pass(Duration::from_millis(30));
    bench.notify(Fact::User(user("READY", Some("2001"))));

    let ready = spent(&bench, "MakeReady");
    assert_eq!(ready.total, Duration::from_millis(42));
    assert_eq!(
        (ready.waited, ready.rest, ready.event),
        (ms(0), ms(12), ms(30))
    );
}

#[test]
fn a_command_that_is_refused_is_told_as_failed_alone() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notes.clear();
    bench.command("MakeReady#1001", "");
    bench.pass(Duration::from_millis(7));
    bench.reply(no(400, "Invalid State", "INVALID"));

    let failed = spent(&bench, "MakeReady");
    assert_eq!(
        (failed.total, failed.rest),
        (Duration::from_millis(7), ms(7))
    );
    let is_done = |note: &Note| matches!(note, Note::CommandDone { .. });
    assert!(!bench.notes.iter().any(is_done), "{:?}", bench.notes);
}

#[test]
fn every_command_is_told_as_done_once() {
    let mut bench = Bench::new();
    bench.sign_in();
    let done: Vec<_> = bench
        .notes
        .iter()
        .filter_map(|note| match note {
            Note::CommandDone { verb, .. } => Some(verb.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(done, ["Connect", "Login"]);
    let counted = bench.connector.counters().commands_done;
    assert_eq!(counted, 2);
}

#[test]
fn while_it_drains_nothing_is_taken_on_and_drivers_are_told_both_times() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.signal(Signal::Draining);
    assert_eq!(bench.events(), ["siebel< System#OUT_OF_SERVICE"]);
    bench.signal(Signal::Draining);
    assert_eq!(bench.events(), Vec::<alloc::string::String>::new(), "once");

    // Unacknowledged, it comes again.
    let delivery = Delivery {
        id: DeliveryId(900),
        jms_type: Some("MakeReady#1001".into()),
        body: None,
        reply_to: None,
        correlation: None,
    };
    bench
        .connector
        .handle(bench.now, Signal::Received(delivery));
    assert_eq!(bench.connector.poll(), None::<Effect>);

    bench.signal(Signal::Resumed);
    assert_eq!(bench.events(), ["siebel< System#IN_SERVICE"]);
    bench.command("MakeReady#1001", "");
    assert!(matches!(bench.question().1, Question::ChangeState { .. }));
}

#[test]
fn what_is_under_way_when_it_drains_is_answered() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.signal(Signal::Draining);
    bench.events();
    bench.reply(Answer::Accepted);
    bench.notify(Fact::User(user("READY", Some("2001"))));

    let events = bench.events();
    assert!(events[0].contains("#State#READY#"), "{events:?}");
}

#[test]
fn an_agent_is_read_again_when_the_operator_asks_and_what_differs_is_told() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.signal(Signal::ResyncAsked("1001".into()));
    bench.signal(Signal::ResyncAsked("1001".into()));
    bench.reply(Answer::User(user("READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));

    let events = bench.events();
    assert!(events[0].contains("#State#READY#"), "{events:?}");
    assert!(bench.asked.is_empty(), "asked once");
}

#[test]
fn only_agents_that_something_happened_to_are_told_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    let all: Vec<_> = bench.connector.agents_since(0).collect();
    assert_eq!(all.len(), 1);
    let known = all[0].revision;
    assert_eq!(bench.connector.agents_since(known).count(), 0);
    bench.signal(Signal::BrokerUp);
    let before = bench.connector.agents_since(known).last();

    bench.notify(Fact::User(user_for("NOT_READY", "16")));

    let changed = bench
        .connector
        .agents_since(before.map_or(known, |b| b.revision));
    let changed: Vec<_> = changed.collect();
    assert_eq!(changed[0].reason, "Lunch");
    assert!(bench.now >= Instant::START);
}
