//! The configuration as a tree of TOML: environment laid over the file, every key known and of its kind.

use super::fault::Faults;
use super::schema::{self, Default, FREE, Key, Kind, LISTS, nearest};
use core::ops::Range;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// So many keys are cut out one by one until the rest can be read.
const MOST_CUTS: usize = 30;
/// What a key that is missing has while the rest is checked: nobody reads it.
const NOWHERE: Range<usize> = 0..0;

/// The tree of `text` with `variables` over it. What is wrong is noted and cut out, so that the rest can be
/// checked too; `None` when it is no TOML.
pub(super) fn read<'i>(
    text: &'i str,
    variables: &'i [(String, String)],
    keys: &[Key],
    faults: &mut Faults,
) -> Option<DeTable<'i>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        faults.add(error.span().unwrap_or(NOWHERE), error.message(), "");
    }
    if !errors.is_empty() {
        return None;
    }
    let mut table = table.into_inner();
    overlay(&mut table, variables, keys, faults);
    let end = faults.source().end();
    for name in ["broker", "finesse", "driver"] {
        let name = Spanned::new(end.clone(), Cow::Borrowed(name));
        let empty = Spanned::new(end.clone(), DeValue::Table(DeTable::new()));
        table.entry(name).or_insert(empty);
    }
    Check { keys, faults }.table(&mut table, "", end);
    Some(table)
}

/// Lays the variables over the file.
fn overlay<'i>(
    table: &mut DeTable<'i>,
    variables: &'i [(String, String)],
    keys: &[Key],
    faults: &mut Faults,
) {
    if variables.is_empty() {
        return;
    }
    let names = names(keys);
    for (name, text) in variables {
        let Some((path, kind)) = names.get(name) else {
            let meant = |table: &&str| name.starts_with(&format!("{}_", schema::variable(table)));
            let is_ours = schema::tables(keys)
                .iter()
                .any(|t| meant(&t.trim_end_matches("[]")));
            // The log is started before there is a configuration.
            if is_ours && name != "FINEWIRE_LOG_FORMAT" {
                let span = faults.source_mut().add_variable(name, text);
                let near = nearest(name, names.keys().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!("did you mean {near}?"));
                faults.warn(span, "no key has this variable", &hint);
            }
            continue;
        };
        let span = faults.source_mut().add_variable(name, text);
        let Some(value) = value(text, *kind, &span) else {
            let message = format!(
                "{path} is to be {}",
                kind.name().trim_end_matches(" in quotes")
            );
            faults.add(span, message, "");
            continue;
        };
        let value = Spanned::new(span.clone(), value);
        if !put(table, path, value) {
            let hint = "number them from 1, without a gap";
            faults.add(span, format!("nothing is at {path}"), hint);
        }
    }
}

/// Every variable with its key's path and kind.
fn names(keys: &[Key]) -> BTreeMap<String, (String, Kind)> {
    let mut names = BTreeMap::new();
    for key in keys {
        let list = LISTS.iter().find(|(list, _)| {
            let rest = key.path.strip_prefix(list);
            rest.is_some_and(|rest| rest.starts_with("[]."))
        });
        let count = list.map_or(1, |(_, most)| *most);
        for n in 0..count {
            let path = key.path.replace("[]", &format!(".{n}"));
            names.insert(schema::variable(&path), (path, key.kind));
        }
    }
    names
}

fn value<'i>(text: &'i str, kind: Kind, span: &Range<usize>) -> Option<DeValue<'i>> {
    match kind {
        Kind::Text => Some(DeValue::String(Cow::Borrowed(text))),
        Kind::Texts => {
            let mut list = DeArray::new();
            for part in text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
            {
                list.push(Spanned::new(
                    span.clone(),
                    DeValue::String(Cow::Borrowed(part)),
                ));
            }
            Some(DeValue::Array(list))
        }
        Kind::Number | Kind::Flag => {
            let value = DeValue::parse(text.trim()).ok()?.into_inner();
            fits(kind, &value).then_some(value)
        }
    }
}

/// Puts a value at `path`; `false` where a list has no such place, or something else is in the way.
fn put<'i>(table: &mut DeTable<'i>, path: &str, value: Spanned<DeValue<'i>>) -> bool {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let span = value.span();
    let key = |name: &str| Spanned::new(span.clone(), Cow::Owned(name.to_owned()));
    if rest.is_empty() {
        table.insert(key(first), value);
        return true;
    }
    let (second, below) = rest.split_once('.').unwrap_or((rest, ""));
    let Ok(index) = second.parse::<usize>() else {
        let empty = Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
        return match table.entry(key(first)).or_insert(empty).get_mut() {
            DeValue::Table(inner) => put(inner, rest, value),
            _ => false,
        };
    };
    let empty = Spanned::new(span.clone(), DeValue::Array(DeArray::new()));
    let DeValue::Array(list) = table.entry(key(first)).or_insert(empty).get_mut() else {
        return false;
    };
    if index == list.len() {
        list.push(Spanned::new(span.clone(), DeValue::Table(DeTable::new())));
    }
    match list.get_mut(index).map(Spanned::get_mut) {
        Some(DeValue::Table(inner)) => put(inner, below, value),
        _ => false,
    }
}

fn fits(kind: Kind, value: &DeValue<'_>) -> bool {
    match kind {
        Kind::Text => value.is_str(),
        Kind::Texts => value
            .as_array()
            .is_some_and(|list| list.iter().all(|item| item.get_ref().is_str())),
        Kind::Number => value.is_integer(),
        Kind::Flag => value.is_bool(),
    }
}

/// Finds what has no business in the tree, and cuts it out.
struct Check<'a> {
    keys: &'a [Key],
    faults: &'a mut Faults,
}

impl Check<'_> {
    fn table(&mut self, table: &mut DeTable<'_>, prefix: &str, span: Range<usize>) {
        let mut bad: BTreeSet<String> = BTreeSet::new();
        for (name, value) in table.iter_mut() {
            if !self.entry(name, value, prefix) {
                bad.insert(name.get_ref().to_string());
            }
        }
        for name in &bad {
            table.remove(name.as_str());
        }
        let keys = self.keys;
        for key in keys.iter().filter(|key| key.split().0 == prefix) {
            let (_, name) = key.split();
            if let Default::Required(hint) = key.default
                && !table.contains_key(name)
            {
                if !bad.contains(name) {
                    let message = format!("{} is missing", key.path.replace("[]", ""));
                    self.faults.add(span.clone(), message, hint);
                }
                let name = Spanned::new(NOWHERE, Cow::Owned(name.to_owned()));
                table.insert(name, Spanned::new(NOWHERE, stand_in(key)));
            }
        }
        if prefix == "finesse" && !table.contains_key("node") {
            if !bad.contains("node") {
                let hint = "[[finesse.node]] with host = \"finesse-a.example.com\"";
                self.faults.add(span, "finesse.node is missing", hint);
            }
            let mut nodes = DeArray::new();
            let mut node = DeTable::new();
            let host = DeValue::String(Cow::Borrowed("localhost"));
            let name = Spanned::new(NOWHERE, Cow::Borrowed("host"));
            node.insert(name, Spanned::new(NOWHERE, host));
            nodes.push(Spanned::new(NOWHERE, DeValue::Table(node)));
            let name = Spanned::new(NOWHERE, Cow::Borrowed("node"));
            table.insert(name, Spanned::new(NOWHERE, DeValue::Array(nodes)));
        }
    }

    /// Whether an entry may stay.
    fn entry(
        &mut self,
        name: &Spanned<Cow<'_, str>>,
        value: &mut Spanned<DeValue<'_>>,
        prefix: &str,
    ) -> bool {
        let path = match prefix {
            "" => name.get_ref().to_string(),
            _ => format!("{prefix}.{}", name.get_ref()),
        };
        let span = value.span();
        if let Some(key) = self.keys.iter().find(|key| key.path == path) {
            let is_fit = fits(key.kind, value.get_ref());
            if !is_fit {
                let found = value.get_ref().type_str();
                let message = format!(
                    "{} is to be {}, not {found}",
                    name.get_ref(),
                    key.kind.name()
                );
                self.faults.add(span, message, "");
            }
            return is_fit;
        }
        if LISTS.iter().any(|(list, _)| *list == path) {
            return self.list(value, &path);
        }
        let below = format!("{path}.");
        let is_table = path == FREE || self.keys.iter().any(|key| key.path.starts_with(&below));
        if !is_table {
            self.unknown(name, prefix);
            return false;
        }
        let DeValue::Table(inner) = value.get_mut() else {
            let message = format!("{path} is a table");
            self.faults.add(name.span(), message, &format!("[{path}]"));
            return false;
        };
        if path != FREE {
            self.table(inner, &path, span);
        }
        true
    }

    fn list(&mut self, value: &mut Spanned<DeValue<'_>>, path: &str) -> bool {
        let span = value.span();
        let hint = format!("[[{path}]]");
        let DeValue::Array(list) = value.get_mut() else {
            let message = format!("{path} is a list of tables");
            self.faults.add(span, message, &hint);
            return false;
        };
        let most = LISTS
            .iter()
            .find(|(list, _)| *list == path)
            .map_or(0, |(_, most)| *most);
        // The number of nodes is checked with the nodes.
        if list.len() > most && path != "finesse.node" {
            self.faults
                .add(span, format!("more than {most} of {path}"), "");
            return false;
        }
        let mut is_fit = true;
        for item in list.iter_mut() {
            let span = item.span();
            if let DeValue::Table(inner) = item.get_mut() {
                self.table(inner, &format!("{path}[]"), span);
            } else {
                let message = format!("{path} is a list of tables");
                self.faults.add(span, message, &hint);
                is_fit = false;
            }
        }
        is_fit
    }

    fn unknown(&mut self, name: &Spanned<Cow<'_, str>>, prefix: &str) {
        let wrong = name.get_ref().as_ref();
        let shown = prefix.replace("[]", "");
        let place = match prefix {
            "" => "at the top".into(),
            _ => format!("in [{shown}]"),
        };
        let siblings = |key: &&Key| key.split().0 == prefix;
        let of_here = self.keys.iter().filter(siblings).map(|key| key.split().1);
        let tops = [
            "broker", "finesse", "driver", "monitor", "log", "record", "timing", "limits", FREE,
        ];
        let tops = tops.into_iter().filter(|_| prefix.is_empty());
        let here: Vec<&str> = of_here.chain(tops).collect();
        let hint = if let Some(near) = nearest(wrong, here.iter().copied()) {
            format!("did you mean {near}?")
        } else if let Some(key) = self.keys.iter().find(|key| key.split().1 == wrong) {
            format!("{wrong} belongs in [{}]", key.split().0.replace("[]", ""))
        } else {
            format!("one of {}", here.join(", "))
        };
        let message = format!("unknown key {wrong:?} {place}");
        self.faults.add(name.span(), message, &hint);
    }
}

/// Something that passes for a value that is missing.
fn stand_in<'i>(key: &Key) -> DeValue<'i> {
    match (key.path.as_str(), key.kind) {
        ("broker.url", _) => DeValue::String(Cow::Borrowed("embedded")),
        ("finesse.node[].host", _) => DeValue::String(Cow::Borrowed("localhost")),
        (_, Kind::Flag) => DeValue::Boolean(false),
        _ => DeValue::String(Cow::Borrowed("")),
    }
}

/// The tree as the program's own structure. What does not fit is noted and cut out, key by key.
pub(super) fn into_file(mut table: DeTable<'_>, faults: &mut Faults) -> Option<super::file::File> {
    for _ in 0..MOST_CUTS {
        let whole = Spanned::new(NOWHERE, table.clone());
        let error = match serde::Deserialize::deserialize(toml::de::Deserializer::from(whole)) {
            Ok(file) => return Some(file),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(NOWHERE);
        faults.add(span.clone(), error.message(), "");
        if !cut(&mut table, &span) {
            return None;
        }
    }
    None
}

/// Cuts the innermost entry at `span` out; `false` where there is none.
fn cut(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let holds = |of: Range<usize>| of.start <= span.start && span.end <= of.end && !of.is_empty();
    let mut found = None;
    for (name, value) in table.iter_mut() {
        let is_here = holds(name.span()) || holds(value.span());
        let is_inside = match value.get_mut() {
            DeValue::Table(inner) => cut(inner, span),
            DeValue::Array(list) => list.iter_mut().any(|item| match item.get_mut() {
                DeValue::Table(inner) => cut(inner, span),
                _ => false,
            }),
            _ => false,
        };
        if is_inside {
            return true;
        }
        if is_here {
            found = Some(name.get_ref().to_string());
        }
    }
    found.is_some_and(|name| table.remove(name.as_str()).is_some())
}
