//! Whether a layout that a site has changed can work.

use alloc::vec::Vec;

use super::event::EventKind;
use super::field::{is_structural, is_unprintable};
use super::layout::{Layout, ParameterSlot, Slot};
use super::layout_fault::LayoutFault;
use super::layout_field::{Field, Item, Parameter};
use super::layout_json::JsonKey;
use crate::agent::Text;

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
        let documented = Self::default();
        self.check_commands(&documented)?;
        self.check_events(&documented)?;
        self.check_items(&documented)?;
        self.check_words()?;
        self.check_limits()
    }

    fn check_commands(&self, documented: &Self) -> Result<(), LayoutFault> {
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
            let own = documented
                .command(row.verb)
                .map_or(&[][..], |own| &own.parameters);
            let is_own =
                |&parameter: &Parameter| own.iter().any(|slot| slot.parameter == parameter);
            if let Some(&foreign) = seen.iter().find(|parameter| !is_own(parameter)) {
                return Err(LayoutFault::LocalForeignParameter(row.verb, foreign));
            }
            let is_missing = |slot: &&ParameterSlot| !seen.contains(&slot.parameter);
            if let Some(slot) = own
                .iter()
                .find(|slot| !slot.is_optional && is_missing(slot))
            {
                return Err(LayoutFault::LocalLacksParameter(row.verb, slot.parameter));
            }
        }
        check_names(self.commands.iter().map(|row| &row.name))
    }

    fn check_events(&self, documented: &Self) -> Result<(), LayoutFault> {
        for (index, row) in self.events.iter().enumerate() {
            let later = self.events.get(index + 1..).unwrap_or_default();
            if later.iter().any(|other| other.kind == row.kind) {
                return Err(LayoutFault::LocalSameEvent(row.kind));
            }
            let fields: Vec<Field> = row.fields.iter().map(|slot| slot.field).collect();
            check_fields(row.kind, &fields, documented)?;
            let list = fields.iter().position(|field| *field == Field::Items);
            if let Some(&behind) = list.and_then(|list| fields.get(list + 1)) {
                return Err(LayoutFault::LocalBehindItems(row.kind, behind));
            }
            // The status word of `System` is its name.
            if row.kind != EventKind::System {
                check_main(row.kind, &fields)?;
            }
            check_labels(&row.fields)?;
            let keys = self.json.event(row.kind);
            let fields: Vec<Field> = keys.iter().map(|key| key.field).collect();
            check_fields(row.kind, &fields, documented)?;
            if !fields.contains(&Field::To) {
                return Err(LayoutFault::LocalLacksField(row.kind, Field::To));
            }
            check_main(row.kind, &fields)?;
            check_keys(Some(&self.json.type_key), keys)?;
        }
        let words = &self.words;
        let services = [&words.in_service, &words.out_of_service, &words.reconnect];
        check_names(self.events.iter().map(|row| &row.name).chain(services))
    }

    fn check_items(&self, documented: &Self) -> Result<(), LayoutFault> {
        for &item in Item::ALL {
            let slots = documented.item(item).iter().map(|slot| slot.field);
            let own: Vec<Field> = slots.chain([Field::Empty]).collect();
            let given = self.item(item).iter().map(|slot| slot.field);
            let keyed = self.json.item(item).iter().map(|key| key.field);
            if let Some(foreign) = given.chain(keyed).find(|field| !own.contains(field)) {
                return Err(LayoutFault::LocalForeignItem(item, foreign));
            }
            check_labels(self.item(item))?;
            check_keys(None, self.json.item(item))?;
        }
        Ok(())
    }

    fn check_words(&self) -> Result<(), LayoutFault> {
        let words = &self.words;
        let variables = words
            .call_variables
            .iter()
            .chain([&words.ani, &words.associated]);
        let is_bad = |name: &&Text| !is_plain(name) || name.as_str().contains('=');
        if let Some(name) = variables.clone().find(is_bad) {
            return Err(LayoutFault::LocalName(name.clone()));
        }
        check_names(variables)?;
        check_names([&words.yes, &words.no].into_iter())?;
        check_names([&words.calls, &words.no_calls].into_iter())?;
        let single = [
            &words.system,
            &words.connected,
            &words.consulted,
            &words.monitored,
            &words.sso,
        ];
        let types = self.call_types.iter();
        let codes = self
            .error_codes
            .iter()
            .flat_map(|(ours, theirs)| [ours, theirs]);
        let mut needed = single
            .into_iter()
            .chain(types.clone().map(|(theirs, _)| theirs))
            .chain(codes);
        if let Some(word) = needed.find(|word| !is_plain(word)) {
            return Err(LayoutFault::LocalName(word.clone()));
        }
        // Nothing may stand for an empty list, or for a call type that says nothing.
        let lists = [&words.no_phonebook, &words.no_contact];
        let mut others = lists.into_iter().chain(types.map(|(_, ours)| ours));
        match others.find(|word| !word.is_empty() && !is_plain(word)) {
            Some(word) => Err(LayoutFault::LocalName(word.clone())),
            None => Ok(()),
        }
    }

    fn check_limits(&self) -> Result<(), LayoutFault> {
        let limits = &self.limits;
        let least = [
            ("jms_type", limits.jms_type),
            ("command", limits.command),
            ("value", limits.value),
            ("sub_items", limits.sub_items),
            ("items", limits.items),
            ("event", limits.event),
        ];
        match least.into_iter().find(|(_, limit)| *limit == 0) {
            Some((name, _)) => Err(LayoutFault::LocalLimit(name)),
            None => Ok(()),
        }
    }
}

fn check_fields(kind: EventKind, fields: &[Field], documented: &Layout) -> Result<(), LayoutFault> {
    let slots = documented.event(kind).map_or(&[][..], |row| &row.fields);
    let own: Vec<Field> = slots
        .iter()
        .map(|slot| slot.field)
        .chain(documented.json.event(kind).iter().map(|key| key.field))
        .chain([Field::Empty, Field::To])
        .collect();
    match fields.iter().find(|field| !own.contains(field)) {
        Some(foreign) => Err(LayoutFault::LocalForeignField(kind, *foreign)),
        None => Ok(()),
    }
}

/// An event without the field that it is about is none to readers.
fn check_main(kind: EventKind, fields: &[Field]) -> Result<(), LayoutFault> {
    let main = match kind {
        EventKind::System | EventKind::ConnectStatus => Field::Status,
        EventKind::State => Field::State,
        EventKind::AgentInfo | EventKind::DialogStatus => return Ok(()),
        EventKind::NewInboundCall
        | EventKind::NewOutboundCall
        | EventKind::InboundCall
        | EventKind::ConsultCall
        | EventKind::DialogState
        | EventKind::DialogControls => Field::Dialog,
        EventKind::ReasonCodes => Field::Category,
        EventKind::TeamUsersList
        | EventKind::QueueList
        | EventKind::Phonebooks
        | EventKind::TeamPhonebooks
        | EventKind::PhonebookContacts => Field::Items,
        EventKind::Error | EventKind::Control => Field::Code,
    };
    if fields.contains(&main) {
        Ok(())
    } else {
        Err(LayoutFault::LocalLacksField(kind, main))
    }
}

fn check_labels(slots: &[Slot]) -> Result<(), LayoutFault> {
    let mut labels = slots.iter().filter_map(|slot| slot.label.as_ref());
    match labels.find(|label| !is_plain(label) || label.as_str().contains(':')) {
        Some(label) => Err(LayoutFault::LocalName(label.clone())),
        None => Ok(()),
    }
}

fn check_keys(type_key: Option<&Text>, keys: &[JsonKey]) -> Result<(), LayoutFault> {
    let all: Vec<&Text> = type_key
        .into_iter()
        .chain(keys.iter().map(|key| &key.key))
        .collect();
    for (index, key) in all.iter().enumerate() {
        if key.is_empty() || key.as_str().contains(is_unprintable) {
            return Err(LayoutFault::LocalName((*key).clone()));
        }
        let mut later = all.iter().skip(index + 1);
        if later.any(|other| other.as_str().eq_ignore_ascii_case(key.as_str())) {
            return Err(LayoutFault::LocalSameKey((*key).clone()));
        }
    }
    Ok(())
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
    use crate::contract::{EventLayout, Verb};

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
    fn event(layout: &mut Layout, kind: EventKind) -> &mut EventLayout {
        layout
            .events
            .iter_mut()
            .find(|row| row.kind == kind)
            .unwrap()
    }

    fn keys(layout: &mut Layout, kind: EventKind) -> &mut Vec<JsonKey> {
        let mut events = layout.json.events.iter_mut();
        &mut events.find(|row| row.kind == kind).unwrap().keys
    }

    #[test]
    fn parameters_and_fields_that_are_missing_or_foreign_are_refused() {
        use LayoutFault as F;
        let login = |layout: &mut Layout| {
            layout
                .commands
                .iter()
                .position(|row| row.verb == Verb::Login)
                .unwrap()
        };

        let without_extension = changed(|layout| {
            let index = login(layout);
            layout.commands[index].parameters.truncate(1);
        });
        let with_a_team = changed(|layout| {
            let index = login(layout);
            layout.commands[index].parameters[1].parameter = Parameter::Team;
        });
        let cases = [
            (
                without_extension,
                F::LocalLacksParameter(Verb::Login, Parameter::Extension),
            ),
            (
                with_a_team,
                F::LocalForeignParameter(Verb::Login, Parameter::Team),
            ),
            (
                changed(|layout| event(layout, EventKind::State).fields[0].field = Field::Dialog),
                F::LocalForeignField(EventKind::State, Field::Dialog),
            ),
            (
                changed(|layout| event(layout, EventKind::Error).fields[0].field = Field::Empty),
                F::LocalLacksField(EventKind::Error, Field::Code),
            ),
            (
                changed(|layout| {
                    let fields = &mut event(layout, EventKind::QueueList).fields;
                    fields.push(Slot {
                        field: Field::Empty,
                        label: None,
                    });
                }),
                F::LocalBehindItems(EventKind::QueueList, Field::Empty),
            ),
            (
                changed(|layout| layout.team[0].field = Field::State),
                F::LocalForeignItem(Item::Team, Field::State),
            ),
            (
                changed(|layout| {
                    keys(layout, EventKind::State).retain(|key| key.field != Field::To)
                }),
                F::LocalLacksField(EventKind::State, Field::To),
            ),
            (
                changed(|layout| {
                    keys(layout, EventKind::System).retain(|key| key.field != Field::Status);
                }),
                F::LocalLacksField(EventKind::System, Field::Status),
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, Err(expected));
        }
    }

    #[test]
    fn an_optional_parameter_may_be_left_out_and_an_empty_field_put_in() {
        let left_out = changed(|layout| {
            let mut commands = layout.commands.iter_mut();
            let connect = commands.find(|row| row.verb == Verb::Connect).unwrap();
            connect.parameters.truncate(1);
        });
        let put_in = changed(|layout| {
            let slot = Slot {
                field: Field::Empty,
                label: Some("x".into()),
            };
            event(layout, EventKind::QueueList).fields.insert(0, slot);
        });

        assert_eq!((left_out, put_in), (Ok(()), Ok(())));
    }

    #[test]
    fn keys_words_and_limits_that_cannot_work_are_refused() {
        use LayoutFault as F;
        let cases = [
            (
                changed(|layout| keys(layout, EventKind::Error)[1].key = "TYPE".into()),
                F::LocalSameKey("type".into()),
            ),
            (
                changed(|layout| keys(layout, EventKind::Error)[1].key = "a\nb".into()),
                F::LocalName("a\nb".into()),
            ),
            (
                changed(|layout| layout.json.items[0].keys[0].key = "state".into()),
                F::LocalSameKey("state".into()),
            ),
            (
                changed(|layout| layout.words.no = "TRUE".into()),
                F::LocalSameName("true".into()),
            ),
            (
                changed(|layout| layout.words.ani = "a=b".into()),
                F::LocalName("a=b".into()),
            ),
            (
                changed(|layout| layout.words.connected = "".into()),
                F::LocalName("".into()),
            ),
            (
                changed(|layout| layout.error_codes = alloc::vec![("TIMEOUT".into(), "a#".into())]),
                F::LocalName("a#".into()),
            ),
            (
                changed(|layout| layout.limits.items = 0),
                F::LocalLimit("items"),
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, Err(expected));
        }
        assert_eq!(
            changed(|layout| layout.words.no_contact = "".into()),
            Ok(())
        );
    }
}
