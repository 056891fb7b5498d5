//! A connector's life, recorded, and the ways through the connector that it holds.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use finewire_connector::{Command, Connector};
use finewire_core::agent::ParticipantState;
use finewire_core::contract;
use finewire_core::driver;
use finewire_core::machine::{Input, Instant, LinkId, Machine, Output};

use crate::world::Recorded;
use crate::world::site::{Plan, Site, line, new_connector, tell};

/// A way through the connector: bytes that come in on one link make it send on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A `MakeReady` or `MakeNotReady` of a driver, as the broker dispatches it, until the bytes
    /// of the REST request are out. Its acknowledgement to the broker is made on the way.
    Command,
    /// A notification of a call that was held or retrieved, as the XMPP server sends it, until
    /// the bytes of the driver's event are out.
    Notification,
}

/// Everything that a connector was told, from its start to the last of its ways.
pub struct Life {
    plan: Plan,
    inputs: Vec<(Instant, Recorded<Command>)>,
    /// Which inputs begin a way; the drain behind each belongs to it.
    begins: BTreeSet<usize>,
    bytes: usize,
}

impl Life {
    /// Lets an agent work until at least `ways` ways have been gone.
    ///
    /// # Panics
    ///
    /// When the site does not work as it should.
    pub fn record(way: Way, ways: usize) -> Self {
        let plan = Plan {
            is_recorded: true,
            ..Plan::calm(7)
        };
        let mut site = Site::built(&plan);
        // Where a request has to wait for a new connection, nothing goes out at once.
        let times = ways + ways / 4 + 4;
        match way {
            Way::Command => alternate_states(&mut site, times),
            Way::Notification => alternate_hold(&mut site, times),
        }
        let node = site.net.node(site.connector);
        let film = node.film().expect("the site is recorded");
        let mut life = Self {
            plan,
            inputs: film.inputs.clone(),
            begins: BTreeSet::new(),
            bytes: 0,
        };
        life.find(way);
        assert!(
            life.begins.len() >= ways,
            "{way:?}: only {} found",
            life.begins.len()
        );
        life
    }

    /// How many ways it holds.
    pub fn ways(&self) -> usize {
        self.begins.len()
    }

    /// How many bytes come in on a way, on average.
    pub fn bytes(&self) -> usize {
        self.bytes / self.begins.len().max(1)
    }

    /// Plays it to a new connector. Each way is handed to `meter`, which goes it by calling what it
    /// is given; all else happens outside. Ends early after `most` ways.
    ///
    /// # Panics
    ///
    /// When a way ends without anything sent.
    pub fn play(&self, most: usize, mut meter: impl FnMut(&mut dyn FnMut())) {
        let mut connector = new_connector(&self.plan);
        let mut gone = 0;
        let mut is_drained = false;
        for (place, (now, input)) in self.inputs.iter().enumerate() {
            if gone == most {
                return;
            }
            let Recorded::Received(link, bytes) = input else {
                if !core::mem::take(&mut is_drained) {
                    tell_connector(&mut connector, *now, input);
                }
                continue;
            };
            if self.begins.contains(&place) {
                let mut sent = 0;
                meter(&mut || {
                    connector.handle_input(*now, Input::Received(*link, bytes));
                    sent = drain(&mut connector);
                });
                assert!(sent > 0, "a way leads somewhere");
                gone += 1;
                is_drained = true;
            } else {
                connector.handle_input(*now, Input::Received(*link, bytes));
            }
        }
    }

    /// Finds the ways: by what comes in, where from, and what goes out for it.
    fn find(&mut self, way: Way) {
        let mut connector = new_connector(&self.plan);
        let mut before = None;
        for (place, (now, input)) in self.inputs.iter().enumerate() {
            match input {
                Recorded::Received(link, bytes) => {
                    connector.handle_input(*now, Input::Received(*link, bytes));
                    before = Some((place, *link, bytes));
                }
                Recorded::Drained => {
                    let sent = sendings(&mut connector);
                    if let Some((place, link, bytes)) = before.take()
                        && is_way(way, link, bytes, &sent)
                    {
                        self.begins.insert(place);
                        self.bytes += bytes.len();
                    }
                }
                _ => {
                    tell_connector(&mut connector, *now, input);
                    before = None;
                }
            }
        }
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life")
            .field("inputs", &self.inputs.len())
            .field("ways", &self.ways())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

fn alternate_states(site: &mut Site, times: usize) {
    site.sign_in(1);
    for n in 0..times {
        site.expect_done(tell(
            1,
            match n % 2 {
                0 => contract::Command::MakeReady,
                _ => contract::Command::MakeNotReady,
            },
        ));
    }
}

fn alternate_hold(site: &mut Site, times: usize) {
    site.be_ready(1);
    let dialog = site.ring(1);
    press(
        site,
        contract::Command::AnswerCall {
            dialog: dialog.clone(),
        },
        ParticipantState::Active,
    );
    for n in 0..times {
        let dialog = dialog.clone();
        match n % 2 {
            0 => press(
                site,
                contract::Command::HoldCall { dialog },
                ParticipantState::Held,
            ),
            _ => press(
                site,
                contract::Command::RetrieveCall { dialog },
                ParticipantState::Active,
            ),
        }
    }
}

/// Asks for something and runs until the driver sees its own party there.
fn press(site: &mut Site, command: contract::Command, until: ParticipantState) {
    let told: driver::Command = tell(1, command);
    site.expect_done(told);
    for _ in 0..1000 {
        if site.own_party(1).as_ref() == Some(&until) {
            return;
        }
        site.net.run_for(Duration::from_millis(10));
    }
    panic!("line {:?} does not become {until:?}", line(1));
}

fn is_way(way: Way, link: LinkId, bytes: &[u8], sent: &[(LinkId, Vec<u8>)]) -> bool {
    let (come, gone): (&[&[u8]], &[u8]) = match way {
        Way::Command => (
            &[b"MakeReady#1001001", b"MakeNotReady#1001001"],
            b"PUT /finesse/api/User/1001001",
        ),
        Way::Notification => (&[b"<message"], b"#InboundCall#"),
    };
    let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|found| found == part);
    come.iter().any(|part| has(bytes, part))
        && sent
            .iter()
            .any(|(to, bytes)| *to != link && has(bytes, gone))
}

fn tell_connector(connector: &mut Connector, now: Instant, input: &Recorded<Command>) {
    let input = match input.clone() {
        Recorded::Opened(link) => Input::Opened(link),
        Recorded::Secured(link, identity) => Input::Secured(link, identity),
        Recorded::Received(link, bytes) => {
            return connector.handle_input(now, Input::Received(link, &bytes));
        }
        Recorded::Sent(link) => Input::Sent(link),
        Recorded::Closed(link, reason) => Input::Closed(link, reason),
        Recorded::Listening(listener, address) => Input::Listening(listener, address),
        Recorded::ListenFailed(listener, reason) => Input::ListenFailed(listener, reason),
        Recorded::Accepted(listener, link, from) => Input::Accepted(listener, link, from),
        Recorded::Command(id, command) => Input::Command(id, command),
        Recorded::Wall(wall) => Input::Wall(wall),
        Recorded::Timeout => return connector.handle_timeout(now),
        Recorded::Drained => {
            drain(connector);
            return;
        }
    };
    connector.handle_input(now, input);
}

/// Takes every output, as a runtime does; tells how many of them are bytes to send.
fn drain(connector: &mut Connector) -> usize {
    let mut sent = 0;
    loop {
        match connector.poll_output() {
            Output::Wait(_) => return sent,
            Output::Send(..) => sent += 1,
            _ => {}
        }
    }
}

fn sendings(connector: &mut Connector) -> Vec<(LinkId, Vec<u8>)> {
    let mut sent = Vec::new();
    loop {
        match connector.poll_output() {
            Output::Wait(_) => return sent,
            Output::Send(link, chunks) => sent.push((link, chunks.to_vec())),
            _ => {}
        }
    }
}
