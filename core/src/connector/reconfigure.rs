//! Another configuration, while it runs.

use alloc::vec::Vec;

use super::config::Config;
use super::decisions::{Connector, Due};
use crate::contract::Destination;
use crate::machine::Instant;

impl Connector {
    /// Decides by `config` from now on. Agents, their commands and their calls stay: what is under way keeps
    /// the deadlines that it has, and whoever is there stays although fewer were let in anew.
    ///
    /// The number of Finesse servers and the names of command queues stay as they were at the start, whatever
    /// `config` says.
    pub fn reconfigure(&mut self, now: Instant, config: Config) {
        self.now = now;
        let silence = self.config.timing.driver_silence;
        let nodes = self.config.nodes;
        let queues = core::mem::take(&mut self.config.layout.command_queues);
        self.config = Config { nodes, ..config };
        self.config.layout.command_queues = queues;
        if self.config.timing.driver_silence != silence {
            self.watch_silence_anew();
        }
    }

    /// Every driver counts as heard now, for nobody listened for it before, or for another time.
    fn watch_silence_anew(&mut self) {
        let homes: Vec<Destination> = self.homes.keys().cloned().collect();
        for destination in homes {
            self.timers.clear(&Due::Driver(destination.clone()));
            self.hear(&destination);
        }
    }
}
