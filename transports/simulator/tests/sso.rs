//! Single sign-on: tokens for REST and for the notification service.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use core::time::Duration;

use finewire_core::agent::AgentState;
use finewire_core::machine::Outcome;
use finewire_core::password::Secret;
use finewire_finesse::{Answer, Credentials, Request};
use finewire_http::http::header::AUTHORIZATION;
use finewire_http::{Bytes, Request as Http};
use finewire_simulator::{Command, Config, PASSWORD, Sso};
use office::centre::{ready, state, status};
use office::{Office, Seat, config};

fn with(sso: Sso) -> Config {
    let mut config = config();
    config.knobs.sso = sso;
    config
}

fn grant(office: &mut Office, token: &str, life: Duration) {
    let granted = office.order(Command::GrantToken {
        agent: "1001001".into(),
        token: Secret::from(token),
        life,
    });
    assert_eq!(granted, Outcome::Done);
}

/// What REST says to somebody with these credentials who asks for agent 1001001.
fn asked(office: &mut Office, seat: Seat, credentials: Credentials) -> u16 {
    office.clients[seat].credentials = credentials;
    let request = Request::User {
        agent: "1001001".into(),
    };
    office.ask_http(seat, &request, None).status().as_u16()
}

fn bearer(token: &str) -> Credentials {
    Credentials::Bearer(Secret::from(token))
}

fn basic() -> Credentials {
    Credentials::basic("1001001", Secret::from(PASSWORD))
}

/// Asks for a token: status and JSON.
fn token(
    office: &mut Office,
    seat: Seat,
    method: &str,
    query: &str,
    body: &str,
    shown: &Credentials,
) -> (u16, serde_json::Value) {
    let mut request = Http::builder()
        .method(method)
        .uri(format!("/desktop/sso/token{query}"));
    if let Some(header) = shown.to_header().unwrap() {
        request = request.header(AUTHORIZATION, header);
    }
    let request = request.body(Bytes::from(body.to_owned())).unwrap();
    let number = office.send_http(seat, request);
    let answer = office.answer(seat, number);
    let json = serde_json::from_slice(answer.body()).unwrap();
    (answer.status().as_u16(), json)
}

#[test]
fn each_mode_takes_what_it_says_and_system_info_says_which() {
    for (sso, word, by_password, by_token) in [
        (Sso::Off, "NON_SSO", 200, 401),
        (Sso::On, "SSO", 401, 200),
        (Sso::Hybrid, "HYBRID", 200, 200),
    ] {
        let mut office = Office::new(with(sso), 1);
        grant(&mut office, "good", Duration::from_secs(600));
        let seat = office.sit_with("1001001", "good", "test");
        office.rest();
        assert_eq!(office.clients[seat].bound, sso != Sso::Off, "XMPP, {word}");
        let other = office.sit_with("1001001", PASSWORD, "other");
        office.rest();
        assert_eq!(office.clients[other].bound, sso != Sso::On, "XMPP, {word}");
        assert_eq!(asked(&mut office, seat, basic()), by_password, "{word}");
        let status = asked(&mut office, seat, bearer("good"));
        assert_eq!(status, by_token, "{word}");
        assert_eq!(asked(&mut office, seat, bearer("bad")), 401, "{word}");
        let Answer::SystemInfo(info) = office.ask(seat, &Request::SystemInfo) else {
            panic!()
        };
        assert_eq!(info.auth_mode, *word);
    }
}

#[test]
fn a_token_is_its_agents_and_nobody_elses() {
    let mut office = Office::new(with(Sso::On), 1);
    grant(&mut office, "good", Duration::from_secs(600));
    let seat = office.sit_with("1001002", "good", "test");
    office.rest();
    assert!(!office.clients[seat].bound, "another agent's stream");
    office.clients[seat].credentials = bearer("good");
    let agent = "1001002".into();
    let sign_in = Request::SignIn {
        agent,
        extension: "2002".into(),
        mobile: None,
    };
    let refused = office.ask(seat, &sign_in);
    assert_eq!(
        status(&refused),
        (401, "Invalid Authorization User Specified".into())
    );
}

#[test]
fn an_agent_works_with_a_token_until_it_expires_and_goes_on_with_another() {
    let mut office = Office::new(with(Sso::On), 2);
    grant(&mut office, "first", Duration::from_secs(60));
    let seat = office.sit_with("1001001", "first", "test");
    office.run_until("bound", |office| office.clients[seat].bound);
    office.clients[seat].credentials = bearer("first");
    office.sign_in(seat, "2001");
    ready(&mut office, seat);
    assert_eq!(state(&office, "1001001"), AgentState::Ready);
    office.pass(Duration::from_secs(60));
    assert_eq!(asked(&mut office, seat, bearer("first")), 401, "over");
    assert!(office.clients[seat].bound, "the stream goes on");
    assert_eq!(state(&office, "1001001"), AgentState::Ready);
    grant(&mut office, "second", Duration::from_secs(60));
    assert_eq!(asked(&mut office, seat, bearer("second")), 200);
    let agent = "1001001".into();
    assert_eq!(office.order(Command::ExpireTokens { agent }), Outcome::Done);
    assert_eq!(asked(&mut office, seat, bearer("second")), 401, "expired");
    let nobody = Command::ExpireTokens {
        agent: "nobody".into(),
    };
    assert!(matches!(office.order(nobody), Outcome::Refused(_)));
}

#[test]
fn a_token_is_to_be_had_for_a_password_and_refreshed_once() {
    let mut office = Office::new(with(Sso::On), 3);
    let seat = office.sit_with("nobody", "nothing", "test");
    let ask = "?cc_username=ines.abel&return_refresh_token=true&return_user=yes";
    let (status, first) = token(&mut office, seat, "GET", ask, "", &basic());
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["user"], "1001001");
    assert_eq!(first["expires_in"], 3600);
    let word = |json: &serde_json::Value, name: &str| json[name].as_str().unwrap().to_owned();
    let access = word(&first, "token");
    assert_eq!(asked(&mut office, seat, bearer(&access)), 200);

    let body = format!(
        "token={access}&refresh-token={}",
        word(&first, "refresh_token")
    );
    let nobody = Credentials::Anonymous;
    let (status, second) = token(&mut office, seat, "POST", "", &body, &nobody);
    assert_eq!(status, 200, "{second}");
    assert_eq!(
        asked(&mut office, seat, bearer(&word(&second, "token"))),
        200
    );
    assert_eq!(asked(&mut office, seat, bearer(&access)), 401, "used up");
    assert_eq!(token(&mut office, seat, "POST", "", &body, &nobody).0, 401);

    let wrong = Credentials::basic("1001001", Secret::from("wrong"));
    assert_eq!(token(&mut office, seat, "GET", "", "", &wrong).0, 401);
    assert_eq!(token(&mut office, seat, "GET", "", "", &nobody).0, 401);
    let other = "?cc_username=1001002";
    assert_eq!(token(&mut office, seat, "GET", other, "", &basic()).0, 400);
    assert_eq!(token(&mut office, seat, "PUT", "", "", &basic()).0, 405);
}

#[test]
fn without_sso_there_are_no_tokens() {
    let mut office = Office::new(config(), 4);
    let seat = office.sit("1001001");
    assert_eq!(token(&mut office, seat, "GET", "", "", &basic()).0, 400);
}
