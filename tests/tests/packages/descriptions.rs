//! What each package says of itself.

use crate::graph::{members, published};
use std::collections::BTreeSet;

/// Those of the registry's categories that we use; it refuses names that it does not know.
const CATEGORIES: [&str; 10] = [
    "api-bindings",
    "asynchronous",
    "command-line-utilities",
    "development-tools::testing",
    "network-programming",
    "no-std",
    "parser-implementations",
    "simulation",
    "web-programming::http-server",
    "web-programming::websocket",
];

#[test]
fn every_member_has_one_version_edition_licence_and_least_compiler() {
    let said: BTreeSet<_> = members()
        .map(|package| {
            ["version", "edition", "license", "rust_version"].map(|key| package.text(key))
        })
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said.iter().all(|[_, edition, license, compiler]| {
        *edition == "2024" && *license == "MIT OR Apache-2.0" && *compiler == "1.88"
    }));
}

#[test]
fn every_published_package_says_what_it_is() {
    let mut described = BTreeSet::new();
    for package in published() {
        let name = &package.name;
        let description = package.text("description");
        assert!(
            (15..=120).contains(&description.len()),
            "{name}: {description:?}"
        );
        assert!(
            !description.ends_with('.'),
            "{name}: a description is a title"
        );
        assert!(
            described.insert(description),
            "{name}: said of another package too"
        );

        let keywords = package.words("keywords");
        assert!((3..=5).contains(&keywords.len()), "{name}: {keywords:?}");
        for keyword in keywords {
            let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(
                keyword.len() <= 20 && keyword.chars().all(is_word),
                "{name}: {keyword:?}"
            );
        }
        let categories = package.words("categories");
        assert!(
            (1..=5).contains(&categories.len()),
            "{name}: {categories:?}"
        );
        for category in categories {
            assert!(CATEGORIES.contains(&category), "{name}: {category:?}");
        }
        assert_eq!(package.text("readme"), "README.md", "{name}");
        assert_eq!(
            package.entry["metadata"]["docs"]["rs"]["all-features"], true,
            "{name}"
        );
    }
}

#[test]
fn every_readme_names_its_package_and_its_licence() {
    for package in published() {
        let readme = std::fs::read_to_string(package.folder.join("README.md")).unwrap();
        assert!(
            readme.starts_with("# "),
            "{}: a page has a title",
            package.name
        );
        assert!(
            readme.contains("MIT or Apache-2.0"),
            "{}: licence",
            package.name
        );
        assert!(readme.contains("1.88"), "{}: least compiler", package.name);
    }
}

#[test]
fn the_default_members_hold_one_program_and_leave_the_discontinued_runtime_out() {
    let manifest = std::fs::read_to_string(crate::graph::root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let members: Vec<_> = manifest["workspace"]["default-members"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    assert!(members.contains(&"runtimes/server") && members.contains(&"core"));
    assert!(!members.contains(&"runtimes/async-std") && !members.contains(&"tests"));
}
