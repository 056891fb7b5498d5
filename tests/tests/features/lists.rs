//! Lists: reasons by code, queues, phone books.

use std::time::Duration;

use finewire_core::agent::AgentState;
use finewire_core::contract::{Command as C, Event as Wire, ReasonCategory};
use finewire_simulator::Command as FinesseCommand;
use finewire_tests::world::site::{Plan, Site, tell};

fn with_reason(code: &str) -> C {
    C::MakeNotReadyWithReason { code: code.into() }
}

fn reads(site: &Site) -> usize {
    let served = site.served().into_iter();
    served
        .filter(|request| request.line.contains("ReasonCodes"))
        .count()
}

#[test]
fn reason_codes_become_ids_are_kept_and_are_read_again_for_an_unknown_code() {
    let mut site = Site::calm();
    site.be_ready(1);

    site.expect_done(tell(1, with_reason("1")));
    site.expect_done(tell(1, with_reason("3")));
    assert_eq!(reads(&site), 1, "kept");
    let truth = site.net.node(site.finesse).machine().truth();
    let reason = truth.agents[0].reason.clone().expect("a reason");
    assert_eq!(reason.id, Some("13".into()));

    let text = site.expect_refused(1, with_reason("77"));
    assert!(
        text.starts_with("NOT_FOUND") && text.contains("77"),
        "{text}"
    );
    assert_eq!(reads(&site), 2, "an unknown code is worth a look");
    site.net.run_for(Duration::from_secs(700));
    site.expect_done(tell(1, with_reason("1")));
    assert_eq!(reads(&site), 3, "old ones are read again");
    site.check_quiet();
}

#[test]
fn a_code_that_is_set_up_later_is_found() {
    let mut site = Site::calm();
    site.sign_in(1);
    // At first Finesse's list lacks it.
    site.rewrite_answers(|body| {
        let code = "<code>2</code>";
        body.contains(code)
            .then(|| body.replace(code, "<code>222</code>"))
    });
    let text = site.expect_refused(1, with_reason("2"));
    assert!(text.starts_with("NOT_FOUND"), "{text}");
    site.net.rewrite_nothing();

    site.expect_done(tell(1, with_reason("2")));

    assert_eq!(site.state(1), AgentState::NotReady);
}

#[test]
fn where_finesse_wants_a_reason_that_is_said_in_words() {
    let mut plan = Plan::calm(7);
    plan.shape.require_reason = true;
    let mut site = Site::built(&plan);
    site.be_ready(1);

    let text = site.expect_refused(1, C::MakeNotReady);
    assert!(text.contains("reason code"), "{text}");
    site.expect_done(tell(1, with_reason("1")));
    let text = site.expect_refused(1, C::Logout);
    assert!(text.contains("reason code"), "{text}");
    site.expect_done(tell(1, C::LogoutWithReason { code: "1".into() }));
    site.settle();
    assert_eq!(site.true_state(1), AgentState::Logout);
}

#[test]
fn each_category_of_reasons_has_its_own_list() {
    let mut site = Site::calm();
    site.sign_in(1);

    for command in [
        C::WrapUpReasonCodes,
        C::LogoutReasonCodes,
        C::NotReadyReasonCodes,
    ] {
        site.expect_done(tell(1, command));
    }

    let labels = |wanted: ReasonCategory| {
        let events = site.events_to(1).into_iter();
        let found = events.filter_map(|event| match event {
            Wire::ReasonCodes { category, reasons } if *category == wanted => {
                Some(reasons.iter().map(|(_, label)| label.as_str().to_owned()))
            }
            _ => None,
        });
        found.flatten().collect::<Vec<_>>()
    };
    assert_eq!(
        labels(ReasonCategory::WrapUp),
        ["Sale", "Complaint", "Other"]
    );
    assert!(labels(ReasonCategory::Logout).contains(&"End of shift".to_owned()));
    assert!(labels(ReasonCategory::NotReady).contains(&"Lunch".to_owned()));
    assert!(!labels(ReasonCategory::NotReady).contains(&"End of shift".to_owned()));
}

#[test]
fn queues_tell_who_waits_on_ucce_and_uccx_has_no_numbers() {
    let mut site = Site::calm();
    site.sign_in(1);
    for _ in 0..3 {
        let call = FinesseCommand::PlaceCall {
            to: "8001".into(),
            from: "5551234".into(),
        };
        site.order(call);
    }
    site.net.run_for(Duration::from_secs(2));

    site.expect_done(tell(1, C::GetQueueList));

    let queues = site.events_to(1).into_iter().find_map(|event| match event {
        Wire::QueueList(queues) => Some(queues.clone()),
        _ => None,
    });
    let queues = queues.expect("a list");
    let sales = queues
        .iter()
        .find(|queue| queue.name == "Sales")
        .expect("a queue");
    assert_eq!(sales.calls_in_queue, Some(3));
    assert_eq!(sales.agents_not_ready, Some(1));
    assert!(sales.longest_call_since.is_some());

    let mut site = Site::built(&Plan::express(7));
    site.sign_in(1);
    site.expect_done(tell(1, C::GetQueueList));
    let statistics = |event: &Wire| {
        matches!(event, Wire::QueueList(queues)
            if queues.iter().any(|queue| queue.calls_in_queue.is_some()))
    };
    assert_eq!(site.count(1, statistics), 0, "nothing is made up");
}

#[test]
fn phone_books_and_their_contacts_are_found_by_id_and_by_name() {
    let mut site = Site::calm();
    site.sign_in(1);
    site.expect_done(tell(1, C::GetPhonebooks));
    let team = "1".into();
    site.expect_done(tell(1, C::GetTeamPhonebooks { team }));
    for book in ["31", "Company", "4711"] {
        let book = book.into();
        site.expect_done(tell(1, C::GetPhonebookContacts { book }));
    }

    let events = site.events_to(1);
    let books = events.iter().find_map(|event| match event {
        Wire::Phonebooks(books) => Some(books.len()),
        _ => None,
    });
    assert_eq!(books, Some(2), "everybody's and the team's");
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Wire::TeamPhonebooks(b) if !b.is_empty()))
    );
    let contacts: Vec<usize> = events
        .iter()
        .filter_map(|event| match event {
            Wire::PhonebookContacts(contacts) => Some(contacts.len()),
            _ => None,
        })
        .collect();
    assert_eq!(contacts, [2, 2, 0]);
    let desk = events.iter().any(|event| {
        matches!(event, Wire::PhonebookContacts(contacts)
            if contacts.iter().any(|contact| contact.phone_number == "5550001"))
    });
    assert!(desk);
}
