//! The parameters of a command: cut out of the body, then understood by their place in the layout.

use alloc::vec::Vec;

use super::command::{Command, MobileMode, Verb};
use super::destination::Destination;
use super::field::is_name;
use super::layout::{CommandLayout, Layout};
use super::layout_field::Parameter;
use super::malformed::CommandFault;
use crate::agent::{DialogId, Extension, TeamId, Text};
use crate::password::Secret;

/// The parameters of one command, cut but not yet understood.
pub(super) struct Arguments<'a> {
    given: Vec<(Parameter, &'a str)>,
    layout: &'a Layout,
}

impl<'a> Arguments<'a> {
    pub(super) fn read(
        body: &'a str,
        row: &CommandLayout,
        layout: &'a Layout,
    ) -> Result<Self, CommandFault> {
        if body.len() > layout.limits.command {
            return Err(CommandFault::LimitBody);
        }
        let mut rest = Some(body.trim_end_matches(['\r', '\n', '\0']));
        let mut given = Vec::with_capacity(row.parameters.len());
        for slot in &row.parameters {
            let text = match (rest, slot.takes_rest) {
                (Some(all), true) => {
                    rest = None;
                    all
                }
                (Some(all), false) => match all.split_once(',') {
                    Some((first, others)) => {
                        rest = Some(others);
                        first
                    }
                    None => {
                        rest = None;
                        all
                    }
                },
                (None, _) => "",
            };
            let is_exact = slot.parameter == Parameter::Password;
            let text = if is_exact { text } else { text.trim() };
            if !text.is_empty() {
                given.push((slot.parameter, text));
            } else if !slot.is_optional {
                return Err(CommandFault::RemoteMissing(slot.parameter));
            }
        }
        Ok(Self { given, layout })
    }

    fn optional(&self, parameter: Parameter) -> Option<&'a str> {
        self.given
            .iter()
            .find(|(known, _)| *known == parameter)
            .map(|(_, text)| *text)
    }

    fn required(&self, parameter: Parameter) -> Result<&'a str, CommandFault> {
        self.optional(parameter)
            .ok_or(CommandFault::RemoteMissing(parameter))
    }

    fn text<T: From<&'a str>>(&self, parameter: Parameter) -> Result<T, CommandFault> {
        let text = self.required(parameter)?;
        if text.contains(char::is_control) {
            return Err(CommandFault::RemoteBad(parameter));
        }
        Ok(text.into())
    }

    fn name<T: From<&'a str>>(&self, parameter: Parameter) -> Result<T, CommandFault> {
        let text = self.required(parameter)?;
        if is_name(text) {
            Ok(text.into())
        } else {
            Err(CommandFault::RemoteBad(parameter))
        }
    }

    fn password(&self) -> Result<Secret, CommandFault> {
        self.required(Parameter::Password).map(Secret::from)
    }

    fn dialog(&self) -> Result<DialogId, CommandFault> {
        self.name(Parameter::Dialog)
    }

    fn extension(&self) -> Result<Extension, CommandFault> {
        self.name(Parameter::Extension)
    }

    fn is_word(&self, parameter: Parameter, word: &Text) -> bool {
        self.optional(parameter)
            .is_some_and(|text| text.eq_ignore_ascii_case(word.as_str()))
    }

    fn destination(&self) -> Result<Destination, CommandFault> {
        Destination::parse(
            self.required(Parameter::Destination)?,
            &self.layout.command_queues,
        )
        .map_err(CommandFault::RemoteDestination)
    }

    fn mobile_mode(&self) -> Result<MobileMode, CommandFault> {
        let words = &self.layout.words;
        if self.is_word(Parameter::MobileMode, &words.yes) {
            Ok(MobileMode::CallByCall)
        } else if self.is_word(Parameter::MobileMode, &words.no) {
            Ok(MobileMode::Nailed)
        } else {
            Err(CommandFault::RemoteBad(Parameter::MobileMode))
        }
    }

    fn variables(&self) -> Result<Vec<(Text, Text)>, CommandFault> {
        let bad = CommandFault::RemoteBad(Parameter::Variables);
        let mut variables = Vec::new();
        for item in self.required(Parameter::Variables)?.split('|') {
            let Some((name, value)) = item.split_once('=') else {
                return Err(bad);
            };
            let name = name.trim();
            let is_over = variables.len() >= self.layout.limits.sub_items;
            if is_over || name.is_empty() || item.contains(char::is_control) {
                return Err(bad);
            }
            variables.push((name.into(), value.into()));
        }
        Ok(variables)
    }

    pub(super) fn command(&self, verb: Verb) -> Result<Command, CommandFault> {
        use Parameter as P;
        Ok(match verb {
            Verb::Hello => Command::Hello,
            Verb::Beat => Command::Beat,
            Verb::Connect => Command::Connect {
                destination: self.destination()?,
                password: self.optional(P::Password).map(Secret::from),
                sso: self.is_word(P::Sso, &self.layout.words.sso),
            },
            Verb::Login => Command::Login {
                password: self.password()?,
                extension: self.extension()?,
            },
            Verb::MobileAgentLogin => Command::MobileAgentLogin {
                password: self.password()?,
                extension: self.extension()?,
                dial_number: self.text(P::DialNumber)?,
                mode: self.mobile_mode()?,
            },
            Verb::Logout => Command::Logout,
            Verb::LogoutWithReason => Command::LogoutWithReason {
                code: self.text(P::ReasonCode)?,
            },
            Verb::ForceLogout => Command::ForceLogout,
            Verb::AgentAbruptDisconnect => Command::AgentAbruptDisconnect,
            Verb::MakeReady => Command::MakeReady,
            Verb::MakeNotReady => Command::MakeNotReady,
            Verb::MakeNotReadyWithReason => Command::MakeNotReadyWithReason {
                code: self.text(P::ReasonCode)?,
            },
            Verb::MakeWorkReady => Command::MakeWorkReady,
            Verb::MakeWorkNotReady => Command::MakeWorkNotReady,
            Verb::GetState => Command::GetState,
            Verb::MakeCall => Command::MakeCall {
                number: self.text(P::Number)?,
            },
            Verb::AnswerCall => Command::AnswerCall {
                dialog: self.dialog()?,
            },
            Verb::HoldCall => Command::HoldCall {
                dialog: self.dialog()?,
            },
            Verb::RetrieveCall => Command::RetrieveCall {
                dialog: self.dialog()?,
            },
            Verb::ReleaseCall => Command::ReleaseCall {
                dialog: self.dialog()?,
            },
            Verb::TransferSst => Command::TransferSst {
                number: self.text(P::Number)?,
                dialog: self.dialog()?,
            },
            Verb::ConsultCall => Command::ConsultCall {
                number: self.text(P::Number)?,
                dialog: self.dialog()?,
            },
            Verb::TransferCall => Command::TransferCall {
                extension: self.extension()?,
                dialog: self.dialog()?,
            },
            Verb::ConferenceCall => Command::ConferenceCall {
                extension: self.extension()?,
                dialog: self.dialog()?,
            },
            Verb::SendDtmf => Command::SendDtmf {
                digits: self.text(P::Digits)?,
                dialog: self.dialog()?,
            },
            Verb::UpdateCallData => Command::UpdateCallData {
                dialog: self.dialog()?,
                variables: self.variables()?,
            },
            Verb::UpdateWrapup => Command::UpdateWrapup {
                dialog: self.dialog()?,
                label: self.text(P::WrapUpLabel)?,
            },
            Verb::GetDialogState => Command::GetDialogState {
                dialog: self.dialog()?,
            },
            Verb::GetDialogControls => Command::GetDialogControls {
                dialog: self.dialog()?,
            },
            Verb::AcceptCall => Command::AcceptCall {
                dialog: self.dialog()?,
            },
            Verb::RejectCall => Command::RejectCall {
                dialog: self.dialog()?,
            },
            Verb::CloseCall => Command::CloseCall {
                dialog: self.dialog()?,
            },
            Verb::StartRecording => Command::StartRecording {
                dialog: self.dialog()?,
            },
            Verb::WrapUpReasonCodes => Command::WrapUpReasonCodes,
            Verb::LogoutReasonCodes => Command::LogoutReasonCodes,
            Verb::NotReadyReasonCodes => Command::NotReadyReasonCodes,
            Verb::GetQueueList => Command::GetQueueList,
            Verb::GetTeamUsers => Command::GetTeamUsers {
                team: self.name::<TeamId>(P::Team)?,
                follow: self.is_word(P::Follow, &self.layout.words.yes),
            },
            Verb::SilentMonitor => Command::SilentMonitor {
                extension: self.extension()?,
            },
            Verb::EndSilentMonitor => Command::EndSilentMonitor {
                dialog: self.dialog()?,
            },
            Verb::BargeIn => Command::BargeIn {
                extension: self.extension()?,
                dialog: self.dialog()?,
            },
            Verb::DropParticipant => Command::DropParticipant {
                extension: self.extension()?,
                dialog: self.dialog()?,
            },
            Verb::GetPhonebooks => Command::GetPhonebooks,
            Verb::GetTeamPhonebooks => Command::GetTeamPhonebooks {
                team: self.name(P::Team)?,
            },
            Verb::GetPhonebookContacts => Command::GetPhonebookContacts {
                book: self.text(P::Book)?,
            },
        })
    }
}
