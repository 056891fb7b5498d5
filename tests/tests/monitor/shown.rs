//! What is shown of links, agents and messages, and how the page comes.

use crate::demo::Demo;
use finewire_tests::peers::house::{BUILT_IN, holds_no_secret};
use serde_json::Value;

#[test]
fn links_agents_time_lines_and_messages_are_shown_and_hold_no_secret() {
    let demo = Demo::start();
    let status = demo.until("ready", "/api/status", |status| status["ready"] == true);
    let kinds: Vec<_> = status["links"]
        .as_array()
        .expect("links")
        .iter()
        .map(|link| {
            assert!(
                link["since"].as_str().is_some_and(|at| at.ends_with('Z')),
                "{link}"
            );
            (
                link["kind"].as_str().expect("a kind"),
                link["state"].as_str().expect("a state"),
            )
        })
        .collect();
    assert_eq!(
        kinds[..2],
        [("broker", "up"), ("finesse-rest", "up")],
        "{status}"
    );
    let page = demo.until("the agent", "/api/agents", |page| page["total"] == 1);
    assert_eq!(page["agents"][0]["id"], "1001001");
    assert_eq!(page["agents"][0]["team"], "Blue");
    assert_eq!(demo.get("/api/agents/4711").status, 404);

    let line = demo.until(
        "the end of the play",
        "/api/agents/1001001/timeline",
        |line| {
            // The answer and the state that it brings come in either order.
            let rows = line["rows"].as_array();
            let is_state = |row: &Value| {
                row["detail"]
                    .as_str()
                    .is_some_and(|d| d.contains("#LOGOUT#"))
            };
            rows.is_some_and(|rows| {
                rows.iter().any(|row| row["text"] == "Logout done") && rows.iter().any(is_state)
            })
        },
    );
    let rows = line["rows"].as_array().expect("rows");
    let ready = rows
        .iter()
        .find(|row| row["text"] == "MakeReady done")
        .expect("a row");
    let hops = &ready["latency_ms"];
    let parts = ["queue", "rest", "event"].map(|hop| hops[hop].as_u64().expect("a hop"));
    let total = hops["total"].as_u64().expect("a time");
    assert!(total.abs_diff(parts.iter().sum()) <= 3, "{hops}");
    for kind in ["command", "answer", "state", "call", "link"] {
        assert!(rows.iter().any(|row| row["kind"] == kind), "{kind}: {line}");
    }
    let page = demo.get("/api/agents/1001001/timeline?limit=2").json();
    let next = page["next"].as_u64().expect("more");
    let older = demo
        .get(&format!(
            "/api/agents/1001001/timeline?limit=1&before={next}"
        ))
        .json();
    assert!(older["rows"][0]["n"].as_u64().expect("a number") < next);

    let trace = demo.get("/api/trace?q=makeREADY&party=driver").json();
    assert_eq!(trace["rows"].as_array().expect("rows").len(), 1, "{trace}");
    assert_eq!(trace["rows"][0]["link"], "broker");
    let export = demo.get("/api/trace/export?agent=1001001");
    assert!(
        export
            .header("content-disposition")
            .expect("a name")
            .contains("attachment")
    );
    let lines: Vec<Value> = export
        .body
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(lines.len() > 30 && lines.iter().all(|line| line["agent"] == "1001001"));
    let all = demo.get("/api/trace?limit=5000").body + &export.body + &line.to_string();
    holds_no_secret(&all, BUILT_IN, &demo.key);
    demo.end();
}

#[test]
fn the_page_comes_compressed_and_once() {
    let demo = Demo::start();
    let zipped = demo.ask_bytes("GET", "/assets/main.js", &[("Accept-Encoding", "gzip")], "");
    let head = String::from_utf8_lossy(&zipped).into_owned();
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let plain = demo.ask("GET", "/assets/main.js", &[], "");
    assert!(zipped.len() < plain.body.len(), "{} bytes", zipped.len());
    let tag = plain.header("etag").expect("a tag");
    let again = demo.ask("GET", "/assets/main.js", &[("If-None-Match", tag)], "");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    demo.end();
}
