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
//!
#![doc = include_str!("LAYOUT.md")]

mod arguments;
mod call;
mod command;
mod command_parse;
mod command_wire;
mod destination;
mod error_code;
mod event;
mod event_fields;
mod event_form;
mod event_format;
#[cfg(test)]
mod event_json_tests;
mod event_parse;
mod event_parts;
pub mod field;
mod field_reader;
mod field_writer;
mod from_model;
#[doc(hidden)]
pub mod fuzz;
mod json;
mod json_fault;
mod layout;
mod layout_check;
mod layout_defaults;
mod layout_fault;
mod layout_field;
mod layout_json;
mod list_fields;
mod lists;
mod malformed;
#[cfg(test)]
mod properties;
mod time_format;
#[cfg(test)]
mod values;

pub use call::{Call, CallParticipant, CallState};
pub use command::{Command, CommandMessage, MobileMode, Subject, Verb};
pub use command_wire::{Unsendable, WireCommand};
pub use destination::{Destination, DestinationFault};
pub use error_code::ErrorCode;
pub use event::{AgentInfo, AgentStatus, Event, EventKind, EventMessage, Refused, SystemStatus};
pub use event_form::EventFormat;
pub use event_format::Formatted;
pub use json_fault::{JsonError, JsonFault};
pub use layout::{CommandLayout, EventLayout, Layout, Limits, ParameterSlot, Slot, Words};
pub use layout_fault::LayoutFault;
pub use layout_field::{Field, Item, Parameter};
pub use layout_json::{JsonEvent, JsonItem, JsonKey, JsonLayout};
pub use lists::{Contact, Phonebook, QueueStatistics, ReasonCategory, TeamUser};
pub use malformed::{CommandFault, Malformed, MalformedEvent};
pub use time_format::TimeFormat;
