//! The name of the topic a driver listens on.

use core::fmt;

use crate::agent::Text;

/// The name of the topic that a driver listens on: its `client_destination`.
///
/// Only a name that denotes exactly one topic can be built. OpenWire reads `,` as a list of
/// destinations, `://` as a physical scheme, `*` and `>` as wildcards, `?` as options: an event sent
/// to `x,queue://Connector1` would come back as a command, in a loop.
///
/// ```
/// use finewire_core::contract::{Destination, DestinationFault};
///
/// assert!(Destination::parse("192.168.1.148", &[]).is_ok());
/// assert_eq!(
///     Destination::parse("x,queue://Connector1", &[]),
///     Err(DestinationFault::RemoteCharacter(',')),
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination(Text);

impl Destination {
    /// The longest name in characters.
    pub const MAX_CHARS: usize = 255;

    /// Reads a name; blanks around it do not matter. `command_queues` are the names that the
    /// connector reads commands from.
    ///
    /// # Errors
    ///
    /// [`DestinationFault`] says which rule the name breaks.
    pub fn parse(name: &str, command_queues: &[Text]) -> Result<Self, DestinationFault> {
        let name = name.trim();
        if name.is_empty() {
            return Err(DestinationFault::RemoteEmpty);
        }
        if name.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(DestinationFault::LimitLength);
        }
        let is_forbidden = |c: char| ",*>?#|".contains(c) || c.is_control();
        if let Some(character) = name.chars().find(|&c| is_forbidden(c)) {
            return Err(DestinationFault::RemoteCharacter(character));
        }
        if name.contains("://") {
            return Err(DestinationFault::RemoteScheme);
        }
        if RESERVED.iter().any(|prefix| has_prefix(name, prefix)) {
            return Err(DestinationFault::RemoteReserved);
        }
        if command_queues
            .iter()
            .any(|queue| queue.as_str().eq_ignore_ascii_case(name))
        {
            return Err(DestinationFault::RemoteCommandQueue);
        }
        Ok(Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Names that brokers keep for advisories and virtual topics.
const RESERVED: [&str; 2] = ["ActiveMQ.", "Consumer."];

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

impl AsRef<str> for Destination {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a name is no destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DestinationFault {
    /// Nothing but blanks.
    RemoteEmpty,
    /// Longer than [`Destination::MAX_CHARS`].
    LimitLength,
    /// A character that means something to brokers or to this protocol, or a control character.
    RemoteCharacter(char),
    /// A scheme (`://`).
    RemoteScheme,
    /// A name that brokers keep for themselves.
    RemoteReserved,
    /// A queue that the connector reads commands from: its events would come back as commands.
    RemoteCommandQueue,
}

impl fmt::Display for DestinationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RemoteEmpty => f.write_str("the destination is empty"),
            Self::LimitLength => f.write_str("the destination is longer than 255 characters"),
            Self::RemoteCharacter(character) => {
                write!(
                    f,
                    "the destination holds {character:?}, which is not allowed"
                )
            }
            Self::RemoteScheme => f.write_str("the destination holds a scheme"),
            Self::RemoteReserved => f.write_str("the destination is a name reserved by brokers"),
            Self::RemoteCommandQueue => f.write_str("the destination is a command queue"),
        }
    }
}

impl core::error::Error for DestinationFault {}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn fault(name: &str) -> Option<DestinationFault> {
        Destination::parse(name, &["Connector1".into(), "Connector2".into()]).err()
    }

    #[test]
    fn names_of_drivers_in_the_field_are_accepted() {
        for name in [
            "192.168.1.148",
            "siebel-7",
            "CTI.Driver_1",
            "fe80::1",
            "Grüße",
            "Connector10",
        ] {
            assert_eq!(fault(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_would_loop_or_forge_are_refused() {
        use DestinationFault as F;
        let cases = [
            ("", F::RemoteEmpty),
            (" \t ", F::RemoteEmpty),
            ("x,queue://Connector1", F::RemoteCharacter(',')),
            ("queue://Connector1", F::RemoteScheme),
            ("topic://x", F::RemoteScheme),
            ("events.*", F::RemoteCharacter('*')),
            (">", F::RemoteCharacter('>')),
            ("x?consumer.exclusive=true", F::RemoteCharacter('?')),
            ("x#State#READY", F::RemoteCharacter('#')),
            ("x|y", F::RemoteCharacter('|')),
            ("x\ny", F::RemoteCharacter('\n')),
            ("x\0", F::RemoteCharacter('\0')),
            ("ActiveMQ.Advisory.Connection", F::RemoteReserved),
            ("activemq.DLQ", F::RemoteReserved),
            ("Consumer.A.VirtualTopic.B", F::RemoteReserved),
            ("Connector1", F::RemoteCommandQueue),
            (" connector2 ", F::RemoteCommandQueue),
        ];
        for (name, expected) in cases {
            assert_eq!(fault(name), Some(expected), "{name:?}");
        }
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        let long: String = "ä".repeat(255);

        assert_eq!(fault(&long), None);
        assert_eq!(fault(&(long + "a")), Some(DestinationFault::LimitLength));
    }

    #[test]
    fn blanks_around_a_name_are_not_part_of_it() {
        assert_eq!(Destination::parse(" a b ", &[]).unwrap().as_str(), "a b");
    }
}
