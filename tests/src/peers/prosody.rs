//! Prosody: how it is configured and started.

use super::xmpp_server::Ports;
use super::{Lines, available};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub(super) fn is_available() -> bool {
    let needs = [
        "/usr/bin/prosody",
        "/usr/bin/prosodyctl",
        "/usr/bin/openssl",
    ];
    available("Prosody", &needs)
}

fn file(folder: &Path) -> PathBuf {
    folder.join("prosody.cfg.lua")
}

/// Writes its configuration and makes its users.
pub(super) fn prepare(folder: &Path, ports: Ports, accounts: &[(String, String)]) {
    fs::create_dir(folder.join("data")).expect("a data folder");
    let config = file(folder);
    fs::write(&config, configuration(folder, ports)).expect("the configuration");
    for (user, password) in accounts {
        let mut register = Command::new("prosodyctl");
        register.arg("--root").arg("--config").arg(&config);
        register.args(["register", user, "localhost", password]);
        let mut process = Lines::start("prosodyctl", &mut register);
        let code = process.finish(Duration::from_secs(30));
        assert_eq!(code, Some(0), "register {user}: {:?}", process.seen());
    }
}

/// Starts it. `again`: it has run before, and forgets nodes and who had subscribed to them.
pub(super) fn launch(folder: &Path, again: bool) -> Lines {
    if again {
        let pubsub = folder.join("data").join("pubsub%2elocalhost");
        fs::remove_dir_all(&pubsub).expect("what pub-sub kept");
    }
    let mut command = Command::new("prosody");
    Lines::start(
        "prosody",
        command.arg("--config").arg(file(folder)).arg("-F"),
    )
}

fn configuration(folder: &Path, ports: Ports) -> String {
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
