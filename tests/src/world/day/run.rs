//! Living a day through.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use finewire_core::agent::AgentId;
use finewire_core::machine::CommandId;

use super::{DEED, Deed, Gap, HEADER, Step, Tally, header};
use crate::world::PipeId;
use crate::world::site::Site;

/// Steps of a day, at most; what comes behind is ignored.
const MOST_STEPS: usize = 400;

/// A day under way.
#[derive(Debug)]
pub struct Day {
    /// The site.
    pub site: Site,
    /// Commands that are under way: of which driver, for what.
    pub(super) asked: Vec<(usize, CommandId, Deed)>,
    pub(super) stalled: Vec<PipeId>,
    /// Whether the spare broker serves.
    pub(super) is_spare: bool,
    /// How much a driver had been told when it forgot an agent.
    pub(super) forgotten: BTreeMap<(usize, AgentId), usize>,
    /// Whom a driver has connected without a password and not signed in: another driver's login may
    /// have proven it, and this one cannot prove it again.
    pub(super) unproven: BTreeSet<(usize, AgentId)>,
    /// Whether something was broken since the last noon, so that not all can be known.
    pub(super) is_hurt: bool,
    pub(super) tally: Tally,
}

/// Steps of a day that a fuzzer makes, at most.
const FUZZED: usize = 60;

/// Body of a fuzz target: the beginning of the day that `bytes` are.
///
/// # Panics
///
/// When something is not as it must be.
pub fn fuzz(bytes: &[u8]) {
    run(bytes.get(..HEADER + FUZZED * DEED).unwrap_or(bytes));
}

/// Lives a day through.
///
/// # Panics
///
/// When something is not as it must be.
pub fn run(bytes: &[u8]) -> Tally {
    let mut day = Day::begun(bytes);
    day.live(bytes);
    day.tally
}

impl Day {
    fn begun(bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(HEADER)];
        let mut header = [0; HEADER];
        header[..head.len()].copy_from_slice(head);
        Self {
            site: Site::begun(&header::plan(header)),
            asked: Vec::new(),
            stalled: Vec::new(),
            is_spare: false,
            forgotten: BTreeMap::new(),
            unproven: BTreeSet::new(),
            is_hurt: false,
            tally: Tally::default(),
        }
    }

    /// The steps that a day's bytes say.
    pub fn steps(bytes: &[u8]) -> impl Iterator<Item = Step> {
        let chunks = bytes.get(HEADER..).unwrap_or_default().chunks_exact(DEED);
        let steps = chunks.take(MOST_STEPS);
        steps.map(|chunk| Step::from_bytes(chunk.try_into().expect("so many bytes")))
    }

    /// What all machines told on a day, up to its end or to where it failed.
    pub fn story(bytes: &[u8]) -> String {
        let mut day = Self::begun(bytes);
        let _ = catch_unwind(AssertUnwindSafe(|| day.live(bytes)));
        day.site.story()
    }

    fn live(&mut self, bytes: &[u8]) {
        for step in Self::steps(bytes) {
            self.take(step);
        }
        self.noon();
        self.tally.steps = self.site.net.steps();
        self.tally.digest = self.site.net.digest();
    }

    fn take(&mut self, step: Step) {
        self.tally.deeds += 1;
        self.act(&step);
        match step.gap {
            Gap::Time(span) => self.site.net.run_for(span),
            Gap::Steps(count) => {
                let limit = self.site.net.now() + Duration::from_secs(30);
                for _ in 0..count {
                    if !self.site.net.step(limit) {
                        break;
                    }
                }
            }
        }
        self.check_bounds();
        self.glance();
    }
}
