//! [`Command`]: every concrete type of the protocol in one enum.

use super::*;
use crate::codec::{
    CacheEntry, Cacheable, DecodeError, Digest, EncodeError, Fill, Object, Reader, Writer,
    read_by_filling,
};

macro_rules! commands {
    (
        commands { $($command:ident($command_type:ty)),* $(,)? }
        structures { $($data:ident($data_type:ty)),* $(,)? }
    ) => {
        /// Any command or data structure: what a frame holds.
        ///
        /// Large variants are boxed; `Command::from` takes each type as it is.
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub enum Command {
            /// The null command, a lone type byte 0. Nobody needs it; to be ignored.
            #[default]
            Null,
            /// A message of any kind: as a command, a send.
            Message(SharedMessage),
            /// A destination.
            Destination(Destination),
            $(
                #[doc = concat!("A [`", stringify!($command), "`].")]
                $command($command_type),
            )*
            $(
                #[doc = concat!("A [`", stringify!($data), "`].")]
                $data($data_type),
            )*
        }

        $(
            impl From<$command> for Command {
                fn from(command: $command) -> Self {
                    Self::$command(command.into())
                }
            }
        )*
        $(
            impl From<$data> for Command {
                fn from(data: $data) -> Self {
                    Self::$data(data.into())
                }
            }
        )*

        impl Command {
            /// The sender's number for it; `None` for structures that are no commands.
            #[must_use]
            pub fn command_id(&self) -> Option<i32> {
                match self {
                    Self::Message(message) => Some(message.command_id),
                    $( Self::$command(command) => Some(command.command_id), )*
                    _ => None,
                }
            }

            /// Whether the sender wants a response.
            #[must_use]
            pub fn response_required(&self) -> bool {
                match self {
                    Self::Message(message) => message.response_required,
                    $( Self::$command(command) => command.response_required, )*
                    _ => false,
                }
            }

            /// Numbers a command and says whether it wants a response; a message that is shared is
            /// copied first. Does nothing to structures that are no commands.
            pub fn set_command_id(&mut self, id: i32, response_required: bool) {
                match self {
                    Self::Message(message) => {
                        let message = message.make_mut();
                        message.command_id = id;
                        message.response_required = response_required;
                    }
                    $( Self::$command(command) => {
                        command.command_id = id;
                        command.response_required = response_required;
                    } )*
                    _ => {}
                }
            }
        }

        impl Fill for Command {
            fn fill<R: Reader>(&mut self, reader: &mut R, code: u8) -> Result<(), DecodeError> {
                match code {
                    Message::FIRST_CODE..=Message::LAST_CODE => {
                        *self = Self::Message(Object::read(reader, code)?);
                    }
                    100..=103 => *self = Self::Destination(Object::read(reader, code)?),
                    $( $command::CODE => {
                        *self = Self::$command(Default::default());
                        if let Self::$command(command) = self {
                            command.fill(reader, code)?;
                        }
                    } )*
                    $( $data::CODE => {
                        *self = Self::$data(Default::default());
                        if let Self::$data(data) = self {
                            data.fill(reader, code)?;
                        }
                    } )*
                    _ => return Err(reader.unknown_type(code)),
                }
                Ok(())
            }
        }

        impl Object for Command {
            const EXPECTED: &'static str = "DataStructure";

            fn type_code(&self) -> u8 {
                match self {
                    Self::Null => 0,
                    Self::Message(message) => message.type_code(),
                    Self::Destination(destination) => destination.type_code(),
                    $( Self::$command(_) => $command::CODE, )*
                    $( Self::$data(_) => $data::CODE, )*
                }
            }

            read_by_filling!();

            fn write<W: Writer>(&self, writer: &mut W) -> Result<(), EncodeError> {
                match self {
                    Self::Null => Ok(()),
                    Self::Message(message) => message.write(writer),
                    Self::Destination(destination) => destination.write(writer),
                    $( Self::$command(command) => command.write(writer), )*
                    $( Self::$data(data) => data.write(writer), )*
                }
            }
        }

        impl reflect::Reflect for Command {
            fn type_name(&self) -> &'static str {
                match self {
                    Self::Null => "null",
                    Self::Message(message) => reflect::Reflect::type_name(message),
                    Self::Destination(destination) => destination.type_name(),
                    $( Self::$command(_) => stringify!($command), )*
                    $( Self::$data(_) => stringify!($data), )*
                }
            }

            fn visit<'a>(
                &'a self,
                version: i32,
                visitor: &mut dyn FnMut(&'static str, reflect::FieldValue<'a>),
            ) {
                match self {
                    Self::Null => {}
                    Self::Message(message) => message.visit(version, visitor),
                    Self::Destination(destination) => destination.visit(version, visitor),
                    $( Self::$command(command) => command.visit(version, visitor), )*
                    $( Self::$data(data) => data.visit(version, visitor), )*
                }
            }
        }
    };
}

commands! {
    commands {
        BrokerInfo(Box<BrokerInfo>),
        ConnectionInfo(Box<ConnectionInfo>),
        SessionInfo(SessionInfo),
        ConsumerInfo(Box<ConsumerInfo>),
        ProducerInfo(Box<ProducerInfo>),
        TransactionInfo(Box<TransactionInfo>),
        DestinationInfo(Box<DestinationInfo>),
        RemoveSubscriptionInfo(Box<RemoveSubscriptionInfo>),
        KeepAliveInfo(KeepAliveInfo),
        ShutdownInfo(ShutdownInfo),
        RemoveInfo(RemoveInfo),
        ControlCommand(ControlCommand),
        FlushCommand(FlushCommand),
        ConnectionError(ConnectionError),
        ConsumerControl(Box<ConsumerControl>),
        ConnectionControl(Box<ConnectionControl>),
        ProducerAck(ProducerAck),
        MessagePull(Box<MessagePull>),
        MessageDispatch(MessageDispatch),
        MessageAck(Box<MessageAck>),
        Response(Response),
        ExceptionResponse(ExceptionResponse),
        DataResponse(DataResponse),
        DataArrayResponse(DataArrayResponse),
        IntegerResponse(IntegerResponse),
        ReplayCommand(ReplayCommand),
        MessageDispatchNotification(Box<MessageDispatchNotification>),
        BrokerSubscriptionInfo(Box<BrokerSubscriptionInfo>),
    }
    structures {
        WireFormatInfo(WireFormatInfo),
        DiscoveryEvent(DiscoveryEvent),
        JournalTopicAck(Box<JournalTopicAck>),
        JournalQueueAck(Box<JournalQueueAck>),
        JournalTrace(JournalTrace),
        JournalTransaction(Box<JournalTransaction>),
        SubscriptionInfo(Box<SubscriptionInfo>),
        PartialCommand(PartialCommand),
        LastPartialCommand(LastPartialCommand),
        NetworkBridgeFilter(NetworkBridgeFilter),
        MessageId(Box<MessageId>),
        LocalTransactionId(LocalTransactionId),
        XATransactionId(Box<XATransactionId>),
        ConnectionId(ConnectionId),
        SessionId(SessionId),
        ConsumerId(ConsumerId),
        ProducerId(ProducerId),
        BrokerId(BrokerId),
    }
}

impl Command {
    /// The name of its type in the protocol, e.g. `ActiveMQTextMessage`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        reflect::Reflect::type_name(self)
    }

    /// Its type code on the wire.
    #[must_use]
    pub fn type_code(&self) -> u8 {
        Object::type_code(self)
    }
}

impl From<Message> for Command {
    fn from(message: Message) -> Self {
        Self::Message(message.into())
    }
}

impl From<SharedMessage> for Command {
    fn from(message: SharedMessage) -> Self {
        Self::Message(message)
    }
}

impl From<Destination> for Command {
    fn from(destination: Destination) -> Self {
        Self::Destination(destination)
    }
}

impl From<TransactionId> for Command {
    fn from(id: TransactionId) -> Self {
        match id {
            TransactionId::Local(id) => id.into(),
            TransactionId::Xa(id) => id.into(),
        }
    }
}

/// Where any structure may be cached (`RemoveInfo.objectId`), the ids and destinations are the same
/// entries as elsewhere; others are never found again.
impl Cacheable for Command {
    const KIND: usize = 7;

    fn digest(&self) -> u64 {
        match self {
            Self::ConnectionId(id) => id.digest(),
            Self::SessionId(id) => id.digest(),
            Self::ConsumerId(id) => id.digest(),
            Self::ProducerId(id) => id.digest(),
            Self::BrokerId(id) => id.digest(),
            Self::Destination(destination) => destination.digest(),
            Self::LocalTransactionId(id) => TransactionId::Local(id.clone()).digest(),
            Self::XATransactionId(id) => TransactionId::Xa((**id).clone()).digest(),
            other => Digest::new(other.type_code()).finish(),
        }
    }

    fn is(&self, entry: &CacheEntry) -> bool {
        match (self, entry) {
            (Self::ConnectionId(id), CacheEntry::Connection(entry)) => id == entry,
            (Self::SessionId(id), CacheEntry::Session(entry)) => id == entry,
            (Self::ConsumerId(id), CacheEntry::Consumer(entry)) => id == entry,
            (Self::ProducerId(id), CacheEntry::Producer(entry)) => id == entry,
            (Self::BrokerId(id), CacheEntry::Broker(entry)) => id == entry,
            (Self::Destination(destination), CacheEntry::Destination(entry)) => {
                destination == entry
            }
            (
                Self::LocalTransactionId(id),
                CacheEntry::Transaction(TransactionId::Local(entry)),
            ) => id == entry,
            (Self::XATransactionId(id), CacheEntry::Transaction(TransactionId::Xa(entry))) => {
                **id == *entry
            }
            _ => false,
        }
    }

    fn to_entry(&self) -> CacheEntry {
        match self {
            Self::ConnectionId(id) => id.to_entry(),
            Self::SessionId(id) => id.to_entry(),
            Self::ConsumerId(id) => id.to_entry(),
            Self::ProducerId(id) => id.to_entry(),
            Self::BrokerId(id) => id.to_entry(),
            Self::Destination(destination) => destination.to_entry(),
            Self::LocalTransactionId(id) => TransactionId::Local(id.clone()).to_entry(),
            Self::XATransactionId(id) => TransactionId::Xa((**id).clone()).to_entry(),
            other => CacheEntry::Other(Box::new(other.clone())),
        }
    }

    fn from_entry(entry: &CacheEntry, to: &mut Option<Self>) {
        *to = Some(match entry {
            CacheEntry::Null => return,
            CacheEntry::Connection(id) => id.clone().into(),
            CacheEntry::Session(id) => id.clone().into(),
            CacheEntry::Consumer(id) => id.clone().into(),
            CacheEntry::Producer(id) => id.clone().into(),
            CacheEntry::Broker(id) => id.clone().into(),
            CacheEntry::Destination(destination) => destination.clone().into(),
            CacheEntry::Transaction(id) => id.clone().into(),
            CacheEntry::Other(other) => (**other).clone(),
        });
    }
}
