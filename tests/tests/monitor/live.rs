//! The live stream: what is told, when it ends, and how many there may be.

use crate::demo::Demo;
use finewire_tests::peers::house::PATIENCE;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

#[test]
fn what_happens_is_told_live_and_a_logout_ends_the_stream() {
    let demo = Demo::start();
    demo.until("the agent", "/api/agents", |page| page["total"] == 1);
    let (cookie, csrf) = demo.log_in();
    let stream = demo.open(
        "GET",
        "/api/events?trace=1&agent=1001001",
        &[("Cookie", &cookie)],
        "",
    );
    let mut lines = BufReader::new(stream);
    assert_eq!(event(&mut lines, "hello")["role"], "operator");
    assert_eq!(event(&mut lines, "status")["ready"], true);
    demo.post(
        "/api/agents/1001001/drop-stream",
        &json!({"confirm": "1001001"}),
    );
    // Whichever of the two is told first.
    let mut awaited = vec!["trace", "agents"];
    while !awaited.is_empty() {
        let (name, data) = one_of(&mut lines, &awaited);
        let agent = match name {
            "trace" => &data["rows"][0]["agent"],
            _ => &data["changed"][0]["id"],
        };
        assert_eq!(agent, "1001001", "{name}: {data}");
        awaited.retain(|other| *other != name);
    }
    demo.ask(
        "POST",
        "/api/logout",
        &[("Cookie", &cookie), ("X-Finewire-Csrf", &csrf)],
        "",
    );
    assert_eq!(event(&mut lines, "session")["ended"], true);
    let mut rest = String::new();
    assert!(
        lines.read_to_string(&mut rest).is_ok(),
        "the stream ends in good order"
    );
    demo.end();
}

#[test]
fn streams_are_bounded_and_stuck_browsers_hold_up_nobody() {
    let demo = Demo::start();
    let bearer = demo.bearer();
    let headers = [("Authorization", bearer.as_str())];
    // Their ends read the greeting and nothing more.
    let stuck: Vec<_> = (0..32)
        .map(|_| {
            let stream = demo.open("GET", "/api/events?trace=1", &headers, "");
            let mut lines = BufReader::with_capacity(64, stream);
            let mut line = String::new();
            lines.read_line(&mut line).expect("a status line");
            assert!(line.contains("200"), "{line}");
            lines
        })
        .collect();
    let answer = demo.ask("GET", "/api/events", &headers, "");
    assert_eq!((answer.status, answer.code().as_str()), (503, "too_many"));
    let begin = Instant::now();
    for _ in 0..20 {
        assert_eq!(demo.get("/api/status").status, 200);
    }
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    drop(stuck);
    let begin = Instant::now();
    loop {
        let stream = demo.open("GET", "/api/events", &headers, "");
        let mut line = String::new();
        BufReader::new(stream)
            .read_line(&mut line)
            .expect("a status line");
        if line.contains("200") {
            break;
        }
        assert!(
            begin.elapsed() < PATIENCE,
            "closed streams keep their places"
        );
    }
    demo.end();
}

/// The first event of a name, as it comes on a stream.
fn event(lines: &mut impl BufRead, name: &'static str) -> Value {
    one_of(lines, &[name]).1
}

/// The next event that has one of these names, and its data.
fn one_of(lines: &mut impl BufRead, names: &[&'static str]) -> (&'static str, Value) {
    let mut line = String::new();
    let mut current = None;
    loop {
        line.clear();
        assert!(
            lines.read_line(&mut line).expect("the stream goes on") > 0,
            "none of {names:?}"
        );
        if let Some(found) = line.strip_prefix("event: ") {
            current = names.iter().copied().find(|name| *name == found.trim());
        } else if let (Some(data), Some(name)) = (line.strip_prefix("data: "), current) {
            return (name, serde_json::from_str(data).expect("JSON"));
        }
    }
}
