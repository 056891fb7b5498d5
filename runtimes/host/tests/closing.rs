//! How links end: between two hosts without sockets and without TLS.

mod two_hosts;

use core::time::Duration;
use finewire_core::machine::{CloseReason, Closing, Endpoint, LinkSlot, ListenerId, Output};
use finewire_host::Step;
use two_hosts::{Pair, Saw};

fn pair() -> Pair {
    Pair::plain()
}

#[test]
fn flush_waits_for_the_write_under_way_and_then_for_the_peers_end() {
    let mut pair = pair();
    pair.client.reports_writes = false;
    pair.server.reads_ends = false;

    pair.client.send(pair.now, b"last words");
    pair.client.close(pair.now, Closing::Flush);
    pair.run();
    assert_eq!(pair.server.heard(), b"last words");
    assert!(!pair.client.is_shut(), "shut before the write was reported");
    pair.client.report_writes(pair.now);
    pair.run();
    assert!(pair.client.is_shut() && !pair.client.is_closed);
    pair.server.reads_ends = true;
    pair.run();

    assert_eq!(pair.server.closed(), [CloseReason::Eof]);
    assert_eq!(pair.client.closed(), [CloseReason::Asked]);
    assert!(pair.client.is_closed && pair.server.is_closed);
}

#[test]
fn a_peer_that_never_reads_is_dropped_10_s_after_the_close() {
    let mut pair = pair();
    pair.client.reports_writes = false;
    pair.client.send(pair.now, b"nobody reads this");
    pair.client.close(pair.now, Closing::Flush);
    pair.run();

    pair.pass(Duration::from_secs(9));
    assert_eq!(pair.client.closed(), []);
    pair.pass(Duration::from_secs(1));

    assert_eq!(pair.client.closed(), [CloseReason::Asked]);
    assert!(pair.client.is_closed);
}

#[test]
fn a_peer_that_never_ends_is_dropped_2_s_after_our_end() {
    let mut pair = pair();
    pair.server.reads_ends = false;
    pair.client.close(pair.now, Closing::Flush);
    pair.run();

    assert!(matches!(
        pair.client.host.step(pair.now),
        Step::Wait(Some(wait)) if wait == Duration::from_secs(2)
    ));
    pair.pass(Duration::from_secs(2));

    assert_eq!(pair.client.closed(), [CloseReason::Asked]);
}

#[test]
fn bytes_after_our_close_are_not_told() {
    let mut pair = pair();
    pair.server.reads_ends = false;
    pair.client.close(pair.now, Closing::Flush);
    pair.run();

    pair.server.send(pair.now, b"but wait");
    pair.run();

    assert_eq!(pair.client.saw, []);
}

#[test]
fn late_reports_of_a_closed_link_change_nothing() {
    let mut pair = pair();
    pair.client.close(pair.now, Closing::Abort);
    pair.run();
    assert_eq!(pair.client.saw, [Saw::Closed(CloseReason::Asked)]);

    let (now, link) = (pair.now, pair.client.link);
    pair.client.host.on_connected(now, link);
    pair.client.host.on_received(now, link, b"late");
    pair.client.host.on_written(now, link);
    pair.client.host.on_eof(now, link);
    pair.client.host.on_closed(now, link, CloseReason::TimedOut);
    pair.client.close(now, Closing::Flush);
    pair.client.send(now, b"late, too");
    pair.run();

    assert_eq!(pair.client.saw.len(), 1);
    assert_eq!(pair.client.host.links(), 0);
}

#[test]
fn a_close_while_connecting_cancels_at_once() {
    let mut pair = pair();
    let link = LinkSlot(1).link(0);
    pair.client
        .want(pair.now, Output::Open(link, Endpoint::plain("b", 2)));
    let step = pair.client.host.step(pair.now);
    assert!(matches!(step, Step::Connect { .. }), "{step:?}");
    assert!(pair.client.host.is_connecting(link));

    let close = Output::Close(link, Closing::Flush);
    pair.client.want(pair.now, close);
    pair.run();
    pair.client.host.on_connected(pair.now, link);
    pair.run();

    assert_eq!(pair.client.saw, [Saw::Closed(CloseReason::Asked)]);
    assert!(!pair.client.host.is_connecting(link));
}

#[test]
fn the_last_bytes_before_an_end_are_told_though_the_link_was_paused() {
    let mut pair = pair();
    pair.server.want(pair.now, Output::Pause(pair.server.link));
    pair.run();
    pair.server.is_paused = false; // An adapter that had begun reading before the pause.
    pair.client.send(pair.now, b"held");
    pair.client.close(pair.now, Closing::Flush);
    pair.run();
    assert_eq!(pair.server.saw, []);

    pair.server.want(pair.now, Output::Resume(pair.server.link));
    pair.run();

    let end = Saw::Closed(CloseReason::Eof);
    assert_eq!(pair.server.saw, [Saw::Received(b"held".to_vec()), end]);
}

#[test]
fn an_error_of_the_socket_closes_with_its_reason() {
    let mut pair = pair();

    pair.client
        .host
        .on_closed(pair.now, pair.client.link, CloseReason::TimedOut);
    pair.run();

    assert_eq!(pair.client.closed(), [CloseReason::TimedOut]);
    assert!(pair.client.is_closed);
}

#[test]
fn a_host_that_shuts_down_stops_when_its_last_link_is_closed() {
    let mut pair = pair();
    pair.server.reads_ends = false;
    pair.client.send(pair.now, b"bye");

    pair.client.host.shut_down(pair.now);
    pair.run();
    assert_eq!(pair.server.heard(), b"bye");
    assert!(!pair.client.is_stopped);
    let link = LinkSlot(1).link(0);
    pair.client
        .want(pair.now, Output::Open(link, Endpoint::plain("b", 2)));
    pair.pass(Duration::from_millis(250));

    assert!(pair.client.is_stopped, "without opening another link");
    assert_eq!(pair.client.closed(), [CloseReason::Asked]);
    let peer = "192.0.2.7:4711".parse().unwrap();
    pair.server.host.shut_down(pair.now);
    let late = pair.server.host.on_accepted(pair.now, ListenerId(1), peer);
    assert_eq!(late, None);
}
