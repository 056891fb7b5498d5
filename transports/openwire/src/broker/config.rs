//! What the broker is told at its start.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use finewire_core::machine::{Address, TlsId};
use finewire_core::password::Secret;

use super::permissions::Permissions;

/// How the broker listens, whom it lets in and what it may be made to hold.
#[derive(Clone, Debug)]
pub struct BrokerConfig {
    /// `brokerName`, for people and tools.
    pub name: String,
    /// Where it listens.
    pub listen: Vec<Listen>,
    /// Who may connect.
    pub admission: Admission,
    /// What users may do; `None`: everything.
    pub permissions: Option<Permissions>,
    /// What peers may make it hold.
    pub limits: BrokerLimits,
    /// What happens to a topic consumer that cannot keep up.
    pub slow_consumer: SlowConsumer,
    /// What happens to a send, or a commit, for which there is no room.
    pub when_full: WhenFull,
    /// The queue of persistent messages that nobody could handle; `None`: they are thrown away.
    pub dead_letters: Option<String>,
    /// `MaxInactivityDuration` offered: silent peers are dropped after two to three times this; zero
    /// switches the keep-alive off.
    pub max_inactivity: Duration,
    /// `MaxInactivityDurationInitalDelay` offered.
    pub max_inactivity_initial_delay: Duration,
    /// Whether to say what passes, as traces.
    pub trace: bool,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            name: "finewire".into(),
            listen: Vec::new(),
            admission: Admission::Anyone,
            permissions: None,
            limits: BrokerLimits::default(),
            slow_consumer: SlowConsumer::DropOldest,
            when_full: WhenFull::default(),
            dead_letters: Some("ActiveMQ.DLQ".into()),
            max_inactivity: Duration::from_secs(30),
            max_inactivity_initial_delay: Duration::from_secs(10),
            trace: false,
        }
    }
}

/// One address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address; port 0 lets the system choose.
    pub address: Address,
    /// The TLS profile of the server side; `None`: plain.
    pub tls: Option<TlsId>,
}

/// Who may connect.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Admission {
    /// Everybody; names and passwords are not looked at.
    #[default]
    Anyone,
    /// Those with one of these names and its password.
    Users(BTreeMap<String, Secret>),
}

impl Admission {
    /// Whether these credentials let in. Takes the same time whichever part is wrong.
    pub(super) fn admits(&self, user: &str, password: &str) -> bool {
        match self {
            Self::Anyone => true,
            Self::Users(users) => {
                let given = Secret::from(password);
                let nobody = Secret::from("");
                let known = users.get(user);
                (known.unwrap_or(&nobody) == &given) & known.is_some()
            }
        }
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("Anyone"),
            Self::Users(users) => write!(f, "Users({})", users.len()),
        }
    }
}

/// What happens to a topic consumer whose backlog is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlowConsumer {
    /// The oldest message that waits for it is dropped and counted.
    #[default]
    DropOldest,
    /// Its connection is closed; its client comes back knowing that it missed something.
    Disconnect,
}

/// What happens to a send, or a commit of sends, to a queue that has no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// It is refused at once, with a `ResourceAllocationException` (ActiveMQ: `sendFailIfNoSpace`).
    Refuse,
    /// Its producer is held up, as ActiveMQ does: the send takes effect, and is answered, when there is room;
    /// when that takes longer than this, it is refused (ActiveMQ: `sendFailIfNoSpaceAfterTimeout`).
    Hold(Duration),
}

impl Default for WhenFull {
    /// Held for half a minute.
    fn default() -> Self {
        Self::Hold(Duration::from_secs(30))
    }
}

/// What peers may make the broker hold. Beyond a limit a command is refused with a
/// `ResourceAllocationException`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerLimits {
    /// Links at a time; further ones are closed at once.
    pub connections: usize,
    /// Sessions of one connection.
    pub sessions: usize,
    /// Consumers of one connection.
    pub consumers: usize,
    /// Producers of one connection.
    pub producers: usize,
    /// Temporary destinations of one connection.
    pub temporaries: usize,
    /// Open transactions of one connection.
    pub transactions: usize,
    /// Sends in one transaction; their bytes count against `queue_bytes`.
    pub transaction_sends: usize,
    /// Queues of all connections.
    pub queues: usize,
    /// Consumers with wildcards, of all connections.
    pub wildcards: usize,
    /// Messages in one queue, waiting and in flight.
    pub queue_messages: usize,
    /// Bytes in one queue, waiting and in flight.
    pub queue_bytes: usize,
    /// Bytes in all queues and open transactions. Sends that are held up may occupy a quarter of this
    /// besides, and as much again may wait for topic consumers, each one's backlog counted by itself: beyond,
    /// they lose their oldest. When more than a quarter of this is not yet written to all connections together,
    /// each one's outbox holds 64 KiB at most.
    pub total_bytes: usize,
    /// Bytes of the sends of one connection that are held up. Beyond, nothing is read from a connection that
    /// only produces; further sends of one that consumes too are refused, so that its acknowledgements,
    /// which make room, are still heard.
    pub held_up_bytes: usize,
    /// Bytes of one frame, which bounds a message.
    pub frame_bytes: usize,
    /// Messages that wait for one topic consumer beyond its prefetch.
    pub backlog_messages: usize,
    /// Bytes that wait for one topic consumer beyond its prefetch.
    pub backlog_bytes: usize,
    /// Unanswered pulls of one consumer.
    pub pulls: usize,
    /// The widest prefetch; larger ones are taken for this.
    pub prefetch: usize,
    /// Bytes not yet written to one connection above which nothing is dispatched to it and, at twice
    /// as much, nothing more is read from it.
    pub outbox_bytes: usize,
    /// Producers whose last sequence is remembered after their connection is lost, so that a send that
    /// is repeated after a failover counts once.
    pub remembered_producers: usize,
    /// How long a peer may take to say who it is.
    pub greet_within: Duration,
}

impl Default for BrokerLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            sessions: 4096,
            consumers: 4096,
            producers: 16_384,
            temporaries: 4096,
            transactions: 64,
            transaction_sends: 10_000,
            queues: 20_000,
            wildcards: 1024,
            queue_messages: 100_000,
            queue_bytes: 256 * 1024 * 1024,
            total_bytes: 1024 * 1024 * 1024,
            held_up_bytes: 1024 * 1024,
            frame_bytes: 16 * 1024 * 1024,
            backlog_messages: 10_000,
            backlog_bytes: 16 * 1024 * 1024,
            pulls: 1024,
            prefetch: 32_767,
            outbox_bytes: 4 * 1024 * 1024,
            remembered_producers: 10_000,
            greet_within: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_name_with_its_own_password_is_admitted() {
        let users = [
            ("joe".to_owned(), Secret::from("x")),
            ("void".to_owned(), Secret::from("")),
        ];
        let admission = Admission::Users(users.into());

        assert!(admission.admits("joe", "x"));
        assert!(!admission.admits("joe", ""));
        assert!(!admission.admits("ann", ""));
        assert!(admission.admits("void", ""));
        assert!(!format!("{admission:?}").contains('x'));
    }
}
