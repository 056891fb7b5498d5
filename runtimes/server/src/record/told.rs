//! What the connector's owner asked for, as JSON.

use super::preface;
use anyhow::{Context, Result};
use finewire_connector::Command;
use finewire_core::contract::TimeFormat;
use serde::{Deserialize, Serialize};

/// A command as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    Shutdown,
    /// Seconds east of Greenwich.
    SetTime(i32),
    Configure {
        /// As in the [preface](super::Preface).
        settings: String,
        offset: i32,
    },
    Drain,
    Resume,
    Resync(String),
    DropStream(String),
}

impl Order {
    /// The command as it is written; `settings` are those of a `Configure`. `None` for what cannot be.
    pub(super) fn of(command: &Command, settings: Option<String>) -> Option<Self> {
        Some(match command {
            Command::Shutdown => Self::Shutdown,
            Command::SetTime(time) => Self::SetTime(time.offset()),
            Command::Configure(decisions) => Self::Configure {
                settings: settings?,
                offset: decisions.time.offset(),
            },
            Command::Drain => Self::Drain,
            Command::Resume => Self::Resume,
            Command::Resync(agent) => Self::Resync(agent.to_string()),
            Command::DropStream(agent) => Self::DropStream(agent.to_string()),
            Command::Hear(_) => return None,
        })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The command that was written.
    ///
    /// # Errors
    ///
    /// It is none, or its settings cannot be used.
    pub(super) fn read(bytes: &[u8]) -> Result<Command> {
        let order = serde_json::from_slice(bytes).context("a command that the recording holds")?;
        Ok(match order {
            Self::Shutdown => Command::Shutdown,
            Self::SetTime(offset) => Command::SetTime(TimeFormat::with_offset(offset)),
            Self::Configure { settings, offset } => {
                let (settings, _) = preface::settings(&settings)?;
                let mut decisions = crate::config::decisions(settings);
                decisions.time = TimeFormat::with_offset(offset);
                Command::Configure(Box::new(decisions))
            }
            Self::Drain => Command::Drain,
            Self::Resume => Command::Resume,
            Self::Resync(agent) => Command::Resync(agent.as_str().into()),
            Self::DropStream(agent) => Command::DropStream(agent.as_str().into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operators_commands_come_back_as_they_were() {
        for command in [
            Command::Shutdown,
            Command::SetTime(TimeFormat::with_offset(-3600)),
            Command::Drain,
            Command::Resume,
            Command::Resync("1001".into()),
            Command::DropStream("1002".into()),
        ] {
            let order = Order::of(&command, None).unwrap();
            let found = Order::read(&order.to_bytes()).unwrap();
            assert_eq!(format!("{found:?}"), format!("{command:?}"));
        }
        assert!(Order::read(b"{\"Explode\":1}").is_err());
    }
}
