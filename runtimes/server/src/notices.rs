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
    use finewire_core::machine::Machine;
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
    pub(super) async fn feed<M: Machine>(connector: &Handle<M>, within: Duration) -> bool {
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::systemd::feed;
    use core::time::Duration;
    use finewire_core::machine::{Input, Instant, Machine, Outcome, Output};
    use finewire_tokio::Options;
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    /// A machine that turns only while nobody else holds the lock.
    #[derive(Default)]
    struct Stuck {
        lock: Arc<Mutex<()>>,
        says: VecDeque<Output<()>>,
    }

    impl Machine for Stuck {
        type Command = ();
        type Event = ();

        fn handle_input(&mut self, _: Instant, input: Input<'_, ()>) {
            if let Input::Command(id, ()) = input {
                drop(self.lock.lock());
                self.says.push_back(Output::Ended(id, Outcome::Done));
            }
        }

        fn handle_timeout(&mut self, _: Instant) {}

        fn poll_output(&mut self) -> Output<()> {
            self.says.pop_front().unwrap_or(Output::Wait(None))
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_watchdog_is_fed_while_the_machine_turns_only() {
        let machine = Stuck::default();
        let lock = machine.lock.clone();
        let (handle, _events, _task) = finewire_tokio::spawn(machine, Options::default());
        assert!(feed(&handle, Duration::from_secs(30)).await);

        let held = lock.lock();
        let asked = handle.clone();
        let command = tokio::spawn(async move { asked.command(()).await });
        // The command may reach the machine after a look at it, not after each of many.
        let mut is_fed = true;
        for _ in 0..100 {
            is_fed = feed(&handle, Duration::from_millis(50)).await;
            if !is_fed {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert!(!is_fed, "a machine that does not turn is said to live");
        drop(held);
        assert!(command.await.expect("a task").is_done());
        assert!(feed(&handle, Duration::from_secs(30)).await);
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) const fn stopping() {}

#[cfg(not(target_os = "linux"))]
async fn keep(_: Handle<Recorded>, mut ready: watch::Receiver<bool>) {
    while ready.changed().await.is_ok() {}
}
