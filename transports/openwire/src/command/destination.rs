//! Where messages go to and come from.

use core::fmt;

use super::{Text, reflect};
use crate::codec::{
    CacheEntry, Cacheable, DecodeError, Digest, EncodeError, Fill, Object, Reader, Writer, put,
    read_by_filling,
};

/// The four kinds of destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DestinationKind {
    /// Each message goes to one consumer (type 100).
    #[default]
    Queue,
    /// Each message goes to every consumer (type 101).
    Topic,
    /// A queue that lives as long as the connection that made it (type 102).
    TempQueue,
    /// A topic that lives as long as the connection that made it (type 103).
    TempTopic,
}

impl DestinationKind {
    /// The type code on the wire, 100..=103.
    #[must_use]
    pub const fn type_code(self) -> u8 {
        match self {
            Self::Queue => 100,
            Self::Topic => 101,
            Self::TempQueue => 102,
            Self::TempTopic => 103,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            100 => Self::Queue,
            101 => Self::Topic,
            102 => Self::TempQueue,
            103 => Self::TempTopic,
            _ => return None,
        })
    }

    /// Whether it is a queue, temporary or not.
    #[must_use]
    pub const fn is_queue(self) -> bool {
        matches!(self, Self::Queue | Self::TempQueue)
    }

    /// Whether it is a topic, temporary or not.
    #[must_use]
    pub const fn is_topic(self) -> bool {
        !self.is_queue()
    }

    /// Whether it lives only as long as its connection.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::TempQueue | Self::TempTopic)
    }

    /// The prefix of its text form: `queue://` and so on.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Queue => "queue://",
            Self::Topic => "topic://",
            Self::TempQueue => "temp-queue://",
            Self::TempTopic => "temp-topic://",
        }
    }
}

/// `ActiveMQDestination`: a kind and a physical name.
///
/// The name may be composite (parts joined by commas, each possibly with a prefix of its own) or, for
/// consumers, hold wildcards; the codec does not look into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Destination {
    /// Queue or topic, temporary or not.
    pub kind: DestinationKind,
    /// `physicalName`, without prefix. Absent only in a frame that no Java peer can read.
    pub physical_name: Option<Text>,
}

impl Destination {
    /// A destination of a kind.
    #[must_use]
    pub fn new(kind: DestinationKind, name: impl Into<Text>) -> Self {
        Self {
            kind,
            physical_name: Some(name.into()),
        }
    }

    /// The queue of this name.
    #[must_use]
    pub fn queue(name: impl Into<Text>) -> Self {
        Self::new(DestinationKind::Queue, name)
    }

    /// The topic of this name.
    #[must_use]
    pub fn topic(name: impl Into<Text>) -> Self {
        Self::new(DestinationKind::Topic, name)
    }

    /// The temporary queue of this name.
    #[must_use]
    pub fn temp_queue(name: impl Into<Text>) -> Self {
        Self::new(DestinationKind::TempQueue, name)
    }

    /// The temporary topic of this name.
    #[must_use]
    pub fn temp_topic(name: impl Into<Text>) -> Self {
        Self::new(DestinationKind::TempTopic, name)
    }

    /// The physical name; empty if there is none.
    #[must_use]
    pub fn name(&self) -> std::borrow::Cow<'_, str> {
        self.physical_name
            .as_ref()
            .map_or_else(Default::default, Text::to_str)
    }

    /// The name of its type in the protocol: `ActiveMQQueue` and so on.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self.kind {
            DestinationKind::Queue => "ActiveMQQueue",
            DestinationKind::Topic => "ActiveMQTopic",
            DestinationKind::TempQueue => "ActiveMQTempQueue",
            DestinationKind::TempTopic => "ActiveMQTempTopic",
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.prefix())?;
        f.write_str(&self.name())
    }
}

impl Fill for Destination {
    fn fill<R: Reader>(&mut self, reader: &mut R, code: u8) -> Result<(), DecodeError> {
        let Some(kind) = DestinationKind::from_code(code) else {
            return Err(reader.wrong_type(Self::EXPECTED, code));
        };
        self.kind = kind;
        reader
            .text(&mut self.physical_name)
            .map_err(|error| error.within(Self::EXPECTED, "physicalName"))
    }
}

impl Object for Destination {
    const EXPECTED: &'static str = "ActiveMQDestination";

    fn type_code(&self) -> u8 {
        self.kind.type_code()
    }

    read_by_filling!();

    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), EncodeError> {
        writer
            .text(&self.physical_name)
            .map_err(|error| error.within(Self::EXPECTED, "physicalName"))
    }
}

impl reflect::Reflect for Destination {
    fn type_name(&self) -> &'static str {
        Self::type_name(self)
    }

    fn visit<'a>(
        &'a self,
        _version: i32,
        visitor: &mut dyn FnMut(&'static str, reflect::FieldValue<'a>),
    ) {
        visitor(
            "physicalName",
            reflect::FieldValue::text(&self.physical_name),
        );
    }
}

impl Cacheable for Destination {
    const KIND: usize = 5;

    fn digest(&self) -> u64 {
        let mut digest = Digest::new(self.type_code());
        if let Some(name) = &self.physical_name {
            name.digest(&mut digest);
        }
        digest.finish()
    }

    fn is(&self, entry: &CacheEntry) -> bool {
        matches!(entry, CacheEntry::Destination(destination) if destination == self)
    }

    fn to_entry(&self) -> CacheEntry {
        CacheEntry::Destination(Self {
            kind: self.kind,
            physical_name: self.physical_name.as_ref().map(Text::detach),
        })
    }

    #[inline(always)]
    fn from_entry(entry: &CacheEntry, to: &mut Option<Self>) {
        let CacheEntry::Destination(destination) = entry else {
            return;
        };
        put(to, Self::default());
        if let Some(to) = to {
            to.kind = destination.kind;
            Text::repeat(&destination.physical_name, &mut to.physical_name);
        }
    }
}
