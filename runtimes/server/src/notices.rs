//! What systemd is told: ready, how it stands, that it lives, that it ends (sd_notify(3)).
//!
//! The watchdog is fed only after the connector's machine has let itself be looked at: a process whose machine
//! no longer turns is restarted, however lively its other threads are. Elsewhere nobody is told anything.

use crate::record::Recorded;
use finewire_tokio::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Tells that it is ready, and from now on how it stands.
pub(crate) fn begin(connector: Handle<Recorded>, ready: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(keep(connector, ready))
}

#[cfg(target_os = "linux")]
pub(crate) use systemd::stopping;

#[cfg(target_os = "linux")]
use systemd::keep;

#[cfg(target_os = "linux")]
mod systemd {
    use crate::logs::codes;
    use crate::record::Recorded;
    use core::time::Duration;
    use finewire_tokio::Handle;
    use sd_notify::NotifyState;
    use tokio::sync::watch;
    use tokio::time::MissedTickBehavior;

    /// When systemd does not watch: nothing is to be done for long.
    const NEVER: Duration = Duration::from_secs(86_400);

    pub(super) async fn keep(connector: Handle<Recorded>, mut ready: watch::Receiver<bool>) {
        // Started is started: a Finesse that is away must not make systemd give the start up.
        tell(&[NotifyState::Ready, status(*ready.borrow_and_update())]);
        let watchdog = sd_notify::watchdog_enabled();
        let pace = watchdog
            .map_or(NEVER, |limit| limit / 3)
            .max(Duration::from_millis(10));
        let mut beat = tokio::time::interval(pace);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = beat.tick() => {
                    if watchdog.is_some() && !feed(&connector, pace).await {
                        let text = "the connector does not turn: the watchdog is not fed";
                        tracing::error!(code = codes::WATCHDOG_UNFED, "{text}");
                    }
                }
                changed = ready.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    tell(&[status(*ready.borrow_and_update())]);
                }
            }
        }
    }

    /// Tells that it lives, if the machine turns; whether it does.
    async fn feed(connector: &Handle<Recorded>, within: Duration) -> bool {
        let look = connector.inspect(|_| ());
        let turns = matches!(tokio::time::timeout(within, look).await, Ok(Some(())));
        if turns {
            tell(&[NotifyState::Watchdog]);
        }
        turns
    }

    const fn status(is_ready: bool) -> NotifyState<'static> {
        NotifyState::Status(if is_ready {
            "in service: broker and Finesse are there"
        } else {
            "out of service: broker or Finesse is away"
        })
    }

    /// Tells that it ends.
    pub(crate) fn stopping() {
        let text = "stopping: commands under way are answered first";
        tell(&[NotifyState::Stopping, NotifyState::Status(text)]);
    }

    /// Without a service manager that listens this does nothing.
    fn tell(states: &[NotifyState<'_>]) {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return;
        }
        if let Err(e) = sd_notify::notify(states) {
            tracing::warn!(code = codes::NOTICE_LOST, "systemd cannot be told: {e}");
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) const fn stopping() {}

#[cfg(not(target_os = "linux"))]
async fn keep(_: Handle<Recorded>, mut ready: watch::Receiver<bool>) {
    while ready.changed().await.is_ok() {}
}
