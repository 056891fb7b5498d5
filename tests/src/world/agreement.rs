//! Whether driver, connector and Finesse say the same.

use finewire_core::agent::{AgentModel, Dialog, Extension, Participant, ParticipantState};
use finewire_core::connector::AgentReport;
use finewire_simulator::Truth;

/// The connector and Finesse say the same of an agent whose notifications flow.
pub(super) fn connector_agrees(report: &AgentReport, truth: &Truth) {
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
pub(super) fn driver_agrees(model: &AgentModel, truth: &Truth) {
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
