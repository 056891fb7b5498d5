//! Pitfalls of the service as a whole: ports, certificates, presence, servers, single sign-on.

use std::time::Duration;

use finewire_connector::Event;
use finewire_core::agent::AgentState;
use finewire_core::driver;
use finewire_core::machine::{CloseReason, TlsFault};
use finewire_simulator::{Command as FinesseCommand, Node};
use finewire_tests::world::site::{PORTS, Plan, SECOND_PORTS, Site, agent};

#[test]
fn only_ports_with_tls_are_used() {
    let mut site = Site::calm();
    site.sign_in(1);

    let ports = site.pipes_of("connector");

    assert_eq!(
        ports,
        [PORTS[2], PORTS[1], PORTS[0]],
        "5222 and 7071 are closed since 12.5"
    );
    // A stream without TLS is given no password unless that is allowed expressly.
    let node = finewire_connector::NodeConfig::new("finesse.example", 8445, 5222);
    assert!(!node.allow_plaintext);
}

#[test]
fn a_certificate_that_is_not_trusted_is_named_and_nothing_is_sent() {
    let mut site = Site::begun(&Plan::calm(7));
    site.net.break_tls(PORTS[1], TlsFault::UnknownIssuer);

    site.net.run_for(Duration::from_secs(20));

    let status = site.net.node(site.connector).machine().status();
    let why = status.nodes[0].why.as_str().to_lowercase();
    assert!(why.contains("certificate"), "{why}");
    assert!(site.served().is_empty());
    let events = site.net.node(site.connector).events().iter();
    let names_it = |event: &Event| {
        matches!(
            event,
            Event::LinkDown {
                reason: CloseReason::Tls(TlsFault::UnknownIssuer),
                ..
            }
        )
    };
    assert!(
        events.filter(|(_, event)| names_it(event)).count() <= 40,
        "with back-off"
    );
}

#[test]
fn a_glitch_of_the_network_signs_no_agent_out() {
    let mut site = Site::calm();
    site.be_ready(1);

    for _ in 0..5 {
        site.order(FinesseCommand::DropXmpp { agent: agent(1) });
        site.net.run_for(Duration::from_secs(20));
    }
    site.net.run_for(Duration::from_secs(300));

    // Finesse waits for a minute before it signs out by force (reason 255).
    assert_eq!(site.true_state(1), AgentState::Ready);
    let truth = site.net.node(site.finesse).machine().truth();
    assert_eq!(truth.streams.len(), 1);
    site.check_quiet();
}

#[test]
fn an_agent_is_signed_in_on_one_node_at_a_time() {
    let mut site = Site::built(&Plan {
        has_second_node: true,
        ..Plan::calm(7)
    });
    site.be_ready(1);
    for (node, on) in [
        (Node::First, false),
        (Node::First, true),
        (Node::Second, false),
    ] {
        site.order(FinesseCommand::SetNodeInService { node, on });
        site.settle();
        site.settle();
    }

    let events = site.net.node(site.finesse).events().iter();
    let twice = |event: &finewire_simulator::Event| {
        matches!(event, finewire_simulator::Event::SignedInTwice { .. })
    };
    assert_eq!(events.filter(|(_, event)| twice(event)).count(), 0);
    let served = site.served_of("LOGIN");
    assert!(
        served.len() >= 2,
        "it signed in again elsewhere: {served:?}"
    );
    let truth = site.net.node(site.finesse).machine().truth();
    assert_eq!(truth.streams.len(), 1, "{:?}", truth.streams);
    assert_eq!(site.state(1), site.true_state(1));
    assert!(!site.pipes(SECOND_PORTS[1], "connector").is_empty() || truth.streams.len() == 1);
}

#[test]
fn a_bearer_token_is_used_as_it_is_and_never_asked_for() {
    let mut site = Site::calm();
    let token = "eyJhbGciOi.not.known";
    site.net.forbid(token);
    let connect = driver::Command::Connect {
        agent: agent(1),
        password: Some(token.into()),
        sso: true,
    };

    let text = site.expect_turned_down(connect);

    assert!(text.starts_with("SUBSCRIPTION_FAILED"), "{text}");
    let served = site.served();
    let asks_for_token = served.iter().filter(|r| r.line.contains("/sso/"));
    assert_eq!(asks_for_token.count(), 0, "that takes a browser");
    let refused = served.iter().filter(|request| request.status == 401);
    assert_eq!(refused.count(), 1, "one attempt");
    site.settle();
    let again = site.served().iter().filter(|r| r.status == 401).count();
    assert_eq!(again, 1, "never repeated by itself");
}
