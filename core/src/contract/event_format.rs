//! Events, value → text or JSON.

use alloc::string::String;

use super::event::{Event, SystemStatus};
use super::event_fields::WriteFields;
use super::event_form::EventFormat;
use super::field_writer::FieldWriter;
use super::layout::Layout;
use super::layout_field::{Field, Item};
use super::layout_json::JsonKey;
use super::time_format::TimeFormat;
use crate::agent::AgentId;

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
    /// The text of the event for the agent `to`.
    ///
    /// Without an agent (an empty `to`) a `System` event carries the layout's word for the
    /// connector; with one it concerns that agent alone.
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
        self.format_as(EventFormat::Text, to, layout, time)
    }

    /// The event in the form that is wanted, with counts for the monitor.
    ///
    /// ```
    /// use finewire_core::contract::{ErrorCode, Event, EventFormat, Layout, TimeFormat};
    ///
    /// let event = Event::error(ErrorCode::BadCommand, "no such #thing");
    /// let layout = Layout::default();
    /// let json = event.format_as(EventFormat::Json, &"1001".into(), &layout, &TimeFormat::UTC);
    ///
    /// let expected =
    ///     r#"{"type":"Error","agentId":"1001","code":"BAD_COMMAND","text":"no such #thing"}"#;
    /// assert_eq!(json.text, expected);
    /// ```
    #[must_use]
    pub fn format_as(
        &self,
        form: EventFormat,
        to: &AgentId,
        layout: &Layout,
        time: &TimeFormat,
    ) -> Formatted {
        let mut out = FieldWriter::new(form, layout, *time);
        match form {
            EventFormat::Text => self.write_text(to, &mut out),
            EventFormat::Json => self.write_json(to, &mut out),
        }
        out.finish()
    }

    fn write_text(&self, to: &AgentId, out: &mut FieldWriter<'_>) {
        let layout = out.layout;
        if let Self::System(status) = self {
            Self::write_system(to, out);
            out.mark('#');
            out.value(layout.status_word(*status));
            return;
        }
        out.addressee(to);
        if let Some(row) = layout.event(self.kind()) {
            out.mark('#');
            out.value(row.name.as_str());
            for slot in &row.fields {
                if slot.field == Field::Items {
                    self.write(slot.field, out);
                } else {
                    out.mark('#');
                    out.label(slot);
                    self.write_field(slot.field, to, out);
                }
            }
        }
    }

    fn write_json(&self, to: &AgentId, out: &mut FieldWriter<'_>) {
        let layout = out.layout;
        let type_key = JsonKey {
            field: Field::Empty,
            key: layout.json.type_key.clone(),
            is_optional: false,
        };
        let name = layout
            .event(self.kind())
            .map_or("", |row| row.name.as_str());
        out.mark('{');
        out.entry(&type_key, |out| out.value(name));
        for key in layout.json.event(self.kind()) {
            out.entry(key, |out| self.write_field(key.field, to, out));
        }
        out.mark('}');
    }

    /// A field of which the addressed agent is part.
    fn write_field(&self, field: Field, to: &AgentId, out: &mut FieldWriter<'_>) {
        match (field, self) {
            (Field::To, Self::System(_)) => Self::write_system(to, out),
            (Field::To, _) => out.addressee(to),
            (Field::OtherAgent, Self::State(status)) if status.agent == *to => out.word(""),
            _ => self.write(field, out),
        }
    }

    /// The connector, or the agent whom alone a `System` event concerns.
    fn write_system(to: &AgentId, out: &mut FieldWriter<'_>) {
        match to.is_empty() {
            true => out.value(out.layout.words.system.as_str()),
            false => out.addressee(to),
        }
    }

    /// The JMS type of the message that carries the event: `<event name>#<agent>`. Drivers do not
    /// need it; it lets brokers' consoles and selectors tell events apart.
    #[must_use]
    pub fn jms_type(&self, to: &AgentId, layout: &Layout) -> String {
        let mut out = FieldWriter::new(EventFormat::Text, layout, TimeFormat::UTC);
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
                out.addressee(to);
            }
        }
        out.finish().text
    }
}

impl Layout {
    pub(super) fn status_word(&self, status: SystemStatus) -> &str {
        match status {
            SystemStatus::InService => self.words.in_service.as_str(),
            SystemStatus::OutOfService => self.words.out_of_service.as_str(),
            SystemStatus::Reconnect => self.words.reconnect.as_str(),
        }
    }
}

impl WriteFields for Event {
    fn write(&self, field: Field, out: &mut FieldWriter<'_>) {
        match self {
            Self::ConnectStatus { status } => {
                if field == Field::Status {
                    out.word(status.as_str());
                }
            }
            Self::State(status) => status.write(field, out),
            Self::AgentInfo(info) => info.write(field, out),
            Self::DialogStatus { calls } => match field {
                Field::HasCalls if *calls > 0 => out.value(out.layout.words.calls.as_str()),
                Field::HasCalls => out.value(out.layout.words.no_calls.as_str()),
                Field::CallCount => out.number(calls),
                _ => {}
            },
            Self::NewInboundCall(call)
            | Self::NewOutboundCall(call)
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
                Field::Reasons => out.list(reasons, '|', |out, (code, label)| {
                    out.pair(code.as_str(), label.as_str());
                }),
                Field::Labels => {
                    out.list(reasons, ',', |out, (_, label)| out.value(label.as_str()));
                }
                _ => {}
            },
            Self::Error(refused) | Self::Control(refused) => match field {
                Field::Code => out.word(out.layout.error_word(&refused.code)),
                Field::Text => out.value(refused.text.as_str()),
                _ => {}
            },
            Self::System(status) => {
                if field == Field::Status {
                    out.value(out.layout.status_word(*status));
                }
            }
            _ if field != Field::Items => {}
            Self::TeamUsersList(users) => out.items(users, Item::TeamUser),
            Self::QueueList(queues) => out.items(queues, Item::Queue),
            Self::Phonebooks(books) | Self::TeamPhonebooks(books) => {
                out.items(books, Item::Phonebook);
            }
            Self::PhonebookContacts(contacts) => out.items(contacts, Item::Contact),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::contract::{Contact, ErrorCode, EventMessage, ReasonCategory};

    fn formatted(event: &Event, layout: &Layout) -> Formatted {
        event.format_counted(&"1001".into(), layout, &TimeFormat::UTC)
    }

    #[test]
    fn long_values_are_cut_and_counted() {
        let mut layout = Layout::default();
        layout.limits.value = 5;

        let cut = formatted(&Event::error(ErrorCode::Timeout, "äää"), &layout);

        assert_eq!(cut.text, "1001#Error#TIMEO#ää");
        assert_eq!((cut.cut, cut.replaced), (2, 0));
    }

    #[test]
    fn long_lists_are_ended_and_counted() {
        let mut layout = Layout::default();
        layout.limits.sub_items = 2;
        layout.limits.items = 1;
        let reasons = (0..3)
            .map(|n| (alloc::format!("{n}").into(), "x".into()))
            .collect();

        let reasons = formatted(
            &Event::ReasonCodes {
                category: ReasonCategory::Logout,
                reasons,
            },
            &layout,
        );
        let contacts = formatted(
            &Event::PhonebookContacts(vec![Contact::default(); 2]),
            &layout,
        );

        assert_eq!(reasons.text, "1001#ReasonCodes#LOGOUT#codes:0,1#labels:x,x");
        assert_eq!(reasons.cut, 2);
        assert_eq!(
            (contacts.text.as_str(), contacts.cut),
            ("1001#PhonebookContacts#,,,,", 1)
        );
    }

    #[test]
    fn an_event_stops_growing_at_its_limit_and_keeps_its_fields() {
        let mut layout = Layout::default();
        layout.limits.event = 40;
        let contact = Contact {
            phone_number: "0123456789".into(),
            ..Contact::default()
        };

        let cut = formatted(&Event::PhonebookContacts(vec![contact; 20]), &layout);

        assert_eq!(cut.text.split('#').count(), 22);
        assert!(cut.text.len() <= 40 + 20 * 5, "{cut:?}");
        assert!(cut.cut >= 18);
    }

    #[test]
    fn a_word_keeps_no_blank_where_a_character_was_replaced_at_its_end() {
        let error = Event::error(ErrorCode::Other("#CF_ODD\n".into()), "x#");

        let error = error.format(&"1001|".into(), &Layout::default(), &TimeFormat::UTC);

        assert_eq!(error, "1001#Error#CF_ODD#x ");
    }

    #[test]
    fn a_text_never_begins_like_an_object_whatever_the_agent_is_called() {
        let (layout, time) = (Layout::default(), TimeFormat::UTC);
        let error = Event::error(ErrorCode::BadCommand, "x");
        let in_service = Event::System(SystemStatus::InService);
        for agent in ["{\u{7f}||}m", ",\0{\u{1d}\0\",\"a", "{}", "{\"type\"}"] {
            for event in [&error, &in_service] {
                let text = event.format_counted(&agent.into(), &layout, &time);
                let read = EventMessage::parse(&text.text, &layout, &time).unwrap();

                assert_eq!(&read.event, event, "{agent}");
                assert_eq!(event.format(&read.to, &layout, &time), text.text);
                assert!(text.replaced > 0, "{agent}");
            }
        }
    }

    #[test]
    fn every_replaced_character_is_counted() {
        let event = Event::error(ErrorCode::BadCommand, "a#b|c,d\ne");

        let event = formatted(
            &event,
            &Layout {
                replacement: '_',
                ..Layout::default()
            },
        );

        assert_eq!(
            (event.text.as_str(), event.replaced),
            ("1001#Error#BAD_COMMAND#a_b_c_d_e", 4)
        );
    }

    #[test]
    fn an_event_that_a_site_has_taken_out_has_no_name() {
        let mut layout = Layout::default();
        layout.events.clear();

        assert_eq!(
            formatted(&Event::DialogStatus { calls: 1 }, &layout).text,
            "1001"
        );
    }
}
