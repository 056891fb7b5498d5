//! Many links at once; for the adapters that are meant for them.

use super::{Adapter, Do, Probe, Running, link};
use finewire_core::machine::{CloseReason, Closing, ListenerId};
use finewire_host::HostConfig;

const DOOR: ListenerId = ListenerId(1);

/// All open at the same time, each echoing its own words.
pub fn links_at_once<A: Adapter>(count: u32) {
    // Tests run side by side, and 1024 descriptors is what a process usually has.
    finewire_host::task::raise_descriptor_limit().unwrap();
    // Nothing is taken while all of them are sent to.
    let events_at_most = usize::try_from(count).unwrap() * 4;
    let mut probe = Running::<A>::holding(HostConfig::default(), events_at_most);
    let port = probe.echo(DOOR, None);
    for n in 0..count {
        probe.connect(link(n), port);
    }

    for n in 0..count {
        probe.send(link(n), format!("this is link {n:05}").as_bytes());
    }
    for n in 0..count {
        let heard = probe.received(link(n), 18);
        assert_eq!(heard, format!("this is link {n:05}").as_bytes());
    }

    let echoed = probe.adapter.inspect(Probe::echoed);
    assert_eq!(echoed, usize::try_from(count).ok());
    for n in 0..count {
        probe.tell(Do::Close(link(n), Closing::Flush));
    }
    for n in 0..count {
        assert_eq!(probe.closed(link(n)), CloseReason::Asked);
    }
}
