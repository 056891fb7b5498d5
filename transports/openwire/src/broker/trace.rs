//! What passes, for people.

use finewire_core::machine::{LinkId, Party, TraceEvent};

use crate::command::Command;

use super::machine::Direction;

/// A command as a trace; `None` for those that only keep the protocol going.
///
/// The broker does not know who its clients are: whatever it sends goes to a `Driver`.
pub(super) fn of(command: &Command, link: LinkId, direction: Direction) -> Option<TraceEvent> {
    let detail = match command {
        Command::KeepAliveInfo(_)
        | Command::MessageAck(_)
        | Command::Response(_)
        | Command::WireFormatInfo(_)
        | Command::BrokerInfo(_)
        | Command::SessionInfo(_)
        | Command::ProducerAck(_)
        | Command::MessagePull(_) => return None,
        Command::Message(message) => named(message),
        Command::MessageDispatch(dispatch) => dispatch.message.as_deref().map(named)?,
        Command::ConsumerInfo(info) => info.destination.as_ref()?.to_string(),
        Command::ConnectionInfo(info) => info
            .client_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        Command::DestinationInfo(info) => info.destination.as_ref()?.to_string(),
        Command::ExceptionResponse(response) => response.exception.as_ref()?.to_string(),
        Command::ConnectionError(error) => error.exception.as_ref()?.to_string(),
        _ => String::new(),
    };
    let (from, to) = match direction {
        Direction::FromPeer => (Party::Driver, Party::Broker),
        Direction::ToPeer => (Party::Broker, Party::Driver),
    };
    Some(TraceEvent {
        from,
        to,
        link: Some(link),
        agent: None,
        subject: command.type_name().into(),
        detail,
    })
}

/// Where a message goes and its type; never its body, which may hold a password.
fn named(message: &crate::command::Message) -> String {
    let target = message
        .destination
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    match &message.jms_type {
        Some(kind) => format!("{target} {kind}"),
        None => target,
    }
}
