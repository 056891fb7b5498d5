//! Commands that build up and take down: format, broker, connection, session, producer, destination.

use bytes::Bytes;

use super::{
    BrokerId, Command, ConnectionId, ConsumerInfo, Destination, Elements, ProducerId, SessionId,
    Text,
    declare::{command, data},
};

/// The eight bytes that open every `WireFormatInfo`: `ActiveMQ`.
///
/// Others decode too; [`WireFormat::from_info`](crate::codec::WireFormat::from_info) refuses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Magic(pub [u8; 8]);

impl Default for Magic {
    fn default() -> Self {
        Self(*b"ActiveMQ")
    }
}

data! {
    /// What a side can do; the first thing that each sends.
    ///
    /// [`WireFormat`](crate::codec::WireFormat) makes and reads it.
    WireFormatInfo = 1 {
        /// `ActiveMQ`.
        magic: Magic = magic "magic",
        /// The newest version that the sender speaks.
        version: i32 = int "version",
        /// A primitive map of settings, see [`Properties`](crate::body::Properties).
        marshalled_properties: Option<Bytes> = sequence "marshalledProperties",
    }
}

command! {
    /// Who the broker is; the first command of a broker after negotiation.
    BrokerInfo = 2 {
        /// The broker.
        broker_id: Option<BrokerId> = cached "brokerId",
        /// Where it listens.
        broker_url: Option<Text> = text "brokerURL",
        /// The brokers that it is connected with.
        peer_broker_infos: Elements<Self> = array "peerBrokerInfos",
        /// Its name for people.
        broker_name: Option<Text> = text "brokerName",
        /// Whether it follows a master.
        slave_broker: bool = boolean "slaveBroker",
        /// Whether it is a master.
        master_broker: bool = boolean "masterBroker",
        /// Whether it has a partner to fail over to.
        fault_tolerant_configuration: bool = boolean "faultTolerantConfiguration",
        /// Whether a bridge runs both ways over this connection.
        duplex_connection: bool = boolean "duplexConnection" since 2,
        /// Whether a bridge speaks.
        network_connection: bool = boolean "networkConnection" since 2,
        /// A number of the connection.
        connection_id: i64 = long "connectionId" since 2,
        /// Where blobs are uploaded to.
        broker_upload_url: Option<Text> = text "brokerUploadUrl" since 3,
        /// The settings of a bridge, as a Java properties text.
        network_properties: Option<Text> = text "networkProperties" since 3,
    }
}

command! {
    /// Opens a connection.
    ConnectionInfo = 3 {
        /// The connection's id, unique and made by the client.
        connection_id: Option<ConnectionId> = cached "connectionId",
        /// The client id of JMS; generated if the user gave none.
        client_id: Option<Text> = text "clientId",
        /// The password, in clear on the wire and hidden in `Debug`.
        password: Option<Text> = secret "password",
        /// The user.
        user_name: Option<Text> = text "userName",
        /// The brokers passed so far.
        broker_path: Elements<BrokerId> = array "brokerPath",
        /// Whether a slave broker connects.
        broker_master_connector: bool = boolean "brokerMasterConnector",
        /// Whether the client understands connection control.
        manageable: bool = boolean "manageable",
        /// Whether the client wants to talk to a master. Taken for true in version 1, which lacks it.
        client_master: bool = boolean "clientMaster" since 2,
        /// Whether the client fails over by itself.
        fault_tolerant: bool = boolean "faultTolerant" since 6,
        /// Whether this is a replay after a lost connection.
        failover_reconnect: bool = boolean "failoverReconnect" since 6,
        /// The client's address, filled in by the broker.
        client_ip: Option<Text> = text "clientIp" since 8,
    }
}

command! {
    /// Opens a session.
    SessionInfo = 4 {
        /// The session's id.
        session_id: Option<SessionId> = cached "sessionId",
    }
}

command! {
    /// Opens a producer.
    ProducerInfo = 6 {
        /// The producer's id.
        producer_id: Option<ProducerId> = cached "producerId",
        /// Where it sends; absent if each message says so itself.
        destination: Option<Destination> = cached "destination",
        /// The brokers passed so far.
        broker_path: Elements<BrokerId> = array "brokerPath",
        /// Whether the broker may dispatch in another thread.
        dispatch_async: bool = boolean "dispatchAsync" since 2,
        /// Bytes that may be sent without an acknowledgement; 0 for no such limit.
        window_size: i32 = int "windowSize" since 3,
    }
}

/// What a [`DestinationInfo`] asks for; kept as the byte that came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DestinationOperation(pub i8);

impl DestinationOperation {
    /// Make the destination.
    pub const ADD: Self = Self(0);
    /// Delete it.
    pub const REMOVE: Self = Self(1);
}

impl From<i8> for DestinationOperation {
    fn from(operation: i8) -> Self {
        Self(operation)
    }
}

impl From<DestinationOperation> for i8 {
    fn from(operation: DestinationOperation) -> Self {
        operation.0
    }
}

command! {
    /// Makes or deletes a destination.
    DestinationInfo = 8 {
        /// The sending connection.
        connection_id: Option<ConnectionId> = cached "connectionId",
        /// The destination.
        destination: Option<Destination> = cached "destination",
        /// `operationType`: make or delete.
        operation: DestinationOperation = byte "operationType",
        /// Milliseconds to wait; 0 in practice.
        timeout: i64 = long "timeout",
        /// The brokers passed so far.
        broker_path: Elements<BrokerId> = array "brokerPath",
    }
}

command! {
    /// Deletes a durable subscription.
    RemoveSubscriptionInfo = 9 {
        /// The sending connection.
        connection_id: Option<ConnectionId> = cached "connectionId",
        /// The subscription's name.
        subscription_name: Option<Text> = text "subscriptionName",
        /// The client id that it belongs to.
        client_id: Option<Text> = text "clientId",
    }
}

command! {
    /// Closes what an id names: connection, session, consumer or producer.
    RemoveInfo = 12 {
        /// The id. The protocol allows any structure; see [`RemoveInfo::new`].
        object_id: Option<Box<Command>> = cached "objectId",
        /// The broker's sequence number of the last message that the consumer's application saw; −1 none,
        /// −2 unknown.
        last_delivered_sequence_id: i64 = long "lastDeliveredSequenceId" since 5,
    }
}

impl RemoveInfo {
    /// `lastDeliveredSequenceId` where nothing was delivered.
    pub const NOTHING_DELIVERED: i64 = -1;
    /// `lastDeliveredSequenceId` where it is not known.
    pub const UNKNOWN_DELIVERED: i64 = -2;

    /// Closes what `id` names, with nothing delivered.
    #[must_use]
    pub fn new(id: impl Into<Command>) -> Self {
        Self {
            object_id: Some(Box::new(id.into())),
            last_delivered_sequence_id: Self::NOTHING_DELIVERED,
            ..Self::default()
        }
    }
}

command! {
    /// The durable subscriptions of a bridged broker, sent so that both sides agree on them.
    BrokerSubscriptionInfo = 92 since 12 {
        /// The broker.
        broker_id: Option<BrokerId> = object "brokerId",
        /// Its name.
        broker_name: Option<Text> = text "brokerName",
        /// The durable subscriptions that it has.
        subscription_infos: Elements<ConsumerInfo> = array "subscriptionInfos",
    }
}
