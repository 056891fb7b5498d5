//! Where fields stand, and what is said to who named a wrong one.

use core::fmt;
use finewire_core::contract::{EventKind, Item, Layout, LayoutFault};

pub(super) fn hint(fault: &LayoutFault, documented: &Layout) -> String {
    match fault {
        LayoutFault::LocalName(_) => {
            "not empty, without blanks around it, without # | , and control characters; \
             a label also without :, a variable's name without ="
                .into()
        }
        LayoutFault::LocalSameName(_) | LayoutFault::LocalSameKey(_) => {
            "names compare case-insensitively".into()
        }
        LayoutFault::LocalForeignParameter(verb, _)
        | LayoutFault::LocalLacksParameter(verb, _)
        | LayoutFault::LocalTwice(verb, _) => {
            let row = documented.command(*verb);
            let slots = row.map_or(&[][..], |row| &row.parameters);
            let names: Vec<_> = slots.iter().map(|slot| slot.parameter.name()).collect();
            format!("its parameters are {}", names.join(", "))
        }
        LayoutFault::LocalBehindRest(..) => {
            "put it before that one, or set rest = \"\": nothing then takes the rest".into()
        }
        LayoutFault::LocalForeignField(kind, _) | LayoutFault::LocalLacksField(kind, _) => {
            Place::Event(*kind).hint(documented)
        }
        LayoutFault::LocalForeignItem(item, _) => Place::Item(*item).hint(documented),
        LayoutFault::LocalBehindItems(..) => "put \"items\" last".into(),
        LayoutFault::LocalReplacement(_) => "e.g. \" \" or \"_\"".into(),
        _ => String::new(),
    }
}

/// Where fields stand.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Event(EventKind),
    Item(Item),
}

impl Place {
    /// The fields that can stand there.
    pub(super) fn hint(self, documented: &Layout) -> String {
        let (slots, keys) = match self {
            Self::Event(kind) => {
                let row = documented.event(kind);
                (
                    row.map_or(&[][..], |row| &row.fields),
                    documented.json.event(kind),
                )
            }
            Self::Item(item) => (documented.item(item), documented.json.item(item)),
        };
        let mut names: Vec<_> = slots.iter().map(|slot| slot.field.name()).collect();
        for key in keys {
            if !names.contains(&key.field.name()) {
                names.push(key.field.name());
            }
        }
        one_of(
            names
                .into_iter()
                .chain((!slots.is_empty()).then_some("empty")),
        )
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event(_) => "event",
            Self::Item(_) => "item",
        })
    }
}

pub(super) fn one_of<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.dedup();
    format!("one of {}", names.join(", "))
}
