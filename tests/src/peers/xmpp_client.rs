//! Our XMPP client on tokio, as the tests talk to it.

use super::XmppServer;
use core::time::Duration;
use finewire_core::machine::{
    Endpoint, Instant, Link, LinkConfig, LinkEvent, LinkSlot, Outcome, Protocol, Random, TlsId,
};
use finewire_http::ws;
use finewire_tokio::{ClientTls, Events, Handle, Options};
use finewire_xmpp::websocket::client_inside;
use finewire_xmpp::{Client, ClientCommand, ClientConfig, ClientEvent, Jid, XmppOverWebSocket};

const PATIENCE: Duration = Duration::from_secs(20);
const TLS: TlsId = TlsId(1);

/// How a client comes to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// TCP without TLS.
    Plain,
    /// TCP with TLS from the first byte.
    Tls,
    /// A WebSocket without TLS.
    PlainWebSocket,
    /// A WebSocket over TLS.
    WebSocket,
}

/// One client, in its task.
#[derive(Debug)]
pub struct XmppClient {
    talk: Talk,
    events: Events<LinkEvent<ClientEvent>>,
}

#[derive(Debug)]
enum Talk {
    Stream(Handle<Link<Client>>),
    WebSocket(Handle<Link<XmppOverWebSocket>>),
}

/// A user of `localhost` with the resource `finewire`, pinged often, allowed to go without TLS where
/// the way has none.
#[must_use]
pub fn xmpp_config(user: &str, password: &str, way: Way) -> ClientConfig {
    let mut config = ClientConfig::new("localhost", user, password.into(), "finewire");
    config.ping_every = Duration::from_millis(100);
    config.allow_plaintext = matches!(way, Way::Plain | Way::PlainWebSocket);
    config
}

impl XmppClient {
    /// Begins to connect, trusting the server's certificate.
    ///
    /// # Panics
    ///
    /// When the server's certificate is none.
    #[must_use]
    pub fn start(server: &XmppServer, way: Way, config: ClientConfig) -> Self {
        let tls = ClientTls::roots_pem(&server.certificate()).expect("a root");
        Self::start_with(server, way, server.websocket_path(), tls, config)
    }

    /// As [`start`](Self::start), with the path of the WebSocket and the trust in the server given.
    #[must_use]
    pub fn start_with(
        server: &XmppServer,
        way: Way,
        path: &str,
        tls: ClientTls,
        config: ClientConfig,
    ) -> Self {
        let endpoint = match way {
            Way::Plain => Endpoint::plain("127.0.0.1", server.plain_port()),
            Way::Tls => Endpoint::secure("localhost", server.secure_port(), TLS),
            Way::PlainWebSocket => Endpoint::plain("127.0.0.1", server.http_port()),
            Way::WebSocket => Endpoint::secure("localhost", server.https_port(), TLS),
        };
        match way {
            Way::Plain | Way::Tls => {
                let (handle, events) = spawn(Client::new(config), endpoint, tls);
                Self {
                    talk: Talk::Stream(handle),
                    events,
                }
            }
            Way::PlainWebSocket | Way::WebSocket => {
                let socket = ws::ClientConfig::new(&endpoint.to_string(), path);
                let client = client_inside(socket, config, Random::from_seed([4; 32]));
                let (handle, events) = spawn(client, endpoint, tls);
                Self {
                    talk: Talk::WebSocket(handle),
                    events,
                }
            }
        }
    }

    /// Gives it a command and waits for its end.
    pub async fn command(&self, command: ClientCommand) -> Outcome {
        match &self.talk {
            Talk::Stream(handle) => handle.command(command).await,
            Talk::WebSocket(handle) => handle.command(command).await,
        }
    }

    /// Subscribes to a node of `service`.
    ///
    /// # Panics
    ///
    /// When `service` is no address.
    pub async fn subscribe(&self, service: &str, node: &str) -> Outcome {
        let service = Jid::new(None, service, None).expect("an address");
        let node = node.into();
        self.command(ClientCommand::Subscribe { service, node })
            .await
    }

    /// What its link says next.
    ///
    /// # Panics
    ///
    /// When nothing comes.
    pub async fn event(&mut self, what: &str) -> LinkEvent<ClientEvent> {
        let next = tokio::time::timeout(PATIENCE, self.events.next()).await;
        next.unwrap_or_else(|_| panic!("{what} did not come"))
            .expect("the client runs")
    }

    /// What the client says next; the link may come up before it.
    ///
    /// # Panics
    ///
    /// When nothing comes, or the link goes down.
    pub async fn said(&mut self, what: &str) -> ClientEvent {
        loop {
            match self.event(what).await {
                LinkEvent::Said(event) => return event,
                LinkEvent::Up => {}
                LinkEvent::Down { reason, .. } => panic!("down while waiting for {what}: {reason}"),
            }
        }
    }

    /// Waits for the login; gives the address that the server gave.
    ///
    /// # Panics
    ///
    /// When something else is said, or nothing.
    pub async fn bound(&mut self) -> Jid {
        match self.said("the login").await {
            ClientEvent::Bound { jid } => jid,
            other => panic!("before the login: {other:?}"),
        }
    }

    /// Waits for the item with this id of `node`; gives its payload.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub async fn item(&mut self, node: &str, id: &str) -> String {
        loop {
            if let ClientEvent::Notified {
                node: of, items, ..
            } = self.said("an item").await
            {
                assert_eq!(of, node);
                let mut items = items.into_iter();
                if let Some(item) = items.find(|item| item.id.as_deref() == Some(id)) {
                    return item.payload;
                }
            }
        }
    }

    /// Waits until the server has answered so many pings from now on.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub async fn pongs(&self, wanted: usize) {
        let mut traces = match &self.talk {
            Talk::Stream(handle) => handle.traces(),
            Talk::WebSocket(handle) => handle.traces(),
        };
        let mut seen = 0;
        let counting = async {
            while seen < wanted {
                let trace = traces.recv().await.expect("the client runs");
                seen += usize::from(trace.subject == "iq result");
            }
        };
        let answered = tokio::time::timeout(PATIENCE, counting).await;
        assert!(answered.is_ok(), "{seen} of {wanted} pings were answered");
    }
}

fn spawn<P>(
    protocol: P,
    endpoint: Endpoint,
    tls: ClientTls,
) -> (Handle<Link<P>>, Events<LinkEvent<ClientEvent>>)
where
    P: Protocol<Command = ClientCommand, Event = ClientEvent> + Send + 'static,
{
    let mut link = Link::new(
        protocol,
        LinkConfig::keep_open(vec![endpoint]),
        LinkSlot(0),
        Random::from_seed([3; 32]),
    );
    link.start(Instant::START);
    let mut options = Options::default();
    options.host.tls.set_client(TLS, tls);
    let (handle, events, _task) = finewire_tokio::spawn(link, options);
    (handle, events)
}
