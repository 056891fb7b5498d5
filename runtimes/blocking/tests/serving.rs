//! Many threads serve one machine: commands, looks and panics on whatever thread.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use core::time::Duration;
use finewire_blocking::{Handle, Host, HostConfig, Nothing, Options, Received, Task, run, spawn};
use finewire_core::machine::{
    Address, Input, Instant, ListenerId, Machine, Outcome, Output, Reason,
};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);

/// What a [`Toy`] is told to do.
enum Do {
    Count(usize),
    Listen,
    Panic,
    /// Sound an event after this time.
    Alarm(Duration),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Saw {
    Listening(u16),
    Alarm,
}

/// Counts, listens, and panics when it is told to, by its owner or by a peer.
#[derive(Default)]
struct Toy {
    counted: Vec<usize>,
    alarm_at: Option<Instant>,
    says: VecDeque<Output<Saw>>,
}

impl Machine for Toy {
    type Command = Do;
    type Event = Saw;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Do>) {
        match input {
            Input::Command(id, command) => {
                match command {
                    Do::Count(n) => self.counted.push(n),
                    Do::Listen => {
                        let anywhere = Address::new("127.0.0.1", 0);
                        self.says.push_back(Output::Listen(ListenerId(1), anywhere));
                    }
                    Do::Panic => panic!("told to"),
                    Do::Alarm(after) => self.alarm_at = Some(now + after),
                }
                self.says.push_back(Output::Ended(id, Outcome::Done));
            }
            Input::Listening(_, address) => {
                let event = Saw::Listening(address.port);
                self.says.push_back(Output::Event(event));
            }
            Input::Received(_, b"panic") => panic!("the peer wants it"),
            _ => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.alarm_at.is_some_and(|at| at <= now) {
            self.alarm_at = None;
            self.says.push_back(Output::Event(Saw::Alarm));
        }
    }

    fn poll_output(&mut self) -> Output<Saw> {
        self.says.pop_front().unwrap_or(Output::Wait(self.alarm_at))
    }
}

fn toy() -> (Handle<Toy>, Received<Saw>, Task<Toy>) {
    spawn(Toy::default(), Options::default()).unwrap()
}

fn connected(handle: &Handle<Toy>, events: &mut Received<Saw>) -> TcpStream {
    assert!(handle.command(Do::Listen, PATIENCE).is_done());
    let Saw::Listening(port) = events.next_within(PATIENCE).unwrap() else {
        panic!("it does not listen");
    };
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

fn why(panicked: std::thread::Result<Toy>) -> &'static str {
    match panicked {
        Ok(_) => "it did not panic",
        Err(payload) => payload.downcast_ref::<&str>().unwrap(),
    }
}

#[test]
fn commands_of_many_threads_end_once_and_keep_their_order() {
    const THREADS: usize = 8;
    const EACH: usize = 500;
    let (handle, _events, task) = toy();

    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let handle = handle.clone();
            scope.spawn(move || {
                for n in 0..EACH {
                    let outcome = handle.command(Do::Count(thread * EACH + n), PATIENCE);
                    assert_eq!(outcome, Outcome::Done);
                }
            });
        }
    });
    handle.shut_down();

    let counted = task.join().unwrap().counted;
    assert_eq!(counted.len(), THREADS * EACH);
    for thread in 0..THREADS {
        let of_thread = counted.iter().filter(|n| **n / EACH == thread);
        assert!(of_thread.is_sorted(), "thread {thread}");
    }
}

#[test]
fn a_look_may_give_commands_which_come_after_it() {
    let (handle, _events, task) = toy();
    let giver = handle.clone();

    let seen = handle.inspect(
        move |toy| {
            assert!(giver.give(Do::Count(7)));
            toy.counted.len()
        },
        PATIENCE,
    );

    assert_eq!(seen, Some(0));
    assert_eq!(
        handle.inspect(|toy| toy.counted.clone(), PATIENCE),
        Some(vec![7])
    );
    handle.shut_down();
    task.join().unwrap();
}

#[test]
fn an_earlier_deadline_set_from_another_thread_wakes_the_one_that_keeps_the_time() {
    let (handle, mut events, task) = toy();
    assert!(handle.give(Do::Alarm(Duration::from_secs(3600))));
    // Time to fall asleep; were it still awake, there would be nothing to wake.
    assert_eq!(
        events.next_within(Duration::from_millis(100)),
        Err(Nothing::Yet)
    );

    assert!(handle.give(Do::Alarm(Duration::from_millis(1))));

    assert_eq!(events.next_within(PATIENCE), Ok(Saw::Alarm));
    handle.shut_down();
    task.join().unwrap();
}

#[test]
fn a_panic_on_a_links_thread_is_the_tasks_and_ends_all() {
    let (handle, mut events, task) = toy();
    let mut client = connected(&handle, &mut events);

    client.write_all(b"panic").unwrap();

    assert_eq!(why(task.join()), "the peer wants it");
    assert_eq!(events.next_within(PATIENCE), Err(Nothing::Ever));
    let refused = handle.command(Do::Count(1), PATIENCE);
    assert_eq!(
        refused,
        Outcome::refused(Reason::ShuttingDown, "the machine has stopped")
    );
    let end = client.read(&mut [0]);
    assert!(!matches!(end, Ok(1..)), "{end:?}");
    let late = end.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(!late, "the socket stays open");
}

#[test]
fn a_panic_in_a_command_is_the_tasks_and_not_its_givers() {
    let (handle, _events, task) = toy();

    let outcome = handle.command(Do::Panic, PATIENCE);

    let why_failed = "the machine stopped before the command ended";
    assert_eq!(outcome, Outcome::failed(Reason::ShuttingDown, why_failed));
    assert_eq!(why(task.join()), "told to");
}

#[test]
fn a_panic_of_a_look_is_the_tasks() {
    let (handle, _events, task) = toy();

    let seen = handle.inspect(|_| -> u32 { panic!("I do not like it") }, PATIENCE);

    assert_eq!(seen, None);
    assert_eq!(why(task.join()), "I do not like it");
}

#[test]
fn a_machine_begins_with_its_closure_and_finds_what_was_given_before() {
    let host = Host::new(
        Toy::default(),
        HostConfig::default(),
        std::time::Instant::now(),
    );
    let (handle, mut events, run) = run(host, &Options::default());
    assert!(handle.give(Do::Count(1)));
    assert!(handle.give(Do::Alarm(Duration::ZERO)));
    assert_eq!(
        events.next_within(Duration::from_millis(20)),
        Err(Nothing::Yet)
    );

    let task = std::thread::spawn(run);

    assert_eq!(events.next_within(PATIENCE), Ok(Saw::Alarm));
    drop(handle);
    assert_eq!(task.join().unwrap().counted, [1]);
}

#[test]
fn a_closure_that_is_dropped_was_the_end() {
    let host = Host::new(
        Toy::default(),
        HostConfig::default(),
        std::time::Instant::now(),
    );
    let (handle, mut events, run) = run(host, &Options::default());
    assert!(handle.give(Do::Count(1)));

    drop(run);

    assert_eq!(events.next_within(PATIENCE), Err(Nothing::Ever));
    assert!(!handle.give(Do::Count(2)));
}
