//! What is wrong with a message that is no command or no event.

use core::fmt;

use super::command::Verb;
use super::destination::DestinationFault;
use super::error_code::ErrorCode;
use super::event::EventKind;
use super::json_fault::JsonError;
use super::layout_field::Parameter;
use crate::agent::{AgentId, Text};

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
            CommandFault::RemoteMissing(Parameter::Extension) if self.is_login() => {
                ErrorCode::MissingExtension
            }
            CommandFault::RemoteBad(Parameter::Extension) if self.is_login() => {
                ErrorCode::WrongExtension
            }
            _ => ErrorCode::BadCommand,
        }
    }

    fn is_login(&self) -> bool {
        matches!(self.verb, Some(Verb::Login | Verb::MobileAgentLogin))
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

/// A text that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedEvent {
    /// Longer than [`Limits::event`](super::Limits::event).
    LimitLength,
    /// An object that is no JSON, or more of it than is read.
    RemoteJson(JsonError),
    /// There is no event's name.
    RemoteNoName,
    /// No such event; the start of its name.
    RemoteUnknownEvent(Text),
    /// The field that the event is about is missing: a state, a call, a code.
    RemoteIncomplete(EventKind),
}

impl fmt::Display for MalformedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LimitLength => f.write_str("the event is too long"),
            Self::RemoteJson(error) => write!(f, "the event is no JSON: {error}"),
            Self::RemoteNoName => f.write_str("the message names no event"),
            Self::RemoteUnknownEvent(name) => write!(f, "there is no event \"{name}\""),
            Self::RemoteIncomplete(kind) => write!(f, "the event {kind:?} lacks its main field"),
        }
    }
}

impl core::error::Error for MalformedEvent {}
