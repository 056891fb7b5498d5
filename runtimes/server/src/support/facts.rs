//! What the machine and its operating system are, as far as a support case may need it.

use core::fmt::Write as _;
use std::io::Read as _;

/// Where Linux tells of itself; elsewhere nothing is there.
const FILES: [&str; 7] = [
    "/etc/os-release",
    "/proc/version",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/self/limits",
    "/etc/resolv.conf",
    "/etc/hosts",
];
const LONGEST: u64 = 16 * 1024;

/// The facts as text.
pub(crate) fn facts() -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn core::fmt::Display| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{name:<10} {value}");
    };
    line("finewire", &env!("CARGO_PKG_VERSION"));
    line("system", &std::env::consts::OS);
    line("processor", &std::env::consts::ARCH);
    if let Ok(count) = std::thread::available_parallelism() {
        line("cores", &count);
    }
    line("time", &jiff::Timestamp::now());
    let zone = jiff::tz::TimeZone::system();
    line("zone", &zone.iana_name().unwrap_or("unknown"));
    for path in FILES {
        let mut content = String::new();
        if let Ok(file) = std::fs::File::open(path)
            && file.take(LONGEST).read_to_string(&mut content).is_ok()
        {
            let _ = write!(text, "\n== {path}\n{content}");
        }
    }
    text
}
