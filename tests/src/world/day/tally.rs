//! What happened on days, to see that they were no idle ones.

use std::collections::BTreeMap;

use finewire_core::machine::Outcome;

use super::Deed;

/// What was done and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Deeds.
    pub deeds: u64,
    /// Steps of the network.
    pub steps: u64,
    /// Times at which all had to agree.
    pub noons: u64,
    /// Times between them at which nothing happened to be under way, and all had to agree as well.
    pub glances: u64,
    /// The commands of drivers, by deed: done, refused, failed, lost with a driver that died.
    pub ends: BTreeMap<Deed, [u64; 4]>,
    /// Everything that all machines said, as one number.
    pub digest: u64,
}

impl Tally {
    pub(super) fn count(&mut self, deed: Deed, outcome: Option<&Outcome>) {
        let which = match outcome {
            Some(Outcome::Done) => 0,
            Some(Outcome::Refused(_)) => 1,
            Some(Outcome::Failed(_)) => 2,
            None => 3,
        };
        let counts = self.ends.entry(deed).or_default();
        counts[which] += 1;
    }

    /// How often commands of this deed were done.
    pub fn done(&self, deed: Deed) -> u64 {
        self.ends.get(&deed).map_or(0, |[done, ..]| *done)
    }

    /// Adds another day. The digests become one that depends on no order.
    pub fn add(&mut self, other: &Self) {
        self.deeds += other.deeds;
        self.steps += other.steps;
        self.noons += other.noons;
        self.glances += other.glances;
        self.digest ^= other.digest;
        for (deed, counts) in &other.ends {
            let sum = self.ends.entry(*deed).or_default();
            for (sum, count) in sum.iter_mut().zip(counts) {
                *sum += count;
            }
        }
    }
}
