//! The fields of states, profiles and calls, one by one: as they are written and as they are read.

use super::call::{Call, CallParticipant, CallState};
use super::event::{AgentInfo, AgentStatus};
use super::field_reader::{FieldReader, Given};
use super::field_writer::FieldWriter;
use super::layout_field::{Field, Item};
use crate::agent::{AgentState, ParticipantState, Team, Text};

/// Something whose fields a layout puts in order.
pub(super) trait WriteFields {
    /// Writes the value of one field; nothing for a field it does not have.
    fn write(&self, field: Field, out: &mut FieldWriter<'_>);
}

/// Something whose fields a layout finds.
pub(super) trait ReadFields {
    /// Takes the value of one field; a field it does not have is ignored.
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>);
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
            Field::Agent | Field::OtherAgent => out.word(self.agent.as_str()),
            Field::Extension => out.word(self.extension.as_ref().map_or("", |line| line.as_str())),
            _ => {}
        }
    }
}

impl ReadFields for AgentStatus {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::State => self.state = AgentState::from_wire(reader.word::<Text>(given).as_str()),
            Field::ReasonCode => self.reason_code = reader.value(given),
            Field::ReasonLabel => self.reason_label = reader.value(given),
            Field::PendingState => self.pending_state = pending(given, reader),
            Field::StateChanged => self.state_changed = reader.time(given),
            Field::FullName => self.full_name = reader.value(given),
            Field::Agent | Field::OtherAgent => self.agent = reader.word(given),
            Field::Extension => {
                self.extension = reader.word::<Text>(given).non_empty().map(Into::into)
            }
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
                out.list(&self.teams, '|', |out, team| {
                    out.sub_fields(team, Item::Team)
                });
            }
            Field::TeamId => out.word(self.team.as_ref().map_or("", |team| team.as_str())),
            Field::FullName => out.value(self.full_name.as_str()),
            _ => {}
        }
    }
}

impl ReadFields for AgentInfo {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::FirstName => self.first_name = reader.value(given),
            Field::LastName => self.last_name = reader.value(given),
            Field::IsSupervisor => self.is_supervisor = reader.is_yes(given),
            Field::WrapUpMode => self.wrap_up_mode = reader.value(given),
            Field::Teams => {
                self.teams = reader.list(given, '|', |team| reader.sub_fields(team, Item::Team));
            }
            Field::TeamId => self.team = reader.word::<Text>(given).non_empty().map(Into::into),
            Field::FullName => self.full_name = reader.value(given),
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

impl ReadFields for Team {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::TeamId => self.id = reader.word(given),
            Field::TeamName => self.name = reader.value(given),
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
                out.pair(name.as_str(), value.as_str());
            }),
            Field::Started => out.time(self.started),
            Field::CallType => out.value(self.call_type.as_str()),
            Field::ParticipantCount => out.number(self.participants.len()),
            Field::Participants => {
                out.list(&self.participants, '|', |out, party| {
                    out.sub_fields(party, Item::Participant);
                });
            }
            _ => {}
        }
    }
}

impl ReadFields for Call {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::State => self.state = CallState::from_wire(reader.word::<Text>(given).as_str()),
            Field::Dialog => self.dialog = reader.word(given),
            Field::Address => self.address = reader.value(given),
            Field::Variables => {
                self.variables = reader.list(given, '|', |variable| reader.pair(variable));
            }
            Field::Started => self.started = reader.time(given),
            Field::CallType => self.call_type = reader.value(given),
            Field::Participants => {
                self.participants = reader.list(given, '|', |party| {
                    reader.sub_fields(party, Item::Participant)
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

impl ReadFields for CallParticipant {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::Address => self.address = reader.value(given),
            Field::State => {
                self.state = ParticipantState::from_wire(reader.word::<Text>(given).as_str())
            }
            Field::Device => self.device = reader.value(given),
            Field::Role => self.role = reader.value(given),
            Field::Started => self.started = reader.time(given),
            _ => {}
        }
    }
}

/// A state that may be absent.
pub(super) fn pending(given: Given<'_>, reader: &FieldReader<'_>) -> Option<AgentState> {
    let text = reader.word::<Text>(given);
    (!text.is_empty()).then(|| AgentState::from_wire(text.as_str()))
}
