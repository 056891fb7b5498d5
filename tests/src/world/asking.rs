//! What tests ask of a site: commands of drivers, calls, and how it stands with an agent.

use std::time::Duration;

use finewire_core::agent::{AgentModel, AgentState, Dialog, DialogId, ParticipantState};
use finewire_core::contract;
use finewire_core::driver;
use finewire_core::machine::{CommandId, Outcome};
use finewire_driver::Driver;
use finewire_simulator::Command as FinesseCommand;

use super::agreement::is_present;
use super::names::{agent, connect, line, login, tell};
use super::site::Site;
use super::{Network, Seat};

/// How long a command may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

impl Site {
    /// Runs until every driver knows that the connector is in service.
    ///
    /// # Panics
    ///
    /// When that does not happen.
    pub fn await_service(&mut self) {
        let drivers = self.drivers.clone();
        let is_up = self.net.run_until(PATIENCE, |net| {
            drivers
                .iter()
                .all(|seat| net.node(*seat).machine().service() == driver::Service::InService)
        });
        assert!(is_up, "the site does not come into service: {:?}", self.net);
    }

    /// Gives the first driver a command and runs until it has ended.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn ask(&mut self, command: driver::Command) -> Outcome {
        self.ask_of(0, command)
    }

    /// Gives a driver a command and runs until it has ended.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn ask_of(&mut self, driver: usize, command: driver::Command) -> Outcome {
        let id = self.net.command(self.drivers[driver], command.into());
        self.outcome(driver, id)
    }

    /// Runs until a command has ended.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn outcome(&mut self, driver: usize, id: CommandId) -> Outcome {
        let seat = self.drivers[driver];
        self.net
            .run_until(PATIENCE, |net| net.node(seat).outcome(id).is_some());
        match self.net.node(seat).outcome(id) {
            Some((_, outcome)) => outcome.clone(),
            None => panic!(
                "a command does not end: {:?}",
                self.net.node(seat).unended()
            ),
        }
    }

    /// Asks and expects success.
    ///
    /// # Panics
    ///
    /// When it is not done.
    pub fn expect_done(&mut self, command: driver::Command) {
        let text = format!("{command:?}");
        let outcome = self.ask(command);
        assert_eq!(outcome, Outcome::Done, "{text}");
    }

    /// Connects and signs in an agent of the first driver.
    ///
    /// # Panics
    ///
    /// When it does not succeed.
    pub fn sign_in(&mut self, n: u32) {
        self.expect_done(connect(n));
        self.expect_done(login(n));
    }

    /// Signs an agent in and makes it ready.
    ///
    /// # Panics
    ///
    /// When it does not succeed.
    pub fn be_ready(&mut self, n: u32) {
        self.sign_in(n);
        self.expect_done(tell(n, contract::Command::MakeReady));
    }

    /// Lets a call come in for an agent, and runs until it rings at the driver.
    ///
    /// # Panics
    ///
    /// When it does not ring.
    pub fn ring(&mut self, n: u32) -> DialogId {
        self.place_call(n);
        let seat = self.drivers[0];
        let rings = self
            .net
            .run_until(PATIENCE, |net| ringing(net, seat, n).is_some());
        assert!(rings, "the call does not ring");
        ringing(&self.net, seat, n).expect("it rings")
    }

    /// Lets a call come in for an agent.
    pub fn place_call(&mut self, n: u32) -> CommandId {
        let call = FinesseCommand::PlaceCall {
            to: agent(n).as_str().into(),
            from: "5551234".into(),
        };
        self.net.command(self.finesse, call)
    }

    /// What the first driver knows of an agent.
    pub fn model(&self, n: u32) -> Option<&AgentModel> {
        self.net.node(self.drivers[0]).machine().agent(&agent(n))
    }

    /// The state that the first driver knows.
    pub fn state(&self, n: u32) -> AgentState {
        self.model(n)
            .map_or(AgentState::Unknown, |model| model.user().state.clone())
    }

    /// The state of the agent's own party of its only call, as the first driver knows it.
    pub fn own_party(&self, n: u32) -> Option<ParticipantState> {
        let model = self.model(n)?;
        let dialog = model.dialogs().next()?;
        Some(model.own_party(dialog)?.state.clone())
    }

    /// What Finesse holds for true.
    pub fn true_state(&self, n: u32) -> AgentState {
        let truth = self.net.node(self.finesse).machine().truth();
        let found = truth.agents.into_iter().find(|user| user.id == agent(n));
        found.map_or(AgentState::Unknown, |user| user.state)
    }

    /// The calls that Finesse holds for true on an agent's line.
    pub fn true_calls(&self, n: u32) -> Vec<DialogId> {
        let truth = self.net.node(self.finesse).machine().truth();
        let is_here = |call: &&Dialog| call.participant(line(n).as_str()).is_some_and(is_present);
        truth
            .calls
            .iter()
            .filter(is_here)
            .map(|call| call.id.clone())
            .collect()
    }

    /// Runs for long enough that every time-out, retry and recovery is over.
    pub fn settle(&mut self) {
        self.net.run_for(Duration::from_secs(90));
    }
}

fn ringing(net: &Network, seat: Seat<Driver>, n: u32) -> Option<DialogId> {
    let model = net.node(seat).machine().agent(&agent(n))?;
    let rings = |dialog: &&Dialog| {
        model
            .own_party(dialog)
            .is_some_and(|own| own.state == ParticipantState::Alerting)
    };
    model.dialogs().find(rings).map(|dialog| dialog.id.clone())
}
