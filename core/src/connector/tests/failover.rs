//! Two servers: what makes the connector leave one, choose the other, and try the first again.

use core::time::Duration;

use super::bench::*;
use crate::connector::{Answer, Fact, NodeId, Question, Readiness, RequestId, Signal};
use crate::machine::{CloseReason, TlsFault};

fn two() -> Bench {
    Bench::with(|config| config.nodes = 2)
}

fn stop(bench: &mut Bench, reason: CloseReason) {
    bench.signal(Signal::SubscriptionDown {
        agent: "1001".into(),
        reason,
        retries: true,
    });
}

fn see_finesse(bench: &mut Bench, is_there: bool) {
    bench.signal(Signal::FinesseSeen {
        agent: "1001".into(),
        is_there,
    });
}

/// Answers what is asked about the servers: both serve.
fn both_serve(bench: &mut Bench) {
    let is_info = |question: &Question| *question == Question::SystemInfo;
    let open: alloc::vec::Vec<RequestId> = bench
        .asked
        .iter()
        .filter(|(_, question, _)| is_info(question))
        .map(|(id, ..)| *id)
        .collect();
    bench.asked.retain(|(_, question, _)| !is_info(question));
    for id in open {
        bench.answer(id, Answer::System(system(true)));
    }
}

/// Lets time pass in which both servers say that they serve.
fn pass(bench: &mut Bench, seconds: u64) {
    for _ in 0..seconds {
        bench.seconds(1);
        both_serve(bench);
    }
}

fn readiness(bench: &Bench, node: u16) -> Readiness {
    let mut nodes = bench.connector.nodes();
    nodes.nth(usize::from(node)).unwrap().1
}

fn why(bench: &Bench, node: u16) -> alloc::string::String {
    let mut nodes = bench.connector.nodes();
    alloc::format!("{}", nodes.nth(usize::from(node)).unwrap().3)
}

#[test]
fn a_server_without_notifications_is_left_although_it_says_that_it_serves() {
    let mut bench = two();
    bench.sign_in();
    stop(&mut bench, CloseReason::Tls(TlsFault::Expired));
    pass(&mut bench, 9);
    assert!(bench.subscribed.is_empty(), "a short loss is no cause");
    pass(&mut bench, 2);

    assert_eq!(bench.subscribed.pop_front().unwrap().node, NodeId(1));
    assert_eq!(readiness(&bench, 0), Readiness::InService);
    assert_eq!(why(&bench, 0), "no notifications: TLS: certificate expired");
    assert!(bench.events().is_empty(), "the other serves");
}

#[test]
fn stray_sign_outs_after_a_move_do_not_make_the_agent_sign_in_once_more_each() {
    let mut bench = two();
    bench.sign_in();
    stop(&mut bench, CloseReason::Refused);
    // What the sign-in before brought about is long over.
    pass(&mut bench, 90);
    bench.asked.clear();
    bench.up();
    let (request, question) = bench.question();
    assert!(matches!(question, Question::SignIn { .. }), "{question:?}");

    for _ in 0..3 {
        bench.notify(Fact::User(user("LOGOUT", None)));
    }
    assert!(bench.asked.is_empty(), "{:?}", bench.asked);
    bench.answer(request, Answer::Accepted);
    pass(&mut bench, 5);
    let read = bench.reply(Answer::User(user("NOT_READY", Some("2001"))));
    assert_eq!(read, Question::User("1001".into()));
    assert!(
        bench.events().is_empty(),
        "the agent was signed in all the time"
    );
}

#[test]
fn notifications_that_come_back_in_time_keep_the_agent_where_it_is() {
    let mut bench = two();
    bench.sign_in();
    stop(&mut bench, CloseReason::Eof);
    pass(&mut bench, 8);
    bench.up();
    pass(&mut bench, 30);

    assert!(bench.subscribed.is_empty());
    assert_eq!(why(&bench, 0), "");
}

#[test]
fn a_refused_password_says_nothing_of_the_server() {
    let mut bench = two();
    bench.sign_in();
    bench.signal(Signal::SubscriptionDown {
        agent: "1001".into(),
        reason: CloseReason::Denied("not-authorized".into()),
        retries: false,
    });
    pass(&mut bench, 60);

    assert!(bench.subscribed.is_empty());
    assert_eq!(why(&bench, 0), "");
}

#[test]
fn a_server_without_notifications_is_tried_again_after_a_while_and_left_at_once() {
    let mut bench = two();
    bench.sign_in();
    stop(&mut bench, CloseReason::Refused);
    pass(&mut bench, 11);
    assert_eq!(bench.subscribed.pop_front().unwrap().node, NodeId(1));
    // The agent leaves for good; the next one comes while the server is avoided.
    bench.command("Connect#1002", &alloc::format!("siebel,{PASSWORD}"));
    let (id, _) = question_about(&mut bench, "1002");
    bench.answer(id, no(404, "User Not Found", "UNKNOWN_USER"));
    pass(&mut bench, 31);

    bench.command("Connect#1003", &alloc::format!("siebel,{PASSWORD}"));
    let (id, _) = question_about(&mut bench, "1003");
    let user = crate::agent::User {
        id: "1003".into(),
        ..user("LOGOUT", None)
    };
    bench.answer(id, Answer::User(user));
    assert_eq!(bench.subscribed.pop_front().unwrap().node, NodeId(0));
    bench.signal(Signal::SubscriptionDown {
        agent: "1003".into(),
        reason: CloseReason::Refused,
        retries: true,
    });
    bench.pass(Duration::from_millis(100));
    assert_eq!(
        bench.subscribed.pop_front().unwrap().node,
        NodeId(1),
        "on trial it gets no second chance"
    );
}

fn question_about(bench: &mut Bench, agent: &str) -> (RequestId, Question) {
    let wanted = Question::User(agent.into());
    let at = bench
        .asked
        .iter()
        .position(|(_, asked, _)| *asked == wanted);
    let (id, question, _) = bench.asked.remove(at.expect("it is asked")).unwrap();
    (id, question)
}

#[test]
fn the_only_server_is_kept_whatever_becomes_of_its_notifications() {
    let mut bench = Bench::new();
    bench.sign_in();
    stop(&mut bench, CloseReason::Refused);
    pass(&mut bench, 15);
    assert!(bench.subscribed.is_empty());
    assert!(bench.events().is_empty(), "commands are still carried out");
    assert_eq!(why(&bench, 0), "no notifications: connection refused");
    bench.command("MakeReady#1001", "");
    bench.reply(Answer::Accepted);
}

#[test]
fn a_server_whose_user_finesse_is_absent_does_not_serve() {
    let mut bench = two();
    bench.sign_in();
    see_finesse(&mut bench, true);
    assert!(bench.subscribed.is_empty());
    see_finesse(&mut bench, false);

    assert_eq!(readiness(&bench, 0), Readiness::OutOfService);
    assert_eq!(why(&bench, 0), "its user finesse is absent");
    assert_eq!(bench.subscribed.pop_front().unwrap().node, NodeId(1));
}

#[test]
fn the_only_server_serves_again_when_finesse_is_seen_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    see_finesse(&mut bench, false);
    assert_eq!(bench.events(), ["siebel< System#OUT_OF_SERVICE"]);
    pass(&mut bench, 200);
    assert!(
        bench.events().is_empty(),
        "somebody looks on: what SystemInfo says is not enough"
    );
    see_finesse(&mut bench, true);

    assert_eq!(bench.events(), ["siebel< System#IN_SERVICE"]);
    let question = bench.reply(Answer::User(user("READY", Some("2001"))));
    assert_eq!(question, Question::User("1001".into()));
}

/// What SystemInfo is asked; it must be asked once.
fn info_question(bench: &mut Bench) -> RequestId {
    let is_info = |question: &Question| *question == Question::SystemInfo;
    let mut open = bench
        .asked
        .iter()
        .filter(|(_, question, _)| is_info(question));
    let (id, ..) = *open.next().expect("a question");
    assert!(open.next().is_none());
    bench.asked.retain(|(_, question, _)| !is_info(question));
    id
}

#[test]
fn an_answer_from_before_finesse_was_seen_again_is_asked_once_more() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.asked.clear();
    see_finesse(&mut bench, false);
    let slow = info_question(&mut bench);
    see_finesse(&mut bench, true);
    assert_eq!(
        bench.events(),
        ["siebel< System#OUT_OF_SERVICE", "siebel< System#IN_SERVICE"]
    );
    bench.asked.clear();

    bench.answer(slow, Answer::System(system(false)));
    assert!(bench.events().is_empty(), "it tells of a time that is over");
    let again = info_question(&mut bench);
    bench.answer(again, Answer::System(system(true)));

    assert!(bench.events().is_empty());
    assert_eq!(bench.connector.readiness(), Readiness::InService);
}

#[test]
fn an_answer_from_before_finesse_spoke_of_itself_is_asked_once_more() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.asked.clear();
    see_finesse(&mut bench, false);
    let slow = info_question(&mut bench);
    bench.notify(Fact::System(system(false)));
    see_finesse(&mut bench, true);
    bench.events();

    bench.answer(slow, Answer::System(system(true)));
    assert!(bench.events().is_empty());
    let again = info_question(&mut bench);
    bench.answer(again, Answer::System(system(false)));

    assert_eq!(bench.connector.readiness(), Readiness::OutOfService);
}

#[test]
fn an_absence_that_nobody_can_see_is_not_believed_for_ever() {
    let mut bench = two();
    bench.sign_in();
    see_finesse(&mut bench, false);
    assert_eq!(bench.subscribed.pop_front().unwrap().node, NodeId(1));
    bench.up();
    pass(&mut bench, 50);
    assert_eq!(readiness(&bench, 0), Readiness::OutOfService);
    pass(&mut bench, 20);

    assert_eq!(readiness(&bench, 0), Readiness::InService);
}

#[test]
fn what_finesse_says_of_itself_still_counts_while_its_user_is_there() {
    let mut bench = two();
    bench.sign_in();
    see_finesse(&mut bench, true);
    bench.notify(Fact::System(system(false)));

    assert_eq!(readiness(&bench, 0), Readiness::OutOfService);
}

#[test]
fn servers_are_asked_at_times_that_differ_from_run_to_run() {
    let mut times = alloc::collections::BTreeSet::new();
    let mut bench = Bench::cold(|_| {});
    bench.serve(false);
    for _ in 0..20 {
        let asked = bench.connector.deadline().unwrap();
        let wait = asked - bench.now;
        assert!(wait >= Duration::from_millis(2500) && wait <= Duration::from_secs(5));
        times.insert(wait);
        bench.pass(wait);
        bench.serve(false);
    }
    assert!(times.len() > 10, "{times:?}");
}

#[test]
fn an_agent_whose_full_address_another_took_says_nothing_of_the_server() {
    let mut bench = two();
    bench.sign_in();
    both_serve(&mut bench);
    stop(&mut bench, CloseReason::Denied("conflict".into()));
    pass(&mut bench, 60);

    assert_eq!(why(&bench, 0), "");
    let node = bench.subscribed.iter().map(|subscribe| subscribe.node.0);
    assert_eq!(
        node.filter(|node| *node == 1).count(),
        0,
        "it does not move"
    );
}
