//! Passwords and keys from where they may come: a file, the environment, a prompt.

use crate::logs::codes;
use anyhow::{Context, Result, bail};
use finewire_core::password::Secret;
use std::collections::BTreeMap;
use std::path::Path;

/// The first line of a file.
pub(crate) fn from_file(path: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the secret in {}", path.display()))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        bail!("the secret in {} is empty", path.display());
    }
    warn_if_others_can_read(path);
    Ok(Secret::from(line))
}

/// Users and their passwords: a line `name:password` each; blank lines and `#` lines do not count.
pub(crate) fn users(path: &Path) -> Result<BTreeMap<String, Secret>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the users in {}", path.display()))?;
    warn_if_others_can_read(path);
    let mut users = BTreeMap::new();
    for (n, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, password)) = line.split_once(':') else {
            bail!(
                "{}:{}: not of the form name:password",
                path.display(),
                n + 1
            );
        };
        if users
            .insert(name.trim().to_owned(), Secret::from(password))
            .is_some()
        {
            bail!("{}:{}: a second line for {name:?}", path.display(), n + 1);
        }
    }
    Ok(users)
}

/// From `file` if given, else the variable `FINEWIRE_PASSWORD`, else a prompt without echo.
pub(crate) fn password(file: Option<&Path>, whose: &str) -> Result<Secret> {
    if let Some(path) = file {
        return from_file(path);
    }
    if let Ok(text) = std::env::var("FINEWIRE_PASSWORD") {
        return Ok(Secret::from(text.as_str()));
    }
    let text = rpassword::prompt_password(format!("Password of {whose}: "))
        .context("no password: give --password-file or FINEWIRE_PASSWORD, or run on a terminal")?;
    Ok(Secret::from(text.as_str()))
}

#[cfg(unix)]
fn warn_if_others_can_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    if open {
        tracing::warn!(
            code = codes::SECRET_READABLE,
            "others can read {}; make it mode 0600",
            path.display()
        );
    }
}

#[cfg(not(unix))]
fn warn_if_others_can_read(_path: &Path) {}
