//! Whether a layout that a site has changed can work.

use alloc::vec::Vec;
use core::fmt;

use super::command::Verb;
use super::event::EventKind;
use super::field::is_structural;
use super::layout::{Layout, Slot};
use super::layout_field::Parameter;
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

impl Layout {
    /// Checks a layout that was changed.
    ///
    /// # Errors
    ///
    /// The first [`LayoutFault`] found: with it, messages would be read as others.
    pub fn check(&self) -> Result<(), LayoutFault> {
        if is_structural(self.replacement) || self.replacement == '=' {
            return Err(LayoutFault::LocalReplacement(self.replacement));
        }
        self.check_commands()?;
        self.check_events()?;
        self.check_slots()
    }

    fn check_commands(&self) -> Result<(), LayoutFault> {
        for (index, row) in self.commands.iter().enumerate() {
            let later = self.commands.get(index + 1..).unwrap_or_default();
            if later.iter().any(|other| other.verb == row.verb) {
                return Err(LayoutFault::LocalSameVerb(row.verb));
            }
            let mut has_rest = false;
            let mut seen = Vec::new();
            for slot in &row.parameters {
                if has_rest {
                    return Err(LayoutFault::LocalBehindRest(row.verb, slot.parameter));
                }
                if seen.contains(&slot.parameter) {
                    return Err(LayoutFault::LocalTwice(row.verb, slot.parameter));
                }
                has_rest = slot.takes_rest;
                seen.push(slot.parameter);
            }
        }
        check_names(self.commands.iter().map(|row| &row.name))
    }

    fn check_events(&self) -> Result<(), LayoutFault> {
        for (index, row) in self.events.iter().enumerate() {
            let later = self.events.get(index + 1..).unwrap_or_default();
            if later.iter().any(|other| other.kind == row.kind) {
                return Err(LayoutFault::LocalSameEvent(row.kind));
            }
        }
        let words = &self.words;
        let services = [&words.in_service, &words.out_of_service, &words.reconnect];
        check_names(self.events.iter().map(|row| &row.name).chain(services))
    }

    fn check_slots(&self) -> Result<(), LayoutFault> {
        let items = [
            &self.participant,
            &self.team,
            &self.team_user,
            &self.queue,
            &self.phonebook,
            &self.contact,
        ];
        let slots = self
            .events
            .iter()
            .map(|row| &row.fields)
            .chain(items)
            .flatten();
        let mut labels = slots.filter_map(|slot: &Slot| slot.label.as_ref());
        match labels.find(|label| !is_plain(label) || label.as_str().contains(':')) {
            Some(label) => Err(LayoutFault::LocalName(label.clone())),
            None => Ok(()),
        }
    }
}

fn check_names<'a>(names: impl Iterator<Item = &'a Text> + Clone) -> Result<(), LayoutFault> {
    for (index, name) in names.clone().enumerate() {
        if !is_plain(name) {
            return Err(LayoutFault::LocalName(name.clone()));
        }
        let mut later = names.clone().skip(index + 1);
        if later.any(|other| other.as_str().eq_ignore_ascii_case(name.as_str())) {
            return Err(LayoutFault::LocalSameName(name.clone()));
        }
    }
    Ok(())
}

/// Readers cut blanks around names, so a name must have none.
fn is_plain(name: &Text) -> bool {
    let name = name.as_str();
    !name.is_empty() && name.trim() == name && !name.contains(is_structural)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(change: impl FnOnce(&mut Layout)) -> Result<(), LayoutFault> {
        let mut layout = Layout::default();
        change(&mut layout);
        layout.check()
    }

    #[test]
    fn the_documented_layout_works() {
        assert_eq!(Layout::default().check(), Ok(()));
    }

    #[test]
    fn a_layout_that_would_mix_messages_up_is_refused() {
        use LayoutFault as F;
        let login = |layout: &mut Layout| {
            layout
                .commands
                .iter()
                .position(|row| row.verb == Verb::Login)
                .unwrap()
        };

        assert_eq!(
            changed(|layout| layout.commands[1].name = "HELLO".into()),
            Err(F::LocalSameName("Hello".into()))
        );
        assert_eq!(
            changed(|layout| layout.commands[1].verb = Verb::Hello),
            Err(F::LocalSameVerb(Verb::Hello))
        );
        assert_eq!(
            changed(|layout| layout.events[2].name = "in_service".into()),
            Err(F::LocalSameName("in_service".into()))
        );
        assert_eq!(
            changed(|layout| layout.events[2].kind = EventKind::System),
            Err(F::LocalSameEvent(EventKind::System))
        );
        assert_eq!(
            changed(|layout| {
                let index = login(layout);
                layout.commands[index].parameters[0].takes_rest = true;
            }),
            Err(F::LocalBehindRest(Verb::Login, Parameter::Extension))
        );
        assert_eq!(
            changed(|layout| {
                let index = login(layout);
                layout.commands[index].parameters[1].parameter = Parameter::Password;
            }),
            Err(F::LocalTwice(Verb::Login, Parameter::Password))
        );
    }

    #[test]
    fn names_labels_and_replacements_that_part_fields_are_refused() {
        use LayoutFault as F;
        for name in ["", "Sta#te", " State", "a|b"] {
            assert_eq!(
                changed(|layout| layout.events[2].name = name.into()),
                Err(F::LocalName(name.into()))
            );
        }
        for label in ["", "a:b", "a,b"] {
            assert_eq!(
                changed(|layout| layout.queue[0].label = Some(label.into())),
                Err(F::LocalName(label.into()))
            );
        }
        for replacement in ['#', '=', '\n'] {
            assert_eq!(
                changed(|layout| layout.replacement = replacement),
                Err(F::LocalReplacement(replacement))
            );
        }
    }
}
