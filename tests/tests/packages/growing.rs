//! What may grow without breaking who uses it, as the changelog promises.

use crate::graph::{published, sources};

/// What an enum is called that gets new variants as the product grows.
const GROW: [&str; 5] = ["Command", "Error", "Event", "Fault", "Flaw"];

/// Package and enum: what has to be handled completely by whoever handles it.
const CLOSED: [(&str, &str); 2] = [
    // Vocabulary of machines: a protocol over a link that overlooked a kind would lose it in silence.
    ("finewire-core", "LinkEvent"),
    // A recording that left out a kind of command would replay something else.
    ("finewire-connector", "Command"),
];

/// The public enums of a source, and whether each may grow.
fn enums(source: &str) -> Vec<(&str, bool)> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| {
            let name = line.strip_prefix("pub enum ")?;
            let end = name.find(|end: char| !end.is_alphanumeric() && end != '$');
            let name = &name[..end.unwrap_or(name.len())];
            let head = lines[..at].iter().rev();
            let grows = head
                .take_while(|line| !line.is_empty() && **line != "}")
                .any(|line| *line == "#[non_exhaustive]");
            Some((name, grows))
        })
        .collect()
}

#[test]
fn commands_events_and_errors_of_a_library_may_grow() {
    let mut seen = 0;
    let mut closed = Vec::new();
    for package in published() {
        for (path, source) in sources(package, &["src"]) {
            for (name, grows) in enums(&source) {
                if !GROW.iter().any(|ending| name.ends_with(ending)) {
                    continue;
                }
                seen += 1;
                if !grows {
                    closed.push((package.name.as_str(), name.to_owned(), path.clone()));
                }
            }
        }
    }
    assert!(seen > 30, "{seen}");
    for (package, name, path) in &closed {
        let is_known = CLOSED.contains(&(*package, name.as_str()));
        assert!(is_known, "{name} is closed: {}", path.display());
    }
    assert_eq!(closed.len(), CLOSED.len(), "an exception is needed no more");
}
