//! The codec beside ActiveMQ's own, on the same frames: `beside-activemq.sh` runs it.
//!
//! Both sides decode and encode a dispatch of a 200-byte text message in version 12, in turn, a few
//! milliseconds each. Times are processor time of the one thread that does it, so that other load counts
//! little; collecting Java's garbage is other threads' work and is not counted. Java is taken by the
//! faster of its two interfaces, streams and byte arrays. Either side encodes what it decoded, so content
//! is there as bytes on both.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![allow(clippy::print_stdout, reason = "it prints a table")]

mod dispatch;

use core::fmt::Write as _;
use core::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use dispatch::{Codec, FORMATS};
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds that a round of one side is meant to take.
const ROUND: u64 = 10_000_000;

/// Rounds before and while it is measured.
const WARM_UP: usize = 60;
const ROUNDS: usize = 41;

/// What this thread has used of the processor so far, in nanoseconds.
fn thread_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
}

fn ours(times: u64, mut operation: impl FnMut()) -> u64 {
    let begin = thread_time();
    for _ in 0..times {
        operation();
    }
    thread_time() - begin
}

/// The Java program.
struct Theirs {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Theirs {
    fn start(class_path: &str) -> Self {
        let mut child = Command::new("java")
            .args(["-XX:+UseSerialGC", "-cp", class_path, "BesideActiveMq"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            to: child.stdin.take().unwrap(),
            from: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.to, "{line}").unwrap();
        let mut answer = String::new();
        self.from.read_line(&mut answer).unwrap();
        answer.trim().to_owned()
    }

    fn run(&mut self, what: &str, times: u64) -> u64 {
        self.ask(&format!("{what} {times}")).parse().unwrap()
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rounds of one operation of one side: picoseconds an operation.
struct Rounds {
    times: u64,
    rounds: Vec<u64>,
}

impl Rounds {
    const fn new() -> Self {
        Self {
            times: 1000,
            rounds: Vec::new(),
        }
    }

    /// One round, whose size follows from what it took.
    fn round(&mut self, mut run: impl FnMut(u64) -> u64) {
        let took = run(self.times).max(1);
        self.rounds.push(took * 1000 / self.times);
        self.times = (self.times * ROUND / took).clamp(self.times / 2 + 1, self.times * 2);
    }

    /// The fastest round and the median, in nanoseconds.
    fn result(&self) -> (f64, f64) {
        let mut sorted = self.rounds.clone();
        sorted.sort_unstable();
        let nanoseconds = |place: usize| {
            let picoseconds = sorted.get(place).copied().unwrap_or_default();
            f64::from(u32::try_from(picoseconds).unwrap()) / 1000.0
        };
        (nanoseconds(0), nanoseconds(sorted.len() / 2))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn compare(theirs: &mut Theirs, name: &str, mut codec: Codec, (tight, cache): (bool, bool)) {
    let [first, second] = codec.frames();
    let answer = theirs.ask(&format!(
        "format {tight} {cache} {} {}",
        hex(&first),
        hex(&second)
    ));
    assert_eq!(
        answer, "ok",
        "Java decodes the frames and encodes the same bytes"
    );
    for (what, goal) in [
        ("encode", if cache { 3.0 } else { 5.0 }),
        ("decode", if cache { 1.5 } else { 2.0 }),
    ] {
        let mut sides = [Rounds::new(), Rounds::new(), Rounds::new()];
        for round in 0..WARM_UP + ROUNDS {
            let [rust, stream, bytes] = &mut sides;
            rust.round(|times| match what {
                "encode" => ours(times, || {
                    black_box(black_box(&mut codec).encode());
                }),
                _ => ours(times, || {
                    black_box(black_box(&mut codec).decode());
                }),
            });
            stream.round(|times| theirs.run(&format!("stream-{what}"), times));
            bytes.round(|times| theirs.run(&format!("bytes-{what}"), times));
            if round + 1 == WARM_UP {
                for side in &mut sides {
                    side.rounds.clear();
                }
            }
        }
        let [rust, stream, bytes] = sides.map(|side| side.result());
        let java = (stream.0.min(bytes.0), stream.1.min(bytes.1));
        println!(
            "{:<22} {:>6.0} {:>6.0}   {:>6.0} {:>6.0}   {:>5.2} {:>6.2}   {goal:>4.1}",
            format!("{what}, {name}"),
            rust.0,
            rust.1,
            java.0,
            java.1,
            java.0 / rust.0,
            java.1 / rust.1,
        );
    }
}

fn main() {
    let Ok(class_path) = std::env::var("ACTIVEMQ_CLASS_PATH") else {
        println!("to be run by transports/openwire/benches/beside-activemq.sh");
        return;
    };
    let mut theirs = Theirs::start(&class_path);
    println!("nanoseconds per frame    finewire        ActiveMQ        ratio        goal");
    println!("                        best median     best median    best median");
    for (name, tight, cache) in FORMATS {
        compare(&mut theirs, name, Codec::new(tight, cache), (tight, cache));
    }
}
