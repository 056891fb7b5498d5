//! Commands, value → text.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::command::{Command, CommandMessage, MobileMode, Subject, Verb};
use super::field::is_name;
use super::layout::{Layout, ParameterSlot};
use super::layout_field::Parameter;
use crate::agent::Text;
use crate::password::Secret;

/// A command as it travels. The body may hold a password: `Debug` does not show it, and it is
/// wiped in the end.
#[derive(Clone, PartialEq, Eq)]
pub struct WireCommand {
    /// JMS type: `<verb>#<subject>`.
    pub jms_type: String,
    body: Option<Zeroizing<String>>,
}

impl WireCommand {
    /// Text body; `None` for a command without parameters. Never log it.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_ref().map(|body| body.as_str())
    }
}

impl fmt::Debug for WireCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireCommand")
            .field("jms_type", &self.jms_type)
            .finish_non_exhaustive()
    }
}

/// A command cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsendable {
    /// The layout has no such command.
    LocalVerb(Verb),
    /// The subject cannot be an agent, or is a destination where an agent belongs or the reverse.
    LocalSubject,
    /// A needed parameter is empty.
    LocalEmpty(Parameter),
    /// A parameter holds a character that would end or forge it.
    LocalCharacter(Parameter),
    /// The command is longer than the layout's limits.
    LocalTooLong,
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LocalVerb(verb) => write!(f, "the layout has no command {verb:?}"),
            Self::LocalSubject => f.write_str("the command's subject is not possible"),
            Self::LocalEmpty(parameter) => write!(f, "the {parameter} is empty"),
            Self::LocalCharacter(parameter) => {
                write!(f, "the {parameter} holds a character that cannot be sent")
            }
            Self::LocalTooLong => f.write_str("the command is too long"),
        }
    }
}

impl core::error::Error for Unsendable {}

impl CommandMessage {
    /// The command as it travels.
    ///
    /// ```
    /// use finewire_core::contract::{Command, CommandMessage, Layout};
    ///
    /// let login = Command::Login { password: "0badc0de".into(), extension: "2001".into() };
    /// let wire = CommandMessage::of_agent("1001".into(), login).to_wire(&Layout::default())?;
    ///
    /// assert_eq!(wire.jms_type, "Login#1001");
    /// assert_eq!(wire.body(), Some("0badc0de,2001"));
    /// # Ok::<(), finewire_core::contract::Unsendable>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsendable`] where a value would be read as something else: nothing is replaced in a
    /// command.
    pub fn to_wire(&self, layout: &Layout) -> Result<WireCommand, Unsendable> {
        let verb = self.command.verb();
        let row = layout.command(verb).ok_or(Unsendable::LocalVerb(verb))?;
        let subject = match (&self.subject, verb) {
            (Subject::Destination(destination), Verb::Hello | Verb::Beat) => destination.as_str(),
            (Subject::Agent(agent), _)
                if !matches!(verb, Verb::Hello | Verb::Beat) && is_name(agent.as_str()) =>
            {
                agent.as_str()
            }
            _ => return Err(Unsendable::LocalSubject),
        };
        let mut arguments = Vec::with_capacity(row.parameters.len());
        for slot in &row.parameters {
            let text = self.command.argument(slot.parameter, layout);
            check(&text, *slot, &self.command)?;
            arguments.push(text);
        }
        while arguments.last().is_some_and(|text| text.is_empty()) {
            arguments.pop();
        }
        // Room for all of it at once: a growing buffer would leave copies of a password behind.
        let room = arguments.iter().map(|text| text.len() + 1).sum();
        let mut body = Zeroizing::new(String::with_capacity(room));
        for (index, text) in arguments.iter().enumerate() {
            if index > 0 {
                body.push(',');
            }
            body.push_str(text);
        }
        let jms_type = alloc::format!("{}#{subject}", row.name);
        if jms_type.len() > layout.limits.jms_type || body.len() > layout.limits.command {
            return Err(Unsendable::LocalTooLong);
        }
        Ok(WireCommand {
            jms_type,
            body: (!body.is_empty()).then_some(body),
        })
    }
}

fn check(text: &str, slot: ParameterSlot, command: &Command) -> Result<(), Unsendable> {
    let is_given = slot.parameter == Parameter::Password && command.password().is_some();
    if text.is_empty() && (is_given || !slot.is_optional) {
        return Err(Unsendable::LocalEmpty(slot.parameter));
    }
    let ends_it = text.contains(',') && !slot.takes_rest;
    let is_trimmed = slot.parameter != Parameter::Password && text.trim() != text;
    let forges = match (slot.parameter, command) {
        (Parameter::Dialog | Parameter::Extension | Parameter::Team, _) => {
            !text.is_empty() && !is_name(text)
        }
        (Parameter::Variables, Command::UpdateCallData { variables, .. }) => {
            variables.iter().any(|(name, value)| {
                name.is_empty()
                    || name.as_str().trim() != name.as_str()
                    || name.as_str().contains(['=', '|'])
                    || value.as_str().contains('|')
            })
        }
        _ => false,
    };
    if ends_it || is_trimmed || forges || text.contains(char::is_control) {
        return Err(Unsendable::LocalCharacter(slot.parameter));
    }
    Ok(())
}

impl Command {
    /// The text of one parameter; empty where the command has none.
    fn argument(&self, parameter: Parameter, layout: &Layout) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        let word = |is_yes: bool| {
            if is_yes {
                layout.words.yes.as_str()
            } else {
                layout.words.no.as_str()
            }
        };
        match parameter {
            Parameter::Variables => {
                if let Self::UpdateCallData { variables, .. } = self {
                    write_variables(variables, &mut text);
                }
            }
            Parameter::Destination => {
                if let Self::Connect { destination, .. } = self {
                    text.push_str(destination.as_str());
                }
            }
            Parameter::Password => {
                let secret = self.password().map_or("", Secret::expose);
                text.reserve_exact(secret.len());
                text.push_str(secret);
            }
            Parameter::Sso => {
                if let Self::Connect { sso: true, .. } = self {
                    text.push_str(layout.words.sso.as_str());
                }
            }
            Parameter::Follow => {
                if let Self::GetTeamUsers { follow: true, .. } = self {
                    text.push_str(word(true));
                }
            }
            Parameter::MobileMode => {
                if let Self::MobileAgentLogin { mode, .. } = self {
                    text.push_str(word(*mode == MobileMode::CallByCall));
                }
            }
            _ => text.push_str(self.plain_argument(parameter)),
        }
        text
    }

    fn password(&self) -> Option<&Secret> {
        match self {
            Self::Connect { password, .. } => password.as_ref(),
            Self::Login { password, .. } | Self::MobileAgentLogin { password, .. } => {
                Some(password)
            }
            _ => None,
        }
    }

    fn plain_argument(&self, parameter: Parameter) -> &str {
        match (parameter, self) {
            (Parameter::Extension, Self::Login { extension, .. })
            | (Parameter::Extension, Self::MobileAgentLogin { extension, .. })
            | (Parameter::Extension, Self::TransferCall { extension, .. })
            | (Parameter::Extension, Self::ConferenceCall { extension, .. })
            | (Parameter::Extension, Self::SilentMonitor { extension })
            | (Parameter::Extension, Self::BargeIn { extension, .. })
            | (Parameter::Extension, Self::DropParticipant { extension, .. }) => extension.as_str(),
            (Parameter::DialNumber, Self::MobileAgentLogin { dial_number, .. }) => {
                dial_number.as_str()
            }
            (Parameter::ReasonCode, Self::LogoutWithReason { code })
            | (Parameter::ReasonCode, Self::MakeNotReadyWithReason { code }) => code.as_str(),
            (Parameter::Number, Self::MakeCall { number })
            | (Parameter::Number, Self::TransferSst { number, .. })
            | (Parameter::Number, Self::ConsultCall { number, .. }) => number.as_str(),
            (Parameter::Digits, Self::SendDtmf { digits, .. }) => digits.as_str(),
            (Parameter::WrapUpLabel, Self::UpdateWrapup { label, .. }) => label.as_str(),
            (Parameter::Team, Self::GetTeamUsers { team, .. })
            | (Parameter::Team, Self::GetTeamPhonebooks { team }) => team.as_str(),
            (Parameter::Book, Self::GetPhonebookContacts { book }) => book.as_str(),
            (Parameter::Dialog, _) => self.dialog().map_or("", |dialog| dialog.as_str()),
            _ => "",
        }
    }
}

fn write_variables(variables: &[(Text, Text)], text: &mut String) {
    for (index, (name, value)) in variables.iter().enumerate() {
        if index > 0 {
            text.push('|');
        }
        text.push_str(name.as_str());
        text.push('=');
        text.push_str(value.as_str());
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::contract::Destination;

    fn wire(command: Command) -> Result<WireCommand, Unsendable> {
        CommandMessage::of_agent("1001".into(), command).to_wire(&Layout::default())
    }

    #[test]
    fn optional_parameters_leave_no_trailing_comma_but_keep_their_place() {
        let connect = |password: Option<&str>, sso| {
            let destination = Destination::parse("siebel", &[]).unwrap();
            let password = password.map(Secret::from);
            wire(Command::Connect {
                destination,
                password,
                sso,
            })
            .unwrap()
        };

        assert_eq!(connect(None, false).body(), Some("siebel"));
        assert_eq!(connect(Some("pw"), false).body(), Some("siebel,pw"));
        assert_eq!(connect(Some("pw"), true).body(), Some("siebel,pw,SSO"));
        assert_eq!(connect(None, true).body(), Some("siebel,,SSO"));
    }

    #[test]
    fn a_command_without_parameters_has_no_body() {
        assert_eq!(wire(Command::GetState).unwrap().body(), None);
    }

    #[test]
    fn values_that_would_be_read_as_something_else_are_not_sent() {
        let login = |password: &str, extension: &str| {
            wire(Command::Login {
                password: password.into(),
                extension: extension.into(),
            })
        };

        assert_eq!(
            login("pass,word", "2001"),
            Err(Unsendable::LocalCharacter(Parameter::Password))
        );
        assert_eq!(
            login("", "2001"),
            Err(Unsendable::LocalEmpty(Parameter::Password))
        );
        assert_eq!(
            login("pw", "20,01"),
            Err(Unsendable::LocalCharacter(Parameter::Extension))
        );
        assert_eq!(
            wire(Command::MakeCall {
                number: "1\n2".into()
            }),
            Err(Unsendable::LocalCharacter(Parameter::Number))
        );
        assert_eq!(
            wire(Command::UpdateCallData {
                dialog: "17".into(),
                variables: alloc::vec![("a".into(), "1|b=2".into())],
            }),
            Err(Unsendable::LocalCharacter(Parameter::Variables))
        );
    }

    #[test]
    fn a_subject_of_the_wrong_kind_or_form_is_not_sent() {
        let layout = Layout::default();
        let destination = Destination::parse("siebel", &[]).unwrap();
        let subject = Subject::Destination(destination);

        let wrong = [
            CommandMessage {
                subject,
                command: Command::GetState,
            },
            CommandMessage::of_agent("1001".into(), Command::Hello),
            CommandMessage::of_agent("10#01".into(), Command::GetState),
            CommandMessage::of_agent("".into(), Command::GetState),
        ];
        for message in wrong {
            assert_eq!(message.to_wire(&layout), Err(Unsendable::LocalSubject));
        }
    }

    #[test]
    fn debug_does_not_show_the_body() {
        let login = Command::Login {
            password: "Passw0rd!".into(),
            extension: "2001".into(),
        };
        let shown = format!("{login:?} {:?}", wire(login.clone()).unwrap());

        assert!(!shown.contains("Passw0rd"), "{shown}");
    }
}
