//! The connector as a process on its roads: a WebSocket, a certificate that is not the pinned one, its end.

use finewire_tests::peers::house::{
    AGENT, BUILT_IN, House, KEY, PATIENCE, file, folder, holds_no_secret,
};
use finewire_tests::peers::{Lines, Simulator, end, run, start};
use tempfile::TempDir;

const SECRET: [(&str, &str); 1] = [("FINEWIRE_PASSWORD", BUILT_IN)];

/// The simulator's node with notifications in a WebSocket on the port of REST.
fn in_websocket(simulator: &Simulator) -> String {
    format!(
        "[[finesse.node]]\nhost = \"127.0.0.1\"\nport = {rest}\nxmpp = \"websocket\"\n\
         xmpp_port = {rest}\nfingerprint = \"{}\"\n",
        simulator.fingerprint,
        rest = simulator.rest
    )
}

#[test]
fn a_call_comes_through_a_websocket_with_tls() {
    let mut house = House::with(in_websocket);
    let folder = house.folder.path().to_owned();
    let ready = run(&folder, &house.driver("ready", &[]), &SECRET);
    assert_eq!(ready.code, Some(0), "{}", ready.text);
    let mut events = start(&folder, &house.driver("events", &[]), &SECRET);
    events.expect("the agent", PATIENCE, |line| line.contains("#AgentInfo#"));

    let dialog = house.simulator.call(AGENT, "5551234");

    let wanted = format!("DialogID:{dialog}");
    events.expect("the call", PATIENCE, |line| {
        line.contains("#NewInboundCall#5551234#") && line.contains(&wanted)
    });
    let mut seen = house.connector.seen().join("\n");
    seen.push_str(&house.simulator.seen().join("\n"));
    holds_no_secret(&seen, BUILT_IN, KEY);
}

#[test]
fn a_connector_that_is_told_to_end_leaves_its_drivers_with_a_word_and_succeeds() {
    let house = House::build();
    let folder = house.folder.path().to_owned();
    let mut events = start(&folder, &house.driver("events", &[]), &SECRET);
    events.expect("the agent", PATIENCE, |line| line.contains("#AgentInfo#"));

    assert_eq!(house.connector.terminate(), Some(0));

    events.expect("the end", PATIENCE, |line| {
        line.contains("System#OUT_OF_SERVICE")
    });
}

/// `finewire serve` for a Finesse at this port of localhost, which it trusts as told.
fn serve(folder: &TempDir, port: u16, trust: &str) -> Lines {
    let config = format!(
        "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:0\"\n\n[[finesse.node]]\n\
         host = \"localhost\"\nport = {port}\nxmpp_port = {port}\n{trust}\n\n[driver]\n\
         use_secure_password = false\ntime_zone = \"UTC\"\n\n[monitor]\nenabled = false\n"
    );
    let path = file(folder, "finewire.toml", &config);
    start(folder.path(), &["serve", "--config", &path], &[])
}

#[test]
fn another_certificate_than_the_pinned_one_is_named_with_its_fingerprint() {
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let pinned = format!("fingerprint = \"{}\"", "ab".repeat(32));
    let mut connector = serve(&folder, simulator.rest, &pinned);

    let found = format!(
        "not the pinned certificate, found {}",
        simulator.fingerprint
    );
    connector.expect("the fault", PATIENCE, |line| {
        line.contains("REST interface of node 0") && line.contains(&found)
    });
    let is_consequence =
        |line: &String| line.contains("Finesse A: out of service") && line.contains(&found);
    assert!(connector.seen().iter().any(is_consequence));
    assert_eq!(end(&mut connector, "TERM"), Some(0));
}
