//! What a run found, for people and as JSON.

use core::time::Duration;
use hdrhistogram::Histogram;
use serde_json::json;

/// Times up to a minute, to three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    match Histogram::new_with_bounds(1_000, 60_000_000_000, 3) {
        Ok(histogram) => histogram,
        Err(_) => unreachable!("the bounds are constants that fit"),
    }
}

/// What a run found.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) name: &'static str,
    /// Counted: after the warm-up.
    pub(crate) seconds: f64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// Whether times are counted from when messages were due.
    pub(crate) corrected: bool,
    pub(crate) times: Histogram<u64>,
    /// Of this process, from the end of the warm-up to the end.
    pub(crate) cpu: Option<Duration>,
    pub(crate) trouble: Vec<String>,
    pub(crate) json: bool,
}

const PERCENTILES: [(&str, f64); 6] = [
    ("p50", 50.0),
    ("p90", 90.0),
    ("p99", 99.0),
    ("p99.9", 99.9),
    ("p99.99", 99.99),
    ("max", 100.0),
];

impl Figures {
    fn rate(&self, count: u64) -> f64 {
        if self.seconds > 0.0 {
            as_float(count) / self.seconds
        } else {
            0.0
        }
    }

    /// Microseconds of this process for one message received.
    fn cpu_each(&self) -> Option<f64> {
        let cpu = self.cpu?;
        (self.received > 0).then(|| cpu.as_secs_f64() * 1e6 / as_float(self.received))
    }

    fn micros(&self, percentile: f64) -> f64 {
        as_float(self.times.value_at_quantile(percentile / 100.0)) / 1000.0
    }

    pub(crate) fn print(&self) {
        if self.json {
            println!("{}", self.to_json());
            return;
        }
        println!("{}", self.name);
        println!(
            "  sent      {:>10}   {:>10.0} a second",
            self.sent,
            self.rate(self.sent)
        );
        println!(
            "  received  {:>10}   {:>10.0} a second",
            self.received,
            self.rate(self.received)
        );
        if let Some(each) = self.cpu_each() {
            println!("  processor {each:>10.2} µs a message, of this process");
        }
        let how = if self.corrected {
            "from when it was due"
        } else {
            "from when it was sent"
        };
        println!("  time of a message, {how}:");
        for (name, percentile) in PERCENTILES {
            println!("    {name:<7} {:>12.1} µs", self.micros(percentile));
        }
        for line in &self.trouble {
            println!("  trouble: {line}");
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let micros: serde_json::Map<String, serde_json::Value> = PERCENTILES
            .iter()
            .map(|(name, percentile)| ((*name).to_owned(), json!(self.micros(*percentile))))
            .collect();
        json!({
            "work": self.name,
            "seconds": self.seconds,
            "sent": self.sent,
            "received": self.received,
            "sentPerSecond": self.rate(self.sent),
            "receivedPerSecond": self.rate(self.received),
            "cpuMicrosPerMessage": self.cpu_each(),
            "corrected": self.corrected,
            "micros": micros,
            "trouble": self.trouble,
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and nanoseconds of a run are far below 2^52"
)]
const fn as_float(count: u64) -> f64 {
    count as f64
}

/// The processor time of this process so far, threads that ended included, to a hundredth of a second; `None`
/// where the system does not say.
pub(crate) fn cpu_time() -> Option<Duration> {
    // proc(5): fields 14 and 15, in ticks; the name before may hold anything but ends with a bracket.
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    let ticks = |place: usize| fields.split_whitespace().nth(place)?.parse::<u64>().ok();
    let ticks = ticks(11)? + ticks(12)?;
    Some(Duration::from_millis(ticks * MILLIS_PER_TICK))
}

/// Linux counts in hundredths for every program (`USER_HZ`).
const MILLIS_PER_TICK: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_rates_of_what_was_counted() {
        let mut figures = Figures {
            name: "x",
            seconds: 2.0,
            sent: 100,
            received: 50,
            corrected: true,
            times: histogram(),
            cpu: Some(Duration::from_micros(500)),
            trouble: Vec::new(),
            json: true,
        };
        figures.times.record(7_000).unwrap();
        let json = figures.to_json();
        assert_eq!(json["sentPerSecond"], 50.0);
        assert_eq!(json["receivedPerSecond"], 25.0);
        assert_eq!(json["cpuMicrosPerMessage"], 10.0);
        assert!(
            (json["micros"]["p50"].as_f64().unwrap() - 7.0).abs() < 0.2,
            "{json}"
        );
    }

    #[test]
    fn work_costs_processor_time() {
        let Some(before) = cpu_time() else { return };
        let mut sum = 0_u64;
        for n in 0..200_000_000_u64 {
            sum = sum.wrapping_mul(31).wrapping_add(core::hint::black_box(n));
        }
        core::hint::black_box(sum);
        assert!(cpu_time().unwrap() > before);
    }
}
