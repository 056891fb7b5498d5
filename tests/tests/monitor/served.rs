//! `finewire serve` with a monitor of a configuration's making. Finesse is not there: the monitor has to be.

use crate::site::Site;
use core::ops::Deref;
use finewire_tests::peers::house::{PATIENCE, file, folder, port, value};
use finewire_tests::peers::{Lines, end, run, start};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// The password of the users that [`users`] makes.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A connector that serves, with its monitor.
pub(crate) struct Served {
    pub(crate) folder: TempDir,
    pub(crate) process: Lines,
    pub(crate) site: Site,
    /// The lines that introduce the monitor.
    pub(crate) fingerprint: Option<String>,
    monitor: String,
}

impl Deref for Served {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Served {
    /// Starts it with these lines in `[monitor]`.
    pub(crate) fn start(monitor: &str) -> Self {
        Self::start_in(folder(), monitor)
    }

    /// As [`start`](Self::start), with what it needs in `folder`.
    pub(crate) fn start_in(folder: TempDir, monitor: &str) -> Self {
        let path = file(&folder, "finewire.toml", &config("", monitor, ""));
        let mut process = start(folder.path(), &["serve", "--config", &path], &[]);
        let address = value(&mut process, "monitor");
        let token = value(&mut process, "token");
        let is_secured = address.starts_with("https://");
        let fingerprint = is_secured.then(|| value(&mut process, "fingerprint"));
        let token = std::fs::read_to_string(token).expect("the token's file");
        let site = Site {
            port: port(&address),
            token: token.trim().to_owned(),
            tls: is_secured.then(Vec::new),
        };
        Self {
            folder,
            process,
            site,
            fingerprint,
            monitor: monitor.to_owned(),
        }
    }

    /// Writes the configuration anew: lines of `[driver]` and whatever else, and what `change` makes of it.
    pub(crate) fn rewrite(&self, driver: &str, more: &str, change: impl Fn(String) -> String) {
        let text = change(config(driver, &self.monitor, more));
        let _ = file(&self.folder, "finewire.toml", &text);
    }

    /// Sends SIGHUP.
    pub(crate) fn hang_up(&self) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-HUP", &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for a line of the log.
    pub(crate) fn says(&mut self, wanted: &str) -> String {
        self.process
            .expect_among(wanted, PATIENCE, |line| line.contains(wanted))
    }

    pub(crate) fn end(mut self) {
        assert_eq!(end(&mut self.process, "TERM"), Some(0));
        let said = self.process.seen().join("\n");
        for secret in [self.site.token.as_str(), PASSWORD] {
            assert!(!said.contains(secret), "a secret is printed:\n{said}");
        }
    }
}

fn config(driver: &str, monitor: &str, more: &str) -> String {
    format!(
        "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:0\"\n\n[[finesse.node]]\n\
         host = \"127.0.0.1\"\nport = 9\nxmpp_port = 9\n\n[driver]\nuse_secure_password = false\n\
         {driver}\n\n{more}\n[monitor]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"token\"\n{monitor}\n"
    )
}

/// The hash of [`PASSWORD`], as `finewire monitor hash` prints it.
pub(crate) fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let folder = folder();
        let path = file(&folder, "password", &format!("{PASSWORD}\n"));
        let ran = run(
            folder.path(),
            &["monitor", "hash", "--password-file", &path],
            &[],
        );
        assert_eq!(ran.code, Some(0), "{}", ran.text);
        ran.text.trim().to_owned()
    })
}

/// Two users: vera, who looks, and otto, who acts.
pub(crate) fn users() -> String {
    let user = |name, role| {
        format!(
            "[[monitor.user]]\nname = \"{name}\"\nrole = \"{role}\"\npassword_hash = \"{}\"\n",
            hash()
        )
    };
    user("vera", "viewer") + &user("otto", "operator")
}
