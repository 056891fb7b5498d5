//! `finewire config show` and `finewire config import`.

use crate::cli::ConfigAction;
use crate::config;
use anyhow::{Context, Result};
use std::process::ExitCode;

pub(crate) fn run(action: &ConfigAction) -> Result<ExitCode> {
    match action {
        ConfigAction::Show { config } => {
            let checked = config::check_file(config)?;
            for warning in &checked.warnings {
                eprintln!("{warning}");
            }
            print!("{}", config::show(&checked.rows));
        }
        ConfigAction::Import { file } => {
            let what = || format!("{}", file.display());
            let imported = config::import(file).with_context(what)?;
            print!("{}", imported.toml);
            for line in &imported.report {
                eprintln!("{line}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
