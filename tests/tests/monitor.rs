//! The monitor as a browser and as a script meet it: who is let in, who may do what, what is refused, and that
//! a stuck browser holds up nobody.

use finewire_tests::peers::house::{
    BUILT_IN, PATIENCE, folder, holds_no_secret, key_in, port, value,
};
use finewire_tests::peers::{Lines, end, start};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A demo that stays, with its monitor.
struct Demo {
    folder: TempDir,
    process: Lines,
    port: u16,
    token: String,
    key: String,
}

/// One answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    fn code(&self) -> String {
        let code = self.json()["error"]["code"].clone();
        code.as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Demo {
    fn start() -> Self {
        let folder = folder();
        let mut arguments = vec!["demo", "--stay"];
        for option in [
            "--broker-port",
            "--finesse-port",
            "--xmpp-port",
            "--monitor-port",
        ] {
            arguments.extend([option, "0"]);
        }
        let mut process = start(folder.path(), &arguments, &[]);
        let port = port(&value(&mut process, "monitor"));
        let file = value(&mut process, "token");
        let token = std::fs::read_to_string(file).expect("the token's file");
        let line = process.expect("the key", PATIENCE, |line| key_in(line).is_some());
        let key = key_in(&line).expect("just found");
        Self {
            folder,
            process,
            port,
            token: token.trim().to_owned(),
            key,
        }
    }

    fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.port,
            body.len()
        );
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        stream.write_all(text.as_bytes()).expect("it reads");
        stream
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.open(method, path, headers, body);
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        let status = text.split_whitespace().nth(1).expect("a status");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let is_chunked = head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        Answer {
            status: status.parse().expect("a number"),
            head: head.to_owned(),
            body: if is_chunked {
                joined(body)
            } else {
                body.to_owned()
            },
        }
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("Authorization", &self.bearer())], "")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(
            "POST",
            path,
            &[("Authorization", &self.bearer())],
            &body.to_string(),
        )
    }

    /// Logs in with the token; cookie and word against forged requests.
    fn log_in(&self) -> (String, String) {
        let body = json!({"token": self.token}).to_string();
        let answer = self.ask("POST", "/api/login", &[], &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let cookie = answer.header("set-cookie").expect("a cookie");
        for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        let pair = cookie.split(';').next().expect("a pair").to_owned();
        let csrf = answer.json()["csrf"].as_str().expect("a word").to_owned();
        (pair, csrf)
    }

    fn until(&self, what: &str, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let answer = self.get(path).json();
            if is_so(&answer) {
                return answer;
            }
            assert!(begin.elapsed() < PATIENCE, "{what}: {answer}");
            std::thread::yield_now();
        }
    }

    fn end(mut self) {
        assert_eq!(
            end(&mut self.process, "INT"),
            Some(0),
            "{:?}",
            self.process.seen()
        );
        let said = self.process.seen().join("\n");
        assert!(!said.contains(&self.token), "the token is printed:\n{said}");
    }
}

/// The chunks of a body, joined (RFC 9112, section 7.1).
fn joined(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            break;
        }
        text.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    text
}

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
        |line| line["rows"][0]["text"] == "Logout done",
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
