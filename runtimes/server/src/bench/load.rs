//! Producers and consumers.

use super::args::Openwire;
use super::figures::{Figures, cpu_time, histogram};
use super::pace::{Clock, Pace, nanos, stamp, stamped};
use anyhow::{Context, Result};
use bytes::Bytes;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use finewire_tokio::Options;
use finewire_tokio::openwire::{
    Acknowledge, Connection, Destination, DestinationAddress, Message, Plan, open,
};
use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Arc, Barrier};
use std::thread;
use tokio::sync::Notify;

/// What the threads of a run share.
#[derive(Debug)]
struct Run {
    clock: std::sync::OnceLock<Clock>,
    ready: Barrier,
    /// Counted after the warm-up.
    sent: AtomicU64,
    received: AtomicU64,
    /// Since the start.
    all_sent: AtomicU64,
    all_received: AtomicU64,
    is_over: AtomicBool,
    /// Woken when the consumers have caught up.
    caught_up: Notify,
    /// How many consumers get each message.
    each: u64,
}

/// Messages that may be under way between producers and consumers where as many as go are sent: what a
/// topic cannot hold is dropped by brokers, and would count for nothing.
const AHEAD: u64 = 4_000;
/// How few are under way when the producers go on.
const CAUGHT_UP: u64 = AHEAD / 2;

impl Run {
    fn under_way(&self) -> u64 {
        let sent = self.all_sent.load(Ordering::Relaxed) * self.each;
        sent.saturating_sub(self.all_received.load(Ordering::Relaxed))
    }

    /// Waits until the consumers have caught up; for a while at most, for what was dropped never comes.
    async fn wait_for_consumers(&self) {
        let caught_up = self.caught_up.notified();
        if self.under_way() > CAUGHT_UP {
            let _ = tokio::time::timeout(Duration::from_millis(100), caught_up).await;
        }
    }
}

/// After the last message was sent, how long the consumers wait for the rest.
const TAIL: Duration = Duration::from_secs(10);

pub(super) fn run(args: &Openwire) -> Result<Figures> {
    let destination = args
        .destination
        .as_deref()
        .unwrap_or("topic://finewire.bench");
    let address: DestinationAddress = destination.parse()?;
    let threads = usize::from(args.producers) + usize::from(args.consumers);
    let run = Arc::new(Run {
        clock: std::sync::OnceLock::new(),
        ready: Barrier::new(threads + 1),
        sent: AtomicU64::new(0),
        received: AtomicU64::new(0),
        all_sent: AtomicU64::new(0),
        all_received: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
        caught_up: Notify::new(),
        each: expected_each(args, &address.destination),
    });
    // Whoever cannot connect would leave the others at the barrier.
    let mut consumers = Vec::new();
    for _ in 0..args.consumers {
        let begun = begin(args, &address, |connection, runtime| {
            let consumer = connection
                .consumer(address.clone())
                .acknowledge(Acknowledge::DupsOk);
            Ok(runtime.block_on(consumer.open())?)
        })?;
        consumers.push(begun);
    }
    let mut producers = Vec::new();
    for _ in 0..args.producers {
        let begun = begin(args, &address, |connection, runtime| {
            let mut producer = connection
                .producer(address.destination.clone())
                .window(args.window);
            if args.persistent {
                producer = producer.persistent();
            }
            Ok(runtime.block_on(producer.open())?)
        })?;
        producers.push(begun);
    }
    let mut receiving = Vec::new();
    for (runtime, connection, consumer) in consumers {
        let (run, args) = (run.clone(), args.clone());
        receiving.push(thread::spawn(move || {
            run.ready.wait();
            let times = runtime.block_on(receive(&run, &args, consumer));
            drop(connection);
            times
        }));
    }
    let mut sending = Vec::new();
    for (index, (runtime, connection, producer)) in (0..).zip(producers) {
        let (run, args) = (run.clone(), args.clone());
        sending.push(thread::spawn(move || {
            run.ready.wait();
            let result = runtime.block_on(send(&run, &args, index, &producer));
            // What was only handed to the system must not be lost with an abrupt end.
            result.and(runtime.block_on(connection.close()).map_err(Into::into))
        }));
    }
    let clock = *run.clock.get_or_init(Clock::start);
    run.ready.wait();
    let cpu = watch(&run, args, clock);
    let mut trouble = Vec::new();
    for thread in sending {
        if let Err(error) = thread.join().unwrap_or(Ok(())) {
            trouble.push(format!("a producer stopped: {error:#}"));
        }
    }
    run.is_over.store(true, Ordering::Release);
    let mut times = histogram();
    let mut last = Duration::ZERO;
    for thread in receiving {
        if let Ok((one, at, failed)) = thread.join() {
            times.add(one).context("the histograms are alike")?;
            last = last.max(at);
            trouble.extend(failed);
        }
    }
    let expected = run.all_sent.load(Ordering::Relaxed) * run.each;
    let received = run.all_received.load(Ordering::Relaxed);
    if received < expected {
        trouble.push(format!("{} messages never came", expected - received));
    }
    let counted = last.max(args.length()).saturating_sub(args.warm_up());
    let at_end = cpu_time();
    Ok(Figures {
        name: "pub-sub",
        seconds: counted.as_secs_f64(),
        sent: run.sent.load(Ordering::Relaxed),
        received: run.received.load(Ordering::Relaxed),
        corrected: args.rate.is_some(),
        times,
        cpu: cpu.zip(at_end).map(|(from, to)| to.saturating_sub(from)),
        trouble,
        json: args.form.json,
    })
}

/// How many consumers get each message.
fn expected_each(args: &Openwire, destination: &Destination) -> u64 {
    if destination.kind.is_topic() {
        u64::from(args.consumers)
    } else {
        1
    }
}

type Begun<T> = (tokio::runtime::Runtime, Connection, T);

/// A connection with a runtime of its own, for a thread of its own.
fn begin<T>(
    args: &Openwire,
    address: &DestinationAddress,
    make: impl FnOnce(&Connection, &tokio::runtime::Runtime) -> Result<T>,
) -> Result<Begun<T>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (connection, made) = {
        let _in_it = runtime.enter();
        let plan = Plan::new(&args.url)?;
        let (connection, events) = open(plan, Options::default())?;
        drop(events);
        runtime
            .block_on(connection.connected())
            .with_context(|| format!("no connection to {}", args.url))?;
        let made = make(&connection, &runtime)
            .with_context(|| format!("cannot use {}", address.destination))?;
        (connection, made)
    };
    Ok((runtime, connection, made))
}

type Producer = finewire_tokio::openwire::Producer;
type Consumer = finewire_tokio::openwire::Consumer;

async fn send(run: &Run, args: &Openwire, index: u16, producer: &Producer) -> Result<()> {
    let clock = *run.clock.get_or_init(Clock::start);
    let pace = args
        .rate
        .map(|rate| Pace::share(rate, args.producers, index));
    let mut next: u32 = 0;
    while clock.elapsed() < args.length() {
        let mut messages = Vec::with_capacity(usize::from(args.batch));
        match pace {
            None => {
                if run.under_way() > AHEAD {
                    run.wait_for_consumers().await;
                    continue;
                }
                // They are handed over at one moment, so that they are all the same.
                let body = Bytes::from(stamped(args.body(), clock.nanos()));
                messages.resize_with(usize::from(args.batch), || Message::bytes(body.clone()));
            }
            Some(pace) => {
                let now = clock.elapsed();
                while pace.due(next) <= now && messages.len() < usize::from(u16::MAX) {
                    messages.push(Message::bytes(stamped(args.body(), nanos(pace.due(next)))));
                    next += 1;
                }
                if messages.is_empty() {
                    tokio::time::sleep_until(clock.at(pace.due(next)).into()).await;
                    continue;
                }
            }
        }
        let count = u64::try_from(messages.len()).unwrap_or(0);
        producer.send_all(messages).await?;
        run.all_sent.fetch_add(count, Ordering::Relaxed);
        if clock.elapsed() >= args.warm_up() {
            run.sent.fetch_add(count, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// The times of what came, when the last came, and what went wrong.
async fn receive(
    run: &Run,
    args: &Openwire,
    mut consumer: Consumer,
) -> (Histogram<u64>, Duration, Option<String>) {
    let clock = *run.clock.get_or_init(Clock::start);
    let mut times = histogram();
    let mut last = Duration::ZERO;
    let mut batch = Vec::with_capacity(1024);
    let mut since_over = None;
    loop {
        let next = consumer.next_many(1024, &mut batch);
        let found = match tokio::time::timeout(Duration::from_millis(200), next).await {
            Ok(Ok(0)) => return (times, last, Some("the connection is over".into())),
            Ok(Ok(count)) => count,
            Ok(Err(why)) => return (times, last, Some(why.to_string())),
            Err(_) => 0,
        };
        if found == 0 {
            if run.is_over.load(Ordering::Acquire) {
                let over = *since_over.get_or_insert_with(|| clock.elapsed());
                let all = run.all_sent.load(Ordering::Relaxed) * run.each;
                let idle = clock.elapsed().saturating_sub(over.max(last));
                let complete = run.all_received.load(Ordering::Relaxed) >= all;
                if idle >= TAIL || (complete && idle >= Duration::from_millis(200)) {
                    return (times, last, None);
                }
            }
            continue;
        }
        let now = clock.nanos();
        last = clock.elapsed();
        let warm = nanos(args.warm_up());
        let mut counted = 0;
        for delivery in batch.drain(..) {
            let Some(sent) = delivery.content.as_deref().and_then(stamp) else {
                continue;
            };
            if sent >= warm {
                counted += 1;
                times.saturating_record(now.saturating_sub(sent));
            }
        }
        run.received.fetch_add(counted, Ordering::Relaxed);
        let found = u64::try_from(found).unwrap_or(0);
        run.all_received.fetch_add(found, Ordering::Relaxed);
        if run.under_way() <= CAUGHT_UP {
            run.caught_up.notify_waiters();
        }
    }
}

/// Shows how far it has come; the processor time at the end of the warm-up.
fn watch(run: &Run, args: &Openwire, clock: Clock) -> Option<Duration> {
    let bar = bar(args.length());
    let mut cpu = None;
    let mut seen = 0;
    while clock.elapsed() < args.length() {
        thread::sleep(Duration::from_millis(100));
        if cpu.is_none() && clock.elapsed() >= args.warm_up() {
            cpu = cpu_time();
        }
        let received = run.all_received.load(Ordering::Relaxed);
        let rate = (received - seen) * 10;
        seen = received;
        bar.set_position(u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX));
        bar.set_message(format!("{rate} a second"));
    }
    bar.finish_and_clear();
    cpu
}

/// A bar over milliseconds; it hides where standard error is no terminal.
pub(super) fn bar(length: Duration) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
    match ProgressStyle::with_template("{elapsed:>4} [{wide_bar}] {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
