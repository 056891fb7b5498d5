//! Team messages: a supervisor's words to teams.
//!
//! They are kept and can be taken back. By which node clients learn of them no document says, so
//! nothing is published.

use core::time::Duration;
use std::collections::BTreeMap;

use finewire_core::agent::{AgentId, TeamId, Text};
use finewire_core::machine::Instant;

/// Messages kept at once, at most. Finesse has a limit of its own, which is not known.
const MOST: usize = 100;

/// The messages that are shown now.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    active: BTreeMap<u64, Message>,
    sent: u64,
}

#[derive(Debug)]
struct Message {
    by: AgentId,
    teams: Vec<TeamId>,
    content: Text,
}

impl Messages {
    /// Keeps a message: its id and when it ends. `None` when there are too many.
    pub(crate) fn add(
        &mut self,
        now: Instant,
        by: &AgentId,
        teams: &[TeamId],
        content: &Text,
        seconds: u32,
    ) -> Option<(Text, Instant)> {
        if self.is_full() {
            return None;
        }
        self.sent += 1;
        let ends = now + Duration::from_secs(seconds.into());
        let message = Message {
            by: by.clone(),
            teams: teams.to_vec(),
            content: content.clone(),
        };
        self.active.insert(self.sent, message);
        Some((self.sent.to_string().into(), ends))
    }

    /// Whether there is no room for another one.
    pub(crate) fn is_full(&self) -> bool {
        self.active.len() >= MOST
    }

    /// Who sent a message that is still shown; `None` when there is none of this id.
    pub(crate) fn sender(&self, id: &Text) -> Option<&AgentId> {
        let message = self.active.get(&id.as_str().parse().ok()?)?;
        Some(&message.by)
    }

    /// Takes a message away: taken back, or its time is over.
    pub(crate) fn remove(&mut self, id: &Text) {
        if let Ok(id) = id.as_str().parse() {
            self.active.remove(&id);
        }
    }

    /// Id, teams and content of each that is still shown.
    pub(crate) fn shown(&self) -> Vec<(Text, Vec<TeamId>, Text)> {
        let active = self.active.iter();
        active
            .map(|(id, one)| {
                (
                    id.to_string().into(),
                    one.teams.clone(),
                    one.content.clone(),
                )
            })
            .collect()
    }
}
