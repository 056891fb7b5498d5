//! What must hold after every step, whatever the scenario.

use std::collections::BTreeMap;

use finewire_core::machine::{Instant, LinkId, Output};

/// The rules of one machine, checked at each of its inputs and outputs.
#[derive(Debug)]
pub struct Invariants {
    name: String,
    last_input: Instant,
    links: BTreeMap<LinkId, Life>,
    highest_opened: BTreeMap<u64, u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Alive {
        sending: bool,
        securing: bool,
    },
    /// We were asked to close it; its `Closed` is under way.
    Closing,
    /// Closed while outputs were still queued: those may name it until the next `Wait`.
    JustClosed,
}

const FRESH: Life = Life::Alive {
    sending: false,
    securing: false,
};

impl Invariants {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            last_input: Instant::START,
            links: BTreeMap::new(),
            highest_opened: BTreeMap::new(),
        }
    }

    pub(super) fn on_input(&mut self, now: Instant) {
        assert!(now >= self.last_input, "{}: time went backwards", self.name);
        self.last_input = now;
    }

    pub(super) fn on_accepted(&mut self, link: LinkId) {
        self.links.insert(link, FRESH);
    }

    pub(super) fn on_sent(&mut self, link: LinkId) {
        if let Some(Life::Alive { sending, .. }) = self.links.get_mut(&link) {
            *sending = false;
        }
    }

    pub(super) fn on_secured(&mut self, link: LinkId) {
        if let Some(Life::Alive { securing, .. }) = self.links.get_mut(&link) {
            *securing = false;
        }
    }

    pub(super) fn on_closed(&mut self, link: LinkId, undrained: bool) {
        if undrained {
            self.links.insert(link, Life::JustClosed);
        } else {
            self.links.remove(&link);
        }
    }

    pub(super) fn on_output(&mut self, output: &Output<String>) {
        match output {
            Output::Wait(deadline) => {
                if let Some(deadline) = deadline {
                    let told = self.last_input;
                    assert!(
                        *deadline > told,
                        "{}: waits until {deadline}, but was told that it is {told} already",
                        self.name
                    );
                }
                self.links.retain(|_, life| *life != Life::JustClosed);
            }
            Output::Open(link, _) => self.on_open(*link),
            Output::Send(link, chunks) => {
                assert!(!chunks.is_empty(), "{}: an empty send on {link}", self.name);
                let name = self.name.clone();
                if let Life::Alive { sending, securing } = self.life(*link, "send") {
                    assert!(
                        !*sending,
                        "{name}: a second send on {link} before the first is done"
                    );
                    assert!(
                        !*securing,
                        "{name}: a send on {link} during its TLS handshake"
                    );
                    *sending = true;
                }
            }
            Output::Pause(link) | Output::Resume(link) => {
                self.life(*link, "pause or resume");
            }
            Output::Secure(link, _) => {
                if let Life::Alive { securing, .. } = self.life(*link, "secure") {
                    *securing = true;
                }
            }
            Output::Close(link, _) => {
                let name = self.name.clone();
                let life = self.life(*link, "close");
                assert!(*life != Life::Closing, "{name}: {link} closed twice");
                if *life != Life::JustClosed {
                    *life = Life::Closing;
                }
            }
            Output::Listen(..)
            | Output::Unlisten(_)
            | Output::Event(_)
            | Output::Ended(..)
            | Output::Trace(_) => {}
        }
    }

    fn on_open(&mut self, link: LinkId) {
        let slot = link.slot();
        assert!(
            slot.is_some(),
            "{}: opens {link}, which has an accepted link's id",
            self.name
        );
        let slot = slot.map_or(0, |slot| u64::from(slot.0));
        let number = link.number();
        let before = self.highest_opened.insert(slot, number);
        assert!(
            before < Some(number),
            "{}: {link} is used a second time",
            self.name
        );
        self.links.insert(link, FRESH);
    }

    fn life(&mut self, link: LinkId, verb: &str) -> &mut Life {
        let name = &self.name;
        let life = self.links.get_mut(&link);
        let life = life.unwrap_or_else(|| panic!("{name}: {verb} on {link}, which is not there"));
        assert!(
            verb == "close" || *life != Life::Closing,
            "{name}: {verb} on {link} after its close"
        );
        life
    }
}

/// Texts that nobody may print.
#[derive(Debug, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    pub(super) fn forbid(&mut self, text: &str) {
        if !text.is_empty() && !self.0.iter().any(|known| known == text) {
            self.0.push(text.to_owned());
        }
    }

    pub(super) fn check(&self, name: &str, what: &str, text: &str) {
        for secret in &self.0 {
            assert!(
                !text.contains(secret.as_str()),
                "{name}: a secret in its {what}: {text}"
            );
        }
    }
}
