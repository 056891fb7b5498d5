//! The model of one agent that both sides keep: what Finesse last said about the agent and the
//! calls of the agent, and what the agent may do now.
//!
//! Finesse is the master of states. A snapshot that is no legal move by the transition tables is
//! taken over, counted and shown ([`Change::State`] says `legal: false`), never refused: "An agent
//! can transition from any state to any state, especially under failover" (Finesse Developer
//! Guide, "User - Change agent state").
//!
//! ```
//! use finewire_core::agent::{AgentModel, AgentState, Change, Platform, User};
//!
//! let mut model = AgentModel::new("1001".into(), Platform::Ucce);
//! let signed_in = User { id: "1001".into(), state: AgentState::NotReady, ..User::default() };
//!
//! let changes = model.apply_user(signed_in);
//!
//! assert!(matches!(changes.first(), Some(Change::State { to: AgentState::NotReady, .. })));
//! ```
//!
//! Not here: how a snapshot is read from XML, and how a change is told to a driver.

mod calls;
mod change;
mod dialog;
mod model;
mod permit;
pub mod product;
mod states;
mod tables;
mod text;
mod user;

pub use change::{Change, Changes, ModelCounters};
pub use dialog::{Dialog, Participant, ScheduledCallback};
pub use model::AgentModel;
pub use permit::{Intent, Permit, Refusal};
pub use product::Product;
pub(crate) use states::open_words;
pub use states::{AgentState, CallAction, DialogState, ParticipantState};
pub use tables::{AGENT_UCCE, AGENT_UCCX, DIALOG, PARTICIPANT, Platform};
pub use text::{AgentId, DialogId, Extension, TeamId, Text};
pub use user::{Reason, Roles, Team, User};
