//! A demo that stays, with its monitor.

use crate::site::Site;
use core::ops::Deref;
use finewire_tests::peers::house::{PATIENCE, folder, key_in, port, value};
use finewire_tests::peers::{Lines, end, start};
use tempfile::TempDir;

/// A demo that stays, with its monitor.
pub(crate) struct Demo {
    pub(crate) folder: TempDir,
    pub(crate) process: Lines,
    pub(crate) site: Site,
    pub(crate) key: String,
}

impl Deref for Demo {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Demo {
    pub(crate) fn start() -> Self {
        let folder = folder();
        let mut arguments = vec!["demo", "--stay"];
        for option in [
            "--broker-port",
            "--finesse-port",
            "--xmpp-port",
            "--monitor-port",
        ] {
            arguments.extend([option, "0"]);
        }
        let mut process = start(folder.path(), &arguments, &[]);
        let port = port(&value(&mut process, "monitor"));
        let file = value(&mut process, "token");
        let token = std::fs::read_to_string(file).expect("the token's file");
        let line = process.expect("the key", PATIENCE, |line| key_in(line).is_some());
        let key = key_in(&line).expect("just found");
        Self {
            folder,
            process,
            site: Site {
                port,
                token: token.trim().to_owned(),
                tls: None,
            },
            key,
        }
    }

    pub(crate) fn end(mut self) {
        assert_eq!(
            end(&mut self.process, "INT"),
            Some(0),
            "{:?}",
            self.process.seen()
        );
        let said = self.process.seen().join("\n");
        assert!(!said.contains(&self.token), "the token is printed:\n{said}");
    }
}
