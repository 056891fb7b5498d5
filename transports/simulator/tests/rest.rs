//! The REST interface: who may do what, and what is refused at once.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use core::time::Duration;

use finewire_core::agent::{AgentState, CallAction, Extension};
use finewire_core::password::Secret;
use finewire_finesse::{
    Answer, ApiError, ApiErrors, Credentials, ReasonCategory, Request, ServiceStatus,
};
use finewire_http::{Bytes, http};
use finewire_simulator::{Command, Knobs, PASSWORD};
use office::{Office, Seat, config};

fn user(agent: &str) -> Request {
    Request::User {
        agent: agent.into(),
    }
}

fn triple(answer: &Answer) -> (u16, String, String, String) {
    let (Answer::Refused(errors) | Answer::Unauthorized(errors) | Answer::Unavailable(errors)) =
        answer
    else {
        panic!("not refused: {answer:?}");
    };
    let ApiError {
        error_type,
        message,
        data,
        ..
    } = errors.first().cloned().unwrap_or_default();
    let text = |text: finewire_core::agent::Text| text.as_str().to_owned();
    (
        errors.status.unwrap(),
        text(error_type),
        text(message),
        text(data),
    )
}

fn refused(
    status: u16,
    error_type: &str,
    message: &str,
    data: &str,
) -> (u16, String, String, String) {
    (status, error_type.into(), message.into(), data.into())
}

fn with(office: &mut Office, seat: Seat, user: &str, password: &str) {
    office.clients[seat].credentials = Credentials::basic(user, Secret::from(password));
}

fn raw(
    office: &mut Office,
    seat: Seat,
    method: &str,
    path: &str,
    body: &str,
) -> http::Response<Bytes> {
    let header = office.clients[seat]
        .credentials
        .to_header()
        .unwrap()
        .unwrap();
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", header);
    let number = office.send_http(seat, request.body(Bytes::from(body.to_owned())).unwrap());
    office.answer(seat, number)
}

#[test]
fn system_info_needs_no_credentials_and_names_domain_and_ports() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("1001001", PASSWORD, "test");
    office.clients[seat].credentials = Credentials::Anonymous;
    let Answer::SystemInfo(info) = office.ask(seat, &Request::SystemInfo) else {
        panic!()
    };
    assert_eq!(info.status, ServiceStatus::InService);
    assert_eq!(info.xmpp_domain, Some("finesse.example".into()));
    assert_eq!(
        info.xmpp_pubsub_domain,
        Some("pubsub.finesse.example".into())
    );
    assert_eq!(info.primary.unwrap().xmpp_port, Some(office::XMPP));
    let answer = office.ask(seat, &user("1001001"));
    assert_eq!(
        triple(&answer),
        refused(401, "Authorization Failure", "Unauthorized", "")
    );
}

#[test]
fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("1001001", "wrong", "test");
    let wrong = office.ask(seat, &user("1001001"));
    assert_eq!(
        triple(&wrong),
        refused(401, "Authorization Failure", "UNAUTHORIZED", "1001001")
    );
    with(&mut office, seat, "4711", "wrong");
    let unknown = office.ask(seat, &user("4711"));
    assert_eq!(
        triple(&unknown),
        refused(401, "Authorization Failure", "UNAUTHORIZED", "4711")
    );
}

#[test]
fn five_wrong_passwords_lock_the_account_for_five_minutes_even_for_the_right_one() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("1001001", PASSWORD, "test");
    with(&mut office, seat, "1001001", "wrong");
    for _ in 0..5 {
        assert_eq!(triple(&office.ask(seat, &user("1001001"))).0, 401);
    }
    with(&mut office, seat, "1001001", PASSWORD);
    assert_eq!(triple(&office.ask(seat, &user("1001001"))).0, 401);
    office.pass(Duration::from_secs(299));
    assert_eq!(triple(&office.ask(seat, &user("1001001"))).0, 401);
    office.pass(Duration::from_secs(2));
    assert!(matches!(
        office.ask(seat, &user("1001001")),
        Answer::User(_)
    ));
}

#[test]
fn an_agent_sees_only_the_own_user_and_a_supervisor_the_whole_team() {
    let mut office = Office::new(config(), 1);
    let agent = office.sit_with("1001002", PASSWORD, "test");
    let message = "The user specified in the authentication credentials and the uri don't match";
    let wanted = refused(
        401,
        "Invalid Authorization User Specified",
        message,
        "1001003",
    );
    assert_eq!(triple(&office.ask(agent, &user("1001003"))), wanted);
    let unknown = refused(404, "User Not Found", "UNKNOWN_USER", "4711");
    assert_eq!(triple(&office.ask(agent, &user("4711"))), unknown);
    let supervisor = office.sit_with("1001001", PASSWORD, "test");
    assert!(matches!(
        office.ask(supervisor, &user("1001003")),
        Answer::User(_)
    ));
    let Answer::Team(team, users) = office.ask(supervisor, &Request::Team { team: "1".into() })
    else {
        panic!()
    };
    assert_eq!((team.name, users.len()), ("Blue".into(), 10));
    assert_eq!(
        triple(&office.ask(agent, &Request::Team { team: "1".into() })).0,
        401
    );
}

#[test]
fn the_login_name_finds_the_login_id() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("1001001", PASSWORD, "test");
    with(&mut office, seat, "ines.abel", PASSWORD);
    let Answer::User(found) = office.ask(seat, &user("ines.abel")) else {
        panic!()
    };
    assert_eq!(found.id, "1001001");
}

#[test]
fn paths_methods_and_bodies_that_are_wrong_get_the_documented_answers() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("1001001", PASSWORD, "test");
    let path = "/finesse/api/User/1001001";
    assert_eq!(
        raw(&mut office, seat, "GET", "/finesse/api/Nothing", "").status(),
        404
    );
    let wrong_method = raw(&mut office, seat, "POST", path, "");
    assert_eq!(wrong_method.status(), 405);
    assert_eq!(wrong_method.headers()["allow"], "GET,OPTIONS,HEAD,PUT");
    let put = |office: &mut Office, body: &str| {
        let response = raw(office, seat, "PUT", path, body);
        triple(&Answer::parse(&user("1001001"), &response).unwrap())
    };
    assert_eq!(put(&mut office, "<User><state>").1, "Bad Request");
    assert_eq!(
        put(&mut office, "<Dialog><state>READY</state></Dialog>").1,
        "Bad Request"
    );
    let wanted = refused(400, "Parameter Missing", "State Parameter missing", "state");
    assert_eq!(put(&mut office, "<User></User>"), wanted);
    let wanted = refused(
        400,
        "Invalid Input",
        "Invalid State specified for user",
        "state",
    );
    assert_eq!(
        put(&mut office, "<User><state>SLEEPING</state></User>"),
        wanted
    );
    let (status, error_type, _, data) = put(&mut office, "<User><state>LOGIN</state></User>");
    assert_eq!(
        (status, &*error_type, &*data),
        (400, "Parameter Missing", "extension")
    );
}

#[test]
fn a_call_to_oneself_and_a_call_that_is_not_there_are_refused_at_once() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("1001001", PASSWORD, "test");
    let call = Request::MakeCall {
        agent: "1001001".into(),
        from: "2001".into(),
        to: "2001".into(),
        variables: vec![],
    };
    let answer = triple(&office.ask(seat, &call));
    assert_eq!((answer.0, &*answer.1), (400, "Invalid Destination"));
    let act = Request::act("4711".into(), CallAction::Answer, Extension::from("2001"));
    let wanted = refused(
        404,
        "Not Found",
        "Invalid dialogId specified for dialog",
        "",
    );
    assert_eq!(triple(&office.ask(seat, &act)), wanted);
}

#[test]
fn reasons_are_checked_and_required_where_configured() {
    let mut config = config();
    config.require_reason = true;
    let mut office = Office::new(config, 1);
    let seat = office.sit_with("1001001", PASSWORD, "test");
    let not_ready = |id: Option<&str>| Request::ChangeState {
        agent: "1001001".into(),
        state: AgentState::NotReady,
        reason_id: id.map(Into::into),
    };
    let wanted = refused(
        400,
        "Parameter Missing",
        "The state change requires a valid reason code.",
        "finesse.api.reasoncode.require_reasoncode",
    );
    assert_eq!(triple(&office.ask(seat, &not_ready(None))), wanted);
    assert_eq!(
        triple(&office.ask(seat, &not_ready(Some("4711")))).1,
        "Invalid Input"
    );
    assert_eq!(
        triple(&office.ask(seat, &not_ready(Some("21")))).1,
        "Invalid Input"
    );
    assert_eq!(office.ask(seat, &not_ready(Some("11"))), Answer::Accepted);
    let codes = Request::ReasonCodes {
        agent: "1001001".into(),
        category: ReasonCategory::NotReady,
    };
    let Answer::ReasonCodes(codes) = office.ask(seat, &codes) else {
        panic!()
    };
    let labels: Vec<_> = codes.iter().map(|code| code.label.as_str()).collect();
    assert_eq!(labels, ["Break", "Lunch", "Meeting"]);
    let reasons = Request::WrapUpReasons {
        agent: "1001001".into(),
    };
    let Answer::WrapUpReasons(reasons) = office.ask(seat, &reasons) else {
        panic!()
    };
    assert_eq!(reasons[0].label, "Sale");
}

#[test]
fn out_of_service_refuses_everything_but_system_info() {
    let mut office = Office::new(config(), 1);
    let seat = office.sit_with("1001001", PASSWORD, "test");
    office.order(Command::SetInService(false));
    let answer = office.ask(seat, &user("1001001"));
    let wanted = refused(503, "Service Unavailable", "SERVER_OUT_OF_SERVICE", "");
    assert_eq!(triple(&answer), wanted);
    assert!(matches!(answer, Answer::Unavailable(_)));
    let Answer::SystemInfo(info) = office.ask(seat, &Request::SystemInfo) else {
        panic!()
    };
    assert_eq!(info.status, ServiceStatus::OutOfService);
    office.order(Command::SetInService(true));
    assert!(matches!(
        office.ask(seat, &user("1001001")),
        Answer::User(_)
    ));
}

#[test]
fn knobs_of_the_rest_interface_show_in_its_answers() {
    let mut config = config();
    config.knobs = Knobs::default();
    config.knobs.moved_to = Some("https://finesse.example:8445/".into());
    let mut office = Office::new(config, 1);
    let seat = office.sit_with("1001001", PASSWORD, "test");
    let moved = Answer::Moved("https://finesse.example:8445/".into());
    assert_eq!(office.ask(seat, &user("1001001")), moved);
    let mut knobs = Knobs::default();
    knobs.slow_rest = Some(Duration::from_secs(5));
    knobs.ok_instead_of_accepted = true;
    office.order(Command::SetKnobs(Box::new(knobs)));
    let before = office.now;
    let sign_in = Request::SignIn {
        agent: "1001001".into(),
        extension: "2001".into(),
        mobile: None,
    };
    assert_eq!(office.ask_http(seat, &sign_in, None).status(), 200);
    assert!(office.now - before >= Duration::from_secs(5));
}

#[test]
fn the_door_opens_to_its_token_only_and_plays_the_telephone_network() {
    let mut office = Office::new(config(), 1);
    let agent = office.sit_with("1001001", PASSWORD, "test");
    office.sign_in(agent, "2001");
    office.tell(
        agent,
        &Request::ChangeState {
            agent: "1001001".into(),
            state: AgentState::Ready,
            reason_id: None,
        },
    );
    let door = office.knock();
    office.clients[door].credentials = Credentials::Bearer(Secret::from("guess"));
    assert_eq!(raw(&mut office, door, "GET", "/agents", "").status(), 401);
    office.clients[door].credentials = Credentials::Bearer(Secret::from("let-me-in"));
    let agents = raw(&mut office, door, "GET", "/agents", "");
    assert_eq!(agents.status(), 200);
    let text = String::from_utf8(agents.body().to_vec()).unwrap();
    assert!(text.contains(r#""state":"READY""#), "{text}");
    let missing = raw(&mut office, door, "POST", "/calls", "to=1001001");
    assert_eq!(missing.status(), 400);
    let placed = raw(
        &mut office,
        door,
        "POST",
        "/calls",
        "to=1001001&from=%2B49+30+5550100",
    );
    assert_eq!(placed.status(), 201);
    let id = office.truth().calls[0].id.clone();
    assert_eq!(placed.body(), &format!(r#"{{"dialog":"{id}"}}"#));
    assert_eq!(office.truth().calls[0].from, "+49 30 5550100");
    let busy = raw(
        &mut office,
        door,
        "POST",
        "/calls",
        r#"{"to":"1001001","from":"1"}"#,
    );
    assert_eq!(busy.status(), 409);
    assert_eq!(
        raw(&mut office, door, "DELETE", &format!("/calls/{id}"), "").status(),
        200
    );
    assert_eq!(office.truth().calls, []);
    assert_eq!(
        raw(&mut office, door, "DELETE", &format!("/calls/{id}"), "").status(),
        409
    );
    assert_eq!(
        raw(&mut office, door, "PUT", "/service", "in_service=false").status(),
        200
    );
    assert!(!office.truth().in_service);
    assert_eq!(
        raw(&mut office, door, "PATCH", "/service", "").status(),
        405
    );
    assert_eq!(raw(&mut office, door, "GET", "/", "").status(), 404);
}

#[test]
fn errors_without_body_are_still_errors() {
    let response = http::Response::builder()
        .status(405)
        .body(Bytes::new())
        .unwrap();
    let answer = Answer::parse(&user("1"), &response).unwrap();
    assert_eq!(
        answer,
        Answer::Refused(ApiErrors {
            status: Some(405),
            errors: vec![]
        })
    );
}
