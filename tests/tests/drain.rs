//! The end of the program under load, and what drivers and operators are told while peers come and go.

use finewire_core::contract::{Command as Verb, Destination};
use finewire_core::driver::{self, Command as Ask, Service};
use finewire_core::machine::Outcome;
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use finewire_driver::{Command, Config, Driver, Event};
use finewire_openwire::client::BrokerUri;
use finewire_tests::peers::house::{BUILT_IN, House, KEY, PATIENCE, get, http, port};
use finewire_tests::peers::run;
use finewire_tokio::{Events, Handle, Options};
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

/// How long Finesse takes for an answer here: long enough to be asked to end in between.
const SLOW: &str = "1500ms";

/// A driver of this house.
fn driver(house: &House) -> (Handle<Driver>, Events<Event>) {
    let uri: BrokerUri = house.broker.parse().expect("a broker's address");
    let link = uri.to_link_config(None).expect("a broker's address");
    let key = Secret::from(KEY);
    let codec = PasswordCodec::triple_des(&key, InitialVector::ZERO, CipherText::Hex);
    let topic = Destination::parse("crm-drain", &[]).expect("a topic");
    let plan = driver::Config::new(topic, codec.expect("a key"));
    let machine = Driver::new(Config::new(link, "Connector1", plan), [9; 32]);
    let (handle, events, _task) = finewire_tokio::spawn(machine, Options::default());
    (handle, events)
}

/// Waits until the driver is told of this service.
async fn service(events: &mut Events<Event>, wanted: Service) {
    let found = async {
        loop {
            match events.next().await {
                Some(Event::Driver(driver::Event::ServiceChanged(now))) if now == wanted => return,
                Some(_) => {}
                None => panic!("the driver has stopped"),
            }
        }
    };
    let found = timeout(PATIENCE, found).await;
    assert!(found.is_ok(), "the driver is not told {wanted:?}");
}

fn simulate(house: &House, words: &[&str]) {
    let control = house.control();
    let mut arguments = vec!["simulate", "do", "--control-file"];
    arguments.push(control.to_str().expect("a plain path"));
    arguments.extend(words);
    let ran = run(house.folder.path(), &arguments, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
}

fn agents() -> Vec<String> {
    (1..=10).map(|n| format!("10010{n:02}")).collect()
}

async fn sign_in(driver: &Handle<Driver>, agent: &str) {
    let connect = Ask::Connect {
        agent: agent.into(),
        password: None,
        sso: false,
    };
    let ended = driver.command(Command::Ask(connect)).await;
    assert!(ended.is_done(), "{agent}: {ended:?}");
    let login = Ask::Login {
        agent: agent.into(),
        password: Secret::from(BUILT_IN),
        extension: format!("20{}", &agent[5..]).as_str().into(),
    };
    let ended = driver.command(Command::Ask(login)).await;
    assert!(ended.is_done(), "{agent}: {ended:?}");
}

fn ask(driver: &Handle<Driver>, agent: &str, command: Verb) -> JoinHandle<Outcome> {
    let (driver, agent) = (driver.clone(), agent.into());
    tokio::spawn(async move {
        driver
            .command(Command::Ask(Ask::Tell { agent, command }))
            .await
    })
}

/// What `/metrics` says of this name, without labels.
fn metric(monitor: u16, token: &str, name: &str) -> f64 {
    let text = scrape(monitor, token);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("no {name}:\n{text}"));
    line.parse().expect("a number")
}

fn scrape(monitor: u16, token: &str) -> String {
    let (status, text) = http(
        monitor,
        &format!(
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        ),
    );
    assert_eq!(status, 200, "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    text
}

fn token(house: &mut House) -> String {
    let path = house.connector.printed("token");
    let text = std::fs::read_to_string(path).expect("the token");
    text.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_under_load_it_answers_every_command_and_takes_no_more() {
    let mut house = House::build();
    let (driver, mut events) = driver(&house);
    service(&mut events, Service::InService).await;
    let agents = agents();
    for agent in &agents {
        timeout(PATIENCE, sign_in(&driver, agent))
            .await
            .expect("a login in time");
    }
    let monitor = port(&house.connector.printed("monitor"));
    let token = token(&mut house);
    simulate(&house, &["knob", "slow_rest", SLOW]);

    let under_way: Vec<_> = agents
        .iter()
        .map(|agent| ask(&driver, agent, Verb::MakeReady))
        .collect();
    // All of them have reached the connector, none has its answer.
    let begun = std::time::Instant::now();
    while metric(monitor, &token, "finewire_commands_pending") < 10.0 {
        assert!(begun.elapsed() < PATIENCE, "the commands do not arrive");
    }
    let connector = house.connector;
    let ended = spawn_blocking(move || connector.terminate());
    service(&mut events, Service::OutOfService).await;
    let late = ask(&driver, &agents[0], Verb::MakeNotReady);

    for (agent, outcome) in agents.iter().zip(under_way) {
        let outcome = timeout(PATIENCE, outcome)
            .await
            .expect("an end")
            .expect("a task");
        assert!(outcome.is_done(), "{agent}: {outcome:?}");
    }
    let late = timeout(PATIENCE, late)
        .await
        .expect("an end")
        .expect("a task");
    assert!(
        matches!(late, Outcome::Refused(_) | Outcome::Failed(_)),
        "{late:?}"
    );
    assert_eq!(ended.await.expect("a thread"), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn drivers_are_told_what_readyz_says_and_metrics_answer_all_the_while() {
    let mut house = House::build();
    let (driver, mut events) = driver(&house);
    service(&mut events, Service::InService).await;
    let monitor = port(&house.connector.printed("monitor"));
    let token = token(&mut house);
    assert_eq!(get(monitor, "/readyz", "localhost").0, 200);
    // With an agent there, Finesse's presence tells at once.
    sign_in(&driver, "1001001").await;

    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (seen, wanted) = (stop.clone(), token.clone());
    let scraper = spawn_blocking(move || {
        let mut answers = 0;
        while !seen.load(std::sync::atomic::Ordering::Relaxed) {
            scrape(monitor, &wanted);
            answers += 1;
        }
        answers
    });
    for round in 1..=3 {
        simulate(&house, &["out", "of", "service"]);
        service(&mut events, Service::OutOfService).await;
        let (status, why) = get(monitor, "/readyz", "localhost");
        assert_eq!(status, 503, "round {round}: {why}");
        simulate(&house, &["in", "service"]);
        service(&mut events, Service::InService).await;
        let (status, why) = get(monitor, "/readyz", "localhost");
        assert_eq!(status, 200, "round {round}: {why}");
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(scraper.await.expect("every scrape is answered") > 3);
    let text = scrape(monitor, &token);
    assert!(text.contains("finewire_ready 1.0"), "{text}");
    driver.command(Command::Stop).await;
    timeout(Duration::from_secs(10), driver.shut_down())
        .await
        .expect("an end");
}
