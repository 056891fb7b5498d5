//! Reading the configuration again while the connector runs: by SIGHUP, or because the monitor was asked to.

use crate::config::{Access, AccessWire, Checked, LEVEL, Running};
use crate::logs::codes;
use crate::monitor::{
    Kept, Monitor, MonitorPlan, PasswordHash, Reload, Reloaded, Role, User, Wire,
};
use crate::parts::Steering;
use crate::{levels, signals};
use anyhow::{Context, Result};
use core::net::SocketAddr;
use finewire_core::machine::Outcome;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

type Answer = oneshot::Sender<Result<Reloaded, String>>;

/// Reloads that wait, at most.
const MOST_WAITING: usize = 8;

/// Where the monitor asks for a reload, and where those are waited for.
pub(crate) fn door() -> (Reload, mpsc::Receiver<Answer>) {
    let (asked, asks) = mpsc::channel::<Answer>(MOST_WAITING);
    let reload: Reload = Arc::new(move || {
        let asked = asked.clone();
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let ended = || "the connector is ending".to_owned();
            asked.send(answer).await.map_err(|_| ended())?;
            answered.await.unwrap_or_else(|_| Err(ended()))
        })
    });
    (reload, asks)
}

/// Reloads as often as it is asked for, one after the other, until it is dropped.
pub(crate) async fn serve(
    mut running: Running,
    steering: Steering,
    monitor: Option<Arc<Monitor>>,
    mut asks: mpsc::Receiver<Answer>,
    mut hangups: signals::HangUp,
) {
    loop {
        let answer = tokio::select! {
            () = hangups.came() => None,
            Some(answer) = asks.recv() => Some(answer),
        };
        let done = reload(&mut running, &steering, monitor.as_deref()).await;
        match &done {
            Ok(done) => {
                for key in &done.applied {
                    tracing::info!(
                        code = codes::CONFIGURATION_APPLIED,
                        "configuration: {key} has its new value"
                    );
                }
                for Kept { key, why } in &done.refused {
                    tracing::warn!(
                        code = codes::CONFIGURATION_KEPT,
                        "configuration: {key} stays as it was: {why}"
                    );
                }
                tracing::info!(
                    code = codes::CONFIGURATION_READ,
                    "the configuration was read again: {} applied, {} refused",
                    done.applied.len(),
                    done.refused.len()
                );
            }
            Err(why) => tracing::error!(
                code = codes::CONFIGURATION_UNREADABLE,
                "the configuration stays as it was: {why}"
            ),
        }
        match (answer, monitor.as_deref()) {
            // The monitor notes for whom it has asked.
            (Some(answer), _) => {
                let _ = answer.send(done);
            }
            (None, Some(monitor)) => monitor.note_hangup(&done),
            (None, None) => {}
        }
    }
}

async fn reload(
    running: &mut Running,
    steering: &Steering,
    monitor: Option<&Monitor>,
) -> Result<Reloaded, String> {
    let (done, checked, next) = running.read().map_err(|e| e.to_string())?;
    for warning in &checked.warnings {
        tracing::warn!(code = codes::CONFIGURATION_DOUBTFUL, "{warning}");
    }
    let Checked {
        settings,
        access,
        log,
        rows: checked_rows,
        ..
    } = checked;
    let users = users(&access).map_err(|e| format!("{e:#}"))?;
    let has_level = done.applied.iter().any(|key| key == LEVEL);
    // Whatever can fail comes before anything is changed.
    if has_level {
        levels::check(&log.level)?;
    }
    steering.announce(&checked_rows);
    match steering.apply(settings).await {
        Outcome::Done => {}
        Outcome::Refused(why) | Outcome::Failed(why) => return Err(why.to_string()),
    }
    if let Some(monitor) = monitor {
        monitor.set_users(users);
    }
    if has_level {
        levels::set_base(&log.level)?;
    }
    running.hold(next);
    let refused = done.refused.into_iter();
    Ok(Reloaded {
        applied: done.applied,
        refused: refused
            .map(|refusal| Kept {
                key: refusal.key,
                why: refusal.why,
            })
            .collect(),
    })
}

fn users(access: &Access) -> Result<Vec<User>> {
    let user = |user: &crate::config::AccessUser| {
        let role = match user.is_operator {
            true => Role::Operator,
            false => Role::Viewer,
        };
        let password = PasswordHash::parse(&user.password_hash);
        Ok(User {
            name: user.name.clone(),
            role,
            password: password.with_context(|| format!("the monitor's user {}", user.name))?,
        })
    };
    access.users.iter().map(user).collect()
}

/// How the monitor is set up by `access`.
///
/// # Errors
///
/// A user's hash is no good.
pub(crate) fn monitor_plan(listen: SocketAddr, access: &Access) -> Result<MonitorPlan> {
    Ok(MonitorPlan {
        wire: match &access.wire {
            AccessWire::Plain => Wire::Plain,
            AccessWire::SelfMade => Wire::SelfMade,
            AccessWire::Files { certificate, key } => Wire::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            },
        },
        names: access.names.clone(),
        users: users(access)?,
        token_file: access.token_file.clone(),
        audit_file: access.audit_file.clone(),
        open_metrics: access.open_metrics,
        ..MonitorPlan::local(listen)
    })
}
