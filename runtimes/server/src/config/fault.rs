//! What is wrong with a configuration file, all of it at once, with line, column and caret.

use core::fmt;
use core::ops::Range;
use std::path::{Path, PathBuf};

/// Gathers faults while a file is checked.
#[derive(Debug)]
pub(crate) struct Faults {
    path: PathBuf,
    text: String,
    list: Vec<Fault>,
}

#[derive(Debug)]
struct Fault {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

impl Faults {
    pub(crate) fn new(path: &Path, text: &str) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            list: Vec::new(),
        }
    }

    /// Notes one fault at `span` (byte offsets).
    pub(crate) fn add(&mut self, span: Range<usize>, message: impl Into<String>, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.list.push(Fault {
            span,
            message: message.into(),
            hint,
        });
    }

    /// `value`, unless anything was noted.
    pub(crate) fn into_result<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => Err(self),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
        let start = fault.span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or_default();
        let line_number = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(line_start..).unwrap_or_default();
        let line = line.lines().next().unwrap_or_default();
        let column = before.get(line_start..).unwrap_or_default().chars().count();
        let width = fault
            .span
            .len()
            .clamp(1, line.len().saturating_sub(column).max(1));
        let path = self.path.display();
        writeln!(f, "{path}:{line_number}:{}: {}", column + 1, fault.message)?;
        let gutter = line_number.to_string();
        writeln!(f, "{gutter} | {line}")?;
        writeln!(
            f,
            "{:gutter$} | {:column$}{}",
            "",
            "",
            "^".repeat(width),
            gutter = gutter.len()
        )?;
        if let Some(hint) = &fault.hint {
            writeln!(f, "{:gutter$} = hint: {hint}", "", gutter = gutter.len())?;
        }
        Ok(())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.list {
            self.write(f, fault)?;
        }
        let count = self.list.len();
        write!(
            f,
            "{count} error{} in {}",
            if count == 1 { "" } else { "s" },
            self.path.display()
        )
    }
}

impl core::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

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
}
