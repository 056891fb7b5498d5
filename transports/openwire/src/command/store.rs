//! Structures of stores, bridges and discovery: decoded so that no frame is unknown, not acted upon.

use super::{BrokerId, Destination, MessageAck, MessageId, Text, TransactionId, declare::data};

data! {
    /// A broker found by discovery.
    DiscoveryEvent = 40 {
        /// Where it is.
        service_name: Option<Text> = text "serviceName",
        /// Its name.
        broker_name: Option<Text> = text "brokerName",
    }
}

data! {
    /// A journalled acknowledgement of a durable subscription.
    JournalTopicAck = 50 {
        /// The topic.
        destination: Option<Destination> = object "destination",
        /// The message.
        message_id: Option<MessageId> = object "messageId",
        /// Its number in the store.
        message_sequence_id: i64 = long "messageSequenceId",
        /// The subscription (`subscritionName` on the wire).
        subscription_name: Option<Text> = text "subscritionName",
        /// The client id that it belongs to.
        client_id: Option<Text> = text "clientId",
        /// The transaction.
        transaction_id: Option<TransactionId> = object "transactionId",
    }
}

data! {
    /// A journalled acknowledgement of a queue.
    JournalQueueAck = 52 {
        /// The queue.
        destination: Option<Destination> = object "destination",
        /// The acknowledgement.
        message_ack: Option<Box<MessageAck>> = object "messageAck",
    }
}

data! {
    /// A remark in a journal.
    JournalTrace = 53 {
        /// The remark.
        message: Option<Text> = text "message",
    }
}

data! {
    /// A journalled step of a transaction.
    JournalTransaction = 54 {
        /// The transaction.
        transaction_id: Option<TransactionId> = object "transactionId",
        /// `type`: the step, numbered by the journal.
        kind: i8 = byte "type",
        /// Whether it had been prepared.
        was_prepared: bool = boolean "wasPrepared",
    }
}

data! {
    /// A stored durable subscription.
    SubscriptionInfo = 55 {
        /// The client id that it belongs to.
        client_id: Option<Text> = text "clientId",
        /// The topic.
        destination: Option<Destination> = cached "destination",
        /// Its selector.
        selector: Option<Text> = text "selector",
        /// Its name.
        subscription_name: Option<Text> = text "subscriptionName",
        /// The topic as it was subscribed, before any mapping.
        subscribed_destination: Option<Destination> = object "subscribedDestination" since 3,
        /// Whether messages of the same connection are kept away.
        no_local: bool = boolean "noLocal" since 11,
    }
}

data! {
    /// The condition under which a bridge forwards.
    NetworkBridgeFilter = 91 {
        /// How many bridges a message may cross.
        network_ttl: i32 = int "networkTTL" until 9,
        /// The broker that asked.
        network_broker_id: Option<BrokerId> = cached "networkBrokerId",
        /// How many bridges a message may cross.
        message_ttl: i32 = int "messageTTL" since 10,
        /// How many bridges a subscription may cross.
        consumer_ttl: i32 = int "consumerTTL" since 10,
    }
}
