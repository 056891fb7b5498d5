//! `finewire check-config`: whether a configuration can be used, without starting anything.

use crate::cli;
use crate::config;
use anyhow::Result;
use std::process::ExitCode;

pub(crate) fn run(args: &cli::CheckConfig) -> Result<ExitCode> {
    let checked = config::check_file(&args.config)?;
    for warning in &checked.warnings {
        eprintln!("{warning}");
    }
    println!("{}: no error", args.config.display());
    Ok(ExitCode::SUCCESS)
}
