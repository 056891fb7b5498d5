//! Descriptors run out. It changes the whole process, so it wants a process of its own.

use super::{Adapter, Do, GUARD, Running, Saw};
use core::time::Duration;
use finewire_core::machine::ListenerId;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;

const DOOR: ListenerId = ListenerId(1);

/// Connections that wait while there is no descriptor are taken as soon as there is one.
///
/// # Panics
///
/// When the adapter gives up, or the limit cannot be set.
pub fn a_listener_survives_running_out_of_descriptors<A: Adapter>() {
    let mut probe = Running::<A>::start();
    let port = probe.echo(DOOR, None);
    let (soft, hard) = rlimit::getrlimit(rlimit::Resource::NOFILE).expect("the limit");
    rlimit::setrlimit(rlimit::Resource::NOFILE, soft.min(256), hard).expect("a lower limit");
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    // A thread that waits in accept() holds the descriptor for the next connection already.
    let mut clients: Vec<TcpStream> = (0..3)
        .map(|_| {
            drop(hoard.pop());
            TcpStream::connect(("127.0.0.1", port)).expect("the last descriptor")
        })
        .collect();
    for client in &mut clients {
        client.write_all(b"let me in").expect("room in the socket");
    }

    // Time for the adapter to try and fail, several times; the others go on.
    probe.tell(Do::Alarms(vec![(1, Duration::from_millis(350))]));
    probe.until("the alarm", |saw| (*saw == Saw::Alarm(1)).then_some(()));
    let echoed = probe.adapter.inspect(super::Probe::echoed).expect("a look");
    assert!(echoed < 2, "descriptors did not run out");
    drop(hoard);

    for client in &mut clients {
        client.set_read_timeout(Some(GUARD)).expect("a time-out");
        let mut heard = [0; 9];
        client.read_exact(&mut heard).expect("an echo");
        assert_eq!(&heard, b"let me in");
    }
    rlimit::setrlimit(rlimit::Resource::NOFILE, soft, hard).expect("the limit as it was");
}
