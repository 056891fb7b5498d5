//! Supervisors: their teams, the states of others, and what they do to others' calls.

use std::time::Duration;

use finewire_core::agent::{AgentState, DialogId, ParticipantState, Platform};
use finewire_core::contract::{Call, CallState, Command as C, Event as Wire};
use finewire_core::driver;
use finewire_core::machine::Outcome;
use finewire_simulator::DropRight;
use finewire_tests::world::site::{Plan, Site, agent, connect, line, login, tell};

const SECOND: Duration = Duration::from_secs(1);

fn plan(platform: Platform) -> Plan {
    let mut plan = Plan::calm(7);
    plan.shape.platform = platform;
    plan
}

fn team_users(follow: bool) -> C {
    let team = "1".into();
    C::GetTeamUsers { team, follow }
}

/// The states of the n-th agent that agent 1 was told, oldest first.
fn told_of(site: &Site, n: u32) -> Vec<AgentState> {
    let events = site.events_to(1).into_iter();
    let states = events.filter_map(|event| match event {
        Wire::State(status) if status.agent == agent(n) => Some(status.state.clone()),
        _ => None,
    });
    states.collect()
}

#[test]
fn a_team_is_listed_with_the_states_that_its_members_have() {
    let mut site = Site::calm();
    site.sign_in(1);
    site.be_ready(2);

    site.expect_done(tell(1, team_users(false)));

    let events = site.events_to(1).into_iter();
    let lists: Vec<_> = events
        .filter_map(|event| match event {
            Wire::TeamUsersList(users) => Some(users),
            _ => None,
        })
        .collect();
    let [users] = lists.as_slice() else {
        panic!("{lists:?}")
    };
    let state = |n: u32| {
        let mut users = users.iter();
        users
            .find(|user| user.id == agent(n))
            .map(|user| user.state.clone())
    };
    assert_eq!(users.len(), 10);
    assert_eq!(state(1), Some(AgentState::NotReady));
    assert_eq!(state(2), Some(AgentState::Ready));
    assert_eq!(state(3), Some(AgentState::Logout));
    // Who did not ask to follow is told no more.
    site.expect_done(tell(2, C::MakeNotReady));
    site.settle();
    assert!(told_of(&site, 2).is_empty());
}

#[test]
fn a_followed_team_is_told_live_and_again_after_the_link_was_lost() {
    let mut site = Site::calm();
    site.sign_in(1);
    site.expect_done(tell(1, team_users(true)));

    site.be_ready(2);
    site.net.run_for(SECOND);
    assert_eq!(told_of(&site, 2), [AgentState::NotReady, AgentState::Ready]);

    let agent = agent(1);
    site.order(finewire_simulator::Command::DropXmpp { agent });
    site.settle();
    site.expect_done(tell(2, C::MakeNotReady));
    site.net.run_for(SECOND);
    assert_eq!(told_of(&site, 2).last(), Some(&AgentState::NotReady));
    site.check_quiet();
}

#[test]
fn who_is_no_supervisor_gets_no_team() {
    let mut site = Site::calm();
    site.sign_in(2);

    let text = site.expect_refused(2, team_users(true));

    assert!(text.starts_with("AUTHORIZATION_FAILURE"), "{text}");
    site.sign_in(3);
    site.settle();
    let of_another =
        |event: &Wire| matches!(event, Wire::State(status) if status.agent != agent(2));
    assert_eq!(site.count(2, of_another), 0);
}

/// Agent 2 works without this connector; agent 1 is a supervisor who has listed the team.
fn one_elsewhere(platform: Platform) -> Site {
    let mut site = Site::built(&Plan {
        drivers: 2,
        ..plan(platform)
    });
    for command in [connect(2), login(2), tell(2, C::MakeReady)] {
        assert_eq!(site.ask_of(1, command), Outcome::Done);
    }
    let forget = driver::Command::Forget(agent(2));
    assert_eq!(site.ask_of(1, forget), Outcome::Done);
    site.restart_connector();
    site.net.run_for(2 * SECOND);
    site.await_service();
    site.sign_in(1);
    site.expect_done(tell(1, team_users(true)));
    site
}

#[test]
fn a_supervisor_changes_the_state_of_a_member_and_signs_it_out() {
    for (platform, code) in [(Platform::Ucce, "999"), (Platform::Uccx, "33")] {
        let mut site = one_elsewhere(platform);
        assert_eq!(site.true_state(2), AgentState::Ready);

        site.expect_done(tell(2, C::MakeNotReady));
        assert_eq!(site.true_state(2), AgentState::NotReady);
        let with_code = |event: &Wire| {
            matches!(event, Wire::State(status)
                if status.agent == agent(2) && status.reason_code == code)
        };
        assert!(site.count(1, with_code) > 0, "{platform:?}");
        site.expect_done(tell(2, C::MakeReady));
        assert_eq!(site.true_state(2), AgentState::Ready);
        site.expect_done(tell(2, C::Logout));
        assert_eq!(site.true_state(2), AgentState::Logout, "out of READY");

        // With a reason, or without a right, it is not possible.
        let reason = C::MakeNotReadyWithReason { code: "1".into() };
        assert!(!site.ask(tell(2, reason)).is_done());
    }
}

#[test]
fn nobody_changes_the_state_of_an_agent_without_having_the_team() {
    let mut site = Site::built(&Plan {
        drivers: 2,
        ..Plan::calm(7)
    });
    for command in [connect(2), login(2), tell(2, C::MakeReady)] {
        assert_eq!(site.ask_of(1, command), Outcome::Done);
    }
    assert_eq!(
        site.ask_of(1, driver::Command::Forget(agent(2))),
        Outcome::Done
    );
    site.restart_connector();
    site.net.run_for(2 * SECOND);
    site.await_service();
    site.sign_in(3);

    let outcome = site.ask(tell(2, C::MakeNotReady));

    assert!(!outcome.is_done(), "{outcome:?}");
    assert_eq!(site.true_state(2), AgentState::Ready);
}

/// Agent 2 talks to a customer, and agent 1 listens. The site, agent 2's call and the supervisor's.
fn listening(plan: &Plan) -> (Site, DialogId, DialogId) {
    let mut site = Site::built(plan);
    let watched = site.answer_one(2);
    site.sign_in(1);
    let extension = line(2);
    site.expect_done(tell(1, C::SilentMonitor { extension }));
    site.net.run_for(SECOND);
    let own = site.true_calls(1)[0].clone();
    (site, watched, own)
}

fn last_of(site: &Site, n: u32, dialog: &DialogId) -> Option<Call> {
    let events = site.events_to(n).into_iter().rev();
    let mut calls = events.filter_map(|event| match event {
        Wire::InboundCall(call) if call.dialog == *dialog => Some(call.clone()),
        _ => None,
    });
    calls.next()
}

#[test]
fn a_silent_monitor_is_told_as_one_and_ends() {
    for platform in [Platform::Ucce, Platform::Uccx] {
        let (mut site, watched, own) = listening(&plan(platform));

        let call = last_of(&site, 1, &own).expect("the monitoring call");
        assert_eq!(call.call_type, "SM");
        assert_eq!(call.state, CallState::Active);
        let of_mine = |event: &Wire| matches!(event, Wire::InboundCall(c) if c.dialog == own);
        assert_eq!(site.count(2, of_mine), 0, "the agent is told nothing");
        let dialog = own.clone();
        site.expect_done(tell(1, C::EndSilentMonitor { dialog }));
        site.settle();

        let call = last_of(&site, 1, &own).expect("its end");
        assert_eq!(
            (call.state, call.call_type.as_str()),
            (CallState::Dropped, "SM")
        );
        assert_eq!(site.true_calls(2), [watched]);
        site.check_quiet();
    }
}

#[test]
fn a_monitor_of_an_agent_without_a_call_is_refused_in_words() {
    for (platform, number) in [(Platform::Ucce, "13145"), (Platform::Uccx, "88049")] {
        let mut site = Site::built(&plan(platform));
        site.sign_in(1);
        site.sign_in(2);

        let extension = line(2);
        let text = site.expect_refused(1, C::SilentMonitor { extension });

        assert!(text.contains(number), "{text}");
        site.sign_in(3);
        let extension = line(2);
        let text = site.expect_refused(3, C::SilentMonitor { extension });
        assert!(text.to_lowercase().contains("supervisor"), "{text}");
        site.check_quiet();
    }
}

#[test]
fn a_supervisor_joins_a_monitored_call_and_leaves_it() {
    for platform in [Platform::Ucce, Platform::Uccx] {
        let (mut site, watched, own) = listening(&plan(platform));

        let (extension, dialog) = (line(2), own);
        site.expect_done(tell(1, C::BargeIn { extension, dialog }));
        site.settle();

        let calls = site.true_calls(1);
        assert_eq!(calls.len(), 1);
        let call = last_of(&site, 1, &calls[0]).expect("the joined call");
        assert_ne!(call.call_type, "SM", "it is an ordinary call now");
        assert_eq!(call.participants.len(), 3, "{call:?}");
        assert_eq!(site.own_party(1), Some(ParticipantState::Active));
        assert!(site.true_calls(2).contains(&watched) || site.true_calls(2) == calls);
        let dialog = calls[0].clone();
        site.expect_done(tell(1, C::ReleaseCall { dialog }));
        site.settle();
        assert!(site.true_calls(1).is_empty());
        assert_eq!(site.true_calls(2).len(), 1, "the others talk on");
        site.check_quiet();
    }
}

#[test]
fn a_party_is_dropped_by_who_may_and_by_nobody_else() {
    let mut plan = Plan::calm(7);
    plan.finesse = |config| config.participant_drop = DropRight::ControllerAndSupervisor;
    let (mut site, main, _) = Site::consulted(&plan);
    let (extension, dialog) = (line(2), main);
    site.expect_done(tell(1, C::ConferenceCall { extension, dialog }));
    site.settle();
    let dialog = site.true_calls(1)[0].clone();

    // Agent 2 was called into it.
    let drop = |n: u32, dialog: &DialogId| C::DropParticipant {
        extension: line(n),
        dialog: dialog.clone(),
    };
    let text = site.expect_refused(2, drop(1, &dialog));
    assert!(!text.is_empty());
    let refusal = |event: &Wire| matches!(event, Wire::Control(_));
    assert_eq!(site.count(2, refusal), 1, "a refused drop is a Control");
    assert_eq!(site.true_calls(1).len(), 1);
    site.expect_done(tell(1, drop(2, &dialog)));
    site.settle();

    assert!(site.true_calls(2).is_empty());
    assert_eq!(site.true_calls(1), [dialog]);
    site.check_quiet();
}
