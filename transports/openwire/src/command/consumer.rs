//! Commands about consuming: consumers, dispatch, acknowledgement, pull.

use super::{
    BrokerId, ConsumerId, Destination, Elements, MessageId, NetworkBridgeFilter, SharedMessage,
    Text, Throwable, TransactionId, declare::command,
};

command! {
    /// Opens a consumer.
    ConsumerInfo = 5 {
        /// The consumer's id.
        consumer_id: Option<ConsumerId> = cached "consumerId",
        /// Whether it only looks at the queue.
        browser: bool = boolean "browser",
        /// What it consumes; may be composite or hold wildcards.
        destination: Option<Destination> = cached "destination",
        /// Messages that may be out without acknowledgement; 0: it pulls.
        prefetch_size: i32 = int "prefetchSize",
        /// Messages kept for a slow topic consumer beyond its prefetch; 0 or less: the broker's default.
        maximum_pending_message_limit: i32 = int "maximumPendingMessageLimit",
        /// Whether the broker may dispatch in another thread.
        dispatch_async: bool = boolean "dispatchAsync",
        /// A JMS selector.
        selector: Option<Text> = text "selector",
        /// The client id, for durable subscriptions across bridges.
        client_id: Option<Text> = text "clientId" since 10,
        /// The name of a durable subscription.
        subscription_name: Option<Text> = text "subscriptionName",
        /// Whether messages of the same connection are kept away.
        no_local: bool = boolean "noLocal",
        /// Whether it wants to be the only consumer that is served.
        exclusive: bool = boolean "exclusive",
        /// Whether a topic's recent messages are wanted first.
        retroactive: bool = boolean "retroactive",
        /// Consumers of a higher priority are served first.
        priority: i8 = byte "priority",
        /// The brokers passed so far.
        broker_path: Elements<BrokerId> = array "brokerPath",
        /// A further condition, of bridges.
        additional_predicate: Option<Box<NetworkBridgeFilter>> = object "additionalPredicate",
        /// Whether a bridge consumes.
        network_subscription: bool = boolean "networkSubscription",
        /// Whether acknowledgements come late and in ranges.
        optimized_acknowledge: bool = boolean "optimizedAcknowledge",
        /// Whether acknowledgements never come in ranges.
        no_range_acks: bool = boolean "noRangeAcks",
        /// The consumers that a bridge stands for.
        network_consumer_path: Elements<ConsumerId> = array "networkConsumerPath" since 4,
    }
}

command! {
    /// Changes a consumer.
    ConsumerControl = 17 {
        /// What it consumes.
        destination: Option<Destination> = object "destination" since 6,
        /// To the client: the consumer is thrown out.
        close: bool = boolean "close",
        /// The consumer.
        consumer_id: Option<ConsumerId> = object "consumerId",
        /// Its prefetch from now on.
        prefetch: i32 = int "prefetch",
        /// Deliver what is pending.
        flush: bool = boolean "flush" since 2,
        /// Start delivery.
        start: bool = boolean "start" since 2,
        /// Stop delivery.
        stop: bool = boolean "stop" since 2,
    }
}

command! {
    /// Asks for one message, where the prefetch is 0.
    MessagePull = 20 since 2 {
        /// The consumer.
        consumer_id: Option<ConsumerId> = cached "consumerId",
        /// What it consumes.
        destination: Option<Destination> = cached "destination",
        /// Milliseconds to wait; −1: answer at once, 0: wait for ever.
        timeout: i64 = long "timeout",
        /// Unused by Java.
        correlation_id: Option<Text> = text "correlationId" since 3,
        /// Unused by Java.
        message_id: Option<MessageId> = object "messageId" since 3,
    }
}

command! {
    /// Brings a message to a consumer.
    MessageDispatch = 21 {
        /// The consumer.
        consumer_id: Option<ConsumerId> = cached "consumerId",
        /// Where the message was sent to; absent in an empty answer to a pull.
        destination: Option<Destination> = cached "destination",
        /// The message, shared with whoever else gets it; absent at the end of a browse or in an empty
        /// answer to a pull.
        message: Option<SharedMessage> = object "message",
        /// How often it was delivered before; overrides the message's own.
        redelivery_counter: i32 = int "redeliveryCounter",
    }
}

command! {
    /// Tells another broker of a dispatch (master and slave; decoded, otherwise of no use here).
    MessageDispatchNotification = 90 {
        /// The consumer.
        consumer_id: Option<ConsumerId> = cached "consumerId",
        /// Where the message was sent to.
        destination: Option<Destination> = cached "destination",
        /// Counts the dispatches.
        delivery_sequence_id: i64 = long "deliverySequenceId",
        /// The message.
        message_id: Option<MessageId> = object "messageId",
    }
}

/// What a [`MessageAck`] says; kept as the byte that came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AckKind(pub i8);

impl AckKind {
    /// Nothing is removed; the window grows by the count.
    pub const DELIVERED: Self = Self(0);
    /// The range goes to the dead letter queue.
    pub const POISON: Self = Self(1);
    /// The range from first to last is consumed.
    pub const STANDARD: Self = Self(2);
    /// The client redelivers by itself.
    pub const REDELIVERED: Self = Self(3);
    /// The last message alone is consumed.
    pub const INDIVIDUAL: Self = Self(4);
    /// A durable subscription's selector did not match.
    pub const UNMATCHED: Self = Self(5);
    /// The range expired at the client.
    pub const EXPIRED: Self = Self(6);
}

impl From<i8> for AckKind {
    fn from(kind: i8) -> Self {
        Self(kind)
    }
}

impl From<AckKind> for i8 {
    fn from(kind: AckKind) -> Self {
        kind.0
    }
}

command! {
    /// Acknowledges messages.
    MessageAck = 22 {
        /// The messages' destination.
        destination: Option<Destination> = cached "destination",
        /// The transaction that it belongs to.
        transaction_id: Option<TransactionId> = cached "transactionId",
        /// The consumer.
        consumer_id: Option<ConsumerId> = cached "consumerId",
        /// `ackType`: what happened to them.
        kind: AckKind = byte "ackType",
        /// The first of the range; absent: the oldest outstanding.
        first_message_id: Option<MessageId> = object "firstMessageId",
        /// The last of the range.
        last_message_id: Option<MessageId> = object "lastMessageId",
        /// How many.
        message_count: i32 = int "messageCount",
        /// Why they are poison.
        poison_cause: Option<Box<Throwable>> = throwable "poisonCause" since 7,
    }
}
