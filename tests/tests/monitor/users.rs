//! Users of the configuration: passwords, their hashes, and what each role may do.

use crate::served::{PASSWORD, Served, hash, users};
use finewire_tests::peers::house::{file, folder};
use finewire_tests::peers::run;
use serde_json::json;

/// Every action, with a body that would be confirmed.
const ACTIONS: [(&str, &str); 7] = [
    ("/api/drain", "drain"),
    ("/api/undrain", ""),
    ("/api/reload", "reload"),
    ("/api/log-level", ""),
    ("/api/agents/1001001/resync", "1001001"),
    ("/api/agents/1001001/drop-stream", "1001001"),
    ("/api/agents/4711/resync", "4711"),
];

#[test]
fn a_viewer_sees_everything_but_the_audit_log_and_does_nothing() {
    let served = Served::start(&users());
    let (cookie, csrf) = served.log_in_with(&json!({"user": "vera", "password": PASSWORD}));
    let headers = [("Cookie", cookie.as_str()), ("X-Finewire-Csrf", &csrf)];
    for path in ["/api/status", "/api/agents", "/api/trace", "/api/charts"] {
        assert_eq!(served.ask("GET", path, &headers, "").status, 200, "{path}");
    }
    let session = served.ask("GET", "/api/session", &headers, "").json();
    assert_eq!(
        (session["role"].as_str(), session["user"].as_str()),
        (Some("viewer"), Some("vera"))
    );
    for (path, word) in ACTIONS {
        let body = json!({"confirm": word, "level": "trace"}).to_string();
        let answer = served.ask("POST", path, &headers, &body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "forbidden"),
            "{path}"
        );
    }
    let audit = served.ask("GET", "/api/audit", &headers, "");
    assert_eq!((audit.status, audit.code().as_str()), (403, "forbidden"));
    let status = served.get("/api/status").json();
    assert_eq!(
        (status["draining"].as_bool(), status["log_level"].as_str()),
        (Some(false), Some("info"))
    );

    let (cookie, csrf) = served.log_in_with(&json!({"user": "otto", "password": PASSWORD}));
    let headers = [("Cookie", cookie.as_str()), ("X-Finewire-Csrf", &csrf)];
    let body = json!({"confirm": "drain"}).to_string();
    let answer = served.ask("POST", "/api/drain", &headers, &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let audit = served.ask("GET", "/api/audit", &headers, "").json();
    assert_eq!(
        (&audit["rows"][0]["action"], &audit["rows"][0]["user"]),
        (&json!("drain"), &json!("otto"))
    );
    served.end();
}

#[test]
fn a_wrong_password_is_refused_as_an_unknown_user_is_and_too_many_wait() {
    let served = Served::start(&users());
    let refused = |user: &str, password: &str| {
        let body = json!({"user": user, "password": password}).to_string();
        served.ask("POST", "/api/login", &[], &body)
    };
    let (wrong, unknown) = (
        refused("otto", "wrong horse battery"),
        refused("nobody", PASSWORD),
    );
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "refused"));
    assert_eq!(wrong.body, unknown.body, "who is known is not told");
    // The right one is let in and is no failure.
    let _ = served.log_in_with(&json!({"user": "otto", "password": PASSWORD}));
    for _ in 0..3 {
        assert_eq!(refused("otto", "wrong").status, 401);
    }
    let held = refused("otto", PASSWORD);
    assert_eq!((held.status, held.code().as_str()), (429, "too_many"));
    served.end();
}

#[test]
fn a_hash_is_made_of_a_file_or_a_variable_and_a_short_password_is_refused() {
    assert!(
        hash().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{}",
        hash()
    );
    let folder = folder();
    let made = run(
        folder.path(),
        &["monitor", "hash"],
        &[("FINEWIRE_PASSWORD", PASSWORD)],
    );
    assert_eq!(made.code, Some(0), "{}", made.text);
    assert_ne!(made.text.trim(), hash(), "another salt");
    let path = file(&folder, "short", "short\n");
    let short = run(
        folder.path(),
        &["monitor", "hash", "--password-file", &path],
        &[],
    );
    assert_eq!(short.code, Some(1));
    assert!(
        short.text.contains("at least 12 characters"),
        "{}",
        short.text
    );
    assert!(!short.text.contains("$argon2"), "{}", short.text);
}
