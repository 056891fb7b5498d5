//! Takes the secrets out of what is about to be written.

use super::broker_stream::BrokerStream;
use super::rules::Rules;
use super::veil::Veil;
use finewire_core::machine::{LinkId, LinkSlot};
use finewire_host::record::{Entry, Told};
use finewire_openwire::client::ClientConfig;
use std::collections::BTreeMap;

/// The connector's links to the broker are those of this slot.
const BROKER: LinkSlot = LinkSlot(0);

/// Every stream of the connector, without the secrets.
#[derive(Debug)]
pub(super) struct Redactor {
    pub(super) rules: Rules,
    client: ClientConfig,
    streams: BTreeMap<LinkId, Stream>,
}

enum Stream {
    Broker(Box<BrokerStream>),
    Finesse(Veil),
}

impl Redactor {
    /// `client` is how the connector speaks with the broker.
    pub(super) fn new(rules: Rules, client: ClientConfig) -> Self {
        Self {
            rules,
            client,
            streams: BTreeMap::new(),
        }
    }

    /// The entry as it may be written.
    pub(super) fn pass(&mut self, mut entry: Entry) -> Entry {
        match &mut entry.told {
            Told::Opened(link) => {
                let stream = self.stream(*link);
                self.streams.insert(*link, stream);
            }
            Told::Closed(link, _) => {
                self.streams.remove(link);
            }
            Told::Received(link, bytes) => {
                let mut covered = bytes.to_vec();
                match self.streams.get_mut(link) {
                    Some(Stream::Broker(stream)) => covered = stream.pass(bytes, &mut self.rules),
                    Some(Stream::Finesse(veil)) => veil.cover(&mut covered),
                    // A late report of a closed link, which the machine ignores too.
                    None => covered.clear(),
                }
                *bytes = covered.into();
            }
            _ => {}
        }
        entry
    }

    fn stream(&self, link: LinkId) -> Stream {
        if link.slot() == Some(BROKER) {
            let (offer, limits) = (self.client.offer.clone(), self.client.decode);
            Stream::Broker(Box::new(BrokerStream::new(offer, limits)))
        } else {
            Stream::Finesse(Veil::default())
        }
    }
}

impl core::fmt::Debug for Stream {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Broker(_) => "Broker",
            Self::Finesse(_) => "Finesse",
        })
    }
}
