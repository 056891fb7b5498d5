//! OpenWire connections on executors and threads of the program's own, and that nothing of them stays behind.

use core::future::Future;
use core::time::Duration;
use finewire_core::machine::Address;
use finewire_openwire::broker::{Admission, Broker, BrokerConfig, BrokerEvent, Listen};
use finewire_tests::adapters::GUARD;

/// finewire's broker on a thread of its own; ends with this.
struct Home {
    url: String,
    _broker: finewire_blocking::Handle<Broker>,
}

impl Home {
    fn start() -> Self {
        let listen = vec![Listen {
            address: Address::new("127.0.0.1", 0),
            tls: None,
        }];
        let config = BrokerConfig {
            listen,
            admission: Admission::Anyone,
            ..BrokerConfig::default()
        };
        let options = finewire_blocking::Options::default();
        let (broker, events, _) =
            finewire_blocking::spawn(Broker::new(config, [1; 32]), options).unwrap();
        let listening = events.into_iter().find_map(|event| match event {
            BrokerEvent::Listening { address, .. } => Some(address.port),
            _ => None,
        });
        Self {
            url: format!("tcp://127.0.0.1:{}", listening.unwrap()),
            _broker: broker,
        }
    }
}

fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(future)
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let late = async {
        smol::Timer::after(GUARD).await;
        panic!("it did not come in time");
    };
    smol::future::or(future, late).await
}

macro_rules! openwire {
    ($name:ident: $adapter:ident, $block_on:path) => {
        mod $name {
            use super::*;
            use $adapter::Options;
            use $adapter::openwire::{Connection, Destination, Message, Plan, run};

            async fn talk(connection: &Connection) {
                connection.connected().await.unwrap();
                let words = Destination::queue("words");
                let mut hears = connection.consumer(words.clone()).open().await.unwrap();
                let says = connection.producer(words).open().await.unwrap();
                says.send(Message::text("hello")).await.unwrap();
                let heard = hears.next().await.unwrap().unwrap();
                let body = heard.body().unwrap();
                assert_eq!(body.as_text().unwrap().to_string(), "hello");
            }

            #[test]
            fn the_future_is_over_after_the_close() {
                let home = Home::start();
                $block_on(in_time(async {
                    let plan = Plan::new(&home.url).unwrap();
                    let (connection, events, run) = run(plan, Options::default()).unwrap();
                    drop(events);
                    let owner = async {
                        talk(&connection).await;
                        connection.close().await.unwrap();
                    };

                    smol::future::zip(run, owner).await;
                }));
            }

            #[test]
            fn the_future_is_over_when_everything_made_from_it_is_dropped() {
                let home = Home::start();
                $block_on(in_time(async {
                    let plan = Plan::new(&home.url).unwrap();
                    let (connection, _events, run) = run(plan, Options::default()).unwrap();
                    let owner = async move {
                        talk(&connection).await;
                        drop(connection);
                    };

                    smol::future::zip(run, owner).await;
                }));
            }

            #[test]
            fn a_call_ends_when_the_future_is_dropped() {
                let home = Home::start();
                $block_on(in_time(async {
                    let plan = Plan::new(&home.url).unwrap();
                    let (connection, _events, run) = run(plan, Options::default()).unwrap();
                    let mut run = Box::pin(run);
                    let talking = async {
                        talk(&connection).await;
                        None
                    };
                    let running = async { Some(run.as_mut().await) };
                    assert_eq!(smol::future::or(talking, running).await, None);

                    drop(run);

                    let nobody = connection.producer(Destination::queue("words"));
                    assert!(nobody.open().await.is_err());
                }));
            }
        }
    };
}

openwire!(with_tokio: finewire_tokio, on_tokio);
openwire!(with_smol: finewire_smol, smol::block_on);
openwire!(with_async_std: finewire_async_std, smol::block_on);

#[test]
fn on_tokio_no_task_stays_behind_after_close_or_drop() {
    use finewire_tokio::openwire::connect;

    let home = Home::start();
    on_tokio(in_time(async {
        let metrics = tokio::runtime::Handle::current().metrics();
        let closed = connect(&home.url).await.unwrap();
        let dropped = connect(&home.url).await.unwrap();
        assert_eq!(metrics.num_alive_tasks(), 2);

        closed.close().await.unwrap();
        drop(dropped);

        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    }));
}

#[test]
fn on_threads_the_closure_is_over_after_close_or_drop() {
    use finewire_blocking::Options;
    use finewire_blocking::openwire::{Destination, Message, Plan, run};

    let home = Home::start();
    for closes in [true, false] {
        let plan = Plan::new(&home.url).unwrap();
        let (connection, events, run) = run(plan, Options::default(), GUARD).unwrap();
        drop(events);
        let (over, is_over) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            run();
            over.send(()).unwrap();
        });
        connection.connected().unwrap();
        let words = Destination::queue("words");
        let mut hears = connection.consumer(words.clone(), |it| it).unwrap();
        let says = connection.producer(words, |it| it).unwrap();
        says.send(Message::text("hello")).unwrap();
        assert!(hears.next_within(GUARD).unwrap().is_some());
        assert!(is_over.recv_timeout(Duration::ZERO).is_err());

        match closes {
            true => {
                drop((hears, says));
                connection.close().unwrap();
            }
            false => drop((connection, hears, says)),
        }

        assert_eq!(is_over.recv_timeout(GUARD), Ok(()), "closed: {closes}");
    }
}
