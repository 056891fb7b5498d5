//! A link that always has something to read beside links that are woken now and then.
#![cfg(feature = "task")]
#![allow(clippy::unwrap_used, reason = "tests")]

use core::future::{Pending, pending};
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use finewire_core::machine::{
    Endpoint, Input, Instant as Moment, LinkId, LinkSlot, Machine, Outcome, Output, TraceEvent,
};
use finewire_host::task::{Control, Desk, Engine, Runtime, events};
use finewire_host::{Host, HostConfig};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Instant;

const FLOOD: u16 = 1;
const QUIET: u16 = 2;

/// What the quiet link has to read, and who waits for it.
#[derive(Debug, Default)]
struct Quiet {
    waiting: VecDeque<u8>,
    waker: Option<Waker>,
}

/// A runtime of two links: one never lets its reader wait, the other has what a test puts there.
struct Fake;

thread_local! {
    static THE_QUIET: Arc<Mutex<Quiet>> = Arc::default();
}

impl Runtime for Fake {
    type Stream = u16;
    type Listener = TcpListener;
    type Sleep = Pending<()>;

    async fn resolve(_host: Arc<str>, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
    }

    async fn connect(address: SocketAddr) -> io::Result<u16> {
        Ok(address.port())
    }

    fn listen(socket: TcpListener) -> io::Result<TcpListener> {
        Ok(socket)
    }

    fn poll_accept(
        _listener: &mut TcpListener,
        _cx: &mut Context<'_>,
    ) -> Poll<io::Result<(u16, SocketAddr)>> {
        Poll::Pending
    }

    fn poll_read(
        stream: &mut u16,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if *stream == FLOOD {
            return Poll::Ready(Ok(buffer.len()));
        }
        THE_QUIET.with(|quiet| {
            let mut quiet = quiet.lock().unwrap();
            match quiet.waiting.pop_front() {
                Some(byte) => {
                    *buffer.first_mut().unwrap() = byte;
                    Poll::Ready(Ok(1))
                }
                None => {
                    quiet.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    }

    fn poll_write(
        _stream: &mut u16,
        _cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn shut_down(_stream: &mut u16, _cx: &mut Context<'_>) {}

    fn sleep_until(_deadline: Instant) -> Pending<()> {
        pending()
    }

    fn reset(_sleep: Pin<&mut Pending<()>>, _deadline: Instant) {}

    fn has_budget(rounds: u32) -> bool {
        rounds < 64
    }
}

/// Opens both links and counts.
struct Counting {
    opens: VecDeque<Output<()>>,
    flood: usize,
    quiet: Vec<u8>,
}

impl Counting {
    fn new() -> Self {
        let open = |slot: u16| {
            let endpoint = Endpoint::plain("peer", slot);
            Output::Open(LinkSlot(slot.into()).link(0), endpoint)
        };
        Self {
            opens: [open(FLOOD), open(QUIET)].into(),
            flood: 0,
            quiet: Vec::new(),
        }
    }
}

impl Machine for Counting {
    type Command = ();
    type Event = ();

    fn handle_input(&mut self, _now: Moment, input: Input<'_, ()>) {
        if let Input::Received(link, bytes) = input {
            match LinkId::slot(link) {
                Some(LinkSlot(1)) => self.flood += bytes.len(),
                _ => self.quiet.extend(bytes),
            }
        }
    }

    fn handle_timeout(&mut self, _now: Moment) {}

    fn poll_output(&mut self) -> Output<()> {
        self.opens.pop_front().unwrap_or(Output::Wait(None))
    }
}

/// Nobody asks for anything.
struct Nobody;

impl Desk<Counting> for Nobody {
    type Ended = ();

    fn poll_command(&mut self, _cx: &mut Context<'_>) -> Poll<Option<((), ())>> {
        Poll::Pending
    }

    fn poll_control(&mut self, _cx: &mut Context<'_>) -> Poll<Option<Control<Counting>>> {
        Poll::Pending
    }

    fn end((): (), _outcome: Outcome) {}

    fn close(&mut self) {}

    fn trace(&mut self, _trace: TraceEvent) {}
}

#[test]
fn a_link_that_never_pauses_does_not_keep_a_woken_one_waiting() {
    let host = Host::new(Counting::new(), HostConfig::default(), Instant::now());
    let (sender, _events) = events(16);
    let mut engine = Engine::<Counting, Fake, Nobody>::new(host, Nobody, sender, 16);
    let mut cx = Context::from_waker(Waker::noop());
    let mut poll = |engine: &mut Engine<_, _, _>| assert!(engine.poll(&mut cx).is_pending());
    while THE_QUIET.with(|quiet| quiet.lock().unwrap().waker.is_none()) {
        poll(&mut engine);
    }

    for byte in 0..10 {
        THE_QUIET.with(|quiet| {
            let mut quiet = quiet.lock().unwrap();
            quiet.waiting.push_back(byte);
            quiet.waker.take().unwrap().wake();
        });
        // The other's turn may be first.
        poll(&mut engine);
        poll(&mut engine);
    }

    let counted = engine.into_machine();
    assert_eq!(counted.quiet, (0..10).collect::<Vec<u8>>());
    assert!(counted.flood > 0);
}
