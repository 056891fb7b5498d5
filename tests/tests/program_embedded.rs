//! `finewire serve` with `[broker.embedded]`: a site's drivers on one machine, by name and over TLS.

use finewire_host::{ClientTls, HostConfig, TlsProfiles};
use finewire_tests::peers::house::{BUILT_IN, KEY, PATIENCE, file, folder, holds_no_secret, port};
use finewire_tests::peers::{Connector, Simulator, run, start};
use finewire_tokio::Options;
use finewire_tokio::openwire::{Connection, Destination, Message, NotDone, Plan, TLS, open};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// A configuration with these lines in `[broker]` and `[broker.embedded]`.
fn configuration(simulator: &Simulator, broker: &str, embedded: &str) -> String {
    format!(
        "[broker]\nurl = \"embedded\"\n{broker}\n[broker.embedded]\n{embedded}\n{}\n\
         [driver]\nuse_secure_password = false\ntime_zone = \"UTC\"\n\n\
         [monitor]\nenabled = false\n",
        simulator.node()
    )
}

/// The files of a broker with users: the connector's own password, drivers' users, grants.
fn house(folder: &TempDir) -> &'static str {
    let _ = file(folder, "own", "connectors-own-secret\n");
    let _ = file(folder, "users", "crm:crm-secret\nguest:guest-secret\n");
    let grants = "# the driver of the CRM\n\
                  crm    write            queue://Connector1\n\
                  crm    read,write,admin topic://>\n\
                  crm    read,write,admin queue://crm.>\n\
                  guest  read             topic://news.>\n";
    let _ = file(folder, "grants", grants);
    "user = \"connector\"\npassword_file = \"own\""
}

/// Connects as this user, believing the certificate in `trusted` alone.
async fn connect(
    url: &str,
    user: &str,
    password: &str,
    trusted: &Path,
) -> Result<Connection, NotDone> {
    let mut tls = TlsProfiles::new();
    tls.set_client(TLS, ClientTls::roots_file(trusted).expect("a certificate"));
    let options = Options {
        host: HostConfig {
            tls,
            ..HostConfig::default()
        },
        ..Options::default()
    };
    let plan = Plan::new(url).expect("a URL").user(user, password);
    let (connection, _) = open(plan, options).expect("TLS and randomness");
    connection.connected().await?;
    Ok(connection)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn drivers_come_over_tls_by_name_and_may_do_what_they_are_granted() {
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let own = house(&folder);
    let broker = format!("{own}\nlisten = \"127.0.0.1:0\"");
    let embedded = "users_file = \"users\"\npermissions_file = \"grants\"\n\
                    self_made_certificate = \"shown.pem\"\n";
    let config = configuration(&simulator, &broker, embedded);
    // It comes into service by its own user, over TLS: nobody else could.
    let mut connector = Connector::start(folder.path(), &config);
    let url = connector.printed("broker");
    assert!(url.starts_with("ssl://127.0.0.1:"), "{url}");
    let is_told = |line: &String| line.contains("in memory only, persistent ones too");
    assert!(connector.seen().iter().any(is_told));
    let shown = folder.path().join("shown.pem");

    for (user, password) in [("crm", "wrong"), ("nobody", "crm-secret"), ("crm", "")] {
        let found = connect(&url, user, password, &shown).await;
        assert!(found.is_err(), "{user} with {password:?}");
    }
    let crm = connect(&url, "crm", "crm-secret", &shown).await;
    let crm = crm.expect("the driver's user");
    let commands = Destination::queue("Connector1");
    let taken = crm.consumer(commands.clone()).open().await.map(|_| ());
    let refusal = taken.expect_err("others' commands").to_string();
    assert!(refusal.contains("not authorized to read from"), "{refusal}");
    crm.producer(commands.clone())
        .open()
        .await
        .expect("its own commands");
    let guest = connect(&url, "guest", "guest-secret", &shown).await;
    let guest = guest.expect("the guest");
    let producer = guest.producer(commands).persistent().open().await;
    let sent = match producer {
        Ok(producer) => producer.send(Message::text("Logout#1")).await,
        Err(refused) => Err(refused),
    };
    let refusal = sent.expect_err("a command of a guest").to_string();
    assert!(refusal.contains("not authorized to write to"), "{refusal}");

    let ready = {
        let url = format!("{url}?jms.userName=crm&jms.password=crm-secret");
        let trusted = shown.to_str().expect("a plain path").to_owned();
        let place = folder.path().to_owned();
        let ran = tokio::task::spawn_blocking(move || {
            let arguments = [
                "driver",
                "ready",
                "--broker",
                &url,
                "--ca-file",
                &trusted,
                "--timeout",
                "20",
            ];
            run(&place, &arguments, &[("FINEWIRE_PASSWORD", BUILT_IN)])
        });
        ran.await.expect("the driver")
    };
    assert_eq!(ready.code, Some(0), "{}", ready.text);
    let printed = connector.seen().join("\n");
    assert!(!printed.contains("-secret"), "{printed}");
    holds_no_secret(&printed, BUILT_IN, KEY);
    assert_eq!(connector.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_limits_of_the_table_are_the_brokers_and_the_connector_reaches_it_wherever_it_listens()
{
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let own = house(&folder);
    let broker = format!("{own}\nlisten = \"0.0.0.0:0\"");
    let embedded = "users_file = \"users\"\nmax_queue_messages = 3\nwhen_full = \"refuse\"\n";
    let config = configuration(&simulator, &broker, embedded);
    let mut connector = Connector::start(folder.path(), &config);
    let in_clear = |line: &String| line.contains("travel in clear");
    assert!(connector.seen().iter().any(in_clear));
    let url = connector.printed("broker");
    assert!(url.starts_with("tcp://0.0.0.0:"), "{url}");

    let url = format!("tcp://127.0.0.1:{}", port(&url));
    let plan = Plan::new(&url).expect("a URL").user("crm", "crm-secret");
    let (crm, _) = open(plan, Options::default()).expect("randomness");
    crm.connected().await.expect("the driver's user");
    let queue = crm.producer(Destination::queue("crm.work")).persistent();
    let queue = queue.open().await.expect("a producer");
    for n in 0..3 {
        let sent = queue.send(Message::text(n.to_string())).await;
        sent.expect("room");
    }
    let fourth = tokio::time::timeout(PATIENCE, queue.send(Message::text("3"))).await;
    let refusal = fourth.expect("at once").expect_err("no room");
    assert!(refusal.without_effect, "{refusal}");
    assert_eq!(connector.terminate(), Some(0));
}

#[test]
fn check_config_names_everything_that_is_wrong_with_the_embedded_broker_at_once() {
    let folder = folder();
    let _ = file(&folder, "users", "crm:first-secret\ncrm:second-secret\n");
    let config = "[broker]\nurl = \"embedded\"\nlisten = \"0.0.0.0:61616\"\n\n\
                  [broker.embedded]\nusers_file = \"users\"\nkey_file = \"key\"\n\
                  max_connections = 0\nwhen_full = \"explode\"\nslow_consumers = \"x\"\n\n\
                  [[finesse.node]]\nhost = \"f\"\n\n[driver]\nuse_secure_password = false\n";
    let path = file(&folder, "finewire.toml", config);

    let ran = run(folder.path(), &["check-config", "--config", &path], &[]);

    assert_eq!(ran.code, Some(2), "{}", ran.text);
    for wanted in [
        "finewire.toml:3:10: without users the embedded broker listens on loopback only",
        "users:2: a second line for \"crm\"",
        "finewire.toml:7:12: a certificate and its key come together",
        "finewire.toml:8:19: the limit is out of range",
        "finewire.toml:9:13: unknown policy \"explode\" for a full queue",
        "did you mean slow_consumer?",
        "6 errors in",
    ] {
        assert!(ran.text.contains(wanted), "not {wanted}: {}", ran.text);
    }
    assert!(!ran.text.contains("-secret"), "{}", ran.text);

    let mut served = start(folder.path(), &["serve", "--config", &path], &[]);
    assert_eq!(served.finish(Duration::from_secs(20)), Some(2));
}

#[test]
fn a_running_connector_is_examined_over_its_own_brokers_tls() {
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let own = house(&folder);
    let free = finewire_tests::peers::free_port();
    let broker = format!("{own}\nlisten = \"127.0.0.1:{free}\"");
    let embedded = "self_made_certificate = \"shown.pem\"\n";
    let config = configuration(&simulator, &broker, embedded);
    let connector = Connector::start(folder.path(), &config);
    let path = folder.path().join("finewire.toml");
    let path = path.to_str().expect("a plain path");

    let ran = run(folder.path(), &["doctor", "--config", path], &[]);

    for wanted in [
        "broker tls ",
        "user connector is let in",
        "Connector1: may consume",
        " 0 failed",
    ] {
        assert!(ran.text.contains(wanted), "not {wanted}: {}", ran.text);
    }
    assert_eq!(connector.terminate(), Some(0));
}
