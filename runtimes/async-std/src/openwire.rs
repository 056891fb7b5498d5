//! OpenWire connections on async-std: the client that speaks to ActiveMQ, as handles.
//!
//! ```no_run
//! use finewire_async_std::openwire::{Destination, Message, connect};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # async_std::task::block_on(async {
//! let connection = connect("failover:(tcp://localhost:61616)").await?;
//! let mut orders = connection.consumer(Destination::queue("orders")).open().await?;
//! let producer = connection.producer(Destination::queue("orders")).persistent().open().await?;
//! producer.send(Message::text("two coffees")).await?;
//! if let Some(order) = orders.next().await? {
//!     println!("{:?}", order.body()?);
//! }
//! connection.close().await?;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! The handles themselves, and what each call promises, are described in
//! [`finewire_openwire::handle`]; "OpenWire in five minutes" is in that crate's README.

use crate::{Events, Options};

pub use finewire_openwire::client::{Advisory, AdvisoryTopic, Confirm, DestinationAddress};
pub use finewire_openwire::command::{Destination, Message, SharedMessage};
pub use finewire_openwire::handle::{
    Acknowledge, ConnectError, ConnectionEvent, Delivery, NotDone, Plan,
};

pub use finewire_smol::openwire::{
    Advisories, Connection, Consumer, Producer, Requester, Session, TLS, run,
};

/// Connects by ActiveMQ's URI, with the system's certificate authorities for `ssl://`.
///
/// # Errors
///
/// The URI is wrong, or no broker took us in: one that a plain URI names must be there at once, a `failover:`
/// URI is tried as long as it says.
pub async fn connect(url: &str) -> Result<Connection, ConnectError> {
    let (connection, _) = open(Plan::new(url)?, Options::default())?;
    let connected = connection.connected().await;
    connected.map_err(ConnectError::NotConnected)?;
    Ok(connection)
}

/// Begins to connect and does not wait for it. The events may be dropped; while they are kept, they must be
/// taken ([`Options::events_at_most`]).
///
/// For `ssl://` brokers the profile [`TLS`] of `options` counts, or the system's certificate authorities if
/// there is none.
///
/// # Errors
///
/// A broker wants TLS and it is not built in or has no authorities, or the system has no randomness.
pub fn open(
    plan: Plan,
    options: Options,
) -> Result<(Connection, Events<ConnectionEvent>), ConnectError> {
    let (connection, events, run) = run(plan, options)?;
    async_std::task::spawn(run);
    Ok((connection, events))
}
