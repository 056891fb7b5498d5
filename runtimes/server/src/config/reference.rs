//! Holds `CONFIG.md` against the keys: each is there once, with its kind, its default and what a change takes.

use super::schema::{Change, Default, Key, Kind, keys};
use std::collections::BTreeMap;

const PAGE: &str = include_str!("CONFIG.md");

fn row(key: &Key) -> [String; 3] {
    let kind = match key.kind {
        Kind::Text => "text",
        Kind::Texts => "list of texts",
        Kind::Number => "number",
        Kind::Flag => "flag",
    };
    let default = match &key.default {
        Default::Required(_) => "required".to_owned(),
        Default::Unset => "–".to_owned(),
        Default::Value(value) => format!("`{value}`"),
    };
    let change = match key.change {
        Change::AtOnce => "at once",
        Change::Restart => "restart",
    };
    [kind.to_owned(), default, change.to_owned()]
}

#[test]
fn the_page_has_every_key_as_it_is_and_no_other() {
    let mut page = BTreeMap::new();
    for line in PAGE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [path, kind, default, change, meaning] = cells[..] else {
            panic!("not five cells: {line}");
        };
        assert!(meaning.len() > 10 && meaning.ends_with('.'), "{line}");
        let row = [kind, default, change].map(str::to_owned);
        let path = path.trim_matches('`').to_owned();
        assert_eq!(page.insert(path, row), None, "twice: {line}");
    }
    for key in keys() {
        let found = page.remove(&key.path);
        assert_eq!(found, Some(row(&key)), "{}", key.path);
    }
    assert!(page.is_empty(), "no such keys: {:?}", page.keys());
}

#[test]
fn the_shortest_configuration_of_the_page_is_one() {
    let (_, rest) = PAGE.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let text = text.replace("= true\nkey_file = \"driver.key\"", "= false");
    super::parse(std::path::Path::new("c.toml"), &text).unwrap();
}
