//! Commands, text → value.

use alloc::vec::Vec;
use core::fmt;

use super::command::{Command, CommandMessage, MobileMode, Subject, Verb};
use super::destination::{Destination, DestinationFault};
use super::error_code::ErrorCode;
use super::field::{bounded, is_name};
use super::layout::{CommandLayout, Layout, Parameter};
use crate::agent::{AgentId, DialogId, Extension, TeamId, Text};
use crate::password::Secret;

impl CommandMessage {
    /// Reads a command from a message's JMS type (`<verb>#<subject>`) and text body (parameters
    /// joined by `,`; absent, null and empty are the same).
    ///
    /// Verbs compare case-insensitively, blanks around subject and parameters do not matter (but
    /// in a password they do), superfluous parameters are ignored.
    ///
    /// ```
    /// use finewire_core::contract::{Command, CommandMessage, Layout};
    ///
    /// let layout = Layout::default();
    /// let message = CommandMessage::parse(Some("ANSWERCALL# 1001 "), Some("4711"), &layout)?;
    ///
    /// assert_eq!(message.agent(), Some(&"1001".into()));
    /// assert_eq!(message.command, Command::AnswerCall { dialog: "4711".into() });
    /// # Ok::<(), finewire_core::contract::Malformed>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Malformed`] says what is wrong and, where it is known, whose command it was.
    pub fn parse(
        jms_type: Option<&str>,
        body: Option<&str>,
        layout: &Layout,
    ) -> Result<Self, Malformed> {
        let fail = |fault| Malformed {
            agent: None,
            verb: None,
            fault,
        };
        let jms_type = jms_type.unwrap_or_default();
        if jms_type.len() > layout.limits.jms_type {
            return Err(fail(CommandFault::LimitJmsType));
        }
        let (name, subject) = jms_type.split_once('#').unwrap_or((jms_type, ""));
        let (name, subject) = (name.trim(), subject.trim());
        if name.is_empty() {
            return Err(fail(CommandFault::RemoteNoVerb));
        }
        let agent = is_name(subject).then(|| AgentId::from(subject));
        let Some(row) = layout.command_named(name) else {
            let fault = CommandFault::RemoteUnknownVerb(bounded(name, SHOWN).into());
            return Err(Malformed {
                agent,
                verb: None,
                fault,
            });
        };
        let verb = row.verb;
        if let Verb::Hello | Verb::Beat = verb {
            let destination =
                Destination::parse(subject, &layout.command_queues).map_err(|fault| Malformed {
                    agent: None,
                    verb: Some(verb),
                    fault: CommandFault::RemoteDestination(fault),
                })?;
            return Ok(if verb == Verb::Hello {
                Self::hello(destination)
            } else {
                Self::beat(destination)
            });
        }
        let Some(agent) = agent else {
            let fault = match subject {
                "" => CommandFault::RemoteNoSubject,
                _ => CommandFault::RemoteSubject,
            };
            return Err(Malformed {
                agent: None,
                verb: Some(verb),
                fault,
            });
        };
        match Arguments::read(body.unwrap_or_default(), row, layout)
            .and_then(|arguments| arguments.command(verb))
        {
            Ok(command) => Ok(Self {
                subject: Subject::Agent(agent),
                command,
            }),
            Err(fault) => Err(Malformed {
                agent: Some(agent),
                verb: Some(verb),
                fault,
            }),
        }
    }
}

/// As many bytes of an unknown verb are repeated in an error.
const SHOWN: usize = 64;

/// The parameters of one command, cut but not yet understood.
struct Arguments<'a> {
    given: Vec<(Parameter, &'a str)>,
    layout: &'a Layout,
}

impl<'a> Arguments<'a> {
    fn read(body: &'a str, row: &CommandLayout, layout: &'a Layout) -> Result<Self, CommandFault> {
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

    fn command(&self, verb: Verb) -> Result<Command, CommandFault> {
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

/// A message that is no command. `Display` is a text for the user; it repeats no value that could
/// be a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Whose command it was, where that could be read: the error goes there.
    pub agent: Option<AgentId>,
    /// Which command it was, where that could be read.
    pub verb: Option<Verb>,
    /// What is wrong.
    pub fault: CommandFault,
}

/// What is wrong with a message that should be a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandFault {
    /// The JMS type is longer than [`Limits::jms_type`](super::Limits::jms_type).
    LimitJmsType,
    /// The body is longer than [`Limits::command`](super::Limits::command).
    LimitBody,
    /// There is no JMS type, or nothing before its `#`.
    RemoteNoVerb,
    /// No such command; the start of its name.
    RemoteUnknownVerb(Text),
    /// There is nothing behind the `#` of the JMS type.
    RemoteNoSubject,
    /// The subject cannot be an agent.
    RemoteSubject,
    /// The destination cannot be one. Count and drop: there is nobody to answer.
    RemoteDestination(DestinationFault),
    /// A parameter is missing or empty.
    RemoteMissing(Parameter),
    /// A parameter cannot be understood.
    RemoteBad(Parameter),
}

impl Malformed {
    /// The code for the `Error` event.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self.fault {
            CommandFault::RemoteUnknownVerb(_) => ErrorCode::NotSupported,
            CommandFault::RemoteMissing(Parameter::Password) => ErrorCode::MissingPassword,
            CommandFault::RemoteMissing(Parameter::Extension)
                if matches!(self.verb, Some(Verb::Login | Verb::MobileAgentLogin)) =>
            {
                ErrorCode::MissingExtension
            }
            _ => ErrorCode::BadCommand,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            CommandFault::LimitJmsType => f.write_str("The command's name is too long."),
            CommandFault::LimitBody => f.write_str("The command is too long."),
            CommandFault::RemoteNoVerb => f.write_str("The message names no command."),
            CommandFault::RemoteUnknownVerb(name) => {
                write!(f, "The command \"{name}\" is not known here.")
            }
            CommandFault::RemoteNoSubject => f.write_str("The command names no agent."),
            CommandFault::RemoteSubject => f.write_str("The command names an impossible agent."),
            CommandFault::RemoteDestination(fault) => {
                write!(f, "The command names an impossible destination: {fault}.")
            }
            CommandFault::RemoteMissing(parameter) => {
                write!(f, "The command lacks the {parameter}.")
            }
            CommandFault::RemoteBad(parameter) => {
                write!(f, "The command's {parameter} cannot be understood.")
            }
        }
    }
}

impl core::error::Error for Malformed {}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Destination => "destination",
            Self::Password => "password",
            Self::Sso => "SSO mark",
            Self::Extension => "extension",
            Self::DialNumber => "mobile number",
            Self::MobileMode => "mobile mode",
            Self::ReasonCode => "reason code",
            Self::Number => "number",
            Self::Dialog => "call id",
            Self::Digits => "digits",
            Self::Variables => "call variables",
            Self::WrapUpLabel => "wrap-up reason",
            Self::Team => "team id",
            Self::Follow => "mark to follow changes",
            Self::Book => "phone book id",
        })
    }
}
