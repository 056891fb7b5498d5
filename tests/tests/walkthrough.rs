//! What the simulator's README shows works as it stands there.
//!
//! Runs where `python3`, or the interpreter named by `FINEWIRE_PYTHON`, has the package `websockets`; says so where
//! not, and fails there with `CI=true`.

use finewire_tests::peers::Simulator;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const README: &str = include_str!("../../transports/simulator/README.md");

/// An interpreter that has the package.
fn python() -> Option<String> {
    let named = std::env::var("FINEWIRE_PYTHON").ok();
    let known = ["python3".to_owned(), "/usr/bin/python3".to_owned()];
    named.into_iter().chain(known).find(|python| {
        let tried = Command::new(python)
            .args(["-c", "import websockets"])
            .output();
        tried.is_ok_and(|output| output.status.success())
    })
}

/// The first block of this language.
fn block(language: &str) -> &'static str {
    let (_, rest) = README
        .split_once(&format!("```{language}\n"))
        .expect("a block");
    rest.split_once("```").expect("its end").0
}

fn control(folder: &Path) -> String {
    let path = folder.join("control");
    path.to_str().expect("a plain path").to_owned()
}

#[test]
fn the_readmes_agent_takes_a_call_over_rest_and_a_websocket() {
    let Some(python) = python() else {
        let text = "skipped: no python3 with the package websockets";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{text}");
        eprintln!("{text}");
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let simulator = Simulator::start(folder.path());
    let output = Command::new(python)
        .args(["-c", block("python")])
        .env("FINESSE", format!("127.0.0.1:{}", simulator.rest))
        .env("CONTROL", control(folder.path()))
        .output()
        .expect("an interpreter");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    let words: Vec<&str> = said.split_whitespace().collect();
    assert!(
        matches!(words.as_slice(), ["ANSWER", a, "DROP", b, "done"] if a == b),
        "{said}"
    );
}
