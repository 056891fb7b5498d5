//! The rules of `deny.toml`, kept without the tool of that name: licences, sources, banned crates, copies.

use crate::graph::{Package, packages, root};
use spdx::{Expression, ParseMode};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

fn rules() -> Table {
    std::fs::read_to_string(root().join("deny.toml"))
        .unwrap()
        .parse()
        .unwrap()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// Whether the licence expression can be kept by taking allowed licences only.
fn may_be_used(expression: &str, allowed: &[&str]) -> bool {
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|asked| {
            let licence = asked.license.id();
            asked.addition.is_none() && licence.is_some_and(|id| allowed.contains(&id.name))
        })
    })
}

#[test]
fn every_licence_is_allowed() {
    let rules = rules();
    let allowed = texts(&rules["licenses"]["allow"]);
    for package in packages() {
        let licence = package.text("license");
        assert!(
            may_be_used(licence, &allowed),
            "{} {}: {licence:?}",
            package.name,
            package.version
        );
    }
}

#[test]
fn a_licence_that_is_not_allowed_is_noticed() {
    let rules = rules();
    let allowed = texts(&rules["licenses"]["allow"]);
    for fine in [
        "MIT",
        "MIT/Apache-2.0",
        "MIT OR LGPL-2.1-or-later",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
    ] {
        assert!(may_be_used(fine, &allowed), "{fine}");
    }
    for bad in [
        "",
        "GPL-3.0-only",
        "MPL-2.0",
        "MIT AND MPL-2.0",
        "Proprietary",
    ] {
        assert!(!may_be_used(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_allowed_licence_is_needed() {
    let rules = rules();
    let allowed = texts(&rules["licenses"]["allow"]);
    for licence in &allowed {
        let others: Vec<&str> = allowed
            .iter()
            .copied()
            .filter(|other| other != licence)
            .collect();
        let is_needed = packages()
            .iter()
            .any(|package| !may_be_used(package.text("license"), &others));
        assert!(is_needed, "{licence}");
    }
}

#[test]
fn every_package_comes_from_the_registry_or_from_here() {
    for package in packages().iter().filter(|package| !package.is_ours) {
        let source = package.text("source");
        assert!(
            source.starts_with("registry+") && source.ends_with("-index"),
            "{}: {source}",
            package.name
        );
    }
}

#[test]
fn no_package_needs_a_newer_compiler_than_we_promise() {
    let number = |version: &str| -> Vec<u32> {
        version
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect()
    };
    for package in packages()
        .iter()
        .filter(|package| !package.text("rust_version").is_empty())
    {
        let needed = package.text("rust_version");
        let is_old_enough = number(needed).get(..2) <= number("1.88").get(..2);
        assert!(
            is_old_enough,
            "{} {}: {needed}",
            package.name, package.version
        );
    }
}

/// Who depends on a package of this name.
fn dependents(name: &str) -> BTreeSet<&'static str> {
    let needs = |package: &&Package| {
        let dependencies = package.entry["dependencies"]
            .as_array()
            .into_iter()
            .flatten();
        dependencies
            .filter(|one| package.is_ours || (one["kind"].is_null() && one["optional"] != true))
            .any(|one| one["name"] == name)
    };
    packages()
        .iter()
        .filter(needs)
        .map(|package| &*package.name)
        .collect()
}

#[test]
fn no_banned_package_is_there() {
    let rules = rules();
    for ban in rules["bans"]["deny"].as_array().unwrap() {
        let name = ban["crate"].as_str().unwrap();
        let Some(wrappers) = ban.get("wrappers") else {
            assert!(
                !packages().iter().any(|package| package.name == name),
                "{name}: {ban:?}"
            );
            continue;
        };
        let allowed: BTreeSet<&str> = texts(wrappers).into_iter().collect();
        let found = dependents(name);
        assert!(
            !found.is_empty() && found.is_subset(&allowed),
            "{name}: {found:?}"
        );
    }
}

/// Whether `version` is one of `rule`, a version with or without its last parts.
fn is_of(version: &str, rule: &str) -> bool {
    version == rule
        || version
            .strip_prefix(rule)
            .is_some_and(|rest| rest.starts_with('.'))
}

#[test]
fn no_package_is_there_twice_without_a_reason() {
    let rules = rules();
    let skipped: Vec<(&str, &str)> = rules["bans"]["skip"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skip| skip["crate"].as_str().unwrap().split_once('@').unwrap())
        .collect();
    let mut copies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages() {
        copies
            .entry(&package.name)
            .or_default()
            .push(&package.version);
    }
    copies.retain(|_, versions| versions.len() > 1);
    for (name, version) in &skipped {
        let is_there = copies
            .get(name)
            .is_some_and(|versions| versions.iter().any(|one| is_of(one, version)));
        assert!(is_there, "{name}@{version} is no copy any more");
    }
    for (name, versions) in copies {
        let is_skipped = |version: &&str| {
            skipped
                .iter()
                .any(|(skip, rule)| *skip == name && is_of(version, rule))
        };
        let left: Vec<_> = versions
            .iter()
            .filter(|version| !is_skipped(version))
            .collect();
        assert!(left.len() <= 1, "{name}: {left:?}");
    }
}
