//! Bytes in every size, back-pressure, timers, and looks from outside.

use super::{Adapter, Do, GUARD, Probe, Running, Saw, link};
use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{CloseReason, Endpoint, ListenerId, Random};
use finewire_host::HostConfig;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

const DOOR: ListenerId = ListenerId(1);

fn noise(count: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; count];
    Random::from_seed([seed; 32]).fill(&mut bytes);
    bytes
}

/// A peer that is no finewire: a plain socket that has connected to the probe.
fn peer_of<A: Adapter>(probe: &mut Running<A>) -> (TcpStream, finewire_core::machine::LinkId) {
    let port = probe.listen(DOOR);
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(GUARD)).unwrap();
    let link = probe.accepted(DOOR);
    (stream, link)
}

/// From one byte to a mebibyte, in sends of several buffers.
pub fn what_is_sent_comes_back_whatever_its_size<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.echo(DOOR, None);
    probe.connect(link(1), port);
    let mut random = Random::from_seed([9; 32]);

    let edges = [1, 2, 63, 16_384, 65_535, 65_536, 65_537, 1_048_576];
    let drawn: Vec<usize> = (0..12)
        .map(|_| usize::try_from(random.below(300_000)).unwrap() + 1)
        .collect();
    for (n, size) in edges.into_iter().chain(drawn).enumerate() {
        let body = noise(size, u8::try_from(n).unwrap());
        let buffers = body.chunks(size / 3 + 1).map(Bytes::copy_from_slice);
        probe.tell(Do::Send(link(1), buffers.collect()));
        assert!(probe.received(link(1), size) == body, "{size} bytes differ");
        probe.sent(link(1));
    }
}

/// More buffers than the system takes in one vectored write (1024 on Linux).
pub fn a_send_of_thousands_of_tiny_buffers_arrives_whole<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.echo(DOOR, None);
    probe.connect(link(1), port);
    let body = noise(5000, 1);

    let buffers = body.chunks(1).map(Bytes::copy_from_slice).collect();
    probe.tell(Do::Send(link(1), buffers));

    assert!(probe.received(link(1), body.len()) == body);
}

/// `Sent` comes when the bytes are written, not before.
pub fn a_slow_reader_holds_back_sent<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let (mut peer, slow) = peer_of(&mut probe);
    let body = noise(32 * 1024 * 1024, 3);

    probe.tell(Do::Send(slow, vec![Bytes::from(body.clone())]));
    let port = probe.echo(ListenerId(2), None);
    probe.connect(link(1), port);
    probe.send(link(1), b"others go on");
    assert_eq!(probe.received(link(1), 12), b"others go on");
    assert!(!probe.has_seen(|saw| *saw == Saw::Sent(slow)));
    let mut heard = vec![0; body.len()];
    peer.read_exact(&mut heard).unwrap();

    assert!(heard == body);
    probe.sent(slow);
}

/// A paused link stops its peer; nothing is lost when it is resumed.
pub fn a_paused_link_is_not_read<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let (mut peer, paused) = peer_of(&mut probe);
    probe.tell(Do::Pause(paused));

    peer.set_write_timeout(Some(Duration::from_millis(400)))
        .unwrap();
    let piece = noise(64 * 1024, 5);
    let mut written = 0;
    let blocked = loop {
        match peer.write(&piece) {
            Ok(count) => written += count,
            Err(error) => break error,
        }
        assert!(written < 256 * 1024 * 1024, "the link is read all the same");
    };
    assert!(
        matches!(blocked.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{blocked}"
    );
    assert!(!probe.has_seen(|saw| matches!(saw, Saw::Received(one, _) if *one == paused)));
    probe.tell(Do::Resume(paused));

    assert_eq!(probe.received(paused, written).len(), written);
}

/// An owner that does not take its events stops the machine, which stops the peer; nothing is
/// lost when it goes on.
pub fn untaken_events_hold_back_the_peer<A: Adapter>() {
    let mut probe = Running::<A>::holding(HostConfig::default(), 8);
    let (mut peer, link) = peer_of(&mut probe);

    peer.set_write_timeout(Some(Duration::from_millis(400)))
        .unwrap();
    let piece = noise(64 * 1024, 6);
    let mut written = 0;
    while let Ok(count) = peer.write(&piece) {
        written += count;
        assert!(written < 256 * 1024 * 1024, "nothing holds the peer back");
    }
    assert!(probe.adapter.inspect(|_| ()).is_some(), "looks still work");

    assert_eq!(probe.received(link, written).len(), written);
}

/// Earliest first, whatever the order of setting; none before its time.
pub fn timers_fire_in_order<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let begun = std::time::Instant::now();

    let alarms = [(3, 60), (1, 20), (4, 61), (2, 40)];
    let alarms = alarms.map(|(name, millis)| (name, Duration::from_millis(millis)));
    probe.tell(Do::Alarms(alarms.to_vec()));
    let mut order = Vec::new();
    for _ in 0..4 {
        order.push(probe.until("an alarm", |saw| match saw {
            Saw::Alarm(name) => Some(*name),
            _ => None,
        }));
    }

    assert_eq!(order, [1, 2, 3, 4]);
    assert!(begun.elapsed() >= Duration::from_millis(61));
}

/// One peer that sends as fast as it can, and reads what comes back.
pub fn a_flood_starves_neither_timers_nor_other_links<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.echo(DOOR, None);
    let flood = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut reads, mut writes) = (flood.try_clone().unwrap(), flood.try_clone().unwrap());
    let reading = std::thread::spawn(move || {
        let (mut all, mut buffer) = (0, vec![0; 64 * 1024]);
        // It ends by our shutting down, which may look like a reset.
        while let Ok(count @ 1..) = reads.read(&mut buffer) {
            all += count;
        }
        all
    });
    let writing = std::thread::spawn(move || while writes.write_all(&[7; 64 * 1024]).is_ok() {});

    for name in 0..4 {
        probe.tell(Do::Alarms(vec![(name, Duration::from_millis(20))]));
        probe.until("an alarm", |saw| (*saw == Saw::Alarm(name)).then_some(()));
        let one = link(name);
        probe.connect(one, port);
        probe.send(one, b"and me?");
        assert_eq!(probe.received(one, 7), b"and me?");
    }

    flood.shutdown(std::net::Shutdown::Both).unwrap();
    writing.join().unwrap();
    let echoed = reading.join().unwrap();
    assert!(echoed > 64 * 1024, "no flood: {echoed} bytes");
}

/// A timer that is due again at once, for ever.
pub fn a_machine_that_is_always_due_still_hears_sockets_and_owner<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.echo(DOOR, None);

    probe.tell(Do::Fret);

    probe.connect(link(1), port);
    probe.send(link(1), b"calm down");
    assert_eq!(probe.received(link(1), 9), b"calm down");
    assert_eq!(probe.adapter.inspect(Probe::echoed), Some(1));
    probe.adapter.shut_down();
}

/// Given at start, without being asked for; a look sees the machine between two inputs.
pub fn the_wall_time_is_known_before_anything_else<A: Adapter>() {
    let probe = Running::<A>::start();

    assert_eq!(probe.adapter.inspect(Probe::walls), Some(1));
}

/// Traces pass in order beside the events.
pub fn traces_pass<A: Adapter>() {
    let mut probe = Running::<A>::start();

    probe.tell(Do::Trace("first".into()));
    probe.tell(Do::Trace("second".into()));

    assert_eq!(probe.adapter.traces(), ["first", "second"]);
}

/// A peer that says nothing for a while and then half closes, having sent its last.
pub fn a_half_closed_peer_is_eof_after_its_last_bytes<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let (mut peer, link) = peer_of(&mut probe);

    peer.write_all(b"last").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();

    assert_eq!(probe.received(link, 4), b"last");
    assert_eq!(probe.closed(link), CloseReason::Eof);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0, "and we close, too");
}

/// What was under way when the peer half closed still arrives.
pub fn a_write_under_way_outlives_the_peers_half_close<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let (mut peer, link) = peer_of(&mut probe);
    let body = noise(16 * 1024 * 1024, 8);

    probe.tell(Do::Send(link, vec![Bytes::from(body.clone())]));
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(probe.closed(link), CloseReason::Eof);

    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert!(heard == body);
}

/// The peer's process died: a reset.
pub fn a_reset_is_eof<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    probe.tell(Do::Open(link(1), Endpoint::plain("127.0.0.1", port)));
    let (peer, _) = listener.accept().unwrap();
    probe.opened(link(1));
    probe.send(link(1), b"unread bytes make the system reset");
    probe.sent(link(1));
    peer.set_read_timeout(Some(GUARD)).unwrap();
    peer.peek(&mut [0]).unwrap();

    drop(peer);

    assert_eq!(probe.closed(link(1)), CloseReason::Eof);
}
