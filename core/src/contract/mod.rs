//! What driver and connector say to each other: commands one way, events the other.
//!
//! ```text
//!   driver   -- CommandMessage::to_wire -->  queue  -- CommandMessage::parse -->  connector
//!            <-- EventMessage::parse ------  topic  <-- Event::format ----------
//! ```
//!
//! All names, labels and field orders stand in one table, the [`Layout`]: what a trace from a
//! site corrects is data, not code. Values from outside can neither forge nor shift a field
//! ([`field`]).
//!
//! Source: public documents and captures of the vendor's "Generic Connector"; where they are
//! silent, the layout's defaults are finewire's own.
//!
//! Not here: how a message travels (JMS type, queue, topic), and what a command does.

mod arguments;
mod call;
mod command;
mod command_parse;
mod command_wire;
mod destination;
mod error_code;
mod event;
mod event_fields;
mod event_format;
mod event_parse;
pub mod field;
mod field_reader;
mod field_writer;
mod from_model;
#[doc(hidden)]
pub mod fuzz;
mod layout;
mod layout_check;
mod layout_defaults;
mod list_fields;
mod lists;
mod malformed;
#[cfg(test)]
mod properties;
mod time_format;

pub use call::{Call, CallParticipant, CallState};
pub use command::{Command, CommandMessage, MobileMode, Subject, Verb};
pub use command_wire::{Unsendable, WireCommand};
pub use destination::{Destination, DestinationFault};
pub use error_code::ErrorCode;
pub use event::{AgentInfo, AgentStatus, Event, EventKind, EventMessage, Refused, SystemStatus};
pub use event_format::Formatted;
pub use layout::{
    CommandLayout, EventLayout, Field, Layout, Limits, Parameter, ParameterSlot, Slot, Words,
};
pub use layout_check::LayoutFault;
pub use lists::{Contact, Phonebook, QueueStatistics, ReasonCategory, TeamUser};
pub use malformed::{CommandFault, Malformed, MalformedEvent};
pub use time_format::TimeFormat;
