//! `finewire driver`: a driver on the command line.

use crate::cli::{self, DriverAction};
use crate::config::Trust;
use crate::logs::codes;
use crate::parts::{DriverPart, DriverPlan};
use crate::{logs, secret, signals};
use anyhow::{Context, Result, anyhow, bail};
use core::time::Duration;
use finewire_core::contract::{Command as Verb, Layout, TimeFormat};
use finewire_core::driver;
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use finewire_driver::Event;
use std::process::ExitCode;
use tokio::time::timeout;

/// How long the broker gets to let go of a driver that leaves.
const LEAVE: Duration = Duration::from_secs(5);

pub(crate) async fn run(args: cli::Driver) -> Result<ExitCode> {
    logs::start("warn");
    let passwords = match &args.key_file {
        None => PasswordCodec::Clear,
        Some(path) => {
            let key = secret::from_file(path)?;
            PasswordCodec::triple_des(&key, InitialVector::ZERO, CipherText::Hex)
                .with_context(|| format!("the key in {}", path.display()))?
        }
    };
    let password = match args.action {
        DriverAction::Hello => None,
        _ => Some(secret::password(
            args.password_file.as_deref(),
            &args.agent,
        )?),
    };
    let mut stop = signals::Stop::listen();
    let mut driver = DriverPart::start(DriverPlan {
        broker: args.broker.clone(),
        trust: match args.ca_file.clone() {
            Some(file) => Trust::Authority(file),
            None => Trust::System,
        },
        queue: args.queue.clone(),
        destination: args.destination.clone(),
        passwords,
    })?;
    let follows = matches!(args.action, DriverAction::Events);
    let played = tokio::select! {
        played = play(&mut driver, args, password) => played,
        () = stop.asked() => match follows {
            true => Ok(()),
            false => Err(anyhow!("stopped before it was done")),
        },
    };
    let left = tokio::select! {
        left = timeout(LEAVE, driver.stop()) => left.is_ok(),
        () = stop.asked() => false,
    };
    if !left {
        tracing::warn!(
            code = codes::DRIVER_LEFT_AS_IT_IS,
            "the broker does not let go of the driver: left as it is"
        );
    }
    played.map(|()| ExitCode::SUCCESS)
}

/// Does what is asked for; for `events` it ends with an error only.
async fn play(driver: &mut DriverPart, args: cli::Driver, password: Option<Secret>) -> Result<()> {
    let patience = Duration::from_secs(args.timeout);
    timeout(patience, driver.in_service())
        .await
        .ok()
        .transpose()?
        .with_context(|| {
            format!(
                "no connector in service at {} within {} s",
                args.broker, args.timeout
            )
        })?;
    println!("the connector is in service");
    if let Some(password) = password {
        let agent = args.agent.as_str();
        // As drivers in the field do, without waiting for the end of Connect.
        let connect = driver.ask(driver::Command::connect(agent, password.clone()));
        let login = driver.ask(driver::Command::login(agent, password, &args.extension));
        tokio::pin!(connect, login);
        tokio::select! {
            // Polled in this order, so that Connect goes first.
            biased;
            connect = &mut connect => {
                connect.context("Connect")?;
                login.await.context("Login")?;
            }
            login = &mut login => login.context("Login")?,
        }
    }
    let follows = matches!(args.action, DriverAction::Events);
    if let Some(verb) = verb(args.action) {
        let name = format!("{:?}", verb.verb());
        driver
            .ask(driver::Command::tell(&args.agent, verb))
            .await
            .context(name)?;
    }
    while let Some(event) = driver.events.try_next() {
        print(&event);
    }
    if !follows {
        return Ok(());
    }
    loop {
        match driver.events.next().await {
            Some(event) => print(&event),
            None => bail!("the driver has stopped"),
        }
    }
}

/// What is asked after the login.
fn verb(action: DriverAction) -> Option<Verb> {
    match action {
        DriverAction::Hello | DriverAction::Login | DriverAction::Events => None,
        DriverAction::Ready => Some(Verb::MakeReady),
        DriverAction::NotReady { reason: None } => Some(Verb::MakeNotReady),
        DriverAction::NotReady { reason: Some(code) } => {
            Some(Verb::MakeNotReadyWithReason { code: code.into() })
        }
        DriverAction::Call { number } => Some(Verb::MakeCall {
            number: number.into(),
        }),
        DriverAction::Logout => Some(Verb::Logout),
    }
}

fn print(event: &Event) {
    match event {
        Event::Driver(driver::Event::Received(message)) => {
            println!(
                "{}",
                message
                    .event
                    .format(&message.to, &Layout::default(), &TimeFormat::UTC)
            );
        }
        Event::Driver(driver::Event::ServiceChanged(service)) => println!("service: {service:?}"),
        Event::BrokerUp => println!("the broker is reached"),
        Event::BrokerDown { reason, .. } => println!("the broker is lost: {reason}"),
        _ => {}
    }
}
