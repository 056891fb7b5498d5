//! The comparison itself, for a second.

use std::process::Command;

#[test]
fn every_server_answers_every_load_and_has_its_line_in_the_table() {
    let output = Command::new(env!("CARGO_BIN_EXE_finewire-compare"))
        .output()
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{table}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for adapter in ["tokio", "smol", "async-std", "blocking"] {
        for server in [adapter.to_owned(), format!("{adapter} bare")] {
            let lines = table.lines().filter(|line| {
                let rest = line.strip_prefix(&server).unwrap_or_default();
                rest.trim_start().starts_with(|c: char| c.is_ascii_digit())
            });
            let lines: Vec<&str> = lines.collect();
            assert_eq!(
                lines.len(),
                2,
                "{server}: its loads and its many links: {table}"
            );
            assert!(
                !lines
                    .iter()
                    .any(|line| line.contains("inf") || line.contains("NaN")),
                "{lines:?}"
            );
        }
    }
}
