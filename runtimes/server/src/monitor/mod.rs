//! The monitor: links, agents, messages and an operator's actions, over HTTP or HTTPS.
//!
//! ```text
//!   connector ──(4 looks a second, only what is new)──▶ watch ──▶ board ──▶ api ──▶ browsers, scripts
//!       ▲                                                                    │
//!       └────────────────────────── an operator's actions ◀──────────────────┘
//! ```
//!
//! One task looks at the connector; everybody reads the board. So a hundred open pages cost the connector what
//! one does. `API.md` in this folder is the page of the endpoints.
//!
//! What is kept is bounded: 100,000 messages (64 MiB at most, some 25 MB as they come), 300 rows of each agent's
//! time line (300,000 together), 2,880 columns of the charts, 10,000 entries of the audit log, 256 sessions,
//! 32 streams, 96 connections.

mod api;
mod assets;
mod audit;
mod board;
mod caller;
mod charts;
mod guard;
mod journal;
mod listener;
mod password;
mod plan;
mod refusal;
mod sessions;
mod shapes;
mod stall;
mod station;
mod timeline;
mod tls;
mod token;
mod watch;

pub(crate) use caller::Caller;
pub(crate) use password::PasswordHash;
pub(crate) use plan::{MonitorPlan, Role, User, Wire};
pub(crate) use shapes::{At, MessageView, RowView};
pub(crate) use station::{Kept, Reload, Reloaded, Station};
pub(crate) use watch::{MESSAGES_AT_ONCE, Subject, about_event, about_message, message};

use crate::parts::cannot_listen;
use anyhow::{Context, Result, bail};
use audit::Audit;
use axum::Router;
use board::Board;
use core::net::{Ipv4Addr, SocketAddr};
use guard::Hosts;
use sessions::Sessions;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use token::Token;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running monitor; ends when dropped.
#[derive(Debug)]
pub(crate) struct Monitor {
    address: SocketAddr,
    fingerprint: Option<String>,
    token_file: PathBuf,
    station: Arc<Station>,
    tasks: [JoinHandle<()>; 2],
}

impl Monitor {
    /// Listens as `plan` says and shows `subject`; `option` is what chooses the address, for the error.
    /// `further` are endpoints of others.
    ///
    /// # Errors
    ///
    /// The address is taken or not ours, the token's or the audit log's file cannot be used, the certificate is
    /// no good, or it would be open to the network without TLS or without a user.
    pub(crate) async fn start(
        plan: MonitorPlan,
        subject: Subject,
        reload: Option<Reload>,
        further: Router<Arc<Station>>,
        option: &str,
    ) -> Result<Self> {
        if !plan.listen.ip().is_loopback() {
            if plan.wire == Wire::Plain {
                bail!("off loopback the monitor is reached by HTTPS only: set monitor.tls");
            }
            if plan.users.is_empty() {
                bail!("off loopback the monitor needs a user: set [[monitor.user]]");
            }
        }
        let token_file = match &plan.token_file {
            Some(path) => path.clone(),
            None => token::folder()?.join("monitor-token"),
        };
        let audit_file = match &plan.audit_file {
            Some(path) => path.clone(),
            None => token_file.with_file_name("monitor-audit.jsonl"),
        };
        let listener = TcpListener::bind(plan.listen).await.map_err(|e| {
            cannot_listen(
                "monitor",
                plan.listen,
                &finewire_host::close_reason(&e),
                option,
            )
        })?;
        let address = listener.local_addr().context("the monitor's address")?;
        let secured = tls::secure(&plan.wire, plan.listen.ip(), &plan.names)?;
        let (streams, hashes) = Station::semaphores();
        let began = At::now();
        let station = Arc::new(Station {
            board: Arc::new(Board::new(began)),
            handle: subject.handle.clone(),
            hosts: Hosts::new(plan.listen.ip(), &plan.names),
            is_secured: secured.is_some(),
            open_metrics: plan.open_metrics,
            token: Token::keep(&token_file)?,
            users: RwLock::new(plan.users),
            sessions: Sessions::default(),
            audit: Audit::open(&audit_file)?,
            reload,
            streams,
            hashes,
        });
        let router = api::router(station.clone(), further);
        let fingerprint = secured.as_ref().map(|secured| secured.fingerprint.clone());
        let acceptor = secured.map(|secured| secured.acceptor);
        let tasks = [
            tokio::spawn(listener::serve(listener, acceptor, router)),
            tokio::spawn(watch::watch(subject, station.board.clone())),
        ];
        Ok(Self {
            address,
            fingerprint,
            token_file,
            station,
            tasks,
        })
    }

    /// Where it is reached, where its token is, and by which certificate it is known: lines for the operator.
    pub(crate) fn introduction(&self) -> Vec<String> {
        let scheme = match self.fingerprint {
            Some(_) => "https",
            None => "http",
        };
        let mut lines = vec![
            format!("monitor      {scheme}://{}/", self.address),
            format!("token        {}", self.token_file.display()),
        ];
        if let Some(fingerprint) = &self.fingerprint {
            lines.push(format!("fingerprint  {fingerprint}"));
        }
        lines
    }

    /// Other users from now on, as a reload brings them.
    pub(crate) fn set_users(&self, users: Vec<User>) {
        self.station.set_users(users);
    }

    /// Writes down a reload that a signal has asked for.
    pub(crate) fn note_hangup(&self, done: &Result<Reloaded, String>) {
        let (target, outcome) = match done {
            Ok(reloaded) => reloaded.told(),
            Err(why) => (String::new(), why.clone()),
        };
        let here = Ipv4Addr::LOCALHOST.into();
        let audit = &self.station.audit;
        audit.note("SIGHUP", "reload", &target, &outcome, here);
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
