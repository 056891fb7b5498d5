//! Events, value → text.

use alloc::string::String;

use super::event::{Event, SystemStatus};
use super::event_fields::WriteFields;
use super::field_writer::FieldWriter;
use super::layout::{Field, Layout};
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
        let mut out = FieldWriter::new(layout, *time);
        if let Self::System(status) = self {
            if to.is_empty() {
                out.value(layout.words.system.as_str());
            } else {
                out.word(to.as_str());
            }
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

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::contract::{Contact, ErrorCode, ReasonCategory};

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
