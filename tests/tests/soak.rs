//! A long time in fake time: whoever comes and goes leaves nothing behind.

use std::time::Duration;

use finewire_core::contract::Command as C;
use finewire_core::driver::Command;
use finewire_core::machine::{Outcome, Size};
use finewire_simulator::{Command as FinesseCommand, Config as FinesseConfig};
use finewire_tests::world::site::{Plan, Site, agent, connect, line, login, tell};

/// Agents that come and go, and how many the connector knows at a time.
const CROWD: u32 = 600;
const ROOM: usize = 40;
/// So many at a time.
const SHIFT: u32 = 20;

fn crowd(config: &mut FinesseConfig) {
    let like = config.agents[0].clone();
    config.agents = (1..=CROWD)
        .map(|n| finewire_simulator::Agent {
            id: agent(n),
            login_name: format!("agent{n}").as_str().into(),
            extension: line(n),
            supervises: Vec::new(),
            ..like.clone()
        })
        .collect();
    config.queues.clear();
}

fn room(config: &mut finewire_core::connector::Config) {
    config.limits.agents = ROOM;
    config.timing.linger = Duration::from_secs(30);
}

/// What connector and driver hold, and how long the texts of all machines are that show it.
#[derive(Debug)]
struct Held {
    sizes: Vec<(&'static str, Size)>,
    texts: Vec<(String, usize)>,
}

impl Held {
    fn by(site: &Site) -> Self {
        let connector = site.net.node(site.connector).machine().sizes();
        let driver = site.net.node(site.drivers[0]).machine().sizes();
        let connector = connector.into_iter().map(|size| ("connector", size));
        let driver = driver.into_iter().map(|size| ("driver", size));
        let texts = site.net.sizes_of_debug_texts().into_iter();
        Self {
            sizes: connector.chain(driver).collect(),
            texts: texts.map(|(name, size)| (name.to_owned(), size)).collect(),
        }
    }

    fn check_bounds(&self) {
        for (who, size) in &self.sizes {
            assert!(size.is_bounded(), "the {who} holds {size:?}");
        }
    }

    /// Nothing is held that was not held before, but what is kept on purpose up to its bound.
    fn check_grown(&self, before: &Self, is_crowd: bool) {
        for ((who, now), (_, then)) in self.sizes.iter().zip(&before.sizes) {
            assert_eq!(now.what, then.what);
            let is_kept = matches!(
                now.what,
                "messages for the monitor" | "ids of commands" | "notification ids"
            );
            assert!(
                is_kept || now.held <= then.held,
                "the {who} held {then:?}, and now {now:?}"
            );
        }
        for ((name, now), (_, then)) in self.texts.iter().zip(&before.texts) {
            // Finesse knows all its agents, and remembers where each was last.
            if is_crowd && name == "finesse" {
                continue;
            }
            // Numbers have become longer; a thing that was kept each time would be far more.
            assert!(
                *now <= then + then / 20,
                "the text of {name} had {then} bytes, and now {now}"
            );
        }
    }
}

fn settle(site: &mut Site, seconds: u64) {
    site.net.run_for(Duration::from_secs(seconds));
    assert!(site.net.is_quiet());
}

/// Twenty agents sign in, take a call each, sign out and are forgotten.
fn work_a_shift(site: &mut Site, first: u32) {
    let all = first..first + SHIFT;
    let command = |site: &mut Site, make: &dyn Fn(u32) -> Command| {
        let seat = site.drivers[0];
        let ids: Vec<_> = all
            .clone()
            .map(|n| site.net.command(seat, make(n).into()))
            .collect();
        for id in ids {
            assert_eq!(site.outcome(0, id), Outcome::Done);
        }
    };
    command(site, &connect);
    command(site, &login);
    command(site, &|n| tell(n, C::MakeReady));
    for n in all.clone() {
        site.place_call(n);
    }
    site.net.run_for(Duration::from_secs(2));
    for n in all.clone() {
        let calls = site.true_calls(n);
        assert_eq!(calls.len(), 1, "a call for each");
        for dialog in calls {
            let answer = C::AnswerCall {
                dialog: dialog.clone(),
            };
            let outcome = site.ask(tell(n, answer));
            assert_eq!(outcome, Outcome::Done);
            let end = FinesseCommand::EndCall { dialog };
            site.net.command(site.finesse, end);
        }
    }
    site.net.run_for(Duration::from_secs(2));
    command(site, &|n| tell(n, C::MakeNotReady));
    command(site, &|n| tell(n, C::Logout));
    command(site, &|n| Command::Forget(agent(n)));
}

#[test]
fn hundreds_of_agents_who_came_and_went_leave_nothing_behind() {
    let mut site = Site::built(&Plan {
        finesse: crowd,
        decisions: room,
        ..Plan::calm(11)
    });
    let mut early = None;
    for (round, first) in (1..=CROWD).step_by(SHIFT as usize).enumerate() {
        work_a_shift(&mut site, first);
        let busy = Held::by(&site);
        busy.check_bounds();
        settle(&mut site, 120);
        if round == 4 {
            early = Some(Held::by(&site));
        }
    }
    let late = Held::by(&site);
    late.check_bounds();
    late.check_grown(&early.expect("there were rounds"), true);
    let agents = late.sizes.iter().find(|(_, size)| size.what == "agents");
    assert!(
        agents.is_some_and(|(_, size)| size.held == ROOM),
        "they came"
    );
    let forgotten = site.net.node(site.connector).machine();
    let forgotten = forgotten.decisions().agents_forgotten();
    assert_eq!(forgotten, u64::from(CROWD) - ROOM as u64);
}

#[test]
fn hundreds_of_calls_that_came_and_went_leave_nothing_behind() {
    let mut plan = Plan::calm(7);
    // Finesse looks after each of them whether it was answered in time.
    plan.shape.ring = Duration::from_secs(20);
    let mut site = Site::built(&plan);
    site.be_ready(1);
    site.sign_in(2);
    let mut early = None;
    for round in 0..600 {
        let dialog = site.ring(1);
        let answer = C::AnswerCall {
            dialog: dialog.clone(),
        };
        site.expect_done(tell(1, answer));
        if round % 10 == 0 {
            let consult = C::ConsultCall {
                number: line(2).as_str().into(),
                dialog: dialog.clone(),
            };
            site.expect_done(tell(1, consult));
            site.expect_done(tell(1, C::GetDialogState { dialog }));
        }
        for dialog in site.true_calls(1) {
            let end = FinesseCommand::EndCall { dialog };
            site.net.command(site.finesse, end);
        }
        site.net.run_for(Duration::from_secs(2));
        Held::by(&site).check_bounds();
        if round == 100 {
            settle(&mut site, 120);
            early = Some(Held::by(&site));
        }
    }
    settle(&mut site, 120);
    Held::by(&site).check_grown(&early.expect("there were rounds"), false);
    assert!(site.told(0).len() > 3000, "they came");
}

#[test]
fn links_and_processes_that_came_and_went_leave_nothing_behind() {
    let mut site = Site::calm();
    site.be_ready(1);
    let mut early = None;
    for round in 0..80 {
        for (port, client) in [
            (0, "driver"),
            (0, "connector"),
            (1, "connector"),
            (2, "connector"),
        ] {
            for pipe in site.pipes(finewire_tests::world::site::PORTS[port], client) {
                site.net.cut(pipe.id);
            }
            site.net.run_for(Duration::from_secs(10));
            Held::by(&site).check_bounds();
        }
        if round % 10 == 0 {
            site.restart_broker();
        }
        settle(&mut site, 120);
        if round == 20 {
            early = Some(Held::by(&site));
        }
    }
    Held::by(&site).check_grown(&early.expect("there were rounds"), false);
    site.check_quiet();
}
