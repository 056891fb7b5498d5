//! Real peers that the interop tests start: ActiveMQ, its Java client, Prosody, ejabberd, OpenSSL.
//!
//! Each runs as a child process on loopback, on a port of its own or one found free, and ends
//! with the test. [`available`] says whether a peer can run here; in CI (`CI=true`) one that
//! cannot is a failure, elsewhere its tests say why they were skipped.

mod activemq;
mod ejabberd;
pub mod house;
mod openssl;
mod process;
mod program;
mod prosody;
mod publisher;
mod xmpp_client;
mod xmpp_server;

pub use activemq::{Broker, Jms, play_table};
pub use openssl::{certificate, decrypt_triple_des, encrypt_triple_des};
pub use process::{Lines, free_port};
pub use program::{Connector, Ran, Simulator, end, program, run, start};
pub use publisher::publish;
pub use xmpp_client::{Way, XmppClient, xmpp_config};
pub use xmpp_server::{Account, XmppProduct, XmppServer};

use std::path::Path;

/// Whether every path in `needs` exists. If not: panics in CI, else prints what is missing.
///
/// # Panics
///
/// When `CI` is `true` and something is missing.
#[must_use]
pub fn available(peer: &str, needs: &[&str]) -> bool {
    let missing: Vec<&&str> = needs
        .iter()
        .filter(|path| !Path::new(path).exists())
        .collect();
    if missing.is_empty() {
        return true;
    }
    let text = format!("skipped: {peer} is not installed (missing {missing:?})");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{text}");
    eprintln!("{text}");
    false
}
