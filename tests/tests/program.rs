//! The program as an operator starts it wrongly: what it refuses before it listens, and how it says so.

use finewire_tests::peers::house::{file, folder};
use finewire_tests::peers::run;
use std::net::TcpListener;

/// An address for documentation (RFC 5737): never ours, so that nothing is ever exposed.
const NOT_OURS: &str = "192.0.2.1";

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
    assert_eq!(ran.code, Some(2), "{}", ran.text);
    assert!(
        ran.text.contains("loopback") && ran.text.contains("user"),
        "{}",
        ran.text
    );
    assert!(!ran.text.contains("cannot listen on"), "{}", ran.text);
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
        assert_eq!(ran.code, Some(2), "{text:?}: {}", ran.text);
        assert!(ran.text.contains(place), "{text:?}: {}", ran.text);
        assert!(ran.text.contains('^'), "{text:?}: {}", ran.text);
    }
    let ran = run(folder.path(), &["serve", "--config", "absent.toml"], &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.text);
    assert!(ran.text.contains("absent.toml"), "{}", ran.text);
}
