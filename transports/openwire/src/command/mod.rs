//! The value types of the protocol: one struct per concrete type, its fields in wire order.
//!
//! Each type is declared once, in a table that gives both directions, both encodings and all versions.
//! Absent (null) fields are `None`; texts and byte sequences are slices of the received frame.
//! [`Command`] holds any of them. All seven message types are one struct, [`Message`], and the four
//! destination types another, [`Destination`].

mod any;
mod connection;
mod consumer;
mod control;
pub(crate) mod declare;
mod destination;
mod ids;
mod message;
#[doc(hidden)]
pub mod reflect;
#[cfg(test)]
mod schema;
mod shared;
pub(crate) mod short;
mod store;
mod text;
mod throwable;
mod transaction;

pub use any::Command;
pub use connection::{
    BrokerInfo, BrokerSubscriptionInfo, ConnectionInfo, DestinationInfo, DestinationOperation,
    Magic, ProducerInfo, RemoveInfo, RemoveSubscriptionInfo, SessionInfo, WireFormatInfo,
};
pub use consumer::{
    AckKind, ConsumerControl, ConsumerInfo, MessageAck, MessageDispatch,
    MessageDispatchNotification, MessagePull,
};
pub use control::{
    ConnectionControl, ConnectionError, ControlCommand, DataArrayResponse, DataResponse,
    ExceptionResponse, FlushCommand, IntegerResponse, KeepAliveInfo, LastPartialCommand,
    PartialCommand, ProducerAck, ReplayCommand, Response, ShutdownInfo,
};
pub use destination::{Destination, DestinationKind};
pub use ids::{BrokerId, ConnectionId, ConsumerId, MessageId, ProducerId, SessionId};
pub use message::{Extras, Message, MessageExtras, MessageKind};
pub use shared::SharedMessage;
pub use store::{
    DiscoveryEvent, JournalQueueAck, JournalTopicAck, JournalTrace, JournalTransaction,
    NetworkBridgeFilter, SubscriptionInfo,
};
pub use text::{Text, TextFlaw};
pub use throwable::{StackElement, Throwable};
pub use transaction::{
    LocalTransactionId, TransactionId, TransactionInfo, TransactionStep, XATransactionId,
};

/// An array of objects as it travels: it may be absent, and so may each element.
pub type Elements<T> = Option<Vec<Option<T>>>;
