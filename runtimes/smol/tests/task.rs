//! The task among others of its executor, and its end.

use core::future::Future;
use core::time::Duration;
use finewire_core::machine::{Input, Instant, Machine, Outcome, Output, Reason};
use finewire_host::Host;
use finewire_smol::{HostConfig, Options};
use smol::Timer;
use smol::future::{or, poll_once};

/// Ends no command; its time has always come, if it is busy.
#[derive(Default)]
struct Idler {
    is_busy: bool,
    now: Instant,
    woken: u32,
}

impl Machine for Idler {
    type Command = ();
    type Event = ();

    fn handle_input(&mut self, now: Instant, _input: Input<'_, ()>) {
        self.now = now;
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.woken += 1;
        assert!(self.woken < 100_000, "it never lets go");
    }

    fn poll_output(&mut self) -> Output<()> {
        Output::Wait(self.is_busy.then_some(self.now))
    }
}

fn host(machine: Idler) -> Host<Idler> {
    Host::new(machine, HostConfig::default(), std::time::Instant::now())
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let late = async {
        Timer::after(Duration::from_secs(20)).await;
        panic!("it did not come");
    };
    or(future, late).await
}

fn reason(outcome: Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Failed(fault) => Some(fault.reason),
        _ => None,
    }
}

#[test]
fn a_task_that_is_dropped_ends_commands_it_never_took() {
    smol::block_on(async {
        let (handle, _events, run) =
            finewire_smol::run(host(Idler::default()), &Options::default());
        let mut command = Box::pin(handle.command(()));
        assert_eq!(poll_once(&mut command).await, None);

        drop(run);

        let outcome = in_time(command).await;
        assert_eq!(reason(outcome), Some(Reason::ShuttingDown));
        assert_eq!(in_time(handle.inspect(|idler| idler.woken)).await, None);
        in_time(handle.shut_down()).await;
    });
}

#[test]
fn a_task_that_is_dropped_ends_commands_it_had_taken() {
    smol::block_on(async {
        let (handle, mut events, task) = finewire_smol::spawn(Idler::default(), Options::default());
        let mut command = Box::pin(handle.command(()));
        assert_eq!(poll_once(&mut command).await, None);
        in_time(handle.inspect(|_| ())).await.expect("it runs");

        drop(task);

        let outcome = in_time(command).await;
        assert_eq!(reason(outcome), Some(Reason::ShuttingDown));
        assert_eq!(in_time(events.next()).await, None);
    });
}

#[test]
fn a_machine_is_given_back_when_the_last_handle_is_dropped() {
    smol::block_on(async {
        let (handle, _events, task) = finewire_smol::spawn(Idler::default(), Options::default());
        let another = handle.clone();
        drop(handle);
        assert_eq!(in_time(another.inspect(|idler| idler.woken)).await, Some(0));

        drop(another);

        assert_eq!(in_time(task).await.woken, 0);
    });
}

#[test]
fn a_busy_machine_lets_other_tasks_have_their_turn() {
    smol::block_on(async {
        let busy = Idler {
            is_busy: true,
            ..Idler::default()
        };
        let (_handle, _events, run) = finewire_smol::run(host(busy), &Options::default());
        let mut run = Box::pin(run);

        assert!(poll_once(&mut run).await.is_none());
    });
}
