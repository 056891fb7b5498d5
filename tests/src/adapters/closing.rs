//! How links, commands and the whole end.

use super::{Adapter, Do, GUARD, Running, Saw, link};
use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{CloseReason, Closing, Endpoint, ListenerId, Outcome, Reason};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

const DOOR: ListenerId = ListenerId(1);
const BIG: usize = 16 * 1024 * 1024;

fn connected<A: Adapter>(probe: &mut Running<A>) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    probe.tell(Do::Open(link(1), Endpoint::plain("127.0.0.1", port)));
    let (peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(GUARD)).unwrap();
    probe.opened(link(1));
    peer
}

/// Far more than the socket's buffers take: the write is under way when the close comes.
pub fn flush_delivers_every_byte_before_the_end<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let mut peer = connected(&mut probe);
    let body: Vec<u8> = (0..=252).cycle().take(BIG).collect();

    probe.tell(Do::Send(link(1), vec![Bytes::from(body.clone())]));
    probe.tell(Do::Close(link(1), Closing::Flush));
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();

    assert!(heard == body);
    drop(peer);
    assert_eq!(probe.closed(link(1)), CloseReason::Asked);
}

/// Bytes of the peer that nobody reads must not turn our end into a reset that destroys ours.
pub fn flush_is_no_reset_though_the_peer_is_still_talking<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let mut peer = connected(&mut probe);
    probe.tell(Do::Pause(link(1)));
    peer.write_all(&[7; 100_000]).unwrap();

    probe.send(link(1), b"good bye");
    probe.tell(Do::Close(link(1), Closing::Flush));
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();

    assert_eq!(heard, b"good bye");
    peer.write_all(b"no reset yet").unwrap();
    drop(peer);
    assert_eq!(probe.closed(link(1)), CloseReason::Asked);
}

/// At once, whatever was under way.
pub fn abort_drops_what_is_under_way<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let mut peer = connected(&mut probe);

    probe.tell(Do::Send(link(1), vec![Bytes::from(vec![1; BIG])]));
    probe.tell(Do::Close(link(1), Closing::Abort));
    assert_eq!(probe.closed(link(1)), CloseReason::Asked);

    let mut heard = Vec::new();
    // The end may be a FIN or a reset.
    let _ = peer.read_to_end(&mut heard);
    assert!(heard.len() < BIG, "everything was written all the same");
    assert!(!probe.has_seen(|saw| *saw == Saw::Sent(link(1))));
}

/// A peer that closes in answer to our close, and a second close of ours.
pub fn a_link_closes_exactly_once<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let peer = connected(&mut probe);

    probe.tell(Do::Close(link(1), Closing::Flush));
    probe.tell(Do::Close(link(1), Closing::Flush));
    probe.tell(Do::Close(link(1), Closing::Abort));
    drop(peer);
    assert_eq!(probe.closed(link(1)), CloseReason::Asked);

    probe.tell(Do::Close(link(1), Closing::Abort));
    probe.send(link(1), b"too late");
    probe.tell(Do::Pause(link(1)));
    let port = probe.echo(DOOR, None);
    probe.connect(link(2), port);
    probe.send(link(2), b"the others");
    assert_eq!(probe.received(link(2), 10), b"the others");
    assert!(!probe.has_seen(|saw| matches!(saw, Saw::Closed(one, _) if *one == link(1))));
}

/// A peer whose machine lost its power says nothing any more, not even its end.
pub fn a_half_open_peer_is_given_up_after_the_flush<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let _silent = connected(&mut probe);
    let begun = Instant::now();

    probe.send(link(1), b"good bye");
    probe.tell(Do::Close(link(1), Closing::Flush));

    assert_eq!(probe.closed(link(1)), CloseReason::Asked);
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "it was not waited for"
    );
}

/// Nor does it take what was under way.
pub fn a_half_open_peer_does_not_hold_the_flush_up_for_ever<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let _silent = connected(&mut probe);

    probe.tell(Do::Send(link(1), vec![Bytes::from(vec![1; BIG])]));
    probe.tell(Do::Close(link(1), Closing::Flush));

    assert_eq!(probe.closed(link(1)), CloseReason::Asked);
    assert!(!probe.has_seen(|saw| *saw == Saw::Sent(link(1))));
}

/// Those that the machine never ends, too; and later ones are refused.
pub fn shutting_down_ends_every_command<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let hanging: Vec<_> = (0..10).map(|_| probe.adapter.give(Do::Hang)).collect();
    // A command given after them has ended, so they were given.
    probe.tell(Do::Trace("all are given".into()));

    probe.adapter.shut_down();

    for outcome in hanging {
        let outcome = outcome.recv_timeout(GUARD).expect("an end");
        assert!(
            matches!(&outcome, Outcome::Failed(why) | Outcome::Refused(why)
                if why.reason == Reason::ShuttingDown),
            "{outcome:?}"
        );
    }
    let late = probe.adapter.give(Do::Trace("late".into()));
    assert!(matches!(
        late.recv_timeout(GUARD),
        Ok(Outcome::Refused(why)) if why.reason == Reason::ShuttingDown
    ));
    assert_eq!(probe.adapter.inspect(|_| ()), None);
}

/// The peer hears an end, not silence; what was sent arrives.
pub fn shutting_down_closes_links_and_listeners<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.listen(DOOR);
    let mut peer = connected(&mut probe);
    probe.send(link(1), b"bye");

    let reading = std::thread::spawn(move || {
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).map(|_| heard)
    });
    probe.adapter.shut_down();

    assert_eq!(reading.join().unwrap().unwrap(), b"bye");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

/// An owner that takes no events must not keep the machine from ending.
pub fn shutting_down_works_while_the_machine_stands_still<A: Adapter>() {
    let mut probe = Running::<A>::holding(finewire_host::HostConfig::default(), 1);
    let mut peer = connected(&mut probe);
    for _ in 0..4 {
        peer.write_all(&[1; 10_000]).unwrap();
    }

    probe.adapter.shut_down();

    assert_eq!(probe.adapter.inspect(|_| ()), None);
}
