//! The roads to Finesse: a WebSocket in place of a stream, two nodes of which one is bad, and what
//! is told of a certificate that is no good.

use std::time::Duration;

use finewire_connector::{Command as ToConnector, Event, Which};
use finewire_core::agent::AgentState;
use finewire_core::connector::{NodeId, Note, Readiness};
use finewire_core::contract::{Command as C, ErrorCode};
use finewire_core::driver::Service;
use finewire_core::machine::{CloseReason, Instant, Outcome, TlsFault};
use finewire_simulator::{Command as ToFinesse, Event as Served, Knobs};
use finewire_tests::world::site::{
    FINESSE, PORTS, Plan, SECOND_PORTS, Site, WRONG_PASSWORD, agent, connect, line, login, tell,
};

const XMPP: u16 = PORTS[2];

fn in_websocket() -> Plan {
    Plan {
        has_websocket: true,
        ..Plan::calm(7)
    }
}

fn two_nodes() -> Plan {
    Plan {
        has_second_node: true,
        ..Plan::calm(7)
    }
}

fn cut(site: &mut Site, port: u16) {
    for pipe in site.pipes(port, "connector") {
        site.net.cut(pipe.id);
    }
}

/// How often Finesse refused somebody by REST.
fn refused_logins(site: &Site) -> usize {
    let events = site.net.node(site.finesse).events();
    let is_401 =
        |event: &&(Instant, Served)| matches!(event.1, Served::RequestServed { status: 401, .. });
    events.iter().filter(is_401).count()
}

fn connector_events(site: &Site) -> impl Iterator<Item = &Event> {
    let events = site.net.node(site.connector).events();
    events.iter().map(|(_, event)| event)
}

#[test]
fn the_main_job_is_done_in_a_websocket_on_the_port_of_rest() {
    let mut site = Site::begun(&in_websocket());
    site.do_main_job();

    let came = |event: &Event| matches!(event, Event::LinkUp(Which::Notifications(_)));
    assert!(connector_events(&site).any(came));
    assert!(site.pipes(XMPP, "connector").is_empty());
}

#[test]
fn a_websocket_that_is_cut_at_any_step_changes_nothing() {
    let last = Site::begun(&in_websocket()).do_main_job();
    for step in (1..=last).step_by(9) {
        let mut site = Site::begun(&in_websocket());
        site.net.at_step(step, |net| {
            for pipe in net.pipes() {
                if pipe.port == PORTS[1] && pipe.client.starts_with("connector") {
                    net.cut(pipe.id);
                }
            }
        });
        site.do_main_job();
    }
}

#[test]
fn a_finesse_without_websockets_is_told_apart_from_a_wrong_password() {
    let mut site = Site::built(&in_websocket());
    site.net.rewrite(PORTS[1], |text| {
        let refused = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        text.starts_with("HTTP/1.1 101").then(|| refused.into())
    });
    site.ask(connect(1));
    site.net.run_for(Duration::from_secs(40));

    let is_named = |event: &Event| match event {
        Event::LinkDown { which, reason, .. } => {
            *which == Which::Notifications(agent(1)) && reason.to_string().contains("404")
        }
        _ => false,
    };
    assert!(connector_events(&site).any(is_named), "{}", site.story());
}

#[test]
fn when_only_the_notifications_of_a_node_fail_its_agents_move_to_the_other() {
    let mut site = Site::built(&two_nodes());
    site.be_ready(1);
    site.net.refuse(FINESSE, XMPP);
    cut(&mut site, XMPP);
    site.net.run_for(Duration::from_secs(30));

    assert_eq!(site.pipes(SECOND_PORTS[1], "connector").len(), 1);
    let status = site.net.node(site.connector).machine().status();
    assert!(
        status
            .nodes
            .iter()
            .all(|node| node.readiness == Readiness::InService)
    );
    let dialog = site.ring(1);
    site.expect_done(tell(1, C::AnswerCall { dialog }));
    site.settle();
    site.check_quiet();
}

#[test]
fn whoever_connects_while_a_node_has_no_notifications_gets_in_at_the_other() {
    let mut site = Site::built(&two_nodes());
    site.net.refuse(FINESSE, XMPP);
    site.sign_in(1);

    assert_eq!(site.pipes(SECOND_PORTS[1], "connector").len(), 1);
    site.settle();
    site.check_quiet();
}

#[test]
fn a_finesse_whose_web_application_is_gone_is_out_of_service_until_it_is_seen_again() {
    let mut site = Site::calm();
    site.be_ready(1);
    let driver = site.drivers[0];
    let mut knobs = Knobs::default();
    knobs.no_finesse_presence = true;
    site.net
        .command(site.finesse, ToFinesse::SetKnobs(Box::new(knobs)));
    let is = |service| {
        move |net: &finewire_tests::world::Network| net.node(driver).machine().service() == service
    };
    let minute = Duration::from_secs(60);
    assert!(site.net.run_until(minute, is(Service::OutOfService)));
    site.net.run_for(minute);
    assert!(
        is(Service::OutOfService)(&site.net),
        "SystemInfo alone says little"
    );

    let knobs = Box::new(Knobs::default());
    site.net.command(site.finesse, ToFinesse::SetKnobs(knobs));
    assert!(site.net.run_until(minute, is(Service::InService)));
    site.settle();
    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}

#[test]
fn a_certificate_that_is_no_good_is_named_by_its_fault_on_both_roads() {
    for fault in [
        TlsFault::Expired,
        TlsFault::WrongName,
        TlsFault::SelfSignedCa,
        TlsFault::UnknownIssuer,
    ] {
        let reason = CloseReason::Tls(fault.clone());
        let mut site = Site::begun(&Plan::calm(7));
        site.net.break_tls(PORTS[1], fault.clone());
        site.net.run_for(Duration::from_secs(20));
        let status = site.net.node(site.connector).machine().status();
        assert_eq!(status.nodes[0].fault, Some(reason.clone()));
        assert!(status.nodes[0].why.as_str().contains(&fault.to_string()));
        let which = Which::Rest(NodeId(0));
        let times = connector_events(&site).filter(|event| {
            matches!(event, Event::LinkDown { which: of, reason: found, .. }
                if *of == which && *found == reason)
        });
        assert_eq!(times.count(), 1, "told once, not with every attempt");

        let mut site = Site::calm();
        site.net.break_tls(XMPP, fault.clone());
        site.ask(connect(1));
        site.net.run_for(Duration::from_secs(3));
        let has_named = connector_events(&site).any(|event| {
            matches!(event, Event::LinkDown { which, reason: found, .. }
                if *which == Which::Notifications(agent(1)) && *found == reason)
        });
        assert!(has_named, "{}", site.story());
        let has_cause = connector_events(&site).any(|event| {
            matches!(event, Event::Noted(Note::CommandFailed { cause, code, .. })
                if *code == ErrorCode::SubscriptionFailed
                && cause.as_str().contains(&fault.to_string()))
        });
        assert!(has_cause, "{}", site.story());
    }
}

#[test]
fn a_wrong_password_costs_one_attempt_by_rest_and_none_by_xmpp() {
    let mut site = Site::calm();
    let command = finewire_core::driver::Command::connect(agent(1).as_str(), WRONG_PASSWORD.into());
    assert_ne!(site.ask(command), Outcome::Done);
    let (id, extension) = (agent(1), line(1));
    let command = finewire_core::driver::Command::login(
        id.as_str(),
        WRONG_PASSWORD.into(),
        extension.as_str(),
    );
    assert_ne!(site.ask(command), Outcome::Done);
    site.settle();

    assert_eq!(refused_logins(&site), 1);
    assert!(
        site.pipes(XMPP, "connector").is_empty(),
        "XMPP was not asked"
    );
    site.sign_in(1);
}

#[test]
fn logins_after_a_loss_of_all_notifications_go_one_by_one() {
    let plan = Plan {
        decisions: |config| config.timing.pace = Duration::from_secs(2),
        ..Plan::calm(7)
    };
    let mut site = Site::built(&plan);
    for n in 1..=5 {
        site.sign_in(n);
    }
    cut(&mut site, XMPP);
    site.net.run_for(Duration::from_secs(3));
    let back = site.pipes(XMPP, "connector").len();
    assert!((1..=3).contains(&back), "{back} of 5 after 3 s");
    site.net.run_for(Duration::from_secs(9));
    assert_eq!(site.pipes(XMPP, "connector").len(), 5);
    site.settle();
    site.check_quiet();
}

#[test]
fn a_connector_that_ends_answers_what_is_under_way_and_leaves_the_rest_to_the_next() {
    let mut plan = Plan::calm(7);
    plan.shape.has_second_connector = true;
    let mut site = Site::built(&plan);
    site.sign_in(1);
    let seat = site.drivers[0];
    let under_way = site.net.command(seat, tell(1, C::MakeReady).into());
    let commands = site
        .net
        .node(site.connector)
        .machine()
        .status()
        .counters
        .commands;
    let connector = site.connector;
    let is_taken_on = move |net: &finewire_tests::world::Network| {
        net.node(connector).machine().status().counters.commands > commands
    };
    assert!(site.net.run_until(Duration::from_secs(5), is_taken_on));
    let end = site.net.command(connector, ToConnector::Shutdown);

    let is_left = move |net: &finewire_tests::world::Network| {
        net.node(seat).machine().service() == Service::OutOfService
    };
    assert!(site.net.run_until(Duration::from_secs(10), is_left));
    assert_eq!(site.outcome(0, under_way), Outcome::Done);
    site.net.run_for(Duration::from_secs(10));
    let (_, outcome) = site.net.node(connector).outcome(end).expect("it has ended");
    assert_eq!(*outcome, Outcome::Done);

    site.expect_done(connect(1));
    site.expect_done(login(1));
    assert_eq!(site.state(1), AgentState::Ready);
}
