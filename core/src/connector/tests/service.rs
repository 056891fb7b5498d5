//! Finesse out of service, two servers, shutdown.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::bench::*;
use crate::agent::{AgentId, User};
use crate::connector::{
    Answer, Delivery, DeliveryId, Fact, NodeId, Note, Question, Readiness, RequestId, Signal,
};

fn info_questions(bench: &mut Bench) -> Vec<RequestId> {
    let open: Vec<RequestId> = bench
        .asked
        .iter()
        .filter(|(_, question, _)| *question == Question::SystemInfo)
        .map(|(id, ..)| *id)
        .collect();
    bench
        .asked
        .retain(|(_, question, _)| *question != Question::SystemInfo);
    open
}

/// Waits until a sign-in on another server is followed by reads; the first server, which is asked
/// meanwhile, does not serve.
fn wait_for_sign_in(bench: &mut Bench) {
    bench.seconds(4);
    for request in info_questions(bench) {
        bench.answer(request, Answer::System(system(false)));
    }
}

#[test]
fn drivers_with_agents_are_told_when_finesse_goes_and_comes() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::System(system(false)));
    assert_eq!(bench.events(), ["siebel< System#OUT_OF_SERVICE"]);
    bench.command("MakeReady#1001", "");
    assert!(bench.events()[0].contains("#Error#OUT_OF_SERVICE#"));

    bench.notify(Fact::System(system(true)));
    assert_eq!(bench.events(), ["siebel< System#IN_SERVICE"]);
    bench.reply(Answer::User(user("READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));
    assert!(
        bench.events()[0].contains("#State#READY#"),
        "read again, for events were missed"
    );
}

#[test]
fn while_out_of_service_finesse_is_asked_every_few_seconds() {
    let mut bench = Bench::cold(|_| {});
    bench.serve(false);
    let mut times = 0;
    for _ in 0..20 {
        bench.seconds(1);
        if !info_questions(&mut bench).is_empty() {
            times += 1;
            bench.asked.clear();
            break;
        }
    }
    assert_eq!(times, 1);
    assert_eq!(bench.connector.readiness(), Readiness::OutOfService);
}

#[test]
fn a_503_makes_the_connector_ask_whether_finesse_serves() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.reply(no(503, "Service Unavailable", "SERVER_OUT_OF_SERVICE"));
    assert!(bench.events()[0].contains("#Error#OUT_OF_SERVICE#"));

    bench.serve(false);

    assert_eq!(bench.events(), ["siebel< System#OUT_OF_SERVICE"]);
}

#[test]
fn when_a_server_fails_the_agent_moves_to_the_other_and_signs_in_there() {
    let mut bench = Bench::with(|config| config.nodes = 2);
    bench.sign_in();
    assert_eq!(bench.connector.nodes().count(), 2);
    bench.notify(Fact::System(system(false)));

    let subscribe = bench.subscribed.pop_front().unwrap();
    assert_eq!(
        (subscribe.agent, subscribe.node),
        (AgentId::from("1001"), NodeId(1))
    );
    assert!(bench.events().is_empty(), "the other serves");
    bench.up();
    let (agent, extension) = ("1001".into(), "2001".into());
    assert_eq!(
        bench.reply(Answer::Accepted),
        Question::SignIn {
            agent,
            extension,
            mobile: None
        }
    );
    wait_for_sign_in(&mut bench);
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));
    assert!(bench.events().is_empty());
    assert!(bench.connector.agent(&"1001".into()).unwrap().is_fresh);
}

#[test]
fn a_stray_sign_out_after_the_move_is_checked_before_it_is_told() {
    let mut bench = Bench::with(|config| config.nodes = 2);
    bench.sign_in();
    bench.notify(Fact::System(system(false)));
    bench.up();
    bench.reply(Answer::Accepted);
    wait_for_sign_in(&mut bench);
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));
    bench.notify(Fact::User(user("LOGOUT", None)));
    assert!(bench.events().is_empty());
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));
    assert!(bench.events().is_empty(), "it was stray");

    bench.notify(Fact::User(user("LOGOUT", None)));
    bench.reply(Answer::User(user("LOGOUT", None)));
    bench.reply(Answer::Calls(Vec::new()));
    assert!(
        bench.events()[0].contains("#State#LOGOUT#"),
        "this one is true"
    );
}

#[test]
fn how_a_subscription_moves() {
    insta::assert_snapshot!(crate::connector::SUBSCRIPTION.to_dot());
}

#[test]
fn routine_polls_leave_no_trace() {
    let mut bench = Bench::new();
    let before = bench.traces.len();
    bench.seconds(31);
    bench.serve(true);

    assert_eq!(bench.traces.len(), before);
}

#[test]
fn at_the_end_commands_end_agents_leave_and_new_messages_stay_unacknowledged() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.command("MakeNotReady#1001", "");
    bench.reply(Answer::Accepted);
    bench.signal(Signal::ShuttingDown);
    assert!(
        bench.events()[0].contains("#Error#OUT_OF_SERVICE#"),
        "what has not begun ends"
    );
    assert!(!bench.notes.contains(&Note::Drained));

    bench.signal(Signal::Received(Delivery {
        id: DeliveryId(99),
        jms_type: Some("MakeReady#1001".into()),
        body: None,
        reply_to: None,
        correlation: None,
    }));
    assert!(!bench.acknowledged.contains(&DeliveryId(99)));

    bench.seconds(4);
    bench
        .asked
        .retain(|(_, question, _)| *question != Question::SystemInfo);
    while !bench.asked.is_empty() {
        bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    }
    bench.seconds(4);
    assert!(bench.notes.contains(&Note::Drained));
    assert_eq!(bench.unsubscribed, [AgentId::from("1001")]);
    let events = bench.events();
    assert!(events[0].contains("#Error#TIMEOUT#"), "{events:?}");
    assert_eq!(
        events[1..],
        ["siebel< System#OUT_OF_SERVICE"],
        "the command under way ended once, then the driver is left"
    );
}

#[test]
fn settings_take_the_place_of_finesses_domains() {
    let mut bench = Bench::with(|config| {
        config.xmpp_domain = Some("localhost".into());
        config.pubsub_domain = Some("pubsub.localhost".into());
    });
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.reply(Answer::User(user("LOGOUT", None)));

    let subscribe = bench.subscribed.pop_front().unwrap();
    assert_eq!(subscribe.domain, "localhost");
    assert_eq!(subscribe.pubsub_domain, "pubsub.localhost");
}

#[test]
fn a_displaced_connector_gives_its_agents_up_and_sends_their_drivers_to_the_other() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.events();

    bench.signal(Signal::Displaced);

    assert_eq!(
        bench.events(),
        [
            "siebel< 1001#Error#OUT_OF_SERVICE#Another connector has taken over.",
            "siebel< System#RECONNECT",
        ]
    );
    assert_eq!(bench.unsubscribed, ["1001"]);
    bench.notify(Fact::User(user("READY", Some("2001"))));
    assert!(bench.events().is_empty(), "nothing is told by two");
    bench.asked.clear();
    bench.connect();
}

#[test]
fn agents_move_to_the_other_server_one_after_the_other() {
    let mut bench = Bench::with(|config| {
        config.nodes = 2;
        config.timing.pace = Duration::from_millis(50);
    });
    bench.sign_in();
    bench.command("Connect#1002", &format!("siebel,{PASSWORD}"));
    bench.reply(Answer::User(User {
        id: "1002".into(),
        ..user("LOGOUT", None)
    }));
    assert_eq!(bench.subscribed.pop_front().unwrap().agent, "1002");
    bench.signal(Signal::SubscriptionUp("1002".into()));

    bench.notify(Fact::System(system(false)));
    assert_eq!(bench.subscribed.len(), 1, "one at once");
    bench.pass(Duration::from_millis(49));
    assert_eq!(bench.subscribed.len(), 1);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.subscribed.len(), 2);
    assert!(bench.subscribed.iter().all(|made| made.node == NodeId(1)));
}

/// The agent was moved to the second server, and the first serves again.
fn moved_away(return_after: Option<Duration>) -> Bench {
    let mut bench = Bench::with(|config| {
        config.nodes = 2;
        config.timing.return_after = return_after;
    });
    bench.sign_in();
    bench.notify(Fact::System(system(false)));
    assert_eq!(bench.subscribed.pop_front().unwrap().node, NodeId(1));
    bench.up();
    bench.reply(Answer::Accepted);
    wait_for_sign_in(&mut bench);
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));
    bench.seconds(5);
    bench.serve(true);
    bench
}

#[test]
fn an_idle_agent_goes_back_to_the_first_server_after_that_has_served_for_a_while() {
    let mut bench = moved_away(Some(Duration::from_secs(20)));
    bench.seconds(15);
    assert!(bench.subscribed.is_empty());
    bench.seconds(10);
    assert_eq!(bench.subscribed.pop_front().unwrap().node, NodeId(0));
}

#[test]
fn an_agent_in_a_call_stays_where_it_is_until_the_call_is_over() {
    let mut bench = moved_away(Some(Duration::from_secs(20)));
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    bench.seconds(60);
    assert!(bench.subscribed.is_empty());
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.seconds(25);
    assert_eq!(bench.subscribed.pop_front().unwrap().node, NodeId(0));
}

#[test]
fn an_agent_stays_on_its_server_where_no_return_is_configured() {
    let mut bench = moved_away(None);
    bench.seconds(200);
    assert!(bench.subscribed.is_empty());
}

#[test]
fn drivers_are_left_only_after_their_commands_were_answered_and_not_told_otherwise_after_that() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.signal(Signal::ShuttingDown);
    assert!(bench.events().is_empty(), "its command is under way");
    bench.reply(Answer::Accepted);
    bench.notify(Fact::User(user("READY", Some("2001"))));

    let events = bench.events();
    assert!(events[0].contains("#State#READY#"), "{events:?}");
    assert_eq!(events[1], "siebel< System#OUT_OF_SERVICE");
    assert!(bench.notes.contains(&Note::Drained));

    bench.notify(Fact::System(system(false)));
    bench.notify(Fact::System(system(true)));
    let events = bench.events();
    assert!(
        !events.iter().any(|event| event.contains("#IN_SERVICE")),
        "{events:?}"
    );
}

#[test]
fn commands_under_way_at_the_end_get_the_time_that_is_configured() {
    let mut bench = Bench::with(|config| config.timing.drain = Duration::from_secs(7));
    bench.sign_in();
    bench.command("MakeReady#1001", "");
    bench.signal(Signal::ShuttingDown);
    bench.seconds(6);
    assert!(!bench.notes.contains(&Note::Drained));
    bench.asked.clear();
    bench.seconds(2);
    bench.seconds(10);

    let events = bench.events();
    assert!(events[0].contains("#Error#TIMEOUT#"), "{events:?}");
    assert_eq!(events[1], "siebel< System#OUT_OF_SERVICE");
}
