//! The program as an operator starts it: exit codes, what it prints, who it lets in, and what it
//! refuses before it listens.

use core::time::Duration;
use finewire_core::machine::{CloseReason, Instant, Link, LinkEvent, LinkSlot, Random};
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use finewire_openwire::client::{BrokerUri, Client, ClientConfig};
use finewire_tests::peers::{Connector, Lines, Simulator, end, run, start};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);
/// An address for documentation (RFC 5737): never ours, so that nothing is ever exposed.
const NOT_OURS: &str = "192.0.2.1";
const KEY: &str = "0123456789abcdeffedcba98765432100f1e2d3c4b5a6978";
/// The simulator's built-in password.
const BUILT_IN: &str = "Passw0rd!";
const AGENT: &str = "1001001";

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    make_private(&path);
    path.to_str().expect("a plain path").to_owned()
}

fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("our file");
}

/// The rest of the line that starts with `name`.
fn value(process: &mut Lines, name: &str) -> String {
    let line = process.expect(name, PATIENCE, |line| line.starts_with(name));
    line[name.len()..].trim().to_owned()
}

fn port(address: &str) -> u16 {
    let digits = address.trim_end_matches('/').rsplit(':').next();
    let digits = digits.and_then(|digits| digits.split_whitespace().next());
    let port = digits.and_then(|digits| digits.parse().ok());
    port.unwrap_or_else(|| panic!("no port in {address:?}"))
}

/// No form in which `password` travels is in `text`: plain, encrypted, or in a Basic or SASL PLAIN
/// header.
fn holds_no_secret(text: &str, password: &str, key: &str) {
    assert!(!text.contains(password), "the password:\n{text}");
    let codec = PasswordCodec::triple_des(&Secret::from(key), InitialVector::ZERO, CipherText::Hex);
    let cipher_text = codec
        .expect("a key")
        .encode(&Secret::from(password), &mut Random::from_seed([1; 32]))
        .expect("a short password");
    let cipher_text = cipher_text.expose().to_ascii_lowercase();
    assert!(cipher_text.len() >= 16);
    let lower = text.to_ascii_lowercase();
    assert!(!lower.contains(&cipher_text), "the cipher text:\n{text}");
    for credentials in [
        format!("{AGENT}:{password}"),
        format!("\0{AGENT}\0{password}"),
    ] {
        use base64::Engine;
        let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
        // Without the end, which differs with what follows.
        let encoded = &encoded[..encoded.len() - 4];
        assert!(!text.contains(encoded), "credentials:\n{text}");
    }
}

/// The 48 hex digits in `line`, if there are.
fn key_in(line: &str) -> Option<String> {
    line.split(|c: char| !c.is_ascii_hexdigit())
        .find(|word| word.len() == 48)
        .map(str::to_owned)
}

/// One HTTP exchange: status and body.
fn http(port: u16, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the monitor listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
        .write_all(request.as_bytes())
        .expect("the monitor reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let status = text.split_whitespace().nth(1);
    let status = status.and_then(|status| status.parse().ok());
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.expect("a status"), body.to_owned())
}

fn get(port: u16, path: &str, host: &str) -> (u16, String) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    http(port, &head)
}

/// A simulator and a connector with an embedded broker, for drivers on the command line.
struct House {
    folder: TempDir,
    simulator: Simulator,
    connector: Connector,
    broker: String,
    key: String,
}

impl House {
    fn build() -> Self {
        let folder = folder();
        let key = file(&folder, "key", KEY);
        let simulator = Simulator::start(folder.path());
        let config = format!(
            "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:0\"\n\n{}\n[driver]\n\
             use_secure_password = true\nkey_file = \"key\"\ntime_zone = \"UTC\"\n\n\
             [monitor]\nlisten = \"127.0.0.1:0\"\n",
            simulator.node()
        );
        let mut connector = Connector::start(folder.path(), &config);
        let broker = connector.printed("broker");
        Self {
            folder,
            simulator,
            connector,
            broker,
            key,
        }
    }

    fn driver<'a>(&'a self, action: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec!["driver", action, "--broker", &self.broker];
        arguments.extend(["--key-file", &self.key, "--timeout", "20"]);
        arguments.extend(more);
        arguments
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }
}

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
    let (status, body) = get(monitor, "/api/status", &format!("127.0.0.1:{monitor}"));
    assert_eq!(status, 200, "{body}");
    let view: Value = serde_json::from_str(&body).expect("JSON");
    let agents = view["agents"].as_array().expect("agents");
    assert!(
        agents.iter().any(|agent| agent["id"] == "1001002"),
        "{body}"
    );
    let links = view["links"].as_array().expect("links");
    assert!(links.iter().any(|link| link["state"] == "up"), "{body}");
    holds_no_secret(&body, secret, &key);

    for path in ["/", "/healthz", "/api/status", "/page.js"] {
        for host in ["localhost", "127.0.0.1", "[::1]:8162"] {
            assert_eq!(get(monitor, path, host).0, 200, "{path} at {host}");
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

#[test]
fn a_taken_port_ends_the_program_and_names_port_and_option() {
    let folder = folder();
    let users = file(&folder, "users", "alice:open-sesame\n");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let number = taken.local_addr().expect("bound").port().to_string();
    let simulate = ["simulate", "--finesse-port", "0", "--xmpp-port", "0"];
    for (before, option) in [
        (&["demo"][..], "--broker-port"),
        (&["demo"], "--finesse-port"),
        (&["demo"], "--xmpp-port"),
        (&["demo"], "--monitor-port"),
        (&["broker"], "--port"),
        (&["broker", "--users-file", &users], "--port"),
        (&simulate, "--control-port"),
        (&simulate[..1], "--finesse-port"),
        (&simulate[..3], "--xmpp-port"),
    ] {
        let mut arguments = before.to_vec();
        arguments.extend([option, &number]);
        let ran = run(folder.path(), &arguments, &[]);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.text);
        assert!(ran.text.contains(&number), "{arguments:?}: {}", ran.text);
        assert!(ran.text.contains(option), "{arguments:?}: {}", ran.text);
        // It ends before the play.
        assert!(!ran.text.contains("Hello#"), "{arguments:?}: {}", ran.text);
    }
    for (broker, monitor, option) in [
        (number.as_str(), "0", "broker.listen"),
        ("0", number.as_str(), "monitor.listen"),
    ] {
        let config = format!(
            "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:{broker}\"\n\n\
             [[finesse.node]]\nhost = \"127.0.0.1\"\nport = 1\nxmpp_port = 2\n\n[driver]\n\
             use_secure_password = false\ntime_zone = \"UTC\"\n\n[monitor]\n\
             listen = \"127.0.0.1:{monitor}\"\n"
        );
        let path = file(&folder, "finewire.toml", &config);
        let ran = run(folder.path(), &["serve", "--config", &path], &[]);
        assert_eq!(ran.code, Some(1), "{option}: {}", ran.text);
        assert!(ran.text.contains(&number), "{option}: {}", ran.text);
        assert!(ran.text.contains(option), "{option}: {}", ran.text);
    }
}

#[test]
fn what_is_known_to_all_is_refused_off_loopback_before_anything_listens() {
    let folder = folder();
    let password = file(&folder, "password", "correct-horse-battery");
    let users = file(&folder, "users", "alice:open-sesame\n");
    let free = [
        "--finesse-port",
        "0",
        "--xmpp-port",
        "0",
        "--listen",
        NOT_OURS,
    ];
    let simulate = [&["simulate"], &free[..]].concat();
    let demo = ["demo", "--listen", NOT_OURS];
    let broker = ["broker", "--port", "0", "--listen", NOT_OURS];
    for (arguments, needed) in [
        (simulate.clone(), "--agent-password-file"),
        (demo.to_vec(), "--agent-password-file"),
        (broker.to_vec(), "--users-file"),
        // The demo's broker lets everybody in, whatever the agents' password is.
        (
            [&demo[..], &["--agent-password-file", &password]].concat(),
            "loopback",
        ),
    ] {
        let ran = run(folder.path(), &arguments, &[]);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.text);
        assert!(ran.text.contains(needed), "{arguments:?}: {}", ran.text);
        let tried = ran.text.contains("cannot listen");
        assert!(!tried, "{arguments:?} tried to listen: {}", ran.text);
    }

    // With a secret of its own it does try, and finds that the address is not ours.
    for arguments in [
        [&simulate[..], &["--agent-password-file", &password]].concat(),
        [&broker[..], &["--users-file", &users]].concat(),
    ] {
        let ran = run(folder.path(), &arguments, &[]);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.text);
        assert!(
            ran.text.contains("cannot listen"),
            "{arguments:?}: {}",
            ran.text
        );
        assert!(!ran.text.contains("-file"), "{arguments:?}: {}", ran.text);
    }
}

#[test]
fn an_embedded_broker_without_users_is_refused_off_loopback() {
    let folder = folder();
    let config = format!(
        "[broker]\nurl = \"embedded\"\nlisten = \"{NOT_OURS}:0\"\n\n[[finesse.node]]\n\
         host = \"127.0.0.1\"\nport = 1\nxmpp_port = 2\n\n[driver]\n\
         use_secure_password = false\ntime_zone = \"UTC\"\n"
    );
    let path = file(&folder, "finewire.toml", &config);
    let ran = run(folder.path(), &["serve", "--config", &path], &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    assert!(
        ran.text.contains("loopback") && ran.text.contains("user"),
        "{}",
        ran.text
    );
    assert!(!ran.text.contains("cannot listen on"), "{}", ran.text);
}

#[test]
fn a_driver_takes_its_password_from_a_file_or_the_environment_and_never_prints_it() {
    let house = House::build();
    let right = file(&house.folder, "right", &format!("{BUILT_IN}\n"));
    let wrong = file(&house.folder, "wrong", "hunter2-hunter2\n");
    let variable = "FINEWIRE_PASSWORD";

    for (options, environment, admitted) in [
        (&["--password-file", &wrong][..], &[][..], false),
        (&["--password-file", &right], &[], true),
        (&[], &[(variable, BUILT_IN)], true),
        (&[], &[(variable, "hunter2-hunter2")], false),
        (
            &["--password-file", &right],
            &[(variable, "hunter2-hunter2")],
            true,
        ),
        (&["--password-file", &wrong], &[(variable, BUILT_IN)], false),
    ] {
        let arguments = house.driver("login", options);
        let ran = run(house.folder.path(), &arguments, environment);
        let case = format!("{options:?} {environment:?}: {}", ran.text);
        assert_eq!(ran.code, Some(i32::from(!admitted)), "{case}");
        let told = ran.text.contains("1001001#AgentInfo#");
        assert_eq!(told, admitted, "{case}");
        let refused = ran.text.to_lowercase();
        let refused = refused.contains("refused") || refused.contains("failed");
        assert_eq!(refused, !admitted, "{case}");
        holds_no_secret(&ran.text, BUILT_IN, KEY);
        holds_no_secret(&ran.text, "hunter2-hunter2", KEY);
    }
    let mut connector = house.connector;
    holds_no_secret(&connector.seen().join("\n"), "hunter2-hunter2", KEY);
    holds_no_secret(&connector.seen().join("\n"), BUILT_IN, KEY);
    assert_eq!(connector.terminate(), Some(0));
}

#[test]
fn hello_succeeds_only_where_a_connector_is_in_service() {
    let house = House::build();
    let ran = run(house.folder.path(), &house.driver("hello", &[]), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);

    // A broker at which no connector listens.
    let mut broker = start(house.folder.path(), &["broker", "--port", "0"], &[]);
    let url = value(&mut broker, "broker");
    let hello = ["driver", "hello", "--timeout", "1", "--broker", &url];
    let ran = run(house.folder.path(), &hello, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    assert!(ran.text.contains(&url), "{}", ran.text);
    assert_eq!(end(&mut broker, "TERM"), Some(0));
}

/// The first thing a client learns from the broker at `url`.
async fn admission(url: &str, user: Option<(&str, &str)>) -> Result<(), CloseReason> {
    let uri: BrokerUri = url.parse().expect("a URI");
    let mut config = ClientConfig::default();
    config.apply(&uri);
    if let Some((name, password)) = user {
        config.user = Some(name.into());
        config.password = Some(Secret::from(password));
    }
    let client = Client::new(config, [7; 32]);
    let link = uri.to_link_config(None).expect("no TLS");
    let mut link = Link::new(client, link, LinkSlot(0), Random::from_seed([7; 32]));
    link.start(Instant::START);
    let (_handle, mut events, _task) =
        finewire_tokio::spawn(link, finewire_tokio::Options::default());
    loop {
        let event = tokio::time::timeout(PATIENCE, events.next()).await;
        match event.expect("an answer in time").expect("the client runs") {
            LinkEvent::Up => return Ok(()),
            LinkEvent::Down { reason, .. } => return Err(reason),
            LinkEvent::Said(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_broker_with_users_lets_in_those_with_the_right_password_only() {
    let folder = folder();
    let users = file(
        &folder,
        "users",
        "# who may\nalice:open-sesame\nbob:tell:no:one\n",
    );
    let arguments = ["broker", "--port", "0", "--users-file", &users];
    let mut broker = start(folder.path(), &arguments, &[]);
    let url = value(&mut broker, "broker");

    for (user, admitted) in [
        (Some(("alice", "open-sesame")), true),
        (Some(("bob", "tell:no:one")), true),
        (Some(("alice", "open-sesame2")), false),
        (Some(("alice", "")), false),
        (Some(("bob", "open-sesame")), false),
        (Some(("carol", "open-sesame")), false),
        (None, false),
    ] {
        let found = admission(&url, user).await;
        assert_eq!(found.is_ok(), admitted, "{user:?}: {found:?}");
    }
    assert_eq!(end(&mut broker, "TERM"), Some(0));
    let text = broker.seen().join("\n");
    assert!(
        !text.contains("open-sesame") && !text.contains("tell:no"),
        "{text}"
    );
}

#[test]
fn the_simulator_is_controlled_by_who_can_read_its_private_file() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::build();
    let folder = house.folder.path();
    let control = house.control();
    let mode = std::fs::metadata(&control)
        .expect("the control file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let control = control.to_str().expect("a plain path").to_owned();
    let simulate = |arguments: &[&str]| {
        let arguments = [&["simulate"], arguments, &["--control-file", &control]].concat();
        run(folder, &arguments, &[])
    };

    let shown = simulate(&["show"]);
    assert_eq!(shown.code, Some(0), "{}", shown.text);
    assert!(shown.text.contains("1001010"), "{}", shown.text);
    let nobody = simulate(&["call", "--to", "9999999", "--from", "5551234"]);
    assert_eq!(nobody.code, Some(1), "{}", nobody.text);

    let ready = house.driver("ready", &[]);
    let ready = run(folder, &ready, &[("FINEWIRE_PASSWORD", BUILT_IN)]);
    assert_eq!(ready.code, Some(0), "{}", ready.text);
    let dialog = house.simulator.call(AGENT, "5551234");
    let has_call = |text: &str| text.split_whitespace().any(|word| word == dialog);
    let shown = simulate(&["show"]);
    assert!(has_call(&shown.text), "{dialog}: {}", shown.text);

    // Another token: nothing is told and nothing is done.
    let text = std::fs::read_to_string(&control).expect("the control file");
    let (address, token) = text.trim().split_once('\n').expect("address and token");
    assert!(token.len() >= 32, "a token that can be guessed");
    let flipped = if token.starts_with('0') { "1" } else { "0" };
    let forged = file(
        &house.folder,
        "forged",
        &format!("{address}\n{flipped}{}\n", &token[1..]),
    );
    for action in [
        &["show"][..],
        &["hangup", "--dialog", &dialog],
        &["call", "--to", AGENT, "--from", "5551234"],
    ] {
        let arguments = [&["simulate"], action, &["--control-file", &forged]].concat();
        let ran = run(folder, &arguments, &[]);
        assert_eq!(ran.code, Some(1), "{action:?}: {}", ran.text);
        assert!(ran.text.contains("401"), "{action:?}: {}", ran.text);
        assert!(!ran.text.contains("1001010"), "{action:?}: {}", ran.text);
        assert!(!ran.text.contains(token), "{action:?}: {}", ran.text);
    }
    let without = get(port(address), "/agents", "127.0.0.1");
    assert_eq!(without.0, 401, "{}", without.1);

    let hung_up = simulate(&["hangup", "--dialog", &dialog]);
    assert_eq!(hung_up.code, Some(0), "{}", hung_up.text);
    let again = simulate(&["hangup", "--dialog", &dialog]);
    assert_eq!(again.code, Some(1), "{}", again.text);
    let shown = simulate(&["show"]);
    let talking = |line: &str| has_call(line) && !line.contains("DROPPED");
    assert!(!shown.text.lines().any(talking), "{}", shown.text);
}

#[test]
fn a_simulator_that_ends_takes_its_control_file_with_it() {
    let folder = folder();
    let control = folder.path().join("door");
    let path = control.to_str().expect("a plain path");
    let mut arguments = vec!["simulate", "--listen", "127.0.0.2", "--control-file", path];
    arguments.extend(["--finesse-port", "0", "--xmpp-port", "0"]);
    let mut simulator = start(folder.path(), &arguments, &[]);
    let finesse = value(&mut simulator, "finesse");
    assert!(finesse.contains("127.0.0.2:"), "{finesse}");
    TcpStream::connect(("127.0.0.2", port(&finesse))).expect("it listens there");
    value(&mut simulator, "control");
    assert!(control.exists());
    assert_eq!(end(&mut simulator, "TERM"), Some(0));
    assert!(!control.exists());
}

#[test]
fn a_broken_configuration_ends_the_connector_and_shows_where() {
    let folder = folder();
    for (text, place) in [
        ("[broker]\nurl = 5\n", "finewire.toml:2:7"),
        ("[broker]\n\n  colour = \"red\"\n", "finewire.toml:3:3"),
        ("[broker\n", "finewire.toml:1:"),
    ] {
        let path = file(&folder, "finewire.toml", text);
        let ran = run(folder.path(), &["serve", "--config", &path], &[]);
        assert_eq!(ran.code, Some(1), "{text:?}: {}", ran.text);
        assert!(ran.text.contains(place), "{text:?}: {}", ran.text);
        assert!(ran.text.contains('^'), "{text:?}: {}", ran.text);
    }
    let ran = run(folder.path(), &["serve", "--config", "absent.toml"], &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    assert!(ran.text.contains("absent.toml"), "{}", ran.text);
}
