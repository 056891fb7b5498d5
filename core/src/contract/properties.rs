//! What must hold for every command and every event, whatever their values.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::field::{cleaned, cleaned_name, printable};
use super::json::Json;
use super::*;
use crate::agent::{AgentId, AgentState, CallAction, DialogId, ParticipantState, Team, Text};
use crate::machine::UnixMillis;

/// Gives values for the fields of a command or event: as they are, or as they must arrive.
struct Values<'a> {
    words: &'a [String],
    next: usize,
    /// The form that they have travelled in.
    arrived: Option<EventFormat>,
}

impl<'a> Values<'a> {
    fn raw(words: &'a [String]) -> Self {
        Self {
            words,
            next: 0,
            arrived: None,
        }
    }

    fn arrived(words: &'a [String], form: EventFormat) -> Self {
        Self {
            words,
            next: 0,
            arrived: Some(form),
        }
    }

    fn next(&mut self) -> String {
        self.next += 1;
        self.words[(self.next - 1) % self.words.len()].clone()
    }

    /// A text as it is, or as it must arrive.
    fn clean(&self, text: String) -> String {
        match self.arrived {
            None => text,
            Some(EventFormat::Text) => cleaned(&text, ' ').0.into(),
            Some(EventFormat::Json) => printable(&text, ' ').0.into(),
        }
    }

    fn trimmed(&self, text: String) -> String {
        let clean = self.clean(text);
        match self.arrived {
            None => clean,
            Some(_) => clean.trim().into(),
        }
    }

    fn value<T: From<String>>(&mut self) -> T {
        let value = self.next();
        T::from(self.clean(value))
    }

    fn variable(&mut self) -> (Text, Text) {
        let name = self.next();
        let name = match self.arrived {
            Some(EventFormat::Text) => cleaned_name(&name, ' ').0.into(),
            _ => self.clean(name),
        };
        (name.into(), self.value())
    }

    /// A name or a word.
    fn word<T: From<String>>(&mut self) -> T {
        let word = self.next();
        T::from(self.trimmed(word))
    }

    /// A name or a word that is not empty.
    fn full<T: From<String>>(&mut self) -> T {
        let word = String::from("x") + &self.next();
        T::from(self.trimmed(word))
    }

    /// Whom a state is about: in JSON the agent addressed unless it says another.
    fn subject(&mut self) -> AgentId {
        let agent: AgentId = self.word();
        match self.arrived {
            Some(EventFormat::Json) if agent.is_empty() => "1001".into(),
            _ => agent,
        }
    }

    fn agent_state(&mut self) -> AgentState {
        let word: String = self.word();
        if self.arrived.is_some() {
            AgentState::from_wire(&word)
        } else {
            AgentState::Other(word.into())
        }
    }

    fn pending(&mut self) -> Option<AgentState> {
        let state = self.agent_state();
        if self.arrived.is_some() && state.as_wire().is_empty() {
            None
        } else {
            Some(state)
        }
    }

    fn line(&mut self) -> Option<crate::agent::Extension> {
        let line: Text = self.word();
        if self.arrived.is_some() {
            line.non_empty().map(Into::into)
        } else {
            Some(line.into())
        }
    }

    fn count(&mut self) -> usize {
        self.next().len() % 4
    }

    fn flag(&mut self) -> bool {
        self.next().len().is_multiple_of(2)
    }

    fn number(&mut self) -> Option<u32> {
        let number = u32::try_from(self.next().len()).unwrap();
        (number > 0).then_some(number * 1_000_003)
    }

    fn time(&mut self) -> Option<UnixMillis> {
        let seconds = i64::try_from(self.next().len()).unwrap();
        (seconds > 0).then_some(UnixMillis(seconds * 97_654_321_000))
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.count()).map(|_| item(self)).collect()
    }

    fn call(&mut self, is_new: bool) -> Call {
        Call {
            state: if is_new {
                CallState::Alerting
            } else {
                CallState::Other(self.full())
            },
            dialog: self.full(),
            address: self.value(),
            variables: self.list(Self::variable),
            started: self.time(),
            call_type: self.value(),
            participants: if is_new {
                Vec::new()
            } else {
                self.list(|values| CallParticipant {
                    address: values.value(),
                    state: ParticipantState::Other(values.full()),
                    device: values.value(),
                    role: values.value(),
                    started: values.time(),
                })
            },
        }
    }

    fn phonebook(&mut self) -> Phonebook {
        Phonebook {
            name: self.value(),
            scope: self.value(),
            id: self.value(),
        }
    }

    fn refused(&mut self) -> Refused {
        Refused {
            code: ErrorCode::Other(self.full()),
            text: self.value(),
        }
    }

    fn event(&mut self, kind: EventKind) -> Event {
        match kind {
            EventKind::System => Event::System(SystemStatus::Reconnect),
            EventKind::ConnectStatus => Event::ConnectStatus {
                status: self.full(),
            },
            EventKind::State => Event::State(AgentStatus {
                state: AgentState::Other(self.full()),
                reason_code: self.value(),
                reason_label: self.value(),
                pending_state: self.pending(),
                state_changed: self.time(),
                full_name: self.value(),
                agent: self.subject(),
                extension: self.line(),
            }),
            EventKind::AgentInfo => Event::AgentInfo(AgentInfo {
                first_name: self.value(),
                last_name: self.value(),
                is_supervisor: self.flag(),
                wrap_up_mode: self.value(),
                teams: self.list(|values| Team {
                    id: values.word(),
                    name: values.value(),
                }),
                team: Some(self.full()),
                full_name: self.value(),
            }),
            EventKind::DialogStatus => Event::DialogStatus {
                calls: self.number().unwrap_or_default(),
            },
            EventKind::NewInboundCall => Event::NewInboundCall(self.call(true)),
            EventKind::InboundCall => Event::InboundCall(self.call(false)),
            EventKind::ConsultCall => Event::ConsultCall(self.call(false)),
            EventKind::DialogState => Event::DialogState(self.call(false)),
            EventKind::DialogControls => Event::DialogControls {
                dialog: self.full(),
                actions: self.list(|values| CallAction::Other(values.full())),
            },
            EventKind::ReasonCodes => Event::ReasonCodes {
                category: ReasonCategory::Other(self.full()),
                reasons: self.list(|values| {
                    (
                        Text::from(String::from("c") + &values.value::<String>()),
                        values.value(),
                    )
                }),
            },
            EventKind::TeamUsersList => Event::TeamUsersList(self.list(|values| TeamUser {
                first_name: values.value(),
                last_name: values.value(),
                extension: values.line(),
                id: values.word(),
                state: values.agent_state(),
                reason_code: values.value(),
                pending_state: values.pending(),
                state_changed: values.time(),
            })),
            EventKind::QueueList => Event::QueueList(self.list(|values| QueueStatistics {
                name: values.value(),
                agents_not_ready: values.number(),
                agents_ready: values.number(),
                talking_inbound: values.number(),
                talking_internal: values.number(),
                talking_outbound: values.number(),
                wrap_up_not_ready: values.number(),
                wrap_up_ready: values.number(),
                calls_in_queue: values.number(),
                longest_call_since: values.time(),
            })),
            EventKind::Phonebooks => Event::Phonebooks(self.list(Self::phonebook)),
            EventKind::TeamPhonebooks => Event::TeamPhonebooks(self.list(Self::phonebook)),
            EventKind::PhonebookContacts => Event::PhonebookContacts(self.list(|values| Contact {
                description: values.value(),
                first_name: values.value(),
                last_name: values.value(),
                phone_number: values.value(),
                id: values.value(),
            })),
            EventKind::Error => Event::Error(self.refused()),
            EventKind::Control => Event::Control(self.refused()),
        }
    }

    fn dialog(&mut self) -> DialogId {
        self.value()
    }

    fn command(&mut self, verb: Verb) -> CommandMessage {
        let destination = |values: &mut Self| {
            Destination::parse(&values.next(), &[])
                .unwrap_or_else(|_| Destination::parse("siebel", &[]).unwrap())
        };
        let command = match verb {
            Verb::Hello => return CommandMessage::hello(destination(self)),
            Verb::Beat => return CommandMessage::beat(destination(self)),
            Verb::Connect => Command::Connect {
                destination: destination(self),
                password: Some(self.next().as_str().into()),
                sso: self.flag(),
            },
            Verb::Login => Command::Login {
                password: self.next().as_str().into(),
                extension: self.value(),
            },
            Verb::MobileAgentLogin => Command::MobileAgentLogin {
                password: self.next().as_str().into(),
                extension: self.value(),
                dial_number: self.value(),
                mode: if self.flag() {
                    MobileMode::CallByCall
                } else {
                    MobileMode::Nailed
                },
            },
            Verb::Logout => Command::Logout,
            Verb::LogoutWithReason => Command::LogoutWithReason { code: self.value() },
            Verb::ForceLogout => Command::ForceLogout,
            Verb::AgentAbruptDisconnect => Command::AgentAbruptDisconnect,
            Verb::MakeReady => Command::MakeReady,
            Verb::MakeNotReady => Command::MakeNotReady,
            Verb::MakeNotReadyWithReason => Command::MakeNotReadyWithReason { code: self.value() },
            Verb::MakeWorkReady => Command::MakeWorkReady,
            Verb::MakeWorkNotReady => Command::MakeWorkNotReady,
            Verb::GetState => Command::GetState,
            Verb::MakeCall => Command::MakeCall {
                number: self.value(),
            },
            Verb::AnswerCall => Command::AnswerCall {
                dialog: self.dialog(),
            },
            Verb::HoldCall => Command::HoldCall {
                dialog: self.dialog(),
            },
            Verb::RetrieveCall => Command::RetrieveCall {
                dialog: self.dialog(),
            },
            Verb::ReleaseCall => Command::ReleaseCall {
                dialog: self.dialog(),
            },
            Verb::TransferSst => Command::TransferSst {
                number: self.value(),
                dialog: self.dialog(),
            },
            Verb::ConsultCall => Command::ConsultCall {
                number: self.value(),
                dialog: self.dialog(),
            },
            Verb::TransferCall => Command::TransferCall {
                extension: self.value(),
                dialog: self.dialog(),
            },
            Verb::ConferenceCall => Command::ConferenceCall {
                extension: self.value(),
                dialog: self.dialog(),
            },
            Verb::SendDtmf => Command::SendDtmf {
                digits: self.value(),
                dialog: self.dialog(),
            },
            Verb::UpdateCallData => Command::UpdateCallData {
                dialog: self.dialog(),
                variables: alloc::vec![(self.value(), self.value()), (self.value(), self.value())],
            },
            Verb::UpdateWrapup => Command::UpdateWrapup {
                dialog: self.dialog(),
                label: self.value(),
            },
            Verb::GetDialogState => Command::GetDialogState {
                dialog: self.dialog(),
            },
            Verb::GetDialogControls => Command::GetDialogControls {
                dialog: self.dialog(),
            },
            Verb::AcceptCall => Command::AcceptCall {
                dialog: self.dialog(),
            },
            Verb::RejectCall => Command::RejectCall {
                dialog: self.dialog(),
            },
            Verb::CloseCall => Command::CloseCall {
                dialog: self.dialog(),
            },
            Verb::StartRecording => Command::StartRecording {
                dialog: self.dialog(),
            },
            Verb::WrapUpReasonCodes => Command::WrapUpReasonCodes,
            Verb::LogoutReasonCodes => Command::LogoutReasonCodes,
            Verb::NotReadyReasonCodes => Command::NotReadyReasonCodes,
            Verb::GetQueueList => Command::GetQueueList,
            Verb::GetTeamUsers => Command::GetTeamUsers {
                team: self.value(),
                follow: self.flag(),
            },
            Verb::SilentMonitor => Command::SilentMonitor {
                extension: self.value(),
            },
            Verb::EndSilentMonitor => Command::EndSilentMonitor {
                dialog: self.dialog(),
            },
            Verb::BargeIn => Command::BargeIn {
                extension: self.value(),
                dialog: self.dialog(),
            },
            Verb::DropParticipant => Command::DropParticipant {
                extension: self.value(),
                dialog: self.dialog(),
            },
            Verb::GetPhonebooks => Command::GetPhonebooks,
            Verb::GetTeamPhonebooks => Command::GetTeamPhonebooks { team: self.value() },
            Verb::GetPhonebookContacts => Command::GetPhonebookContacts { book: self.value() },
        };
        CommandMessage::of_agent(self.value(), command)
    }
}

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
