//! Commands, text → value.

use super::arguments::Arguments;
use super::command::{CommandMessage, Subject, Verb};
use super::destination::Destination;
use super::field::{bounded, is_name};
use super::layout::Layout;
use super::malformed::{CommandFault, Malformed};
use crate::agent::AgentId;

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

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::{format, vec};

    use super::*;
    use crate::contract::{Command, DestinationFault, ErrorCode, MobileMode, Parameter};
    use crate::password::Secret;

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
                "Login#1001",
                "pw,20/01",
                Some("1001"),
                ErrorCode::WrongExtension,
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
    fn a_site_can_require_a_parameter_that_is_optional_by_default() {
        let mut layout = Layout::default();
        for row in layout
            .commands
            .iter_mut()
            .filter(|row| row.verb == Verb::Connect)
        {
            row.parameters[1].is_optional = false;
        }

        let malformed =
            CommandMessage::parse(Some("Connect#1001"), Some("siebel"), &layout).unwrap_err();

        assert_eq!(malformed.code(), ErrorCode::MissingPassword);
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
