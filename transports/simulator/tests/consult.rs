//! Consult, transfer and conference, in every order.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_core::agent::{AgentState, CallAction, DialogId, DialogState, ParticipantState};
use finewire_finesse::{Request, UpdateMethod};
use finewire_simulator::Command;
use office::calls::*;
use office::{Office, Seat, config};

/// One agent talks to a customer and has consulted another, who answered.
fn consulting(office: &mut Office) -> (Vec<Seat>, DialogId, DialogId) {
    let seats = signed_in(office, 2);
    change(office, seats[0], AgentState::Ready);
    let original = office.call("1001001", "5550100");
    office.act(seats[0], &original, CallAction::Answer, "2001");
    let consult = consult(office, seats[0], &original, "2001", "2002");
    assert_eq!(party(office, &original, "2001"), ParticipantState::Held);
    assert_eq!(call(office, &consult).associated, Some(original.clone()));
    assert_eq!(call(office, &consult).call_type, "CONSULT");
    office.act(seats[1], &consult, CallAction::Answer, "2002");
    let own = call(office, &original).participant("2001").unwrap().clone();
    assert!(own.actions.contains(&CallAction::Transfer));
    for seat in &seats {
        office.updates(*seat);
    }
    (seats, original, consult)
}

#[test]
fn a_transfer_joins_customer_and_consulted_agent_in_the_original_call() {
    let mut office = Office::new(config(), 1);
    let (seats, original, consult) = consulting(&mut office);
    office.act(seats[0], &original, CallAction::Transfer, "2001");
    let survivor = call(&office, &original);
    assert_eq!(survivor.secondary, Some(consult.clone()));
    assert_eq!(party(&office, &original, "2001"), ParticipantState::Dropped);
    assert_eq!(party(&office, &original, "2002"), ParticipantState::Active);
    assert_eq!(
        party(&office, &original, "5550100"),
        ParticipantState::Active
    );
    assert_eq!(office.truth().calls.len(), 1);
    let (delete, post) = (UpdateMethod::Delete, UpdateMethod::Post);
    let first = told(&mut office, seats[0]);
    assert!(
        first.contains(&(delete, original.clone())) && first.contains(&(delete, consult.clone()))
    );
    let second = told(&mut office, seats[1]);
    let (gone, came) = (
        second
            .iter()
            .position(|one| *one == (delete, consult.clone()))
            .unwrap(),
        second
            .iter()
            .position(|one| *one == (post, original.clone()))
            .unwrap(),
    );
    assert!(gone < came, "{second:?}");
    assert_eq!(state(&office, seats[0]), AgentState::Ready);
    assert_eq!(state(&office, seats[1]), AgentState::Talking);
    office.act(seats[1], &original, CallAction::Drop, "2002");
    assert_eq!(office.truth().calls, []);
}

#[test]
fn a_conference_keeps_all_three_and_goes_on_when_one_leaves() {
    let mut office = Office::new(config(), 1);
    let (seats, original, _) = consulting(&mut office);
    office.act(seats[0], &original, CallAction::Conference, "2001");
    for address in ["2001", "2002", "5550100"] {
        assert_eq!(party(&office, &original, address), ParticipantState::Active);
    }
    assert_eq!(call(&office, &original).call_type, "CONFERENCE");
    assert_eq!(lists(&office, seats[0]), core::slice::from_ref(&original));
    assert_eq!(lists(&office, seats[1]), core::slice::from_ref(&original));
    office.updates(seats[0]);
    office.act(seats[0], &original, CallAction::Drop, "2001");
    assert_eq!(
        told(&mut office, seats[0]).last(),
        Some(&(UpdateMethod::Delete, original.clone()))
    );
    assert_eq!(call(&office, &original).state, DialogState::Active);
    assert_eq!(state(&office, seats[0]), AgentState::Ready);
    office.order(Command::EndCall { dialog: original });
    office.rest();
    assert_eq!(state(&office, seats[1]), AgentState::NotReady);
}

#[test]
fn a_transfer_after_the_original_was_retrieved_is_refused() {
    let mut office = Office::new(config(), 1);
    let (seats, original, consult) = consulting(&mut office);
    office.act(seats[0], &original, CallAction::Retrieve, "2001");
    assert_eq!(
        party(&office, &consult, "2001"),
        ParticipantState::Held,
        "one voice, one call"
    );
    office.updates(seats[0]);
    office.act(seats[0], &original, CallAction::Transfer, "2001");
    assert_eq!(error(&office.updates(seats[0])).unwrap().0, "Generic Error");
    assert_eq!(office.truth().calls.len(), 2);
}

#[test]
fn a_single_step_transfer_rings_at_the_other_agent() {
    let mut office = Office::new(config(), 1);
    let seats = signed_in(&mut office, 2);
    change(&mut office, seats[0], AgentState::Ready);
    let dialog = office.call("1001001", "5550100");
    office.act(seats[0], &dialog, CallAction::Answer, "2001");
    office.tell(
        seats[0],
        &Request::Act {
            dialog: dialog.clone(),
            action: CallAction::TransferSst,
            address: "2001".into(),
            to: Some("2002".into()),
            params: vec![],
        },
    );
    assert_eq!(
        told(&mut office, seats[1]),
        [(UpdateMethod::Post, dialog.clone())]
    );
    assert_eq!(
        told(&mut office, seats[0]).last(),
        Some(&(UpdateMethod::Delete, dialog.clone()))
    );
    office.act(seats[1], &dialog, CallAction::Answer, "2002");
    assert_eq!(party(&office, &dialog, "5550100"), ParticipantState::Active);
    assert_eq!(call(&office, &dialog).state, DialogState::Active);
}

#[test]
fn who_comes_back_to_a_call_is_listed_once() {
    let mut office = Office::new(config(), 1);
    let seats = signed_in(&mut office, 2);
    change(&mut office, seats[0], AgentState::Ready);
    let dialog = office.call("1001001", "5550100");
    office.act(seats[0], &dialog, CallAction::Answer, "2001");
    for (from, to) in [((0, "2001"), "2002"), ((1, "2002"), "2001")] {
        let (seat, address) = from;
        let request = Request::Act {
            dialog: dialog.clone(),
            action: CallAction::TransferSst,
            address: address.into(),
            to: Some(to.into()),
            params: vec![],
        };
        office.tell(seats[seat], &request);
        office.act(seats[1 - seat], &dialog, CallAction::Answer, to);
    }

    let call = call(&office, &dialog);
    let back = call.participants.iter().filter(|p| p.address == "2001");
    let states: Vec<_> = back.map(|party| party.state.clone()).collect();
    assert_eq!(states, [ParticipantState::Active]);
    assert_eq!(call.participants.len(), 3);
}

/// The agent goes back to the customer: the consult call is held.
fn toggled(office: &mut Office) -> (Vec<Seat>, DialogId, DialogId) {
    let (seats, original, consult) = consulting(office);
    office.act(seats[0], &original, CallAction::Retrieve, "2001");
    let own = |id: &DialogId| call(office, id).participant("2001").unwrap().clone();
    assert_eq!(own(&original).state, ParticipantState::Active);
    assert_eq!(own(&consult).state, ParticipantState::Held);
    let joins = |id: &DialogId| {
        let actions = own(id).actions;
        actions.contains(&CallAction::Transfer) && actions.contains(&CallAction::Conference)
    };
    assert!(joins(&consult) && !joins(&original), "on the held call");
    for seat in &seats {
        office.updates(*seat);
    }
    (seats, original, consult)
}

#[test]
fn a_transfer_completed_on_the_consult_call_lets_that_call_survive() {
    let mut office = Office::new(config(), 2);
    let (seats, original, consult) = toggled(&mut office);
    office.act(seats[0], &consult, CallAction::Transfer, "2001");
    let survivor = call(&office, &consult);
    assert_eq!(survivor.secondary, Some(original.clone()));
    assert_eq!(survivor.from, *"2001", "the survivor's own addresses");
    assert_eq!(survivor.associated, None);
    assert_eq!(party(&office, &consult, "2002"), ParticipantState::Active);
    assert_eq!(
        party(&office, &consult, "5550100"),
        ParticipantState::Active
    );
    assert!(lists(&office, seats[0]).is_empty());
    let gone = told(&mut office, seats[0]);
    let delete = UpdateMethod::Delete;
    assert!(gone.contains(&(delete, original)) && gone.contains(&(delete, consult.clone())));
    let other = told(&mut office, seats[1]);
    assert!(
        other
            .iter()
            .all(|one| *one == (UpdateMethod::Put, consult.clone())),
        "the call that it has goes on: {other:?}"
    );
    assert_eq!(state(&office, seats[0]), AgentState::Ready);
    office.act(seats[1], &consult, CallAction::Drop, "2002");
    assert_eq!(office.truth().calls, []);
}

#[test]
fn a_conference_completed_on_the_consult_call_lets_that_call_survive() {
    let mut office = Office::new(config(), 2);
    let (seats, original, consult) = toggled(&mut office);
    office.act(seats[0], &consult, CallAction::Conference, "2001");
    for address in ["2001", "2002", "5550100"] {
        assert_eq!(party(&office, &consult, address), ParticipantState::Active);
    }
    assert_eq!(lists(&office, seats[0]), core::slice::from_ref(&consult));
    assert_eq!(call(&office, &consult).secondary, Some(original));
    assert_eq!(state(&office, seats[0]), AgentState::Talking);
}

#[test]
fn an_agent_goes_to_and_fro_and_completes_on_whatever_is_held() {
    for (times, on_original) in [(1, false), (2, true), (3, false), (4, true)] {
        let mut office = Office::new(config(), times);
        let (seats, original, consult) = consulting(&mut office);
        for time in 0..times {
            let next = if time % 2 == 0 { &original } else { &consult };
            office.act(seats[0], next, CallAction::Retrieve, "2001");
        }
        let (held, active) = if on_original {
            (original, consult)
        } else {
            (consult, original)
        };
        office.updates(seats[0]);
        office.act(seats[0], &active, CallAction::Conference, "2001");
        let refused = error(&office.updates(seats[0])).unwrap().0;
        assert_eq!(refused, "Generic Error", "on the active one, {times}");
        office.act(seats[0], &held, CallAction::Transfer, "2001");
        assert_eq!(call(&office, &held).secondary, Some(active));
        assert_eq!(party(&office, &held, "5550100"), ParticipantState::Active);
        assert_eq!(party(&office, &held, "2002"), ParticipantState::Active);
    }
}

#[test]
fn a_consult_call_whose_original_is_over_cannot_be_joined_any_more() {
    let mut office = Office::new(config(), 2);
    let (seats, original, consult) = toggled(&mut office);
    office.order(Command::EndCall { dialog: original });
    office.rest();
    let own = call(&office, &consult).participant("2001").unwrap().clone();
    assert!(!own.actions.contains(&CallAction::Transfer), "{own:?}");
    office.updates(seats[0]);
    office.act(seats[0], &consult, CallAction::Transfer, "2001");
    assert_eq!(error(&office.updates(seats[0])).unwrap().0, "Generic Error");
    office.act(seats[0], &consult, CallAction::Retrieve, "2001");
    assert_eq!(party(&office, &consult, "2001"), ParticipantState::Active);
}
