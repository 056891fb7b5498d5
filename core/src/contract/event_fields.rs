//! The fields of states, profiles and calls, one by one: as they are written and as they are read.

use super::call::{Call, CallParticipant, CallState};
use super::event::{AgentInfo, AgentStatus};
use super::field_reader::FieldReader;
use super::field_writer::FieldWriter;
use super::layout::Field;
use crate::agent::{AgentState, ParticipantState, Team, Text};

/// Something whose fields a layout puts in order.
pub(super) trait WriteFields {
    /// Writes the value of one field; nothing for a field it does not have.
    fn write(&self, field: Field, out: &mut FieldWriter<'_>);
}

/// Something whose fields a layout finds.
pub(super) trait ReadFields {
    /// Takes the text of one field; a field it does not have is ignored.
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>);
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
    fn read(&mut self, field: Field, text: &str, reader: &FieldReader<'_>) {
        match field {
            Field::TeamId => self.id = reader.word(text),
            Field::TeamName => self.name = text.into(),
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

/// A state that may be absent.
pub(super) fn pending(text: &str, reader: &FieldReader<'_>) -> Option<AgentState> {
    let text = reader.word::<Text>(text);
    (!text.is_empty()).then(|| AgentState::from_wire(text.as_str()))
}
