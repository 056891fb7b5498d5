//! Scenarios by command and at the door; knobs at the door.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use core::time::Duration;

use finewire_core::agent::{AgentState, Text};
use finewire_core::machine::Outcome;
use finewire_core::password::Secret;
use finewire_finesse::{Credentials, Request};
use finewire_http::{Bytes, http};
use finewire_simulator::{Command, Event, Knobs, Scenario, Step};
use office::{Office, Seat, config};

const SECOND: Duration = Duration::from_secs(1);

fn ready(office: &mut Office) -> Seat {
    let seat = office.sit("1001001");
    office.sign_in(seat, "2001");
    let request = Request::ChangeState {
        agent: "1001001".into(),
        state: AgentState::Ready,
        reason_id: None,
    };
    office.tell(seat, &request);
    seat
}

fn play(office: &mut Office, text: &str) {
    let scenario: Scenario = text.parse().unwrap();
    assert_eq!(office.order(Command::Play(scenario)), Outcome::Done);
}

fn refusals(office: &Office) -> Vec<Option<Text>> {
    let events = office.events.iter().filter_map(|event| match event {
        Event::Stepped { refused, .. } => Some(refused.clone()),
        _ => None,
    });
    events.collect()
}

fn door(office: &mut Office, seat: Seat, line: (&str, &str), body: &str) -> (u16, String) {
    let request = http::Request::builder()
        .method(line.0)
        .uri(line.1)
        .header("authorization", "Bearer let-me-in");
    let request = request.body(Bytes::from(body.to_owned())).unwrap();
    let number = office.send_http(seat, request);
    let response = office.answer(seat, number);
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    (response.status().as_u16(), text)
}

fn knock(office: &mut Office) -> Seat {
    let seat = office.knock();
    office.clients[seat].credentials = Credentials::Bearer(Secret::from("let-me-in"));
    seat
}

#[test]
fn each_step_happens_at_its_time() {
    let mut office = Office::new(config(), 1);
    ready(&mut office);
    play(
        &mut office,
        "at 2s call 1001001 from 5551234\nat 5s hangup\nat 9s knob duplicate_events on\n\
         at 10s out of service\nat 12s in service",
    );

    office.pass(Duration::from_millis(1900));
    assert_eq!(office.truth().calls, []);
    office.pass(SECOND);
    assert_eq!(office.truth().calls[0].from, *"5551234");
    office.pass(3 * SECOND);
    assert_eq!(office.truth().calls, []);
    assert!(!office.simulator.config().knobs.duplicate_events);
    office.pass(4 * SECOND);
    assert!(office.simulator.config().knobs.duplicate_events);
    office.pass(SECOND);
    assert!(!office.truth().in_service);
    office.pass(2 * SECOND);
    assert!(office.truth().in_service);
    assert_eq!(refusals(&office), vec![None; 5]);
}

#[test]
fn a_step_that_is_not_possible_is_told_and_the_next_is_made() {
    let mut office = Office::new(config(), 2);
    play(
        &mut office,
        "at 1s hangup\nat 2s call 1001001 from 1\nat 3s node 2 dies\nat 4s knob load on",
    );
    office.pass(5 * SECOND);
    let refusals = refusals(&office);
    assert_eq!(refusals[0], Some("no call was brought in".into()));
    assert_eq!(refusals[1], Some("nobody is signed in there".into()));
    assert_eq!(refusals[2], Some("this site has one node".into()));
    assert_eq!(refusals[3], None);
    let last = office.events.iter().rev().find_map(|event| match event {
        Event::Stepped { step, .. } => Some(step.clone()),
        _ => None,
    });
    let load = Step::Knob {
        name: "load".into(),
        position: "on".into(),
    };
    assert_eq!(last, Some(load));
}

#[test]
fn the_door_turns_every_knob_and_shows_it() {
    let mut office = Office::new(config(), 3);
    let seat = knock(&mut office);
    for name in Knobs::NAMES {
        let position = match name {
            "slow_rest" | "late_events" | "late_errors" | "token_life" => "10ms",
            "moved_to" => "https://other.example/",
            _ => "on",
        };
        let body = format!(r#"{{"{name}":"{position}"}}"#);
        let turned = door(&mut office, seat, ("PUT", "/knobs"), &body);
        assert_eq!(turned, (200, "{}".into()), "{name}");
        let (_, shown) = door(&mut office, seat, ("GET", "/knobs"), "");
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown[name], position);
    }
    let unknown = door(&mut office, seat, ("PUT", "/knobs"), "load=off&lod=on");
    assert_eq!(unknown.0, 400);
    assert!(office.simulator.config().knobs.load, "all or nothing");
    assert_eq!(door(&mut office, seat, ("DELETE", "/knobs"), "").0, 405);
}

#[test]
fn a_step_at_the_door_is_made_now_and_a_scenario_from_now_on() {
    let mut office = Office::new(config(), 4);
    ready(&mut office);
    let seat = knock(&mut office);
    let (status, body) = door(&mut office, seat, ("POST", "/do"), "call 8001 from 5551234");
    let id = office.truth().calls[0].id.clone();
    assert_eq!((status, body), (201, format!(r#"{{"dialog":"{id}"}}"#)));
    assert_eq!(door(&mut office, seat, ("POST", "/do"), "hangup").0, 200);
    assert_eq!(door(&mut office, seat, ("POST", "/do"), "hangup").0, 409);
    let (status, body) = door(&mut office, seat, ("POST", "/do"), "dance");
    assert_eq!(status, 400);
    assert!(body.contains("nothing that can happen"), "{body}");

    let text = "at 1s out of service\nat 2s dance";
    let (status, body) = door(&mut office, seat, ("POST", "/scenario"), text);
    assert_eq!(status, 400);
    assert!(body.contains("line 2: "), "{body}");
    let text = "at 1s out of service";
    assert_eq!(door(&mut office, seat, ("POST", "/scenario"), text).0, 200);
    office.pass(2 * SECOND);
    assert!(!office.truth().in_service);
    assert_eq!(door(&mut office, seat, ("GET", "/scenario"), "").0, 405);
}

#[test]
fn the_readme_names_every_knob_and_its_scenario_is_one() {
    let readme = include_str!("../README.md");
    for name in Knobs::NAMES {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
    let (_, rest) = readme.split_once("```text\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let scenario: Scenario = example.parse().unwrap();
    assert_eq!(scenario.steps().len(), 6);
}
