//! What each package holds.

use crate::graph::{Package, cargo, published, sources};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// What cargo would put into the package.
fn contents(package: &Package) -> BTreeSet<String> {
    let arguments = [
        "package",
        "--list",
        "--allow-dirty",
        "--locked",
        "-p",
        &package.name,
    ];
    cargo(&arguments)
        .lines()
        .map(|line| line.replace('\\', "/"))
        .collect()
}

/// Files of the top folder that a package holds or cargo makes.
const AT_THE_TOP: [&str; 7] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
];

fn belongs(path: &str) -> bool {
    let (folder, rest) = path.split_once('/').unwrap_or(("", path));
    let ending = rest.rsplit_once('.').map_or("", |(_, ending)| ending);
    match folder {
        "" => AT_THE_TOP.contains(&rest) || ending == "md",
        "src" => ["rs", "md", "snap", "html", "css", "js", "svg"].contains(&ending),
        "benches" => ["rs", "md", "sh", "java"].contains(&ending),
        "docs" => ["md", "png"].contains(&ending),
        _ => false,
    }
}

#[test]
fn a_package_holds_its_sources_its_page_and_its_licences_and_nothing_else() {
    for package in published() {
        let contents = contents(package);
        for needed in AT_THE_TOP.iter().filter(|file| !file.starts_with(".cargo")) {
            assert!(contents.contains(*needed), "{}: no {needed}", package.name);
        }
        for path in &contents {
            let is_dropping = path.ends_with(".snap.new") || path.contains("/.");
            assert!(belongs(path) && !is_dropping, "{}: {path}", package.name);
        }
        let bytes: u64 = contents
            .iter()
            .filter_map(|path| package.folder.join(path).metadata().ok())
            .map(|metadata| metadata.len())
            .sum();
        assert!(bytes < 4 << 20, "{}: {bytes} bytes", package.name);
    }
}

#[test]
fn the_licences_of_a_package_are_those_of_the_repository() {
    for package in published() {
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let text = |folder: &Path| std::fs::read_to_string(folder.join(licence)).unwrap();
            let same = text(&package.folder) == text(crate::graph::root());
            assert!(same, "{}: {licence} differs", package.name);
        }
    }
}

/// Where a path of a source leads, without asking the file system.
fn resolved(source: &Path, named: &str) -> PathBuf {
    let mut path = source.parent().unwrap().to_owned();
    for part in Path::new(named).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
    }
    path
}

#[test]
fn what_a_source_takes_in_is_in_its_package_or_for_tests_alone() {
    for package in published() {
        let contents = contents(package);
        for (source, text) in sources(package, &["src"]) {
            // Units of tests stand last in their file; what they read need not be published.
            let text = text.split("#[cfg(test)]").next().unwrap();
            let text: Vec<&str> = text.lines().collect();
            for (at, line) in text.iter().enumerate() {
                let Some((_, named)) = line
                    .split_once("include_str!(\"")
                    .or_else(|| line.split_once("include_bytes!(\""))
                else {
                    continue;
                };
                let path = resolved(&source, named.split('"').next().unwrap());
                let inside = path
                    .strip_prefix(&package.folder)
                    .ok()
                    .and_then(Path::to_str);
                let is_packed = inside.is_some_and(|inside| contents.contains(inside));
                let is_doctest = at > 0 && text[at - 1].contains("doctest");
                assert!(
                    is_packed || is_doctest,
                    "{}: {}",
                    source.display(),
                    line.trim()
                );
            }
        }
    }
}

#[test]
fn the_links_of_a_page_lead_to_something() {
    for package in published() {
        for path in contents(package)
            .iter()
            .filter(|path| path.ends_with(".md"))
        {
            let page = package.folder.join(path);
            let text = std::fs::read_to_string(&page).unwrap();
            for link in text
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split([')', ' ']).next())
            {
                let file = link.split('#').next().unwrap();
                let is_elsewhere = file.is_empty() || file.contains("://") || file.contains("::");
                let leads = is_elsewhere || resolved(&page, file).exists();
                assert!(leads, "{}: {link}", page.display());
            }
        }
    }
}
