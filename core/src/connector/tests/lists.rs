//! Lists, and what supervisors do.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::bench::*;
use crate::agent::{AgentState, CallAction, Dialog, User};
use crate::connector::{Answer, Fact, List, Question, ReasonCode, ReplyKind, ReplyTo, Signal};
use crate::contract::{Contact, Phonebook, QueueStatistics, ReasonCategory};

fn under_way(bench: &Bench) -> usize {
    bench.connector.agent(&"1001".into()).unwrap().commands
}

fn member(state: &str) -> User {
    User {
        id: "1002".into(),
        first_name: "Bob".into(),
        state: AgentState::from_wire(state),
        extension: Some("2002".into()),
        ..User::default()
    }
}

fn members(state: &str) -> Answer {
    Answer::List(List::Members(alloc::vec![member(state)]))
}

fn books() -> Answer {
    let book = Phonebook {
        name: "Main".into(),
        scope: "GLOBAL".into(),
        id: "7".into(),
    };
    let contact = Contact {
        phone_number: "100".into(),
        ..Contact::default()
    };
    Answer::List(List::Phonebooks(alloc::vec![(book, alloc::vec![contact])]))
}

#[test]
fn reasons_are_told_by_category_and_read_once_in_a_while() {
    for (verb, category, told) in [
        ("wrapupreasoncode", ReasonCategory::WrapUp, "WrapUp"),
        ("reasoncodelogout", ReasonCategory::Logout, "LOGOUT"),
        ("reasoncodenotready", ReasonCategory::NotReady, "NOT_READY"),
    ] {
        let mut bench = Bench::new();
        bench.sign_in();
        let jms_type = alloc::format!("{verb}#1001");
        bench.command(&jms_type, "");
        assert_eq!(
            bench.reply(lunch()),
            Question::Reasons("1001".into(), category)
        );
        bench.command(&jms_type, "");
        let wanted = alloc::format!("siebel< 1001#ReasonCodes#{told}#codes:10#labels:Lunch");
        assert_eq!(bench.events(), [wanted.clone(), wanted]);
        bench.seconds(700);
        while bench.asked.pop_front().is_some() {}
        bench.command(&jms_type, "");
        assert!(
            matches!(bench.question().1, Question::Reasons(..)),
            "{verb}"
        );
    }
}

#[test]
fn a_code_that_is_not_among_the_kept_ones_is_looked_up_again() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("reasoncodenotready#1001", "");
    bench.reply(lunch());
    bench.command("MakeNotReadyWithReason#1001", "11");
    bench.reply(Answer::Reasons(alloc::vec![ReasonCode {
        id: "17".into(),
        code: "11".into(),
        label: "Tea".into(),
    }]));
    let (_, asked) = bench.question();
    assert!(matches!(asked, Question::ChangeState { reason: Some(id), .. } if id == "17"));
}

#[test]
fn queues_and_phone_books_are_told_in_one_event_each() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("getqueuelist#1001", "");
    let queue = QueueStatistics {
        name: "Sales".into(),
        calls_in_queue: Some(3),
        ..QueueStatistics::default()
    };
    let queues = List::Queues(alloc::vec![queue]);
    assert_eq!(
        bench.reply(Answer::List(queues)),
        Question::Queues("1001".into())
    );
    bench.command("GetPhonebooks#1001", "");
    assert_eq!(bench.reply(books()), Question::Phonebooks("1001".into()));
    bench.command("GetTeamPhonebooks#1001", "5");
    assert_eq!(bench.reply(books()), Question::TeamPhonebooks("5".into()));
    bench.command("GetPhonebookContacts#1001", "7");
    bench.reply(books());
    bench.command("GetPhonebookContacts#1001", "8");
    bench.reply(books());
    let events = bench.events();
    let starts = [
        "siebel< 1001#QueueList#",
        "siebel< 1001#Phonebooks#",
        "siebel< 1001#TeamPhoneBooks#",
        "siebel< 1001#PhonebookContacts#",
        "siebel< 1001#PhonebookContacts#NoContactFound",
    ];
    assert_eq!(events.len(), starts.len(), "{events:?}");
    for (event, start) in events.iter().zip(starts) {
        assert!(event.starts_with(start), "{event}");
    }
    assert!(events[3].contains("100"));
}

#[test]
fn a_list_does_not_hold_up_a_state_change() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("GetPhonebooks#1001", "");
    bench.command("MakeReady#1001", "");
    assert_eq!(bench.asked.len(), 2);
}

#[test]
fn a_refused_list_is_one_error() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("getteamusers#1001", "5");
    bench.reply(no(401, "Invalid Supervisor", "not yours"));
    assert!(bench.events()[0].contains("#Error#"));
    assert_eq!(under_way(&bench), 0);
}

#[test]
fn teams_that_finesse_does_not_show_take_up_no_room_among_those_that_are_followed() {
    let mut bench = Bench::new();
    bench.sign_in();
    for team in 0..100 {
        bench.command("getteamusers#1001", &format!("no{team},true"));
        bench.reply(no(404, "Not Found", "no such team"));
        assert!(bench.events()[0].contains("#Error#NOT_FOUND#"));
    }
    for team in 0..64 {
        bench.command("getteamusers#1001", &format!("{team},true"));
        bench.reply(members("NOT_READY"));
        assert!(bench.events()[0].contains("#TeamUsersList#"));
    }
    bench.command("getteamusers#1001", "64,true");
    assert!(bench.events()[0].contains("#Error#GENERAL_ERROR#Too many teams"));
    bench.command("getteamusers#1001", "63,true");
    bench.reply(members("NOT_READY"));
    assert!(
        bench.events()[0].contains("#TeamUsersList#"),
        "followed already"
    );
}

#[test]
fn a_team_whose_list_cannot_be_had_just_now_is_followed_still() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("getteamusers#1001", "5,true");
    bench.reply(members("NOT_READY"));
    bench.command("getteamusers#1001", "5,true");
    bench.reply(no(503, "Service Unavailable", "later"));
    bench.events();

    bench.notify(Fact::Members("5".into(), alloc::vec![member("READY")]));
    assert!(bench.events()[0].starts_with("siebel< 1001#State#READY#"));
}

#[test]
fn a_change_that_was_told_while_the_list_was_read_is_not_undone_by_it() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("getteamusers#1001", "5,true");
    bench.notify(Fact::Members("5".into(), alloc::vec![member("READY")]));
    assert_eq!(
        bench.events(),
        Vec::<String>::new(),
        "not known to be a member"
    );
    bench.reply(members("NOT_READY"));

    assert!(bench.events()[0].contains("state:READY"));
    let known: Vec<_> = bench.connector.followed_by(&"1001".into()).collect();
    assert_eq!(known, [(&"1002".into(), &AgentState::Ready)]);
}

#[test]
fn members_of_a_followed_team_are_told_as_they_change_and_others_are_not() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("getteamusers#1001", "5,true");
    assert_eq!(bench.followed, [("1001".into(), "5".into())]);
    assert_eq!(
        bench.reply(members("NOT_READY")),
        Question::Team("5".into())
    );
    let events = bench.events();
    assert!(events[0].starts_with("siebel< 1001#TeamUsersList#"));
    let mut stranger = member("READY");
    stranger.id = "1003".into();
    bench.notify(Fact::Members("6".into(), alloc::vec![stranger]));
    bench.notify(Fact::Members("5".into(), alloc::vec![member("NOT_READY")]));
    assert_eq!(bench.events(), Vec::<String>::new());
    bench.notify(Fact::Members("5".into(), alloc::vec![member("READY")]));
    let events = bench.events();
    assert!(
        events[0].starts_with("siebel< 1001#State#READY#"),
        "{events:?}"
    );
    assert!(events[0].contains("#1002#2002"), "{events:?}");
}

#[test]
fn who_joins_a_followed_team_is_told_and_who_leaves_it_is_nobody_to_the_supervisor() {
    let newcomer = || User {
        id: "1003".into(),
        ..member("READY")
    };
    let joins: [fn(User) -> Fact; 2] = [
        |user| Fact::Members("5".into(), alloc::vec![user]),
        |user| Fact::Team("5".into(), alloc::vec![user, member("NOT_READY")]),
    ];
    let leaves: [fn() -> Fact; 2] = [
        || Fact::MemberLeft("5".into(), "1003".into()),
        || Fact::Team("5".into(), alloc::vec![member("NOT_READY")]),
    ];
    for (join, leave) in joins.into_iter().zip(leaves) {
        let mut bench = Bench::new();
        bench.sign_in();
        bench.command("getteamusers#1001", "5,true");
        bench.reply(members("NOT_READY"));
        bench.events();

        bench.notify(join(newcomer()));
        let events = bench.events();
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].starts_with("siebel< 1001#State#READY#"));
        assert!(events[0].contains("#1003#"), "{events:?}");
        bench.deliver("MakeNotReady#1003", "", None, Some("c3"));
        assert!(matches!(
            bench.reply(Answer::Accepted),
            Question::ChangeState { ref agent, .. } if *agent == "1003"
        ));
        let mut changed = newcomer();
        changed.state = AgentState::NotReady;
        bench.notify(Fact::Members("5".into(), alloc::vec![changed]));
        assert_eq!(bench.sent.back().unwrap().correlation, Some("c3".into()));
        assert_eq!(bench.events().len(), 1, "told and answered by one event");

        bench.notify(leave());
        bench.notify(Fact::MemberLeft("6".into(), "1002".into()));
        assert_eq!(bench.events(), Vec::<String>::new());
        bench.command("MakeReady#1003", "");
        assert!(bench.asked.is_empty(), "left the team");
        bench.command("MakeReady#1002", "");
        assert_eq!(bench.asked.len(), 1, "is in it still");
    }
}

#[test]
fn a_supervisor_in_the_followed_team_is_not_told_the_own_state_as_a_members_too() {
    let mut bench = Bench::new();
    bench.sign_in();
    let own = |state: &str| User {
        id: "1001".into(),
        ..member(state)
    };
    bench.command("getteamusers#1001", "5,true");
    bench.reply(Answer::List(List::Members(alloc::vec![own("NOT_READY")])));
    bench.events();

    bench.notify(Fact::Members("5".into(), alloc::vec![own("READY")]));

    assert_eq!(bench.events(), Vec::<String>::new());
}

#[test]
fn a_team_that_is_not_followed_tells_nothing() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("getteamusers#1001", "5");
    bench.reply(members("NOT_READY"));
    bench.events();
    bench.notify(Fact::Members("5".into(), alloc::vec![member("READY")]));
    assert!(bench.followed.is_empty());
    assert_eq!(bench.events(), Vec::<String>::new());
}

#[test]
fn a_supervisor_changes_the_state_of_an_agent_of_the_own_team_in_the_own_name() {
    for (verb, word) in [
        ("MakeReady", "READY"),
        ("MakeNotReady", "NOT_READY"),
        ("Logout", "LOGOUT"),
    ] {
        let mut bench = Bench::new();
        bench.sign_in();
        bench.command("getteamusers#1001", "5,true");
        bench.reply(members("WORK"));
        bench.events();
        bench.command(&alloc::format!("{verb}#1002"), "");
        let (id, asked, password) = bench.asked.pop_front().expect("a question");
        let target = match asked {
            Question::ChangeState { agent, reason, .. } | Question::SignOut { agent, reason } => {
                assert_eq!(reason, None, "a supervisor gives no reason");
                agent
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(target, "1002");
        assert_eq!(password.as_deref(), Some(PASSWORD), "the supervisor's");
        bench.answer(id, Answer::Accepted);
        bench.notify(Fact::Members("5".into(), alloc::vec![member(word)]));
        assert!(!bench.events().is_empty(), "{verb}");
        assert_eq!(under_way(&bench), 0, "{verb}");
    }
}

#[test]
fn without_a_notification_the_team_is_read_to_see_the_members_state() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("getteamusers#1001", "5");
    bench.reply(members("READY"));
    bench.events();
    bench.command("MakeNotReady#1002", "");
    bench.reply(Answer::Accepted);
    bench.seconds(4);
    assert_eq!(
        bench.reply(members("NOT_READY")),
        Question::Team("5".into())
    );
    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with("siebel< 1001#State#NOT_READY#"));
}

#[test]
fn an_agent_of_no_team_list_is_nobodys_to_change() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("MakeReady#1002", "");
    assert!(bench.asked.is_empty());
    assert_eq!(bench.connector.counters().commands_dropped, 1);
}

#[test]
fn who_barges_in_may_name_either_call_and_finesse_is_told_the_one_listened_to() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("silentmonitor#1001", "2002");
    let _ = bench.reply(Answer::Accepted);
    bench.notify(Fact::Calls(alloc::vec![Dialog {
        associated: Some("89".into()),
        ..monitored()
    }]));
    for named in ["90", "89"] {
        bench.command("bargein#1001", &alloc::format!("2002,{named}"));
        let asked = bench.reply(no(400, "Invalid State", "not now"));
        assert!(
            matches!(asked, Question::BargeIn { ref dialog, .. } if *dialog == "89"),
            "{asked:?}"
        );
    }
    bench.events();
    bench.command("bargein#1001", "2002,88");
    assert!(bench.events()[0].contains("#Error#NOT_FOUND#"));
}

fn monitored() -> Dialog {
    Dialog {
        id: "90".into(),
        from: "2001".into(),
        to: "2002".into(),
        participants: alloc::vec![party("2001", "ACTIVE"), party("2002", "ACTIVE")],
        ..call("ACTIVE", "ACTIVE")
    }
}

#[test]
fn a_supervisor_listens_joins_and_drops() {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("silentmonitor#1001", "2002");
    assert_eq!(
        bench.reply(Answer::Accepted),
        Question::Monitor {
            agent: "1001".into(),
            from: "2001".into(),
            to: "2002".into(),
        }
    );
    bench.notify(Fact::Calls(alloc::vec![monitored()]));
    let events = bench.events();
    assert!(events[0].contains("#CallType:SM#"), "{events:?}");

    bench.command("bargein#1001", "2002,90");
    let asked = bench.reply(Answer::Accepted);
    assert!(matches!(asked, Question::BargeIn { ref dialog, .. } if *dialog == "90"));
    let mut joined = monitored();
    joined.participants.push(party("0301", "ACTIVE"));
    bench.notify(Fact::Calls(alloc::vec![joined.clone()]));
    let events = bench.events();
    assert!(!events[0].contains("#CallType:SM#"), "{events:?}");
    assert_eq!(under_way(&bench), 0);

    bench.command("dropparticipant#1001", "2002,90");
    assert_eq!(
        bench.reply(no(400, "Invalid State", "not the controller")),
        Question::Act {
            dialog: "90".into(),
            action: CallAction::ParticipantDrop,
            extension: "2002".into(),
        }
    );
    assert!(bench.events()[0].contains("#Control#"));

    bench.command("dropparticipant#1001", "2002,90");
    bench.reply(Answer::Accepted);
    joined.participants.remove(1);
    bench.notify(Fact::Calls(alloc::vec![joined]));
    assert!(bench.events()[0].contains("#InboundCall#ACTIVE#DialogID:90#"));

    bench.command("endsilentmonitor#1001", "90");
    bench.reply(Answer::Accepted);
    bench.notify(Fact::CallsRemoved(alloc::vec![monitored()]));
    assert!(bench.events()[0].contains("#InboundCall#DROPPED#DialogID:90#"));
    assert_eq!(under_way(&bench), 0);
}

/// Supervisor 1001 at `siebel` knows agent 1002, whose own driver is `other`.
fn agent_with_a_driver_of_its_own() -> Bench {
    let mut bench = Bench::new();
    bench.sign_in();
    bench.command("getteamusers#1001", "5");
    bench.reply(members("NOT_READY"));
    bench.command("Connect#1002", "other,Own1");
    bench.reply(Answer::User(member("NOT_READY")));
    bench.signal(Signal::SubscriptionUp("1002".into()));
    bench.events();
    bench
}

fn reply_to(name: &str) -> ReplyTo {
    ReplyTo {
        name: name.into(),
        kind: ReplyKind::Topic,
    }
}

#[test]
fn a_supervisors_command_that_names_the_supervisors_destination_is_asked_and_answered_there() {
    let mut bench = agent_with_a_driver_of_its_own();

    bench.deliver("MakeReady#1002", "", Some(reply_to("siebel")), Some("c1"));
    let (asked, question, by) = bench.asked.pop_front().unwrap();
    assert!(matches!(question, Question::ChangeState { ref agent, .. } if *agent == "1002"));
    assert_eq!(by.as_deref(), Some(PASSWORD), "in the supervisor's name");
    bench.answer(asked, no(401, "Invalid Supervisor", "not yours"));

    let events = bench.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with("siebel< "), "{events:?}");
    assert!(events[0].contains("#Error#"), "{events:?}");
}

#[test]
fn a_command_with_the_id_of_a_connected_agent_is_the_agents_own_unless_it_names_a_supervisor() {
    for named in [None, Some(reply_to("other")), Some(reply_to("somebody"))] {
        let mut bench = agent_with_a_driver_of_its_own();

        bench.deliver("MakeReady#1002", "", named, None);
        let (asked, _, by) = bench.asked.pop_front().unwrap();
        assert_eq!(by.as_deref(), Some("Own1"), "in the agent's own name");
        bench.answer(asked, no(401, "Invalid State", "not now"));

        let events = bench.events();
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].starts_with("other< 1002#Error#"), "{events:?}");
    }
}
