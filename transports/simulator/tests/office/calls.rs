//! Steps that many tests take, agents named by their seats.

use super::{Office, Seat};
use finewire_core::agent::{AgentState, CallAction, Dialog, DialogId, ParticipantState};
use finewire_finesse::{ErrorCode, Request, Update, UpdateData, UpdateMethod};

pub(crate) fn error(updates: &[Update]) -> Option<(String, Option<ErrorCode>)> {
    updates.iter().find_map(|update| match &update.data {
        UpdateData::Errors(errors) => {
            let first = errors.first()?;
            Some((first.error_type.as_str().to_owned(), errors.code()))
        }
        _ => None,
    })
}

pub(crate) fn state(office: &Office, seat: Seat) -> AgentState {
    let agent = &office.clients[seat].agent;
    let truth = office.truth();
    truth
        .agents
        .iter()
        .find(|known| known.id == *agent)
        .unwrap()
        .state
        .clone()
}

pub(crate) fn change(office: &mut Office, seat: Seat, state: AgentState) {
    let agent = office.clients[seat].agent.clone();
    office.tell(
        seat,
        &Request::ChangeState {
            agent,
            state,
            reason_id: None,
        },
    );
}

pub(crate) fn sign_in(office: &mut Office, seat: Seat, extension: &str) {
    office.sign_in(seat, extension);
}

/// Agents 1001001, 1001002, … signed in on 2001, 2002, ….
pub(crate) fn signed_in(office: &mut Office, count: u32) -> Vec<Seat> {
    let seat = |n: u32| {
        let seat = office.sit(&(1_001_000 + n).to_string());
        office.sign_in(seat, &(2000 + n).to_string());
        office.updates(seat);
        seat
    };
    (1..=count).map(seat).collect()
}

pub(crate) fn dial(office: &mut Office, seat: Seat, from: &str, to: &str) -> DialogId {
    let agent = office.clients[seat].agent.clone();
    let call = Request::MakeCall {
        agent,
        from: from.into(),
        to: to.into(),
        variables: vec![],
    };
    office.tell(seat, &call);
    office.truth().calls.last().unwrap().id.clone()
}

pub(crate) fn consult(
    office: &mut Office,
    seat: Seat,
    dialog: &DialogId,
    own: &str,
    to: &str,
) -> DialogId {
    let request = Request::Act {
        dialog: dialog.clone(),
        action: CallAction::ConsultCall,
        address: own.into(),
        to: Some(to.into()),
        params: vec![],
    };
    office.tell(seat, &request);
    office.truth().calls.last().unwrap().id.clone()
}

pub(crate) fn call(office: &Office, id: &DialogId) -> Dialog {
    office
        .truth()
        .calls
        .into_iter()
        .find(|call| call.id == *id)
        .unwrap()
}

pub(crate) fn party(office: &Office, id: &DialogId, address: &str) -> ParticipantState {
    call(office, id).participant(address).unwrap().state.clone()
}

pub(crate) fn lists(office: &Office, seat: Seat) -> Vec<DialogId> {
    let extension = ["2001", "2002", "2003"][seat];
    let calls = office.truth().calls;
    let live = |call: &Dialog| {
        let party = call.participant(extension);
        party.is_some_and(|party| party.state != ParticipantState::Dropped)
    };
    calls.into_iter().filter(live).map(|call| call.id).collect()
}

pub(crate) fn told(office: &mut Office, seat: Seat) -> Vec<(UpdateMethod, DialogId)> {
    let updates = office.updates(seat).into_iter();
    let one = |update: Update| match update.data {
        UpdateData::Dialog(dialog) => Some((update.method, dialog.id)),
        UpdateData::Dialogs(dialogs) => Some((update.method, dialogs[0].id.clone())),
        _ => None,
    };
    updates.filter_map(one).collect()
}
