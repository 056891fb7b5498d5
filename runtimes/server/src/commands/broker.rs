//! `finewire broker`: the embedded broker alone.

use crate::cli;
use crate::parts::{BrokerOptions, BrokerPart};
use crate::{logs, secret, signals};
use anyhow::{Result, bail};
use core::net::SocketAddr;
use core::time::Duration;
use finewire_openwire::broker::Admission;
use std::process::ExitCode;

pub(crate) async fn run(args: cli::Broker) -> Result<ExitCode> {
    logs::start("info");
    let admission = match &args.users_file {
        Some(path) => Admission::Users(secret::users(path)?),
        None if args.listen.is_loopback() => Admission::Anyone,
        None => bail!(
            "without users, the broker listens on loopback only: give --users-file to listen on {}",
            args.listen
        ),
    };
    finewire_tokio::raise_descriptor_limit()?;
    let listen = SocketAddr::new(args.listen, args.port);
    let permissions = args
        .permissions_file
        .as_deref()
        .map(secret::read_permissions)
        .transpose()?;
    // Whoever reads the first line may end it.
    let mut stop = signals::Stop::listen();
    let options = BrokerOptions {
        linger: Duration::from_micros(args.linger_micros),
        ..args.options
    };
    let broker =
        BrokerPart::start_guarded(listen, admission, permissions, &options, "--port").await?;
    println!("broker       {}", broker.url());
    println!("{}", BrokerPart::FORGETS);
    stop.asked().await;
    broker.stop().await;
    Ok(ExitCode::SUCCESS)
}
