//! The demo as an operator starts it: what it shows, whom it serves, and when it fails.

use finewire_tests::peers::house::{
    BUILT_IN, PATIENCE, file, folder, get, holds_no_secret, http, key_in, port, value,
};
use finewire_tests::peers::{end, run, start};
use serde_json::Value;
use std::net::TcpListener;

#[test]
fn the_demo_shows_every_message_in_order_and_no_secret_and_succeeds() {
    let folder = folder();
    let ran = run(folder.path(), &["demo"], &[]);

    assert_eq!(ran.code, Some(0), "{}", ran.text);
    let mut lines = ran.text.lines();
    for (parties, subject, detail) in [
        ("driver → connector", "Hello#", ""),
        ("connector → driver", "System#", "IN_SERVICE"),
        ("driver → connector", "Connect#1001001", ""),
        ("connector → finesse", "PUT User/1001001", "LOGIN"),
        ("connector → driver", "AgentInfo#1001001", "Ines"),
        ("connector → driver", "State#1001001", "#NOT_READY#"),
        ("connector → driver", "DialogStatus#1001001", "#NONE#0"),
        ("driver → connector", "MakeReady#1001001", ""),
        ("connector → finesse", "PUT User/1001001", "READY"),
        ("finesse → connector", "User changed", " READY"),
        ("connector → driver", "State#1001001", "#READY#"),
        ("connector → driver", "NewInboundCall#1001001", "#5551234#"),
        ("driver → connector", "AnswerCall#1001001", ""),
        ("connector → finesse", "PUT Dialog/", "ANSWER"),
        ("connector → driver", "InboundCall#1001001", "#ACTIVE#"),
        ("driver → connector", "HoldCall#1001001", ""),
        ("connector → finesse", "PUT Dialog/", "HOLD"),
        ("connector → driver", "InboundCall#1001001", "#HELD#"),
        ("driver → connector", "RetrieveCall#1001001", ""),
        ("connector → finesse", "PUT Dialog/", "RETRIEVE"),
        ("connector → driver", "InboundCall#1001001", "#ACTIVE#"),
        ("driver → connector", "ReleaseCall#1001001", ""),
        ("connector → finesse", "PUT Dialog/", "DROP"),
        ("connector → driver", "InboundCall#1001001", "#DROPPED#"),
        ("driver → connector", "MakeNotReady#1001001", ""),
        ("connector → driver", "State#1001001", "#NOT_READY#"),
        ("driver → connector", "Logout#1001001", ""),
        ("connector → finesse", "PUT User/1001001", "LOGOUT"),
        ("connector → driver", "State#1001001", "#LOGOUT#"),
    ] {
        let is_it = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let line = words.join(" ");
            let wanted = format!(" {parties} {subject}");
            line.contains(&wanted) && line.contains(detail)
        };
        assert!(
            lines.any(is_it),
            "{parties} {subject} {detail} is missing, or out of order:\n{}",
            ran.text
        );
    }
    assert!(!ran.text.contains("Error#"), "{}", ran.text);
    let demo_key = "46696e6577697265206f6e206c6f6f706261636b206f6e6c";
    holds_no_secret(&ran.text, BUILT_IN, demo_key);
    assert!(!ran.text.contains(demo_key), "{}", ran.text);
}

#[test]
fn demos_take_free_ports_and_any_loopback_address() {
    let folder = folder();
    let customary: Vec<_> = [61616, 8445, 5223, 8162]
        .into_iter()
        .map(|port| TcpListener::bind(("127.0.0.1", port)))
        .collect();
    let ran = run(folder.path(), &["demo", "--listen", "127.0.0.2"], &[]);
    drop(customary);

    assert_eq!(ran.code, Some(0), "{}", ran.text);
    for name in ["broker", "finesse", "xmpp"] {
        let line = ran.text.lines().find(|line| line.starts_with(name));
        assert!(
            line.is_some_and(|line| line.contains("127.0.0.2:")),
            "{}",
            ran.text
        );
    }
}

#[test]
fn a_demo_whose_play_fails_does_not_exit_as_a_success() {
    let folder = folder();
    // Longer than a password may be on its way to the connector: the agent never logs in.
    let password = file(&folder, "password", &"p".repeat(20_000));
    let ran = run(
        folder.path(),
        &["demo", "--agent-password-file", &password],
        &[],
    );

    assert_eq!(ran.code, Some(1), "{}", ran.text);
    assert!(ran.text.contains("Hello#demo"), "{}", ran.text);
    assert!(!ran.text.contains("AgentInfo#"), "{}", ran.text);
    assert!(!ran.text.contains("pppp"), "{}", ran.text);
}

#[test]
fn a_demo_that_stays_serves_its_monitor_and_other_drivers_until_interrupted() {
    let folder = folder();
    let secret = "correct-horse-battery";
    let password = file(&folder, "password", secret);
    let mut arguments = vec!["demo", "--stay", "--agent-password-file", &password];
    for option in [
        "--broker-port",
        "--finesse-port",
        "--xmpp-port",
        "--monitor-port",
    ] {
        arguments.extend([option, "0"]);
    }
    let mut demo = start(folder.path(), &arguments, &[]);
    let broker = value(&mut demo, "broker");
    let monitor = port(&value(&mut demo, "monitor"));
    let token = value(&mut demo, "token");
    let line = demo.expect("the key", PATIENCE, |line| key_in(line).is_some());
    let key = key_in(&line).expect("just found");
    let key_file = file(&folder, "key", &key);

    let mut driver = [
        "driver",
        "ready",
        "--agent",
        "1001002",
        "--extension",
        "2002",
    ]
    .to_vec();
    driver.extend(["--broker", &broker, "--key-file", &key_file]);
    let environment = [("FINEWIRE_PASSWORD", secret)];
    let ready = run(folder.path(), &driver, &environment);
    assert_eq!(ready.code, Some(0), "{}", ready.text);
    assert!(
        ready.text.contains("1001002#State#READY#"),
        "{}",
        ready.text
    );
    let denied = run(folder.path(), &driver, &[("FINEWIRE_PASSWORD", BUILT_IN)]);
    assert_eq!(denied.code, Some(1), "{}", denied.text);

    driver[1] = "events";
    let mut events = start(folder.path(), &driver, &environment);
    events.expect("the agent", PATIENCE, |line| {
        line.starts_with("1001002#AgentInfo#")
    });

    assert_eq!(get(monitor, "/healthz", "localhost").0, 200);
    let token = std::fs::read_to_string(token).expect("the token's file");
    let shown = |path: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{monitor}\r\nAuthorization: Bearer {}\r\n\
             Connection: close\r\n\r\n",
            token.trim()
        );
        let (status, body) = http(monitor, &request);
        assert_eq!(status, 200, "{path}: {body}");
        holds_no_secret(&body, secret, &key);
        serde_json::from_str::<Value>(&body).expect("JSON")
    };
    let begin = std::time::Instant::now();
    while !shown("/api/agents")["agents"]
        .as_array()
        .expect("agents")
        .iter()
        .any(|agent| agent["id"] == "1001002")
    {
        assert!(begin.elapsed() < PATIENCE, "the agent is not shown");
    }
    let view = shown("/api/status");
    let links = view["links"].as_array().expect("links");
    assert!(links.iter().any(|link| link["state"] == "up"), "{view}");

    for (path, answered) in [("/", 200), ("/healthz", 200), ("/api/status", 401)] {
        for host in ["localhost", "127.0.0.1", "[::1]:8162"] {
            assert_eq!(get(monitor, path, host).0, answered, "{path} at {host}");
        }
        for host in ["rebound.example", "127.0.0.1.rebound.example", "192.0.2.1"] {
            let (status, body) = get(monitor, path, host);
            assert_eq!(status, 421, "{path} at {host}: {body}");
            assert!(!body.contains("agents"), "{path} at {host}: {body}");
        }
        let post = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        );
        assert_eq!(http(monitor, &post).0, 405, "{path}");
    }

    assert_eq!(end(&mut events, "INT"), Some(0));
    assert_eq!(end(&mut demo, "INT"), Some(0), "{:?}", demo.seen());
    holds_no_secret(&demo.seen().join("\n"), secret, &key);
}
