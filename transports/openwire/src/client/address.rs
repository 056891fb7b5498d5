//! A destination with options, as ActiveMQ writes it.

use super::query::Query;
use super::uri_error::{MAX_URI, UriError};
use crate::command::{Destination, DestinationKind};

/// A destination and what a consumer of it asks for.
///
/// The options are the client's business and never go on the wire (Apache ActiveMQ,
/// "Destination Options").
///
/// ```
/// use finewire_openwire::client::DestinationAddress;
///
/// let address: DestinationAddress =
///     "Connector1?consumer.exclusive=true&consumer.priority=127".parse()?;
/// assert_eq!(address.destination.to_string(), "queue://Connector1");
/// assert!(address.options.exclusive);
/// assert_eq!(address.options.priority, 127);
/// # Ok::<(), finewire_openwire::client::UriError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationAddress {
    /// Where; a name without prefix is a queue.
    pub destination: Destination,
    /// How to consume from it.
    pub options: ConsumerOptions,
}

/// What the `consumer.` options say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerOptions {
    /// `consumer.exclusive`: of all exclusive consumers of a queue one gets everything.
    pub exclusive: bool,
    /// `consumer.priority`, −128..=127: higher ones are served first.
    pub priority: i8,
    /// `consumer.prefetchSize`; `None`: the kind's default.
    pub prefetch: Option<u16>,
    /// `consumer.noLocal`: not what the same connection sends to a topic.
    pub no_local: bool,
    /// `consumer.selector`, in the selector language of JMS.
    pub selector: Option<String>,
    /// `consumer.maximumPendingMessageLimit`; `None`: the broker's own.
    pub maximum_pending: Option<i32>,
    /// `consumer.retroactive`: also what the broker kept of a topic.
    pub retroactive: bool,
}

impl From<Destination> for DestinationAddress {
    fn from(destination: Destination) -> Self {
        Self {
            destination,
            options: ConsumerOptions::default(),
        }
    }
}

const OPTIONS: &[&str] = &[
    "consumer.exclusive",
    "consumer.priority",
    "consumer.prefetchSize",
    "consumer.noLocal",
    "consumer.selector",
    "consumer.maximumPendingMessageLimit",
    "consumer.retroactive",
];

impl core::str::FromStr for DestinationAddress {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let text = text.trim();
        if text.len() > MAX_URI {
            return Err(UriError::TooLong(text.len()));
        }
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        let kinds = [
            DestinationKind::Queue,
            DestinationKind::Topic,
            DestinationKind::TempQueue,
            DestinationKind::TempTopic,
        ];
        let (kind, name) = kinds
            .into_iter()
            .find_map(|kind| Some((kind, name.strip_prefix(kind.prefix())?)))
            .unwrap_or((DestinationKind::Queue, name));
        let name = name.trim();
        if name.is_empty() {
            return Err(UriError::NoName);
        }
        let mut options = ConsumerOptions::default();
        for option in Query::new(query) {
            let option = option?;
            match option.name.as_str() {
                "consumer.exclusive" => options.exclusive = option.flag()?,
                "consumer.priority" => options.priority = option.number(i8::MIN, i8::MAX)?,
                "consumer.prefetchSize" => {
                    options.prefetch = Some(option.number(0, 32_767)?);
                }
                "consumer.noLocal" => options.no_local = option.flag()?,
                "consumer.selector" => options.selector = Some(option.value),
                "consumer.maximumPendingMessageLimit" => {
                    options.maximum_pending = Some(option.number(0, i32::MAX)?);
                }
                "consumer.retroactive" => options.retroactive = option.flag()?,
                _ => return Err(option.unknown(&[OPTIONS])),
            }
        }
        Ok(Self {
            destination: Destination::new(kind, name),
            options,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_name_the_kind_and_options_never_stay_in_the_name() {
        let address: DestinationAddress =
            "topic://prices.>?consumer.prefetchSize=10&consumer.noLocal=true"
                .parse()
                .unwrap();

        assert_eq!(address.destination, Destination::topic("prices.>"));
        assert_eq!(address.options.prefetch, Some(10));
        assert!(address.options.no_local && !address.options.exclusive);
    }

    #[test]
    fn wrong_options_are_named() {
        let parse = |text: &str| text.parse::<DestinationAddress>().unwrap_err();

        let text = parse("q?consumer.exclusiv=true").to_string();
        assert!(
            text.contains("'consumer.exclusiv'") && text.contains("consumer.exclusive,"),
            "{text}"
        );
        assert!(matches!(
            parse("q?consumer.priority=128"),
            UriError::Value { .. }
        ));
        assert_eq!(parse("?consumer.exclusive=true"), UriError::NoName);
        assert_eq!(parse("topic://"), UriError::NoName);
    }
}
