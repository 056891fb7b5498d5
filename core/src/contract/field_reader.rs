//! Reads the fields of events by their place or key in the layout.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::str::Split;

use super::event::EventKind;
use super::event_fields::ReadFields;
use super::field::{cleaned, printable};
use super::json::Json;
use super::layout::{Layout, Slot};
use super::layout_field::{Field, Item};
use super::time_format::TimeFormat;
use crate::agent::Text;
use crate::machine::UnixMillis;

/// Reads fields by the layout.
pub(super) struct FieldReader<'a> {
    pub(super) layout: &'a Layout,
    pub(super) time: TimeFormat,
}

/// What an event says, behind agent and name.
pub(super) enum Facts<'t> {
    Text(Split<'t, char>),
    Json(&'t Json<'t>),
}

/// The value of one field in either form.
#[derive(Clone, Copy)]
pub(super) enum Given<'t> {
    Text(&'t str),
    Json(&'t Json<'t>),
}

impl FieldReader<'_> {
    /// Fills `target` with the fields of an event.
    pub(super) fn fields<T: ReadFields>(
        &self,
        mut target: T,
        kind: EventKind,
        facts: Facts<'_>,
    ) -> T {
        match facts {
            Facts::Text(fields) => {
                for (slot, text) in self.slots(kind).iter().zip(fields) {
                    target.read(slot.field, Given::Text(without_label(slot, text)), self);
                }
            }
            Facts::Json(object) => {
                for key in self.layout.json.event(kind) {
                    if let Some(value) = object.entry(key.key.as_str()) {
                        target.read(key.field, Given::Json(value), self);
                    }
                }
            }
        }
        target
    }

    /// The event's own list: in a text one item for every field that is neither empty nor the word
    /// for an empty list.
    pub(super) fn items<T: ReadFields + Default>(
        &self,
        kind: EventKind,
        facts: Facts<'_>,
        item: Item,
    ) -> Vec<T> {
        let most = self.layout.limits.items;
        match facts {
            Facts::Text(fields) => {
                let slots = self.slots(kind);
                let first = slots.iter().position(|slot| slot.field == Field::Items);
                let none = self.layout.word_for_none(item);
                let is_item = |text: &&str| !text.is_empty() && !text.eq_ignore_ascii_case(none);
                fields
                    .skip(first.unwrap_or(slots.len()))
                    .filter(is_item)
                    .take(most)
                    .map(|text| self.sub_fields(Given::Text(text), item))
                    .collect()
            }
            Facts::Json(object) => {
                let mut keys = self.layout.json.event(kind).iter();
                let key = keys.find(|key| key.field == Field::Items);
                match key.and_then(|key| object.entry(key.key.as_str())) {
                    Some(Json::List(values)) => values
                        .iter()
                        .take(most)
                        .map(|value| self.sub_fields(Given::Json(value), item))
                        .collect(),
                    _ => Vec::new(),
                }
            }
        }
    }

    /// One item of a list with its sub-fields.
    pub(super) fn sub_fields<T: ReadFields + Default>(&self, given: Given<'_>, item: Item) -> T {
        let mut target = T::default();
        match given {
            Given::Text(text) => {
                for (slot, text) in self.layout.item(item).iter().zip(text.split(',')) {
                    target.read(slot.field, Given::Text(without_label(slot, text)), self);
                }
            }
            Given::Json(object) => {
                for key in self.layout.json.item(item) {
                    if let Some(value) = object.entry(key.key.as_str()) {
                        target.read(key.field, Given::Json(value), self);
                    }
                }
            }
        }
        target
    }

    /// The items of a list inside a field.
    pub(super) fn list<'t, T>(
        &self,
        given: Given<'t>,
        separator: char,
        read: impl Fn(Given<'t>) -> T,
    ) -> Vec<T> {
        let most = self.layout.limits.sub_items;
        match given {
            Given::Text("") => Vec::new(),
            Given::Text(text) => {
                let items = text.split(separator).take(most);
                items.map(|item| read(Given::Text(item))).collect()
            }
            Given::Json(Json::List(items)) => items
                .iter()
                .take(most)
                .map(|item| read(Given::Json(item)))
                .collect(),
            Given::Json(_) => Vec::new(),
        }
    }

    /// A name with its value.
    pub(super) fn pair(&self, given: Given<'_>) -> (Text, Text) {
        match given {
            Given::Text(text) => {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                (name.into(), value.into())
            }
            Given::Json(Json::Object(entries)) => match entries.first() {
                Some((name, value)) => {
                    let name = printable(name, self.layout.replacement).0;
                    (name.as_ref().into(), self.value(Given::Json(value)))
                }
                None => (Text::default(), Text::default()),
            },
            Given::Json(_) => (self.value(given), Text::default()),
        }
    }

    pub(super) fn value<T: for<'t> From<&'t str>>(&self, given: Given<'_>) -> T {
        self.text(given).as_ref().into()
    }

    /// A name or a word, as one that was written here would be.
    pub(super) fn word<T: for<'t> From<&'t str>>(&self, given: Given<'_>) -> T {
        match given {
            Given::Text(text) => cleaned(text, self.layout.replacement).0.trim().into(),
            Given::Json(_) => self.text(given).trim().into(),
        }
    }

    pub(super) fn time(&self, given: Given<'_>) -> Option<UnixMillis> {
        self.time.parse(&self.text(given))
    }

    pub(super) fn statistic(&self, given: Given<'_>) -> Option<u32> {
        self.text(given).trim().parse().ok()
    }

    pub(super) fn is_yes(&self, given: Given<'_>) -> bool {
        let yes = self.layout.words.yes.as_str();
        match given {
            Given::Json(Json::Bool(is_yes)) => *is_yes,
            _ => self.text(given).trim().eq_ignore_ascii_case(yes),
        }
    }

    /// Values of other kinds than texts and numbers are empty.
    fn text<'t>(&self, given: Given<'t>) -> Cow<'t, str> {
        match given {
            Given::Text(text) => Cow::Borrowed(text),
            Given::Json(Json::Text(text)) => printable(text, self.layout.replacement).0,
            Given::Json(Json::Number(text)) => Cow::Borrowed(text),
            Given::Json(Json::Bool(true)) => Cow::Borrowed("true"),
            Given::Json(Json::Bool(false)) => Cow::Borrowed("false"),
            Given::Json(Json::Null | Json::List(_) | Json::Object(_)) => Cow::Borrowed(""),
        }
    }

    fn slots(&self, kind: EventKind) -> &[Slot] {
        self.layout
            .event(kind)
            .map_or(&[], |row| row.fields.as_slice())
    }
}

fn without_label<'t>(slot: &Slot, text: &'t str) -> &'t str {
    let Some(label) = &slot.label else {
        return text;
    };
    let Some((start, value)) = text.split_once(':') else {
        return text;
    };
    if start.trim().eq_ignore_ascii_case(label.as_str()) {
        value
    } else {
        text
    }
}
