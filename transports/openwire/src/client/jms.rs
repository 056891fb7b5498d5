//! The `jms.` options of a URI: what ActiveMQ's connection factory is told.

use core::time::Duration;

use finewire_core::password::Secret;

use super::query::QueryOption;
use super::sending::Confirm;
use super::uri_error::UriError;
use crate::command::Destination;

/// The `jms.` options of a URI (Apache ActiveMQ, "Connection Configuration URI"); `None` where it did not
/// say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JmsOptions {
    /// `jms.userName`.
    pub user_name: Option<String>,
    /// `jms.password`.
    pub password: Option<Secret>,
    /// `jms.clientID`.
    pub client_id: Option<String>,
    /// `jms.alwaysSyncSend` (true: [`Confirm::Always`]) and `jms.useAsyncSend` (true:
    /// [`Confirm::Never`]); the former wins.
    pub confirm: Option<Confirm>,
    /// `jms.sendTimeout`: how long the broker may take to answer.
    pub send_timeout: Option<Duration>,
    /// `jms.producerWindowSize`, bytes.
    pub producer_window: Option<u32>,
    /// `jms.exclusiveConsumer`: consumers of queues are exclusive.
    pub exclusive_consumer: bool,
    /// `jms.useRetroactiveConsumer`: consumers of topics get what the broker kept.
    pub retroactive_consumer: bool,
    /// `jms.optimizeAcknowledge`: automatic acknowledgements may come late and together.
    pub optimize_acknowledge: bool,
    /// `jms.prefetchPolicy.`.
    pub prefetch: Prefetch,
    /// `jms.redeliveryPolicy.maximumRedeliveries`; −1, which is `None` inside, for any number.
    pub maximum_redeliveries: Option<Option<u32>>,
}

/// How many messages a consumer may have out, by what it consumes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefetch {
    /// `queuePrefetch`, or `all`.
    pub queue: Option<u16>,
    /// `topicPrefetch`, or `all`.
    pub topic: Option<u16>,
    /// `queueBrowserPrefetch`, or `all`.
    pub browser: Option<u16>,
}

impl Prefetch {
    /// What is said of consumers of `destination`.
    #[must_use]
    pub const fn of(&self, destination: &Destination, browse: bool) -> Option<u16> {
        match (destination.kind.is_queue(), browse) {
            (true, true) => self.browser,
            (true, false) => self.queue,
            (false, _) => self.topic,
        }
    }
}

pub(super) const JMS_OPTIONS: &[&str] = &[
    "jms.userName",
    "jms.password",
    "jms.clientID",
    "jms.alwaysSyncSend",
    "jms.useAsyncSend",
    "jms.sendTimeout",
    "jms.producerWindowSize",
    "jms.exclusiveConsumer",
    "jms.useRetroactiveConsumer",
    "jms.optimizeAcknowledge",
    "jms.prefetchPolicy.all",
    "jms.prefetchPolicy.queuePrefetch",
    "jms.prefetchPolicy.topicPrefetch",
    "jms.prefetchPolicy.queueBrowserPrefetch",
    "jms.redeliveryPolicy.maximumRedeliveries",
    "jms.alwaysSessionAsync",
    "jms.checkForDuplicates",
    "jms.clientIDPrefix",
    "jms.closeTimeout",
    "jms.connectionIDPrefix",
    "jms.consumerExpiryCheckEnabled",
    "jms.copyMessageOnSend",
    "jms.disableTimeStampsByDefault",
    "jms.dispatchAsync",
    "jms.messagePrioritySupported",
    "jms.nestedMapAndListEnabled",
    "jms.nonBlockingRedelivery",
    "jms.optimizedMessageDispatch",
    "jms.optimizeAcknowledgeTimeOut",
    "jms.prefetchPolicy.durableTopicPrefetch",
    "jms.prefetchPolicy.optimizeDurableTopicPrefetch",
    "jms.redeliveryPolicy.backOffMultiplier",
    "jms.redeliveryPolicy.initialRedeliveryDelay",
    "jms.redeliveryPolicy.maximumRedeliveryDelay",
    "jms.redeliveryPolicy.redeliveryDelay",
    "jms.redeliveryPolicy.useCollisionAvoidance",
    "jms.redeliveryPolicy.useExponentialBackOff",
    "jms.statsEnabled",
    "jms.useCompression",
    "jms.watchTopicAdvisories",
];

impl JmsOptions {
    /// Takes an option over; false: it is known and means nothing here.
    pub(super) fn set(
        &mut self,
        option: &QueryOption,
        known: &[&[&'static str]],
    ) -> Result<bool, UriError> {
        let name = option.name.as_str();
        match name.strip_prefix("jms.").unwrap_or(name) {
            "userName" => self.user_name = Some(option.value.clone()),
            "password" => self.password = Some(Secret::from(option.value.as_str())),
            "clientID" => self.client_id = Some(option.value.clone()),
            "alwaysSyncSend" => {
                if option.flag()? {
                    self.confirm = Some(Confirm::Always);
                }
            }
            "useAsyncSend" => {
                if option.flag()? {
                    self.confirm.get_or_insert(Confirm::Never);
                }
            }
            "sendTimeout" => {
                self.send_timeout = Some(option.millis()?).filter(|limit| !limit.is_zero());
            }
            "producerWindowSize" => {
                let most = u32::try_from(i32::MAX).unwrap_or(0);
                self.producer_window = Some(option.number(0, most)?);
            }
            "exclusiveConsumer" => self.exclusive_consumer = option.flag()?,
            "useRetroactiveConsumer" => self.retroactive_consumer = option.flag()?,
            "optimizeAcknowledge" => self.optimize_acknowledge = option.flag()?,
            "prefetchPolicy.all" => {
                let all = Some(option.number(0, MAXIMUM_PREFETCH)?);
                self.prefetch = Prefetch {
                    queue: all,
                    topic: all,
                    browser: all,
                };
            }
            "prefetchPolicy.queuePrefetch" => {
                self.prefetch.queue = Some(option.number(0, MAXIMUM_PREFETCH)?);
            }
            "prefetchPolicy.topicPrefetch" => {
                self.prefetch.topic = Some(option.number(0, MAXIMUM_PREFETCH)?);
            }
            "prefetchPolicy.queueBrowserPrefetch" => {
                self.prefetch.browser = Some(option.number(0, MAXIMUM_PREFETCH)?);
            }
            "redeliveryPolicy.maximumRedeliveries" => {
                self.maximum_redeliveries = Some(option.count_or_any()?);
            }
            _ if JMS_OPTIONS.contains(&name) => return Ok(false),
            _ => return Err(option.unknown(known)),
        }
        Ok(true)
    }
}

/// The most that ActiveMQ takes (`MAX_PREFETCH_SIZE`).
const MAXIMUM_PREFETCH: u16 = 32_767;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{BrokerUri, ClientConfig};

    fn parse(text: &str) -> BrokerUri {
        text.parse().unwrap()
    }

    #[test]
    fn options_of_the_connection_are_taken_from_either_form_of_uri() {
        let query = "jms.userName=eva&jms.password=hunter2&jms.prefetchPolicy.all=5\
             &jms.prefetchPolicy.topicPrefetch=7&jms.useAsyncSend=true&jms.producerWindowSize=1024";
        for uri in [
            parse(&format!("tcp://a?{query}")),
            parse(&format!("failover:(tcp://a)?{query}&timeout=3000")),
        ] {
            let mut config = ClientConfig::default();
            config.apply(&uri);
            assert_eq!(config.user.as_deref(), Some("eva"));
            assert_eq!(config.password.unwrap().expose(), "hunter2");
            let held = uri
                .failover
                .as_ref()
                .map_or(Duration::ZERO, |_| Duration::from_secs(3));
            assert_eq!(config.hold_sends, held);
            let jms = &uri.jms;
            assert_eq!(jms.confirm, Some(Confirm::Never));
            assert_eq!(jms.producer_window, Some(1024));
            let prefetch = |destination, browse| jms.prefetch.of(&destination, browse);
            assert_eq!(prefetch(Destination::topic("t"), false), Some(7));
            assert_eq!(prefetch(Destination::queue("q"), false), Some(5));
            assert_eq!(prefetch(Destination::queue("q"), true), Some(5));
            assert!(!format!("{uri:?}").contains("hunter2"));
        }
    }

    #[test]
    fn an_unknown_one_is_answered_with_the_known_ones_and_is_no_option_of_a_nested_broker() {
        let error = "tcp://a?jms.useAsync=true"
            .parse::<BrokerUri>()
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("'jms.useAsync'") && text.contains("jms.useAsyncSend"),
            "{text}"
        );
        assert!(
            "failover:(tcp://a?jms.userName=x)"
                .parse::<BrokerUri>()
                .is_err()
        );
        assert_eq!(
            parse("tcp://a?jms.useCompression=true").ignored,
            ["jms.useCompression"]
        );
    }
}
