//! What an operator does, and that it is written down.

use crate::demo::Demo;
use finewire_tests::peers::house::PATIENCE;
use serde_json::{Value, json};

#[test]
fn an_operator_drains_resyncs_drops_and_logs_more_and_all_is_audited() {
    let demo = Demo::start();
    demo.until("the agent", "/api/agents", |page| page["total"] == 1);
    for (path, right) in [
        ("/api/drain", "drain"),
        ("/api/agents/1001001/resync", "1001001"),
        ("/api/agents/1001001/drop-stream", "1001001"),
    ] {
        for wrong in [json!({}), json!({"confirm": "yes"}), json!({"confirm": ""})] {
            let answer = demo.post(path, &wrong);
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "unconfirmed"),
                "{path}"
            );
        }
        let answer = demo.post(path, &json!({"confirm": right}));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.json()["done"], true);
    }
    demo.until("draining", "/api/status", |status| {
        status["draining"] == true && status["ready"] == false
    });
    assert_eq!(demo.post("/api/undrain", &json!({})).status, 200);
    demo.until("ready", "/api/status", |status| status["ready"] == true);
    demo.until(
        "the dropped stream",
        "/api/agents/1001001/timeline",
        |line| {
            let rows = line["rows"].as_array().expect("rows");
            let is_drop = |row: &Value| row["text"] == "no notifications" && row["ok"] == false;
            rows.iter().any(is_drop) && rows.iter().any(|row| row["kind"] == "operator")
        },
    );
    demo.until("the stream again", "/api/agents/1001001", |agent| {
        agent["feed"] == "up"
    });

    assert_eq!(
        demo.post("/api/agents/4711/resync", &json!({"confirm": "4711"}))
            .status,
        404
    );
    assert_eq!(
        demo.post("/api/reload", &json!({"confirm": "reload"}))
            .status,
        409
    );
    assert_eq!(
        demo.post("/api/log-level", &json!({"level": "loud"}))
            .status,
        400
    );
    assert_eq!(
        demo.post(
            "/api/log-level",
            &json!({"level": "debug", "minutes": 1, "x": 1})
        )
        .status,
        400
    );
    let long = json!({"confirm": "x".repeat(20_000)});
    assert_eq!(demo.post("/api/drain", &long).status, 400);

    let audit = demo.get("/api/audit?limit=50").json();
    let rows = audit["rows"].as_array().expect("rows");
    for action in [
        "drain",
        "undrain",
        "agent.resync",
        "agent.drop_stream",
        "reload",
    ] {
        assert!(
            rows.iter()
                .any(|row| row["action"] == action && row["user"] == "token"),
            "{action}: {audit}"
        );
    }
    demo.end();
}

#[test]
fn one_agents_messages_are_logged_for_a_while_whatever_the_level_of_the_rest() {
    let mut demo = Demo::start();
    demo.until("the agent", "/api/agents", |page| page["total"] == 1);
    let wanted = json!({"level": "trace", "agent": "1001001", "minutes": 1});
    let answer = demo.post("/api/log-level", &wanted);
    assert_eq!(answer.status, 200, "{}", answer.body);
    // The demo logs warnings only.
    assert_eq!(demo.get("/api/status").json()["log_level"], "warn");
    let resync = json!({"confirm": "1001001"});
    assert_eq!(demo.post("/api/agents/1001001/resync", &resync).status, 200);
    let line = demo
        .process
        .expect_among("the agent's request", PATIENCE, |line| {
            line.contains("FW-1507") && line.contains("connector") && line.contains("User/1001001")
        });
    assert!(line.contains("INFO"), "{line}");

    let answer = demo.post("/api/log-level", &json!({"level": "debug", "minutes": 1}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    demo.until("the level", "/api/status", |it| it["log_level"] == "debug");
    let answer = demo.post("/api/log-level", &json!({"level": "warn"}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    demo.until("the level", "/api/status", |it| it["log_level"] == "warn");
    demo.end();
}
