//! Team messages: a supervisor's words to teams.
//!
//! They are shown for a while, can be read and taken back.

use std::collections::BTreeMap;

use finewire_core::agent::{AgentId, TeamId, Text};
use finewire_finesse::TeamMessage;

/// Messages kept at once, at most. Finesse has a limit of its own, which is not known.
const MOST: usize = 100;

/// The messages that are shown now.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    active: BTreeMap<u64, TeamMessage>,
    sent: u64,
}

impl Messages {
    /// Keeps a message and gives it its id; `None` when there are too many.
    pub(crate) fn add(&mut self, mut message: TeamMessage) -> Option<TeamMessage> {
        if self.is_full() {
            return None;
        }
        self.sent += 1;
        message.id = self.sent.to_string().into();
        self.active.insert(self.sent, message.clone());
        Some(message)
    }

    /// Those that are shown to a team.
    pub(crate) fn of(&self, team: &TeamId) -> Vec<TeamMessage> {
        let shown = self.active.values();
        shown
            .filter(|message| message.teams.contains(team))
            .cloned()
            .collect()
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

    /// Takes a message away: taken back, or its time is over. The message, if it was there.
    pub(crate) fn remove(&mut self, id: &Text) -> Option<TeamMessage> {
        self.active.remove(&id.as_str().parse().ok()?)
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
