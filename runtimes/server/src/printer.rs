//! Messages as lines for a person: when, who to whom, what.

use core::time::Duration;
use finewire_core::machine::TraceEvent;
use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

/// Prints traces with the time since it was made.
#[derive(Debug)]
pub(crate) struct Printer {
    start: Instant,
    colour: bool,
}

/// How much of a message's content a line shows, in characters.
const DETAIL: usize = 200;

impl Printer {
    pub(crate) fn new() -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            start: Instant::now(),
            colour,
        }
    }

    /// Prints a message that passed.
    pub(crate) fn message(&self, trace: &TraceEvent) {
        let line = line(self.start.elapsed(), trace);
        self.print(&line, "");
    }

    /// Prints what happens besides messages.
    pub(crate) fn note(&self, text: &str) {
        self.print(text, "\x1b[2m");
    }

    /// Prints a heading.
    pub(crate) fn step(&self, text: &str) {
        self.print(&format!("\n{text}"), "\x1b[1m");
    }

    fn print(&self, text: &str, style: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that went away (a closed pipe) is no reason to stop.
        let _ = if self.colour && !style.is_empty() {
            writeln!(out, "{style}{text}\x1b[0m")
        } else {
            writeln!(out, "{text}")
        };
    }
}

fn line(at: Duration, trace: &TraceEvent) -> String {
    let parties = format!("{:>9} → {:<9}", trace.from, trace.to);
    let mut text = format!("{:>8.3} s  {parties}  {}", at.as_secs_f64(), trace.subject);
    if !trace.detail.is_empty() {
        text.push_str("  ");
        text.extend(
            trace
                .detail
                .chars()
                .take(DETAIL)
                .map(|c| if c.is_control() { ' ' } else { c }),
        );
        if trace.detail.chars().nth(DETAIL).is_some() {
            text.push('…');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use finewire_core::machine::Party;

    #[test]
    fn a_line_tells_when_who_to_whom_and_what_on_one_line() {
        let trace = TraceEvent {
            from: Party::Driver,
            to: Party::Connector,
            link: None,
            agent: None,
            subject: "Hello#demo".into(),
            detail: "a\nb".into(),
        };
        assert_eq!(
            line(Duration::from_millis(1234), &trace),
            "   1.234 s     driver → connector  Hello#demo  a b"
        );
    }
}
