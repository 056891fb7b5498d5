//! Phone books, users, teams, team messages, logs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_finesse::{Answer, ContactRange, Request, Update, UpdateData, UpdateMethod};
use office::centre::*;
use office::{Office, config};

#[test]
fn phone_books_come_whole_or_in_parts() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit("1001002");
    let books = |range| Request::PhoneBooks {
        agent: "1001002".into(),
        range,
    };
    let names = |answer: Answer| match answer {
        Answer::PhoneBooks { books, is_partial } => {
            let contacts = books.iter().flat_map(|book| &book.contacts);
            let numbers: Vec<_> = contacts.map(|one| one.phone_number.to_string()).collect();
            (numbers, is_partial)
        }
        other => panic!("{other:?}"),
    };
    let whole = office.ask(seat, &books(None));
    assert_eq!(
        names(whole),
        (
            vec!["5550001".into(), "5550002".into(), "8002".into()],
            false
        )
    );
    let part = office.ask(seat, &books(Some(ContactRange { first: 2, last: 2 })));
    assert_eq!(names(part), (vec!["5550002".into()], true));
    let beyond = office.ask(seat, &books(Some(ContactRange { first: 4, last: 9 })));
    assert_eq!(status(&beyond).0, 416);
    let team = Request::TeamPhoneBooks {
        team: "1".into(),
        range: None,
    };
    assert_eq!(names(office.ask(seat, &team)).0.len(), 3);
    let unknown = Request::TeamPhoneBooks {
        team: "9".into(),
        range: None,
    };
    assert_eq!(
        status(&office.ask(seat, &unknown)),
        (404, "TeamId Not Found".into())
    );
}

#[test]
fn users_are_for_the_administrator_and_teams_for_their_supervisor() {
    let mut office = Office::new(config(), 2);
    let (one, two) = (office.sit("1001001"), office.sit("1001002"));
    let Answer::Users(users) = office.ask(one, &Request::Users) else {
        panic!()
    };
    assert_eq!(users.len(), 10);
    assert_eq!(status(&office.ask(two, &Request::Users)).0, 401);
    let team = Request::Team { team: "1".into() };
    let Answer::Team(_, members) = office.ask(one, &team) else {
        panic!()
    };
    assert_eq!(members.len(), 10);
    assert_eq!(status(&office.ask(two, &team)).0, 401);
}

#[test]
fn a_supervisor_sends_the_team_a_message_and_takes_it_back() {
    let mut office = Office::new(config(), 3);
    let (one, two) = (office.sit("1001001"), office.sit("1001002"));
    let message = |team: &str, seconds| Request::SendTeamMessage {
        teams: vec![team.into()],
        content: "Lunch".into(),
        seconds,
    };
    assert_eq!(status(&office.ask(two, &message("1", 9))).0, 401);
    assert_eq!(
        status(&office.ask(one, &message("7", 9))),
        (404, "TeamId Not Found".into())
    );
    let response = office.ask_http(one, &message("1", 60), None);
    assert_eq!(response.status(), 200, "the guide has it so");
    office.tell(one, &message("1", 5));
    assert_eq!(office.truth().messages.len(), 2);
    office.pass(6 * SECOND);
    let shown = office.truth().messages;
    assert_eq!(shown.len(), 1, "the other's time is over");
    let back = Request::DeleteTeamMessage {
        message: shown[0].0.clone(),
    };
    assert_eq!(status(&office.ask(two, &back)).0, 401);
    office.tell(one, &back);
    assert_eq!(office.truth().messages, []);
    assert_eq!(status(&office.ask(one, &back)).0, 404);
}

#[test]
fn a_clients_log_is_taken_and_nothing_comes_of_it() {
    let mut office = Office::new(config(), 4);
    let seat = office.sit("1001002");
    let log = Request::ClientLog {
        agent: "1001002".into(),
        text: "it works".into(),
    };
    office.tell(seat, &log);
    assert!(office.updates(seat).is_empty());
}

#[test]
fn who_subscribed_is_told_of_a_teams_messages_and_members_read_them() {
    let mut office = Office::new(config(), 3);
    let (one, two) = (office.sit("1001001"), office.sit("1001002"));
    subscribe(&mut office, two, "/finesse/api/Team/1/TeamMessages");
    let message = Request::SendTeamMessage {
        teams: vec!["1".into()],
        content: "Lunch <at> 12".into(),
        seconds: 60,
    };
    office.tell(one, &message);
    let shown = |update: &Update| match &update.data {
        UpdateData::TeamMessage(message) => (update.method, (**message).clone()),
        other => panic!("{other:?}"),
    };
    let told: Vec<_> = office.updates(two).iter().map(shown).collect();
    assert_eq!(told.len(), 1);
    let (method, first) = &told[0];
    assert_eq!(*method, UpdateMethod::Post);
    assert_eq!(
        (&first.content, &first.by),
        (&"Lunch <at> 12".into(), &"1001001".into())
    );
    assert_eq!(first.first_name, *"Ines");
    assert_eq!((first.seconds, first.teams.len()), (60, 1));

    let read = Request::TeamMessages { team: "1".into() };
    let Answer::TeamMessages(read_messages) = office.ask(two, &read) else {
        panic!()
    };
    assert_eq!(
        read_messages,
        core::slice::from_ref(first),
        "what is read is what was told"
    );
    let unknown = Request::TeamMessages { team: "7".into() };
    assert_eq!(status(&office.ask(two, &unknown)).0, 404);

    office.pass(61 * SECOND);
    let told: Vec<_> = office.updates(two).iter().map(shown).collect();
    assert_eq!(told, [(UpdateMethod::Delete, first.clone())]);
    let gone = office.ask(two, &read);
    assert!(matches!(gone, Answer::TeamMessages(none) if none.is_empty()));
}

#[test]
fn a_reason_is_read_alone_by_its_id() {
    let mut office = Office::new(config(), 3);
    let seat = office.sit("1001002");
    let agent = || "1001002".into();
    let code = |id: &str| Request::ReasonCode {
        agent: agent(),
        reason: id.into(),
    };
    let Answer::ReasonCode(lunch) = office.ask(seat, &code("12")) else {
        panic!()
    };
    assert_eq!((lunch.label, lunch.code), ("Lunch".into(), "2".into()));
    assert_eq!(
        status(&office.ask(seat, &code("2"))).0,
        404,
        "an id, no code"
    );
    let reason = |id: &str| Request::WrapUpReason {
        agent: agent(),
        reason: id.into(),
    };
    let Answer::WrapUpReason(sale) = office.ask(seat, &reason("205")) else {
        panic!()
    };
    assert_eq!((sale.id, sale.label), ("205".into(), "Sale".into()));
    assert_eq!(status(&office.ask(seat, &reason("1"))).0, 404);
}
