//! A real XMPP server with pub-sub: plain, direct TLS and in WebSockets, whichever product it is.

use super::program::end;
use super::{Lines, certificate, ejabberd, free_port, prosody};
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const START: Duration = Duration::from_secs(30);

/// XMPP servers that the tests know how to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmppProduct {
    /// Prosody.
    Prosody,
    /// ejabberd.
    Ejabberd,
}

/// A user: name and password.
pub type Account<'a> = (&'a str, &'a str);

/// A real XMPP server on loopback for the domain `localhost`, with `pubsub.localhost`; `finesse` is
/// its administrator.
#[derive(Debug)]
pub struct XmppServer {
    product: XmppProduct,
    accounts: Vec<(String, String)>,
    process: Lines,
    folder: TempDir,
    ports: Ports,
}

/// Where it listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) plain: u16,
    pub(super) secure: u16,
    pub(super) http: u16,
    pub(super) https: u16,
}

impl Ports {
    const fn all(self) -> [u16; 4] {
        [self.plain, self.secure, self.http, self.https]
    }
}

impl XmppServer {
    /// Whether the product is installed.
    #[must_use]
    pub fn is_available(product: XmppProduct) -> bool {
        match product {
            XmppProduct::Prosody => prosody::is_available(),
            XmppProduct::Ejabberd => ejabberd::is_available(),
        }
    }

    /// Starts it with these users.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    #[must_use]
    pub fn start(product: XmppProduct, accounts: &[Account<'_>]) -> Self {
        let folder = TempDir::new().expect("a folder for the server");
        let path = folder.path();
        certificate(path);
        let [plain, secure, http, https] = [(); 4].map(|()| free_port());
        let ports = Ports {
            plain,
            secure,
            http,
            https,
        };
        let owned = |(user, password): &Account<'_>| ((*user).to_owned(), (*password).to_owned());
        let accounts: Vec<_> = accounts.iter().map(owned).collect();
        match product {
            XmppProduct::Prosody => prosody::prepare(path, ports, &accounts),
            XmppProduct::Ejabberd => ejabberd::prepare(path, ports),
        }
        let process = launch(product, path, ports, &accounts, false);
        Self {
            product,
            accounts,
            process,
            folder,
            ports,
        }
    }

    /// Ends it as an administrator does: its users are told.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub fn stop(&mut self) {
        let _ = end(&mut self.process, "TERM");
    }

    /// Starts it again after [`stop`](Self::stop), on the same ports with the same users; as at
    /// Finesse, all subscriptions are forgotten.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn start_again(&mut self) {
        self.process = launch(
            self.product,
            self.folder.path(),
            self.ports,
            &self.accounts,
            true,
        );
    }

    /// Port of XMPP without TLS.
    #[must_use]
    pub const fn plain_port(&self) -> u16 {
        self.ports.plain
    }

    /// Port of XMPP over TLS from the first byte.
    #[must_use]
    pub const fn secure_port(&self) -> u16 {
        self.ports.secure
    }

    /// Port of XMPP in WebSockets without TLS.
    #[must_use]
    pub const fn http_port(&self) -> u16 {
        self.ports.http
    }

    /// Port of XMPP in WebSockets over TLS.
    #[must_use]
    pub const fn https_port(&self) -> u16 {
        self.ports.https
    }

    /// The path of XMPP in WebSockets.
    #[must_use]
    pub const fn websocket_path(&self) -> &'static str {
        match self.product {
            XmppProduct::Prosody => "/xmpp-websocket",
            XmppProduct::Ejabberd => "/ws",
        }
    }

    /// Its certificate, PEM.
    ///
    /// # Panics
    ///
    /// When the file is gone.
    #[must_use]
    pub fn certificate(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("cert.pem")).expect("the certificate")
    }
}

fn launch(
    product: XmppProduct,
    folder: &Path,
    ports: Ports,
    accounts: &[(String, String)],
    again: bool,
) -> Lines {
    let mut process = match product {
        XmppProduct::Prosody => prosody::launch(folder, again),
        XmppProduct::Ejabberd => ejabberd::launch(folder, accounts, again),
    };
    for port in ports.all() {
        wait_for(port, &mut process);
    }
    process
}

fn wait_for(port: u16, process: &mut Lines) {
    let deadline = Instant::now() + START;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            Instant::now() < deadline,
            "the server does not listen: {:?}",
            process.seen()
        );
        std::thread::yield_now();
    }
}
