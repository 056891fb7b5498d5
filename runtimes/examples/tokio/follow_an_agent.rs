//! A CTI driver: signs an agent in, takes the first call, and signs the agent out after it.
//!
//! ```text
//! FINEWIRE_PASSWORD=… cargo run -p finewire-examples --example tokio_follow_an_agent -- \
//!     tcp://localhost:61616 1001002 2002                 # broker, agent, extension
//! ```
//!
//! The connector at the queue `Connector1` takes passwords in clear (`use_secure_password = false` in its configuration).
#![expect(clippy::print_stdout, reason = "it is a program")]

use finewire_core::contract::{self, Destination};
use finewire_core::driver::{self, Service};
use finewire_core::machine::Outcome;
use finewire_core::password::{PasswordCodec, Secret};
use finewire_driver::{Command, Config, Driver, Event};
use finewire_openwire::client::{BrokerUri, ClientConfig};
use finewire_tokio::{Events, Handle, Options, seed, spawn};

type Error = Box<dyn core::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |what| arguments.next().ok_or(format!("{what} is missing"));
    let (broker, agent, extension) = (
        argument("broker")?,
        argument("agent")?,
        argument("extension")?,
    );
    let password: Secret = std::env::var("FINEWIRE_PASSWORD")?.as_str().into();
    run(&broker, &agent, &extension, password, |line| {
        println!("{line}")
    })
    .await
}

/// Works as this agent from sign-in to sign-out, and says what it sees.
pub(crate) async fn run(
    broker: &str,
    agent: &str,
    extension: &str,
    password: Secret,
    mut say: impl FnMut(String),
) -> Result<(), Error> {
    let (driver, mut events, task) = start(broker, agent)?;

    // The driver finds broker and connector by itself, and again after they were away.
    loop {
        let event = events.next().await.ok_or("the driver has stopped")?;
        if let Event::Driver(driver::Event::ServiceChanged(Service::InService)) = event {
            break;
        }
    }
    say("in service".into());
    ask(&driver, driver::Command::connect(agent, password.clone())).await?;
    ask(&driver, driver::Command::login(agent, password, extension)).await?;
    ask(
        &driver,
        driver::Command::tell(agent, contract::Command::MakeReady),
    )
    .await?;

    // Whatever changes is told, whoever caused it.
    loop {
        let event = events.next().await.ok_or("the driver has stopped")?;
        match event {
            Event::Driver(driver::Event::AgentChanged { status, .. }) => {
                say(format!("{} is {}", status.agent, status.state));
            }
            Event::Driver(driver::Event::CallOffered { call, .. }) => {
                say(format!("a call from {}", call.address));
                let dialog = call.dialog.clone();
                ask(&driver, driver::Command::answer(agent, dialog.clone())).await?;
                let release = contract::Command::ReleaseCall { dialog };
                ask(&driver, driver::Command::tell(agent, release)).await?;
            }
            Event::Driver(driver::Event::CallEnded { .. }) => break,
            _ => {}
        }
    }
    say("the call is over".into());
    ask(
        &driver,
        driver::Command::tell(agent, contract::Command::MakeNotReady),
    )
    .await?;
    ask(
        &driver,
        driver::Command::tell(agent, contract::Command::Logout),
    )
    .await?;
    say("signed out".into());

    driver.command(Command::Stop).await;
    driver.shut_down().await;
    task.await?;
    Ok(())
}

type Running = (Handle<Driver>, Events<Event>, finewire_tokio::Task<Driver>);

fn start(broker: &str, agent: &str) -> Result<Running, Error> {
    let uri: BrokerUri = broker.parse()?;
    let mut client = ClientConfig::default();
    client.apply(&uri);
    // The topic on which the connector answers; any name that no other driver has.
    let destination = Destination::parse(&format!("example.{agent}"), &[])?;
    let settings = driver::Config::new(destination, PasswordCodec::Clear);
    let config = Config {
        client,
        ..Config::new(uri.to_link_config(None)?, "Connector1", settings)
    };
    Ok(spawn(Driver::new(config, seed()?), Options::default()))
}

/// Gives a command; each ends once.
async fn ask(driver: &Handle<Driver>, command: driver::Command) -> Result<(), Error> {
    match driver.command(Command::Ask(command)).await {
        Outcome::Done => Ok(()),
        Outcome::Refused(why) => Err(format!("refused: {why}").into()),
        Outcome::Failed(why) => Err(format!("failed: {why}").into()),
    }
}
