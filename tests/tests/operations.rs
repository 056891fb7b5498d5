//! What the machinery around the program relies on: metrics, readiness, systemd's notices.

use finewire_tests::peers::house::{House, KEY, PATIENCE, file, folder, get, http, port};
use finewire_tests::peers::{Simulator, end, start};
use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;

const DASHBOARD: &str = include_str!("../../runtimes/server/deploy/finewire-dashboard.json");
const ALERTS: &str = include_str!("../../runtimes/server/deploy/finewire-alerts.yml");

fn scrape(port: u16, token: &str) -> (u16, String) {
    let head = format!(
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    http(port, &head)
}

/// The names of metrics that a text mentions.
fn names(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("finewire_") || word.starts_with("process_"))
        .collect()
}

#[test]
fn metrics_and_readiness_follow_the_links_and_carry_no_agent() {
    let mut house = House::build();
    let monitor = port(&house.connector.printed("monitor"));
    let token = std::fs::read_to_string(house.connector.printed("token")).expect("the token");
    let token = token.trim();

    assert_eq!(
        get(monitor, "/readyz", "localhost"),
        (200, "ready\n".into())
    );
    assert_eq!(get(monitor, "/metrics", "localhost").0, 401);
    assert_eq!(scrape(monitor, "wrong").0, 401);
    let (status, text) = scrape(monitor, token);
    assert_eq!(status, 200, "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    for wanted in [
        "finewire_ready 1.0",
        "finewire_link_up{link=\"broker\",node=\"\"} 1.0",
        "finewire_link_up{link=\"finesse\",node=\"A\"} 1.0",
        "finewire_link_changes_total{link=\"broker\",to=\"up\"} 1",
        "finewire_broker_connections 1.0",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
    }
    assert!(!text.contains("agent="), "{text}");

    let given = names(&text);
    for (file, wanted) in [("dashboard", names(DASHBOARD)), ("alerts", names(ALERTS))] {
        let absent: Vec<_> = wanted.difference(&given).collect();
        // A histogram's quantiles are made of its buckets; they have a sample for each.
        assert!(absent.is_empty(), "the {file} asks for {absent:?}:\n{text}");
        assert!(wanted.len() > 8, "the {file} asks for {wanted:?} only");
    }

    drop(house.simulator);
    house
        .connector
        .expect("the loss", |line| line.contains("FW-1302"));
    let (status, why) = get(monitor, "/readyz", "localhost");
    assert_eq!(status, 503, "{why}");
    assert!(why.contains("does not serve"), "{why}");
    let (_, text) = scrape(monitor, token);
    assert!(text.contains("finewire_ready 0.0"), "{text}");
    assert!(
        text.contains("finewire_link_up{link=\"finesse\",node=\"A\"} 0.0"),
        "{text}"
    );
}

/// What systemd would be told, up to the first message that holds `wanted`.
fn told(socket: &UnixDatagram, wanted: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = socket
            .recv(&mut buffer)
            .unwrap_or_else(|e| panic!("no {wanted}: {e}; {all:?}"));
        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
        let is_it = text.contains(wanted);
        all.push(text);
        if is_it {
            return all;
        }
    }
}

#[test]
fn systemd_is_told_ready_alive_and_stopping() {
    let folder = folder();
    let _ = file(&folder, "key", KEY);
    let simulator = Simulator::start(folder.path());
    let config = format!(
        "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:0\"\n\n{}\n[driver]\n\
         use_secure_password = true\nkey_file = \"key\"\n\n[monitor]\nenabled = false\n",
        simulator.node()
    );
    let config = file(&folder, "finewire.toml", &config);
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let path = path.to_str().expect("a plain path");
    let environment = [("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "900000")];
    let mut serve = start(folder.path(), &["serve", "--config", &config], &environment);

    told(&socket, "READY=1");
    told(&socket, "STATUS=in service");
    told(&socket, "WATCHDOG=1");
    told(&socket, "WATCHDOG=1");
    let code = end(&mut serve, "TERM");
    told(&socket, "STOPPING=1");
    assert_eq!(code, Some(0));
}

#[test]
fn a_log_in_a_folder_is_whole() {
    const CATALOGUE: &str = include_str!("../../runtimes/server/docs/LOGS.md");
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let logs = folder.path().join("logs");
    let config = format!(
        "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:0\"\n\n{}\n[driver]\nuse_secure_password = false\n\n[monitor]\nenabled = false\n",
        simulator.node()
    );
    let config = file(&folder, "finewire.toml", &config);
    let place = logs.to_str().expect("a plain path");
    let environment = [
        ("FINEWIRE_LOG_FORMAT", "json"),
        ("FINEWIRE_LOG_FOLDER", place),
    ];
    let mut serve = start(folder.path(), &["serve", "--config", &config], &environment);
    serve.expect("its address", PATIENCE, |line| line.starts_with("broker"));
    let read = || -> String {
        let files = std::fs::read_dir(&logs).into_iter().flatten();
        let texts = files.map(|file| std::fs::read_to_string(file.expect("a file").path()));
        texts.map(|text| text.expect("a text")).collect()
    };
    let begun = std::time::Instant::now();
    while !read().contains("FW-1301") {
        assert!(begun.elapsed() < PATIENCE, "not in service: {}", read());
        std::thread::yield_now();
    }
    assert_eq!(end(&mut serve, "TERM"), Some(0));

    let text = read();
    assert!(text.lines().count() > 2, "{text}");
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect(line);
        for key in ["timestamp", "level", "message", "code"] {
            assert!(value[key].is_string(), "no {key}: {line}");
        }
        let code = value["code"].as_str().expect("a code");
        assert!(CATALOGUE.contains(&format!("### {code} ")), "{line}");
    }
    assert!(text.contains("FW-1001"), "{text}");
}
