//! The table read into changes of the documented layout, and which of them makes it impossible.

use super::edits::{
    LIMITS, MOST, WORDS, command, is_word, keys, limit, put, reorder_keys, reorder_parameters,
    reorder_slots, slots, word,
};
use super::place::{Place, hint, one_of};
use super::{CommandRow, Json, JsonRow, Row, Table};
use crate::config::fault::Faults;
use core::ops::Range;
use finewire_core::contract::{ErrorCode, EventKind, Field, Item, Layout, Parameter, Verb};
use std::collections::BTreeMap;
use toml::Spanned;

/// The changes that the table asks for, one by one, with their places.
pub(super) struct Changes<'a> {
    documented: Layout,
    layout: Layout,
    list: Vec<Change>,
    is_good: bool,
    faults: &'a mut Faults,
}

struct Change {
    span: Range<usize>,
    apply: Box<dyn Fn(&mut Layout)>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(faults: &'a mut Faults) -> Self {
        Self {
            documented: Layout::default(),
            layout: Layout::default(),
            list: Vec::new(),
            is_good: true,
            faults,
        }
    }

    /// The changed layout, unless something was noted.
    pub(super) fn into_layout(self) -> Option<Layout> {
        self.is_good.then_some(self.layout)
    }

    pub(super) fn read(&mut self, table: &Table) {
        self.commands(&table.commands);
        self.events(&table.events);
        self.items(&table.items);
        self.json(&table.json);
        self.words(&table.words);
        self.error_codes(&table.error_codes);
        for (finesse, ours) in &table.call_types {
            let (finesse, word) = (finesse.get_ref().clone(), ours.get_ref().clone());
            self.change(ours.span(), move |layout| {
                put(&mut layout.call_types, &finesse, &word);
            });
        }
        self.limits(&table.limits);
        if let Some(replacement) = &table.replacement {
            let mut characters = replacement.get_ref().chars();
            match (characters.next(), characters.next()) {
                (Some(character), None) => {
                    self.change(replacement.span(), move |layout| {
                        layout.replacement = character
                    });
                }
                _ => self.fault(
                    replacement.span(),
                    "the replacement must be one character".into(),
                    "e.g. \" \" or \"_\"",
                ),
            }
        }
    }

    fn commands(&mut self, table: &BTreeMap<Spanned<String>, CommandRow>) {
        let mut seen = Vec::new();
        for (key, row) in table {
            let Some(verb) = self
                .documented
                .command_named(key.get_ref())
                .map(|row| row.verb)
            else {
                let names = self.documented.commands.iter().map(|row| row.name.as_str());
                let hint = one_of(names);
                self.fault(
                    key.span(),
                    format!("there is no command {:?}", key.get_ref()),
                    &hint,
                );
                continue;
            };
            self.once(&mut seen, verb, key);
            if let Some(name) = &row.name {
                let text = name.get_ref().clone();
                self.change(name.span(), move |layout| {
                    command(layout, verb, |row| row.name = text.as_str().into());
                });
            }
            if let Some(list) = &row.parameters
                && let Some(parameters) = self.parameters(list.get_ref(), verb)
            {
                self.change(list.span(), move |layout| {
                    command(layout, verb, |row| reorder_parameters(row, &parameters));
                });
            }
            if let Some(list) = &row.optional
                && let Some(parameters) = self.parameters(list.get_ref(), verb)
            {
                self.change(list.span(), move |layout| {
                    command(layout, verb, |row| {
                        for slot in &mut row.parameters {
                            slot.is_optional = parameters.contains(&slot.parameter);
                        }
                    });
                });
            }
            if let Some(rest) = &row.rest {
                let given = match rest.get_ref().as_str() {
                    "" => Some(vec![]),
                    _ => self.parameters(core::slice::from_ref(rest), verb),
                };
                if let Some(parameters) = given {
                    self.change(rest.span(), move |layout| {
                        command(layout, verb, |row| {
                            for slot in &mut row.parameters {
                                slot.takes_rest = parameters.contains(&slot.parameter);
                            }
                        });
                    });
                }
            }
        }
    }

    fn parameters(&mut self, list: &[Spanned<String>], verb: Verb) -> Option<Vec<Parameter>> {
        let row = self.documented.command(verb)?;
        let hint = one_of(row.parameters.iter().map(|slot| slot.parameter.name()));
        self.names(list, "parameter", &hint, Parameter::named)
    }

    fn events(&mut self, table: &BTreeMap<Spanned<String>, Row>) {
        let mut seen = Vec::new();
        for (key, row) in table {
            let Some(kind) = self.event(key) else {
                continue;
            };
            self.once(&mut seen, kind, key);
            if let Some(name) = &row.name {
                let text = name.get_ref().clone();
                self.change(name.span(), move |layout| {
                    let mut events = layout.events.iter_mut();
                    if let Some(row) = events.find(|row| row.kind == kind) {
                        row.name = text.as_str().into();
                    }
                });
            }
            self.row(row, Place::Event(kind));
        }
    }

    fn items(&mut self, table: &BTreeMap<Spanned<String>, Row>) {
        let mut seen = Vec::new();
        for (key, row) in table {
            let Some(item) = self.item(key) else {
                continue;
            };
            self.once(&mut seen, item, key);
            if let Some(name) = &row.name {
                let hint = "items stand in lists; only events have a name";
                self.fault(name.span(), "an item has no name".into(), hint);
            }
            self.row(row, Place::Item(item));
        }
    }

    fn row(&mut self, row: &Row, place: Place) {
        if let Some(list) = &row.fields
            && let Some(fields) = self.fields(list.get_ref(), place)
        {
            self.change(list.span(), move |layout| {
                reorder_slots(slots(layout, place), &fields);
            });
        }
        for (field, label) in &row.labels {
            let is_there = |layout: &mut Layout, field| {
                slots(layout, place)
                    .into_iter()
                    .flatten()
                    .any(|slot| slot.field == field)
            };
            let Some(field) = self.field(field, place, is_there) else {
                continue;
            };
            let text = label.get_ref().clone();
            self.change(label.span(), move |layout| {
                let slots = slots(layout, place).into_iter().flatten();
                for slot in slots.filter(|slot| slot.field == field) {
                    slot.label = (!text.is_empty()).then(|| text.as_str().into());
                }
            });
        }
    }

    fn json(&mut self, table: &Json) {
        if let Some(key) = &table.type_key {
            let text = key.get_ref().clone();
            self.change(key.span(), move |layout| {
                layout.json.type_key = text.as_str().into()
            });
        }
        let mut seen = Vec::new();
        for (key, row) in &table.events {
            if let Some(kind) = self.event(key) {
                self.once(&mut seen, kind, key);
                self.json_row(row, Place::Event(kind));
            }
        }
        let mut seen = Vec::new();
        for (key, row) in &table.items {
            if let Some(item) = self.item(key) {
                self.once(&mut seen, item, key);
                self.json_row(row, Place::Item(item));
            }
        }
    }

    fn json_row(&mut self, row: &JsonRow, place: Place) {
        if let Some(list) = &row.fields
            && let Some(fields) = self.fields(list.get_ref(), place)
        {
            self.change(list.span(), move |layout| {
                reorder_keys(keys(layout, place), &fields)
            });
        }
        for (field, key) in &row.keys {
            let is_there = |layout: &mut Layout, field| {
                keys(layout, place)
                    .into_iter()
                    .flatten()
                    .any(|key| key.field == field)
            };
            let Some(field) = self.field(field, place, is_there) else {
                continue;
            };
            let text = key.get_ref().clone();
            self.change(key.span(), move |layout| {
                let keys = keys(layout, place).into_iter().flatten();
                for key in keys.filter(|key| key.field == field) {
                    key.key = text.as_str().into();
                }
            });
        }
        if let Some(list) = &row.optional
            && let Some(fields) = self.fields(list.get_ref(), place)
        {
            self.change(list.span(), move |layout| {
                for key in keys(layout, place).into_iter().flatten() {
                    key.is_optional = fields.contains(&key.field);
                }
            });
        }
    }

    fn words(&mut self, table: &BTreeMap<Spanned<String>, Spanned<toml::Value>>) {
        for (key, value) in table {
            match (key.get_ref().as_str(), value.get_ref()) {
                ("call_variables", toml::Value::Array(names)) => {
                    let names: Option<Vec<String>> = names
                        .iter()
                        .map(|name| name.as_str().map(str::to_owned))
                        .collect();
                    match names {
                        Some(names) => self.change(value.span(), move |layout| {
                            let names = names.iter().map(|name| name.as_str().into());
                            layout.words.call_variables = names.collect();
                        }),
                        None => self.fault(value.span(), "not a list of names".into(), VARIABLES),
                    }
                }
                ("call_variables", _) => {
                    self.fault(value.span(), "not a list of names".into(), VARIABLES);
                }
                (name, toml::Value::String(text)) if is_word(name) => {
                    let (name, text) = (name.to_owned(), text.clone());
                    self.change(value.span(), move |layout| {
                        if let Some(word) = word(&mut layout.words, &name) {
                            *word = text.as_str().into();
                        }
                    });
                }
                (name, _) if is_word(name) => {
                    self.fault(
                        value.span(),
                        "not a word".into(),
                        "a text in quotation marks",
                    );
                }
                (name, _) => {
                    let hint = one_of(WORDS.into_iter().chain(["call_variables"]));
                    self.fault(key.span(), format!("there is no word {name:?}"), &hint);
                }
            }
        }
    }

    fn error_codes(&mut self, table: &BTreeMap<Spanned<String>, Spanned<String>>) {
        for (key, word) in table {
            let code = ErrorCode::from_wire(key.get_ref());
            let is_control_failure = code.as_wire().starts_with("CF_");
            if matches!(code, ErrorCode::Other(_)) && !is_control_failure {
                let hint = one_of(ErrorCode::KNOWN.iter().map(ErrorCode::as_wire));
                let message = format!("there is no error code {:?}", key.get_ref());
                self.fault(
                    key.span(),
                    message,
                    &format!("{hint}, or a CF_… word of Finesse"),
                );
                continue;
            }
            let (code, word_text) = (code.as_wire().to_owned(), word.get_ref().clone());
            self.change(word.span(), move |layout| {
                put(&mut layout.error_codes, &code, &word_text);
            });
        }
    }

    fn limits(&mut self, table: &BTreeMap<Spanned<String>, Spanned<i64>>) {
        for (key, value) in table {
            let name = key.get_ref().clone();
            if limit(&mut Layout::default(), &name).is_none() {
                let message = format!("there is no limit {name:?}");
                self.fault(key.span(), message, &one_of(LIMITS));
                continue;
            }
            match usize::try_from(*value.get_ref()) {
                Ok(number) if number <= MOST => self.change(value.span(), move |layout| {
                    if let Some(limit) = limit(layout, &name) {
                        *limit = number;
                    }
                }),
                _ => {
                    let hint = "limits protect the memory; the documented ones are ample";
                    self.fault(value.span(), format!("not between 1 and {MOST}"), hint);
                }
            }
        }
    }

    fn event(&mut self, key: &Spanned<String>) -> Option<EventKind> {
        let kind = self
            .documented
            .event_named(key.get_ref())
            .map(|row| row.kind);
        if kind.is_none() {
            let hint = one_of(self.documented.events.iter().map(|row| row.name.as_str()));
            self.fault(
                key.span(),
                format!("there is no event {:?}", key.get_ref()),
                &hint,
            );
        }
        kind
    }

    fn item(&mut self, key: &Spanned<String>) -> Option<Item> {
        let item = Item::named(key.get_ref());
        if item.is_none() {
            let hint = one_of(Item::ALL.iter().map(|item| item.name()));
            self.fault(
                key.span(),
                format!("there is no item {:?}", key.get_ref()),
                &hint,
            );
        }
        item
    }

    fn fields(&mut self, list: &[Spanned<String>], place: Place) -> Option<Vec<Field>> {
        let hint = place.hint(&self.documented);
        self.names(list, "field", &hint, Field::named)
    }

    /// A field to be labelled, which must stand there.
    fn field(
        &mut self,
        name: &Spanned<String>,
        place: Place,
        is_there: impl Fn(&mut Layout, Field) -> bool,
    ) -> Option<Field> {
        let field = *self.fields(core::slice::from_ref(name), place)?.first()?;
        if is_there(&mut self.layout, field) {
            return Some(field);
        }
        let message = format!("the field {:?} is not among the {place}'s", field.name());
        self.fault(
            name.span(),
            message,
            "add it to the list of fields, or remove this",
        );
        None
    }

    fn names<T>(
        &mut self,
        list: &[Spanned<String>],
        what: &str,
        hint: &str,
        named: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        for name in list {
            match named(name.get_ref()) {
                Some(one) => found.push(one),
                None => {
                    let message = format!("there is no {what} {:?}", name.get_ref());
                    self.fault(name.span(), message, hint);
                }
            }
        }
        (found.len() == list.len()).then_some(found)
    }

    /// Names compare case-insensitively, keys of the file do not.
    fn once<T: PartialEq>(&mut self, seen: &mut Vec<T>, one: T, key: &Spanned<String>) {
        if seen.contains(&one) {
            let message = format!("{:?} is given twice", key.get_ref());
            self.fault(key.span(), message, "names differ by more than case");
        }
        seen.push(one);
    }

    fn change(&mut self, span: Range<usize>, apply: impl Fn(&mut Layout) + 'static) {
        apply(&mut self.layout);
        let apply = Box::new(apply);
        self.list.push(Change { span, apply });
    }

    fn fault(&mut self, span: Range<usize>, message: String, hint: &str) {
        self.is_good = false;
        self.faults.add(span, message, hint);
    }

    /// Notes what is impossible about the whole, at the change without which it were possible.
    pub(super) fn blame(&mut self) {
        while let Err(fault) = applied(&self.list, None).check() {
            let count = self.list.len();
            let is_cause = |skip: &usize| {
                applied(&self.list, Some(*skip)).check().err().as_ref() != Some(&fault)
            };
            let is_last_straw = |end: &usize| {
                self.list
                    .get(..=*end)
                    .is_some_and(|start| applied(start, None).check().is_err())
            };
            let cause = (0..count)
                .rev()
                .find(is_cause)
                .or_else(|| (0..count).find(is_last_straw));
            let Some(cause) = cause else {
                self.fault(0..0, format!("the layout cannot work: {fault}"), "");
                return;
            };
            let span = self.list.remove(cause).span;
            self.fault(span, fault.to_string(), &hint(&fault, &Layout::default()));
        }
    }
}

fn applied(changes: &[Change], skip: Option<usize>) -> Layout {
    let mut layout = Layout::default();
    for (index, change) in changes.iter().enumerate() {
        if Some(index) != skip {
            (change.apply)(&mut layout);
        }
    }
    layout
}

const VARIABLES: &str = "e.g. [\"callVariable1\", \"callVariable2\"]";
