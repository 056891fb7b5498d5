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
    for_each_seed_with(test, 30, knobs, |_, _| {});
}

/// As [`for_each_seed`], with accidents; `recovery` seconds after the last all must agree.
fn for_each_seed_with(
    test: &str,
    recovery: u64,
    knobs: impl Fn(&mut Random) -> Knobs,
    accidents: impl Fn(&mut Site, &mut Random),
) {
    for seed in seeds() {
        let mut bytes = [0x6e; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut random = Random::from_seed(bytes);
        let knobs = knobs(&mut random);
        let plan = Plan {
            weather: Weather::stormy(),
            recovery: Duration::from_secs(recovery),
            knobs: knobs.clone(),
            ..Plan::calm(seed)
        };
        let mut site = Site::begun(&plan);
        accidents(&mut site, &mut random);
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| site.do_main_job())) {
            if std::env::var_os("FINEWIRE_SEED").is_some() {
                eprintln!("{}", site.story());
            }
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

#[test]
fn links_that_break_on_top_of_it_change_nothing() {
    let knobs = |random: &mut Random| {
        let mut knobs = Knobs::default();
        knobs.event_before_answer = random.below(2) == 0;
        knobs.drop_request_id = random.below(2) == 0;
        knobs.duplicate_events = random.below(2) == 0;
        knobs
    };
    let accidents = |site: &mut Site, random: &mut Random| {
        for _ in 0..1 + random.below(6) {
            let (which, how) = (random.next_u64(), random.below(4));
            site.net.at_step(1 + random.below(1200), move |net| {
                let pipes = net.pipes();
                let count = u64::try_from(pipes.len()).unwrap();
                let Some(pipe) = pipes.get(usize::try_from(which % count.max(1)).unwrap()) else {
                    return;
                };
                match how {
                    0 => net.cut(pipe.id),
                    1 => net.half_open(pipe.id),
                    2 => net.lose(pipe.id),
                    _ => {
                        let id = pipe.id;
                        net.stall(id);
                        net.at_step(net.steps() + 60, move |net| net.flow(id));
                    }
                }
            });
        }
    };
    let test = "links_that_break_on_top_of_it_change_nothing";
    for_each_seed_with(test, 150, knobs, accidents);
}
