//! Brokers that let us in, or not, and rights that are there, or not: the embedded one and ActiveMQ.

use crate::peers::{config, doctor, line};
use finewire_tests::peers::house::{PATIENCE, file, folder, port};
use finewire_tests::peers::{Broker, Jms, free_port, start};
use tempfile::TempDir;

/// The configuration of a broker at this URL with a user, whose password is in a file.
fn with_user(folder: &TempDir, url: &str, user: &str, password: &str) -> String {
    let _ = file(folder, "broker-password", password);
    config(
        &format!("url = \"{url}\"\nuser = \"{user}\"\npassword_file = \"broker-password\""),
        &no_node(),
    )
}

/// A node that nobody has: only the broker matters.
fn no_node() -> String {
    let port = free_port();
    format!("host = \"127.0.0.1\"\nport = {port}\nxmpp_port = {port}")
}

#[test]
fn the_embedded_brokers_users_and_rights_are_told_apart() {
    let folder = folder();
    let users = file(
        &folder,
        "users",
        "cti:open-sesame\nreader:open-sesame\nwriter:open-sesame\n",
    );
    let permissions = "cti read,write,admin queue://>\ncti read,write,admin topic://>\n\
                       reader read,admin queue://>\nwriter write,admin topic://>\n";
    let permissions = file(&folder, "permissions", permissions);
    let arguments = ["broker", "--port", "0", "--users-file", &users];
    let arguments = [&arguments[..], &["--permissions-file", &permissions]].concat();
    let mut broker = start(folder.path(), &arguments, &[]);
    let url = broker.expect("broker", PATIENCE, |line| line.starts_with("broker "));
    let url = format!("tcp://127.0.0.1:{}", port(&url));
    let verdicts = |user: &str, password: &str| {
        let ran = doctor(&folder, &with_user(&folder, &url, user, password), &[]);
        assert_eq!(ran.code, Some(1), "nobody serves here: {}", ran.text);
        assert!(!ran.text.contains("open-sesame"), "{}", ran.text);
        let words = ["broker login", "broker queue", "broker topic"].map(|subject| {
            let has = ran.text.contains(&format!("  {subject}"));
            if has {
                line(&ran, subject)[..7].trim().to_owned()
            } else {
                String::new()
            }
        });
        words.join(" ")
    };

    assert_eq!(verdicts("cti", "open-sesame"), "ok ok ok");
    assert_eq!(verdicts("reader", "open-sesame"), "ok ok FAILED");
    assert_eq!(verdicts("writer", "open-sesame"), "ok FAILED ok");
    assert_eq!(verdicts("cti", "open-barley"), "FAILED  ");
    assert_eq!(verdicts("nobody", "open-sesame"), "FAILED  ");
}

#[test]
fn activemq_says_who_may_do_what() {
    if !Broker::is_available() {
        return;
    }
    let broker = Broker::start_guarded();
    let folder = folder();
    let said = |user: &str, password: &str| {
        let ran = doctor(
            &folder,
            &with_user(&folder, &broker.url(), user, password),
            &[],
        );
        let subjects = ["broker login", "broker queue", "broker topic"];
        let lines = subjects
            .iter()
            .filter(|subject| ran.text.contains(&format!("  {subject}")));
        lines
            // The broker's name comes behind the answer to the login, sometimes too late.
            .map(|subject| line(&ran, subject).replace("broker unnamed", "broker guarded"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    insta::assert_snapshot!(
        [
            said("connector", "open-sesame"),
            said("connector", "open-barley"),
            said("nobody", "open-sesame"),
            said("guest", "open-sesame"),
        ]
        .join("\n\n")
    );
}

#[test]
fn a_look_takes_no_command_from_the_queue_and_puts_nothing_on_a_drivers_topic() {
    if !Broker::is_available() {
        return;
    }
    let broker = Broker::start();
    let mut driver = Jms::connect(&broker.url());
    driver.topic("driver-1");
    driver.send("Connector1", "", "Hello#driver-1");
    let folder = folder();
    let config = config(&format!("url = \"{}\"", broker.url()), &no_node());

    let ran = doctor(&folder, &config, &["--topic", "driver-1"]);

    for subject in ["broker queue", "broker topic"] {
        assert!(line(&ran, subject).starts_with("ok "), "{}", ran.text);
    }
    driver.queue("Connector1");
    let command = driver.expect("the command that was waiting", |_| true);
    assert_eq!(command, "Hello#driver-1");
    driver.publish("driver-1", "", "the first on the topic");
    assert_eq!(
        driver.expect("an event", |_| true),
        "the first on the topic"
    );
    driver.finish();
}

#[test]
fn tls_and_plain_text_are_not_mistaken_for_each_other_at_a_broker() {
    let folder = folder();
    let mut broker = start(folder.path(), &["broker", "--port", "0"], &[]);
    let url = broker.expect("broker", PATIENCE, |line| line.starts_with("broker "));
    let plain_port = port(&url);
    let simulator = finewire_tests::peers::Simulator::start(folder.path());
    let said = |url: String, subject: &str| {
        let ran = doctor(
            &folder,
            &config(&format!("url = \"{url}\""), &no_node()),
            &[],
        );
        assert_eq!(ran.code, Some(1), "{}", ran.text);
        line(&ran, subject)
    };

    let tls = said(format!("ssl://127.0.0.1:{plain_port}"), "broker tls");
    assert!(tls.contains("it speaks OpenWire without TLS"), "{tls}");
    assert!(tls.contains("tcp:// in place of ssl://"), "{tls}");
    let login = said(
        format!("tcp://127.0.0.1:{}", simulator.xmpp),
        "broker login",
    );
    assert!(login.contains("the port speaks TLS"), "{login}");
    assert!(login.contains("ssl:// in place of tcp://"), "{login}");
}

#[test]
fn every_broker_of_a_failover_list_is_looked_at() {
    let folder = folder();
    let mut broker = start(folder.path(), &["broker", "--port", "0"], &[]);
    let url = broker.expect("broker", PATIENCE, |line| line.starts_with("broker "));
    let (there, missing) = (port(&url), free_port());
    let url = format!(
        "failover:(tcp://127.0.0.1:{missing},tcp://127.0.0.1:{there})?randomize=false&timeout=500"
    );
    let ran = doctor(
        &folder,
        &config(&format!("url = \"{url}\""), &no_node()),
        &[],
    );
    assert!(
        line(&ran, "broker 1 tcp").contains("connection refused"),
        "{}",
        ran.text
    );
    assert!(
        line(&ran, "broker 2 login").starts_with("ok "),
        "{}",
        ran.text
    );
}
