//! Calls and what is done to them.

use alloc::format;

use super::bench::*;
use crate::agent::{CallAction, Dialog, DialogState};
use crate::connector::{About, Answer, Fact, Question, Signal};
use crate::machine::Reason;

#[test]
fn a_call_that_rings_is_offered_and_followed_to_its_end_without_repeats() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.notify(Fact::Calls(alloc::vec![call("ALERTING", "ALERTING")]));
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    bench.notify(Fact::Calls(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));

    let events = bench.events();
    assert!(
        events[0].starts_with("siebel< 1001#NewInboundCall#0301#"),
        "{events:?}"
    );
    assert!(events[1].starts_with("siebel< 1001#InboundCall#ACTIVE#DialogID:77#"));
    assert!(events[2].starts_with("siebel< 1001#InboundCall#DROPPED#DialogID:77#"));
    assert_eq!(events.len(), 3);
}

#[test]
fn a_change_of_what_the_driver_cannot_see_is_not_told() {
    let mut bench = Bench::new();
    bench.with_call();
    let mut changed = call("ALERTING", "ALERTING");
    changed.participants[0].actions.clear();
    bench.notify(Fact::Calls(alloc::vec![changed]));

    assert!(bench.events().is_empty());
}

#[test]
fn answer_hold_retrieve_and_release_end_by_the_state_of_the_agents_own_party() {
    let mut bench = Bench::new();
    bench.with_call();
    let steps = [
        (
            "AnswerCall",
            CallAction::Answer,
            call("ACTIVE", "ACTIVE"),
            "ACTIVE",
        ),
        ("HoldCall", CallAction::Hold, call("ACTIVE", "HELD"), "HELD"),
        (
            "RetrieveCall",
            CallAction::Retrieve,
            call("ACTIVE", "ACTIVE"),
            "ACTIVE",
        ),
        (
            "ReleaseCall",
            CallAction::Drop,
            call("DROPPED", "DROPPED"),
            "DROPPED",
        ),
    ];
    for (verb, action, after, told) in steps {
        bench.deliver(&format!("{verb}#1001"), "77", None, Some(verb));
        let (dialog, extension) = ("77".into(), "2001".into());
        assert_eq!(
            bench.reply(Answer::Accepted),
            Question::Act {
                dialog,
                action,
                extension
            }
        );
        bench.notify(Fact::Calls(alloc::vec![after]));

        assert_eq!(bench.sent.front().unwrap().correlation, Some(verb.into()));
        let events = bench.events();
        assert_eq!(events.len(), 1, "{verb}: {events:?}");
        assert!(events[0].starts_with(&format!("siebel< 1001#InboundCall#{told}#DialogID:77#")));
        assert_eq!(
            bench.connector.agent(&"1001".into()).unwrap().commands,
            0,
            "{verb}"
        );
    }
}

#[test]
fn a_release_whose_call_is_removed_at_once_is_told_as_dropped() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.command("ReleaseCall#1001", "77");
    bench.reply(Answer::Accepted);
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));

    let events = bench.events();
    assert_eq!(events.len(), 1);
    assert!(events[0].starts_with("siebel< 1001#InboundCall#DROPPED#DialogID:77#"));
    assert_eq!(bench.connector.agent(&"1001".into()).unwrap().commands, 0);
}

#[test]
fn a_call_action_without_event_is_read_and_told() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.command("AnswerCall#1001", "77");
    bench.reply(Answer::Accepted);
    bench.seconds(4);
    let read = bench.reply(Answer::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    assert_eq!(read, Question::Calls("1001".into()));

    let events = bench.events();
    assert_eq!(events.len(), 1);
    assert!(events[0].starts_with("siebel< 1001#InboundCall#ACTIVE#"));
}

#[test]
fn a_call_that_ends_while_it_is_being_answered_is_an_error() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.command("AnswerCall#1001", "77");
    bench.reply(Answer::Accepted);
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
    bench.seconds(4);
    bench.reply(Answer::Calls(alloc::vec![]));

    let events = bench.events();
    assert!(events[0].contains("#InboundCall#DROPPED#"));
    assert!(events[1].starts_with("siebel< 1001#Error#NOT_FOUND#"));
}

#[test]
fn a_refused_action_is_an_error_and_the_next_one_goes_on() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.command("HoldCall#1001", "77");
    bench.command("AnswerCall#1001", "77");
    bench.reply(Answer::Accepted);
    assert!(bench.asked.is_empty(), "one command per device");
    bench.notify(failed(
        About::Call("77".into()),
        "Call Operation Failure",
        "CF_RESOURCE_BUSY",
    ));

    assert!(bench.events()[0].starts_with("siebel< 1001#Error#CF_RESOURCE_BUSY#"));
    assert!(matches!(
        bench.question().1,
        Question::Act {
            action: CallAction::Answer,
            ..
        }
    ));
}

#[test]
fn an_unknown_call_is_an_error_without_asking_finesse() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("AnswerCall#1001", "78");

    assert!(bench.asked.is_empty());
    assert_eq!(
        bench.events(),
        ["siebel< 1001#Error#NOT_FOUND#There is no call 78."]
    );
}

#[test]
fn a_placed_call_is_known_by_the_agents_line_as_its_caller() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.deliver("MakeCall#1001", "0500", None, Some("c7"));
    let (agent, from, to) = ("1001".into(), "2001".into(), "0500".into());
    assert_eq!(
        bench.reply(Answer::Accepted),
        Question::MakeCall { agent, from, to }
    );
    bench.notify(Fact::Calls(alloc::vec![call("ALERTING", "ALERTING")]));
    assert!(
        bench.events()[0].contains("#NewInboundCall#"),
        "a call from outside is another one"
    );
    bench.notify(Fact::Calls(alloc::vec![outbound()]));

    assert_eq!(bench.sent.front().unwrap().correlation, Some("c7".into()));
    assert!(bench.events()[0].starts_with("siebel< 1001#InboundCall#INITIATING#DialogID:80#2001#"));
    assert_eq!(bench.connector.agent(&"1001".into()).unwrap().commands, 0);
}

#[test]
fn a_call_that_cannot_be_placed_is_an_error() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeCall#1001", "2001");
    bench.reply(no(400, "Invalid Destination", "2001"));
    assert!(bench.events()[0].starts_with("siebel< 1001#Error#GENERAL_ERROR#"));

    bench.command("MakeCall#1001", "0500");
    bench.reply(Answer::Accepted);
    bench.notify(failed(
        About::Calls,
        "Call Operation Failure",
        "CF_INVALID_DESTINATION",
    ));
    assert!(bench.events()[0].starts_with("siebel< 1001#Error#CF_INVALID_DESTINATION#"));
}

#[test]
fn a_call_command_before_the_sign_in_waits_for_it_or_is_refused() {
    let mut bench = Bench::new();
    bench.connect();
    bench.command("MakeCall#1001", "0500");
    assert_eq!(
        bench.events(),
        ["siebel< 1001#Error#NOT_CONNECTED#The agent is not signed in."]
    );

    bench.command("Login#1001", &format!("{PASSWORD},2001"));
    bench.command("MakeCall#1001", "0500");
    bench.reply(Answer::Accepted);
    bench.notify(Fact::User(user("NOT_READY", Some("2001"))));
    bench.reply(Answer::Calls(alloc::vec![]));
    assert!(matches!(bench.question().1, Question::MakeCall { .. }));
}

#[test]
fn the_state_of_a_call_is_told_when_asked_also_of_one_that_is_not_there() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.command("GetDialogState#1001", "77");
    bench.command("GetDialogState#1001", "99");

    let events = bench.events();
    assert!(
        events[0].starts_with("siebel< 1001#DialogState#ALERTING#DialogID:77#"),
        "{events:?}"
    );
    assert!(
        events[1].starts_with("siebel< 1001#DialogState#NotFound#DialogID:99#"),
        "{events:?}"
    );
}

#[test]
fn an_action_without_any_answer_ends_in_a_timeout() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.command("HoldCall#1001", "77");
    bench.reply(silence(Reason::TimedOut));
    bench
        .asked
        .retain(|(_, question, _)| *question != Question::SystemInfo);
    bench.reply(silence(Reason::TimedOut));

    let events = bench.events();
    assert_eq!(events.len(), 1);
    assert!(events[0].starts_with("siebel< 1001#Error#TIMEOUT#"));
}

#[test]
fn a_structural_character_from_a_caller_shifts_no_field() {
    let mut bench = Bench::new();
    bench.sign_in();
    let mut evil = call("ALERTING", "ALERTING");
    evil.variables
        .push(("callVariable1".into(), "x#Error#GENERAL_ERROR|y".into()));
    bench.notify(Fact::Calls(alloc::vec![evil]));

    let events = bench.events();
    assert_eq!(events[0].matches('#').count(), 6, "{events:?}");
    assert!(bench.connector.counters().replaced_values > 0);
}

fn outbound() -> Dialog {
    Dialog {
        id: "80".into(),
        state: DialogState::Initiating,
        from: "2001".into(),
        to: "0500".into(),
        participants: alloc::vec![party("2001", "INITIATING")],
        ..Dialog::default()
    }
}

/// Call 78, which the agent has placed.
fn placed(kind: &str, state: &str, own: &str) -> Dialog {
    Dialog {
        id: "78".into(),
        from: "2001".into(),
        to: "5550100".into(),
        call_type: kind.into(),
        ..call(state, own)
    }
}

#[test]
fn a_placed_call_is_announced_once_before_it_is_told_where_drivers_want_that() {
    for is_wanted in [false, true] {
        let mut bench = Bench::with(|config| config.new_outbound_call = is_wanted);
        bench.sign_in();
        bench.deliver("MakeCall#1001", "5550100", None, Some("c1"));
        bench.reply(Answer::Accepted);
        bench.notify(Fact::Calls(alloc::vec![placed(
            "OUT",
            "INITIATED",
            "INITIATED"
        )]));
        let answer = bench.sent.back().unwrap();
        assert!(answer.body.contains("#InboundCall#"), "{answer:?}");
        assert_eq!(answer.correlation, Some("c1".into()));
        bench.notify(Fact::Calls(alloc::vec![placed("OUT", "ACTIVE", "ACTIVE")]));
        bench.notify(Fact::CallsRemoved(alloc::vec![placed(
            "OUT", "DROPPED", "DROPPED"
        )]));

        let mut events = bench.events();
        if is_wanted {
            let first = events.remove(0);
            let start = "siebel< 1001#NewOutboundCall#5550100#ani=2001|";
            assert!(first.starts_with(start), "{first}");
            assert!(first.contains("#DialogID:78#CallType:OUT#"), "{first}");
        }
        assert_eq!(events.len(), 3, "{events:?}");
        let is_told = |event: &alloc::string::String| event.contains("#InboundCall#");
        assert!(events.iter().all(is_told), "{events:?}");
    }
}

#[test]
fn consults_monitored_calls_and_calls_of_others_are_not_announced_as_outbound() {
    let mut bench = Bench::with(|config| config.new_outbound_call = true);
    bench.sign_in();
    bench.notify(Fact::Calls(alloc::vec![placed(
        "CONSULT",
        "INITIATED",
        "INITIATED"
    )]));
    bench.notify(Fact::CallsRemoved(alloc::vec![placed(
        "CONSULT", "DROPPED", "DROPPED"
    )]));
    bench.notify(Fact::Calls(alloc::vec![placed(
        "SUPERVISOR_MONITOR",
        "ACTIVE",
        "ACTIVE"
    )]));
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));

    let events = bench.events();
    assert_eq!(events.len(), 4, "{events:?}");
    assert!(!events.concat().contains("NewOutboundCall"), "{events:?}");
}

#[test]
fn a_placed_call_is_announced_once_across_a_loss_of_the_broker() {
    let announced = |bench: &mut Bench| {
        let events = bench.events();
        let is_announced = |event: &&alloc::string::String| event.contains("#NewOutboundCall#");
        let told = events
            .iter()
            .filter(|event| event.contains("#DialogID:78#"));
        (events.iter().filter(is_announced).count(), told.count())
    };
    for is_up_before in [true, false] {
        let mut bench = Bench::with(|config| config.new_outbound_call = true);
        bench.sign_in();
        if !is_up_before {
            bench.signal(Signal::BrokerDown);
        }
        bench.notify(Fact::Calls(alloc::vec![placed("OUT", "ACTIVE", "ACTIVE")]));
        let before = announced(&mut bench);
        if is_up_before {
            bench.signal(Signal::BrokerDown);
        }
        bench.signal(Signal::BrokerUp);
        let after = announced(&mut bench);

        match is_up_before {
            true => assert_eq!(
                (before, after),
                ((1, 2), (0, 1)),
                "told again, not announced"
            ),
            false => assert_eq!((before, after), ((0, 0), (1, 2)), "announced late"),
        }
    }
}

/// A command reads the calls; before the answer comes, so does the notification of a call's end.
fn overtaken(bench: &mut Bench) {
    let (request, question) = bench.question();
    assert_eq!(question, Question::Calls("1001".into()));
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
    let told = bench.events();
    assert!(told[0].contains("#InboundCall#DROPPED#DialogID:77#"));
    let older = call("ACTIVE", "ACTIVE");
    bench.answer(request, Answer::Calls(alloc::vec![older]));
}

fn ids(bench: &Bench) -> alloc::vec::Vec<crate::agent::DialogId> {
    let known = bench.connector.agent(&"1001".into()).unwrap();
    known.calls.into_iter().map(|call| call.id).collect()
}

#[test]
fn a_read_of_calls_that_a_notification_overtook_brings_back_no_call_that_has_ended() {
    let mut bench = Bench::new();
    bench.with_call();
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    bench.events();
    bench.command("HoldCall#1001", "77");
    bench.reply(Answer::Accepted);
    bench.seconds(11);
    overtaken(&mut bench);

    assert!(ids(&bench).is_empty());
    assert!(
        bench.events().is_empty(),
        "not told before it is read again"
    );
    bench.reply(Answer::Calls(alloc::vec![]));
    assert!(bench.events()[0].contains("#Error#NOT_FOUND#"));
}

#[test]
fn a_question_for_a_call_whose_answer_was_overtaken_is_asked_again() {
    let mut bench = Bench::new();
    bench.with_call();
    // What is known is doubted, so that a question is asked of Finesse.
    bench.notify(Fact::User(user("LOGOUT", None)));
    bench.asked.clear();
    bench.events();
    bench.command("GetDialogState#1001", "4711");
    overtaken(&mut bench);

    assert!(ids(&bench).is_empty());
    assert!(
        bench.events().is_empty(),
        "not told before it is read again"
    );
    bench.reply(Answer::Calls(alloc::vec![]));
    assert!(bench.events()[0].contains("#DialogState#NotFound#DialogID:4711#"));
}
