//! The connector as a whole: its end, what its monitor sees, what it does without its peers.

use std::time::Duration;

use finewire_connector::{Command, Event, Which};
use finewire_core::agent::AgentState;
use finewire_core::connector::{Note, Readiness, Subscription};
use finewire_core::contract::{Command as C, TimeFormat};
use finewire_core::machine::{CommandId, LinkState, Outcome};
use finewire_tests::world::site::{PORTS, Plan, Site, agent, connect, line, login, tell};

fn stop(site: &mut Site) -> (CommandId, bool) {
    let seat = site.connector;
    let id = site.net.command(seat, Command::Shutdown);
    let has_ended = site.net.run_until(Duration::from_secs(30), |net| {
        net.node(seat).outcome(id).is_some()
    });
    (id, has_ended)
}

fn has_stopped(site: &Site) -> bool {
    let events = site.net.node(site.connector).events();
    events.iter().any(|(_, event)| *event == Event::Stopped)
}

#[test]
fn at_the_end_agents_are_logged_off_and_every_link_is_closed() {
    let mut site = Site::calm();
    site.be_ready(1);
    site.sign_in(2);

    let (id, has_ended) = stop(&mut site);

    assert!(has_ended && has_stopped(&site));
    let (_, outcome) = site.net.node(site.connector).outcome(id).unwrap();
    assert_eq!(*outcome, Outcome::Done);
    site.net.run_for(Duration::from_secs(60));
    for port in PORTS {
        assert!(site.pipes(port, "connector").is_empty(), "port {port}");
    }
    site.net.check_debug_texts();
}

#[test]
fn the_end_comes_also_without_a_broker_and_without_finesse() {
    let mut site = Site::begun(&Plan::calm(3));
    for (host, port) in [("broker.test", PORTS[0]), ("finesse.test", PORTS[1])] {
        site.net.swallow(host, port);
    }
    site.net.run_for(Duration::from_secs(7));

    let (_, has_ended) = stop(&mut site);

    assert!(has_ended && has_stopped(&site));
}

#[test]
fn a_second_order_to_end_ends_too() {
    let mut site = Site::calm();
    let seat = site.connector;
    let first = site.net.command(seat, Command::Shutdown);
    let second = site.net.command(seat, Command::Shutdown);
    site.net.run_for(Duration::from_secs(30));
    let third = site.net.command(seat, Command::Shutdown);
    site.net.run_for(Duration::from_secs(1));

    for id in [first, second, third] {
        assert!(site.net.node(seat).outcome(id).is_some(), "{id:?}");
    }
}

#[test]
fn the_monitor_sees_links_agents_calls_and_the_last_messages() {
    let mut site = Site::calm();
    site.be_ready(1);
    let dialog = site.ring(1);
    site.expect_done(tell(
        1,
        C::AnswerCall {
            dialog: dialog.clone(),
        },
    ));
    site.net.run_for(Duration::from_secs(1));

    let status = site.net.node(site.connector).machine().status();

    assert_eq!(status.readiness, Readiness::InService);
    assert_eq!(status.broker.state, LinkState::Ready);
    assert_eq!(status.broker.endpoint, "broker.test:61616");
    assert_eq!(status.nodes.len(), 1);
    assert!(status.nodes[0].connections >= 1 && status.nodes[0].connections <= 8);
    let (known, link) = &status.agents[0];
    assert_eq!(known.agent, agent(1));
    assert_eq!(known.state, AgentState::Talking);
    assert_eq!(known.extension, Some(line(1)));
    assert_eq!(known.subscription, Subscription::Up);
    assert_eq!(known.destination.as_ref().unwrap().as_str(), "driver0");
    assert_eq!(known.calls[0].id, dialog);
    assert_eq!(link.as_ref().unwrap().state, LinkState::Ready);
    assert_eq!(status.counters.commands_failed, 0);
    assert!(status.counters.commands_done >= 5);
    let last = status.recent.last().unwrap();
    assert_eq!(last.number, u64::try_from(status.recent.len()).unwrap());
    let all = format!("{:?}", status.recent);
    for subject in [
        "Connect#1001001",
        "PUT User/1001001",
        "State#1001001",
        "log in 1001001@",
    ] {
        assert!(all.contains(subject), "{subject}");
    }
}

#[test]
fn the_last_messages_are_a_bounded_number() {
    let mut site = Site::calm();
    site.sign_in(1);
    for _ in 0..60 {
        site.expect_done(tell(1, C::MakeReady));
        site.expect_done(tell(1, C::MakeNotReady));
    }

    let status = site.net.node(site.connector).machine().status();

    assert_eq!(status.recent.len(), 200);
    assert!(status.recent.last().unwrap().number > 200);
}

#[test]
fn a_site_without_finesse_says_so_and_comes_into_service_by_itself() {
    let mut site = Site::begun(&Plan::calm(5));
    site.net.refuse("finesse.test", PORTS[1]);
    site.net.run_for(Duration::from_secs(30));
    let status = site.net.node(site.connector).machine().status();
    assert_eq!(status.readiness, Readiness::OutOfService);
    assert!(!status.nodes[0].why.is_empty());

    site.net.admit("finesse.test", PORTS[1]);
    site.await_service();

    site.sign_in(1);
    let events = site.net.node(site.connector).events();
    let serves = |event: &Event| {
        matches!(
            event,
            Event::Noted(Note::ServiceChanged {
                in_service: true,
                ..
            })
        )
    };
    assert!(events.iter().any(|(_, event)| serves(event)));
    site.settle();
    site.check_quiet();
}

#[test]
fn a_notification_service_that_refuses_connections_fails_the_login_in_time() {
    let mut site = Site::calm();
    site.net.refuse("finesse.test", PORTS[2]);

    let seat = site.drivers[0];
    site.net.command(seat, connect(1).into());
    let logging_in = site.net.command(seat, login(1).into());

    assert!(!site.outcome(0, logging_in).is_done());
    let downs = site
        .net
        .node(site.connector)
        .events()
        .iter()
        .filter(|(_, event)| {
            matches!(
                event,
                Event::LinkDown {
                    which: Which::Notifications(_),
                    ..
                }
            )
        });
    assert!(downs.count() >= 1);

    site.net.admit("finesse.test", PORTS[2]);
    site.sign_in(1);
    site.settle();
    site.check_quiet();
}

#[test]
fn an_idle_connector_is_woken_by_keep_alives_alone() {
    let mut site = Site::calm();
    site.sign_in(1);
    site.settle();
    let before = site
        .net
        .node(site.connector)
        .machine()
        .decisions()
        .counters()
        .requests;

    site.net.run_for(Duration::from_secs(300));

    let after = site
        .net
        .node(site.connector)
        .machine()
        .decisions()
        .counters()
        .requests;
    assert!(
        after - before <= 11,
        "SystemInfo every 30 s, nothing else: {}",
        after - before
    );
}

#[test]
fn events_tell_times_in_the_zone_as_it_is_since_its_offset_changed() {
    let mut site = Site::calm();
    site.sign_in(1);
    let changed = |site: &Site| site.model(1).unwrap().user().state_changed.unwrap().0;
    let before = changed(&site);
    let seat = site.connector;
    let two_hours_east = TimeFormat::with_offset(2 * 3600);

    let id = site.net.command(seat, Command::SetTime(two_hours_east));
    site.expect_done(tell(1, C::MakeReady));

    let (_, outcome) = site.net.node(seat).outcome(id).unwrap();
    assert_eq!(*outcome, Outcome::Done);
    // The driver still reads times as UTC.
    let moved = changed(&site) - before;
    assert!((7_200_000..7_260_000).contains(&moved), "{moved}");
}
