//! What cargo knows of the workspace.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What cargo prints for these arguments, at the root.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// One package of the graph, ours or not.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    pub(crate) is_ours: bool,
    pub(crate) is_published: bool,
    /// The whole entry of `cargo metadata`.
    pub(crate) entry: Value,
}

impl Package {
    fn read(entry: &Value) -> Self {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let manifest = PathBuf::from(text("manifest_path"));
        Self {
            name: text("name"),
            version: text("version"),
            folder: manifest.parent().unwrap().into(),
            is_ours: entry["source"].is_null(),
            is_published: entry["source"].is_null() && entry["publish"].is_null(),
            entry: entry.clone(),
        }
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.entry[key].as_str().unwrap_or_default()
    }

    pub(crate) fn words(&self, key: &str) -> Vec<&str> {
        let words = self.entry[key].as_array().into_iter().flatten();
        words.filter_map(Value::as_str).collect()
    }
}

/// Every package that any member needs on any system, with every feature.
pub(crate) fn packages() -> &'static [Package] {
    static PACKAGES: OnceLock<Vec<Package>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let arguments = [
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--all-features",
        ];
        let metadata: Value = serde_json::from_str(&cargo(&arguments)).unwrap();
        metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(Package::read)
            .collect()
    })
}

pub(crate) fn members() -> impl Iterator<Item = &'static Package> {
    packages().iter().filter(|package| package.is_ours)
}

pub(crate) fn published() -> impl Iterator<Item = &'static Package> {
    packages().iter().filter(|package| package.is_published)
}

/// Every Rust file below these of a package that there are, with its text.
pub(crate) fn sources(package: &Package, folders: &[&str]) -> BTreeMap<PathBuf, String> {
    let mut waiting: Vec<PathBuf> = folders
        .iter()
        .map(|folder| package.folder.join(folder))
        .collect();
    let mut sources = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        } else if path.exists() && path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            sources.insert(path, text);
        }
    }
    sources
}
