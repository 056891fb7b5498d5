//! Events, value → text.

use alloc::string::{String, ToString};
use core::fmt::Display;

use super::call::{Call, CallParticipant};
use super::event::{AgentInfo, AgentStatus, Event, SystemStatus};
use super::field::{bounded, cleaned, cleaned_name};
use super::layout::{Field, Layout, Slot};
use super::lists::{Contact, Phonebook, QueueStatistics, TeamUser};
use super::time_format::TimeFormat;
use crate::agent::{AgentId, AgentState, Team};
use crate::machine::UnixMillis;

/// An event as text, with what had to be changed to keep its fields apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formatted {
    /// The text.
    pub text: String,
    /// Characters of values that were replaced.
    pub replaced: u32,
    /// Values that were cut and lists that were ended at a limit of the layout.
    pub cut: u32,
}

impl Event {
    /// The text of the event for the agent `to`. `System` events have no agent; `to` is ignored.
    ///
    /// ```
    /// use finewire_core::contract::{ErrorCode, Event, Layout, TimeFormat};
    ///
    /// let event = Event::error(ErrorCode::BadCommand, "no such #thing");
    /// let text = event.format(&"1001".into(), &Layout::default(), &TimeFormat::UTC);
    ///
    /// assert_eq!(text, "1001#Error#BAD_COMMAND#no such  thing");
    /// ```
    #[must_use]
    pub fn format(&self, to: &AgentId, layout: &Layout, time: &TimeFormat) -> String {
        self.format_counted(to, layout, time).text
    }

    /// As [`format`](Self::format), with counts for the monitor.
    #[must_use]
    pub fn format_counted(&self, to: &AgentId, layout: &Layout, time: &TimeFormat) -> Formatted {
        let mut out = FieldWriter::new(layout, *time);
        if let Self::System(status) = self {
            out.value(layout.words.system.as_str());
            out.mark('#');
            out.value(layout.status_word(*status));
            return out.finish();
        }
        out.word(to.as_str());
        if let Some(row) = layout.event(self.kind()) {
            out.mark('#');
            out.value(row.name.as_str());
            for slot in &row.fields {
                if slot.field == Field::Items {
                    self.write_items(&mut out);
                } else {
                    out.mark('#');
                    out.label(slot);
                    self.write(slot.field, &mut out);
                }
            }
        }
        out.finish()
    }

    /// The JMS type of the message that carries the event: `<event name>#<agent>`. Drivers do not
    /// need it; it lets brokers' consoles and selectors tell events apart.
    #[must_use]
    pub fn jms_type(&self, to: &AgentId, layout: &Layout) -> String {
        let mut out = FieldWriter::new(layout, TimeFormat::UTC);
        match self {
            Self::System(status) => {
                out.value(layout.words.system.as_str());
                out.mark('#');
                out.value(layout.status_word(*status));
            }
            _ => {
                out.value(
                    layout
                        .event(self.kind())
                        .map_or("", |row| row.name.as_str()),
                );
                out.mark('#');
                out.word(to.as_str());
            }
        }
        out.finish().text
    }

    fn write_items(&self, out: &mut FieldWriter<'_>) {
        let layout = out.layout;
        match self {
            Self::TeamUsersList(users) => out.items(users, &layout.team_user, ""),
            Self::QueueList(queues) => out.items(queues, &layout.queue, ""),
            Self::Phonebooks(books) | Self::TeamPhonebooks(books) => {
                out.items(books, &layout.phonebook, layout.words.no_phonebook.as_str());
            }
            Self::PhonebookContacts(contacts) => {
                out.items(contacts, &layout.contact, layout.words.no_contact.as_str());
            }
            _ => {}
        }
    }
}

impl Layout {
    fn status_word(&self, status: SystemStatus) -> &str {
        match status {
            SystemStatus::InService => self.words.in_service.as_str(),
            SystemStatus::OutOfService => self.words.out_of_service.as_str(),
            SystemStatus::Reconnect => self.words.reconnect.as_str(),
        }
    }
}

/// Something whose fields a layout puts in order.
trait WriteFields {
    /// Writes the value of one field; nothing for a field it does not have.
    fn write(&self, field: Field, out: &mut FieldWriter<'_>);
}

/// Writes values so that only this code can make a structural character.
struct FieldWriter<'a> {
    layout: &'a Layout,
    time: TimeFormat,
    text: String,
    replaced: u32,
    cut: u32,
}

impl<'a> FieldWriter<'a> {
    fn new(layout: &'a Layout, time: TimeFormat) -> Self {
        Self {
            layout,
            time,
            text: String::with_capacity(256),
            replaced: 0,
            cut: 0,
        }
    }

    fn finish(self) -> Formatted {
        Formatted {
            text: self.text,
            replaced: self.replaced,
            cut: self.cut,
        }
    }

    /// A structural character.
    fn mark(&mut self, mark: char) {
        self.text.push(mark);
    }

    fn label(&mut self, slot: &Slot) {
        if let Some(label) = &slot.label {
            self.text.push_str(label.as_str());
            self.text.push(':');
        }
    }

    fn value(&mut self, value: &str) {
        let (clean, count) = cleaned(self.within_limit(value), self.layout.replacement);
        self.replaced = self.replaced.saturating_add(count);
        self.text.push_str(&clean);
    }

    /// A name or a word: readers cut the blanks around it, also those that replace something.
    fn word(&mut self, word: &str) {
        let (clean, count) = cleaned(self.within_limit(word), self.layout.replacement);
        self.replaced = self.replaced.saturating_add(count);
        self.text.push_str(clean.trim());
    }

    fn name(&mut self, name: &str) {
        let (clean, count) = cleaned_name(self.within_limit(name), self.layout.replacement);
        self.replaced = self.replaced.saturating_add(count);
        self.text.push_str(&clean);
    }

    fn number(&mut self, number: impl Display) {
        self.text.push_str(&number.to_string());
    }

    /// Finesse's `-1` for a number it does not know.
    fn statistic(&mut self, number: Option<u32>) {
        match number {
            Some(number) => self.number(number),
            None => self.text.push_str("-1"),
        }
    }

    fn time(&mut self, at: Option<UnixMillis>) {
        if let Some(at) = at {
            self.text.push_str(&self.time.format(at));
        }
    }

    fn yes_or_no(&mut self, is_yes: bool) {
        let words = &self.layout.words;
        self.value(if is_yes {
            words.yes.as_str()
        } else {
            words.no.as_str()
        });
    }

    fn state(&mut self, state: Option<&AgentState>) {
        self.word(state.map_or("", AgentState::as_wire));
    }

    fn list<'t, T: 't>(
        &mut self,
        items: impl IntoIterator<Item = &'t T>,
        separator: char,
        mut write: impl FnMut(&mut Self, &T),
    ) {
        for (index, item) in items.into_iter().enumerate() {
            if index >= self.layout.limits.sub_items {
                self.cut = self.cut.saturating_add(1);
                return;
            }
            if index > 0 {
                self.mark(separator);
            }
            write(self, item);
        }
    }

    fn sub_fields(&mut self, item: &impl WriteFields, slots: &[Slot]) {
        for (index, slot) in slots.iter().enumerate() {
            if index > 0 {
                self.mark(',');
            }
            self.label(slot);
            item.write(slot.field, self);
        }
    }

    fn items(&mut self, items: &[impl WriteFields], slots: &[Slot], word_for_none: &str) {
        if items.is_empty() && !word_for_none.is_empty() {
            self.mark('#');
            self.value(word_for_none);
        }
        if items.len() > self.layout.limits.items {
            self.cut = self.cut.saturating_add(1);
        }
        for item in items.iter().take(self.layout.limits.items) {
            self.mark('#');
            self.sub_fields(item, slots);
        }
    }

    fn within_limit<'v>(&mut self, value: &'v str) -> &'v str {
        let short = bounded(value, self.layout.limits.value);
        if short.len() < value.len() {
            self.cut = self.cut.saturating_add(1);
        }
        short
    }
}

impl WriteFields for Event {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match self {
            Self::ConnectStatus { status } => match field {
                Field::Status => out.word(status.as_str()),
                _ => {}
            },
            Self::State(status) => status.write(field, out),
            Self::AgentInfo(info) => info.write(field, out),
            Self::DialogStatus { calls } => match field {
                Field::HasCalls if *calls > 0 => out.value(out.layout.words.calls.as_str()),
                Field::HasCalls => out.value(out.layout.words.no_calls.as_str()),
                Field::CallCount => out.number(calls),
                _ => {}
            },
            Self::NewInboundCall(call)
            | Self::InboundCall(call)
            | Self::ConsultCall(call)
            | Self::DialogState(call) => call.write(field, out),
            Self::DialogControls { dialog, actions } => match field {
                Field::Dialog => out.word(dialog.as_str()),
                Field::Actions => {
                    out.list(actions, ',', |out, action| out.word(action.as_wire()));
                }
                _ => {}
            },
            Self::ReasonCodes { category, reasons } => match field {
                Field::Category => out.word(category.as_wire()),
                Field::Codes => out.list(reasons, ',', |out, (code, _)| out.value(code.as_str())),
                Field::Labels => {
                    out.list(reasons, ',', |out, (_, label)| out.value(label.as_str()));
                }
                _ => {}
            },
            Self::Error(refused) | Self::Control(refused) => match field {
                Field::Code => out.word(refused.code.as_wire()),
                Field::Text => out.value(refused.text.as_str()),
                _ => {}
            },
            Self::System(_)
            | Self::TeamUsersList(_)
            | Self::QueueList(_)
            | Self::Phonebooks(_)
            | Self::TeamPhonebooks(_)
            | Self::PhonebookContacts(_) => {}
        }
    }
}

impl WriteFields for AgentStatus {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::State => out.state(Some(&self.state)),
            Field::ReasonCode => out.value(self.reason_code.as_str()),
            Field::ReasonLabel => out.value(self.reason_label.as_str()),
            Field::PendingState => out.state(self.pending_state.as_ref()),
            Field::StateChanged => out.time(self.state_changed),
            Field::FullName => out.value(self.full_name.as_str()),
            Field::Agent => out.word(self.agent.as_str()),
            Field::Extension => out.word(self.extension.as_ref().map_or("", |line| line.as_str())),
            _ => {}
        }
    }
}

impl WriteFields for AgentInfo {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::FirstName => out.value(self.first_name.as_str()),
            Field::LastName => out.value(self.last_name.as_str()),
            Field::IsSupervisor => out.yes_or_no(self.is_supervisor),
            Field::WrapUpMode => out.value(self.wrap_up_mode.as_str()),
            Field::TeamCount => out.number(self.teams.len()),
            Field::Teams => {
                let slots = &out.layout.team;
                out.list(&self.teams, '|', |out, team| out.sub_fields(team, slots));
            }
            Field::TeamId => out.word(self.team.as_ref().map_or("", |team| team.as_str())),
            Field::FullName => out.value(self.full_name.as_str()),
            _ => {}
        }
    }
}

impl WriteFields for Team {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::TeamId => out.word(self.id.as_str()),
            Field::TeamName => out.value(self.name.as_str()),
            _ => {}
        }
    }
}

impl WriteFields for Call {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::State => out.word(self.state.as_wire()),
            Field::Dialog => out.word(self.dialog.as_str()),
            Field::Address => out.value(self.address.as_str()),
            Field::Variables => out.list(&self.variables, '|', |out, (name, value)| {
                out.name(name.as_str());
                out.mark('=');
                out.value(value.as_str());
            }),
            Field::Started => out.time(self.started),
            Field::CallType => out.value(self.call_type.as_str()),
            Field::ParticipantCount => out.number(self.participants.len()),
            Field::Participants => {
                let slots = &out.layout.participant;
                out.list(&self.participants, '|', |out, party| {
                    out.sub_fields(party, slots)
                });
            }
            _ => {}
        }
    }
}

impl WriteFields for CallParticipant {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::Address => out.value(self.address.as_str()),
            Field::State => out.word(self.state.as_wire()),
            Field::Device => out.value(self.device.as_str()),
            Field::Role => out.value(self.role.as_str()),
            Field::Started => out.time(self.started),
            _ => {}
        }
    }
}

impl WriteFields for TeamUser {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::FirstName => out.value(self.first_name.as_str()),
            Field::LastName => out.value(self.last_name.as_str()),
            Field::Extension => out.word(self.extension.as_ref().map_or("", |line| line.as_str())),
            Field::Agent => out.word(self.id.as_str()),
            Field::State => out.state(Some(&self.state)),
            Field::ReasonCode => out.value(self.reason_code.as_str()),
            Field::PendingState => out.state(self.pending_state.as_ref()),
            Field::StateChanged => out.time(self.state_changed),
            _ => {}
        }
    }
}

impl WriteFields for QueueStatistics {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::QueueName => out.value(self.name.as_str()),
            Field::AgentsNotReady => out.statistic(self.agents_not_ready),
            Field::AgentsReady => out.statistic(self.agents_ready),
            Field::TalkingInbound => out.statistic(self.talking_inbound),
            Field::TalkingInternal => out.statistic(self.talking_internal),
            Field::TalkingOutbound => out.statistic(self.talking_outbound),
            Field::WrapUpNotReady => out.statistic(self.wrap_up_not_ready),
            Field::WrapUpReady => out.statistic(self.wrap_up_ready),
            Field::CallsInQueue => out.statistic(self.calls_in_queue),
            Field::LongestCallSince => out.time(self.longest_call_since),
            _ => {}
        }
    }
}

impl WriteFields for Phonebook {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::BookName => out.value(self.name.as_str()),
            Field::BookScope => out.value(self.scope.as_str()),
            Field::BookId => out.value(self.id.as_str()),
            _ => {}
        }
    }
}

impl WriteFields for Contact {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match field {
            Field::Description => out.value(self.description.as_str()),
            Field::FirstName => out.value(self.first_name.as_str()),
            Field::LastName => out.value(self.last_name.as_str()),
            Field::PhoneNumber => out.value(self.phone_number.as_str()),
            Field::ContactId => out.value(self.id.as_str()),
            _ => {}
        }
    }
}
