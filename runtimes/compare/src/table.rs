//! What is measured in which order, and how it is printed.

use crate::load::{everywhere, open, ping_pong, stream};
use crate::process::{Server, instructions};
use crate::server::SERVERS;
use core::time::Duration;
use std::net::TcpStream;

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How often each server has its turn.
    pub(crate) rounds: usize,
    /// Frames in one turn.
    pub(crate) messages: usize,
    /// Links at once, for the asynchronous adapters; blocking is meant for tens and has 64.
    pub(crate) many: usize,
    /// Whether instructions are counted, which takes valgrind.
    pub(crate) instructions: bool,
    /// Whether servers and load may be on any core. Else they share one: what a message costs then does not hang on
    /// where the system puts whom, which differs from turn to turn by more than what is to be seen.
    pub(crate) is_spread: bool,
}

impl Plan {
    pub(crate) fn short() -> Self {
        Self {
            rounds: 1,
            messages: 400,
            many: 100,
            instructions: false,
            is_spread: false,
        }
    }
}

/// What one turn of one kind of load took.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// Processor time of the server for each message, in nanoseconds.
    processor: f64,
    /// Its context switches for each message.
    switches: f64,
    /// Time of the whole load, or of the median trip, in nanoseconds.
    time: f64,
}

/// All turns of one kind of load on one server.
#[derive(Debug, Default)]
struct Turns(Vec<Turn>);

impl Turns {
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
        self.0.push(Turn {
            processor: per_message(processor.as_nanos() as f64),
            switches: per_message(switches as f64),
            time: time.as_nanos() as f64,
        });
    }

    fn median(&self, of: impl Fn(&Turn) -> f64) -> f64 {
        Quartiles::of(self.0.iter().map(of)).median
    }

    /// The processor time beside that of the bare loop's turn next to it, whatever else the machine did then.
    fn beside(&self, bare: &Self) -> Quartiles {
        let turns = self.0.iter().zip(&bare.0);
        Quartiles::of(turns.map(|(adapter, bare)| adapter.processor / bare.processor))
    }
}

/// The middle of many values, and how far half of them lie around it.
#[derive(Clone, Copy, Debug)]
struct Quartiles {
    lower: f64,
    median: f64,
    upper: f64,
}

impl Quartiles {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |quarters: usize| values[(values.len() - 1) * quarters / 4];
        Self {
            lower: at(1),
            median: at(2),
            upper: at(3),
        }
    }
}

struct Row {
    name: &'static str,
    server: Server,
    stream: Turns,
    ping: Turns,
}

impl Row {
    fn new(name: &'static str) -> Self {
        let server = Server::start(name);
        Self {
            name,
            server,
            stream: Turns::default(),
            ping: Turns::default(),
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

/// Where a process cannot be told where to run.
#[cfg(not(target_os = "linux"))]
fn on_one_core() {}

/// This process and those that it starts from now on share one core.
#[cfg(target_os = "linux")]
fn on_one_core() {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let allowed = sched_getaffinity(None).expect("where this may run");
    let core = (0..CpuSet::MAX_CPU)
        .rev()
        .find(|&core| allowed.is_set(core));
    let mut one = CpuSet::new();
    one.set(core.expect("it runs somewhere"));
    sched_setaffinity(None, &one).expect("it may run there");
}

/// How much more than the bare loop's processor time an adapter may use.
const AT_MOST: f64 = 1.10;

pub(crate) fn print(plan: &Plan) {
    // Both ends of thousands of links.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    if !plan.is_spread {
        on_one_core();
    }
    let mut pairs: Vec<[Row; 2]> = SERVERS
        .iter()
        .map(|(adapter, bare)| [Row::new(bare), Row::new(adapter)])
        .collect();
    // In turns, now the one first and now the other: what else the machine does falls on all alike.
    for round in 0..plan.rounds {
        for [bare, adapter] in &mut pairs {
            let (first, second) = if round % 2 == 0 {
                (bare, adapter)
            } else {
                (adapter, bare)
            };
            first.turn(plan);
            second.turn(plan);
        }
    }
    println!(
        "frames of 400 bytes; processor time and switches of the server, per message, median of {}, {}",
        plan.rounds,
        if plan.is_spread {
            "on all cores"
        } else {
            "on one core"
        }
    );
    println!(
        "{:<15} {:>10} {:>6} {:>8} {:>17} {:>9} {:>6} {:>8} {:>17}",
        "", "streamed", "", "", "", "one by one", "", "", ""
    );
    println!(
        "{:<15} {:>10} {:>6} {:>8} {:>17} {:>9} {:>6} {:>8} {:>17}",
        "server",
        "messages/s",
        "ns",
        "switches",
        "ratio (half in)",
        "trip µs",
        "ns",
        "switches",
        "ratio (half in)"
    );
    for [bare, adapter] in &pairs {
        for row in [bare, adapter] {
            let ratio = |turns: &Turns, beside: &Turns| {
                if core::ptr::eq(row, bare) {
                    return String::new();
                }
                let Quartiles {
                    lower,
                    median,
                    upper,
                } = turns.beside(beside);
                format!("{median:.2} ({lower:.2}-{upper:.2})")
            };
            println!(
                "{:<15} {:>10.0} {:>6.0} {:>8.2} {:>17} {:>9.1} {:>6.0} {:>8.2} {:>17}",
                row.name,
                plan.messages as f64 / (row.stream.median(|turn| turn.time) / 1e9),
                row.stream.median(|turn| turn.processor),
                row.stream.median(|turn| turn.switches),
                ratio(&row.stream, &bare.stream),
                row.ping.median(|turn| turn.time) / 1e3,
                row.ping.median(|turn| turn.processor),
                row.ping.median(|turn| turn.switches),
                ratio(&row.ping, &bare.ping),
            );
        }
        let met = |turns: &Turns, beside: &Turns| {
            if turns.beside(beside).median <= AT_MOST {
                "met"
            } else {
                "missed"
            }
        };
        println!(
            "{:<15} at most {AT_MOST:.2} of the bare loop: streamed {}, one by one {}",
            "",
            met(&adapter.stream, &bare.stream),
            met(&adapter.ping, &bare.ping)
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
