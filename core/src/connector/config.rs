//! What the connector is told before it starts.

use core::time::Duration;

use crate::agent::Text;
use crate::contract::{EventFormat, Layout, TimeFormat};
use crate::password::PasswordCodec;

/// Settings of the connector's decisions.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many Finesse servers there are; the first that serves is used.
    pub nodes: u16,
    /// Names, labels and order of fields on the driver's side.
    pub layout: Layout,
    /// The form of events.
    pub event_format: EventFormat,
    /// Zone of the times in events.
    pub time: TimeFormat,
    /// How passwords travel.
    pub password: PasswordCodec,
    /// Whether a successful `Connect` is answered by `ConnectStatus`.
    pub connect_status: bool,
    /// Whether a call that the agent places is announced by `NewOutboundCall`, once, before the
    /// first `InboundCall` about it.
    pub new_outbound_call: bool,
    /// What becomes of agents whose driver is lost.
    pub on_driver_loss: DriverLoss,
    /// Used in place of SystemInfo's `xmppDomain`.
    pub xmpp_domain: Option<Text>,
    /// Used in place of SystemInfo's `xmppPubSubDomain`.
    pub pubsub_domain: Option<Text>,
    /// When what is done.
    pub timing: Timing,
    /// How much is taken on.
    pub limits: Limits,
}

impl Config {
    /// Settings for one Finesse server, with default timing and limits.
    #[must_use]
    pub fn new(layout: Layout, password: PasswordCodec) -> Self {
        Self {
            nodes: 1,
            layout,
            event_format: EventFormat::Text,
            time: TimeFormat::UTC,
            password,
            connect_status: false,
            new_outbound_call: false,
            on_driver_loss: DriverLoss::Keep,
            xmpp_domain: None,
            pubsub_domain: None,
            timing: Timing::default(),
            limits: Limits::default(),
        }
    }
}

/// What becomes of agents whose driver is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DriverLoss {
    /// They stay as they are.
    #[default]
    Keep,
    /// They take no calls any more.
    NotReady,
    /// They are signed out.
    Logout,
}

/// When what is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A command ends after this long in any case. Clients of Finesse wait 10–30 s for an event.
    pub command: Duration,
    /// A single request to Finesse ends after this long.
    pub request: Duration,
    /// An accepted request without an event is followed by a read after this long.
    /// Seen: a repeated LOGIN gives no event; a client reads the user after 3 s.
    pub settle: Duration,
    /// SystemInfo is asked again after this long while Finesse is out of service.
    pub poll_out_of_service: Duration,
    /// SystemInfo is asked again after this long while Finesse serves.
    pub poll_in_service: Duration,
    /// A refused or undecodable password is answered no earlier than this after the command came.
    pub refusal: Duration,
    /// Failed passwords count for this long.
    pub strike_window: Duration,
    /// A password that Finesse refused is not offered to it again for this long.
    pub refused_memory: Duration,
    /// A failed read after a loss of notifications is tried again after this long.
    pub resync_retry: Duration,
    /// Reason codes are read again after this long.
    pub reasons_age: Duration,
    /// What was sent to a driver this long before the broker was lost may be lost with it: a link
    /// that died without a word is noticed after two inactivity periods of 30 s.
    pub doubt: Duration,
    /// When many agents log in at the notification service at once, because it was lost or they
    /// move to another server, the next begins no earlier than this after the one before (20 ms).
    pub pace: Duration,
    /// A server at which no agent's notifications flow any more is left after this long, where
    /// another one serves (10 s). Afterwards it is tried again after growing times.
    pub failover_after: Duration,
    /// How long it is believed that a server's user `finesse` is absent when no agent is logged in
    /// there who could see it return (60 s).
    pub absence_memory: Duration,
    /// An idle agent moves back to an earlier server of the configuration after that has served
    /// this long; `None`: it stays until its own server stops.
    pub return_after: Option<Duration>,
    /// A driver that gives no sign of life for this long is lost, see
    /// [`on_driver_loss`](Config::on_driver_loss); `None`: silence is not watched.
    pub driver_silence: Option<Duration>,
    /// The notification link of a signed-out agent is given up after this long.
    pub linger: Duration,
    /// How long commands under way get when the connector ends (3 s).
    pub drain: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            command: Duration::from_secs(30),
            request: Duration::from_secs(10),
            settle: Duration::from_secs(3),
            poll_out_of_service: Duration::from_secs(5),
            poll_in_service: Duration::from_secs(30),
            refusal: Duration::from_secs(1),
            strike_window: Duration::from_secs(300),
            refused_memory: Duration::from_secs(30),
            resync_retry: Duration::from_secs(5),
            reasons_age: Duration::from_secs(600),
            doubt: Duration::from_secs(60),
            pace: Duration::from_millis(20),
            failover_after: Duration::from_secs(10),
            absence_memory: Duration::from_secs(60),
            return_after: None,
            driver_silence: None,
            linger: Duration::from_secs(900),
            drain: Duration::from_secs(3),
        }
    }
}

/// How much is taken on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Agents known at a time. Finesse: 2000 users per cluster.
    pub agents: usize,
    /// Commands of one agent that wait or are under way, in each of the two queues.
    pub commands_per_agent: usize,
    /// Failed passwords within the strike window before further ones are refused unread.
    /// Finesse locks an account after five.
    pub strikes: usize,
    /// Notification ids remembered per agent, to tell duplicates.
    pub remembered_items: usize,
    /// Drivers that wait for the first word of Finesse.
    pub waiting_drivers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            agents: 4000,
            commands_per_agent: 32,
            strikes: 5,
            remembered_items: 32,
            waiting_drivers: 256,
        }
    }
}
