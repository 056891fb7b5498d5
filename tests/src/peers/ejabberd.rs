//! ejabberd: how it is configured and started.
//!
//! It runs as an Erlang node without a name. Such a node speaks to no other one, so it opens no
//! port for that and needs no `epmd`, which would outlive the test; its control program, which
//! needs both, is not used.

use super::xmpp_server::Ports;
use super::{Lines, available};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where Debian keeps Erlang's libraries that are no part of Erlang: by machine.
const LIBRARIES: &str = "/usr/lib";

pub(super) fn is_available() -> bool {
    let needs = ["/usr/sbin/ejabberdctl", "/usr/bin/erl", "/usr/bin/openssl"];
    available("ejabberd", &needs)
}

fn file(folder: &Path) -> PathBuf {
    folder.join("ejabberd.yml")
}

/// Writes its configuration.
pub(super) fn prepare(folder: &Path, ports: Ports) {
    fs::create_dir(folder.join("log")).expect("a folder for logs");
    let read = |name| fs::read_to_string(folder.join(name)).expect("a PEM file");
    let both = read("cert.pem") + &read("key.pem");
    fs::write(folder.join("both.pem"), both).expect("the certificate with its key");
    fs::write(file(folder), configuration(folder, ports)).expect("the configuration");
}

/// Empties the list of subscriptions (sixth element) of each subscriber of each node. Those of full
/// addresses outlive their sessions here, which they do not at Finesse.
const FORGET: &str = "mnesia:start(), \
    ok = mnesia:wait_for_tables([pubsub_state], 20000), \
    {atomic, ok} = mnesia:transaction(fun() -> \
        mnesia:foldl(fun(S, ok) -> mnesia:write(setelement(6, S, [])) end, ok, pubsub_state) \
    end).";

/// Starts it; its users are there when it says so. `again`: it has run before, and forgets who had
/// subscribed to what.
pub(super) fn launch(folder: &Path, accounts: &[(String, String)], again: bool) -> Lines {
    let mut users = String::new();
    for (user, password) in accounts {
        let simple = |c: char| c.is_ascii_alphanumeric() || c == '!';
        assert!(
            user.chars().chain(password.chars()).all(simple),
            "quotes would end Erlang's text"
        );
        let comma = if users.is_empty() { "" } else { "," };
        let _ = write!(users, "{comma}{{<<\"{user}\">>,<<\"{password}\">>}}");
    }
    let register = format!(
        "[ejabberd_auth:try_register(U, <<\"localhost\">>, P) || {{U, P}} <- [{users}]], \
         io:format(\"users are there~n\")."
    );
    let database = format!("\"{}\"", folder.join("db").display());
    let mut command = Command::new("erl");
    command.args(["-noinput", "-mnesia", "dir", &database]);
    if again {
        command.args(["-eval", FORGET]);
    }
    command
        .args(["-s", "ejabberd", "-eval", &register])
        .current_dir(folder)
        .env("HOME", folder)
        .env("ERL_LIBS", libraries())
        .env("ERL_CRASH_DUMP_BYTES", "0")
        .env("EJABBERD_CONFIG_PATH", file(folder))
        .env("EJABBERD_LOG_PATH", folder.join("log").join("ejabberd.log"))
        .env("EJABBERD_PID_PATH", folder.join("pid"));
    let mut process = Lines::start("ejabberd", &mut command);
    process.expect("its users", Duration::from_secs(60), |line| {
        line == "users are there"
    });
    process
}

/// The folder that holds ejabberd's own library.
fn libraries() -> PathBuf {
    let machines = fs::read_dir(LIBRARIES).expect("a folder of libraries");
    let has_it = |folder: &PathBuf| {
        let inside = fs::read_dir(folder).into_iter().flatten().flatten();
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        inside
            .map(name)
            .any(|name| name == "ejabberd" || name.starts_with("ejabberd-"))
    };
    let folders = machines.flatten().map(|entry| entry.path());
    folders
        .into_iter()
        .find(has_it)
        .expect("ejabberd's library")
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
hosts: [localhost]
loglevel: info
certfiles: ["{folder}/both.pem"]
ca_file: "{folder}/cert.pem"
listen:
  - {{port: {plain}, ip: "127.0.0.1", module: ejabberd_c2s, access: c2s}}
  - {{port: {secure}, ip: "127.0.0.1", module: ejabberd_c2s, access: c2s, tls: true}}
  - {{port: {http}, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {{/ws: ejabberd_http_ws}}}}
  - {{port: {https}, ip: "127.0.0.1", module: ejabberd_http, tls: true, request_handlers: {{/ws: ejabberd_http_ws}}}}
auth_method: internal
auth_password_format: plain
resource_conflict: closeold
acl:
  admin: {{user: "finesse@localhost"}}
  local: {{user_regexp: ""}}
access_rules:
  c2s: {{allow: all}}
  local: {{allow: local}}
modules:
  mod_ping: {{}}
  mod_roster: {{}}
  mod_disco: {{}}
  mod_pubsub:
    host: "pubsub.localhost"
    access_createnode: local
    plugins: [flat]
"#
    )
}
