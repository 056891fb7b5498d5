//! What is measured in which order, and how it is printed.

use crate::load::{everywhere, open, ping_pong, stream};
use crate::process::{Server, instructions};
use crate::server::SERVERS;
use core::time::Duration;
use std::net::TcpStream;

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How often each server has its turn; the best counts, for other work on the machine only ever adds.
    pub(crate) rounds: usize,
    /// Frames in one turn.
    pub(crate) messages: usize,
    /// Links at once, for the asynchronous adapters; blocking is meant for tens and has 64.
    pub(crate) many: usize,
    /// Whether instructions are counted, which takes valgrind.
    pub(crate) instructions: bool,
}

impl Plan {
    pub(crate) fn short() -> Self {
        Self {
            rounds: 1,
            messages: 400,
            many: 100,
            instructions: false,
        }
    }
}

/// The best of one kind of load on one server, per message.
#[derive(Clone, Copy, Debug)]
struct Best {
    processor: f64,
    switches: f64,
    /// Time of the whole load, or of the median trip.
    time: Duration,
}

impl Best {
    const NONE: Self = Self {
        processor: f64::INFINITY,
        switches: f64::INFINITY,
        time: Duration::MAX,
    };

    /// The links of the load stay open until all is read off.
    fn measure(
        &mut self,
        server: &Server,
        messages: usize,
        load: impl FnOnce() -> (Duration, Vec<TcpStream>),
    ) {
        let before = server.used();
        let (time, links) = load();
        let (processor, switches) = server.used().since(&before);
        drop(links);
        let per_message = |used: f64| used / messages as f64;
        self.processor = self.processor.min(per_message(processor.as_nanos() as f64));
        self.switches = self.switches.min(per_message(switches as f64));
        self.time = self.time.min(time);
    }
}

struct Row {
    name: &'static str,
    server: Server,
    stream: Best,
    ping: Best,
}

impl Row {
    fn new(name: &'static str) -> Self {
        let server = Server::start(name);
        Self {
            name,
            server,
            stream: Best::NONE,
            ping: Best::NONE,
        }
    }

    fn turn(&mut self, plan: &Plan) {
        let (address, messages) = (self.server.address, plan.messages);
        self.stream
            .measure(&self.server, messages, || stream(address, messages));
        let trips = (messages / 4).max(1);
        self.ping
            .measure(&self.server, trips, || ping_pong(address, trips));
    }
}

/// How much more than the bare loop's processor time an adapter may use.
const AT_MOST: f64 = 1.10;

pub(crate) fn print(plan: &Plan) {
    // Both ends of thousands of links.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    let mut pairs: Vec<[Row; 2]> = SERVERS
        .iter()
        .map(|(adapter, bare)| [Row::new(bare), Row::new(adapter)])
        .collect();
    // In turns: what else the machine does then falls on all alike.
    for _ in 0..plan.rounds {
        for pair in &mut pairs {
            pair.iter_mut().for_each(|row| row.turn(plan));
        }
    }
    println!(
        "frames of 400 bytes; processor time and switches of the server, per message, best of {}",
        plan.rounds
    );
    println!(
        "{:<15} {:>10} {:>8} {:>8} {:>7} {:>9}",
        "", "streamed", "", "", "", "one by one"
    );
    println!(
        "{:<15} {:>10} {:>8} {:>8} {:>7} {:>9} {:>8} {:>8} {:>7}",
        "server", "messages/s", "ns", "switches", "ratio", "trip µs", "ns", "switches", "ratio"
    );
    for [bare, adapter] in &pairs {
        for row in [bare, adapter] {
            let ratios = [
                row.stream.processor / bare.stream.processor,
                row.ping.processor / bare.ping.processor,
            ];
            let [stream, ping] = ratios.map(|ratio| {
                if core::ptr::eq(row, bare) {
                    String::new()
                } else {
                    format!("{ratio:.2}")
                }
            });
            println!(
                "{:<15} {:>10.0} {:>8.0} {:>8.2} {:>7} {:>9.1} {:>8.0} {:>8.2} {:>7}",
                row.name,
                plan.messages as f64 / row.stream.time.as_secs_f64(),
                row.stream.processor,
                row.stream.switches,
                stream,
                row.ping.time.as_nanos() as f64 / 1e3,
                row.ping.processor,
                row.ping.switches,
                ping
            );
        }
        let met = |bare: &Best, adapter: &Best| {
            if adapter.processor <= bare.processor * AT_MOST {
                "met"
            } else {
                "missed"
            }
        };
        println!(
            "{:<15} at most {AT_MOST:.2} of the bare loop: streamed {}, one by one {}",
            "",
            met(&bare.stream, &adapter.stream),
            met(&bare.ping, &adapter.ping)
        );
    }
    drop(pairs);
    many(plan);
    if plan.instructions {
        println!("\ninstructions in user space per message, one by one");
        for (adapter, bare) in SERVERS {
            let count = |name| {
                instructions(name, |address, messages| {
                    ping_pong(address, messages);
                })
            };
            let [bare, adapter_count] = [bare, adapter].map(count);
            println!("{adapter:<15} {adapter_count:>8.0}, bare {bare:>8.0}");
        }
    }
}

/// What a link costs that nobody uses, and how long all of them take for one frame each.
fn many(plan: &Plan) {
    println!("\nmany links: resident bytes of each, time for one frame on each at once");
    for (adapter, bare) in SERVERS {
        let count = if adapter == "blocking" {
            plan.many.min(64)
        } else {
            plan.many
        };
        for name in [bare, adapter] {
            let server = Server::start(name);
            // The first links make what all later ones share.
            let mut links = open(server.address, 8);
            let before = server.memory();
            links.extend(open(server.address, count - links.len()));
            let bytes = server.memory().saturating_sub(before) / (count as u64 - 8);
            let first = everywhere(&mut links);
            let time = everywhere(&mut links).min(first);
            println!(
                "{name:<15} {count:>6} links {bytes:>8} bytes {:>9.2} ms",
                time.as_secs_f64() * 1e3
            );
        }
    }
}
