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

/// Days on which something went wrong once, shortened.
const ONCE_WRONG: &[(&str, &str)] = &[
    (
        "a stray sign-out after a sign-in by another connector was believed",
        "3506000000007c00000004000000000004042c0601016d0704011a0831c196b3",
    ),
    (
        "a slow read of calls brought back one whose end had been notified meanwhile",
        "8f090000a6000000090082c0003c047f1e046d08324777da2500bc06320a11082500c20712002b06410075062d00\
         15062d00ce07010136070401f306010289080402ee060a02cec40901eca90b02b806090233080a025e073ee249b9\
         2c016ee31401a607190102033351810714025008319eef081b0102071d0120073f09a2081702a606",
    ),
    (
        "a slow list of a team brought back the state that a followed member had left meanwhile",
        "41000000000000000000a8e100000000000000070100ee0704003c0601011507040175070103c408260323060901\
         c3b4",
    ),
    (
        "a conference with a customer whom Finesse does not list was waited for in vain",
        "5b0000000000000000000000000000002d0030060101420604017a0601029e0704028406010027080400e9070902\
         a4062c022d0614026307190200933ff06a0814001e061b020007",
    ),
    (
        "a read that was to tell how it stands showed a command's effect and did not end it",
        "6a01000000000000000000000000000004006b060103f9070403f9063e6747014100b7060101aa08040109070903\
         1704",
    ),
];

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
    assert!(tally.glances >= 5 * ran, "{} glances", tally.glances);
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

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    let text = |two| std::str::from_utf8(two).expect("digits");
    digits
        .map(|two| u8::from_str_radix(text(two), 16).expect("two digits"))
        .collect()
}

#[test]
fn what_went_wrong_on_a_day_once_does_not_again() {
    for (what, day) in ONCE_WRONG {
        if let Err(why) = attempt(&bytes(day)) {
            panic!("{what}: {why}");
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
