//! Prosody: a real XMPP server with pub-sub, plain, direct TLS and in WebSockets.

use super::{Lines, available, certificate, free_port};
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A real Prosody on loopback for the domain `localhost`, with `pubsub.localhost`.
#[derive(Debug)]
pub struct Prosody {
    _process: Lines,
    folder: TempDir,
    plain: u16,
    secure: u16,
    http: u16,
    https: u16,
}

impl Prosody {
    /// Whether Prosody is installed.
    #[must_use]
    pub fn is_available() -> bool {
        available(
            "Prosody",
            &[
                "/usr/bin/prosody",
                "/usr/bin/prosodyctl",
                "/usr/bin/openssl",
            ],
        )
    }

    /// Starts it with these users (name, password); `finesse` is its administrator.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    #[must_use]
    pub fn start(users: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder for Prosody");
        let path = folder.path();
        certificate(path);
        fs::create_dir(path.join("data")).expect("a data folder");
        let (plain, secure) = (free_port(), free_port());
        let (http, https) = (free_port(), free_port());
        let ports = Ports {
            plain,
            secure,
            http,
            https,
        };
        let config = path.join("prosody.cfg.lua");
        fs::write(&config, configuration(path, &ports)).expect("the configuration");
        for (user, password) in users {
            let mut register = Command::new("prosodyctl");
            register.arg("--root").arg("--config").arg(&config);
            register.args(["register", user, "localhost", password]);
            let mut process = Lines::start("prosodyctl", &mut register);
            let code = process.finish(Duration::from_secs(30));
            assert_eq!(code, Some(0), "register {user}: {:?}", process.seen());
        }
        let mut command = Command::new("prosody");
        let mut process = Lines::start("prosody", command.arg("--config").arg(&config).arg("-F"));
        for port in [plain, secure, http, https] {
            wait_for(port, &mut process);
        }
        Self {
            _process: process,
            folder,
            plain,
            secure,
            http,
            https,
        }
    }

    /// Port of XMPP without TLS.
    #[must_use]
    pub const fn plain_port(&self) -> u16 {
        self.plain
    }

    /// Port of XMPP over TLS from the first byte.
    #[must_use]
    pub const fn secure_port(&self) -> u16 {
        self.secure
    }

    /// Port of XMPP in WebSockets without TLS; the path is `/xmpp-websocket`.
    #[must_use]
    pub const fn http_port(&self) -> u16 {
        self.http
    }

    /// Port of XMPP in WebSockets over TLS.
    #[must_use]
    pub const fn https_port(&self) -> u16 {
        self.https
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

fn wait_for(port: u16, process: &mut Lines) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            Instant::now() < deadline,
            "Prosody does not listen: {:?}",
            process.seen()
        );
        std::thread::yield_now();
    }
}

struct Ports {
    plain: u16,
    secure: u16,
    http: u16,
    https: u16,
}

fn configuration(folder: &Path, ports: &Ports) -> String {
    let Ports {
        plain,
        secure,
        http,
        https,
    } = ports;
    let folder = folder.display();
    format!(
        r#"
run_as_root = true
daemonize = false
data_path = "{folder}/data"
pidfile = "{folder}/prosody.pid"
log = {{ {{ levels = {{ min = "info" }}, to = "console" }} }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {plain} }}
c2s_direct_tls_ports = {{ {secure} }}
s2s_ports = {{}}
http_ports = {{ {http} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ {https} }}
https_interfaces = {{ "127.0.0.1" }}
https_ssl = {{ certificate = "{folder}/cert.pem", key = "{folder}/key.pem" }}
consider_websocket_secure = true
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
ssl = {{ certificate = "{folder}/cert.pem", key = "{folder}/key.pem" }}
admins = {{ "finesse@localhost" }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "presence", "websocket" }}
VirtualHost "localhost"
Component "pubsub.localhost" "pubsub"
    autocreate_on_subscribe = true
    autocreate_on_publish = true
    admins = {{ "finesse@localhost" }}
"#
    )
}
