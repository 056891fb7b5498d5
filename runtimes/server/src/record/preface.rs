//! What the recorded connector is made of.

use super::rules::placeholders;
use crate::config::{self, Settings};
use anyhow::{Context, Result, bail};
use core::time::Duration;
use finewire_openwire::client::BrokerUri;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::SystemTime;

/// The beginning of a recording, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preface {
    /// The program's version.
    pub(crate) program: String,
    /// When the machine's clock began: nanoseconds since 1970 (UTC).
    pub(crate) started: u64,
    /// The machine's randomness, in hex. It is no secret: nothing that it makes is one.
    pub(crate) seed: String,
    /// The settings as a configuration file, without secrets and without what only the host uses.
    pub(crate) settings: String,
    /// Seconds that the local time was east of Greenwich.
    pub(crate) offset: i32,
}

impl Preface {
    pub(crate) fn new(started: SystemTime, seed: &[u8], settings: &str, offset: i32) -> Self {
        let since = started.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.unwrap_or_default().as_nanos();
        Self {
            program: env!("CARGO_PKG_VERSION").into(),
            started: u64::try_from(since).unwrap_or(u64::MAX),
            seed: hex::encode(seed),
            settings: settings.into(),
            offset,
        }
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).context("the beginning of the recording")
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// It is none that this program writes.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes)
            .context("the recording does not say what it is a recording of")
    }

    pub(super) fn started(&self) -> SystemTime {
        let since = Duration::from_nanos(self.started);
        let start = SystemTime::UNIX_EPOCH.checked_add(since);
        start.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    pub(super) fn seed(&self) -> Result<[u8; 32]> {
        let mut seed = [0; 32];
        match hex::decode_to_slice(&self.seed, &mut seed) {
            Ok(()) => Ok(seed),
            Err(e) => bail!("the recording's seed: {e}"),
        }
    }
}

/// The settings of a recording, and the broker's address.
///
/// # Errors
///
/// They cannot be used.
pub(super) fn settings(text: &str) -> Result<(Settings, BrokerUri)> {
    let checked = config::check_text(Path::new("recording"), text)?;
    let mut settings = checked.settings;
    settings.passwords = placeholders();
    let config::BrokerChoice::Remote(uri) = &settings.broker else {
        bail!("the recording does not name its broker");
    };
    let uri = uri.as_ref().clone();
    Ok((settings, uri))
}
