//! What holds: every key with its value and where that comes from.

use super::fault::Faults;
use super::redact::mask;
use super::schema::{Change, Default, FREE, Key, LISTS};
use super::source::Name;
use core::fmt::Write as _;
use core::hash::BuildHasher as _;
use core::ops::Range;
use std::hash::RandomState;
use std::sync::OnceLock;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One key that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// With dots; nodes have numbers from 0.
    pub(crate) path: String,
    /// As TOML writes it, secrets masked; `None`: nothing is set.
    pub(crate) value: Option<String>,
    /// `default`, the file's path and line, or the variable.
    pub(crate) origin: String,
    /// What a change of it takes.
    pub(crate) change: Change,
    /// Where the value hides a secret: what tells it from another one, and does not tell the secret.
    pub(crate) secret: Option<String>,
}

/// All rows, in the order in which they are best written.
pub(super) fn rows(table: &DeTable<'_>, keys: &[Key], faults: &Faults) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut done: Vec<&str> = Vec::new();
    for key in keys {
        let (of, name) = key.split();
        let Some(list) = of.strip_suffix("[]") else {
            let found = entry(table, of).and_then(|table| table.get(name));
            rows.push(row(key.path.clone(), found, key, faults));
            continue;
        };
        if done.contains(&list) {
            continue;
        }
        done.push(list);
        for n in 0..count(table, list) {
            for key in keys.iter().filter(|key| key.split().0 == of) {
                let name = key.split().1;
                let found = item(table, list, n).and_then(|table| table.get(name));
                rows.push(row(format!("{list}.{n}.{name}"), found, key, faults));
            }
        }
    }
    if let Some(layout) = entry(table, FREE) {
        leaves(layout, FREE, faults, &mut rows);
    }
    rows
}

fn row(path: String, found: Option<&Spanned<DeValue<'_>>>, key: &Key, faults: &Faults) -> Row {
    let secret = found.and_then(|value| secret(key, value.get_ref()));
    let (value, origin) = match (found, &key.default) {
        (Some(value), _) => (
            Some(text_of(key, value.get_ref())),
            origin(&value.span(), faults),
        ),
        (None, Default::Value(value)) => (Some(value.clone()), "default".into()),
        (None, _) => (None, "default".into()),
    };
    Row {
        path,
        value,
        origin,
        change: key.change,
        secret,
    }
}

/// A digest of a value that is not shown as it is, salted anew in every process.
fn secret(key: &Key, value: &DeValue<'_>) -> Option<String> {
    static SALT: OnceLock<RandomState> = OnceLock::new();
    let text = value.as_str()?;
    if mask(text) == text && !key.path.ends_with("password_hash") {
        return None;
    }
    let digest = SALT.get_or_init(RandomState::new).hash_one(text);
    Some(format!("{digest:x}"))
}

fn text_of(key: &Key, value: &DeValue<'_>) -> String {
    if key.path.ends_with("password_hash") {
        return quoted("********");
    }
    written(value)
}

/// Where a value comes from.
fn origin(span: &Range<usize>, faults: &Faults) -> String {
    let place = faults.source().place(span);
    match place.name {
        Name::File(path) => {
            let name = path.file_name().unwrap_or(path.as_os_str());
            format!("{}:{}", name.to_string_lossy(), place.line)
        }
        Name::Variable(name) => format!("${name}"),
    }
}

/// The table at a path of tables.
fn entry<'a, 'i>(table: &'a DeTable<'i>, path: &str) -> Option<&'a DeTable<'i>> {
    let mut table = table;
    for name in path.split('.') {
        table = table.get(name)?.get_ref().as_table()?;
    }
    Some(table)
}

fn list<'a, 'i>(table: &'a DeTable<'i>, path: &str) -> Option<&'a [Spanned<DeValue<'i>>]> {
    let (of, name) = path.rsplit_once('.')?;
    let list = entry(table, of)?.get(name)?.get_ref().as_array()?;
    Some(list)
}

fn count(table: &DeTable<'_>, path: &str) -> usize {
    let most = LISTS
        .iter()
        .find(|(list, _)| *list == path)
        .map_or(0, |(_, most)| *most);
    list(table, path).map_or(0, <[_]>::len).min(most)
}

fn item<'a, 'i>(table: &'a DeTable<'i>, path: &str, n: usize) -> Option<&'a DeTable<'i>> {
    list(table, path)?.get(n)?.get_ref().as_table()
}

/// Whatever a free table holds.
fn leaves(table: &DeTable<'_>, path: &str, faults: &Faults, rows: &mut Vec<Row>) {
    for (name, value) in table {
        let path = format!("{path}.{}", bare(name.get_ref()));
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => leaves(inner, &path, faults, rows),
            other => rows.push(Row {
                path,
                value: Some(written(other)),
                origin: origin(&value.span(), faults),
                change: Change::AtOnce,
                secret: None,
            }),
        }
    }
}

/// A key as TOML writes it.
fn bare(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A value as TOML writes it, secrets of addresses masked.
fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(&mask(text)),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            let sign = if digits.starts_with('-') { "-" } else { "" };
            match number.radix() {
                16 => format!("{sign}0x{}", digits.trim_start_matches(['-', '+'])),
                8 => format!("{sign}0o{}", digits.trim_start_matches(['-', '+'])),
                2 => format!("{sign}0b{}", digits.trim_start_matches(['-', '+'])),
                _ => digits.to_owned(),
            }
        }
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(list) => {
            let items = list.iter().map(|item| written(item.get_ref()));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        DeValue::Table(table) => {
            let entry = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let name: &std::borrow::Cow<'_, str> = name.get_ref();
                format!("{} = {}", bare(name), written(value.get_ref()))
            };
            let entries = table.iter().map(entry);
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as TOML writes it. TOML 1.1, "String": what must be escaped in a basic string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The rows as a TOML file with the origin of each value behind it; what is not set is a comment.
pub(crate) fn show(rows: &[Row]) -> String {
    let mut out = String::new();
    let mut table = None;
    for row in rows {
        let (of, name) = row.path.rsplit_once('.').unwrap_or(("", &row.path));
        if table != Some(of) {
            if table.is_some() {
                out.push('\n');
            }
            let list = LISTS.iter().find(|(list, _)| {
                let rest = of
                    .strip_prefix(list)
                    .and_then(|rest| rest.strip_prefix('.'));
                rest.is_some_and(|rest| rest.parse::<usize>().is_ok())
            });
            let _ = match list {
                Some((list, _)) => writeln!(out, "[[{list}]]"),
                None => writeln!(out, "[{of}]"),
            };
            table = Some(of);
        }
        let line = match &row.value {
            Some(value) => format!("{name} = {value}"),
            None => format!("# {name} is not set"),
        };
        let _ = match &row.value {
            Some(_) => writeln!(out, "{line:<47} # {}", row.origin),
            None => writeln!(out, "{line}"),
        };
    }
    out
}
