//! What the owner of a machine may do with its handle, events and task, on every asynchronous adapter.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use finewire_core::machine::{
    Address, Input, Instant, ListenerId, Machine, Outcome, Output, Reason,
};
use finewire_host::{Host, HostConfig};
use finewire_tests::adapters::{Do, GUARD, Probe, Saw, link};
use std::rc::Rc;

fn poll_once<F: Future>(future: core::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Sounds this many alarms at once.
fn alarms(count: u32) -> Do {
    Do::Alarms((0..count).map(|name| (name, Duration::ZERO)).collect())
}

fn trace(n: usize) -> Do {
    Do::Trace(n.to_string())
}

/// Neither it nor what it is told can go to another thread.
struct Homebody {
    ended: Vec<Output<()>>,
    told: Rc<core::cell::Cell<u32>>,
}

impl Machine for Homebody {
    type Command = Rc<u32>;
    type Event = ();

    fn handle_input(&mut self, _now: Instant, input: Input<'_, Rc<u32>>) {
        if let Input::Command(id, number) = input {
            self.told.set(self.told.get() + *number);
            self.ended.push(Output::Ended(id, Outcome::Done));
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> Output<()> {
        self.ended.pop().unwrap_or(Output::Wait(None))
    }
}

macro_rules! owner {
    ($name:ident: $adapter:ident, $block_on:path, $finish:path) => {
        mod $name {
            use super::*;
            use $adapter::{Events, Handle, Options, Task, run, spawn};

            fn holding(events_at_most: usize) -> (Handle<Probe>, Events<Saw>, Task<Probe>) {
                let options = Options {
                    events_at_most,
                    ..Options::default()
                };
                spawn(Probe::default(), options)
            }

            /// One that takes no commands until its one event is taken.
            async fn standing_still() -> (Handle<Probe>, Events<Saw>, Task<Probe>) {
                let (handle, mut events, task) = holding(1);
                handle.command(alarms(2)).await;
                // Both sound at once, and there is room for one.
                assert_eq!(events.next().await, Some(Saw::Alarm(0)));
                (handle, events, task)
            }

            /// Ends within [`GUARD`], or the test has failed.
            fn live<T>(future: impl Future<Output = T>) -> T {
                $block_on(async {
                    let late = async {
                        smol::Timer::after(GUARD).await;
                        panic!("it did not come in time");
                    };
                    smol::future::or(future, late).await
                })
            }

            #[test]
            fn a_command_that_was_given_goes_on_though_nobody_waits_for_it() {
                live(async {
                    let (handle, mut events, _task) = standing_still().await;
                    let mut traces = handle.traces();

                    assert!(poll_once(pin!(handle.command(trace(7)))).is_none());
                    assert_eq!(events.next().await, Some(Saw::Alarm(1)));

                    handle.command(trace(8)).await;
                    assert_eq!(traces.recv().await.unwrap().subject, "7");
                    assert_eq!(traces.recv().await.unwrap().subject, "8");
                });
            }

            #[test]
            fn a_command_that_is_dropped_while_it_waits_for_room_was_never_given() {
                live(async {
                    let (handle, mut events, _task) = standing_still().await;
                    let mut traces = handle.traces();
                    let gave = async |n| handle.command(trace(n)).await;
                    let mut given: Vec<_> = (0..300).map(|n| Box::pin(gave(n))).collect();
                    for command in &mut given {
                        assert_eq!(poll_once(command.as_mut()), None);
                    }

                    given.truncate(280);
                    assert_eq!(events.next().await, Some(Saw::Alarm(1)));
                    for command in given {
                        assert_eq!(command.await, Outcome::Done);
                    }
                    handle.command(trace(1000)).await;

                    for n in (0..280).chain([1000]) {
                        assert_eq!(traces.recv().await.unwrap().subject, n.to_string());
                    }
                });
            }

            #[test]
            fn waiting_for_an_event_can_be_given_up_without_losing_any() {
                live(async {
                    let (handle, mut events, _task) = holding(16);

                    assert!(poll_once(pin!(events.next())).is_none());
                    handle.command(alarms(3)).await;
                    assert_eq!(events.next().await, Some(Saw::Alarm(0)));
                    drop(events.next());

                    assert_eq!(events.next().await, Some(Saw::Alarm(1)));
                    assert_eq!(events.next().await, Some(Saw::Alarm(2)));
                });
            }

            #[test]
            fn events_are_a_stream_that_ends_with_the_machine() {
                live(async {
                    let (handle, mut events, _task) = holding(16);
                    handle.command(alarms(3)).await;
                    // They sound together.
                    assert_eq!(events.next().await, Some(Saw::Alarm(0)));
                    handle.shut_down().await;

                    let all: Vec<Saw> = smol::stream::StreamExt::collect(events).await;

                    assert_eq!(all, [Saw::Alarm(1), Saw::Alarm(2)]);
                });
            }

            #[test]
            fn a_machine_whose_events_nobody_wants_goes_on() {
                live(async {
                    let (handle, events, _task) = holding(1);
                    drop(events);

                    for _ in 0..10 {
                        assert_eq!(handle.command(alarms(3)).await, Outcome::Done);
                    }
                });
            }

            #[test]
            fn a_handle_knows_when_its_machine_has_stopped() {
                live(async {
                    let (handle, _events, _task) = holding(16);
                    let other = handle.clone();
                    assert!(!other.is_stopped());

                    handle.shut_down().await;

                    assert!(other.is_stopped());
                });
            }

            #[test]
            fn bounds_may_be_as_large_as_numbers_are() {
                live(async {
                    let options = Options {
                        events_at_most: usize::MAX,
                        traces_at_most: usize::MAX,
                        commands_at_most: usize::MAX,
                        ..Options::default()
                    };
                    let (handle, mut events, _task) = spawn(Probe::default(), options);
                    let mut traces = handle.traces();

                    assert_eq!(handle.command(alarms(1)).await, Outcome::Done);
                    assert_eq!(events.next().await, Some(Saw::Alarm(0)));
                    assert_eq!(handle.command(trace(1)).await, Outcome::Done);
                    assert_eq!(traces.recv().await.unwrap().subject, "1");
                });
            }

            #[test]
            fn the_last_handles_end_is_the_machines_and_gives_it_back() {
                live(async {
                    let (handle, mut events, task) = holding(16);
                    let other = handle.clone();
                    drop(handle);
                    assert_eq!(other.command(trace(0)).await, Outcome::Done);

                    drop(other);

                    let probe: Probe = $finish(task).await;
                    assert_eq!(probe.echoed(), 0);
                    assert_eq!(events.next().await, None);
                });
            }

            #[test]
            fn a_machine_that_cannot_leave_its_thread_runs_where_it_is() {
                live(async {
                    let told = Rc::default();
                    let machine = Homebody {
                        ended: Vec::new(),
                        told: Rc::clone(&told),
                    };
                    let now = std::time::Instant::now();
                    let host = Host::new(machine, HostConfig::default(), now);
                    let (handle, _events, run) = run(host, &Options::default());
                    let owner = async {
                        for number in 1..=10 {
                            let outcome = handle.command(Rc::new(number)).await;
                            assert_eq!(outcome, Outcome::Done);
                        }
                        handle.shut_down().await;
                    };

                    let (machine, ()) = smol::future::zip(run, owner).await;

                    assert_eq!(machine.told.get(), 55);
                });
            }

            #[test]
            fn a_future_that_is_dropped_ends_every_command_and_closes_every_socket() {
                live(async {
                    let now = std::time::Instant::now();
                    let host = Host::new(Probe::default(), HostConfig::default(), now);
                    let (handle, mut events, run) = run(host, &Options::default());
                    let mut run = Box::pin(run);
                    let listen = Do::Listen(ListenerId(1), Address::new("127.0.0.1", 0));
                    let owner = async {
                        handle.command(listen).await;
                        match events.next().await {
                            Some(Saw::Listening(_, address)) => address.port,
                            other => panic!("{other:?}"),
                        }
                    };
                    let never = async {
                        run.as_mut().await;
                        unreachable!("nobody shuts it down");
                    };
                    let port = smol::future::or(owner, never).await;
                    let mut hanging = Box::pin(handle.command(Do::Hang));
                    assert_eq!(poll_once(hanging.as_mut()), None);
                    assert!(poll_once(run.as_mut()).is_none());

                    drop(run);

                    let Outcome::Failed(why) = hanging.await else {
                        panic!("it did not fail");
                    };
                    assert_eq!(why.reason, Reason::ShuttingDown);
                    assert_eq!(events.next().await, None);
                    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
                });
            }

            #[test]
            fn many_machines_of_one_process_talk_to_each_other_and_end_one_by_one() {
                live(async {
                    let (hub, mut seen, _hub_task) = holding(4096);
                    hub.command(Do::Echo(ListenerId(1), None)).await;
                    let anywhere = Address::new("127.0.0.1", 0);
                    hub.command(Do::Listen(ListenerId(1), anywhere)).await;
                    let Some(Saw::Listening(_, address)) = seen.next().await else {
                        panic!("the hub does not listen");
                    };

                    let mut others: Vec<_> = (0..30).map(|_| holding(16)).collect();
                    let there = finewire_core::machine::Endpoint::plain("127.0.0.1", address.port);
                    for (handle, events, _) in &mut others {
                        handle.command(Do::Open(link(1), there.clone())).await;
                        assert_eq!(events.next().await, Some(Saw::Opened(link(1))));
                    }
                    while let Some((handle, _, task)) = others.pop() {
                        handle.shut_down().await;
                        $finish(task).await;
                        for (handle, events, _) in &mut others {
                            let word = vec![bytes::Bytes::from_static(b"still there")];
                            handle.command(Do::Send(link(1), word)).await;
                            assert_eq!(events.next().await, Some(Saw::Sent(link(1))));
                            let heard = Saw::Received(link(1), b"still there".to_vec());
                            assert_eq!(events.next().await, Some(heard));
                        }
                    }
                });
            }
        }
    };
}

fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(future)
}

async fn joined<T>(task: tokio::task::JoinHandle<T>) -> T {
    task.await.unwrap()
}

async fn awaited<T>(task: impl Future<Output = T>) -> T {
    task.await
}

owner!(with_tokio: finewire_tokio, on_tokio, joined);
owner!(with_smol: finewire_smol, smol::block_on, awaited);
// The executors are not mixed up: async-std's tasks are awaited on smol's.
owner!(with_async_std: finewire_async_std, smol::block_on, awaited);
