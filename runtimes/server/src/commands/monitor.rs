//! `finewire monitor hash`: the hash of a password, for a user of the monitor.

use crate::cli::MonitorAction;
use crate::monitor::PasswordHash;
use crate::secret;
use anyhow::{Context as _, Result, bail};
use std::process::ExitCode;

pub(crate) fn run(action: &MonitorAction) -> Result<ExitCode> {
    let MonitorAction::Hash { password_file } = action;
    let password = secret::password(password_file.as_deref(), "the monitor's user")?;
    if password_file.is_none() && std::env::var_os("FINEWIRE_PASSWORD").is_none() {
        let again = secret::password(None, "the monitor's user, again")?;
        if again.expose() != password.expose() {
            bail!("the two differ");
        }
    }
    let hash = PasswordHash::make(&password).context("no hash")?;
    println!("{}", hash.as_text());
    Ok(ExitCode::SUCCESS)
}
