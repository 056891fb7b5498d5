//! Commands and events of every kind, made of any words.

use alloc::string::String;
use alloc::vec::Vec;

use super::field::{cleaned, cleaned_name, printable};
use super::*;
use crate::agent::{AgentId, AgentState, CallAction, DialogId, ParticipantState, Team, Text};
use crate::machine::UnixMillis;

/// Gives values for the fields of a command or event: as they are, or as they must arrive.
pub(super) struct Values<'a> {
    words: &'a [String],
    next: usize,
    /// The form that they have travelled in.
    arrived: Option<EventFormat>,
}

impl<'a> Values<'a> {
    pub(super) fn raw(words: &'a [String]) -> Self {
        Self {
            words,
            next: 0,
            arrived: None,
        }
    }

    pub(super) fn arrived(words: &'a [String], form: EventFormat) -> Self {
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

    pub(super) fn event(&mut self, kind: EventKind) -> Event {
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
            EventKind::NewOutboundCall => Event::NewOutboundCall(Call {
                state: CallState::Initiating,
                ..self.call(true)
            }),
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

    pub(super) fn command(&mut self, verb: Verb) -> CommandMessage {
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
