//! Consult, transfer, conference, and what else is done to calls.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::bench::*;
use crate::agent::{CallAction, Dialog, DialogState};
use crate::connector::{About, Answer, Fact, Question};

/// The consult call 78 to line 2002, with the agent's party in `own`.
fn consult(state: &str, own: &str) -> Dialog {
    Dialog {
        id: "78".into(),
        state: DialogState::from_wire(state),
        from: "2001".into(),
        to: "2002".into(),
        call_type: "CONSULT".into(),
        associated: Some("77".into()),
        participants: alloc::vec![party("2001", own), party("2002", "ACTIVE")],
        ..Dialog::default()
    }
}

fn active(bench: &mut Bench) {
    bench.with_call();
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    bench.events();
}

/// The main call is held, the consult call is active.
fn consulting(bench: &mut Bench) {
    active(bench);
    bench.command("ConsultCall#1001", "2002,77");
    bench.reply(Answer::Accepted);
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "HELD")]));
    bench.notify(Fact::Calls(alloc::vec![consult("ACTIVE", "ACTIVE")]));
    assert_eq!(under_way(bench), 0);
    bench.events();
}

fn under_way(bench: &Bench) -> usize {
    bench.connector.agent(&"1001".into()).unwrap().commands
}

fn act(dialog: &str, action: CallAction) -> Question {
    Question::Act {
        dialog: dialog.into(),
        action,
        extension: "2001".into(),
    }
}

#[test]
fn a_consult_is_answered_by_its_own_event_with_the_consulted_number() {
    let mut bench = Bench::new();
    active(&mut bench);
    bench.deliver("ConsultCall#1001", "2002,77", None, Some("c7"));
    assert_eq!(
        bench.reply(Answer::Accepted),
        Question::ActTowards {
            dialog: "77".into(),
            action: CallAction::ConsultCall,
            extension: "2001".into(),
            to: "2002".into(),
        }
    );
    bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "HELD")]));
    assert!(bench.events()[0].contains("#InboundCall#HELD#DialogID:77#"));
    bench.notify(Fact::Calls(alloc::vec![consult(
        "INITIATING",
        "INITIATING"
    )]));
    assert_eq!(bench.sent.front().unwrap().correlation, Some("c7".into()));
    let events = bench.events();
    assert!(
        events[0].starts_with("siebel< 1001#ConsultCall#INITIATING#DialogID:78#2002#"),
        "{events:?}"
    );
    bench.notify(Fact::CallsRemoved(alloc::vec![consult(
        "DROPPED", "DROPPED"
    )]));
    let events = bench.events();
    assert!(events[0].starts_with("siebel< 1001#ConsultCall#DROPPED#DialogID:78#2002#"));
    assert_eq!(under_way(&bench), 0);
}

#[test]
fn a_transfer_is_completed_on_the_held_call_whichever_of_the_two_it_is() {
    for (toggled, given, asked) in [
        (false, "77", "77"),
        (false, "78", "77"),
        (true, "77", "78"),
        (true, "78", "78"),
    ] {
        let mut bench = Bench::new();
        consulting(&mut bench);
        if toggled {
            bench.notify(Fact::Calls(alloc::vec![consult("ACTIVE", "HELD")]));
            bench.notify(Fact::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
        }
        bench.events();
        bench.command("TransferCall#1001", &format!("2002,{given}"));
        assert_eq!(
            bench.reply(Answer::Accepted),
            act(asked, CallAction::Transfer),
            "toggled: {toggled}, given: {given}"
        );
        bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
        bench.notify(Fact::CallsRemoved(alloc::vec![consult(
            "DROPPED", "DROPPED"
        )]));
        assert_eq!(bench.events().len(), 2);
        assert_eq!(under_way(&bench), 0);
    }
}

#[test]
fn a_conference_is_done_when_one_of_its_calls_has_a_further_party() {
    let mut bench = Bench::new();
    consulting(&mut bench);
    bench.deliver("ConferenceCall#1001", "2002,77", None, Some("c9"));
    assert_eq!(
        bench.reply(Answer::Accepted),
        act("77", CallAction::Conference)
    );
    bench.notify(Fact::CallsRemoved(alloc::vec![consult(
        "DROPPED", "DROPPED"
    )]));
    assert_eq!(under_way(&bench), 1, "two parties are no conference");
    let mut three = call("ACTIVE", "ACTIVE");
    three.participants.push(party("2002", "ACTIVE"));
    bench.notify(Fact::Calls(alloc::vec![three]));
    let answer = bench.sent.back().unwrap();
    assert_eq!(answer.correlation, Some("c9".into()));
    assert!(answer.body.contains("#InboundCall#ACTIVE#DialogID:77#"));
    assert_eq!(under_way(&bench), 0);
}

#[test]
fn a_conference_of_a_customer_whom_finesse_does_not_list_is_done_when_the_second_agent_is_on_it() {
    let alone = |state: &str| {
        let mut main = call("ACTIVE", state);
        main.participants.truncate(1);
        main
    };
    let mut bench = Bench::new();
    consulting(&mut bench);
    bench.notify(Fact::Calls(alloc::vec![alone("HELD")]));
    bench.deliver("ConferenceCall#1001", "2002,77", None, Some("c9"));
    bench.reply(Answer::Accepted);
    bench.notify(Fact::CallsRemoved(alloc::vec![consult(
        "DROPPED", "DROPPED"
    )]));
    bench.notify(Fact::Calls(alloc::vec![alone("ACTIVE")]));
    assert_eq!(under_way(&bench), 1, "the second agent is not there yet");

    let mut both = alone("ACTIVE");
    both.participants.push(party("2002", "ACTIVE"));
    bench.notify(Fact::Calls(alloc::vec![both]));
    assert_eq!(bench.sent.back().unwrap().correlation, Some("c9".into()));
    assert_eq!(under_way(&bench), 0);
}

#[test]
fn a_single_step_transfer_ends_when_the_agent_has_left() {
    let mut bench = Bench::new();
    active(&mut bench);
    bench.command("Transfer_sst#1001", "2002,77");
    let asked = bench.reply(Answer::Accepted);
    assert!(matches!(
        asked,
        Question::ActTowards { action: CallAction::TransferSst, ref to, .. } if *to == "2002"
    ));
    bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
    assert!(bench.events()[0].contains("#InboundCall#DROPPED#DialogID:77#"));
    assert_eq!(under_way(&bench), 0);
}

#[test]
fn a_refused_transfer_is_one_error() {
    let mut bench = Bench::new();
    consulting(&mut bench);
    bench.command("TransferCall#1001", "2002,77");
    bench.reply(Answer::Accepted);
    bench.notify(failed(About::Call("77".into()), "Generic Error", "CF_X"));
    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].contains("#Error#CF_X#"));
}

#[test]
fn digits_are_sent_without_a_word_and_do_not_wait_for_each_other() {
    let mut bench = Bench::new();
    active(&mut bench);
    bench.command("SendDtmf#1001", "12,77");
    bench.command("SendDtmf#1001", "34,77");
    for digits in ["12", "34"] {
        assert_eq!(
            bench.reply(Answer::Accepted),
            Question::SendDigits {
                dialog: "77".into(),
                extension: "2001".into(),
                digits: digits.into(),
            }
        );
    }
    let done = bench.connector.counters().commands_done;
    bench.seconds(10);
    assert_eq!(bench.events(), Vec::<String>::new());
    assert_eq!(bench.connector.counters().commands_done, done + 2);
    assert!(
        bench
            .traces
            .iter()
            .all(|trace| !trace.detail.contains("34,77"))
    );
}

#[test]
fn digits_that_fail_late_are_told_once_and_late_failures_after_that_are_not() {
    let mut bench = Bench::new();
    active(&mut bench);
    bench.command("SendDtmf#1001", "12,77");
    bench.reply(Answer::Accepted);
    let late = || failed(About::Call("77".into()), "Generic Error", "CF_LATE");
    bench.notify(late());
    bench.notify(late());
    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].contains("#Error#CF_LATE#"));
    bench.seconds(10);
    assert!(bench.events().is_empty());
}

#[test]
fn call_data_is_answered_by_the_call_that_carries_it() {
    let mut bench = Bench::new();
    active(&mut bench);
    bench.command("UpdateCallData#1001", "77,callVariable1=red|user.x=a=b");
    let asked = bench.reply(Answer::Accepted);
    let Question::UpdateData { variables, .. } = asked else {
        panic!("{asked:?}")
    };
    let mut carried = call("ACTIVE", "ACTIVE");
    carried.variables = variables;
    bench.notify(Fact::Calls(alloc::vec![carried]));
    let events = bench.events();
    assert!(events[0].contains("callVariable1=red|"), "{events:?}");
    assert_eq!((events.len(), under_way(&bench)), (1, 0));
}

#[test]
fn call_data_that_finesse_ignores_is_an_error_after_one_look() {
    let mut bench = Bench::new();
    active(&mut bench);
    bench.command("UpdateCallData#1001", "77,user.nobody=1");
    bench.reply(Answer::Accepted);
    bench.seconds(4);
    bench.reply(Answer::Calls(alloc::vec![call("ACTIVE", "ACTIVE")]));
    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].contains("#Error#GENERAL_ERROR#"));
}

#[test]
fn wrap_up_and_recording_end_silently_and_their_refusals_are_told() {
    for (verb, body) in [("UpdateWrapup", "77,Sale"), ("StartRecording", "77")] {
        let mut bench = Bench::new();
        active(&mut bench);
        bench.notify(Fact::System(crate::connector::SystemInfo {
            platform: Some(crate::agent::Platform::Uccx),
            ..system(true)
        }));
        let jms_type = format!("{verb}#1001");
        bench.command(&jms_type, body);
        bench.reply(Answer::Accepted);
        bench.seconds(10);
        assert_eq!(bench.events(), Vec::<String>::new(), "{verb}");
        bench.command(&jms_type, body);
        bench.reply(no(501, "Not Implemented", "NOT_HERE"));
        assert_eq!(bench.events().len(), 1, "{verb}");
    }
}

#[test]
fn what_the_product_does_not_have_is_refused_without_a_question() {
    for (verb, body) in [("StartRecording", "77"), ("MakeWorkReady", "")] {
        let mut bench = Bench::new();
        active(&mut bench);
        let is_ucce = verb == "StartRecording";
        let platform = if is_ucce {
            crate::agent::Platform::Ucce
        } else {
            crate::agent::Platform::Uccx
        };
        bench.notify(Fact::System(crate::connector::SystemInfo {
            platform: Some(platform),
            ..system(true)
        }));
        bench.command(&format!("{verb}#1001"), body);
        assert!(bench.asked.is_empty(), "{verb}");
        let events = bench.events();
        assert_eq!(events.len(), 1);
        assert!(events[0].contains("#NOT_SUPPORTED#"), "{events:?}");
    }
}

#[test]
fn controls_are_those_of_the_agents_own_party() {
    let mut bench = Bench::new();
    active(&mut bench);
    bench.command("GetDialogControls#1001", "77");
    assert_eq!(
        bench.events(),
        ["siebel< 1001#DialogControls#DialogID:77#Controls:ANSWER,HOLD,DROP"]
    );
    bench.command("GetDialogControls#1001", "99");
    assert!(bench.events()[0].contains("#Error#NOT_FOUND#"));
}

#[test]
fn a_preview_is_taken_or_left() {
    for (verb, action, after) in [
        ("AcceptCall", CallAction::Accept, None),
        ("RejectCall", CallAction::Reject, Some(())),
        ("CloseCall", CallAction::Close, Some(())),
    ] {
        let mut bench = Bench::new();
        bench.with_call();
        bench.command(&format!("{verb}#1001"), "77");
        assert_eq!(bench.reply(Answer::Accepted), act("77", action));
        match after {
            None => bench.notify(Fact::Calls(alloc::vec![call("ACCEPTED", "ACCEPTED")])),
            Some(()) => {
                bench.notify(Fact::CallsRemoved(alloc::vec![call("DROPPED", "DROPPED")]));
            }
        }
        assert_eq!(bench.events().len(), 1, "{verb}");
        assert_eq!(under_way(&bench), 0, "{verb}");
    }
}
