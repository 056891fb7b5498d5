//! Single changes of a layout.

use super::place::Place;
use finewire_core::agent::Text;
use finewire_core::contract::{
    CommandLayout, Field, JsonKey, Layout, Parameter, ParameterSlot, Slot, Verb, Words,
};

pub(super) fn command(layout: &mut Layout, verb: Verb, change: impl FnOnce(&mut CommandLayout)) {
    if let Some(row) = layout.commands.iter_mut().find(|row| row.verb == verb) {
        change(row);
    }
}

/// Puts parameters in order; each keeps what is said of it.
pub(super) fn reorder_parameters(row: &mut CommandLayout, order: &[Parameter]) {
    let before = core::mem::take(&mut row.parameters);
    let slot = |&parameter: &Parameter| {
        let known = before.iter().find(|slot| slot.parameter == parameter);
        known.copied().unwrap_or(ParameterSlot {
            parameter,
            is_optional: false,
            takes_rest: false,
        })
    };
    row.parameters = order.iter().map(slot).collect();
}

/// The fields of a text that stand there.
pub(super) fn slots(layout: &mut Layout, place: Place) -> Option<&mut Vec<Slot>> {
    match place {
        Place::Event(kind) => {
            let mut rows = layout.events.iter_mut();
            rows.find(|row| row.kind == kind).map(|row| &mut row.fields)
        }
        Place::Item(item) => Some(layout.item_mut(item)),
    }
}

/// The keys of an object that stands there.
pub(super) fn keys(layout: &mut Layout, place: Place) -> Option<&mut Vec<JsonKey>> {
    let json = &mut layout.json;
    match place {
        Place::Event(kind) => {
            let mut rows = json.events.iter_mut();
            rows.find(|row| row.kind == kind).map(|row| &mut row.keys)
        }
        Place::Item(item) => {
            let mut rows = json.items.iter_mut();
            rows.find(|row| row.item == item).map(|row| &mut row.keys)
        }
    }
}

/// Puts fields in order; each keeps its label.
pub(super) fn reorder_slots(slots: Option<&mut Vec<Slot>>, order: &[Field]) {
    let Some(slots) = slots else {
        return;
    };
    let before = core::mem::take(slots);
    let slot = |&field: &Field| {
        let known = before.iter().find(|slot| slot.field == field);
        known.cloned().unwrap_or(Slot { field, label: None })
    };
    *slots = order.iter().map(slot).collect();
}

/// Puts keys in order; each keeps its text. A field without a key gets its own name.
pub(super) fn reorder_keys(keys: Option<&mut Vec<JsonKey>>, order: &[Field]) {
    let Some(keys) = keys else {
        return;
    };
    let before = core::mem::take(keys);
    let key = |&field: &Field| {
        let known = before.iter().find(|key| key.field == field);
        known.cloned().unwrap_or(JsonKey {
            field,
            key: field.name().into(),
            is_optional: false,
        })
    };
    *keys = order.iter().map(key).collect();
}

pub(super) fn put<T: AsRef<str> + for<'t> From<&'t str>>(
    list: &mut Vec<(T, T)>,
    theirs: &str,
    ours: &str,
) {
    list.retain(|(known, _)| !known.as_ref().eq_ignore_ascii_case(theirs));
    list.push((theirs.into(), ours.into()));
}

/// The place of a word by its name in the file.
macro_rules! words {
    ($($name:ident)*) => {
        pub(super) const WORDS: [&str; [$(stringify!($name)),*].len()] = [$(stringify!($name)),*];

        pub(super) fn word<'l>(words: &'l mut Words, name: &str) -> Option<&'l mut Text> {
            match name {
                $(stringify!($name) => Some(&mut words.$name),)*
                _ => None,
            }
        }
    };
}

words! {
    system in_service out_of_service reconnect connected calls no_calls no_phonebook no_contact ani
    associated consulted monitored sso yes no
}

pub(super) fn is_word(name: &str) -> bool {
    WORDS.contains(&name)
}

pub(super) const LIMITS: [&str; 6] = [
    "jms_type",
    "command",
    "value",
    "sub_items",
    "items",
    "event",
];

/// The highest limit that can be set: 64 MiB.
pub(super) const MOST: usize = 64 * 1024 * 1024;

pub(super) fn limit<'l>(layout: &'l mut Layout, name: &str) -> Option<&'l mut usize> {
    let limits = &mut layout.limits;
    match name {
        "jms_type" => Some(&mut limits.jms_type),
        "command" => Some(&mut limits.command),
        "value" => Some(&mut limits.value),
        "sub_items" => Some(&mut limits.sub_items),
        "items" => Some(&mut limits.items),
        "event" => Some(&mut limits.event),
        _ => None,
    }
}
