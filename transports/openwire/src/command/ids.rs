//! The ids that commands speak of, and their text forms.

use core::fmt;

use super::{Text, declare::data};

data! {
    /// A connection: a text that its client made unique, e.g. `ID:host-40111-1700000000000-1:1`.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    ConnectionId = 120 {
        /// The text.
        value: Option<Text> = text "value",
    }
}

data! {
    /// A session of a connection. Number −1 is the session that exists without being announced.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    SessionId = 121 {
        /// The text of the connection's id.
        connection_id: Option<Text> = text "connectionId",
        /// The session's number within the connection.
        value: i64 = long "value",
    }
}

data! {
    /// A consumer of a session.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    ConsumerId = 122 {
        /// The text of the connection's id.
        connection_id: Option<Text> = text "connectionId",
        /// The session's number within the connection.
        session_id: i64 = long "sessionId",
        /// The consumer's number within the session.
        value: i64 = long "value",
    }
}

data! {
    /// A producer of a session. On the wire its own number precedes the session's.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    ProducerId = 123 {
        /// The text of the connection's id.
        connection_id: Option<Text> = text "connectionId",
        /// The producer's number within the session.
        value: i64 = long "value",
        /// The session's number within the connection.
        session_id: i64 = long "sessionId",
    }
}

data! {
    /// A broker.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    BrokerId = 124 {
        /// The text.
        value: Option<Text> = text "value",
    }
}

data! {
    /// A message: its producer and the number that the producer gave it.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    MessageId = 110 {
        /// The id of a message that came from another kind of provider; then this is the id.
        text_view: Option<Text> = text "textView" since 10,
        /// Who sent it.
        producer_id: Option<ProducerId> = cached "producerId",
        /// Counts 1, 2, … within the producer.
        producer_sequence_id: i64 = long "producerSequenceId",
        /// Given by the broker, unique and rising; 0 from the client.
        broker_sequence_id: i64 = long "brokerSequenceId",
    }
}

macro_rules! text_id {
    ($($name:ident)*) => { $(
        impl $name {
            /// The id with this text.
            #[must_use]
            pub fn new(value: impl Into<Text>) -> Self {
                Self { value: Some(value.into()) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_text(self.value.as_ref(), f)
            }
        }
    )* };
}

text_id! { ConnectionId BrokerId }

fn write_text(text: Option<&Text>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.map_or(Ok(()), |text| f.write_str(&text.to_str()))
}

impl ConnectionId {
    /// The id of this connection's session `number`.
    #[must_use]
    pub fn session(&self, number: i64) -> SessionId {
        SessionId {
            connection_id: self.value.clone(),
            value: number,
        }
    }
}

impl SessionId {
    /// The id of this session's consumer `number`.
    #[must_use]
    pub fn consumer(&self, number: i64) -> ConsumerId {
        ConsumerId {
            connection_id: self.connection_id.clone(),
            session_id: self.value,
            value: number,
        }
    }

    /// The id of this session's producer `number`.
    #[must_use]
    pub fn producer(&self, number: i64) -> ProducerId {
        ProducerId {
            connection_id: self.connection_id.clone(),
            value: number,
            session_id: self.value,
        }
    }

    /// The id of the session's connection.
    #[must_use]
    pub fn connection(&self) -> ConnectionId {
        ConnectionId {
            value: self.connection_id.clone(),
        }
    }
}

macro_rules! within_session {
    ($($name:ident)*) => { $(
        impl $name {
            /// The id of the session it belongs to.
            #[must_use]
            pub fn session(&self) -> SessionId {
                SessionId { connection_id: self.connection_id.clone(), value: self.session_id }
            }

            /// The id of the connection it belongs to.
            #[must_use]
            pub fn connection(&self) -> ConnectionId {
                ConnectionId { value: self.connection_id.clone() }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_text(self.connection_id.as_ref(), f)?;
                write!(f, ":{}:{}", self.session_id, self.value)
            }
        }
    )* };
}

within_session! { ConsumerId ProducerId }

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_text(self.connection_id.as_ref(), f)?;
        write!(f, ":{}", self.value)
    }
}

impl MessageId {
    /// The id of message `sequence` (1, 2, …) of `producer`.
    #[must_use]
    pub const fn new(producer: ProducerId, sequence: i64) -> Self {
        Self {
            text_view: None,
            producer_id: Some(producer),
            producer_sequence_id: sequence,
            broker_sequence_id: 0,
        }
    }
}

impl fmt::Display for MessageId {
    /// The text that JMS shows: `connection:session:producer:sequence`, or the foreign text behind `ID:`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text_view {
            if !text.as_wire().starts_with(b"ID:") {
                f.write_str("ID:")?;
            }
            return f.write_str(&text.to_str());
        }
        if let Some(producer) = &self.producer_id {
            write!(f, "{producer}")?;
        }
        write!(f, ":{}", self.producer_sequence_id)
    }
}

macro_rules! cacheable_id {
    ($($name:ident $entry:ident $kind:literal [$($text:ident)?] [$($number:ident)*] [$($first:ident $second:expr)?]),* $(,)?) => { $(
        impl crate::codec::Cacheable for $name {
            const KIND: usize = $kind;

            fn digest(&self) -> u64 {
                let mut digest = crate::codec::Digest::new(Self::CODE);
                $( if let Some(text) = &self.$text {
                    text.digest(&mut digest);
                } )?
                $( digest.numbers(self.$first, $second(self)); )?
                digest.finish()
            }

            fn is(&self, entry: &crate::codec::CacheEntry) -> bool {
                matches!(entry, crate::codec::CacheEntry::$entry(id) if id == self)
            }

            fn to_entry(&self) -> crate::codec::CacheEntry {
                #[allow(clippy::needless_update, reason = "some ids are a text alone")]
                crate::codec::CacheEntry::$entry(Self {
                    $( $text: self.$text.as_ref().map(Text::detach), )?
                    ..self.clone()
                })
            }

            #[inline(always)]
            fn from_entry(entry: &crate::codec::CacheEntry, to: &mut Option<Self>) {
                let crate::codec::CacheEntry::$entry(id) = entry else {
                    return;
                };
                crate::codec::put(to, Self::default());
                if let Some(to) = to {
                    $( Text::repeat(&id.$text, &mut to.$text); )?
                    $( to.$number = id.$number; )*
                }
            }
        }
    )* };
}

cacheable_id! {
    ConnectionId Connection 0 [value] [] [],
    SessionId Session 1 [connection_id] [value] [value |_: &SessionId| 0],
    ConsumerId Consumer 2 [connection_id] [session_id value] [value |id: &ConsumerId| id.session_id],
    ProducerId Producer 3 [connection_id] [value session_id] [value |id: &ProducerId| id.session_id],
    BrokerId Broker 4 [value] [] [],
}
