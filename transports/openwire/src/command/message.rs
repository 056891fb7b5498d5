//! [`Message`]: the seven message types in one struct.

use core::ops::{Deref, DerefMut};

use bytes::Bytes;

use super::{
    BrokerId, Command, ConsumerId, Destination, Elements, MessageId, ProducerId, Text,
    TransactionId,
    declare::{in_version, shown},
    reflect,
};
use crate::codec::{
    DecodeError, EncodeError, Fields, Fill, Object, Reader, Writer, read_by_filling,
};

/// What a message's content is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MessageKind {
    /// No content (`ActiveMQMessage`, type 23).
    #[default]
    Plain,
    /// Bytes (`ActiveMQBytesMessage`, 24).
    Bytes,
    /// A map (`ActiveMQMapMessage`, 25).
    Map,
    /// A serialized Java object (`ActiveMQObjectMessage`, 26).
    Object,
    /// A sequence of values (`ActiveMQStreamMessage`, 27).
    Stream,
    /// A text (`ActiveMQTextMessage`, 28).
    Text,
    /// A reference to data elsewhere (`ActiveMQBlobMessage`, 29; since version 3).
    Blob,
}

impl MessageKind {
    const fn code(self) -> u8 {
        match self {
            Self::Plain => 23,
            Self::Bytes => 24,
            Self::Map => 25,
            Self::Object => 26,
            Self::Stream => 27,
            Self::Text => 28,
            Self::Blob => 29,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            23 => Self::Plain,
            24 => Self::Bytes,
            25 => Self::Map,
            26 => Self::Object,
            27 => Self::Stream,
            28 => Self::Text,
            29 => Self::Blob,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "ActiveMQMessage",
            Self::Bytes => "ActiveMQBytesMessage",
            Self::Map => "ActiveMQMapMessage",
            Self::Object => "ActiveMQObjectMessage",
            Self::Stream => "ActiveMQStreamMessage",
            Self::Text => "ActiveMQTextMessage",
            Self::Blob => "ActiveMQBlobMessage",
        }
    }
}

/// A message: as a command of its own, a send.
///
/// Content and properties are kept as they came and parsed when asked for, see
/// [`Message::body`] and [`Message::properties`]. Fields that few messages have are in
/// [`Message::extras`].
#[derive(Clone, PartialEq)]
pub struct Message {
    /// Which of the seven types it is.
    pub kind: MessageKind,
    /// The sender's number for the send; travels on unchanged in a dispatch and means nothing there.
    pub command_id: i32,
    /// Whether the sender wants a response to the send.
    pub response_required: bool,
    /// Whether it survives a restart of the broker.
    pub persistent: bool,
    /// Whether the content is compressed; [`Message::body`] inflates it.
    pub compressed: bool,
    /// `JMSPriority`, 0..=9.
    pub priority: i8,
    /// How often it was delivered before.
    pub redelivery_counter: i32,
    /// Who sent it.
    pub producer_id: Option<ProducerId>,
    /// Where it is sent to.
    pub destination: Option<Destination>,
    /// Its id.
    pub message_id: Option<MessageId>,
    /// `JMSCorrelationID`.
    pub correlation_id: Option<Text>,
    /// `JMSReplyTo`.
    pub reply_to: Option<Destination>,
    /// `JMSType` (`type` on the wire).
    pub jms_type: Option<Text>,
    /// `JMSExpiration`: milliseconds since 1970; 0: never.
    pub expiration: i64,
    /// `JMSTimestamp`: milliseconds since 1970 at which it was sent.
    pub timestamp: i64,
    /// The body as it travels.
    pub content: Option<Bytes>,
    /// The properties as they travel.
    pub marshalled_properties: Option<Bytes>,
    /// Unused.
    pub arrival: i64,
    /// When the broker got it: milliseconds since 1970, by the broker's clock.
    pub broker_in_time: i64,
    /// When the broker sent it on.
    pub broker_out_time: i64,
    /// The rest.
    pub extras: Extras,
}

impl Message {
    /// Without anything. In line, so that the fields are set where the message stays: to put it together
    /// elsewhere and copy it would cost as much as reading half of its fields.
    #[inline(always)]
    pub(super) const fn empty() -> Self {
        Self {
            kind: MessageKind::Plain,
            command_id: 0,
            response_required: false,
            persistent: false,
            compressed: false,
            priority: 0,
            redelivery_counter: 0,
            producer_id: None,
            destination: None,
            message_id: None,
            correlation_id: None,
            reply_to: None,
            jms_type: None,
            expiration: 0,
            timestamp: 0,
            content: None,
            marshalled_properties: None,
            arrival: 0,
            broker_in_time: 0,
            broker_out_time: 0,
            extras: Extras(None),
        }
    }
}

impl Default for Message {
    fn default() -> Self {
        Self::empty()
    }
}

/// The fields that few messages have; reads as defaults until something is written to it.
#[derive(Clone, Default)]
pub struct Extras(Option<Box<MessageExtras>>);

/// Fields of a [`Message`] that few messages have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageExtras {
    /// The transaction that it was sent in; stays set in a dispatch.
    pub transaction_id: Option<TransactionId>,
    /// The composite destination, virtual topic or dead message's queue that it came from.
    pub original_destination: Option<Destination>,
    /// The transaction that a dead message was sent in.
    pub original_transaction_id: Option<TransactionId>,
    /// `JMSXGroupID`.
    pub group_id: Option<Text>,
    /// `JMSXGroupSeq`; −1 closes the group.
    pub group_sequence: i32,
    /// The payload of an advisory.
    pub data_structure: Option<Box<Command>>,
    /// The one consumer that an advisory is for.
    pub target_consumer_id: Option<ConsumerId>,
    /// The brokers passed.
    pub broker_path: Elements<BrokerId>,
    /// `JMSXUserID`, set by the broker.
    pub user_id: Option<Text>,
    /// Whether a bridge passed it on (`recievedByDFBridge` on the wire).
    pub received_by_df_bridge: bool,
    /// Whether the broker may drop it.
    pub droppable: bool,
    /// The brokers of a cluster that got it.
    pub cluster: Elements<BrokerId>,
    /// Whether it is the first of its group for this consumer.
    pub group_first_for_consumer: bool,
    /// Of a blob message: where the data is.
    pub remote_blob_url: Option<Text>,
    /// Of a blob message: what the data is.
    pub mime_type: Option<Text>,
    /// Of a blob message: whether the broker deletes the data.
    pub deleted_by_broker: bool,
}

static NO_EXTRAS: MessageExtras = MessageExtras {
    transaction_id: None,
    original_destination: None,
    original_transaction_id: None,
    group_id: None,
    group_sequence: 0,
    data_structure: None,
    target_consumer_id: None,
    broker_path: None,
    user_id: None,
    received_by_df_bridge: false,
    droppable: false,
    cluster: None,
    group_first_for_consumer: false,
    remote_blob_url: None,
    mime_type: None,
    deleted_by_broker: false,
};

impl Deref for Extras {
    type Target = MessageExtras;

    fn deref(&self) -> &MessageExtras {
        self.0.as_deref().unwrap_or(&NO_EXTRAS)
    }
}

impl DerefMut for Extras {
    fn deref_mut(&mut self) -> &mut MessageExtras {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Extras {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl core::fmt::Debug for Extras {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match &self.0 {
            Some(extras) => extras.fmt(f),
            None => f.write_str("None"),
        }
    }
}

/// Whether a field has its default value: then no room is made for it.
trait Absent {
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    #[inline(always)]
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl Absent for bool {
    #[inline(always)]
    fn is_absent(&self) -> bool {
        !*self
    }
}

impl Absent for i32 {
    #[inline(always)]
    fn is_absent(&self) -> bool {
        *self == 0
    }
}

/// The wire's order of fields: `own` ones of the message and `extra` ones, some `of` one kind only.
macro_rules! layout {
    ($($home:ident $field:ident = $kind:ident $wire:literal $(since $since:literal)? $(of $only:ident)?),* $(,)?) => {
        impl Fields for Message {
            #[inline(always)]
            fn read_fields<R: Reader>(&mut self, reader: &mut R) -> Result<(), DecodeError> {
                let kind = self.kind;
                $(
                    if in_version!(reader $(since $since)?) $(&& kind == MessageKind::$only)? {
                        layout!(fill $home $field self |place| {
                            reader.$kind(place).map_err(|error| error.within(kind.name(), $wire))
                        });
                    }
                )*
                Ok(())
            }
        }

        fn write_fields<W: Writer>(message: &Message, writer: &mut W) -> Result<(), EncodeError> {
            $(
                if in_version!(writer $(since $since)?) $(&& message.kind == MessageKind::$only)? {
                    writer
                        .$kind(layout!(get $home message $field))
                        .map_err(|error| error.within(message.kind.name(), $wire))?;
                }
            )*
            Ok(())
        }

        fn visit_fields<'a>(
            message: &'a Message,
            version: i32,
            visitor: &mut dyn FnMut(&'static str, reflect::FieldValue<'a>),
        ) {
            let at = reflect::At(version);
            $(
                if in_version!(at $(since $since)?) $(&& message.kind == MessageKind::$only)? {
                    visitor($wire, reflect::FieldValue::$kind(layout!(get $home message $field)));
                }
            )*
        }
    };
    (fill own $field:ident $message:ident |$place:ident| $read:block) => {{
        let $place = &mut $message.$field;
        $read?;
    }};
    (fill extra $field:ident $message:ident |$place:ident| $read:block) => {{
        let mut value = Default::default();
        let $place = &mut value;
        $read?;
        if !value.is_absent() {
            $message.extras.$field = value;
        }
    }};
    (get own $message:ident $field:ident) => { &$message.$field };
    (get extra $message:ident $field:ident) => { &$message.extras.$field };
}

layout! {
    own command_id = int "commandId",
    own response_required = boolean "responseRequired",
    own producer_id = cached "producerId",
    own destination = cached "destination",
    extra transaction_id = cached "transactionId",
    extra original_destination = cached "originalDestination",
    own message_id = object "messageId",
    extra original_transaction_id = cached "originalTransactionId",
    extra group_id = text "groupID",
    extra group_sequence = int "groupSequence",
    own correlation_id = text "correlationId",
    own persistent = boolean "persistent",
    own expiration = long "expiration",
    own priority = byte "priority",
    own reply_to = object "replyTo",
    own timestamp = long "timestamp",
    own jms_type = text "type",
    own content = sequence "content",
    own marshalled_properties = sequence "marshalledProperties",
    extra data_structure = object "dataStructure",
    extra target_consumer_id = cached "targetConsumerId",
    own compressed = boolean "compressed",
    own redelivery_counter = int "redeliveryCounter",
    extra broker_path = array "brokerPath",
    own arrival = long "arrival",
    extra user_id = text "userID",
    extra received_by_df_bridge = boolean "recievedByDFBridge",
    extra droppable = boolean "droppable" since 2,
    extra cluster = array "cluster" since 3,
    own broker_in_time = long "brokerInTime" since 3,
    own broker_out_time = long "brokerOutTime" since 3,
    extra group_first_for_consumer = boolean "JMSXGroupFirstForConsumer" since 10,
    extra remote_blob_url = text "remoteBlobUrl" of Blob,
    extra mime_type = text "mimeType" of Blob,
    extra deleted_by_broker = boolean "deletedByBroker" of Blob,
}

/// The first version that has blob messages.
const BLOB_SINCE: i32 = 3;

impl Fill for Message {
    fn fill<R: Reader>(&mut self, reader: &mut R, code: u8) -> Result<(), DecodeError> {
        let Some(kind) = MessageKind::from_code(code) else {
            return Err(reader.wrong_type(Self::EXPECTED, code));
        };
        if kind == MessageKind::Blob && reader.version() < BLOB_SINCE {
            return Err(reader.unknown_type(code));
        }
        self.kind = kind;
        reader.together(self)
    }
}

impl Object for Message {
    const EXPECTED: &'static str = "Message";

    fn type_code(&self) -> u8 {
        self.kind.code()
    }

    read_by_filling!();

    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), EncodeError> {
        let blob = self.kind == MessageKind::Blob;
        if blob && writer.version() < BLOB_SINCE {
            return Err(EncodeError::unsupported(self.kind.name(), writer.version()));
        }
        write_fields(self, writer)
    }
}

impl reflect::Reflect for Message {
    fn type_name(&self) -> &'static str {
        self.kind.name()
    }

    fn visit<'a>(
        &'a self,
        version: i32,
        visitor: &mut dyn FnMut(&'static str, reflect::FieldValue<'a>),
    ) {
        visit_fields(self, version, visitor);
    }
}

impl core::fmt::Debug for Message {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct(self.kind.name())
            .field("command_id", &self.command_id)
            .field("response_required", &self.response_required)
            .field("persistent", &self.persistent)
            .field("compressed", &self.compressed)
            .field("priority", &self.priority)
            .field("redelivery_counter", &self.redelivery_counter)
            .field("producer_id", &self.producer_id)
            .field("destination", &self.destination)
            .field("message_id", &self.message_id)
            .field("correlation_id", &self.correlation_id)
            .field("reply_to", &self.reply_to)
            .field("jms_type", &self.jms_type)
            .field("expiration", &self.expiration)
            .field("timestamp", &self.timestamp)
            .field("content", shown!(sequence & self.content))
            .field(
                "marshalled_properties",
                shown!(sequence & self.marshalled_properties),
            )
            .field("arrival", &self.arrival)
            .field("broker_in_time", &self.broker_in_time)
            .field("broker_out_time", &self.broker_out_time)
            .field("extras", &self.extras)
            .finish()
    }
}

impl Message {
    pub(crate) const FIRST_CODE: u8 = MessageKind::Plain.code();
    pub(crate) const LAST_CODE: u8 = MessageKind::Blob.code();

    /// A message without content.
    #[must_use]
    pub fn new(kind: MessageKind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// The name of its type in the protocol, e.g. `ActiveMQTextMessage`.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.kind.name()
    }

    /// A copy whose ids, texts, content and properties do not share the buffer that the message came in,
    /// which holds other messages too. For messages that are kept long. Only an advisory's payload and
    /// the paths of bridges stay shared.
    #[must_use]
    pub fn detach(&self) -> Self {
        let text = |text: &Option<Text>| text.as_ref().map(Text::detach);
        let bytes = |bytes: &Option<Bytes>| bytes.as_deref().map(Bytes::copy_from_slice);
        let destination = |destination: &Option<Destination>| {
            destination.as_ref().map(|destination| Destination {
                kind: destination.kind,
                physical_name: text(&destination.physical_name),
            })
        };
        let producer = |producer: &Option<ProducerId>| {
            producer.as_ref().map(|id| ProducerId {
                connection_id: text(&id.connection_id),
                ..id.clone()
            })
        };
        let mut extras = self.extras.clone();
        if let Some(extras) = &mut extras.0 {
            extras.original_destination = destination(&extras.original_destination);
            extras.group_id = text(&extras.group_id);
            extras.user_id = text(&extras.user_id);
            extras.remote_blob_url = text(&extras.remote_blob_url);
            extras.mime_type = text(&extras.mime_type);
            let transaction = |id: &Option<TransactionId>| id.as_ref().map(TransactionId::detach);
            extras.transaction_id = transaction(&extras.transaction_id);
            extras.original_transaction_id = transaction(&extras.original_transaction_id);
            if let Some(id) = &mut extras.target_consumer_id {
                id.connection_id = text(&id.connection_id);
            }
        }
        Self {
            producer_id: producer(&self.producer_id),
            destination: destination(&self.destination),
            message_id: self.message_id.as_ref().map(|id| MessageId {
                text_view: text(&id.text_view),
                producer_id: producer(&id.producer_id),
                ..id.clone()
            }),
            correlation_id: text(&self.correlation_id),
            reply_to: destination(&self.reply_to),
            jms_type: text(&self.jms_type),
            content: bytes(&self.content),
            marshalled_properties: bytes(&self.marshalled_properties),
            extras,
            ..self.clone()
        }
    }
}
