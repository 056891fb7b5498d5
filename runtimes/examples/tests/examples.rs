//! Every example does what it says, on every runtime.
#![allow(clippy::unwrap_used, reason = "tests")]

use core::future::Future;
use core::time::Duration;
use finewire_examples::Site;
use finewire_simulator::PASSWORD;
use std::sync::mpsc;
use tokio::runtime::Runtime;

/// The examples as modules: what runs here is what the programs run.
#[allow(dead_code, reason = "main is for the command line")]
#[path = ".."]
mod examples {
    #[path = "tokio"]
    pub(super) mod on_tokio {
        pub(crate) mod embedded_connector;
        pub(crate) mod follow_an_agent;
        pub(crate) mod openwire;
    }
    #[path = "smol"]
    pub(super) mod on_smol {
        pub(crate) mod embedded_connector;
        pub(crate) mod follow_an_agent;
        pub(crate) mod openwire;
    }
    #[path = "async-std"]
    pub(super) mod on_async_std {
        pub(crate) mod embedded_connector;
        pub(crate) mod follow_an_agent;
        pub(crate) mod openwire;
    }
    #[path = "blocking"]
    pub(super) mod on_blocking {
        pub(crate) mod embedded_connector;
        pub(crate) mod follow_an_agent;
        pub(crate) mod openwire;
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

type Say = Box<dyn FnMut(String) + Send>;
type Result = core::result::Result<(), Box<dyn core::error::Error + Send + Sync>>;

/// What an example says until it ends well, in time.
fn said(example: impl FnOnce(Say) -> Result + Send + 'static) -> Vec<String> {
    let (say, hear) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let result = example(Box::new(move |line| say.send(line).unwrap()));
        end.send(result.map_err(|error| error.to_string())).unwrap();
    });
    let ended = ended.recv_timeout(PATIENCE);
    let lines: Vec<String> = hear.try_iter().collect();
    assert_eq!(ended, Ok(Ok(())), "it said {lines:?}");
    lines
}

/// The same for every runtime; the site it meets is on tokio.
macro_rules! each_runtime {
    ($($runtime:ident, agent $agent:literal at $extension:literal, $run:ident;)*) => {$(
        mod $runtime {
            use super::{PASSWORD, Site, examples::$runtime as example, runtime, said};

            #[test]
            fn messages_are_sent_taken_asked_and_answered() {
                let home = runtime();
                let site = home.block_on(Site::start()).unwrap();

                let url = site.url.clone();
                let lines = said(move |say| super::$run(example::openwire::run(&url, say)));

                let ordered = ["ordered: 1 coffees", "ordered: 2 coffees", "ordered: 3 coffees"];
                assert_eq!(lines[..3], ordered);
                assert_eq!(lines[3..], ["answered: a coffee costs 3"]);
            }

            #[test]
            fn an_agent_takes_a_call_and_signs_out() {
                let home = runtime();
                let site = home.block_on(Site::start()).unwrap();

                let url = site.url.clone();
                let lines = said(move |say| {
                    let password = PASSWORD.into();
                    super::$run(example::follow_an_agent::run(&url, $agent, $extension, password, say))
                });

                let place = |what: &str| {
                    let found = lines.iter().position(|line| line == what);
                    found.unwrap_or_else(|| panic!("{what} is not among {lines:?}"))
                };
                let ready = concat!($agent, " is READY");
                // Finesse tells of agents and of calls in either order.
                let of_agent = ["in service", ready].map(place);
                let of_call = ["in service", "a call from 5550100", "the call is over"].map(place);
                assert!(of_agent.is_sorted() && of_call.is_sorted(), "{lines:?}");
                assert_eq!(lines.last().map(String::as_str), Some("signed out"));
            }

            #[test]
            fn a_connector_serves_a_desk_without_a_broker() {
                let lines = said(|say| super::$run(example::embedded_connector::run(say)));

                let states = lines.iter().filter(|line| line.contains(" is "));
                let states: Vec<&str> = states.map(String::as_str).collect();
                let of_agent = ["NOT_READY", "READY", "NOT_READY", "LOGOUT"];
                assert_eq!(states, of_agent.map(|state| format!("1001002 is {state}")));
            }
        }
    )*};
}

fn on_tokio(example: impl Future<Output = Result>) -> Result {
    runtime().block_on(example)
}

fn on_smol(example: impl Future<Output = Result>) -> Result {
    smol::block_on(example)
}

fn on_async_std(example: impl Future<Output = Result>) -> Result {
    async_std::task::block_on(example)
}

fn on_blocking(example: Result) -> Result {
    example
}

each_runtime! {
    on_tokio, agent "1001002" at "2002", on_tokio;
    on_smol, agent "1001005" at "2005", on_smol;
    on_async_std, agent "1001006" at "2006", on_async_std;
    on_blocking, agent "1001007" at "2007", on_blocking;
}
