//! Hello, Connect, Login.

use alloc::format;
use alloc::vec::Vec;

use super::bench::*;
use crate::agent::Text;
use crate::connector::{
    About, Answer, DeliveryId, Fact, Note, Question, ReplyKind, ReplyTo, Signal, Subscription,
};
use crate::contract::EventFormat;
use crate::machine::{CloseReason, Reason};

fn login() -> alloc::string::String {
    format!("{PASSWORD},2001")
}

#[test]
fn hello_before_finesse_has_spoken_is_answered_once_it_has() {
    let mut bench = Bench::cold(|_| {});
    bench.command("Hello#siebel", "");
    assert!(bench.events().is_empty());

    bench.serve(true);

    assert_eq!(bench.events(), ["siebel< System#IN_SERVICE"]);
}

#[test]
fn hello_is_answered_even_if_finesse_never_speaks() {
    let mut bench = Bench::cold(|_| {});
    bench.command("Hello#siebel", "");

    bench.seconds(11);

    assert_eq!(bench.events(), ["siebel< System#OUT_OF_SERVICE"]);
}

#[test]
fn hello_and_beat_are_answered_by_the_service_as_it_is() {
    let mut bench = Bench::new();
    bench.deliver("Hello#siebel", "", None, Some("c1"));
    assert_eq!(bench.sent.front().unwrap().correlation, Some("c1".into()));
    assert_eq!(bench.events(), ["siebel< System#IN_SERVICE"]);

    bench.connect();
    bench.command("beat#siebel", "");
    assert_eq!(bench.events(), ["siebel< System#IN_SERVICE"]);
}

#[test]
fn the_heartbeat_of_agents_that_are_not_known_here_is_answered_by_reconnect() {
    let mut bench = Bench::new();
    bench.command("Beat#siebel", "");

    assert_eq!(
        bench.events(),
        ["siebel< System#IN_SERVICE", "siebel< System#RECONNECT"]
    );
}

#[test]
fn a_driver_that_begins_with_a_connect_may_have_more_agents_and_its_heartbeat_is_answered_by_reconnect()
 {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Beat#siebel", "");
    assert_eq!(
        bench.events(),
        ["siebel< System#IN_SERVICE", "siebel< System#RECONNECT"]
    );

    bench.command("Beat#siebel", "");
    assert_eq!(bench.events(), ["siebel< System#IN_SERVICE"]);
}

#[test]
fn a_connected_agent_is_subscribed_once_with_the_proven_password() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    assert!(
        bench.subscribed.is_empty(),
        "first the password is proven, by one read"
    );
    bench.reply(Answer::User(user("LOGOUT", None)));

    let subscribe = bench.subscribed.pop_front().unwrap();
    assert_eq!(subscribe.password.expose(), PASSWORD);
    assert_eq!(subscribe.domain, "finesse.example");
    assert_eq!(subscribe.pubsub_domain, "pubsub.finesse.example");
    bench.up();
    assert!(bench.events().is_empty(), "success is not answered");

    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    assert!(bench.subscribed.is_empty() && bench.asked.is_empty() && bench.events().is_empty());
    bench.assert_no_secret();
}

#[test]
fn connect_status_is_told_when_asked_for() {
    let mut bench = Bench::with(|config| config.connect_status = true);
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.reply(Answer::User(user("LOGOUT", None)));
    bench.up();

    assert_eq!(bench.events(), ["siebel< 1001#ConnectStatus#CONNECTED"]);
}

#[test]
fn events_are_objects_when_the_site_wants_them() {
    let mut bench = Bench::with(|config| {
        config.connect_status = true;
        config.event_format = EventFormat::Json;
    });
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.reply(Answer::User(user("LOGOUT", None)));
    bench.up();

    let object = r#"{"type":"ConnectStatus","agentId":"1001","status":"CONNECTED"}"#;
    assert_eq!(bench.events(), [format!("siebel< {object}")]);
}

#[test]
fn a_login_that_arrives_while_the_subscription_is_being_made_waits_for_it() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.command("Login#1001", &login());
    bench.reply(Answer::User(user("LOGOUT", None)));
    assert!(
        bench.asked.is_empty(),
        "no sign-in before notifications flow"
    );

    bench.up();

    let (request, question) = bench.question();
    assert_eq!(
        question,
        Question::SignIn {
            agent: "1001".into(),
            extension: "2001".into(),
            mobile: None
        }
    );
    bench.answer(request, Answer::Accepted);
    assert!(bench.events().is_empty(), "202 is not success");
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));
    assert_eq!(
        bench.events(),
        [
            "siebel< 1001#AgentInfo#Ada#Byron#false##Teams:0###Ada Byron",
            "siebel< 1001#State#NOT_READY#####Ada Byron#1001#2001",
            "siebel< 1001#DialogStatus#NONE#0",
        ]
    );
    bench.assert_no_secret();
}

#[test]
fn the_event_may_come_before_its_202() {
    let mut bench = Bench::new();
    bench.connect();
    bench.deliver("Login#1001", &login(), None, Some("c9"));
    let (request, _) = bench.question();
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    assert!(bench.asked.is_empty() && bench.events().is_empty());

    bench.answer(request, Answer::Accepted);
    bench.reply(Answer::Calls(Vec::new()));

    assert!(
        bench
            .sent
            .iter()
            .all(|publish| publish.correlation == Some("c9".into()))
    );
    assert_eq!(bench.events().len(), 3);
}

#[test]
fn active_calls_are_told_after_the_login_each_as_one_snapshot() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Login#1001", &login());
    bench.reply(Answer::Accepted);
    bench.notify(Fact::User(user("TALKING", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![call("ACTIVE", "HELD")]));

    let events = bench.events();
    assert_eq!(events.len(), 4);
    assert_eq!(events[2], "siebel< 1001#DialogStatus#ACTIVE#1");
    assert!(
        events[3].starts_with("siebel< 1001#InboundCall#HELD#DialogID:77#0301#"),
        "{events:?}"
    );
}

#[test]
fn a_call_that_comes_while_calls_are_read_is_not_lost() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Login#1001", &login());
    bench.reply(Answer::Accepted);
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    let (overtaken, _) = bench.question();
    bench.notify(Fact::Calls(alloc::vec![call("ALERTING", "ALERTING")]));
    bench.answer(overtaken, Answer::Calls(Vec::new()));

    bench.reply(Answer::Calls(alloc::vec![call("ALERTING", "ALERTING")]));

    assert!(bench.events()[3].contains("#InboundCall#ALERTING#DialogID:77"));
}

#[test]
fn a_login_of_an_agent_signed_in_elsewhere_is_read_not_waited_for() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.reply(Answer::User(user("READY", Some("2001"))));
    bench.up();
    bench.command("Login#1001", &login());
    bench.reply(Answer::Accepted);
    assert_eq!(
        bench.reply(Answer::User(user("READY", Some("2001")))),
        Question::User("1001".into())
    );
    bench.reply(Answer::Calls(Vec::new()));

    assert_eq!(
        bench.events()[1],
        "siebel< 1001#State#READY#####Ada Byron#1001#2001"
    );
}

#[test]
fn a_login_without_event_is_read_after_a_while() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Login#1001", &login());
    bench.reply(Answer::Accepted);
    bench.seconds(2);
    assert!(bench.asked.is_empty());

    bench.seconds(2);
    bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(Vec::new()));

    assert_eq!(bench.events().len(), 3);
}

#[test]
fn a_login_again_is_told_from_what_is_known() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::User(user("READY", Some("2001"))));
    bench.events();

    bench.command("Login#1001", &login());

    assert!(bench.asked.is_empty());
    assert_eq!(
        bench.events()[1],
        "siebel< 1001#State#READY#####Ada Byron#1001#2001"
    );
}

#[test]
fn without_a_password_the_login_makes_the_subscription() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", "siebel");
    assert!(bench.asked.is_empty() && bench.events().is_empty());
    bench.command("Login#1001", &login());
    bench.reply(Answer::User(user("LOGOUT", None)));
    bench.subscribed.pop_front().unwrap();
    bench.up();

    let (_, question) = bench.question();
    assert_eq!(
        question,
        Question::SignIn {
            agent: "1001".into(),
            extension: "2001".into(),
            mobile: None
        }
    );
}

#[test]
fn every_cause_of_a_failed_login_has_its_code() {
    let causes = [
        (no(404, "User Not Found", "UNKNOWN_USER"), "USER_NOT_FOUND"),
        (
            no(503, "Service Unavailable", "SERVER_OUT_OF_SERVICE"),
            "OUT_OF_SERVICE",
        ),
        (silence(Reason::TimedOut), "TIMEOUT"),
        (silence(Reason::LinkDown), "OUT_OF_SERVICE"),
        (silence(Reason::Remote), "GENERAL_ERROR"),
    ];
    for (answer, code) in causes {
        let mut bench = Bench::new();
        bench.command("Connect#1001", "siebel");
        bench.command("Login#1001", &login());
        bench.reply(answer);

        let events = bench.events();
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(
            events[0].starts_with(&format!("siebel< 1001#Error#{code}#")),
            "{events:?}"
        );
    }
}

#[test]
fn a_wrong_extension_fails_the_login_by_answer_and_by_notification() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Login#1001", &format!("{PASSWORD},9999"));
    bench.reply(no(400, "Invalid Device", ""));
    assert!(bench.events()[0].starts_with("siebel< 1001#Error#WRONG_EXTENSION#"));

    bench.command("Login#1001", &format!("{PASSWORD},9999"));
    bench.reply(Answer::Accepted);
    bench.notify(failed(
        About::User,
        "Invalid Device",
        "CF_INVALID_LOGON_DEVICE_SPECIFIED",
    ));
    assert!(bench.events()[0].starts_with("siebel< 1001#Error#CF_INVALID_LOGON_DEVICE_SPECIFIED#"));

    bench.command("Login#1001", &login());
    bench.reply(Answer::Accepted);
    bench.seconds(4);
    bench.reply(Answer::User(user("READY", Some("2002"))));
    assert!(bench.events()[0].starts_with("siebel< 1001#Error#WRONG_EXTENSION#"));
}

#[test]
fn a_login_that_has_no_effect_is_read_ever_more_rarely_and_ends_after_one_last_look() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Login#1001", &login());
    bench.reply(Answer::Accepted);
    let mut reads = Vec::new();
    for second in 1..=40 {
        bench.seconds(1);
        bench
            .asked
            .retain(|(_, question, _)| *question != Question::SystemInfo);
        if !bench.asked.is_empty() {
            reads.push(second);
            bench.reply(Answer::User(user("LOGOUT", None)));
        }
    }

    assert_eq!(reads, [3, 6, 12, 24, 30]);
    let events = bench.events();
    assert_eq!(events.len(), 1);
    assert!(events[0].starts_with("siebel< 1001#Error#TIMEOUT#"));
    assert_eq!(bench.connector.counters().timeouts, 1);
}

#[test]
fn missing_parameters_have_their_own_codes() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Login#1001", "");
    bench.command("Login#1001", PASSWORD);
    let events = bench.events();

    assert!(
        events[0].starts_with("siebel< 1001#Error#MISSING_PASSWORD#"),
        "{events:?}"
    );
    assert!(
        events[1].starts_with("siebel< 1001#Error#MISSING_EXTENSION#"),
        "{events:?}"
    );
    bench.assert_no_secret();
}

#[test]
fn a_login_while_finesse_is_out_of_service_says_so() {
    let mut bench = Bench::cold(|_| {});
    bench.serve(false);
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.command("Login#1001", &login());
    let events = bench.events();

    assert!(
        events[0].starts_with("siebel< 1001#Error#OUT_OF_SERVICE#"),
        "{events:?}"
    );
    assert!(
        events[1].starts_with("siebel< 1001#Error#OUT_OF_SERVICE#"),
        "{events:?}"
    );
}

#[test]
fn a_login_before_finesse_has_spoken_waits_for_it() {
    let mut bench = Bench::cold(|_| {});
    bench.command("Connect#1001", "siebel");
    bench.command("Login#1001", &login());
    assert!(bench.events().is_empty());

    bench.serve(true);

    assert_eq!(bench.question().1, Question::User("1001".into()));
}

#[test]
fn notifications_that_are_refused_fail_the_connect_and_are_not_tried_again() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.reply(Answer::User(user("LOGOUT", None)));
    bench.subscribed.clear();
    bench.signal(Signal::SubscriptionDown {
        agent: "1001".into(),
        reason: CloseReason::Denied("not-authorized".into()),
        retries: false,
    });
    bench.asked.clear();
    bench.seconds(100);

    assert_eq!(bench.events().len(), 1);
    assert!(bench.subscribed.is_empty());
    assert_eq!(bench.unsubscribed, ["1001"]);
}

#[test]
fn notifications_that_cannot_be_reached_fail_the_connect_at_its_deadline() {
    let mut bench = Bench::new();
    bench.command("Connect#1001", &format!("siebel,{PASSWORD}"));
    bench.reply(Answer::User(user("LOGOUT", None)));
    bench.signal(Signal::SubscriptionDown {
        agent: "1001".into(),
        reason: CloseReason::Refused,
        retries: true,
    });
    assert!(bench.events().is_empty());
    bench.seconds(31);

    assert!(bench.events()[0].starts_with("siebel< 1001#Error#SUBSCRIPTION_FAILED#"));
}

#[test]
fn commands_of_an_agent_that_nobody_connected_go_to_reply_to_or_are_counted() {
    let mut bench = Bench::new();
    let reply_to = ReplyTo {
        kind: ReplyKind::TemporaryQueue,
        name: "ID:crm-1:2:1".into(),
    };
    bench.deliver("MakeReady#1001", "", Some(reply_to), Some("c3"));
    assert_eq!(
        bench.sent.front().unwrap().correlation,
        Some(Text::from("c3"))
    );
    assert_eq!(
        bench.events(),
        ["reply ID:crm-1:2:1< 1001#Error#NOT_CONNECTED#The agent is not connected."]
    );

    bench.command("MakeReady#1001", "");
    assert!(bench.events().is_empty());
    assert_eq!(bench.connector.counters().commands_dropped, 1);
}

#[test]
fn a_reply_to_that_would_loop_is_refused_and_counted() {
    let mut bench = Bench::new();
    let name = bench_queue();
    bench.deliver(
        "MakeReady#1001",
        "",
        Some(ReplyTo {
            kind: ReplyKind::Queue,
            name,
        }),
        None,
    );

    assert!(bench.events().is_empty());
    assert_eq!(bench.connector.counters().refused_destinations, 1);
}

fn bench_queue() -> Text {
    crate::contract::Layout::default()
        .command_queues
        .first()
        .cloned()
        .unwrap_or("Connector1".into())
}

#[test]
fn destinations_that_would_loop_or_forge_are_refused_and_counted() {
    let mut bench = Bench::new();
    for name in ["x>", "ActiveMQ.Advisory.x", "a://b", "a*", ""] {
        bench.command(&format!("Hello#{name}"), "");
        bench.command("Connect#1001", name);
    }

    assert!(bench.events().is_empty());
    assert_eq!(bench.connector.load().0, 0, "no session was made");
    assert!(bench.connector.counters().refused_destinations >= 8);
}

#[test]
fn unknown_and_malformed_commands_get_one_error_each() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("Dance#1001", "");
    bench.command("AnswerCall#1001", "");
    bench.command("Transfer_sst#1001", "2002,77");
    let events = bench.events();

    let codes = ["NOT_SUPPORTED", "BAD_COMMAND", "NOT_CONNECTED"];
    for (event, code) in events.iter().zip(codes) {
        assert!(
            event.starts_with(&format!("siebel< 1001#Error#{code}#")),
            "{event}"
        );
    }
    assert_eq!(events.len(), 3);
}

#[test]
fn a_signed_out_agent_is_given_up_after_a_while_and_can_come_back() {
    let mut bench = Bench::new();
    bench.connect();
    bench.seconds(901);
    assert_eq!(bench.unsubscribed, ["1001"]);
    assert_eq!(
        bench.connector.agent(&"1001".into()).unwrap().subscription,
        Subscription::None
    );
    bench.asked.clear();

    bench.command("Login#1001", &login());
    assert_eq!(
        bench.question().1,
        Question::User("1001".into()),
        "the password is proven anew"
    );
}

#[test]
fn the_operator_learns_who_signed_in() {
    let mut bench = Bench::new();
    bench.sign_in();

    assert!(bench.notes.contains(&Note::AgentSignedIn {
        agent: "1001".into(),
        extension: "2001".into()
    }));
    let report = bench.connector.agent(&"1001".into()).unwrap();
    assert_eq!(
        (report.subscription, report.is_fresh),
        (Subscription::Up, true)
    );
    assert_eq!(bench.acknowledged, [DeliveryId(1), DeliveryId(2)]);
}

#[test]
fn a_driver_that_takes_an_agent_over_is_told_what_the_one_before_knew() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.command("Connect#1001", &format!("other,{PASSWORD}"));
    bench.events();

    let mut unseen = call("ALERTING", "ALERTING");
    unseen.participants[0].actions.clear();
    bench.notify(Fact::Calls(alloc::vec![unseen]));

    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with("other< 1001#InboundCall#ALERTING#"));
}

#[test]
fn a_login_name_is_refused_with_the_login_id_that_belongs_to_it() {
    let mut bench = Bench::new();
    bench.command("Connect#ada", &format!("siebel,{PASSWORD}"));
    let known = bench.reply(Answer::User(user("LOGOUT", None)));

    assert_eq!(known, Question::User("ada".into()));
    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with("siebel< ada#Error#USER_NOT_FOUND#"));
    assert!(events[0].contains("1001"), "{events:?}");
    assert!(bench.subscribed.is_empty());
}
