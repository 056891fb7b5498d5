//! Requests and answers about queues, phone books, teams and supervision, there and back.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use finewire_core::agent::{AgentState, User};
use finewire_core::password::Secret;
use finewire_finesse::{
    Answer, Contact, ContactRange, Credentials, PhoneBook, Queue, ReasonCategory, Rejection,
    Request,
};

fn http(request: &Request) -> finewire_http::Request<bytes::Bytes> {
    let credentials = Credentials::basic("1001", Secret::from("x"));
    request.to_http(&credentials, None).unwrap()
}

fn all() -> Vec<(Request, &'static str)> {
    let range = ContactRange { first: 2, last: 9 };
    vec![
        (Request::Users, "GET /finesse/api/Users"),
        (
            Request::PhoneBooks {
                agent: "1001".into(),
                range: Some(range),
            },
            "GET /finesse/api/User/1001/PhoneBooks",
        ),
        (
            Request::TeamPhoneBooks {
                team: "5".into(),
                range: None,
            },
            "GET /finesse/api/TeamResource/5/PhoneBooks",
        ),
        (
            Request::TeamReasonCodes {
                team: "5".into(),
                category: ReasonCategory::Logout,
            },
            "GET /finesse/api/TeamResource/5/ReasonCodes",
        ),
        (
            Request::TeamWrapUpReasons { team: "5".into() },
            "GET /finesse/api/TeamResource/5/WrapUpReasons",
        ),
        (
            Request::Queues {
                agent: "1001".into(),
            },
            "GET /finesse/api/User/1001/Queues",
        ),
        (
            Request::Queue {
                queue: "5022".into(),
            },
            "GET /finesse/api/Queue/5022",
        ),
        (
            Request::ClientLog {
                agent: "1001".into(),
                text: "a < b".into(),
            },
            "POST /finesse/api/User/1001/ClientLog",
        ),
        (
            Request::SendTeamMessage {
                teams: vec!["5".into(), "6".into()],
                content: "Lunch & more".into(),
                seconds: 100,
            },
            "POST /finesse/api/TeamMessage",
        ),
        (
            Request::DeleteTeamMessage {
                message: "7".into(),
            },
            "DELETE /finesse/api/TeamMessage/7",
        ),
        (
            Request::SilentMonitor {
                agent: "1001".into(),
                from: "2001".into(),
                to: "2002".into(),
            },
            "POST /finesse/api/User/1001/Dialogs",
        ),
        (
            Request::Barge {
                agent: "1001".into(),
                from: "2001".into(),
                to: "2002".into(),
                dialog: "16777217".into(),
            },
            "POST /finesse/api/User/1001/Dialogs",
        ),
    ]
}

#[test]
fn each_request_has_its_place_and_is_read_back_as_it_was() {
    for (request, line) in all() {
        let http = http(&request);
        assert_eq!(format!("{} {}", http.method(), http.uri().path()), line);
        assert_eq!(Request::from_http(&http), Ok(request));
    }
}

#[test]
fn a_range_that_is_none_is_not_satisfiable() {
    for bad in [
        "objects=0-5",
        "objects=7-5",
        "bytes=1-5",
        "objects=1-",
        "objects=1-99999999999",
        "",
    ] {
        assert_eq!(ContactRange::from_header(bad), None, "{bad}");
        let mut http = http(&Request::PhoneBooks {
            agent: "1001".into(),
            range: None,
        });
        http.headers_mut().insert("range", bad.parse().unwrap());
        let rejection = Request::from_http(&http).unwrap_err();
        assert_eq!(rejection, Rejection::NotSatisfiable);
        assert_eq!(rejection.to_errors().status, Some(416));
    }
}

#[test]
fn a_team_message_needs_teams_a_text_that_is_not_too_long_and_a_time() {
    let sent = |body: &str| {
        let mut http = http(&Request::SendTeamMessage {
            teams: vec![],
            content: "".into(),
            seconds: 1,
        });
        *http.body_mut() = bytes::Bytes::from(body.to_owned());
        Request::from_http(&http)
    };
    let message = |content: &str, duration: &str, teams: &str| {
        sent(&format!(
            "<TeamMessage><content>{content}</content><duration>{duration}</duration>\
             <teams>{teams}</teams></TeamMessage>"
        ))
    };
    let team = "<team>5</team>";
    assert!(message(&"ä".repeat(255), "9", team).is_ok());
    assert_eq!(
        message(&"ä".repeat(256), "9", team),
        Err(Rejection::Invalid("content"))
    );
    assert_eq!(message("x", "9", ""), Err(Rejection::Missing("teams")));
    assert_eq!(
        message("x", "-1", team),
        Err(Rejection::Invalid("duration"))
    );
}

#[test]
fn phone_books_queues_and_users_survive_http() {
    let contact = |id: &str, number: &str| Contact {
        id: id.into(),
        first_name: "Ada".into(),
        last_name: "".into(),
        phone_number: number.into(),
        description: "a & b".into(),
    };
    let books = vec![
        PhoneBook {
            id: "3".into(),
            name: "Main".into(),
            kind: "GLOBAL".into(),
            contacts: vec![contact("31", "+1 555 0100"), contact("", "2")],
        },
        PhoneBook::default(),
    ];
    let queue = Queue {
        id: "5022".into(),
        name: "Sales".into(),
        statistics: vec![("callsInQueue".into(), "3".into())],
    };
    let user = User {
        id: "1001".into(),
        state: AgentState::Ready,
        ..User::default()
    };
    let requests = all();
    for (n, answer) in [
        (
            1,
            Answer::PhoneBooks {
                books: books.clone(),
                is_partial: true,
            },
        ),
        (
            2,
            Answer::PhoneBooks {
                books,
                is_partial: false,
            },
        ),
        (5, Answer::Queues(vec![queue.clone()])),
        (6, Answer::Queue(queue)),
        (0, Answer::Users(vec![user])),
        (7, Answer::Accepted),
    ] {
        let response = answer.to_http(None);
        let partial = matches!(answer, Answer::PhoneBooks { is_partial, .. } if is_partial);
        assert_eq!(response.status() == 206, partial);
        assert_eq!(Answer::parse(&requests[n].0, &response), Ok(answer));
    }
}
