//! From decisions to the broker client: what is asked of it.

use finewire_core::contract::WireCommand;
use finewire_core::driver::Ticket;
use finewire_openwire::client::{ClientCommand, ConsumerHandle, Publish, Subscribe};
use finewire_openwire::command::{Destination, Message, MessageKind};

/// What a command to the broker client was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// The driver's own topic.
    Subscription,
    /// A message to the connector.
    Message(Ticket),
    /// The end.
    Farewell,
}

/// The one subscription of a driver.
const EVENTS: ConsumerHandle = ConsumerHandle(1);

pub(crate) fn subscription(topic: &str) -> ClientCommand {
    ClientCommand::Subscribe(Subscribe::to(EVENTS, Destination::topic(topic)))
}

/// A command as drivers send it: a text, not persistent, priority 0; no body for no parameter.
pub(crate) fn publication(queue: &str, ticket: Ticket, command: &WireCommand) -> ClientCommand {
    let carrier = match command.body() {
        Some(body) => Message::text(body),
        None => Message {
            kind: MessageKind::Text,
            ..Message::default()
        },
    };
    let message = Message {
        persistent: false,
        priority: 0,
        jms_type: Some(command.jms_type.as_str().into()),
        correlation_id: Some(ticket.to_string().into()),
        ..carrier
    };
    ClientCommand::Publish(Publish {
        destination: Destination::queue(queue),
        message,
    })
}
