//! Reading the configuration again: what is applied, what is refused, and that a file that cannot be used
//! changes nothing.

use crate::served::{PASSWORD, Served, users};
use serde_json::{Value, json};

fn reloaded(served: &Served) -> Value {
    let answer = served.post("/api/reload", &json!({"confirm": "reload"}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn level(served: &Served) -> Value {
    served.get("/api/status").json()["log_level"].clone()
}

fn same(text: String) -> String {
    text
}

#[test]
fn what_can_be_is_applied_the_rest_is_refused_until_it_is_taken_back_and_all_is_audited() {
    let served = Served::start("");
    let moved = |text: String| text.replace("port = 9\n", "port = 10\n");
    served.rewrite("time_zone = \"UTC\"", "[log]\nlevel = \"debug\"\n", moved);
    let first = reloaded(&served);
    assert_eq!(
        first["applied"],
        json!(["driver.time_zone", "log.level"]),
        "{first}"
    );
    assert_eq!(
        first["refused"].as_array().map(Vec::len),
        Some(2),
        "{first}"
    );
    assert_eq!(first["refused"][0]["key"], "finesse.node.0.port");
    assert_eq!(level(&served), "debug");
    let second = reloaded(&served);
    assert_eq!(second["applied"], json!([]), "{second}");
    assert_eq!(second["refused"], first["refused"]);
    served.rewrite("", "", same);
    let third = reloaded(&served);
    assert_eq!(third["refused"], json!([]), "{third}");
    assert_eq!(level(&served), "info");

    let audit = served.get("/api/audit").json();
    let oldest = &audit["rows"][2];
    assert_eq!(oldest["action"], "reload", "{audit}");
    assert_eq!(oldest["target"], "driver.time_zone, log.level", "{audit}");
    assert_eq!(oldest["outcome"], "done: 2 applied, 2 refused", "{audit}");
    served.end();
}

#[test]
fn a_file_with_a_fault_changes_nothing_and_what_was_good_in_it_is_still_to_come() {
    let mut served = Served::start(&users());
    let (cookie, _) = served.log_in_with(&json!({"user": "vera", "password": PASSWORD}));
    let wrong = |text: String| text.replace("\"vera\"", "\"eve\"") + "colour = 1\n";
    served.rewrite(
        "event_format = \"json\"",
        "[log]\nlevel = \"trace\"\n",
        wrong,
    );
    let answer = served.post("/api/reload", &json!({"confirm": "reload"}));
    assert_eq!((answer.status, answer.code().as_str()), (409, "refused"));
    assert!(answer.body.contains("colour"), "{}", answer.body);
    assert_eq!(level(&served), "info");
    let session = served.ask("GET", "/api/session", &[("Cookie", &cookie)], "");
    assert_eq!(session.status, 200, "vera is still a user");
    served.says("FW-1016");

    // A hash that costs too much passes for a hash, and is refused when it is to be used: nothing else of the
    // file may hold then.
    let costly = |text: String| text.replace("m=19456,", "m=9999999,");
    served.rewrite(
        "event_format = \"json\"",
        "[log]\nlevel = \"trace\"\n",
        costly,
    );
    let answer = served.post("/api/reload", &json!({"confirm": "reload"}));
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert_eq!(level(&served), "info");

    served.rewrite(
        "event_format = \"json\"",
        "[log]\nlevel = \"debug\"\n",
        same,
    );
    let done = reloaded(&served);
    assert_eq!(
        done["applied"],
        json!(["driver.event_format", "log.level"]),
        "{done}"
    );
    served.end();
}

#[test]
fn a_hangup_reads_it_again_and_users_who_are_gone_are_logged_out() {
    let mut served = Served::start(&users());
    let (vera, _) = served.log_in_with(&json!({"user": "vera", "password": PASSWORD}));
    let (otto, _) = served.log_in_with(&json!({"user": "otto", "password": PASSWORD}));
    let demoted = |text: String| text.replace("\"operator\"", "\"viewer\"");
    served.rewrite("", "", demoted);
    served.hang_up();
    let line = served.says("FW-1015");
    assert!(line.contains("1 applied, 0 refused"), "{line}");
    let status = |cookie: &str| {
        served
            .ask("GET", "/api/session", &[("Cookie", cookie)], "")
            .status
    };
    assert_eq!((status(&vera), status(&otto)), (200, 401));
    let rows = served.until("the audit log", "/api/audit", |it| {
        it["rows"][0]["action"] == "reload"
    });
    assert_eq!(rows["rows"][0]["user"], "SIGHUP", "{rows}");
    assert_eq!(rows["rows"][0]["target"], "monitor.user.1.role", "{rows}");
    served.end();
}
