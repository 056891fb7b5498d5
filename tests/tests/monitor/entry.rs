//! Who is let in, who is kept out, and who has to wait.

use crate::demo::Demo;
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn nobody_sees_anything_without_a_session_or_the_token() {
    let demo = Demo::start();
    for path in [
        "/api/status",
        "/api/agents",
        "/api/agents/1001001",
        "/api/agents/1001001/timeline",
        "/api/trace",
        "/api/trace/export",
        "/api/charts",
        "/api/audit",
        "/api/events",
        "/api/session",
    ] {
        let answer = demo.ask("GET", path, &[], "");
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "no_session"),
            "{path}"
        );
        let forged = format!("finewire_session={}", "0".repeat(64));
        let answer = demo.ask("GET", path, &[("Cookie", &forged)], "");
        assert_eq!(answer.status, 401, "{path} with a forged cookie");
    }
    for path in [
        "/api/drain",
        "/api/reload",
        "/api/agents/1001001/resync",
        "/api/log-level",
    ] {
        assert_eq!(demo.ask("POST", path, &[], "{}").status, 401, "{path}");
    }
    for path in ["/", "/healthz"] {
        assert_eq!(demo.ask("GET", path, &[], "").status, 200, "{path}");
    }
    assert_eq!(demo.get("/api/nothing").status, 404);
    assert_eq!(demo.ask("POST", "/api/status", &[], "").status, 405);
    demo.end();
}

#[test]
fn who_logs_in_gets_a_cookie_and_who_logs_out_has_none() {
    let demo = Demo::start();
    let (cookie, csrf) = demo.log_in();
    let session = demo
        .ask("GET", "/api/session", &[("Cookie", &cookie)], "")
        .json();
    assert_eq!(session["role"], "operator");
    assert_eq!(session["csrf"], csrf.as_str());
    let out = demo.ask(
        "POST",
        "/api/logout",
        &[("Cookie", &cookie), ("X-Finewire-Csrf", &csrf)],
        "",
    );
    assert_eq!(out.status, 204, "{}", out.body);
    assert_eq!(
        demo.ask("GET", "/api/session", &[("Cookie", &cookie)], "")
            .status,
        401
    );

    let audit = demo.get("/api/audit").json();
    let actions: Vec<_> = audit["rows"].as_array().expect("rows").iter().collect();
    assert_eq!(actions[0]["action"], "logout", "{audit}");
    assert_eq!(actions[1]["action"], "login", "{audit}");
    let file = demo.folder.path().join(".finewire/monitor-audit.jsonl");
    let text = std::fs::read_to_string(file).expect("the audit file");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(!text.contains(&demo.token), "{text}");
    demo.end();
}

#[test]
fn wrong_tokens_and_passwords_take_time_and_then_have_to_wait_a_minute() {
    let demo = Demo::start();
    for (n, body) in [
        json!({"token": "0".repeat(64)}),
        json!({"token": ""}),
        json!({"user": "anna", "password": "x"}),
        json!({"user": "token", "password": demo.token}),
        json!({"user": "", "password": "x".repeat(5000)}),
    ]
    .iter()
    .enumerate()
    {
        let begin = Instant::now();
        let answer = demo.ask("POST", "/api/login", &[], &body.to_string());
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "refused"),
            "{n}"
        );
        assert!(
            begin.elapsed() >= Duration::from_millis(400),
            "{n} is told at once"
        );
        assert!(answer.header("set-cookie").is_none(), "{n}");
    }
    let body = json!({"token": demo.token}).to_string();
    let answer = demo.ask("POST", "/api/login", &[], &body);
    assert_eq!((answer.status, answer.code().as_str()), (429, "too_many"));
    let wrong = demo.ask(
        "GET",
        "/api/status",
        &[("Authorization", "Bearer 1234")],
        "",
    );
    assert_eq!(wrong.status, 429);
    // The token is too long to be guessed: scripts that have it are not held up by others.
    assert_eq!(demo.get("/api/status").status, 200);
    demo.end();
}

#[test]
fn what_another_sites_page_sends_is_refused_although_it_has_the_cookie() {
    let demo = Demo::start();
    let (cookie, csrf) = demo.log_in();
    let own = format!("http://localhost:{}", demo.port);
    let body = json!({"confirm": "drain"}).to_string();
    for headers in [
        &[("Cookie", cookie.as_str())][..],
        &[("Cookie", &cookie), ("X-Finewire-Csrf", "wrong")],
        &[
            ("Cookie", &cookie),
            ("X-Finewire-Csrf", &csrf),
            ("Origin", "http://evil.example"),
        ],
        &[
            ("Cookie", &cookie),
            ("X-Finewire-Csrf", &csrf),
            ("Origin", "null"),
        ],
        &[
            ("Cookie", &cookie),
            ("X-Finewire-Csrf", &csrf),
            ("Sec-Fetch-Site", "cross-site"),
        ],
        &[
            ("Cookie", &cookie),
            ("X-Finewire-Csrf", &csrf),
            ("Sec-Fetch-Site", "same-site"),
        ],
    ] {
        let answer = demo.ask("POST", "/api/drain", headers, &body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "cross_site"),
            "{headers:?}"
        );
    }
    assert_eq!(demo.get("/api/status").json()["draining"], false);
    let read = demo.ask(
        "GET",
        "/api/status",
        &[("Cookie", &cookie), ("Sec-Fetch-Site", "cross-site")],
        "",
    );
    assert_eq!(read.status, 403);
    let headers = [
        ("Cookie", cookie.as_str()),
        ("X-Finewire-Csrf", &csrf),
        ("Origin", &own),
        ("Sec-Fetch-Site", "same-origin"),
    ];
    let answer = demo.ask("POST", "/api/drain", &headers, &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    demo.end();
}
