//! The line for people: time, level, code, text, and what else there is to know.

use core::fmt;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// How a line is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Human {
    pub(super) is_colored: bool,
}

impl<S, N> FormatEvent<S, N> for Human
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
        let level = *event.metadata().level();
        let (begin, end) = match self.is_colored {
            true => (color(level), "\x1b[0m"),
            false => ("", ""),
        };
        let code = if parts.code.is_empty() {
            "-"
        } else {
            &parts.code
        };
        write!(writer, "{at} {begin}{level:5}{end} {code:7} ")?;
        writeln!(writer, "{}{}", OneLine(&parts.text), OneLine(&parts.rest))
    }
}

const fn color(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}

#[derive(Default)]
struct Parts {
    code: String,
    text: String,
    rest: String,
}

impl Visit for Parts {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "code" => self.code.push_str(value),
            "message" => self.text.push_str(value),
            // The text names it.
            "agent" => {}
            name => self.rest.push_str(&format!(" {name}={value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// A text from outside cannot begin a line of its own, nor command a terminal.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_stays_on_its_line() {
        let text = OneLine("refused\n2026-01-01 ERROR forged\x1b[2J").to_string();
        assert_eq!(text, "refused\\n2026-01-01 ERROR forged\\u{1b}[2J");
    }
}
