//! Cisco Finesse as types: requests and answers of its REST interface, updates of its
//! notification service.
//!
//! Nothing here does IO or keeps state: a [`Request`] becomes an HTTP request, an HTTP answer
//! becomes an [`Answer`], the payload of a notification becomes an [`Update`]. The ways back exist
//! too, so that a simulator and tests speak the same language. Agents and calls are the model types
//! of [`finewire_core::agent`].
//!
//! ```
//! use finewire_core::agent::AgentState;
//! use finewire_core::password::Secret;
//! use finewire_finesse::{Credentials, Request, Resource, Update, UpdateData};
//!
//! let sign_in = Request::SignIn { agent: "1001".into(), extension: "2001".into(), mobile: None };
//! let http = sign_in.to_http(&Credentials::basic("1001", Secret::from("secret")), None).unwrap();
//! assert_eq!(http.method(), "PUT");
//! assert_eq!(http.uri(), "/finesse/api/User/1001");
//! assert_eq!(http.body(), "<User><state>LOGIN</state><extension>2001</extension></User>");
//!
//! let update = Update::parse(
//!     "/finesse/api/User/1001",
//!     "<Update><event>put</event><source>/finesse/api/User/1001</source><requestId/>\
//!      <data><user><state>NOT_READY</state><loginId>1001</loginId></user></data></Update>",
//! )
//! .unwrap();
//! assert_eq!(update.source, Resource::User("1001".into()));
//! let UpdateData::User(user) = update.data else { panic!("not a user") };
//! assert_eq!(user.state, AgentState::NotReady);
//! ```
//!
//! # What to know about Finesse
//!
//! * An accepted request has not succeeded; the outcome comes by a notification, or not at all. It
//!   can overtake the answer. Its request id is a hint only.
//! * `reasonCodeId` is the database id of a reason, not its code.
//! * A notification is a full snapshot, never a difference.
//! * What differs between releases and what merely was seen is listed in [`quirk`]; what integrators run
//!   into, and the test that shows what finewire does about it, in [`pitfalls`].
//!
//! Not here: connections, retries, timers, and which request to send when.

mod answer;
mod code;
mod credentials;
mod error;
#[doc(hidden)]
pub mod fuzz;
mod object;
pub mod pitfalls;
pub mod quirk;
mod request;
mod resource;
pub mod time;
mod update;
pub mod xml;

pub use answer::Answer;
pub use code::ErrorCode;
pub use credentials::{Credentials, REQUEST_ID, RequestId};
pub use error::Error;
pub use object::{ApiError, ApiErrors, PeripheralError};
pub use object::{
    Contact, ContactRange, NodeAddress, PhoneBook, Queue, ReasonCategory, ReasonCode,
    ServiceStatus, SystemInfo, TeamMessage, WrapUpReason,
};
pub use request::{MobileAgent, MobileMode, Rejection, Request};
pub use resource::{API, Resource, id_of, percent_decoded};
pub use update::{Update, UpdateData, UpdateMethod};
