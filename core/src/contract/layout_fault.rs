//! What is impossible about a layout.

use core::fmt;

use super::command::Verb;
use super::event::EventKind;
use super::layout_field::{Field, Item, Parameter};
use crate::agent::Text;

/// Why a layout cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutFault {
    /// A name, label or word is empty or holds a character that parts fields.
    LocalName(Text),
    /// Two commands, or two events, have the same name; names compare case-insensitively.
    LocalSameName(Text),
    /// Two rows are for the same command.
    LocalSameVerb(Verb),
    /// Two rows are for the same event.
    LocalSameEvent(EventKind),
    /// A parameter stands behind one that goes to the end of the body.
    LocalBehindRest(Verb, Parameter),
    /// A parameter stands twice in one command.
    LocalTwice(Verb, Parameter),
    /// A command lacks a parameter that it cannot do without.
    LocalLacksParameter(Verb, Parameter),
    /// A command has no such parameter.
    LocalForeignParameter(Verb, Parameter),
    /// An event lacks the field that it is about; in JSON also the agent addressed.
    LocalLacksField(EventKind, Field),
    /// An event has no such field.
    LocalForeignField(EventKind, Field),
    /// An item of a list has no such field.
    LocalForeignItem(Item, Field),
    /// A field stands behind an event's list, where it would be read as one of the list's items.
    LocalBehindItems(EventKind, Field),
    /// An object has a key twice; keys compare case-insensitively.
    LocalSameKey(Text),
    /// Nothing could ever be sent or read with this limit.
    LocalLimit(&'static str),
    /// The replacement is itself a character that must be replaced.
    LocalReplacement(char),
}

impl fmt::Display for LayoutFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LocalName(name) => write!(f, "{name:?} cannot be a name, label or word"),
            Self::LocalSameName(name) => write!(f, "the name {name:?} is used twice"),
            Self::LocalSameVerb(verb) => write!(f, "the command {verb:?} has two rows"),
            Self::LocalSameEvent(kind) => write!(f, "the event {kind:?} has two rows"),
            Self::LocalBehindRest(verb, parameter) => {
                write!(
                    f,
                    "the {parameter} of {verb:?} stands behind one that takes all the rest"
                )
            }
            Self::LocalTwice(verb, parameter) => {
                write!(f, "the {parameter} stands twice in {verb:?}")
            }
            Self::LocalLacksParameter(verb, parameter) => {
                write!(f, "{verb:?} cannot do without the {parameter}")
            }
            Self::LocalForeignParameter(verb, parameter) => {
                write!(f, "{verb:?} has no {parameter}")
            }
            Self::LocalLacksField(kind, field) => {
                write!(f, "{kind:?} cannot do without the field {:?}", field.name())
            }
            Self::LocalForeignField(kind, field) => {
                write!(f, "{kind:?} has no field {:?}", field.name())
            }
            Self::LocalForeignItem(item, field) => {
                write!(f, "a {} has no field {:?}", item.name(), field.name())
            }
            Self::LocalBehindItems(kind, field) => write!(
                f,
                "the field {:?} of {kind:?} stands behind the list, which goes to the end",
                field.name()
            ),
            Self::LocalSameKey(key) => write!(f, "the key {key:?} stands twice in one object"),
            Self::LocalLimit(name) => write!(f, "the limit {name} leaves no room for anything"),
            Self::LocalReplacement(character) => {
                write!(
                    f,
                    "{character:?} cannot replace the characters it is one of"
                )
            }
        }
    }
}

impl core::error::Error for LayoutFault {}
