//! What `finewire bench` is asked.

use clap::{Args, Subcommand, ValueEnum};
use core::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) target: Target,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Target {
    /// Load an OpenWire broker, ours or any other, and print rates and times.
    Openwire(Openwire),
    /// A raw TCP ping-pong through a relay process: the hops of a request and its reply, and nothing else.
    Tcp(Tcp),
    /// The relay of `tcp`.
    #[command(hide = true)]
    Relay,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Openwire {
    /// The broker, as ActiveMQ's clients write it.
    #[arg(long, value_name = "URL", default_value = "tcp://127.0.0.1:61616")]
    pub(crate) url: String,
    /// What to do.
    #[arg(long, value_enum, default_value_t = Work::PubSub)]
    pub(crate) work: Work,
    /// Where to: `topic://…` or `queue://…`; the default is a topic for pub-sub, a queue for
    /// request-reply.
    #[arg(long, value_name = "NAME")]
    pub(crate) destination: Option<String>,
    /// Producers (pub-sub), each with a connection and a thread.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) producers: u16,
    /// Consumers (pub-sub), each with a connection and a thread.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) consumers: u16,
    /// Bytes of each body, at least 8.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(8..=10_485_760))]
    pub(crate) size: u32,
    /// Messages (or requests) a second, all producers together, sent on time whatever the broker does.
    /// Times are then counted from the moment at which a message was due, so that a broker that stands
    /// still is not flattered by a sender that waits for it (coordinated omission). Without it: as
    /// many as go with at most 4,000 under way, and times are those of the messages that went.
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// How long to send, seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: u64,
    /// Seconds at the beginning that are not counted.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) warm_up: u64,
    /// Messages handed over at once where as many as go are sent.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) batch: u16,
    /// Bytes (1024 and the body for each message) that a producer may have under way unconfirmed; 0: no
    /// such limit.
    #[arg(long, default_value_t = 0)]
    pub(crate) window: u32,
    /// Send persistent messages, each confirmed by the broker.
    #[arg(long)]
    pub(crate) persistent: bool,
    /// Idle connections beside those that are measured, each with a consumer of its own.
    #[arg(long, value_name = "CONNECTIONS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) crowd: u32,
    /// Queues that the crowd consumes, shared out among it; without them each of it consumes a topic.
    #[arg(long, value_name = "QUEUES", default_value_t = 0, requires = "crowd", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) crowd_destinations: u32,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Tcp {
    /// Bytes of each message, at least 8.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(8..=1_048_576))]
    pub(crate) size: u32,
    /// How long, seconds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// Print one line of JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// Producers send, consumers receive.
    PubSub,
    /// One asks, one answers over a temporary queue.
    RequestReply,
}

impl Openwire {
    pub(crate) const fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }

    /// From the start to the end of sending.
    pub(crate) const fn length(&self) -> Duration {
        Duration::from_secs(self.warm_up + self.seconds)
    }

    pub(crate) fn body(&self) -> usize {
        usize::try_from(self.size).unwrap_or(8).max(8)
    }
}
