//! Lost links and what is told after them.

use super::bench::*;
use crate::agent::{AgentState, User};
use crate::connector::{Answer, Fact, List, Question, Signal, Subscription};
use crate::machine::{CloseReason, Reason};

fn lose(bench: &mut Bench) {
    bench.signal(Signal::SubscriptionDown {
        agent: "1001".into(),
        reason: CloseReason::Eof,
        retries: true,
    });
    bench
        .asked
        .retain(|(_, question, _)| *question != Question::SystemInfo);
}

#[test]
fn after_lost_notifications_agent_and_calls_are_read_and_differences_told_as_states() {
    let mut bench = Bench::new();
    bench.with_call();
    lose(&mut bench);
    assert!(!bench.connector.agent(&"1001".into()).unwrap().is_fresh);
    bench.up();
    assert_eq!(
        bench.reply(Answer::User(user("TALKING", Some("2001")))),
        Question::User("1001".into())
    );
    assert_eq!(
        bench.reply(Answer::Calls(alloc::vec![call("ACTIVE", "ACTIVE")])),
        Question::Calls("1001".into())
    );

    let events = bench.events();
    assert!(events[0].contains("#State#TALKING#"), "{events:?}");
    assert!(events[1].contains("#InboundCall#ACTIVE#"), "{events:?}");
    assert_eq!(events.len(), 2);
    assert!(bench.connector.agent(&"1001".into()).unwrap().is_fresh);
}

#[test]
fn nothing_is_told_when_nothing_changed_meanwhile() {
    let mut bench = Bench::new();
    bench.with_call();
    lose(&mut bench);
    bench.up();
    bench.reply(Answer::User(user("RESERVED", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![call("ALERTING", "ALERTING")]));

    assert!(bench.events().is_empty());
}

#[test]
fn a_call_that_ended_meanwhile_is_told_as_dropped() {
    let mut bench = Bench::new();
    bench.with_call();
    lose(&mut bench);
    bench.up();
    bench.reply(Answer::User(user("READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![]));

    let events = bench.events();
    assert!(
        events[1].starts_with("siebel< 1001#InboundCall#DROPPED#DialogID:77#"),
        "{events:?}"
    );
}

#[test]
fn a_failed_read_is_tried_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    lose(&mut bench);
    bench.up();
    bench.reply(silence(Reason::Remote));
    bench.seconds(6);
    bench.reply(Answer::User(user("READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![]));

    assert_eq!(bench.events().len(), 1);
    assert!(bench.connector.agent(&"1001".into()).unwrap().is_fresh);
}

#[test]
fn commands_go_on_while_notifications_are_gone_and_end_by_reads() {
    let mut bench = Bench::new();
    bench.sign_in();
    lose(&mut bench);
    bench.command("MakeReady#1001", "");
    bench.reply(Answer::Accepted);
    bench.seconds(4);
    bench.reply(Answer::User(user("READY", Some("2001"))));

    assert_eq!(bench.events().len(), 1);
}

#[test]
fn refused_notifications_of_a_signed_in_agent_ask_its_driver_to_connect_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.signal(Signal::SubscriptionDown {
        agent: "1001".into(),
        reason: CloseReason::Denied("not-authorized".into()),
        retries: false,
    });

    assert_eq!(bench.events(), ["siebel< System#RECONNECT"]);
    let report = bench.connector.agent(&"1001".into()).unwrap();
    assert_eq!(report.subscription, Subscription::None);
    bench.command("MakeReady#1001", "");
    assert!(bench.events()[0].contains("#Error#NOT_CONNECTED#"));
}

#[test]
fn what_the_broker_could_not_carry_is_told_as_it_is_when_it_is_back() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.signal(Signal::BrokerDown);
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    bench.notify(Fact::User(user("TALKING", Some("2001"))));
    bench.notify(Fact::Calls(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.notify(Fact::User(user("READY", Some("2001"))));
    assert!(bench.events().is_empty());

    bench.signal(Signal::BrokerUp);

    let events = bench.events();
    assert_eq!(events[0], "siebel< System#IN_SERVICE");
    assert!(events[1].contains("#State#READY#"), "{events:?}");
    assert!(
        events[2].contains("#InboundCall#DROPPED#DialogID:77#"),
        "{events:?}"
    );
    assert_eq!(events.len(), 3);
}

#[test]
fn an_agent_whose_events_all_arrived_is_not_told_again_after_the_brokers_return() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.seconds(61);
    bench.signal(Signal::BrokerDown);
    bench.signal(Signal::BrokerUp);

    assert_eq!(bench.events(), ["siebel< System#IN_SERVICE"]);
}

#[test]
fn an_end_that_was_told_into_a_dying_link_is_told_again() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.notify(Fact::Calls(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.events();

    bench.signal(Signal::BrokerDown);
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.signal(Signal::BrokerUp);

    let events = bench.events();
    let end = "#InboundCall#DROPPED#DialogID:77#";
    assert!(events.iter().any(|event| event.contains(end)), "{events:?}");
}

#[test]
fn what_may_have_been_lost_with_the_broker_is_told_again() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.notify(Fact::Calls(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.notify(Fact::User(user("READY", Some("2001"))));
    bench.events();

    bench.signal(Signal::BrokerDown);
    bench.signal(Signal::BrokerUp);

    let events = bench.events();
    assert_eq!(events[0], "siebel< System#IN_SERVICE");
    assert!(events[1].contains("#State#READY#"), "{events:?}");
    let end = "#InboundCall#DROPPED#DialogID:77#";
    assert!(events[2].contains(end), "{events:?}");
    assert_eq!(events.len(), 3);
}

#[test]
fn a_call_that_rings_across_a_loss_pops_up_once() {
    let mut bench = Bench::with(|config| config.nodes = 2);
    bench.sign_in();
    bench.notify(Fact::Calls(alloc::vec![call("ALERTING", "ALERTING")]));
    let pops = |events: &[alloc::string::String]| {
        let is_pop = |event: &&alloc::string::String| event.contains("#NewInboundCall#");
        events.iter().filter(is_pop).count()
    };
    assert_eq!(pops(&bench.events()), 1);
    lose(&mut bench);
    bench.up();
    bench.reply(Answer::User(user("RESERVED", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![call("ALERTING", "ALERTING")]));
    bench.notify(Fact::Calls(alloc::vec![call("ALERTING", "ALERTING")]));
    // The other server publishes it as new to the agent's list, and knows less of it.
    bench.notify(Fact::System(system(false)));
    bench.up();
    bench.reply(Answer::Accepted);
    let mut known = call("ALERTING", "ALERTING");
    known.call_type = "NULL".into();
    bench.notify(Fact::Calls(alloc::vec![known]));

    assert_eq!(pops(&bench.events()), 0);
}

fn colleague(n: u32, state: &str) -> User {
    User {
        id: alloc::format!("{n}").as_str().into(),
        state: AgentState::from_wire(state),
        ..User::default()
    }
}

fn team(users: &[User]) -> Answer {
    Answer::List(List::Members(users.to_vec()))
}

/// A supervisor who follows team 5, after a loss: agent and calls are read.
fn supervisor_after_a_loss(follows: bool) -> Bench {
    let mut bench = Bench::new();
    bench.sign_in();
    let body = if follows { "5,true" } else { "5" };
    bench.command("getteamusers#1001", body);
    let users = [colleague(1002, "READY"), colleague(1003, "READY")];
    assert_eq!(bench.reply(team(&users)), Question::Team("5".into()));
    bench.events();
    bench.followed.clear();
    lose(&mut bench);
    bench.up();
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![]));
    bench
}

#[test]
fn after_a_loss_a_supervisors_teams_are_read_again_and_differences_told_as_states() {
    let mut bench = supervisor_after_a_loss(true);
    assert_eq!(bench.followed.len(), 1, "subscribed first, then read");
    let users = [
        colleague(1002, "TALKING"),
        colleague(1003, "READY"),
        colleague(1004, "WORK"),
    ];
    assert_eq!(bench.reply(team(&users)), Question::Team("5".into()));

    let events = bench.events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[0].contains("#State#TALKING#"), "{events:?}");
    assert!(events[0].contains("#1002#"), "{events:?}");
    assert!(events[1].contains("#State#WORK#"), "who is new is told");
    assert!(events[1].contains("#1004#"), "{events:?}");
}

#[test]
fn members_who_are_not_followed_are_read_but_not_told() {
    let mut bench = supervisor_after_a_loss(false);
    let users = [colleague(1002, "TALKING")];
    assert_eq!(bench.reply(team(&users)), Question::Team("5".into()));
    assert!(bench.events().is_empty());

    // Who left the team is no longer the supervisor's to command.
    bench.command("MakeNotReady#1003", "");
    assert!(bench.asked.is_empty());
    bench.command("MakeNotReady#1002", "");
    assert_eq!(bench.asked.len(), 1);
}

#[test]
fn a_team_that_finesse_shows_no_more_is_forgotten_and_one_that_cannot_be_read_is_tried_again() {
    let mut bench = supervisor_after_a_loss(true);
    bench.reply(silence(Reason::TimedOut));
    bench
        .asked
        .retain(|(_, question, _)| *question != Question::SystemInfo);
    bench.seconds(6);
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![]));
    assert_eq!(
        bench.reply(no(401, "Invalid Supervisor", "")),
        Question::Team("5".into())
    );
    assert!(bench.events().is_empty());

    bench.command("MakeNotReady#1002", "");
    assert!(bench.asked.is_empty(), "it has no right to it");
    lose(&mut bench);
    bench.up();
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![]));
    assert!(bench.asked.is_empty());
}

#[test]
fn a_read_of_calls_that_a_notification_overtook_is_not_believed() {
    let mut bench = Bench::new();
    bench.with_call();
    lose(&mut bench);
    bench.up();
    bench.reply(Answer::User(user("RESERVED", Some("2001"))));
    let (overtaken, _) = bench.question();
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    bench.events();

    bench.answer(
        overtaken,
        Answer::Calls(alloc::vec![call("ALERTING", "ALERTING")]),
    );

    assert!(bench.events().is_empty(), "it is older than what is known");
    assert_eq!(
        bench.reply(Answer::Calls(alloc::vec![call("ACTIVE", "ACTIVE")])),
        Question::Calls("1001".into())
    );
    assert!(bench.events().is_empty());
    assert!(bench.connector.agent(&"1001".into()).unwrap().is_fresh);
}

#[test]
fn a_read_for_freshness_ends_the_command_whose_effect_it_shows() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.deliver("MakeReady#1001", "", None, Some("c4"));
    bench.reply(Answer::Accepted);
    bench.signal(Signal::ResyncAsked("1001".into()));
    assert_eq!(
        bench.reply(Answer::User(user("READY", Some("2001")))),
        Question::User("1001".into())
    );

    assert_eq!(bench.sent.back().unwrap().correlation, Some("c4".into()));
    assert!(bench.events()[0].contains("#State#READY#"));
    assert_eq!(bench.connector.agent(&"1001".into()).unwrap().commands, 0);
}
