//! Driver, broker and simulator as programs of their own: whom they let in, and what they print.

use finewire_core::machine::{CloseReason, Instant, Link, LinkEvent, LinkSlot, Random};
use finewire_core::password::Secret;
use finewire_openwire::client::{BrokerUri, Client, ClientConfig};
use finewire_tests::peers::house::{
    AGENT, BUILT_IN, House, KEY, PATIENCE, file, folder, get, holds_no_secret, port, value,
};
use finewire_tests::peers::{end, run, start};
use std::net::TcpStream;

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
