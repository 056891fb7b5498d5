//! The fields of the items in lists, one by one: as they are written and as they are read.

use super::event_fields::{ReadFields, WriteFields, pending};
use super::field_reader::{FieldReader, Given};
use super::field_writer::FieldWriter;
use super::layout_field::Field;
use super::lists::{Contact, Phonebook, QueueStatistics, TeamUser};
use crate::agent::{AgentState, Text};

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

impl ReadFields for TeamUser {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::FirstName => self.first_name = reader.value(given),
            Field::LastName => self.last_name = reader.value(given),
            Field::Extension => {
                self.extension = reader.word::<Text>(given).non_empty().map(Into::into)
            }
            Field::Agent => self.id = reader.word(given),
            Field::State => self.state = AgentState::from_wire(reader.word::<Text>(given).as_str()),
            Field::ReasonCode => self.reason_code = reader.value(given),
            Field::PendingState => self.pending_state = pending(given, reader),
            Field::StateChanged => self.state_changed = reader.time(given),
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

impl ReadFields for QueueStatistics {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::QueueName => self.name = reader.value(given),
            Field::AgentsNotReady => self.agents_not_ready = reader.statistic(given),
            Field::AgentsReady => self.agents_ready = reader.statistic(given),
            Field::TalkingInbound => self.talking_inbound = reader.statistic(given),
            Field::TalkingInternal => self.talking_internal = reader.statistic(given),
            Field::TalkingOutbound => self.talking_outbound = reader.statistic(given),
            Field::WrapUpNotReady => self.wrap_up_not_ready = reader.statistic(given),
            Field::WrapUpReady => self.wrap_up_ready = reader.statistic(given),
            Field::CallsInQueue => self.calls_in_queue = reader.statistic(given),
            Field::LongestCallSince => self.longest_call_since = reader.time(given),
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

impl ReadFields for Phonebook {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::BookName => self.name = reader.value(given),
            Field::BookScope => self.scope = reader.value(given),
            Field::BookId => self.id = reader.value(given),
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

impl ReadFields for Contact {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::Description => self.description = reader.value(given),
            Field::FirstName => self.first_name = reader.value(given),
            Field::LastName => self.last_name = reader.value(given),
            Field::PhoneNumber => self.phone_number = reader.value(given),
            Field::ContactId => self.id = reader.value(given),
            _ => {}
        }
    }
}
