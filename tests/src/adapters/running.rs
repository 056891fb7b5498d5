//! A probe running on an adapter, and what tests ask of it.

use super::{Do, Probe, Saw};
use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{
    Address, CloseReason, Endpoint, LinkId, ListenerId, Outcome, PeerIdentity, TlsId,
};
use finewire_host::HostConfig;
use std::collections::VecDeque;
use std::sync::mpsc;
use std::time::Instant;

/// How long a fact may take before it counts as absent.
pub const GUARD: Duration = Duration::from_secs(20);

/// A runtime adapter, as far as the suite needs it.
pub trait Adapter: Sized {
    /// Starts a probe; `events_at_most` may lie before the machine stands still.
    fn start(host: HostConfig, events_at_most: usize) -> Self;
    /// Gives a command; its outcome comes through the channel.
    fn give(&self, command: Do) -> mpsc::Receiver<Outcome>;
    /// The next event, or `None` when it does not come within this time or ever.
    fn next(&mut self, within: Duration) -> Option<Saw>;
    /// The subjects of the traces that passed since the start.
    fn traces(&mut self) -> Vec<String>;
    /// Looks at the machine.
    fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Probe) -> T + Send + 'static,
    ) -> Option<T>;
    /// Shuts down and waits for the end.
    fn shut_down(&mut self);
}

/// A running probe. Events that a test did not ask for are kept until it does.
#[derive(Debug)]
pub struct Running<A> {
    /// The adapter it runs on.
    pub adapter: A,
    unseen: VecDeque<Saw>,
}

impl<A: Adapter> Running<A> {
    /// A probe without TLS.
    #[must_use]
    pub fn start() -> Self {
        Self::with(HostConfig::default())
    }

    /// A probe with this host configuration.
    #[must_use]
    pub fn with(host: HostConfig) -> Self {
        Self::holding(host, 4096)
    }

    /// A probe whose machine stands still once this many events wait.
    #[must_use]
    pub fn holding(host: HostConfig, events_at_most: usize) -> Self {
        Self {
            adapter: A::start(host, events_at_most),
            unseen: VecDeque::new(),
        }
    }

    /// Gives a command and sees it done.
    pub fn tell(&self, command: Do) {
        let outcome = self.adapter.give(command).recv_timeout(GUARD);
        assert_eq!(outcome, Ok(Outcome::Done));
    }

    /// The first event, of those kept and those to come, that `pick` takes.
    pub fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&Saw) -> Option<T>) -> T {
        let kept = self.unseen.iter().enumerate();
        let kept = kept.filter_map(|(n, saw)| Some((n, pick(saw)?))).next();
        if let Some((n, found)) = kept {
            self.unseen.remove(n);
            return found;
        }
        let deadline = Instant::now() + GUARD;
        while let Some(saw) = self
            .adapter
            .next(deadline.saturating_duration_since(Instant::now()))
        {
            if let Some(found) = pick(&saw) {
                return found;
            }
            self.unseen.push_back(saw);
        }
        let kept: Vec<String> = self.unseen.iter().map(in_short).collect();
        panic!("{what} did not come; came instead: {kept:?}");
    }

    /// Whether an event that has come already satisfies `is`. Events are taken in until the
    /// answer of a command given just now, so everything before it is counted.
    pub fn has_seen(&mut self, is: impl FnMut(&Saw) -> bool) -> bool {
        self.tell(Do::Alarms(vec![(u32::MAX, Duration::ZERO)]));
        self.until("the alarm", |saw| {
            (*saw == Saw::Alarm(u32::MAX)).then_some(())
        });
        self.unseen.iter().any(is)
    }

    /// Waits for the link to open.
    pub fn opened(&mut self, link: LinkId) {
        self.until("Opened", |saw| (*saw == Saw::Opened(link)).then_some(()));
    }

    /// Waits for the write to be done.
    pub fn sent(&mut self, link: LinkId) {
        self.until("Sent", |saw| (*saw == Saw::Sent(link)).then_some(()));
    }

    /// Waits for the link to close and says why.
    pub fn closed(&mut self, link: LinkId) -> CloseReason {
        self.until("Closed", |saw| match saw {
            Saw::Closed(one, reason) if *one == link => Some(reason.clone()),
            _ => None,
        })
    }

    /// Waits for the handshake.
    pub fn secured(&mut self, link: LinkId) -> PeerIdentity {
        self.until("Secured", |saw| match saw {
            Saw::Secured(one, identity) if *one == link => Some(identity.clone()),
            _ => None,
        })
    }

    /// Waits for this many bytes.
    pub fn received(&mut self, link: LinkId, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < count {
            let piece = self.until("Received", |saw| match saw {
                Saw::Received(one, bytes) if *one == link => Some(bytes.clone()),
                _ => None,
            });
            assert!(!piece.is_empty(), "an empty Received");
            all.extend(piece);
        }
        assert_eq!(all.len(), count, "more bytes came than were sent");
        all
    }

    /// Listens on a free loopback port and gives it.
    pub fn listen(&mut self, listener: ListenerId) -> u16 {
        self.tell(Do::Listen(listener, Address::new("127.0.0.1", 0)));
        self.until("Listening", |saw| match saw {
            Saw::Listening(one, address) if *one == listener => Some(address.port),
            _ => None,
        })
    }

    /// Listens and echoes what comes.
    pub fn echo(&mut self, listener: ListenerId, tls: Option<TlsId>) -> u16 {
        self.tell(Do::Echo(listener, tls));
        self.listen(listener)
    }

    /// Waits for a peer.
    pub fn accepted(&mut self, listener: ListenerId) -> LinkId {
        self.until("Accepted", |saw| match saw {
            Saw::Accepted(one, link) if *one == listener => Some(*link),
            _ => None,
        })
    }

    /// Opens a link to this loopback port and waits until it is open.
    pub fn connect(&mut self, link: LinkId, port: u16) {
        self.tell(Do::Open(link, Endpoint::plain("127.0.0.1", port)));
        self.opened(link);
    }

    /// Sends bytes, without waiting for them to be written.
    pub fn send(&self, link: LinkId, bytes: &[u8]) {
        self.tell(Do::Send(link, vec![Bytes::copy_from_slice(bytes)]));
    }
}

fn in_short(saw: &Saw) -> String {
    match saw {
        Saw::Received(link, bytes) => format!("Received({link}, {} bytes)", bytes.len()),
        other => format!("{other:?}"),
    }
}

/// The tokio adapter.
#[derive(Debug)]
pub struct Tokio {
    runtime: tokio::runtime::Runtime,
    handle: finewire_tokio::Handle<Probe>,
    events: finewire_tokio::Events<Saw>,
    traces: tokio::sync::broadcast::Receiver<finewire_core::machine::TraceEvent>,
    task: Option<finewire_tokio::Task<Probe>>,
}

impl Adapter for Tokio {
    fn start(host: HostConfig, events_at_most: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a tokio runtime");
        let options = finewire_tokio::Options {
            host,
            events_at_most,
            ..finewire_tokio::Options::default()
        };
        let entered = runtime.enter();
        let (handle, events, task) = finewire_tokio::spawn(Probe::default(), options);
        drop(entered);
        let traces = handle.traces();
        Self {
            runtime,
            handle,
            events,
            traces,
            task: Some(task),
        }
    }

    fn give(&self, command: Do) -> mpsc::Receiver<Outcome> {
        let (ended, outcome) = mpsc::channel();
        let handle = self.handle.clone();
        self.runtime.spawn(async move {
            let _ = ended.send(handle.command(command).await);
        });
        outcome
    }

    fn next(&mut self, within: Duration) -> Option<Saw> {
        let events = &mut self.events;
        self.runtime
            .block_on(async { tokio::time::timeout(within, events.next()).await })
            .ok()
            .flatten()
    }

    fn traces(&mut self) -> Vec<String> {
        core::iter::from_fn(|| self.traces.try_recv().ok())
            .map(|trace| trace.subject)
            .collect()
    }

    fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Probe) -> T + Send + 'static,
    ) -> Option<T> {
        self.runtime.block_on(self.handle.inspect(look))
    }

    fn shut_down(&mut self) {
        self.runtime.block_on(async {
            tokio::time::timeout(GUARD, self.handle.shut_down())
                .await
                .expect("shut down in time");
            if let Some(task) = self.task.take() {
                task.await.expect("the task ended well");
            }
        });
    }
}

/// The blocking adapter.
#[derive(Debug)]
pub struct Blocking {
    handle: finewire_blocking::Handle<Probe>,
    events: finewire_blocking::Received<Saw>,
    traces: finewire_blocking::Received<finewire_core::machine::TraceEvent>,
    task: Option<finewire_blocking::Task<Probe>>,
}

impl Adapter for Blocking {
    fn start(host: HostConfig, events_at_most: usize) -> Self {
        let options = finewire_blocking::Options {
            host,
            events_at_most,
            ..finewire_blocking::Options::default()
        };
        let (handle, events, task) =
            finewire_blocking::spawn(Probe::default(), options).expect("a thread");
        let traces = handle.traces(1024);
        Self {
            handle,
            events,
            traces,
            task: Some(task),
        }
    }

    fn give(&self, command: Do) -> mpsc::Receiver<Outcome> {
        let (ended, outcome) = mpsc::channel();
        let handle = self.handle.clone();
        std::thread::spawn(move || {
            // The test waits no longer.
            let _ = ended.send(handle.command(command, GUARD));
        });
        outcome
    }

    fn next(&mut self, within: Duration) -> Option<Saw> {
        self.events.next_within(within).ok()
    }

    fn traces(&mut self) -> Vec<String> {
        core::iter::from_fn(|| self.traces.next_within(Duration::ZERO).ok())
            .map(|trace| trace.subject)
            .collect()
    }

    fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Probe) -> T + Send + 'static,
    ) -> Option<T> {
        self.handle.inspect(look, GUARD)
    }

    fn shut_down(&mut self) {
        self.handle.shut_down();
        if let Some(task) = self.task.take() {
            task.join().expect("the machine's thread ended well");
        }
    }
}
