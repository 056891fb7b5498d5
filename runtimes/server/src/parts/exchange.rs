//! One HTTP exchange, by the same client that talks to Finesse.

use super::{options, seed};
use anyhow::{Result, bail};
use bytes::Bytes;
use core::net::SocketAddr;
use core::time::Duration;
use finewire_core::machine::{Endpoint, Link, LinkConfig, LinkEvent, LinkSlot, Outcome, Random};
use finewire_host::TlsProfiles;
use finewire_http::{Client, ClientCommand, ClientConfig, ClientEvent, Request, Response};

/// Sends `request` to `to`, plain, and returns the answer.
///
/// # Errors
///
/// No answer came within 10 s.
pub(crate) async fn exchange(to: SocketAddr, request: Request<Bytes>) -> Result<Response<Bytes>> {
    let endpoint = Endpoint::plain(&to.ip().to_string(), to.port());
    let client = Client::new(ClientConfig::new(&to.to_string()));
    let random = Random::from_seed(seed()?);
    let link = Link::new(
        client,
        LinkConfig::on_command(endpoint),
        LinkSlot(0),
        random,
    );
    let (handle, mut events, _task) = finewire_tokio::spawn(link, options(TlsProfiles::new()));
    let command = ClientCommand::Exchange {
        request,
        timeout: Duration::from_secs(10),
    };
    match handle.command(command).await {
        Outcome::Done => {}
        Outcome::Refused(why) | Outcome::Failed(why) => bail!("no answer from {to}: {why}"),
    }
    while let Some(event) = events.next().await {
        if let LinkEvent::Said(ClientEvent::Answered { response, .. }) = event {
            handle.shut_down().await;
            return Ok(response);
        }
    }
    bail!("the answer from {to} was lost")
}
