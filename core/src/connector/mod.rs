//! The connector's decisions: signals in, effects out.
//!
//! ```text
//!   driver command ─┐                        ┌─ event for a driver
//!   notification ───┤      Connector         ├─ question to Finesse
//!   answer ─────────┼─▶ directory of ────────┼─▶ login at the notification service
//!   link up / down ─┤      Sessions          ├─ acknowledgement
//!   time ───────────┘                        └─ note, trace
//! ```
//!
//! One session per agent. A session has two lanes, one for what concerns
//! the agent (sign-in, state) and one for its calls, because Finesse wants one outstanding command
//! per object (Finesse Developer Guide, "Cisco Finesse APIs"); in each lane commands are carried
//! out one after the other. A command under way is at exactly one step; every step
//! has a deadline, so that every command ends.
//!
//! An accepted request (202) is no success. A command is done when what Finesse publishes meets its
//! goal; failing that, when a read shows that the goal is met. Notifications are snapshots: what
//! they change is told to the driver whether a command asked for it or not.
//!
//! After the loss of notifications the agent is stale; when they flow again, agent and calls are
//! read, and the differences are told as states.
//!
//! # Who may give commands
//!
//! Whoever reaches the broker can send a command with any agent's id, so a password is asked where
//! something is given away: events go to another destination only after the password was proven,
//! in constant time against the one that Finesse accepted last, or by one read of the User. A
//! wrong password costs one attempt at Finesse and is not offered again for a while; five in five
//! minutes are refused unread. Undecodable ones are answered as refused ones are.
//!
//! A password that Finesse stops accepting is dropped at the first refusal, by REST or by XMPP,
//! and its driver is asked to connect the agent again: nothing offers it a second time.
//!
//! # Which server
//!
//! A server serves when SystemInfo says `IN_SERVICE` and no agent sees the user `finesse` absent.
//! Of those that serve the first one is used whose notifications can be had. One at which nobody's
//! flow for [`failover_after`](Timing::failover_after) is left, and tried again after 30 s to five
//! minutes, each time with jitter. Agents move one after the other ([`pace`](Timing::pace)), sign
//! in on the new server, and go back when idle ([`return_after`](Timing::return_after)). With a
//! single server nothing is left: commands go on, answered by reads.
//!
//! # The broker was gone
//!
//! What could not be sent is not kept: events describe states, and an old state is worth nothing.
//! When the broker is back, the agents whose events were lost, or may have been on a link that had
//! died without a word, get their state and calls as they are then.
//!
//! Not here: any wire format, how links are kept open, how a snapshot is read.

mod attempts;
mod calls;
mod config;
mod counters;
mod decisions;
mod directory;
mod effect;
mod entry;
mod feed;
mod heard;
mod job;
mod lanes;
mod leaving;
mod lists;
mod nodes;
mod outbound;
mod progress;
mod reading;
mod reads;
mod reception;
mod reconfigure;
mod refusal;
mod requests;
mod service;
mod session;
mod signal;
mod silence;
mod sizes;
mod status;
mod team_reads;
mod teams;
mod telling;
#[cfg(test)]
mod tests;
mod trace;
mod work;

pub use config::{Config, DriverLoss, Limits, Timing};
pub use counters::Counters;
pub use decisions::Connector;
pub use effect::{
    Addressee, Credentials, Effect, Mobile, Note, Publish, Question, Spent, Subscribe,
};
pub use service::Readiness;
pub use signal::{
    About, Answer, Delivery, DeliveryId, Fact, List, NodeId, ReasonCode, Refused, ReplyKind,
    ReplyTo, RequestId, Signal, SystemInfo, Update,
};
pub use status::{AgentReport, CallReport, SUBSCRIPTION, Subscription};
