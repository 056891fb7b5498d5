//! What must hold for every command and every event, whatever their values.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::json::Json;
use super::values::Values;
use super::*;

fn hostile() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        "[ a-zA-Z0-9#|,=:\n\r\t\u{2028}é😀./-]{0,12}",
        Just(String::new()),
        Just(String::from("DialogID:9#CallType:X")),
        Just(String::from("NoContactFound")),
        "[^\0]{0,8}",
    ];
    proptest::collection::vec(word, 1..60)
}

fn harmless() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[a-zA-Z0-9][a-zA-Z0-9_@+.-]{0,12}", 1..20)
}

proptest! {
    #[test]
    fn no_value_can_shift_or_forge_a_field_of_an_event(words in hostile()) {
        let layout = Layout::default();
        for form in [EventFormat::Text, EventFormat::Json] {
            for &kind in EventKind::ALL {
                let event = Values::raw(&words).event(kind);
                let expected = Values::arrived(&words, form).event(kind);

                let text = event.format_as(form, &"1001".into(), &layout, &TimeFormat::UTC).text;
                let message = EventMessage::parse(&text, &layout, &TimeFormat::UTC);

                prop_assert!(!text.contains(char::is_control));
                let message = message
                    .map_err(|fault| TestCaseError::fail(alloc::format!("{fault}: {text}")))?;
                prop_assert_eq!(message.to, "1001");
                prop_assert_eq!(message.event, expected, "{}", text);
            }
        }
    }

    #[test]
    fn every_object_is_json_to_another_reader_with_the_keys_of_the_layout(words in hostile()) {
        let layout = Layout::default();
        for &kind in EventKind::ALL {
            let event = Values::raw(&words).event(kind);

            let text = event
                .format_as(EventFormat::Json, &"10\"\\01".into(), &layout, &TimeFormat::UTC)
                .text;

            let object: serde_json::Value = serde_json::from_str(&text)
                .map_err(|fault| TestCaseError::fail(alloc::format!("{fault}: {text}")))?;
            prop_assert_eq!(&object["type"], layout.event(kind).unwrap().name.as_str());
            prop_assert_eq!(&object["agentId"], "10\"\\01");
            let object = object.as_object().unwrap();
            let keys = layout.json.event(kind);
            for key in keys {
                let is_there = object.contains_key(key.key.as_str());
                prop_assert!(is_there || key.is_optional, "{}: {}", key.key, text);
            }
            let is_known = |name: &String| name == "type" || keys.iter().any(|key| key.key == *name.as_str());
            prop_assert!(object.keys().all(is_known), "{}", text);
        }
    }

    #[test]
    fn an_event_has_as_many_fields_as_its_layout_says(words in hostile()) {
        let layout = Layout::default();
        for row in &layout.events {
            let event = Values::raw(&words).event(row.kind);
            let items = match &event {
                Event::TeamUsersList(items) => items.len(),
                Event::QueueList(items) => items.len(),
                Event::Phonebooks(items) | Event::TeamPhonebooks(items) => items.len().max(1),
                Event::PhonebookContacts(items) => items.len().max(1),
                _ => row.fields.len(),
            };

            let text = event.format(&"10#01".into(), &layout, &TimeFormat::UTC);

            prop_assert_eq!(text.split('#').count(), 2 + items, "{}", text);
        }
    }

    #[test]
    fn a_command_arrives_as_it_was_or_is_not_sent(words in hostile()) {
        let layout = Layout::default();
        for &verb in Verb::ALL {
            let message = Values::raw(&words).command(verb);
            if let Ok(wire) = message.to_wire(&layout) {
                let parsed = CommandMessage::parse(Some(&wire.jms_type), wire.body(), &layout);

                prop_assert_eq!(parsed, Ok(message));
            }
        }
    }

    #[test]
    fn every_harmless_command_arrives(words in harmless()) {
        let layout = Layout::default();
        for &verb in Verb::ALL {
            let message = Values::raw(&words).command(verb);
            let wire = message.to_wire(&layout).unwrap();

            let parsed = CommandMessage::parse(Some(&wire.jms_type), wire.body(), &layout);

            prop_assert_eq!(parsed, Ok(message));
        }
    }

    #[test]
    fn no_bytes_make_the_readers_panic(data: Vec<u8>, text in ".*") {
        for data in [data.as_slice(), text.as_bytes()] {
            fuzz::command(data);
            fuzz::event(data);
            fuzz::event_json(data);
        }
    }

    #[test]
    fn no_text_with_a_known_name_makes_the_readers_panic(
        rest in "[a-zA-Z0-9#|,=: \n\u{2028}é-]{0,80}",
        index: prop::sample::Index,
    ) {
        let layout = Layout::default();
        let event = &layout.events[index.index(layout.events.len())].name;
        let verb = &layout.commands[index.index(layout.commands.len())].name;

        fuzz::event(alloc::format!("1001#{event}#{rest}").as_bytes());
        fuzz::event(alloc::format!("1001#{event}{rest}").as_bytes());
        fuzz::event(alloc::format!("{{\"type\":\"{event}\",\"agentId\":\"1\",{rest}}}").as_bytes());
        fuzz::command(alloc::format!("{verb}#1001\n{rest}").as_bytes());
        fuzz::command(alloc::format!("{verb}#{rest}").as_bytes());
    }
}

/// A layout with fields in another order, under other labels and keys.
fn shuffled(order: &[u32]) -> Layout {
    let mut layout = Layout::default();
    let mut next = 0;
    let mut rank = || {
        next += 1;
        order[next % order.len()].wrapping_mul(u32::try_from(next).unwrap() | 1)
    };
    let mut shuffle = |slots: &mut Vec<Slot>| {
        slots.sort_by_cached_key(|slot| (slot.field == Field::Items, rank()));
        for (index, slot) in slots.iter_mut().enumerate() {
            let has_label =
                slot.field != Field::Items && order[index % order.len()].is_multiple_of(2);
            slot.label = has_label.then(|| alloc::format!("L {index}").into());
        }
    };
    for row in &mut layout.events {
        shuffle(&mut row.fields);
        row.name = alloc::format!("{}-2", row.name).into();
    }
    for &item in Item::ALL {
        shuffle(layout.item_mut(item));
    }
    let json = &mut layout.json;
    let events = json.events.iter_mut().map(|row| &mut row.keys);
    for keys in events.chain(json.items.iter_mut().map(|row| &mut row.keys)) {
        keys.sort_by_cached_key(|_| rank());
        for (index, key) in keys.iter_mut().enumerate() {
            key.key = alloc::format!("\"k {index}").into();
        }
    }
    layout
}

proptest! {
    #[test]
    fn every_event_arrives_by_whatever_layout_both_sides_have(
        words in hostile(),
        order in proptest::collection::vec(any::<u32>(), 1..20),
    ) {
        let layout = shuffled(&order);
        prop_assert_eq!(layout.check(), Ok(()));
        for form in [EventFormat::Text, EventFormat::Json] {
            for &kind in EventKind::ALL {
                let event = Values::raw(&words).event(kind);
                let mut expected = Values::arrived(&words, form).event(kind);

                let text = event.format_as(form, &"1001".into(), &layout, &TimeFormat::UTC).text;
                let message = EventMessage::parse(&text, &layout, &TimeFormat::UTC);

                if let (EventFormat::Text, Event::TeamUsersList(users)) = (form, &mut expected) {
                    // A field without anything is no item: the documented labels prevent it.
                    users.retain(|user| *user != TeamUser::default());
                }
                let event = message.map(|message| message.event);
                prop_assert_eq!(event, Ok(expected), "{}", text);
            }
        }
    }

    #[test]
    fn no_object_with_known_keys_makes_the_reader_panic(
        values in proptest::collection::vec(
            prop_oneof![
                "[0-9]{1,12}",
                Just(String::from("null")),
                Just(String::from("true")),
                Just(String::from("{}")),
                "\\[(\\{\"(id|name|address|state|loginId)\":(\"[a-z#|,= ]{0,6}\"|-1|null)\\}(,1)?)?\\]",
                "\"[a-zA-Z0-9#|,=: é-]{0,20}\"",
            ],
            1..12,
        ),
        index: prop::sample::Index,
    ) {
        let layout = Layout::default();
        let row = &layout.events[index.index(layout.events.len())];
        let mut text = alloc::format!("{{\"type\":\"{}\"", row.name);
        for (key, value) in layout.json.event(row.kind).iter().zip(&values) {
            text.push_str(&alloc::format!(",\"{}\":{value}", key.key));
        }
        text.push('}');

        let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        prop_assert_eq!(Json::parse(&text, 1_000).is_ok(), theirs, "{}", text);
        fuzz::event_json(text.as_bytes());
    }
}

#[test]
fn a_system_event_names_the_connector_or_the_agent_it_concerns() {
    let (layout, time) = (Layout::default(), TimeFormat::UTC);
    let event = Event::System(SystemStatus::Reconnect);

    assert_eq!(event.format(&"".into(), &layout, &time), "System#RECONNECT");
    assert_eq!(
        event.format(&"1001".into(), &layout, &time),
        "1001#RECONNECT"
    );
    for to in ["System", "1001"] {
        let text = alloc::format!("{to}#RECONNECT");
        let message = EventMessage::parse(&text, &layout, &time).unwrap();

        assert_eq!((message.to.as_str(), &message.event), (to, &event));
    }
}

#[test]
fn the_json_forms_are_as_reviewed() {
    let layout = Layout::default();
    let words: Vec<String> = (1..40)
        .map(|n| alloc::format!("{}{n}", "w".repeat(n % 3)))
        .collect();
    let mut forms = String::new();
    for &kind in EventKind::ALL {
        let event = Values::raw(&words).event(kind);
        let form = event.format_as(EventFormat::Json, &"1001".into(), &layout, &TimeFormat::UTC);
        forms.push_str(&form.text);
        forms.push('\n');
    }
    insta::assert_snapshot!(forms);
}

#[test]
fn the_wire_forms_are_as_reviewed() {
    let layout = Layout::default();
    let words: Vec<String> = (1..40)
        .map(|n| alloc::format!("{}{n}", "w".repeat(n % 3)))
        .collect();
    let mut forms = String::new();
    for &verb in Verb::ALL {
        let wire = Values::raw(&words).command(verb).to_wire(&layout).unwrap();
        forms.push_str(&alloc::format!(
            "{} <{}>\n",
            wire.jms_type,
            wire.body().unwrap_or_default()
        ));
    }
    for &kind in EventKind::ALL {
        let event = Values::raw(&words).event(kind);
        let to = if kind == EventKind::System {
            "".into()
        } else {
            "1001".into()
        };
        forms.push_str(&event.format(&to, &layout, &TimeFormat::UTC));
        forms.push_str(&alloc::format!(
            " <{}>\n",
            event.jms_type(&"1001".into(), &layout)
        ));
    }
    insta::assert_snapshot!(forms);
}
