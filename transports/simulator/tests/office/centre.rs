//! Steps that many tests take, agents named by their login ids.

use core::time::Duration;

use super::{Office, Seat};
use finewire_core::agent::{AgentState, CallAction, Dialog, DialogId, ParticipantState};
use finewire_core::machine::{CommandId, Input, Outcome};
use finewire_finesse::{Answer, Request, Update, UpdateData, UpdateMethod};
use finewire_xmpp::ClientCommand;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn state(office: &Office, agent: &str) -> AgentState {
    let agents = office.truth().agents;
    let found = agents.iter().find(|known| known.id == *agent).unwrap();
    found.state.clone()
}

pub(crate) fn change(office: &mut Office, seat: Seat, agent: &str, state: AgentState) -> Answer {
    let request = Request::ChangeState {
        agent: agent.into(),
        state,
        reason_id: None,
    };
    let answer = office.ask(seat, &request);
    office.rest();
    answer
}

pub(crate) fn ready(office: &mut Office, seat: Seat) {
    let agent = office.clients[seat].agent.to_string();
    assert_eq!(
        change(office, seat, &agent, AgentState::Ready),
        Answer::Accepted
    );
}

/// Agents 1001001, 1001002, … signed in on 2001, 2002, …, one second after the other.
pub(crate) fn signed_in(office: &mut Office, count: u32) -> Vec<Seat> {
    let seat = |n: u32| {
        let seat = office.sit(&(1_001_000 + n).to_string());
        office.sign_in(seat, &(2000 + n).to_string());
        office.updates(seat);
        seat
    };
    (1..=count).map(seat).collect()
}

pub(crate) fn call(office: &Office, id: &DialogId) -> Option<Dialog> {
    let calls = office.truth().calls;
    calls.into_iter().find(|call| call.id == *id)
}

pub(crate) fn parties(office: &Office, id: &DialogId) -> Vec<(String, ParticipantState)> {
    let call = call(office, id).unwrap();
    let parties = call.participants.into_iter();
    parties
        .map(|one| (one.address.to_string(), one.state))
        .collect()
}

pub(crate) fn status(answer: &Answer) -> (u16, String) {
    match answer {
        Answer::Refused(errors) | Answer::Unauthorized(errors) => (
            errors.status.unwrap(),
            errors
                .first()
                .map(|e| e.error_type.to_string())
                .unwrap_or_default(),
        ),
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn failure(updates: &[Update]) -> (String, String) {
    let mut errors = updates.iter().filter_map(|update| match &update.data {
        UpdateData::Errors(errors) => errors.first(),
        _ => None,
    });
    let error = errors.next().expect("an error update");
    (error.error_type.to_string(), error.data.to_string())
}

pub(crate) fn dialogs(updates: &[Update]) -> Vec<(UpdateMethod, Dialog)> {
    let mut all = Vec::new();
    for update in updates {
        match &update.data {
            UpdateData::Dialog(dialog) => all.push((update.method, (**dialog).clone())),
            UpdateData::Dialogs(list) => {
                all.extend(list.iter().map(|dialog| (update.method, dialog.clone())));
            }
            _ => {}
        }
    }
    all
}

pub(crate) fn subscribe(office: &mut Office, seat: Seat, node: &str) {
    let command = ClientCommand::Subscribe {
        service: "pubsub.finesse.example".parse().unwrap(),
        node: node.into(),
    };
    let now = office.now;
    let input = Input::Command(CommandId(900), command);
    office.clients[seat].xmpp.handle_input(now, input);
    office.rest();
    assert_eq!(
        office.clients[seat].ended.remove(&900),
        Some(Outcome::Done),
        "{node}"
    );
}

/// A supervisor, an agent with a customer, a third agent; and the call.
pub(crate) fn talking(office: &mut Office) -> (Vec<Seat>, DialogId) {
    let seats = signed_in(office, 3);
    ready(office, seats[1]);
    let id = office.call("1001002", "5550100");
    office.act(seats[1], &id, CallAction::Answer, "2002");
    for seat in &seats {
        office.updates(*seat);
    }
    (seats, id)
}
