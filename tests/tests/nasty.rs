//! A Finesse that misbehaves, over many seeds: late, early, duplicate and odd notifications never
//! change what comes of the main job.
//!
//! `FINEWIRE_SEEDS` says how many seeds are tried (20), `FINEWIRE_SEED` names the only one.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use finewire_core::machine::Random;
use finewire_simulator::Knobs;
use finewire_tests::world::Weather;
use finewire_tests::world::site::{Plan, Site};

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok()?.trim().parse::<u64>().ok();
    match number("FINEWIRE_SEED") {
        Some(only) => vec![only],
        None => (0..number("FINEWIRE_SEEDS").unwrap_or(20)).collect(),
    }
}

/// Runs the main job for each seed; a seed that fails prints how to run it again.
fn for_each_seed(test: &str, knobs: impl Fn(&mut Random) -> Knobs) {
    for seed in seeds() {
        let mut bytes = [0x6e; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let knobs = knobs(&mut Random::from_seed(bytes));
        let plan = Plan {
            weather: Weather::stormy(),
            recovery: Duration::from_secs(30),
            knobs: knobs.clone(),
            ..Plan::calm(seed)
        };
        let run = AssertUnwindSafe(|| Site::begun(&plan).do_main_job());
        if let Err(cause) = catch_unwind(run) {
            eprintln!(
                "seed {seed} with {knobs:?}; to run it again:\n\
                 FINEWIRE_SEED={seed} cargo test -p finewire-tests --test nasty {test}"
            );
            resume_unwind(cause);
        }
    }
}

#[test]
fn a_stormy_network_changes_nothing() {
    for_each_seed("a_stormy_network_changes_nothing", |_| Knobs::default());
}

#[test]
fn notifications_before_answers_change_nothing() {
    for_each_seed("notifications_before_answers_change_nothing", |_| {
        let mut knobs = Knobs::default();
        knobs.event_before_answer = true;
        knobs
    });
}

#[test]
fn late_answers_and_late_errors_change_nothing() {
    for_each_seed("late_answers_and_late_errors_change_nothing", |random| {
        let mut knobs = Knobs::default();
        knobs.slow_rest = Some(Duration::from_millis(random.below(4000)));
        knobs.late_errors = Some(Duration::from_millis(random.below(4000)));
        knobs
    });
}

#[test]
fn notifications_without_request_ids_or_twice_change_nothing() {
    for_each_seed(
        "notifications_without_request_ids_or_twice_change_nothing",
        |random| {
            let mut knobs = Knobs::default();
            knobs.drop_request_id = random.below(2) == 0;
            knobs.duplicate_events = true;
            knobs
        },
    );
}

#[test]
fn whatever_form_finesse_writes_in_changes_nothing() {
    for_each_seed(
        "whatever_form_finesse_writes_in_changes_nothing",
        |random| {
            let mut maybe = || random.below(2) == 0;
            let mut knobs = Knobs::default();
            knobs.lower_case_event = maybe();
            knobs.push_namespace = maybe();
            knobs.shuffle_elements = maybe();
            knobs.unknown_elements = maybe();
            knobs.unescaped_payload = maybe();
            knobs.call_type_null = maybe();
            knobs.no_peripheral_errors = maybe();
            knobs.ok_instead_of_accepted = maybe();
            knobs.no_customer_participant = maybe();
            knobs
        },
    );
}

#[test]
fn all_of_it_together_changes_nothing() {
    for_each_seed("all_of_it_together_changes_nothing", |random| {
        let mut knobs = Knobs::default();
        knobs.event_before_answer = random.below(2) == 0;
        knobs.drop_request_id = random.below(2) == 0;
        knobs.duplicate_events = random.below(2) == 0;
        knobs.shuffle_elements = random.below(2) == 0;
        knobs.stray_logout = random.below(2) == 0;
        knobs.slow_rest = Some(Duration::from_millis(random.below(1500)));
        knobs
    });
}
