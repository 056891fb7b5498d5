//! `finewire bench`: load for a broker, and what it bears.

mod args;
mod crowd;
mod figures;
mod load;
mod pace;
mod ping_pong;
mod request_reply;

pub(crate) use args::Bench;

use anyhow::Result;
use args::{Target, Work};
use crowd::Crowd;
use std::process::ExitCode;

pub(crate) async fn run(bench: Bench) -> Result<ExitCode> {
    finewire_tokio::raise_descriptor_limit()?;
    match bench.target {
        // Each client has a thread of its own; this one waits for them.
        Target::Openwire(args) => tokio::task::spawn_blocking(move || {
            let _crowd = Crowd::gather(&args)?;
            match args.work {
                Work::PubSub => load::run(&args),
                Work::RequestReply => request_reply::run(&args),
            }
        })
        .await??
        .print(),
        Target::Tcp(args) => tokio::task::spawn_blocking(move || ping_pong::run(&args))
            .await??
            .print(),
        Target::Relay => tokio::task::spawn_blocking(ping_pong::relay).await??,
    }
    Ok(ExitCode::SUCCESS)
}
