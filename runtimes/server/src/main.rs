//! The finewire program: connector, demo, simulator, broker and driver on tokio.

#![expect(clippy::print_stdout, reason = "a program speaks to its user there")]

mod bench;
mod cli;
mod commands;
mod config;
mod doctor;
mod door;
mod levels;
mod logs;
mod monitor;
mod notices;
mod operations;
mod parts;
mod play;
mod printer;
mod record;
mod reload;
mod secret;
mod signals;
mod support;
#[cfg(windows)]
mod windows_service;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    #[cfg(windows)]
    let cli = match cli.command {
        Command::Service(args) => return exit(windows_service::run(args)),
        command => Cli { command },
    };
    // The broker is one machine on one task: another worker would only be woken in vain.
    let mut builder = match cli.command {
        Command::Broker(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("finewire: cannot start the runtime: {e}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Demo(args) => commands::demo::run(args).await,
            Command::Serve(args) => commands::serve::run(args).await,
            Command::Simulate(args) => commands::simulate::run(args).await,
            Command::Broker(args) => commands::broker::run(args).await,
            Command::Driver(args) => commands::driver::run(args).await,
            Command::Bench(args) => bench::run(args).await,
            Command::Monitor { action } => commands::monitor::run(&action),
            Command::Doctor(args) => commands::doctor::run(args).await,
            Command::Replay(args) => commands::replay::run(&args),
            Command::SupportBundle(args) => commands::support_bundle::run(args).await,
            Command::CheckConfig(args) => commands::check_config::run(&args),
            Command::Config { action } => commands::config::run(&action),
            Command::Completions(args) => commands::completions::run(&args),
            Command::Man => commands::completions::man(),
            #[cfg(windows)]
            Command::Service(args) => windows_service::run(args),
        }
    });
    exit(result)
}

fn exit(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(e) => {
            if e.downcast_ref::<config::Unusable>().is_some() {
                eprintln!("{e:#}");
                return ExitCode::from(config::EXIT_CODE);
            }
            eprintln!("finewire: {e:#}");
            ExitCode::FAILURE
        }
    }
}
