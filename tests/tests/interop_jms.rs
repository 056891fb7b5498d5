//! The main job with a driver that we did not write: the real ActiveMQ Java client, through the
//! real ActiveMQ broker and through the embedded one, to `finewire serve` and the simulator.

use finewire_tests::peers::{Broker, Connector, Jms, Simulator, encrypt_triple_des, play_table};
use tempfile::TempDir;

const KEY: &str = "0123456789abcdeffedcba98765432100f1e2d3c4b5a6978";
const QUEUE: &str = "Connector1";
const AGENT: &str = "1001001";

fn encrypted(password: &str) -> String {
    let cipher_text = encrypt_triple_des(KEY, "0000000000000000", password.as_bytes());
    cipher_text
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn config(folder: &TempDir, broker: &str, simulator: &Simulator) -> String {
    std::fs::write(folder.path().join("key"), KEY).expect("the key");
    format!(
        "[broker]\n{broker}\n\n{}\n[driver]\nuse_secure_password = true\nkey_file = \"key\"\n\
         time_zone = \"UTC\"\n\n[monitor]\nlisten = \"127.0.0.1:0\"\n",
        simulator.node()
    )
}

/// Plays the flow that a driver plays; every wait fails the test when nothing comes.
fn play(driver: &mut Jms, simulator: &Simulator, topic: &str) {
    let is = |event: &'static str| move |body: &str| body.split('#').nth(1) == Some(event);
    driver.topic(topic);

    driver.send(QUEUE, &format!("Hello#{topic}"), "");
    driver.expect("the connector in service", |body| {
        body.starts_with("System#IN_SERVICE")
    });
    let password = encrypted("Passw0rd!");
    driver.send(
        QUEUE,
        &format!("Connect#{AGENT}"),
        &format!("{topic},{password}"),
    );
    driver.send(
        QUEUE,
        &format!("Login#{AGENT}"),
        &format!("{password},2001"),
    );
    let info = driver.expect("AgentInfo", is("AgentInfo"));
    assert!(info.starts_with(&format!("{AGENT}#AgentInfo#")), "{info}");
    driver.expect("not ready", |body| {
        body.starts_with("1001001#State#NOT_READY#")
    });
    driver.expect("no call", |body| {
        body.starts_with("1001001#DialogStatus#NONE#0")
    });

    driver.send(QUEUE, &format!("MakeReady#{AGENT}"), "");
    driver.expect("ready", |body| body.starts_with("1001001#State#READY#"));
    let dialog = simulator.call(AGENT, "5551234");
    let offer = driver.expect("an offered call", is("NewInboundCall"));
    assert!(offer.contains(&format!("#DialogID:{dialog}#")), "{offer}");
    assert!(
        offer.starts_with("1001001#NewInboundCall#5551234#"),
        "{offer}"
    );
    for (verb, state) in [
        ("AnswerCall", "1001001#InboundCall#ACTIVE#"),
        ("HoldCall", "1001001#InboundCall#HELD#"),
        ("RetrieveCall", "1001001#InboundCall#ACTIVE#"),
        ("ReleaseCall", "1001001#InboundCall#DROPPED#"),
    ] {
        driver.send(QUEUE, &format!("{verb}#{AGENT}"), &dialog);
        driver.expect(verb, |body| body.starts_with(state));
    }

    driver.send(QUEUE, &format!("MakeNotReady#{AGENT}"), "");
    driver.expect("not ready again", |body| {
        body.starts_with("1001001#State#NOT_READY#")
    });
    driver.send(QUEUE, &format!("Logout#{AGENT}"), "");
    driver.expect("logged out", |body| {
        body.starts_with("1001001#State#LOGOUT#")
    });
}

fn no_secret_in(what: &str, lines: &[String]) {
    let cipher_text = encrypted("Passw0rd!");
    for line in lines {
        assert!(!line.contains("Passw0rd!"), "{what}: {line}");
        assert!(
            !line.to_ascii_lowercase().contains(&cipher_text),
            "{what}: {line}"
        );
        assert!(!line.contains(KEY), "{what}: {line}");
    }
}

#[test]
fn a_java_driver_works_through_the_real_broker() {
    if !Broker::is_available() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let broker = Broker::start();
    let mut simulator = Simulator::start(folder.path());
    let url = format!(
        "url = \"failover:({})?timeout=10000&randomize=false\"",
        broker.url()
    );
    let mut connector = Connector::start(folder.path(), &config(&folder, &url, &simulator));
    let mut driver = Jms::connect(&broker.url());

    play(&mut driver, &simulator, "192.168.1.148");

    no_secret_in("connector", connector.seen());
    no_secret_in("simulator", simulator.seen());
    driver.finish();
    assert_eq!(connector.terminate(), Some(0));
}

#[test]
fn a_java_driver_does_not_notice_the_embedded_broker() {
    if !Broker::is_available() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let simulator = Simulator::start(folder.path());
    let embedded = "url = \"embedded\"\nlisten = \"127.0.0.1:0\"";
    let mut connector = Connector::start(folder.path(), &config(&folder, embedded, &simulator));
    let url = connector.printed("broker");
    let mut driver = Jms::connect(&url);

    play(&mut driver, &simulator, "dest1");

    let asked = driver
        .seen()
        .iter()
        .any(|line| line.starts_with("exception"));
    assert!(!asked, "{:?}", driver.seen());
    no_secret_in("connector", connector.seen());
    driver.finish();
    assert_eq!(connector.terminate(), Some(0));
}

/// Plays a part of the table; `broker`: through the real one, else through the embedded one.
fn play_part(part: &str, broker: Option<&Broker>, simulator_options: &[&str]) {
    let folder = TempDir::new().expect("a folder");
    let mut simulator = Simulator::start_with(folder.path(), simulator_options);
    let place = match broker {
        Some(broker) => format!("url = \"failover:({})\"", broker.url()),
        None => "url = \"embedded\"\nlisten = \"127.0.0.1:0\"".to_owned(),
    };
    let form = if part.starts_with("json") {
        "json"
    } else {
        "text"
    };
    let options = format!("[driver]\nconnect_status = true\nevent_format = \"{form}\"\n");
    let config = config(&folder, &place, &simulator).replace("[driver]\n", &options);
    let mut connector = Connector::start(folder.path(), &config);
    let url = match broker {
        Some(broker) => broker.url(),
        None => connector.printed("broker"),
    };
    let values = [("pass", "Passw0rd!"), ("wrong", "Passw0rd?")];
    let values = values.map(|(name, password)| format!("{name}={}", encrypted(password)));

    let rows = play_table(&url, simulator.control(), part, &values);

    assert!(rows.iter().any(|line| line.starts_with("table held")));
    no_secret_in("table", &rows);
    no_secret_in("connector", connector.seen());
    no_secret_in("simulator", simulator.seen());
    assert_eq!(connector.terminate(), Some(0));
}

#[test]
fn every_command_is_answered_as_documented_through_the_real_broker() {
    if Broker::is_available() {
        play_part("ucce", Some(&Broker::start()), &[]);
    }
}

#[test]
fn every_command_is_answered_as_documented_through_the_embedded_broker() {
    if Broker::is_available() {
        play_part("ucce", None, &[]);
    }
}

#[test]
fn what_uccx_does_otherwise_is_answered_as_documented() {
    if Broker::is_available() {
        play_part("uccx", Some(&Broker::start()), &["--uccx"]);
    }
}

#[test]
fn events_in_the_json_form_say_the_same() {
    if Broker::is_available() {
        play_part("json", None, &[]);
    }
}

#[test]
fn the_connector_survives_a_restart_of_the_real_broker_in_the_middle_of_the_flow() {
    if !Broker::is_available() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let broker = Broker::start();
    let (port, address) = (broker.port(), broker.url());
    let simulator = Simulator::start(folder.path());
    let url = format!("url = \"failover:({address})\"");
    let mut connector = Connector::start(folder.path(), &config(&folder, &url, &simulator));
    let failover = format!("failover:({address})?maxReconnectDelay=200");
    let mut driver = Jms::connect(&failover);
    play(&mut driver, &simulator, "dest1");

    broker.kill();
    connector.expect("the broker is lost", |line| {
        line.contains("broker") && line.contains("down")
    });
    let _broker = Broker::start_on(port);
    connector.expect("the broker is back", |line| {
        line.contains("broker") && line.contains("up")
    });

    play(&mut driver, &simulator, "dest2");
    driver.finish();
}

#[test]
fn a_primary_that_comes_takes_over_and_nothing_is_told_by_two() {
    if !Broker::is_available() {
        return;
    }
    let folders = [TempDir::new(), TempDir::new()].map(|folder| folder.expect("a folder"));
    let broker = Broker::start();
    let simulator = Simulator::start(folders[0].path());
    let connector = |folder: &TempDir, priority: u8| {
        let url = format!("url = \"{}\"\npriority = {priority}", broker.url());
        Connector::start(folder.path(), &config(folder, &url, &simulator))
    };
    let _secondary = connector(&folders[0], 100);
    let mut driver = Jms::connect(&broker.url());
    driver.topic("dest1");
    let password = encrypted("Passw0rd!");
    let log_in = |driver: &mut Jms| {
        let connect = format!("dest1,{password}");
        driver.send(QUEUE, &format!("Connect#{AGENT}"), &connect);
        driver.send(
            QUEUE,
            &format!("Login#{AGENT}"),
            &format!("{password},2001"),
        );
        driver.expect("a login", |body| body.starts_with("1001001#DialogStatus#"));
    };
    log_in(&mut driver);

    let _primary = connector(&folders[1], 127);
    driver.expect("to be sent to the primary", |body| {
        body.starts_with("System#RECONNECT")
    });
    log_in(&mut driver);
    driver.send(QUEUE, &format!("MakeReady#{AGENT}"), "");
    driver.expect("ready", |body| body.starts_with("1001001#State#READY#"));
    driver.send(QUEUE, &format!("MakeNotReady#{AGENT}"), "");
    driver.expect("not ready", |body| {
        body.starts_with("1001001#State#NOT_READY#")
    });

    assert_eq!(since_takeover(&mut driver, "1001001#State#READY#"), 1);
}

/// How many messages with a body that begins so came since the last takeover.
fn since_takeover(driver: &mut Jms, begin: &str) -> usize {
    let bodies = driver
        .seen()
        .iter()
        .filter_map(|line| line.splitn(4, '\t').nth(3));
    let since: Vec<&str> = bodies.collect();
    let from = since
        .iter()
        .rposition(|body| body.starts_with("System#RECONNECT"));
    let from = from.unwrap_or_default();
    since[from..]
        .iter()
        .filter(|body| body.starts_with(begin))
        .count()
}
