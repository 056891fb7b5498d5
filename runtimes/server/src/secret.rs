//! Passwords and keys from where they may come: a file, the environment, a prompt.

use crate::logs::codes;
use anyhow::{Context, Result, bail};
use finewire_core::password::Secret;
use finewire_openwire::broker::Permissions;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

/// A file with a secret is at most this long.
const LONGEST_FILE: u64 = 64 * 1024;
/// A file with users or permissions is at most this long.
const LONGEST_LIST: u64 = 1024 * 1024;

/// The first line of a file; a warning is logged where others can read it.
pub(crate) fn from_file(path: &Path) -> Result<Secret> {
    let secret = first_line(path)?;
    warn_if_others_can_read(path);
    Ok(secret)
}

/// The first line of a file of at most 64 KiB.
pub(crate) fn first_line(path: &Path) -> Result<Secret> {
    let cannot = || format!("cannot read the secret in {}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(cannot)?;
    let read = file.take(LONGEST_FILE + 1).read_to_string(&mut text);
    if u64::try_from(read.with_context(cannot)?).is_ok_and(|length| length > LONGEST_FILE) {
        bail!("the secret in {} is longer than 64 KiB", path.display());
    }
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        bail!("the secret in {} is empty", path.display());
    }
    Ok(Secret::from(line))
}

/// Users and their passwords, as [`read_users`] has them; a warning is logged where others can read the file.
pub(crate) fn users(path: &Path) -> Result<BTreeMap<String, Secret>> {
    let users = read_users(path)?;
    warn_if_others_can_read(path);
    Ok(users)
}

/// Users and their passwords: a line `name:password` each; blank lines and `#` lines do not count.
///
/// # Errors
///
/// The file cannot be read, is longer than 1 MiB, has no user, or a line that is none.
pub(crate) fn read_users(path: &Path) -> Result<BTreeMap<String, Secret>> {
    let text = read_bounded(path)
        .with_context(|| format!("cannot read the users in {}", path.display()))?;
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
        if name.trim().is_empty() {
            bail!("{}:{}: a user without a name", path.display(), n + 1);
        }
        if users
            .insert(name.trim().to_owned(), Secret::from(password))
            .is_some()
        {
            bail!("{}:{}: a second line for {name:?}", path.display(), n + 1);
        }
    }
    if users.is_empty() {
        bail!("there is no user in {}", path.display());
    }
    Ok(users)
}

/// What users may do: a line `USER RIGHTS DESTINATION` for each grant.
///
/// # Errors
///
/// The file cannot be read, is longer than 1 MiB, or has a line that is no grant.
pub(crate) fn read_permissions(path: &Path) -> Result<Permissions> {
    let text = read_bounded(path)
        .with_context(|| format!("cannot read the permissions in {}", path.display()))?;
    text.parse()
        .with_context(|| format!("the permissions in {}", path.display()))
}

fn read_bounded(path: &Path) -> Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(LONGEST_LIST + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > LONGEST_LIST) {
        bail!("longer than 1 MiB");
    }
    Ok(text)
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

fn warn_if_others_can_read(path: &Path) {
    if others_can_read(path) {
        tracing::warn!(
            code = codes::SECRET_READABLE,
            "others can read {}; make it mode 0600",
            path.display()
        );
    }
}

/// Whether group or others may read a file. Not known on Windows.
#[cfg(unix)]
pub(crate) fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(crate) const fn others_can_read(_path: &Path) -> bool {
    false
}
