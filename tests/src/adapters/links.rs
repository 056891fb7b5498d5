//! Opening, accepting, and what can be wrong with an address.

use super::{Adapter, Do, GUARD, Running, Saw, link};
use core::time::Duration;
use finewire_core::machine::{Address, CloseReason, Closing, Endpoint, ListenerId};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

const DOOR: ListenerId = ListenerId(1);

/// Both ends of a connection learn of it, and of its end.
pub fn a_link_opens_is_accepted_and_closes_on_both_sides<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.listen(DOOR);

    probe.connect(link(1), port);
    let peer = probe.accepted(DOOR);
    assert!(!peer.is_opened_by_us());
    probe.send(link(1), b"ping");
    assert_eq!(probe.received(peer, 4), b"ping");
    probe.send(peer, b"pong");
    assert_eq!(probe.received(link(1), 4), b"pong");
    probe.tell(Do::Close(link(1), Closing::Flush));

    assert_eq!(probe.closed(peer), CloseReason::Eof);
    assert_eq!(probe.closed(link(1)), CloseReason::Asked);
}

/// The whole of it, by name rather than by address.
pub fn a_name_is_resolved<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.listen(DOOR);

    probe.tell(Do::Open(link(1), Endpoint::plain("localhost", port)));

    probe.opened(link(1));
}

/// RFC 6761 §6.4: names under `invalid` never resolve.
pub fn a_name_that_does_not_resolve_is_name_not_found<A: Adapter>() {
    let mut probe = Running::<A>::start();

    probe.tell(Do::Open(link(1), Endpoint::plain("nobody.invalid", 1)));

    assert_eq!(probe.closed(link(1)), CloseReason::NameNotFound);
}

/// Nobody listens on a port that was free a moment ago.
pub fn a_refused_connection_closes_with_refused<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);

    probe.tell(Do::Open(link(1), Endpoint::plain("127.0.0.1", port)));

    assert_eq!(probe.closed(link(1)), CloseReason::Refused);
}

/// And the listener's id may be used again afterwards.
pub fn a_taken_port_is_address_in_use<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();

    probe.tell(Do::Listen(DOOR, Address::new("127.0.0.1", port)));
    let reason = probe.until("ListenFailed", |saw| match saw {
        Saw::ListenFailed(DOOR, reason) => Some(reason.clone()),
        _ => None,
    });

    assert_eq!(reason, CloseReason::AddressInUse);
    assert_ne!(probe.listen(DOOR), port);
}

/// Text that is no IP address is told so, rather than resolved.
pub fn a_listen_address_that_is_no_ip_address_fails<A: Adapter>() {
    let mut probe = Running::<A>::start();

    probe.tell(Do::Listen(DOOR, Address::new("not an address", 0)));

    probe.until("ListenFailed", |saw| {
        matches!(saw, Saw::ListenFailed(DOOR, CloseReason::Other(_))).then_some(())
    });
}

/// After `Unlisten` the port is free again, while accepted links live on.
pub fn after_unlisten_the_port_is_closed_and_accepted_links_stay<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.listen(DOOR);
    probe.connect(link(1), port);
    let peer = probe.accepted(DOOR);

    probe.tell(Do::Unlisten(DOOR));
    // Bound again without SO_REUSEADDR tricks: it succeeds once nobody listens.
    let port_again = Do::Listen(ListenerId(2), Address::new("127.0.0.1", port));
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < GUARD, "the port stays taken");
        probe.tell(port_again.clone());
        let is_free = probe.until("an answer to Listen", |saw| match saw {
            Saw::Listening(ListenerId(2), _) => Some(true),
            Saw::ListenFailed(ListenerId(2), _) => Some(false),
            _ => None,
        });
        if is_free {
            break;
        }
    }

    probe.send(link(1), b"still here");
    assert_eq!(probe.received(peer, 10), b"still here");
}

/// 192.0.2.0/24 is nobody's (RFC 5737 §3): connecting to it hangs or fails; either way the
/// cancelled link closes once, as asked or as failed, and the adapter goes on.
pub fn a_close_while_connecting_cancels<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.listen(DOOR);

    probe.tell(Do::Open(link(1), Endpoint::plain("192.0.2.1", 9)));
    probe.tell(Do::Close(link(1), Closing::Flush));
    let reason = probe.closed(link(1));

    assert!(
        matches!(
            reason,
            CloseReason::Asked | CloseReason::Unreachable | CloseReason::Refused
        ),
        "{reason:?}"
    );
    probe.connect(link(2), port);
    assert!(!probe.has_seen(|saw| matches!(saw, Saw::Closed(one, _) if *one == link(1))));
}

/// A listener whose queue is full answers no SYN, so that the connection stays half made.
pub fn a_close_in_the_middle_of_connecting_is_asked<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = deaf.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        queued.push(stream);
        assert!(queued.len() < 5000, "the queue of a listener has an end");
    }

    probe.tell(Do::Open(
        link(1),
        Endpoint::plain("127.0.0.1", address.port()),
    ));
    assert!(!probe.has_seen(|saw| *saw == Saw::Opened(link(1))));
    probe.tell(Do::Close(link(1), Closing::Abort));

    assert_eq!(probe.closed(link(1)), CloseReason::Asked);
    assert!(!probe.has_seen(|saw| *saw == Saw::Opened(link(1))));
}

/// Too many peers are dropped as they come; when some leave, others may come.
pub fn accepted_links_are_bounded<A: Adapter>() {
    let config = finewire_host::HostConfig {
        accepted_at_most: 2,
        ..finewire_host::HostConfig::default()
    };
    let mut probe = Running::<A>::with(config);
    let port = probe.listen(DOOR);
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let first = connect();
    let gone = probe.accepted(DOOR);
    let _second = connect();
    probe.accepted(DOOR);

    let mut third = connect();
    third.set_read_timeout(Some(GUARD)).unwrap();
    let dropped = std::io::Read::read(&mut third, &mut [0]);
    assert!(matches!(dropped, Ok(0) | Err(_)), "{dropped:?}");
    drop(first);
    assert_eq!(probe.closed(gone), CloseReason::Eof);
    probe.tell(Do::Close(gone, Closing::Abort));

    let mut fourth = connect();
    let peer = probe.accepted(DOOR);
    std::io::Write::write_all(&mut fourth, b"in").unwrap();
    assert_eq!(probe.received(peer, 2), b"in");
}
