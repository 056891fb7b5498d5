//! An agent's wishes: asked for again until they are fulfilled, as people press a button again.

use std::time::Duration;

use finewire_core::agent::{AgentState, ParticipantState};
use finewire_core::contract::Command as C;
use finewire_core::driver;

use super::site::{Site, connect, login, tell};

/// Something that the first agent wants.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// What it is.
    pub name: &'static str,
    /// Whether all are to agree when it has come true.
    is_midway: bool,
    is_so: fn(&Site) -> bool,
    ask: fn(&mut Site),
}

/// The main job as wishes: sign in, be ready, take a call through hold and retrieve, sign out.
pub const MAIN_JOB: &[Wish] = &[
    Wish {
        name: "signed in",
        is_midway: false,
        is_so: |site| {
            site.model(1)
                .is_some_and(|model| model.user().is_signed_in())
        },
        ask: |site| {
            let seat = site.drivers[0];
            let connecting = site.net.command(seat, connect(1).into());
            let logging_in = site.net.command(seat, login(1).into());
            site.outcome(0, connecting);
            site.outcome(0, logging_in);
        },
    },
    Wish {
        name: "ready",
        is_midway: false,
        is_so: |site| site.state(1) == AgentState::Ready,
        ask: |site| press(site, tell(1, C::MakeReady)),
    },
    Wish {
        name: "a call rings",
        is_midway: false,
        is_so: |site| site.own_party(1) == Some(ParticipantState::Alerting),
        ask: |site| {
            if site.true_calls(1).is_empty() {
                site.place_call(1);
            }
        },
    },
    Wish {
        name: "the call is answered",
        is_midway: false,
        is_so: |site| site.own_party(1) == Some(ParticipantState::Active),
        ask: |site| press_on_call(site, |dialog| C::AnswerCall { dialog }),
    },
    Wish {
        name: "the call is held",
        is_midway: true,
        is_so: |site| site.own_party(1) == Some(ParticipantState::Held),
        ask: |site| press_on_call(site, |dialog| C::HoldCall { dialog }),
    },
    Wish {
        name: "the call is retrieved",
        is_midway: false,
        is_so: |site| site.own_party(1) == Some(ParticipantState::Active),
        ask: |site| press_on_call(site, |dialog| C::RetrieveCall { dialog }),
    },
    Wish {
        name: "the call is over",
        is_midway: false,
        is_so: |site| site.own_party(1).is_none() && site.state(1) == AgentState::Ready,
        ask: |site| press_on_call(site, |dialog| C::ReleaseCall { dialog }),
    },
    Wish {
        name: "not ready",
        is_midway: false,
        is_so: |site| site.state(1) == AgentState::NotReady,
        ask: |site| press(site, tell(1, C::MakeNotReady)),
    },
    Wish {
        name: "signed out",
        is_midway: false,
        is_so: |site| site.state(1) == AgentState::Logout,
        ask: |site| press(site, tell(1, C::Logout)),
    },
];

/// How often a button is pressed before a test gives up.
const PRESSES: usize = 6;

impl Site {
    /// Fulfils a wish: asks, waits, and asks again while it is not so.
    ///
    /// # Panics
    ///
    /// When it does not come true.
    pub fn fulfil(&mut self, wish: &Wish) {
        for _ in 0..PRESSES {
            if (wish.is_so)(self) {
                return;
            }
            (wish.ask)(self);
            let is_so = wish.is_so;
            for _ in 0..20 {
                if is_so(self) {
                    return;
                }
                self.net.run_for(Duration::from_millis(1500));
            }
        }
        let driver = self.net.node(self.drivers[0]);
        panic!(
            "\"{}\" does not come true; the driver knows {:?}, Finesse {:?}; it was told\n{}",
            wish.name,
            self.model(1),
            self.net.node(self.finesse).machine().truth(),
            driver
                .events()
                .iter()
                .rev()
                .take(40)
                .map(|(at, event)| format!("{at} {event:?}\n"))
                .collect::<String>()
        );
    }

    /// Fulfils the whole main job and checks that all agree in the end. The number of the step at
    /// which the last wish came true.
    ///
    /// # Panics
    ///
    /// When a wish does not come true, or they do not agree.
    pub fn do_main_job(&mut self) -> u64 {
        self.await_service();
        for wish in MAIN_JOB {
            self.fulfil(wish);
            if wish.is_midway {
                self.net.run_for(self.recovery());
                self.check_quiet();
            }
        }
        let last = self.net.steps();
        self.net.run_for(self.recovery());
        self.check_quiet();
        assert_eq!(self.true_state(1), AgentState::Logout);
        last
    }
}

fn press(site: &mut Site, command: driver::Command) {
    site.ask(command);
}

fn press_on_call(site: &mut Site, command: fn(finewire_core::agent::DialogId) -> C) {
    let call = site
        .model(1)
        .and_then(|model| Some(model.dialogs().next()?.id.clone()));
    if let Some(dialog) = call {
        press(site, tell(1, command(dialog)));
    }
}
