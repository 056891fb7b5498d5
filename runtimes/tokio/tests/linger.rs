//! A task that looks for what is about to come instead of sleeping.
#![allow(clippy::unwrap_used, reason = "tests")]

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use finewire_core::machine::{Input, Instant, Machine, Outcome, Output};
use finewire_tokio::{Host, HostConfig, Options, run, spawn};
use std::sync::Arc;

/// Does what it is told at once.
#[derive(Default)]
struct Obedient(Vec<Output<()>>);

impl Machine for Obedient {
    type Command = ();
    type Event = ();

    fn handle_input(&mut self, _now: Instant, input: Input<'_, ()>) {
        if let Input::Command(id, ()) = input {
            self.0.push(Output::Ended(id, Outcome::Done));
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> Output<()> {
        self.0.pop().unwrap_or(Output::Wait(None))
    }
}

/// Gives one command and stops; how often the task was polled once it had answered the command, up to `enough`.
async fn polls(linger: Duration, enough: usize) -> usize {
    let options = Options {
        linger,
        ..Options::default()
    };
    let host = Host::new(
        Obedient::default(),
        HostConfig::default(),
        std::time::Instant::now(),
    );
    let (handle, _events, task) = run(host, &options);
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    let task = tokio::spawn(async move {
        let mut task = pin!(task);
        poll_fn(|cx| {
            counted.fetch_add(1, Ordering::Relaxed);
            task.as_mut().poll(cx).map(|_| ())
        })
        .await;
    });
    assert!(handle.command(()).await.is_done());
    let before = polls.load(Ordering::Relaxed);
    let looks = || polls.load(Ordering::Relaxed) - before;
    // Whoever yields here is polled as often as the task can be.
    for _ in 0..10 * enough {
        if looks() >= enough {
            break;
        }
        tokio::task::yield_now().await;
    }
    let looks = looks();
    handle.shut_down().await;
    task.await.unwrap();
    looks
}

#[tokio::test]
async fn it_looks_again_while_something_may_come() {
    let an_hour = Duration::from_secs(3600);
    assert_eq!(polls(an_hour, 1000).await, 1000);
}

#[tokio::test]
async fn it_sleeps_at_once_by_default_and_when_its_time_is_over() {
    assert!(polls(Duration::ZERO, 1000).await < 10);
    let no_time = Duration::from_nanos(1);
    assert!(polls(no_time, 1000).await < 10);
}

#[tokio::test]
async fn commands_are_done_between_looks() {
    let options = Options {
        linger: Duration::from_secs(3600),
        ..Options::default()
    };
    let (handle, _events, task) = spawn(Obedient::default(), options);
    for _ in 0..1000 {
        assert!(matches!(handle.command(()).await, Outcome::Done));
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    handle.shut_down().await;
    task.await.unwrap();
}
