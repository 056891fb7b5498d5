//! Events, text or JSON → value.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::call::{Call, CallState};
use super::event::{AgentInfo, AgentStatus, Event, EventKind, EventMessage, Refused, SystemStatus};
use super::event_form::EventFormat;
use super::event_parts::{Controls, Reasons, Words};
use super::field::{bounded, first_of_text, printable};
use super::field_reader::{Facts, FieldReader, Given};
use super::json::Json;
use super::layout::Layout;
use super::layout_field::{Field, Item};
use super::malformed::MalformedEvent;
use super::time_format::TimeFormat;
use crate::agent::{AgentId, AgentState, DialogId, Text};

impl EventMessage {
    /// Reads an event in either form ([`EventFormat::of`]).
    ///
    /// Missing fields at the end are empty (older builds do not send all), superfluous ones are
    /// ignored, a label may be missing; so are missing and unknown keys of an object. Texts that should be a time and are none count as unknown.
    ///
    /// ```
    /// use finewire_core::contract::{Event, EventMessage, Layout, TimeFormat};
    ///
    /// let text = "1001#DialogStatus#ACTIVE#2";
    /// let message = EventMessage::parse(text, &Layout::default(), &TimeFormat::UTC)?;
    ///
    /// assert_eq!(message.to, "1001");
    /// assert_eq!(message.event, Event::DialogStatus { calls: 2 });
    /// # Ok::<(), finewire_core::contract::MalformedEvent>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MalformedEvent`] for a text without an event's name, with an unknown one, or without the
    /// field that the event is about; for an object also where it is no JSON.
    pub fn parse(text: &str, layout: &Layout, time: &TimeFormat) -> Result<Self, MalformedEvent> {
        if text.len() > layout.limits.event {
            return Err(MalformedEvent::LimitLength);
        }
        let reader = FieldReader {
            layout,
            time: *time,
        };
        match EventFormat::of(text) {
            EventFormat::Text => reader.text_event(text),
            EventFormat::Json => reader.json_event(text),
        }
    }
}

/// As many bytes of an unknown name are repeated in an error.
const SHOWN: usize = 64;

impl Layout {
    fn status_named(&self, name: &str) -> Option<SystemStatus> {
        let is = |word: &Text| word.as_str().eq_ignore_ascii_case(name);
        if is(&self.words.in_service) {
            Some(SystemStatus::InService)
        } else if is(&self.words.out_of_service) {
            Some(SystemStatus::OutOfService)
        } else if is(&self.words.reconnect) {
            Some(SystemStatus::Reconnect)
        } else {
            None
        }
    }
}

impl FieldReader<'_> {
    fn text_event(&self, text: &str) -> Result<EventMessage, MalformedEvent> {
        let text = text.trim_end_matches(['\r', '\n', '\0']);
        let text = without_control(text, self.layout.replacement);
        let mut fields = text.split('#');
        let to: Text = self.word(Given::Text(fields.next().unwrap_or_default()));
        // As it would be written, so that what was read can be passed on.
        let to = AgentId::from(first_of_text(to.as_str()));
        let name = fields.next().unwrap_or_default().trim();
        if name.is_empty() {
            return Err(MalformedEvent::RemoteNoName);
        }
        if let Some(status) = self.layout.status_named(name) {
            let event = Event::System(status);
            return Ok(EventMessage { to, event });
        }
        let kind = match self.kind(name)? {
            EventKind::System => return Err(unknown(name)),
            kind => kind,
        };
        match self.event(kind, Facts::Text(fields)) {
            Some(event) => Ok(EventMessage { to, event }),
            None => Err(MalformedEvent::RemoteIncomplete(kind)),
        }
    }

    fn json_event(&self, text: &str) -> Result<EventMessage, MalformedEvent> {
        let limits = &self.layout.limits;
        // The largest item, a queue, is an object with ten values; the rest is for unknown keys.
        let most = limits
            .items
            .max(limits.sub_items)
            .saturating_mul(16)
            .saturating_add(64);
        let object = Json::parse(text, most).map_err(MalformedEvent::RemoteJson)?;
        let json = &self.layout.json;
        let word = |key: &Text| -> Option<Text> {
            let value = object.entry(key.as_str())?;
            self.word::<Text>(Given::Json(value)).non_empty()
        };
        let name = word(&json.type_key).ok_or(MalformedEvent::RemoteNoName)?;
        let kind = self.kind(name.as_str())?;
        let mut keys = json.event(kind).iter();
        let to = keys.find(|key| key.field == Field::To);
        let to = to
            .and_then(|key| word(&key.key))
            .map(AgentId::from)
            .unwrap_or_default();
        match self.event(kind, Facts::Json(&object)) {
            Some(Event::State(status)) if status.agent.is_empty() => {
                let agent = to.clone();
                let event = Event::State(AgentStatus { agent, ..status });
                Ok(EventMessage { to, event })
            }
            Some(event) => Ok(EventMessage { to, event }),
            None => Err(MalformedEvent::RemoteIncomplete(kind)),
        }
    }

    fn kind(&self, name: &str) -> Result<EventKind, MalformedEvent> {
        let row = self.layout.event_named(name);
        row.map(|row| row.kind).ok_or_else(|| unknown(name))
    }

    fn event(&self, kind: EventKind, facts: Facts<'_>) -> Option<Event> {
        Some(match kind {
            EventKind::System => {
                let status = self.fields(Words::default(), kind, facts).first;
                Event::System(self.layout.status_named(status.as_str())?)
            }
            EventKind::ConnectStatus => {
                let status = self.fields(Words::default(), kind, facts).first;
                Event::ConnectStatus {
                    status: status.non_empty()?,
                }
            }
            EventKind::State => {
                let blank = AgentState::Other(Text::default());
                let unset = AgentStatus {
                    state: blank.clone(),
                    ..AgentStatus::default()
                };
                let status = self.fields(unset, kind, facts);
                if status.state == blank {
                    return None;
                }
                Event::State(status)
            }
            EventKind::AgentInfo => {
                Event::AgentInfo(self.fields(AgentInfo::default(), kind, facts))
            }
            EventKind::DialogStatus => {
                let words = self.fields(Words::default(), kind, facts);
                let is_active = words
                    .first
                    .as_str()
                    .eq_ignore_ascii_case(self.layout.words.calls.as_str());
                let calls = words.second.as_str().trim().parse().ok();
                Event::DialogStatus {
                    calls: calls.unwrap_or(u32::from(is_active)),
                }
            }
            EventKind::NewInboundCall => Event::NewInboundCall(self.call(kind, facts)?),
            EventKind::NewOutboundCall => Event::NewOutboundCall(self.call(kind, facts)?),
            EventKind::InboundCall => Event::InboundCall(self.call(kind, facts)?),
            EventKind::ConsultCall => Event::ConsultCall(self.call(kind, facts)?),
            EventKind::DialogState => Event::DialogState(self.call(kind, facts)?),
            EventKind::DialogControls => {
                let controls = self.fields(Controls::default(), kind, facts);
                let Controls { dialog, actions } = controls;
                Event::DialogControls {
                    dialog: dialog.non_empty()?,
                    actions,
                }
            }
            EventKind::ReasonCodes => {
                let Reasons {
                    category,
                    codes,
                    labels,
                    pairs,
                } = self.fields(Reasons::default(), kind, facts);
                let reasons = match pairs.as_slice() {
                    [] => zip_longest(codes, labels),
                    _ => pairs,
                };
                Event::ReasonCodes {
                    category: category?,
                    reasons,
                }
            }
            EventKind::TeamUsersList => {
                Event::TeamUsersList(self.items(kind, facts, Item::TeamUser))
            }
            EventKind::QueueList => Event::QueueList(self.items(kind, facts, Item::Queue)),
            EventKind::Phonebooks => Event::Phonebooks(self.items(kind, facts, Item::Phonebook)),
            EventKind::TeamPhonebooks => {
                Event::TeamPhonebooks(self.items(kind, facts, Item::Phonebook))
            }
            EventKind::PhonebookContacts => {
                Event::PhonebookContacts(self.items(kind, facts, Item::Contact))
            }
            EventKind::Error => Event::Error(self.refused(kind, facts)?),
            EventKind::Control => Event::Control(self.refused(kind, facts)?),
        })
    }

    fn call(&self, kind: EventKind, facts: Facts<'_>) -> Option<Call> {
        let mut blank = Call::not_found(DialogId::default());
        blank.state = match kind {
            EventKind::NewOutboundCall => CallState::Initiating,
            _ => CallState::Alerting,
        };
        let call = self.fields(blank, kind, facts);
        if call.dialog.is_empty() {
            None
        } else {
            Some(call)
        }
    }

    fn refused(&self, kind: EventKind, facts: Facts<'_>) -> Option<Refused> {
        let words = self.fields(Words::default(), kind, facts);
        let code = words.first.non_empty()?;
        Some(Refused {
            code: self.layout.error_code(code.as_str()),
            text: words.second,
        })
    }
}

fn unknown(name: &str) -> MalformedEvent {
    MalformedEvent::RemoteUnknownEvent(bounded(name, SHOWN).into())
}

/// Control characters have no place in an event; whoever shows or logs a value need not care.
fn without_control(text: &str, replacement: char) -> Cow<'_, str> {
    printable(
        text,
        if "#|,".contains(replacement) {
            ' '
        } else {
            replacement
        },
    )
    .0
}

fn zip_longest(codes: Vec<Text>, labels: Vec<Text>) -> Vec<(Text, Text)> {
    let length = codes.len().max(labels.len());
    let mut codes = codes.into_iter();
    let mut labels = labels.into_iter();
    let pair = |_| {
        (
            codes.next().unwrap_or_default(),
            labels.next().unwrap_or_default(),
        )
    };
    (0..length).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::contract::ReasonCategory;
    use crate::machine::UnixMillis;

    const UTC: TimeFormat = TimeFormat::UTC;

    fn parse(text: &str) -> Result<EventMessage, MalformedEvent> {
        EventMessage::parse(text, &Layout::default(), &UTC)
    }

    fn event(text: &str) -> Event {
        parse(text).unwrap().event
    }

    /// Seen: a capture of an active consult call.
    const CAPTURED: &str = "5000#InboundCall#ACTIVE#DialogID:17672721#42512#ani=42512|\
        associatedDialogId=17672718|callVariable1=|callVariable2=|callVariable3=null|\
        callVariable4=CONSULT|callVariable5=53da5c96-6580-47d9-958f-28772d8bf45d|callVariable6=|\
        callVariable7=42035|callVariable8=MAINAPP|callVariable9=|callVariable10=|\
        user.microapp.locale=en-us#2022-07-22 18:16:47#CallType:CONSULT_IN#ParticipantsCount:2#\
        participants:42053,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47|\
        42512,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47";

    #[test]
    fn the_captured_call_is_read_and_written_back_to_the_same_bytes() {
        let message = parse(CAPTURED).unwrap();

        assert_eq!(message.to, AgentId::from("5000"));
        let Event::InboundCall(call) = &message.event else {
            panic!("{message:?}")
        };
        assert_eq!(call.state, CallState::Active);
        assert_eq!(call.dialog, "17672721");
        assert_eq!(call.address, "42512");
        assert_eq!(call.variables.len(), 13);
        assert_eq!(
            call.variable("ASSOCIATEDDIALOGID"),
            Some(&"17672718".into())
        );
        assert_eq!(call.variable("callVariable3"), Some(&"null".into()));
        assert_eq!(call.started, Some(UnixMillis(1_658_513_807_000)));
        assert_eq!(call.call_type, "CONSULT_IN");
        assert_eq!(call.participants.len(), 2);
        assert_eq!(call.participants[1].address, "42512");
        assert_eq!(
            message.event.format(&message.to, &Layout::default(), &UTC),
            CAPTURED
        );
        let karachi = TimeFormat::with_offset(5 * 3600);
        let there = EventMessage::parse(CAPTURED, &Layout::default(), &karachi).unwrap();
        assert_eq!(
            there.event.format(&there.to, &Layout::default(), &karachi),
            CAPTURED
        );
    }

    #[test]
    fn parties_without_the_last_sub_field_are_read() {
        let older = CAPTURED.replace(",,2022-07-22 18:16:47", ",");

        let Event::InboundCall(call) = event(&older) else {
            panic!()
        };

        assert_eq!(call.participants[0].started, None);
        assert_eq!(call.participants[0].device, "AGENT_DEVICE");
        assert_eq!(call.participants[1].address, "42512");
    }

    #[test]
    fn a_placed_call_is_read_with_the_number_called() {
        let text = "1001#NewOutboundCall#5550100#ani=2001#DialogID:17#CallType:OUT#";

        let Event::NewOutboundCall(call) = event(text) else {
            panic!()
        };

        assert_eq!(call.address, "5550100");
        assert_eq!(call.state, CallState::Initiating);
    }

    #[test]
    fn names_words_and_labels_are_read_in_any_case_and_labels_may_be_missing() {
        let Event::NewInboundCall(call) =
            event("1001#NEWINBOUNDCALL#4711#ani=4711#dialogid: 17#OTHER_IN#2022-07-22 18:16:47")
        else {
            panic!()
        };

        assert_eq!(
            (call.dialog.as_str(), call.call_type.as_str()),
            ("17", "OTHER_IN")
        );
        assert_eq!(call.state, CallState::Alerting);
        assert_eq!(
            event("x#in_service"),
            Event::System(SystemStatus::InService)
        );
    }

    #[test]
    fn a_service_word_is_read_whatever_stands_before_it() {
        assert_eq!(
            event("System#OUT_OF_SERVICE"),
            Event::System(SystemStatus::OutOfService)
        );
        assert_eq!(event("#RECONNECT"), Event::System(SystemStatus::Reconnect));
    }

    #[test]
    fn a_state_with_the_captured_fields_only_is_read() {
        let Event::State(status) = event("5000#State#NOT_READY#8####Ann Lee#5000#42053") else {
            panic!()
        };

        assert_eq!(status.state, AgentState::NotReady);
        assert_eq!(status.reason_code, "8");
        assert_eq!(status.pending_state, None);
        assert_eq!(status.full_name, "Ann Lee");
        assert_eq!(status.agent, "5000");
        assert_eq!(status.extension, Some("42053".into()));
    }

    #[test]
    fn a_value_may_hold_the_colon_of_labels_and_the_equal_sign_of_variables() {
        let Event::InboundCall(call) =
            event("1#InboundCall#ACTIVE#DialogID:17#x:y#a=b=c|d#not a time#CallType:A:B")
        else {
            panic!()
        };

        assert_eq!(call.address, "x:y");
        assert_eq!(
            call.variables,
            [("a".into(), "b=c".into()), ("d".into(), "".into())]
        );
        assert_eq!(call.started, None);
        assert_eq!(call.call_type, "A:B");
    }

    #[test]
    fn the_words_for_an_empty_list_are_no_item() {
        assert_eq!(
            event("1#Phonebooks#NoTeamPhoneBookFound"),
            Event::Phonebooks(vec![])
        );
        assert_eq!(
            event("1#TeamPhoneBooks#noteamphonebookfound"),
            Event::TeamPhonebooks(vec![])
        );
        assert_eq!(
            event("1#PhonebookContacts#NoContactFound"),
            Event::PhonebookContacts(vec![])
        );
        assert_eq!(event("1#TeamUsersList"), Event::TeamUsersList(vec![]));
    }

    #[test]
    fn reasons_are_paired_even_if_one_list_is_short() {
        assert_eq!(
            event("1#ReasonCodes#NOT_READY#codes:1,2#labels:Lunch"),
            Event::ReasonCodes {
                category: ReasonCategory::NotReady,
                reasons: vec![("1".into(), "Lunch".into()), ("2".into(), "".into())],
            }
        );
    }

    #[test]
    fn texts_that_are_no_event_say_why() {
        let cases = [
            ("", MalformedEvent::RemoteNoName),
            ("1001", MalformedEvent::RemoteNoName),
            ("1001# #READY", MalformedEvent::RemoteNoName),
            (
                "1001#Juggle",
                MalformedEvent::RemoteUnknownEvent("Juggle".into()),
            ),
            (
                "1001#System",
                MalformedEvent::RemoteUnknownEvent("System".into()),
            ),
            (
                "1001#State",
                MalformedEvent::RemoteIncomplete(EventKind::State),
            ),
            (
                "1001#State#",
                MalformedEvent::RemoteIncomplete(EventKind::State),
            ),
            (
                "1001#InboundCall#ACTIVE",
                MalformedEvent::RemoteIncomplete(EventKind::InboundCall),
            ),
            (
                "1001#InboundCall#ACTIVE#DialogID:|",
                MalformedEvent::RemoteIncomplete(EventKind::InboundCall),
            ),
            (
                "1001#Error",
                MalformedEvent::RemoteIncomplete(EventKind::Error),
            ),
            (
                "1001#ReasonCodes",
                MalformedEvent::RemoteIncomplete(EventKind::ReasonCodes),
            ),
        ];
        for (text, fault) in cases {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn an_agent_whose_cleaned_name_begins_an_object_is_read_as_it_would_be_written() {
        let message = parse("{|}m#Error#BAD_COMMAND#x").unwrap();

        assert_eq!(message.to, AgentId::from("}m"));
        let text = message.event.format(&message.to, &Layout::default(), &UTC);
        assert_eq!(parse(&text), Ok(message));
    }

    #[test]
    fn an_oversized_event_is_refused() {
        let mut layout = Layout::default();
        layout.limits.event = 100;
        let text = alloc::format!("1001#State#READY#{}", "x".repeat(100));

        assert_eq!(
            EventMessage::parse(&text, &layout, &UTC),
            Err(MalformedEvent::LimitLength)
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_driver() {
        let Event::Error(refused) = event("1001#Error#BAD_COMMAND#a\u{1b}[31mb") else {
            panic!()
        };

        assert_eq!(refused.text, "a [31mb");
    }
}
