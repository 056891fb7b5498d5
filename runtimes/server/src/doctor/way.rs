//! The way to one peer: steps one after another, each bounded in time, up to the first that fails.

use super::report::{Check, Finding};
use core::future::Future;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeSet;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Checks of one peer.
#[derive(Debug)]
pub(crate) struct Way {
    part: String,
    clock: Clock,
    pub(crate) checks: Vec<Check>,
}

/// How long checks may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// When everything is over.
    pub(crate) deadline: Instant,
    /// The longest that one step may take.
    pub(crate) step: Duration,
}

impl Clock {
    /// When a step that begins now is over.
    pub(crate) fn step_ends(&self) -> Instant {
        self.deadline.min(Instant::now() + self.step)
    }
}

impl Way {
    pub(crate) fn new(part: &str, clock: Clock) -> Self {
        Self {
            part: part.to_owned(),
            clock,
            checks: Vec::new(),
        }
    }

    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// Takes one step. `None`: it failed, and the way ends here.
    pub(crate) async fn step<T>(
        &mut self,
        what: &'static str,
        target: &str,
        work: impl Future<Output = Result<(T, Finding), Finding>>,
    ) -> Option<T> {
        let begun = Instant::now();
        let limit = self.clock.step_ends();
        let (value, finding) = match tokio::time::timeout_at(limit, work).await {
            Ok(Ok((value, finding))) => (Some(value), finding),
            Ok(Err(finding)) => (None, finding),
            Err(_) => {
                let seconds = begun.elapsed().as_secs_f32();
                let text = format!("no answer within {seconds:.1} s");
                let hint =
                    "a firewall that drops packets, a peer that hangs, or too short a --timeout";
                (None, Finding::failed(text, hint))
            }
        };
        self.note(what, target, finding, begun.elapsed());
        value
    }

    /// Adds what was found without waiting for anybody.
    pub(crate) fn find(&mut self, what: &'static str, target: &str, finding: Finding) {
        self.note(what, target, finding, Duration::ZERO);
    }

    fn note(&mut self, what: &'static str, target: &str, finding: Finding, took: Duration) {
        let check = Check::new(&self.part, what, target, finding, took);
        self.checks.push(check);
    }

    /// Finds the host's addresses and connects to one of them.
    pub(crate) async fn reach(&mut self, host: &str, port: u16) -> Option<SocketAddr> {
        let addresses = self.step("dns", host, resolve(host, port)).await?;
        let target = format!("{host}:{port}");
        self.step("tcp", &target, connect(&addresses)).await
    }
}

async fn resolve(host: &str, port: u16) -> Result<(Vec<SocketAddr>, Finding), Finding> {
    let hint = "the name as this machine resolves it: `getent hosts NAME`; look at /etc/hosts, \
                /etc/resolv.conf and the host in the configuration";
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|e| Finding::failed(format!("the name does not resolve: {e}"), hint))?;
    let addresses: BTreeSet<SocketAddr> = found.take(MOST_ADDRESSES).collect();
    if addresses.is_empty() {
        return Err(Finding::failed("the name has no address", hint));
    }
    let shown: Vec<String> = addresses.iter().map(|at| at.ip().to_string()).collect();
    let finding = Finding::ok(shown.join(", "));
    Ok((addresses.into_iter().collect(), finding))
}

/// Addresses of one name that are tried.
const MOST_ADDRESSES: usize = 8;

async fn connect(addresses: &[SocketAddr]) -> Result<(SocketAddr, Finding), Finding> {
    let mut troubles = Vec::new();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(_) if troubles.is_empty() => {
                return Ok((
                    *address,
                    Finding::ok(format!("connected to {}", address.ip())),
                ));
            }
            Ok(_) => {
                let text = format!("connected to {}, but {}", address.ip(), troubles.join(", "));
                let hint = "not every address of the name takes connections";
                return Ok((*address, Finding::warning(text, hint)));
            }
            Err(e) => {
                let reason = finewire_host::close_reason(&e);
                troubles.push(format!("{}: {reason}", address.ip()));
            }
        }
    }
    let hint = "is the service running, is the port right, does a firewall stand between?";
    Err(Finding::failed(troubles.join(", "), hint))
}
