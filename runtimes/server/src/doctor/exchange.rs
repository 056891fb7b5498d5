//! One HTTP exchange with a node, by the client that the connector has.

use crate::parts::{options, seed};
use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{
    Endpoint, Link, LinkConfig, LinkEvent, LinkSlot, Outcome, Random, TlsId,
};
use finewire_host::{ClientTls, TlsProfiles};
use finewire_http::{Client, ClientCommand, ClientConfig, ClientEvent, Request, Response};

const TLS: TlsId = TlsId(1);

/// Sends `request` to a host and returns the answer, or in words why there is none.
pub(crate) async fn exchange(
    host: &str,
    port: u16,
    tls: Option<ClientTls>,
    request: Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Bytes>, String> {
    let mut profiles = TlsProfiles::new();
    let endpoint = match tls {
        Some(tls) => {
            profiles.set_client(TLS, tls);
            Endpoint::secure(host, port, TLS)
        }
        None => Endpoint::plain(host, port),
    };
    let client = Client::new(ClientConfig::new(&endpoint.to_string()));
    let random = Random::from_seed(seed().map_err(|e| e.to_string())?);
    let config = LinkConfig::on_command(endpoint);
    let link = Link::new(client, config, LinkSlot(0), random);
    let (handle, mut events, _task) = finewire_tokio::spawn(link, options(profiles));
    let command = ClientCommand::Exchange { request, timeout };
    match handle.command(command).await {
        Outcome::Done => {}
        Outcome::Refused(why) | Outcome::Failed(why) => return Err(why.to_string()),
    }
    while let Some(event) = events.next().await {
        if let LinkEvent::Said(ClientEvent::Answered { response, .. }) = event {
            return Ok(response);
        }
    }
    Err("the answer was lost".into())
}
