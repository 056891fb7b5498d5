//! What a selector may ask of a message.

use core::cell::OnceCell;
use std::borrow::Cow;

use super::evaluate::Incomputable;
use super::operand::Operand;
use super::tree::Field;
use crate::body::Properties;
use crate::command::{Destination, Message, Text};

/// A message as selectors see it.
///
/// Its properties are read when the first selector asks for one, and once for all selectors that look at
/// the same subject.
#[derive(Debug)]
pub struct Subject<'m> {
    message: &'m Message,
    redeliveries: i32,
    properties: OnceCell<Option<Properties>>,
}

impl<'m> Subject<'m> {
    /// The message as it is.
    #[must_use]
    pub const fn new(message: &'m Message) -> Self {
        Self::delivered(message, message.redelivery_counter)
    }

    /// The message, that was delivered `redeliveries` times before, whatever itself says.
    #[must_use]
    pub const fn delivered(message: &'m Message, redeliveries: i32) -> Self {
        Self {
            message,
            redeliveries,
            properties: OnceCell::new(),
        }
    }

    pub(super) fn property(&self, name: &str) -> Result<Operand<'_>, Incomputable> {
        let read = || self.message.properties().ok();
        let properties = self.properties.get_or_init(read).as_ref();
        let value = properties.ok_or(Incomputable)?.value(name);
        Ok(value.map_or(Operand::Null, Operand::from))
    }

    pub(super) fn field(&self, field: Field) -> Operand<'m> {
        let message = self.message;
        match field {
            Field::Destination => spelled(message.destination.as_ref()),
            Field::ReplyTo => spelled(message.reply_to.as_ref()),
            Field::Type => text(message.jms_type.as_ref()),
            Field::DeliveryMode => Operand::Text(Cow::Borrowed(if message.persistent {
                "PERSISTENT"
            } else {
                "NON_PERSISTENT"
            })),
            Field::Priority => Operand::Int(message.priority.into()),
            Field::MessageId => match &message.message_id {
                Some(id) => Operand::Text(Cow::Owned(id.to_string())),
                None => Operand::Null,
            },
            Field::Timestamp => Operand::Long(message.timestamp),
            Field::CorrelationId => text(message.correlation_id.as_ref()),
            Field::Expiration => Operand::Long(message.expiration),
            Field::Redelivered => Operand::Boolean(self.redeliveries > 0),
            Field::DeliveryCount => Operand::Int(self.redeliveries.saturating_add(1)),
            Field::GroupId => text(message.extras.group_id.as_ref()),
            Field::GroupSequence => Operand::Int(message.extras.group_sequence),
            Field::UserId => text(message.extras.user_id.as_ref()),
            Field::ProducerTransaction => {
                let original = message.extras.original_transaction_id.as_ref();
                match original.or(message.extras.transaction_id.as_ref()) {
                    Some(id) => Operand::Text(Cow::Owned(id.to_string())),
                    None => Operand::Null,
                }
            }
            Field::FirstOfGroup => Operand::Boolean(message.extras.group_first_for_consumer),
            Field::BrokerInTime => Operand::Long(message.broker_in_time),
            Field::BrokerOutTime => Operand::Long(message.broker_out_time),
            Field::BrokerPath => Operand::Text(path(message)),
        }
    }
}

fn text(text: Option<&Text>) -> Operand<'_> {
    text.map_or(Operand::Null, |text| Operand::Text(text.to_str()))
}

fn spelled(destination: Option<&Destination>) -> Operand<'static> {
    destination.map_or(Operand::Null, |it| {
        Operand::Text(Cow::Owned(it.to_string()))
    })
}

/// As Java writes an array, an absent one too.
fn path(message: &Message) -> Cow<'static, str> {
    let Some(brokers) = &message.extras.broker_path else {
        return Cow::Borrowed("null");
    };
    let names = brokers.iter().map(|broker| {
        let name = broker.as_ref().and_then(|broker| broker.value.as_ref());
        name.map_or_else(|| "null".into(), Text::to_str)
    });
    let names: Vec<Cow<'_, str>> = names.collect();
    Cow::Owned(format!("[{}]", names.join(", ")))
}
