//! Dependencies that nobody uses, and dependencies that follow no rule.

use crate::graph::{Package, members, packages, sources};
use serde_json::Value;
use std::path::Path;

/// Whether a source names the crate as a path, an import, a macro or an attribute's argument.
fn names(text: &str, library: &str) -> bool {
    text.match_indices(library).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + library.len()..].chars().next();
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !is_word(before) && !is_word(after)
    })
}

/// Comments name crates too; they use none. Documentation may hold examples, and examples use what they name.
fn without_comments(text: &str) -> String {
    let is_code = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with("//") || line.starts_with("//! use ") || line.starts_with("/// use ")
    };
    text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

/// The pages whose examples a source compiles as its own.
fn pages(source: &Path, text: &str) -> String {
    let named = text.split("#[doc = include_str!(\"").skip(1);
    let pages = named.filter_map(|rest| rest.split_once("\")]"));
    pages
        .map(|(page, _)| std::fs::read_to_string(source.with_file_name(page)).unwrap())
        .collect()
}

fn dependencies(package: &Package) -> impl Iterator<Item = &Value> {
    package.entry["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
}

/// What sources call a dependency: not all packages call their library by their own name.
fn library(name: &str, rename: Option<&str>) -> String {
    let targets = packages()
        .iter()
        .filter(|package| package.name == name)
        .filter_map(|package| package.entry["targets"].as_array())
        .flatten();
    let of_the_package = targets
        .filter(|target| target["doctest"] == true)
        .find_map(|target| target["name"].as_str());
    let name = rename.or(of_the_package).unwrap_or(name);
    name.replace('-', "_")
}

#[test]
fn every_dependency_is_used_where_it_is_declared() {
    let mut unused = Vec::new();
    for package in members() {
        let texts = |folders: &[&str]| -> Vec<String> {
            let sources = sources(package, folders);
            let texts = sources.iter();
            texts
                .map(|(path, text)| without_comments(text) + &pages(path, text))
                .collect()
        };
        let product = texts(&["src", "build.rs"]);
        let around = texts(&["."]);
        for dependency in dependencies(package) {
            let name = dependency["name"].as_str().unwrap();
            let library = library(name, dependency["rename"].as_str());
            // In a package of tests, product and test are the same.
            let is_for_tests = dependency["kind"] == "dev" || !package.is_published;
            let where_used = if is_for_tests { &around } else { &product };
            if !where_used.iter().any(|text| names(text, &library)) {
                unused.push(format!("{}: {name}", package.name));
            }
        }
    }
    assert!(unused.is_empty(), "declared, and used nowhere: {unused:?}");
}

#[test]
fn every_version_is_declared_once_for_the_workspace() {
    for package in members() {
        let manifest = std::fs::read_to_string(package.folder.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let targets = manifest
            .get("target")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flatten();
        let tables = targets
            .map(|(_, target)| target.as_table().unwrap())
            .chain([&manifest]);
        for table in tables {
            for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
                let Some(dependencies) = table.get(kind).and_then(toml::Value::as_table) else {
                    continue;
                };
                for (name, dependency) in dependencies {
                    let inherits = dependency.get("workspace").and_then(toml::Value::as_bool);
                    assert_eq!(
                        inherits,
                        Some(true),
                        "{}: {name} has its own version",
                        package.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_crate_is_named_only_by_itself() {
    assert!(names("use hex::encode;", "hex") && names("#[derive(serde::Serialize)]", "serde"));
    assert!(!names("use hexagon::side;", "hex") && !names("let my_hex = 1;", "hex"));
    assert!(!names(&without_comments("// by the crate hex"), "hex"));
}
