//! What is wrong with a configuration, all of it at once, with line, column and caret.

use super::redact::mask;
use super::source::{Place, Source};
use core::fmt;
use core::ops::Range;

/// More faults than this are counted, not shown.
const MOST_SHOWN: usize = 50;
/// A line longer than this is shown around the place that is meant, in characters.
const LONGEST_LINE: usize = 160;

/// Gathers faults and warnings while a configuration is checked.
#[derive(Debug)]
pub(crate) struct Faults {
    source: Box<Source>,
    errors: Vec<Fault>,
    warnings: Vec<Fault>,
}

#[derive(Debug)]
struct Fault {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

impl Fault {
    fn new(span: Range<usize>, message: String, hint: &str) -> Self {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        Self {
            span,
            message,
            hint,
        }
    }
}

impl Faults {
    #[cfg(test)]
    pub(crate) fn new(path: &std::path::Path, text: &str) -> Self {
        Self::of(Source::new(path, text))
    }

    pub(crate) fn of(source: Source) -> Self {
        Self {
            source: Box::new(source),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn source_mut(&mut self) -> &mut Source {
        &mut self.source
    }

    /// Notes one fault at `span` (byte offsets).
    pub(crate) fn add(&mut self, span: Range<usize>, message: impl Into<String>, hint: &str) {
        self.errors.push(Fault::new(span, message.into(), hint));
    }

    /// Notes what is dubious at `span`, yet does not stop anybody.
    pub(crate) fn warn(&mut self, span: Range<usize>, message: impl Into<String>, hint: &str) {
        self.warnings.push(Fault::new(span, message.into(), hint));
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Every warning on a line of its own, `place: warning: text (hint)`.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let line = |fault: &Fault| {
            let Place {
                name, line, column, ..
            } = self.source.place(&fault.span);
            let hint = fault.hint.as_ref();
            let hint = hint.map_or(String::new(), |hint| format!(" ({hint})"));
            format!("{name}:{line}:{column}: warning: {}{hint}", fault.message)
        };
        self.warnings.iter().map(line).collect()
    }

    /// `value`, unless a fault was noted.
    ///
    /// # Errors
    ///
    /// The faults.
    pub(crate) fn into_result<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => Err(self),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
        let place = self.source.place(&fault.span);
        let Place {
            name, line, column, ..
        } = place;
        writeln!(f, "{name}:{line}:{column}: {}", fault.message)?;
        let gutter = line.to_string();
        let (text, column, width) = window(&place);
        let blank = gutter.len();
        writeln!(f, "{gutter} | {text}")?;
        let carets = "^".repeat(width);
        writeln!(f, "{:blank$} | {:column$}{carets}", "", "")?;
        if let Some(hint) = &fault.hint {
            writeln!(f, "{:blank$} = hint: {hint}", "")?;
        }
        Ok(())
    }
}

/// What is shown of the place's line, how many characters are before what is meant, and how many it has.
fn window(place: &Place<'_>) -> (String, usize, usize) {
    let masked = mask(place.text);
    let plain = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    let before = place.column - 1;
    let skipped = match before > LONGEST_LINE / 2 && masked.chars().count() > LONGEST_LINE {
        true => before - LONGEST_LINE / 2,
        false => 0,
    };
    let mut shown = masked.chars().skip(skipped).map(plain);
    let text: String = shown.by_ref().take(LONGEST_LINE).collect();
    let column = before - skipped;
    let width = place.width.min(LONGEST_LINE - column.min(LONGEST_LINE - 1));
    let (head, tail) = (skipped > 0, shown.next().is_some());
    let text = format!(
        "{}{text}{}",
        if head { "…" } else { "" },
        if tail { "…" } else { "" }
    );
    (text, column + usize::from(head), width)
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors: Vec<&Fault> = self.errors.iter().collect();
        errors.sort_by_key(|fault| fault.span.start);
        for fault in errors.iter().take(MOST_SHOWN) {
            self.write(f, fault)?;
        }
        let count = errors.len();
        if count > MOST_SHOWN {
            writeln!(f, "… and {} more", count - MOST_SHOWN)?;
        }
        let s = if count == 1 { "" } else { "s" };
        write!(f, "{count} error{s} in {}", self.source.path().display())
    }
}

impl core::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_fault_shows_line_column_caret_and_hint() {
        let text = "[a]\nzone = \"Mars\"\n";
        let mut faults = Faults::new(Path::new("x.toml"), text);
        faults.add(11..17, "unknown zone", "use UTC");

        assert_eq!(
            faults.to_string(),
            "x.toml:2:8: unknown zone\n2 | zone = \"Mars\"\n  |        ^^^^^^\n  = hint: use UTC\n\
             1 error in x.toml"
        );
    }

    #[test]
    fn faults_come_in_the_order_of_the_file_and_the_carets_of_a_line_stay_in_it() {
        let mut faults = Faults::new(Path::new("x.toml"), "a = \"ö\"\nb = 2\n");
        faults.add(9..1000, "second", "");
        faults.add(4..8, "first", "");
        assert_eq!(
            faults.to_string(),
            "x.toml:1:5: first\n1 | a = \"ö\"\n  |     ^^^\nx.toml:2:1: second\n2 | b = 2\n  | ^^^^^\n\
             2 errors in x.toml"
        );
    }

    #[test]
    fn a_long_line_is_shown_around_the_place_and_many_faults_are_counted() {
        let text = format!("a = \"{}!{}\"", "x".repeat(5000), "y".repeat(5000));
        let mut faults = Faults::new(Path::new("x.toml"), &text);
        faults.add(5005..5006, "odd", "");
        let shown = faults.to_string();
        assert!(shown.chars().count() < 500, "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines[2].find('^').unwrap();
        assert_eq!(lines[1].chars().nth(at), Some('!'), "{shown}");
        for _ in 0..MOST_SHOWN + 2 {
            faults.add(0..1, "again", "");
        }
        assert!(
            faults.to_string().contains("and 3 more\n53 errors"),
            "{faults}"
        );
    }

    #[test]
    fn what_is_secret_in_an_address_is_not_repeated() {
        let text = "url = \"tcp://joe:hunter2@h:x\"";
        let mut faults = Faults::new(Path::new("x.toml"), text);
        faults.add(6..text.len(), "no port", "");
        assert!(!faults.to_string().contains("hunter2"), "{faults}");
        assert!(
            faults.to_string().contains("tcp://joe:*******@h:x"),
            "{faults}"
        );
    }
}
