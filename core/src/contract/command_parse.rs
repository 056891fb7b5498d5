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

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::{format, vec};

    use super::*;

    fn parse(jms_type: &str, body: &str) -> Result<CommandMessage, Malformed> {
        CommandMessage::parse(Some(jms_type), Some(body), &Layout::default())
    }

    fn command(jms_type: &str, body: &str) -> Command {
        parse(jms_type, body).unwrap().command
    }

    fn fault(jms_type: &str, body: &str) -> CommandFault {
        parse(jms_type, body).unwrap_err().fault
    }

    #[test]
    fn a_login_is_read_and_its_password_kept_exactly() {
        assert_eq!(
            command("Login#1001", " Pass word ,2001"),
            Command::Login {
                password: " Pass word ".into(),
                extension: "2001".into()
            }
        );
    }

    #[test]
    fn verbs_are_read_in_any_case_and_subjects_without_their_blanks() {
        for jms_type in [
            "Force_Logout#1001",
            "FORCE_LOGOUT# 1001",
            " force_logout #\t1001 ",
        ] {
            let message = parse(jms_type, "").unwrap();

            assert_eq!(
                message,
                CommandMessage::of_agent("1001".into(), Command::ForceLogout)
            );
        }
    }

    #[test]
    fn a_null_and_an_empty_body_are_the_same() {
        let layout = Layout::default();
        let null = CommandMessage::parse(Some("GetState#1001"), None, &layout);

        assert_eq!(null, parse("GetState#1001", ""));
        assert_eq!(null, parse("GetState#1001", "\r\n"));
    }

    #[test]
    fn superfluous_parameters_are_ignored() {
        assert_eq!(command("MakeReady#1001", "x,y"), Command::MakeReady);
        assert_eq!(
            command("AnswerCall#1001", " 17 ,whatever,"),
            Command::AnswerCall {
                dialog: "17".into()
            }
        );
    }

    #[test]
    fn hello_and_beat_name_a_destination() {
        let hello = parse("Hello# 192.168.1.148", "").unwrap();

        assert_eq!(hello.command, Command::Hello);
        assert_eq!(hello.subject.to_string(), "192.168.1.148");
        assert_eq!(hello.agent(), None);
        assert_eq!(
            fault("Beat#x,queue://Connector1", ""),
            CommandFault::RemoteDestination(DestinationFault::RemoteCharacter(','))
        );
        assert_eq!(
            fault("Hello#", ""),
            CommandFault::RemoteDestination(DestinationFault::RemoteEmpty)
        );
    }

    #[test]
    fn connect_needs_a_destination_only() {
        let connect = |password: Option<&str>, sso| Command::Connect {
            destination: Destination::parse("siebel", &[]).unwrap(),
            password: password.map(Secret::from),
            sso,
        };

        assert_eq!(command("Connect#1001", "siebel"), connect(None, false));
        assert_eq!(command("Connect#1001", "siebel,"), connect(None, false));
        assert_eq!(
            command("Connect#1001", "siebel,pw"),
            connect(Some("pw"), false)
        );
        assert_eq!(
            command("Connect#1001", "siebel,pw, sso "),
            connect(Some("pw"), true)
        );
        assert_eq!(
            command("Connect#1001", "siebel,pw,no"),
            connect(Some("pw"), false)
        );
        assert_eq!(
            fault("Connect#1001", "Connector1,pw"),
            CommandFault::RemoteDestination(DestinationFault::RemoteCommandQueue)
        );
        assert_eq!(
            fault("Connect#1001", ""),
            CommandFault::RemoteMissing(Parameter::Destination)
        );
    }

    #[test]
    fn a_mobile_login_says_how_the_agent_is_reached() {
        let login = |mode| Command::MobileAgentLogin {
            password: "pw".into(),
            extension: "2001".into(),
            dial_number: "0170#1".into(),
            mode,
        };

        let mobile = |word| format!("pw,2001,0170#1,{word}");
        assert_eq!(
            command("MobileAgentLogin#1", &mobile("TRUE")),
            login(MobileMode::CallByCall)
        );
        assert_eq!(
            command("MobileAgentLogin#1", &mobile("false")),
            login(MobileMode::Nailed)
        );
        assert_eq!(
            fault("MobileAgentLogin#1", &mobile("maybe")),
            CommandFault::RemoteBad(Parameter::MobileMode)
        );
    }

    #[test]
    fn call_variables_are_cut_at_bars_and_first_equal_signs() {
        assert_eq!(
            command(
                "UpdateCallData#1001",
                "17,callVariable1=a=b|user.x=|user.y=1,5"
            ),
            Command::UpdateCallData {
                dialog: "17".into(),
                variables: vec![
                    ("callVariable1".into(), "a=b".into()),
                    ("user.x".into(), "".into()),
                    ("user.y".into(), "1,5".into()),
                ],
            }
        );
        for bad in [
            "17,callVariable1",
            "17,=x",
            "17,a=b|",
            "17,a=b||c=d",
            "17,a=b\tc",
        ] {
            assert_eq!(
                fault("UpdateCallData#1001", bad),
                CommandFault::RemoteBad(Parameter::Variables),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_wrap_up_label_keeps_its_commas() {
        assert_eq!(
            command("UpdateWrapup#1001", "17,Sale, new customer"),
            Command::UpdateWrapup {
                dialog: "17".into(),
                label: "Sale, new customer".into()
            }
        );
    }

    #[test]
    fn team_members_are_followed_only_on_request() {
        let get = |follow| Command::GetTeamUsers {
            team: "5".into(),
            follow,
        };

        assert_eq!(command("GetTeamUsers#1001", "5"), get(false));
        assert_eq!(command("getteamusers#1001", "5,True"), get(true));
        assert_eq!(command("getteamusers#1001", "5,false"), get(false));
    }

    #[test]
    fn ids_that_would_lead_elsewhere_at_finesse_are_refused() {
        assert_eq!(
            fault("AnswerCall#1001", "../User/1002"),
            CommandFault::RemoteBad(Parameter::Dialog)
        );
        assert_eq!(
            fault("GetState#../SystemInfo", ""),
            CommandFault::RemoteSubject
        );
        assert_eq!(fault("GetState#1001#x", ""), CommandFault::RemoteSubject);
        assert_eq!(fault("GetState#10 01", ""), CommandFault::RemoteSubject);
    }

    #[test]
    fn faults_say_whose_command_it_was_and_which_code_answers_it() {
        let cases = [
            (
                "Login#1001",
                ",2001",
                Some("1001"),
                ErrorCode::MissingPassword,
            ),
            (
                "Login#1001",
                "pw",
                Some("1001"),
                ErrorCode::MissingExtension,
            ),
            (
                "MobileAgentLogin#1001",
                "pw,,1,true",
                Some("1001"),
                ErrorCode::MissingExtension,
            ),
            (
                "SilentMonitor#1001",
                "",
                Some("1001"),
                ErrorCode::BadCommand,
            ),
            ("Juggle#1001", "", Some("1001"), ErrorCode::NotSupported),
            ("MakeCall#1001", " ", Some("1001"), ErrorCode::BadCommand),
            (
                "MakeCall#1001",
                "1\x002",
                Some("1001"),
                ErrorCode::BadCommand,
            ),
            ("GetState#", "", None, ErrorCode::BadCommand),
            ("GetState", "", None, ErrorCode::BadCommand),
            ("#1001", "", None, ErrorCode::BadCommand),
            ("", "", None, ErrorCode::BadCommand),
        ];
        for (jms_type, body, agent, code) in cases {
            let malformed = parse(jms_type, body).unwrap_err();

            assert_eq!(malformed.agent, agent.map(AgentId::from), "{jms_type}");
            assert_eq!(malformed.code(), code, "{jms_type}");
        }
    }

    #[test]
    fn oversized_messages_are_refused_before_they_are_cut() {
        let limits = Layout::default().limits;

        assert_eq!(
            fault(&"x".repeat(limits.jms_type + 1), ""),
            CommandFault::LimitJmsType
        );
        assert_eq!(
            fault("MakeCall#1001", &"1".repeat(limits.command + 1)),
            CommandFault::LimitBody
        );
    }

    #[test]
    fn no_text_about_a_faulty_login_repeats_the_password() {
        for body in [
            "Passw0rd!",
            "Passw0rd!,../x",
            ",Passw0rd!/",
            "Passw0rd!,2001,x,Passw0rd!",
        ] {
            let malformed = parse("MobileAgentLogin#1001", body).unwrap_err();

            assert!(
                !format!("{malformed} {malformed:?}").contains("Passw0rd"),
                "{body}"
            );
        }
    }

    #[test]
    fn a_site_that_names_a_command_otherwise_changes_the_table_only() {
        let mut layout = Layout::default();
        let row = layout
            .commands
            .iter_mut()
            .find(|row| row.verb == Verb::TransferSst)
            .unwrap();
        row.name = "SingleStep".into();
        row.parameters.reverse();

        let message = CommandMessage::parse(Some("singlestep#1001"), Some("17,4711"), &layout);

        let command = Command::TransferSst {
            number: "4711".into(),
            dialog: "17".into(),
        };
        assert_eq!(
            message,
            Ok(CommandMessage::of_agent("1001".into(), command))
        );
    }
}
