//! Many days, on several threads.

use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use super::{Tally, from_seed, run};

/// A day that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What was not as it must be, and where that was noticed.
    pub why: String,
}

/// Lives the days of all seeds through, `jobs` at a time; what they came to, and which failed. Stops
/// after `most_failures`.
pub fn run_seeds(
    seeds: Range<u64>,
    jobs: usize,
    most_failures: usize,
) -> (u64, Tally, Vec<Failure>) {
    let next = AtomicU64::new(seeds.start);
    let sum = Mutex::new((0_u64, Tally::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let day = attempt(&from_seed(seed));
                    let mut sum = sum.lock().expect("nobody panics with it");
                    sum.0 += 1;
                    match day {
                        Ok(tally) => sum.1.add(&tally),
                        Err(why) => {
                            // A long run may be ended before it sums up.
                            eprintln!("seed {seed} failed: {why}");
                            sum.2.push(Failure { seed, why });
                        }
                    }
                    if sum.0.is_multiple_of(100) {
                        eprintln!("{} days, {} failed", sum.0, sum.2.len());
                    }
                    if sum.2.len() >= most_failures {
                        return;
                    }
                }
            });
        }
    });
    let (ran, tally, mut failures) = sum.into_inner().expect("nobody panics with it");
    failures.sort_by_key(|failure| failure.seed);
    (ran, tally, failures)
}

thread_local! {
    /// What the thread panicked with, while that is caught.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
    static IS_CATCHING: RefCell<bool> = const { RefCell::new(false) };
}

/// Lives a day through; what was not as it must be comes back in place of a panic.
///
/// # Errors
///
/// The panic's text, with its place.
pub fn attempt(day: &[u8]) -> Result<Tally, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if IS_CATCHING.with_borrow(|is| *is) {
                let text = info.to_string();
                CAUGHT.with_borrow_mut(|caught| *caught = Some(text));
            } else {
                before(info);
            }
        }));
    });
    IS_CATCHING.set(true);
    let result = catch_unwind(AssertUnwindSafe(|| run(day)));
    IS_CATCHING.set(false);
    result.map_err(|_| CAUGHT.take().unwrap_or_default())
}
