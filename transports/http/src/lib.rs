//! HTTP/1.1, both sides, as sans-IO [protocols](finewire_core::machine::Protocol).
//!
//! A [`Client`] makes one exchange at a time on a keep-alive connection, each with a deadline; a
//! [`Server`] hands complete requests to its owner and writes the answers in order. Both speak the
//! types of the `http` crate, which are re-exported here, with bodies as shared [`Bytes`].
//!
//! ```text
//!   owner -- Exchange ---> Client == request bytes ==> Server -- Requested --> owner
//!         <- Answered ----        <== answer bytes ==         <-- Answer -----
//! ```
//!
//! Sources: RFC 9110 (semantics), RFC 9112 (HTTP/1.1). Message heads are parsed by `httparse` through
//! `ureq-proto`; framing, limits and deadlines are here.
//!
//! A connection can leave HTTP for a WebSocket (RFC 9110 §7.8, RFC 6455): see [`ws`].
//!
//! Credentials (`Authorization`, `Cookie`, `Set-Cookie` and their proxy forms) are marked sensitive as soon
//! as they are seen, and appear in no `Debug`, trace or error text.
//!
//! ```
//! use core::time::Duration;
//! use finewire_core::machine::{CommandId, Instant, Party, Protocol};
//! use finewire_core::machine::{ProtocolInput as Input, ProtocolOutput as Output};
//! use finewire_http::{Bytes, Client, ClientCommand, ClientConfig, ClientEvent, Request, Response};
//! use finewire_http::{Server, ServerCommand, ServerConfig, ServerEvent};
//!
//! let now = Instant::START;
//! let mut client = Client::new(ClientConfig::new("finesse.example:8445"));
//! let mut server = Server::new(ServerConfig::new(Party::Finesse, Party::Connector));
//! client.handle_input(now, Input::Opened(None));
//! server.handle_input(now, Input::Opened(None));
//!
//! let request = Request::get("/finesse/api/SystemInfo").body(Bytes::new()).unwrap();
//! let timeout = Duration::from_secs(5);
//! let exchange = ClientCommand::Exchange { request, timeout };
//! client.handle_input(now, Input::Command(CommandId(1), exchange));
//!
//! let mut answered = None;
//! for _ in 0..20 {
//!     match client.poll_output() {
//!         Output::Send(bytes) => server.handle_input(now, Input::Received(&bytes.to_vec())),
//!         Output::Event(ClientEvent::Answered { response, .. }) => answered = Some(response),
//!         _ => {}
//!     }
//!     match server.poll_output() {
//!         Output::Send(bytes) => client.handle_input(now, Input::Received(&bytes.to_vec())),
//!         Output::Event(ServerEvent::Requested { exchange, request }) => {
//!             assert_eq!(request.uri().path(), "/finesse/api/SystemInfo");
//!             let response = Response::new(Bytes::from_static(b"<SystemInfo/>"));
//!             let answer = ServerCommand::Answer { exchange, response };
//!             server.handle_input(now, Input::Command(CommandId(2), answer));
//!         }
//!         _ => {}
//!     }
//! }
//! assert_eq!(answered.unwrap().body(), "<SystemInfo/>");
//! ```
//!
//! Not here: TLS and sockets (the runtime's), pools (the owner's), redirects (a 301 is an answer like
//! any other), cookies, content codings, HTTP/2.

mod body;
mod client;
mod date;
mod fault;
#[doc(hidden)]
pub mod fuzz;
mod head;
mod limits;
mod redact;
mod server;
mod write;
pub mod ws;

pub use bytes::Bytes;
pub use client::{Client, ClientCommand, ClientConfig, ClientEvent};
pub use fault::Fault;
pub use limits::Limits;
pub use server::{Server, ServerCommand, ServerConfig, ServerEvent};
pub use ureq_proto::http;
pub use ureq_proto::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
pub use ureq_proto::http::{StatusCode, Uri, Version, header};
