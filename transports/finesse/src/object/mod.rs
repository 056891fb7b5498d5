//! The objects of the interface, each with its reader and its writer.
//!
//! Agents and calls are the model types of [`finewire_core::agent`]; what only this wire knows is
//! declared here.

pub(crate) mod dialog;
pub(crate) mod error;
pub(crate) mod phone_book;
pub(crate) mod queue;
pub(crate) mod reason;
pub(crate) mod system;
pub(crate) mod team_message;
pub(crate) mod user;

pub use error::{ApiError, ApiErrors, PeripheralError};
pub use phone_book::{Contact, ContactRange, PhoneBook};
pub use queue::Queue;
pub use reason::{ReasonCategory, ReasonCode, WrapUpReason};
pub use system::{NodeAddress, ServiceStatus, SystemInfo};
pub use team_message::TeamMessage;
