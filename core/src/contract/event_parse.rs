//! Events, text → value.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::call::{Call, CallParticipant, CallState};
use super::error_code::ErrorCode;
use super::event::{AgentInfo, AgentStatus, Event, EventKind, EventMessage, Refused, SystemStatus};
use super::field::{bounded, cleaned, is_structural};
use super::layout::{EventLayout, Field, Layout, Slot};
use super::lists::{Contact, Phonebook, QueueStatistics, ReasonCategory, TeamUser};
use super::time_format::TimeFormat;
use crate::agent::{AgentState, CallAction, DialogId, ParticipantState, Team, Text};
use crate::machine::UnixMillis;

impl EventMessage {
    /// Reads the text of an event.
    ///
    /// Missing fields at the end are empty (older builds do not send all), superfluous ones are
    /// ignored, a label may be missing. Texts that should be a time and are none count as unknown.
    ///
    /// # Errors
    ///
    /// [`MalformedEvent`] for a text without an event's name, with an unknown one, or without the
    /// field that the event is about.
    pub fn parse(text: &str, layout: &Layout, time: &TimeFormat) -> Result<Self, MalformedEvent> {
        if text.len() > layout.limits.event {
            return Err(MalformedEvent::LimitLength);
        }
        let text = without_control(
            text.trim_end_matches(['\r', '\n', '\0']),
            layout.replacement,
        );
        let reader = FieldReader {
            layout,
            time: *time,
        };
        let mut fields = text.split('#');
        let to = reader.word(fields.next().unwrap_or_default());
        let name = fields.next().unwrap_or_default().trim();
        if name.is_empty() {
            return Err(MalformedEvent::RemoteNoName);
        }
        if let Some(status) = layout.status_named(name) {
            return Ok(Self {
                to,
                event: Event::System(status),
            });
        }
        let Some(row) = layout
            .event_named(name)
            .filter(|row| row.kind != EventKind::System)
        else {
            return Err(MalformedEvent::RemoteUnknownEvent(
                bounded(name, SHOWN).into(),
            ));
        };
        let reader = FieldReader {
            layout,
            time: *time,
        };
        let event = reader
            .event(row, fields)
            .ok_or(MalformedEvent::RemoteIncomplete(row.kind))?;
        Ok(Self { to, event })
    }
}

/// As many bytes of an unknown name are repeated in an error.
const SHOWN: usize = 64;

/// A text that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedEvent {
    /// Longer than [`Limits::event`](super::Limits::event).
    LimitLength,
    /// There is no event's name.
    RemoteNoName,
    /// No such event; the start of its name.
    RemoteUnknownEvent(Text),
    /// The field that the event is about is missing: a state, a call, a code.
    RemoteIncomplete(EventKind),
}

impl fmt::Display for MalformedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LimitLength => f.write_str("the event is too long"),
            Self::RemoteNoName => f.write_str("the message names no event"),
            Self::RemoteUnknownEvent(name) => write!(f, "there is no event \"{name}\""),
            Self::RemoteIncomplete(kind) => write!(f, "the event {kind:?} lacks its main field"),
        }
    }
}

impl core::error::Error for MalformedEvent {}

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

/// Something whose fields a layout finds.
trait ReadFields {
    /// Takes the text of one field; a field it does not have is ignored.
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>);
}

struct FieldReader<'a> {
    layout: &'a Layout,
    time: TimeFormat,
}

impl FieldReader<'_> {
    fn event<'t>(&self, row: &EventLayout, fields: impl Iterator<Item = &'t str>) -> Option<Event> {
        Some(match row.kind {
            EventKind::System => return None,
            EventKind::ConnectStatus => {
                let status = self.fields(Words::default(), row, fields).first;
                Event::ConnectStatus {
                    status: status.non_empty()?,
                }
            }
            EventKind::State => {
                let status = self.fields(AgentStatus::default(), row, fields);
                if status.state == AgentState::Other(Text::default()) {
                    return None;
                }
                Event::State(status)
            }
            EventKind::AgentInfo => {
                Event::AgentInfo(self.fields(AgentInfo::default(), row, fields))
            }
            EventKind::DialogStatus => {
                let words = self.fields(Words::default(), row, fields);
                let is_active = words
                    .first
                    .as_str()
                    .eq_ignore_ascii_case(self.layout.words.calls.as_str());
                let calls = words.second.as_str().trim().parse().ok();
                Event::DialogStatus {
                    calls: calls.unwrap_or(u32::from(is_active)),
                }
            }
            EventKind::NewInboundCall => Event::NewInboundCall(self.call(row, fields)?),
            EventKind::InboundCall => Event::InboundCall(self.call(row, fields)?),
            EventKind::ConsultCall => Event::ConsultCall(self.call(row, fields)?),
            EventKind::DialogState => Event::DialogState(self.call(row, fields)?),
            EventKind::DialogControls => {
                let controls = self.fields(Controls::default(), row, fields);
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
                } = self.fields(Reasons::default(), row, fields);
                let reasons = zip_longest(codes, labels);
                Event::ReasonCodes {
                    category: category?,
                    reasons,
                }
            }
            EventKind::TeamUsersList => {
                Event::TeamUsersList(self.items(fields, &self.layout.team_user, ""))
            }
            EventKind::QueueList => Event::QueueList(self.items(fields, &self.layout.queue, "")),
            EventKind::Phonebooks => Event::Phonebooks(self.phonebooks(fields)),
            EventKind::TeamPhonebooks => Event::TeamPhonebooks(self.phonebooks(fields)),
            EventKind::PhonebookContacts => {
                let none = self.layout.words.no_contact.as_str();
                Event::PhonebookContacts(self.items(fields, &self.layout.contact, none))
            }
            EventKind::Error => Event::Error(self.refused(row, fields)?),
            EventKind::Control => Event::Control(self.refused(row, fields)?),
        })
    }

    fn fields<'t, T: ReadFields>(
        &self,
        mut target: T,
        row: &EventLayout,
        fields: impl Iterator<Item = &'t str>,
    ) -> T {
        for (slot, text) in row.fields.iter().zip(fields) {
            target.read(slot.field, without_label(slot, text), self);
        }
        target
    }

    fn call<'t>(&self, row: &EventLayout, fields: impl Iterator<Item = &'t str>) -> Option<Call> {
        let mut blank = Call::not_found(DialogId::default());
        blank.state = CallState::Alerting;
        let call = self.fields(blank, row, fields);
        if call.dialog.is_empty() {
            None
        } else {
            Some(call)
        }
    }

    fn refused<'t>(
        &self,
        row: &EventLayout,
        fields: impl Iterator<Item = &'t str>,
    ) -> Option<Refused> {
        let words = self.fields(Words::default(), row, fields);
        let code = words.first.non_empty()?;
        Some(Refused {
            code: ErrorCode::from_wire(code.as_str()),
            text: words.second,
        })
    }

    fn phonebooks<'t>(&self, fields: impl Iterator<Item = &'t str>) -> Vec<Phonebook> {
        self.items(
            fields,
            &self.layout.phonebook,
            self.layout.words.no_phonebook.as_str(),
        )
    }

    fn items<'t, T: ReadFields + Default>(
        &self,
        fields: impl Iterator<Item = &'t str>,
        slots: &[Slot],
        word_for_none: &str,
    ) -> Vec<T> {
        let is_item = |text: &&str| !text.is_empty() && !text.eq_ignore_ascii_case(word_for_none);
        fields
            .filter(is_item)
            .take(self.layout.limits.items)
            .map(|text| self.sub_fields(text, slots))
            .collect()
    }

    fn sub_fields<T: ReadFields + Default>(&self, text: &str, slots: &[Slot]) -> T {
        let mut item = T::default();
        for (slot, text) in slots.iter().zip(text.split(',')) {
            item.read(slot.field, without_label(slot, text), self);
        }
        item
    }

    fn list<T>(&self, text: &str, separator: char, read: impl Fn(&str) -> T) -> Vec<T> {
        if text.is_empty() {
            return Vec::new();
        }
        text.split(separator)
            .take(self.layout.limits.sub_items)
            .map(read)
            .collect()
    }

    /// A name or a word, as one that was written here would be.
    fn word<T: for<'t> From<&'t str>>(&self, text: &str) -> T {
        cleaned(text, self.layout.replacement).0.trim().into()
    }

    fn time(&self, text: &str) -> Option<UnixMillis> {
        self.time.parse(text)
    }

    fn is_yes(&self, text: &str) -> bool {
        text.trim()
            .eq_ignore_ascii_case(self.layout.words.yes.as_str())
    }
}

/// Control characters have no place in an event; whoever shows or logs a value need not care.
fn without_control(text: &str, replacement: char) -> Cow<'_, str> {
    let is_bad = |c: char| is_structural(c) && !"#|,".contains(c);
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let replacement = if is_structural(replacement) {
        ' '
    } else {
        replacement
    };
    Cow::Owned(
        text.chars()
            .map(|c| if is_bad(c) { replacement } else { c })
            .collect(),
    )
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

fn pending(text: &str, reader: &FieldReader<'_>) -> Option<AgentState> {
    let text = reader.word::<Text>(text);
    (!text.is_empty()).then(|| AgentState::from_wire(text.as_str()))
}

fn statistic(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

/// Fields of events with one or two words.
#[derive(Default)]
struct Words {
    first: Text,
    second: Text,
}

impl ReadFields for Words {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::Status | Field::HasCalls | Field::Code => self.first = reader.word(text),
            Field::CallCount | Field::Text => self.second = text.into(),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Controls {
    dialog: DialogId,
    actions: Vec<CallAction>,
}

impl ReadFields for Controls {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::Dialog => self.dialog = reader.word(text),
            Field::Actions => {
                self.actions = reader.list(text, ',', |word| {
                    CallAction::from_wire(reader.word::<Text>(word).as_str())
                })
            }
            _ => {}
        }
    }
}

#[derive(Default)]
struct Reasons {
    category: Option<ReasonCategory>,
    codes: Vec<Text>,
    labels: Vec<Text>,
}

impl ReadFields for Reasons {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::Category => {
                let word = reader.word::<Text>(text).non_empty();
                self.category = word.map(|word| ReasonCategory::from_wire(word.as_str()));
            }
            Field::Codes => self.codes = reader.list(text, ',', |item| item.into()),
            Field::Labels => self.labels = reader.list(text, ',', |item| item.into()),
            _ => {}
        }
    }
}

impl ReadFields for AgentStatus {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::State => self.state = AgentState::from_wire(reader.word::<Text>(text).as_str()),
            Field::ReasonCode => self.reason_code = text.into(),
            Field::ReasonLabel => self.reason_label = text.into(),
            Field::PendingState => self.pending_state = pending(text, reader),
            Field::StateChanged => self.state_changed = reader.time(text),
            Field::FullName => self.full_name = text.into(),
            Field::Agent => self.agent = reader.word(text),
            Field::Extension => {
                self.extension = reader.word::<Text>(text).non_empty().map(Into::into)
            }
            _ => {}
        }
    }
}

impl ReadFields for AgentInfo {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::FirstName => self.first_name = text.into(),
            Field::LastName => self.last_name = text.into(),
            Field::IsSupervisor => self.is_supervisor = reader.is_yes(text),
            Field::WrapUpMode => self.wrap_up_mode = text.into(),
            Field::Teams => {
                let slots = &reader.layout.team;
                self.teams = reader.list(text, '|', |team| reader.sub_fields(team, slots));
            }
            Field::TeamId => self.team = reader.word::<Text>(text).non_empty().map(Into::into),
            Field::FullName => self.full_name = text.into(),
            _ => {}
        }
    }
}

impl ReadFields for Team {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::TeamId => self.id = reader.word(text),
            Field::TeamName => self.name = text.into(),
            _ => {}
        }
    }
}

impl ReadFields for Call {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::State => self.state = CallState::from_wire(reader.word::<Text>(text).as_str()),
            Field::Dialog => self.dialog = reader.word(text),
            Field::Address => self.address = text.into(),
            Field::Variables => {
                self.variables = reader.list(text, '|', |variable| {
                    let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
                    (name.into(), value.into())
                });
            }
            Field::Started => self.started = reader.time(text),
            Field::CallType => self.call_type = text.into(),
            Field::Participants => {
                let slots = &reader.layout.participant;
                self.participants = reader.list(text, '|', |party| reader.sub_fields(party, slots));
            }
            _ => {}
        }
    }
}

impl ReadFields for CallParticipant {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::Address => self.address = text.into(),
            Field::State => {
                self.state = ParticipantState::from_wire(reader.word::<Text>(text).as_str())
            }
            Field::Device => self.device = text.into(),
            Field::Role => self.role = text.into(),
            Field::Started => self.started = reader.time(text),
            _ => {}
        }
    }
}

impl ReadFields for TeamUser {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::FirstName => self.first_name = text.into(),
            Field::LastName => self.last_name = text.into(),
            Field::Extension => {
                self.extension = reader.word::<Text>(text).non_empty().map(Into::into)
            }
            Field::Agent => self.id = reader.word(text),
            Field::State => self.state = AgentState::from_wire(reader.word::<Text>(text).as_str()),
            Field::ReasonCode => self.reason_code = text.into(),
            Field::PendingState => self.pending_state = pending(text, reader),
            Field::StateChanged => self.state_changed = reader.time(text),
            _ => {}
        }
    }
}

impl ReadFields for QueueStatistics {
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::QueueName => self.name = text.into(),
            Field::AgentsNotReady => self.agents_not_ready = statistic(text),
            Field::AgentsReady => self.agents_ready = statistic(text),
            Field::TalkingInbound => self.talking_inbound = statistic(text),
            Field::TalkingInternal => self.talking_internal = statistic(text),
            Field::TalkingOutbound => self.talking_outbound = statistic(text),
            Field::WrapUpNotReady => self.wrap_up_not_ready = statistic(text),
            Field::WrapUpReady => self.wrap_up_ready = statistic(text),
            Field::CallsInQueue => self.calls_in_queue = statistic(text),
            Field::LongestCallSince => self.longest_call_since = reader.time(text),
            _ => {}
        }
    }
}

impl ReadFields for Phonebook {
    fn read(&mut self, field: Field, text: &str, _: &FieldReader<'_>) {
        match field {
            Field::BookName => self.name = text.into(),
            Field::BookScope => self.scope = text.into(),
            Field::BookId => self.id = text.into(),
            _ => {}
        }
    }
}

impl ReadFields for Contact {
    fn read(&mut self, field: Field, text: &str, _: &FieldReader<'_>) {
        match field {
            Field::Description => self.description = text.into(),
            Field::FirstName => self.first_name = text.into(),
            Field::LastName => self.last_name = text.into(),
            Field::PhoneNumber => self.phone_number = text.into(),
            Field::ContactId => self.id = text.into(),
            _ => {}
        }
    }
}
