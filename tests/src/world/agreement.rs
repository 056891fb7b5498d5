//! Whether driver, connector and Finesse say the same.

use finewire_core::agent::{AgentId, AgentModel, Dialog, Extension, Participant, ParticipantState};
use finewire_core::connector::AgentReport;
use finewire_simulator::Truth;

use super::site::Site;

impl Site {
    /// Checks what must be true once nothing is under way: every command has ended, all drivers
    /// and the connector know what Finesse holds for true, and nobody's text shows a secret.
    ///
    /// # Panics
    ///
    /// When something is not so.
    pub fn check_quiet(&self) {
        self.check_quiet_where(|_, _| true);
    }

    /// As [`check_quiet`](Self::check_quiet), for those agents of which a driver must know how it
    /// stands with them: a driver that has just begun does not.
    ///
    /// # Panics
    ///
    /// When something is not so.
    pub fn check_quiet_where(&self, must_know: impl Fn(usize, &AgentId) -> bool) {
        self.net.check_debug_texts();
        for seat in &self.drivers {
            let node = self.net.node(*seat);
            assert_eq!(
                node.unended(),
                Vec::<&str>::new(),
                "commands have not ended"
            );
        }
        // One to the broker, a pool of eight to each node, one for each of the ten agents.
        for seat in self.connectors() {
            let sockets = self.net.sockets(seat.number());
            assert!(sockets <= 27, "a connector holds {sockets} sockets");
        }
        for seat in &self.drivers {
            let sockets = self.net.sockets(seat.number());
            assert!(sockets <= 1, "a driver holds {sockets} sockets");
        }
        let truth = self.net.node(self.finesse).machine().truth();
        for seat in self.connectors() {
            for (report, _) in self.net.node(seat).machine().status().agents {
                connector_agrees(&report, &truth);
            }
        }
        for (n, seat) in self.drivers.iter().enumerate() {
            for model in self.net.node(*seat).machine().agents() {
                if must_know(n, &model.user().id) {
                    driver_agrees(model, &truth);
                }
            }
        }
    }
}

/// The connector and Finesse say the same of an agent whose notifications flow.
fn connector_agrees(report: &AgentReport, truth: &Truth) {
    if !report.is_fresh {
        return;
    }
    let agent = &report.agent;
    let real = truth.agents.iter().find(|real| real.id == *agent);
    let real = real.unwrap_or_else(|| panic!("Finesse does not know {agent}"));
    assert_eq!(
        report.state, real.state,
        "state of {agent} at the connector"
    );
    assert_eq!(
        report.extension, real.extension,
        "line of {agent} at the connector"
    );
    assert_eq!(report.commands, 0, "commands of {agent} at the connector");
    let line = report.extension.as_ref().map_or("", Extension::as_str);
    // Who was transferred away stays listed as dropped for as long as the call lasts.
    let is_here = |call: &&Dialog| {
        let own = call.participant(line);
        own.is_some_and(|own| own.state != ParticipantState::Dropped) && is_told(call, line)
    };
    let real_calls: Vec<_> = truth
        .calls
        .iter()
        .filter(is_here)
        .map(|call| &call.id)
        .collect();
    let calls: Vec<_> = report.calls.iter().map(|call| &call.id).collect();
    assert_eq!(calls, real_calls, "calls of {agent} at the connector");
}

/// An agent's model and Finesse's truth say the same, as far as events tell it.
fn driver_agrees(model: &AgentModel, truth: &Truth) {
    let user = model.user();
    if !user.is_signed_in() {
        return;
    }
    let real = truth.agents.iter().find(|real| real.id == user.id);
    let real = real.unwrap_or_else(|| panic!("Finesse does not know {}", user.id));
    assert_eq!(user.state, real.state, "state of {}", user.id);
    assert_eq!(user.extension, real.extension, "line of {}", user.id);
    let line = user.extension.as_ref().map_or("", Extension::as_str);
    let is_here =
        |call: &&Dialog| call.participant(line).is_some_and(is_present) && is_told(call, line);
    let real_calls: Vec<_> = truth
        .calls
        .iter()
        .filter(is_here)
        .map(|call| &call.id)
        .collect();
    let calls: Vec<_> = model.dialogs().map(|call| &call.id).collect();
    assert_eq!(calls, real_calls, "calls of {}", user.id);
    for call in model.dialogs() {
        let party = |call: &Dialog| call.participant(line).map(|party| party.state.clone());
        let real = truth.calls.iter().find(|real| real.id == call.id);
        assert_eq!(
            party(call),
            real.and_then(party),
            "own party of call {}",
            call.id
        );
    }
}

/// Whether who has this line is told of the call: nobody is told that a supervisor listens.
fn is_told(call: &Dialog, line: &str) -> bool {
    call.call_type.as_str() != "SUPERVISOR_MONITOR" || call.from.as_str() == line
}

/// Whether the party has not left its call.
pub(super) fn is_present(party: &Participant) -> bool {
    !matches!(
        party.state,
        ParticipantState::Dropped | ParticipantState::WrapUp
    )
}
