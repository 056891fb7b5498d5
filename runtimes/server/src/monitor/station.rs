//! What all requests share: the board, who may come in, and the connector to act on.

use super::audit::Audit;
use super::board::Board;
use super::guard::Hosts;
use super::plan::{Role, User};
use super::sessions::Sessions;
use super::token::Token;
use crate::record::Recorded;
use core::future::Future;
use core::pin::Pin;
use finewire_tokio::Handle;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Semaphore;

/// Streams of events at a time.
pub(crate) const MOST_STREAMS: usize = 32;
/// Passwords that are hashed at a time: each takes 19 MiB.
const MOST_HASHES: usize = 2;

/// What a reload has done.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Reloaded {
    /// Keys whose new values are in use.
    pub(crate) applied: Vec<String>,
    /// Keys whose old values stay.
    pub(crate) refused: Vec<Kept>,
}

impl Reloaded {
    /// For the audit log: the keys that changed, and in words how it ended.
    pub(crate) fn told(&self) -> (String, String) {
        let (applied, refused) = (self.applied.len(), self.refused.len());
        let outcome = format!("done: {applied} applied, {refused} refused");
        (self.applied.join(", "), outcome)
    }
}

/// A key of the configuration that stays as it was.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Kept {
    pub(crate) key: String,
    pub(crate) why: String,
}

/// Reads the configuration again; the text of an error is for the operator.
pub(crate) type Reload =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Reloaded, String>> + Send>> + Send + Sync>;

/// What all requests share.
pub(crate) struct Station {
    pub(crate) board: Arc<Board>,
    pub(crate) handle: Handle<Recorded>,
    pub(crate) hosts: Hosts,
    /// Whether it is reached by HTTPS.
    pub(crate) is_secured: bool,
    #[allow(dead_code, reason = "the endpoint of the metrics reads it")]
    pub(crate) open_metrics: bool,
    pub(crate) token: Token,
    pub(crate) users: RwLock<Vec<User>>,
    pub(crate) sessions: Sessions,
    pub(crate) audit: Audit,
    pub(crate) reload: Option<Reload>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) hashes: Arc<Semaphore>,
}

impl core::fmt::Debug for Station {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Station")
            .field("hosts", &self.hosts)
            .field("is_secured", &self.is_secured)
            .finish_non_exhaustive()
    }
}

impl Station {
    pub(crate) fn semaphores() -> (Arc<Semaphore>, Arc<Semaphore>) {
        (
            Arc::new(Semaphore::new(MOST_STREAMS)),
            Arc::new(Semaphore::new(MOST_HASHES)),
        )
    }

    pub(crate) fn user(&self, name: &str) -> Option<User> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.iter().find(|user| user.name == name).cloned()
    }

    /// Other users from now on; who is gone or of another role is logged out.
    pub(crate) fn set_users(&self, users: Vec<User>) {
        self.sessions.keep_only(|name, role| {
            let is_token = name == TOKEN_USER && role == Role::Operator;
            is_token
                || users
                    .iter()
                    .any(|user| user.name == name && user.role == role)
        });
        *self.users.write().unwrap_or_else(PoisonError::into_inner) = users;
    }
}

/// Who comes with the token; no user of the configuration can be called so.
pub(crate) const TOKEN_USER: &str = "token";
