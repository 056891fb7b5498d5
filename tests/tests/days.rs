//! Days at a whole site, by seed: people follow every flow of the contract while links break, nodes
//! fail and processes die, and at every noon all must agree.
//!
//! `FINEWIRE_DAYS` says how many seeds are tried (300). `cargo run -p finewire-tests --bin days` tries
//! others, makes a day that fails shorter, and tells what happened on it.

use finewire_tests::world::day::{Deed, Tally, attempt, from_seed, run_seeds};

/// Deeds that nobody asks a driver for, so that they cannot be done.
const OF_NO_DRIVER: &[Deed] = &[
    Deed::Wait,
    Deed::CustomerCalls,
    Deed::CustomerLeaves,
    Deed::OfferPreview,
    Deed::Cut,
    Deed::HalfOpen,
    Deed::Lose,
    Deed::Stall,
    Deed::Flow,
    Deed::Shut,
    Deed::Admit,
    Deed::NodeDies,
    Deed::NodesReturn,
    Deed::OutOfService,
    Deed::InService,
    Deed::DropXmpp,
    Deed::BrokerDies,
    Deed::ConnectorDies,
    Deed::DriverDies,
    Deed::ClockJumps,
    Deed::TurnKnobs,
    Deed::WeatherChanges,
    Deed::Noon,
];

/// Deeds that must never be done: passwords and lines that are wrong.
const NEVER_DONE: &[Deed] = &[Deed::ConnectWrong, Deed::LoginWrong, Deed::LoginNowhere];

fn days() -> u64 {
    let number = std::env::var("FINEWIRE_DAYS").ok();
    number
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(300)
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[test]
fn whatever_befalls_a_site_every_command_ends_once_and_all_agree_at_noon() {
    let (ran, tally, failures) = run_seeds(0..days(), jobs(), 5);

    for failure in &failures {
        eprintln!(
            "seed {}: {}\ncargo run -p finewire-tests --bin days -- --seeds {}..{}",
            failure.seed,
            failure.why,
            failure.seed,
            failure.seed + 1
        );
    }
    assert!(
        failures.is_empty(),
        "{} of {ran} days failed",
        failures.len()
    );
    check_busy(ran, &tally);
}

/// Days on which nothing was done would prove nothing.
fn check_busy(ran: u64, tally: &Tally) {
    assert!(tally.noons >= 2 * ran, "{} noons", tally.noons);
    if ran < 300 {
        return;
    }
    for deed in Deed::ALL {
        let done = tally.done(*deed);
        if NEVER_DONE.contains(deed) {
            assert_eq!(done, 0, "{deed:?} was done");
            assert!(tally.ends.contains_key(deed), "{deed:?} was not tried");
        } else if !OF_NO_DRIVER.contains(deed) {
            assert!(
                done > 0,
                "{deed:?} was never done: {:?}",
                tally.ends.get(deed)
            );
        }
    }
}

#[test]
fn a_seed_makes_the_same_bytes_on_all_links_every_time() {
    for seed in [1, 2, 3, 5, 6, 7, 9, 10] {
        let day = from_seed(seed);
        let (once, again) = (attempt(&day), attempt(&day));
        assert_eq!(once, again, "seed {seed}");
        assert_ne!(
            once.map(|tally| tally.digest),
            attempt(&from_seed(seed + 100)).map(|tally| tally.digest)
        );
    }
}
