//! Every command of the contract against the simulated Finesse: consult, transfer, conference, lists,
//! supervisors. Real connector, real drivers, broker and Finesse, fake time, no socket.

use finewire_core::agent::{AgentState, DialogId, ParticipantState};
use finewire_core::contract::{Command as C, Event as Wire};
use finewire_core::driver::Event as Told;
use finewire_tests::world::site::{Site, agent, line, tell};

/// Agent 1 talks to a customer; agent 2 is signed in.
fn in_a_call() -> (Site, DialogId) {
    let mut site = Site::calm();
    site.be_ready(1);
    site.sign_in(2);
    let main = site.ring(1);
    let dialog = main.clone();
    site.expect_done(tell(1, C::AnswerCall { dialog }));
    site.settle();
    (site, main)
}

/// Agent 1 has consulted agent 2, who has answered; gives both calls.
fn consulting() -> (Site, DialogId, DialogId) {
    let (mut site, main) = in_a_call();
    let number = line(2).as_str().into();
    let dialog = main.clone();
    site.expect_done(tell(1, C::ConsultCall { number, dialog }));
    site.settle();
    let calls = site.true_calls(1);
    let leg = calls.into_iter().find(|call| *call != main);
    let leg = leg.expect("a consult call");
    let dialog = leg.clone();
    site.expect_done(tell(2, C::AnswerCall { dialog }));
    site.settle();
    site.check_quiet();
    (site, main, leg)
}

fn received(site: &Site, is_wanted: impl Fn(&Wire) -> bool) -> usize {
    let told = site.told(0);
    let wanted =
        |event: &&&Told| matches!(event, Told::Received(message) if is_wanted(&message.event));
    told.iter().filter(wanted).count()
}

#[test]
fn a_consult_is_told_as_one_and_ends_in_a_transfer() {
    let (mut site, main, leg) = consulting();
    assert!(
        received(
            &site,
            |event| matches!(event, Wire::ConsultCall(call) if call.dialog == leg)
        ) > 0
    );
    let (extension, dialog) = (line(2), main);
    site.expect_done(tell(1, C::TransferCall { extension, dialog }));
    site.settle();
    assert!(site.true_calls(1).is_empty());
    assert_eq!(site.true_calls(2).len(), 1);
    assert_eq!(site.own_party(2), Some(ParticipantState::Active));
    site.check_quiet();
}

#[test]
fn a_conference_has_three_parties() {
    let (mut site, main, _) = consulting();
    let (extension, dialog) = (line(2), main);
    site.expect_done(tell(1, C::ConferenceCall { extension, dialog }));
    site.settle();
    assert_eq!(site.true_calls(1).len(), 1);
    let model = site.model(1).expect("an agent");
    let parties = model.dialogs().next().map(|call| call.participants.len());
    assert_eq!(parties, Some(3));
    site.check_quiet();
}

#[test]
fn a_single_step_transfer_takes_the_agent_off_the_call() {
    let (mut site, dialog) = in_a_call();
    let number = line(2).as_str().into();
    site.expect_done(tell(1, C::TransferSst { number, dialog }));
    site.settle();
    assert!(site.true_calls(1).is_empty());
    assert_eq!(site.true_calls(2).len(), 1);
    site.check_quiet();
}

#[test]
fn digits_data_wrap_up_and_controls_act_on_a_call() {
    let (mut site, dialog) = in_a_call();
    let call = || dialog.clone();
    site.expect_done(tell(
        1,
        C::SendDtmf {
            digits: "12#".into(),
            dialog: call(),
        },
    ));
    let variables = vec![("callVariable2".into(), "red".into())];
    site.expect_done(tell(
        1,
        C::UpdateCallData {
            dialog: call(),
            variables,
        },
    ));
    site.expect_done(tell(
        1,
        C::UpdateWrapup {
            dialog: call(),
            label: "Sale".into(),
        },
    ));
    site.expect_done(tell(1, C::GetDialogControls { dialog: call() }));
    site.settle();
    let model = site.model(1).expect("an agent");
    let value = model
        .dialog(&dialog)
        .and_then(|call| call.variable("callVariable2"));
    assert_eq!(value.map(|value| value.as_str()), Some("red"));
    assert_eq!(
        received(
            &site,
            |event| matches!(event, Wire::DialogControls { actions, .. } if !actions.is_empty())
        ),
        1
    );
    assert_eq!(received(&site, |event| matches!(event, Wire::Error(_))), 0);
    site.check_quiet();
}

#[test]
fn an_agent_leaves_with_a_reason_or_by_force() {
    let mut site = Site::calm();
    site.sign_in(1);
    site.be_ready(2);
    site.expect_done(tell(1, C::LogoutReasonCodes));
    let code = site.told(0).iter().find_map(|event| match event {
        Told::Received(message) => match &message.event {
            Wire::ReasonCodes { reasons, .. } => reasons.first().map(|(code, _)| code.clone()),
            _ => None,
        },
        _ => None,
    });
    let code = code.expect("a reason to sign out");
    site.expect_done(tell(1, C::LogoutWithReason { code }));
    site.expect_done(tell(2, C::ForceLogout));
    site.settle();
    for n in [1, 2] {
        assert_eq!(site.true_state(n), AgentState::Logout);
        assert_eq!(site.state(n), AgentState::Logout);
    }
    site.check_quiet();
}

#[test]
fn every_list_comes_in_its_event() {
    let mut site = Site::calm();
    site.sign_in(1);
    let team = || "1".into();
    for (command, is_wanted) in [
        (
            C::WrapUpReasonCodes,
            (|event| matches!(event, Wire::ReasonCodes { .. })) as fn(&Wire) -> bool,
        ),
        (C::NotReadyReasonCodes, |event| {
            matches!(event, Wire::ReasonCodes { .. })
        }),
        (
            C::GetQueueList,
            |event| matches!(event, Wire::QueueList(queues) if !queues.is_empty()),
        ),
        (
            C::GetPhonebooks,
            |event| matches!(event, Wire::Phonebooks(books) if !books.is_empty()),
        ),
        (C::GetTeamPhonebooks { team: team() }, |event| {
            matches!(event, Wire::TeamPhonebooks(_))
        }),
        (
            C::GetTeamUsers {
                team: team(),
                follow: true,
            },
            |event| matches!(event, Wire::TeamUsersList(users) if users.len() > 1),
        ),
        (C::GetPhonebookContacts { book: "32".into() }, |event| {
            matches!(event, Wire::PhonebookContacts(_))
        }),
    ] {
        let before = received(&site, is_wanted);
        site.expect_done(tell(1, command.clone()));
        assert_eq!(received(&site, is_wanted), before + 1, "{command:?}");
    }
}

#[test]
fn a_supervisor_follows_a_team_and_changes_a_members_state() {
    let mut site = Site::calm();
    site.sign_in(1);
    let team = "1".into();
    site.expect_done(tell(1, C::GetTeamUsers { team, follow: true }));
    site.be_ready(2);
    site.settle();
    let of_the_other = |event: &Wire| matches!(event, Wire::State(status) if status.agent == agent(2) && status.state == AgentState::Ready);
    let told = received(&site, of_the_other);
    assert!(told > 1, "to the agent and to the supervisor: {told}");
}
