//! Waiting to be told to stop.

/// Asked by who is no signal: the service control manager of Windows.
static ASKED: tokio::sync::Notify = tokio::sync::Notify::const_new();

/// Asks the process to end, as a signal would.
#[cfg(windows)]
pub(crate) fn ask_to_stop() {
    // Kept until somebody waits.
    ASKED.notify_one();
}

/// What asks the process to end: Ctrl-C, and SIGTERM where there is one.
///
/// It listens from its making on: what comes while nobody waits is not lost, as it would be with a
/// listener made anew for each wait.
#[derive(Debug)]
pub(crate) struct Stop {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 2]>,
}

impl Stop {
    /// Begins to listen. From here on the signals end nothing by themselves.
    pub(crate) fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let of = |kind| signal(kind).ok();
            let signals = of(SignalKind::terminate()).zip(of(SignalKind::interrupt()));
            Self {
                signals: signals.map(|(terminate, interrupt)| [terminate, interrupt]),
            }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Returns when the process is asked to end; once for each time, so that a caller can tell the
    /// first from a second, impatient one.
    pub(crate) async fn asked(&mut self) {
        #[cfg(unix)]
        if let Some([terminate, interrupt]) = &mut self.signals {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            return;
        }
        // Without signals the process runs until it is killed, or until its manager asks.
        let interrupted = async {
            if tokio::signal::ctrl_c().await.is_err() {
                core::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = interrupted => {}
            () = ASKED.notified() => {}
        }
    }
}

/// SIGHUP, where there is one: the wish that the configuration is read again.
#[derive(Debug)]
pub(crate) struct HangUp {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl HangUp {
    /// Begins to listen. From here on the signal ends nothing by itself.
    pub(crate) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    /// Returns once for each time it came, except that some that come close together count as one.
    pub(crate) async fn came(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        core::future::pending::<()>().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use core::time::Duration;
    use std::process::Command;

    #[tokio::test]
    async fn a_signal_that_comes_while_nobody_waits_is_not_lost() {
        let mut stop = Stop::listen();
        tokio::select! {
            biased;
            () = core::future::ready(()) => {}
            () = stop.asked() => panic!("nobody has asked"),
        }
        for word in ["-INT", "-TERM"] {
            let mut kill = Command::new("kill");
            let id = std::process::id().to_string();
            assert!(kill.args([word, &id]).status().unwrap().success());
            // The runtime takes the signal in while nobody waits for it.
            let mut other = Stop::listen();
            let _ = tokio::time::timeout(Duration::from_millis(50), other.asked()).await;

            let asked = tokio::time::timeout(Duration::from_secs(30), stop.asked()).await;
            assert!(asked.is_ok(), "{word}");
        }
    }
}
