//! Lives many days at a simulated site through, by seed: `days --seeds 1000..5000 --jobs 2`.
//!
//! Prints how many ran and what was done in them; for each that failed why, a shorter day that fails
//! too, and the command that runs it again. Ends with 1 when one failed.

use std::fmt::Write as _;
use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use finewire_tests::world::day::{Day, attempt, from_seed, run_seeds, shrink};

#[derive(Debug, Parser)]
#[command(about = "Lives many days at a simulated site through, by seed")]
struct Arguments {
    /// The seeds: `first..end`, without the end
    #[arg(long, value_parser = range, default_value = "0..300")]
    seeds: Range<u64>,
    /// Days lived through at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Stop after so many that fail
    #[arg(long, default_value_t = 20)]
    failures: usize,
    /// Days tried to find a shorter one for one that fails; 0: none
    #[arg(long, default_value_t = 300)]
    shrink: usize,
    /// Run one day by its bytes, as a failure prints them
    #[arg(long, value_parser = bytes, conflicts_with = "seeds")]
    day: Option<Bytes>,
    /// Run one day by its seed, as --day does
    #[arg(long, conflicts_with_all = ["seeds", "day"])]
    seed: Option<u64>,
    /// With --day or --seed: tell everything that all machines told
    #[arg(long)]
    story: bool,
}

#[derive(Clone, Debug)]
struct Bytes(Vec<u8>);

fn range(text: &str) -> Result<Range<u64>, String> {
    let (first, end) = text.split_once("..").ok_or("not first..end")?;
    let number = |text: &str| text.trim().parse().map_err(|error| format!("{error}"));
    Ok(number(first)?..number(end)?)
}

fn bytes(text: &str) -> Result<Bytes, String> {
    let digit = |at: usize| {
        text.get(at..at + 2)
            .and_then(|two| u8::from_str_radix(two, 16).ok())
    };
    let read: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
    read.map(Bytes).ok_or_else(|| "not hexadecimal".into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let day = arguments.seed.map(from_seed);
    let given = arguments.day.as_ref().map(|Bytes(day)| day);
    match given.or(day.as_ref()) {
        Some(day) => one(day, arguments.story),
        None => many(&arguments),
    }
}

fn one(day: &[u8], is_told: bool) -> ExitCode {
    for step in Day::steps(day) {
        println!("{step:?}");
    }
    if is_told {
        println!("{}", Day::story(day));
    }
    match attempt(day) {
        Ok(tally) => {
            println!("{tally:#?}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("FAILED {why}");
            ExitCode::FAILURE
        }
    }
}

fn many(arguments: &Arguments) -> ExitCode {
    let begun = Instant::now();
    let (ran, tally, failures) =
        run_seeds(arguments.seeds.clone(), arguments.jobs, arguments.failures);
    println!(
        "{ran} days in {:.1} s: {} deeds, {} steps of the network, {} noons, {} glances, digest {:016x}",
        begun.elapsed().as_secs_f64(),
        tally.deeds,
        tally.steps,
        tally.noons,
        tally.glances,
        tally.digest,
    );
    println!(
        "{:<20} {:>8} {:>8} {:>8} {:>8}",
        "command", "done", "refused", "failed", "lost"
    );
    for (deed, [done, refused, failed, lost]) in &tally.ends {
        println!(
            "{:<20} {done:>8} {refused:>8} {failed:>8} {lost:>8}",
            format!("{deed:?}")
        );
    }
    for failure in &failures {
        println!("\nseed {} FAILED: {}", failure.seed, failure.why);
        let day = from_seed(failure.seed);
        let place = |why: &str| why.lines().next().map(str::to_owned);
        let same = place(&failure.why);
        let shorter = shrink(&day, arguments.shrink, |day| {
            attempt(day).is_err_and(|why| place(&why) == same)
        });
        println!(
            "shortened from {} to {} bytes; again:",
            day.len(),
            shorter.len()
        );
        println!(
            "cargo run -p finewire-tests --bin days -- --day {} --story",
            hex(&shorter)
        );
    }
    println!("{} of {ran} failed", failures.len());
    match failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
