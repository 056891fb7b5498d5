//! What holds whatever agents, callers and networks do.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use std::collections::BTreeMap;

use finewire_core::agent::{
    AgentId, AgentState, CallAction, Dialog, DialogId, ParticipantState, User,
};
use finewire_finesse::{Request, Update, UpdateData, UpdateMethod};
use finewire_simulator::{Command, Knobs, WrapUp};
use office::{Office, Seat, config};
use proptest::prelude::*;

const AGENTS: usize = 3;

/// What a client knows that believes every update.
#[derive(Default)]
struct Mirror {
    user: Option<User>,
    calls: BTreeMap<DialogId, Dialog>,
    errors: usize,
}

impl Mirror {
    fn apply(&mut self, update: Update) {
        match (update.method, update.data) {
            (_, UpdateData::User(user)) => self.user = Some(*user),
            (UpdateMethod::Delete, UpdateData::Dialogs(dialogs)) => {
                for dialog in dialogs {
                    let known = self.calls.remove(&dialog.id);
                    assert!(
                        known.is_some(),
                        "{} was removed without being there",
                        dialog.id
                    );
                }
            }
            (_, UpdateData::Dialogs(dialogs)) => {
                for dialog in dialogs {
                    let before = self.calls.insert(dialog.id.clone(), dialog);
                    assert!(before.is_none(), "a call was added twice");
                }
            }
            (_, UpdateData::Dialog(dialog)) => {
                let before = self.calls.insert(dialog.id.clone(), *dialog);
                assert!(before.is_some(), "a call changed without being there");
            }
            (_, UpdateData::Errors(_)) => self.errors += 1,
            other => panic!("unexpected {other:?}"),
        }
    }
}

/// Something somebody does.
#[derive(Clone, Debug)]
enum Step {
    SignIn(Seat),
    SignOut(Seat),
    State(Seat, AgentState),
    Dial(Seat, u8),
    /// An action that the party's own list offers, by number.
    Offered(Seat, usize, usize, u8),
    /// Any action on any call.
    Any(Seat, usize, CallAction, u8),
    CallIn(u8, bool),
    /// A direct call, answered, and a consult with another agent, answered too.
    Consult(Seat, Seat),
    HangUp(usize),
    /// A call to a queue of everybody.
    Queue,
    Preview(Seat),
    /// The supervisor, who has the first seat, listens to an agent.
    Monitor(Seat),
    /// The supervisor joins a call.
    Barge(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let seat = 0..AGENTS;
    let states = vec![
        AgentState::Ready,
        AgentState::Ready,
        AgentState::NotReady,
        AgentState::Work,
    ];
    let actions = vec![
        CallAction::Answer,
        CallAction::Answer,
        CallAction::Hold,
        CallAction::Retrieve,
        CallAction::Drop,
        CallAction::ConsultCall,
        CallAction::Transfer,
        CallAction::Conference,
        CallAction::TransferSst,
    ];
    prop_oneof![
        2 => seat.clone().prop_map(Step::SignIn),
        1 => seat.clone().prop_map(Step::SignOut),
        3 => (seat.clone(), proptest::sample::select(states))
            .prop_map(|(seat, state)| Step::State(seat, state)),
        2 => (seat.clone(), 0u8..7).prop_map(|(seat, to)| Step::Dial(seat, to)),
        12 => (seat.clone(), 0usize..3, 0usize..8, 0u8..7)
            .prop_map(|(seat, call, action, to)| Step::Offered(seat, call, action, to)),
        3 => (seat, 0usize..3, proptest::sample::select(actions), 0u8..7)
            .prop_map(|(seat, call, action, to)| Step::Any(seat, call, action, to)),
        3 => (0u8..3, any::<bool>()).prop_map(|(to, routed)| Step::CallIn(to, routed)),
        2 => (0..AGENTS, 0..AGENTS).prop_map(|(seat, other)| Step::Consult(seat, other)),
        1 => (0usize..3).prop_map(Step::HangUp),
        3 => Just(Step::Queue),
        1 => (0..AGENTS).prop_map(Step::Preview),
        2 => (1..AGENTS).prop_map(Step::Monitor),
        1 => (0usize..3).prop_map(Step::Barge),
        2 => (1u64..40).prop_map(Step::Wait),
    ]
}

fn extension(seat: Seat) -> String {
    format!("{}", 2001 + seat)
}

fn number(to: u8) -> String {
    match to {
        0..=2 => format!("{}", 2001 + u32::from(to)),
        3 => "2010".into(),
        4 => "help".into(),
        5 => "8001".into(),
        _ => "5550199".into(),
    }
}

fn take(office: &mut Office, step: Step) {
    let agent = |seat: Seat| AgentId::from(format!("{}", 1_001_001 + seat));
    let nth = |office: &Office, n: usize| office.truth().calls.get(n).map(|call| call.id.clone());
    match step {
        Step::Queue => {
            office.order(Command::PlaceCall {
                to: "8001".into(),
                from: "5550188".into(),
            });
        }
        Step::Preview(seat) => {
            office.order(Command::OfferPreview {
                agent: agent(seat),
                customer: "5550177".into(),
            });
        }
        Step::Monitor(seat) => {
            let request = Request::SilentMonitor {
                agent: agent(0),
                from: extension(0).into(),
                to: extension(seat).into(),
            };
            office.ask(0, &request);
        }
        Step::Barge(n) => {
            let Some(dialog) = nth(office, n) else { return };
            let request = Request::Barge {
                agent: agent(0),
                from: extension(0).into(),
                to: extension(1).into(),
                dialog,
            };
            office.ask(0, &request);
        }
        Step::SignIn(seat) => {
            let extension = extension(seat).into();
            let request = Request::SignIn {
                agent: agent(seat),
                extension,
                mobile: None,
            };
            office.ask(seat, &request);
        }
        Step::SignOut(seat) => {
            office.ask(
                seat,
                &Request::SignOut {
                    agent: agent(seat),
                    reason_id: None,
                },
            );
        }
        Step::State(seat, state) => {
            let request = Request::ChangeState {
                agent: agent(seat),
                state,
                reason_id: None,
            };
            office.ask(seat, &request);
        }
        Step::Dial(seat, to) => {
            let request = Request::MakeCall {
                agent: agent(seat),
                from: extension(seat).into(),
                to: number(to).into(),
                variables: vec![],
            };
            office.ask(seat, &request);
        }
        Step::Offered(seat, call, action, to) => {
            let calls = office.truth().calls;
            let own = extension(seat);
            let mut parties: Vec<_> = calls
                .iter()
                .flat_map(|call| call.participants.iter().map(move |party| (&call.id, party)))
                .filter(|(_, party)| party.address == *own && !party.actions.is_empty())
                .collect();
            if !parties.is_empty() {
                let (dialog, party) = parties.swap_remove(call % parties.len());
                let action = party.actions[action % party.actions.len()].clone();
                act(office, seat, dialog.clone(), action, to);
            }
        }
        Step::Any(seat, call, action, to) => {
            if let Some(dialog) = nth(office, call) {
                act(office, seat, dialog, action, to);
            }
        }
        Step::CallIn(to, routed) => {
            let seat = usize::from(to);
            let to = if routed {
                agent(seat).as_str().into()
            } else {
                extension(seat).into()
            };
            office.order(Command::PlaceCall {
                to,
                from: "5550100".into(),
            });
        }
        Step::Consult(seat, other) => {
            let to = extension(seat).as_str().into();
            office.order(Command::PlaceCall {
                to,
                from: "5550101".into(),
            });
            let to = u8::try_from(other).unwrap();
            for (seat, action) in [
                (seat, CallAction::Answer),
                (seat, CallAction::ConsultCall),
                (other, CallAction::Answer),
            ] {
                if let Some(call) = office.truth().calls.last() {
                    act(office, seat, call.id.clone(), action, to);
                    office.rest();
                }
            }
        }
        Step::HangUp(call) => {
            if let Some(dialog) = nth(office, call) {
                office.order(Command::EndCall { dialog });
            }
        }
        Step::Wait(seconds) => office.pass(core::time::Duration::from_secs(seconds)),
    }
}

fn act(office: &mut Office, seat: Seat, dialog: DialogId, action: CallAction, to: u8) {
    let request = if action == CallAction::UpdateCallData {
        let variables = vec![("callVariable1".into(), number(to).into())];
        Request::UpdateCallData {
            dialog,
            wrap_up_reason: None,
            variables,
        }
    } else {
        let (address, to) = (extension(seat).into(), Some(number(to).into()));
        Request::Act {
            dialog,
            action,
            address,
            to,
            params: vec![],
        }
    };
    office.ask(seat, &request);
}

fn check_truth(office: &Office) {
    let truth = office.truth();
    for agent in truth.agents.iter().take(AGENTS) {
        // In a monitor the agent's device has no voice.
        let parties = truth.calls.iter().flat_map(|call| {
            let monitor = call.call_type == *"SUPERVISOR_MONITOR";
            let voices = call.participants.iter();
            voices.filter(move |party| !monitor || party.address == call.from)
        });
        let own = |state: ParticipantState| {
            parties.clone().any(|party| {
                Some(party.address.as_str()) == agent.extension.as_ref().map(|own| own.as_str())
                    && party.state == state
            })
        };
        let talks = own(ParticipantState::Active) || own(ParticipantState::Initiated);
        let holds = own(ParticipantState::Held);
        match agent.state {
            AgentState::Talking => assert!(talks, "{agent:?} talks to nobody"),
            AgentState::Hold => assert!(holds && !talks, "{agent:?} holds nothing"),
            AgentState::Reserved => assert!(own(ParticipantState::Alerting) && !talks && !holds),
            AgentState::Logout => assert_eq!(agent.extension, None),
            AgentState::ReservedOutboundPreview => {
                let shown = |call: &&Dialog| call.call_type == *"OUTBOUND_PREVIEW";
                let calls = office.truth().calls;
                assert_eq!(calls.iter().filter(shown).count().min(1), 1);
            }
            _ => assert!(
                !talks && !holds,
                "{agent:?} is in a call: {:?}",
                truth.calls
            ),
        }
        let active = parties.clone().filter(|party| {
            Some(party.address.as_str()) == agent.extension.as_ref().map(|own| own.as_str())
                && party.state == ParticipantState::Active
        });
        assert!(active.count() <= 1, "one line, one voice");
    }
    for call in &truth.calls {
        let live = call.participants.iter();
        let live = live.filter(|party| party.state != ParticipantState::Dropped);
        assert!(live.count() > 0, "a call without anybody: {call:?}");
    }
}

/// Lets time pass until everything that happened has been told: a deadline of business, such as
/// somebody answering, may fall on the very end of any fixed time.
fn come_to_rest(office: &mut Office) {
    office.rest();
    loop {
        let before = office.truth();
        office.pass(core::time::Duration::from_millis(100));
        if office.truth() == before {
            return;
        }
    }
}

fn run(steps: Vec<Step>, seed: u8, knobs: Knobs, wrap_up: WrapUp) {
    let mut config = config();
    config.knobs = knobs;
    for agent in &mut config.agents {
        agent.wrap_up = wrap_up;
    }
    let mut office = Office::new(config, seed);
    for seat in 0..AGENTS {
        office.sit(&format!("{}", 1_001_001 + seat));
    }
    let mut mirrors: Vec<Mirror> = (0..AGENTS).map(|_| Mirror::default()).collect();
    for seat in 0..AGENTS {
        take(&mut office, Step::SignIn(seat));
        office.rest();
        take(&mut office, Step::State(seat, AgentState::Ready));
    }
    for step in steps {
        take(&mut office, step);
        check_truth(&office);
        for (seat, mirror) in mirrors.iter_mut().enumerate() {
            for update in office.updates(seat) {
                mirror.apply(update);
            }
        }
    }
    come_to_rest(&mut office);
    for (seat, mirror) in mirrors.iter_mut().enumerate() {
        for update in office.updates(seat) {
            mirror.apply(update);
        }
        let truth = office.truth();
        let user = truth.agents[seat].clone();
        if let Some(known) = &mirror.user {
            assert_eq!(*known, user);
        }
        let listed = |call: &&Dialog| mirror.calls.contains_key(&call.id);
        let known: Vec<_> = mirror.calls.values().collect();
        let real: Vec<_> = truth.calls.iter().filter(listed).collect();
        assert_eq!(known, real, "what the client knows is how things are");
        let missed = truth.calls.iter().filter(|call| {
            let own = user
                .extension
                .as_ref()
                .and_then(|own| call.participant(own.as_str()));
            // Who is listened to is not told.
            let watched = call.call_type == *"SUPERVISOR_MONITOR"
                && user
                    .extension
                    .as_ref()
                    .is_some_and(|own| call.from != *own.as_str());
            own.is_some_and(|party| party.state != ParticipantState::Dropped)
                && !watched
                && !listed(call)
        });
        assert_eq!(missed.count(), 0, "no call is kept from its agent");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_client_that_believes_every_update_knows_how_things_are(
        steps in proptest::collection::vec(step(), 1..80), seed: u8,
    ) {
        run(steps, seed, Knobs::default(), WrapUp::NotAllowed);
    }

    #[test]
    fn so_it_does_with_wrap_up(
        steps in proptest::collection::vec(step(), 1..80), seed: u8,
    ) {
        let time = core::time::Duration::from_secs(10);
        run(steps, seed, Knobs::default(), WrapUp::Required(time));
    }
}

/// A counterexample that random steps found: the agent whom a supervisor listens to seemed to miss
/// the monitor's call.
#[test]
fn who_is_listened_to_misses_no_call() {
    for wrap_up in [
        WrapUp::NotAllowed,
        WrapUp::Required(core::time::Duration::from_secs(10)),
    ] {
        let steps = vec![
            Step::Queue,
            Step::Queue,
            Step::Offered(0, 0, 0, 0),
            Step::CallIn(2, false),
            Step::Offered(2, 0, 0, 0),
            Step::Offered(0, 0, 5, 3),
            Step::Queue,
            Step::Wait(21),
            Step::Monitor(2),
        ];
        run(steps, 0, Knobs::default(), wrap_up);
    }
}

/// Another one: the customer of a preview answers at the very moment at which the steps end.
#[test]
fn what_happens_at_the_last_moment_is_told_too() {
    let steps = vec![
        Step::Consult(1, 1),
        Step::SignIn(0),
        Step::Dial(2, 3),
        Step::Monitor(1),
        Step::Offered(2, 0, 0, 0),
        Step::SignIn(0),
        Step::HangUp(2),
        Step::Preview(0),
        Step::Wait(1),
        Step::State(1, AgentState::Ready),
        Step::Offered(0, 0, 0, 0),
        Step::HangUp(1),
        Step::Offered(1, 0, 4, 0),
        Step::SignIn(1),
        Step::Offered(1, 0, 1, 1),
        Step::Consult(0, 2),
    ];
    let time = core::time::Duration::from_secs(10);
    for seed in 60..90 {
        run(
            steps.clone(),
            seed,
            Knobs::default(),
            WrapUp::Required(time),
        );
    }
}

/// A supervisor who listens takes a call, and joins the other one: the first is held.
#[test]
fn a_supervisor_who_joins_a_call_has_one_voice() {
    let steps = vec![
        Step::Preview(1),
        Step::Offered(1, 0, 0, 1),
        Step::Queue,
        Step::Consult(1, 0),
        Step::Wait(28),
        Step::Monitor(1),
        Step::Offered(2, 2, 1, 3),
        Step::Consult(0, 1),
        Step::Offered(0, 2, 3, 0),
        Step::Barge(2),
        Step::Any(2, 1, CallAction::ConsultCall, 4),
    ];
    let time = core::time::Duration::from_secs(10);
    run(steps, 149, Knobs::default(), WrapUp::Required(time));
}
