//! Every seed of every fuzz target goes through the function that the target calls.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// A fuzz target: its name, the path of its function as the target spells it, the function.
type Target = (&'static str, &'static str, fn(&[u8]));

macro_rules! targets {
    ($($name:ident => $function:path,)+) => {
        &[$((stringify!($name), stringify!($function), $function)),+]
    };
}

const TARGETS: &[Target] = targets! {
    driver_command => finewire_core::contract::fuzz::command,
    driver_event => finewire_core::contract::fuzz::event,
    driver_event_json => finewire_core::contract::fuzz::event_json,
    finesse_answer => finewire_finesse::fuzz::answer,
    finesse_request => finewire_finesse::fuzz::request,
    finesse_update => finewire_finesse::fuzz::update,
    host_recording => finewire_host::record::fuzz::recording,
    http_client => finewire_http::fuzz::client,
    http_server => finewire_http::fuzz::server,
    http_websocket => finewire_http::fuzz::websocket,
    http_websocket_client => finewire_http::fuzz::websocket_client,
    openwire_body => finewire_openwire::fuzz::body,
    openwire_broker => finewire_openwire::broker::fuzz::run,
    openwire_client => finewire_openwire::client::fuzz::run,
    openwire_command => finewire_openwire::fuzz::command,
    openwire_frame => finewire_openwire::fuzz::frame,
    openwire_selector => finewire_openwire::selector::fuzz::run,
    openwire_uri => finewire_openwire::client::fuzz::uri,
    simulator_scenario => finewire_simulator::fuzz::scenario,
    site_day => finewire_tests::world::day::fuzz,
    xmpp_client => finewire_xmpp::fuzz::client,
    xmpp_framer => finewire_xmpp::fuzz::framer,
    xmpp_server => finewire_xmpp::fuzz::server,
    xmpp_stanza => finewire_xmpp::fuzz::stanza,
};

/// More belong into a corpus, which is not committed.
const MOST_SEEDS: usize = 40;

/// Bytes of one seed, at most.
const LARGEST: usize = 16 * 1024;

#[test]
fn every_seed_goes_through_its_target() {
    for (name, _, function) in TARGETS {
        let seeds = entries(&fuzz().join("seeds").join(name));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        assert!(seeds.len() <= MOST_SEEDS, "{name} has too many seeds");
        for seed in seeds {
            let bytes = fs::read(&seed).unwrap();
            assert!(bytes.len() <= LARGEST, "{} is too large", seed.display());
            let gone = catch_unwind(|| function(&bytes));
            assert!(gone.is_ok(), "{name} does not bear {}", seed.display());
        }
    }
}

#[test]
fn no_target_and_no_directory_of_seeds_is_without_the_other() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, ..)| (*name).into()).collect();

    assert_eq!(stems(&fuzz().join("seeds")), known, "directories of seeds");
    assert_eq!(stems(&fuzz().join("fuzz_targets")), known, "targets");
}

#[test]
fn a_target_calls_the_function_that_its_seeds_go_through() {
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for (name, function, _) in TARGETS {
        let source = fs::read_to_string(fuzz().join("fuzz_targets").join(format!("{name}.rs")));
        let call = format!("{function}(data)");

        assert!(source.unwrap().contains(&call), "{name} does not {call}");
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name} is not built"
        );
    }
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory);
    let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn stems(directory: &Path) -> BTreeSet<String> {
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    entries(directory).into_iter().map(stem).collect()
}
