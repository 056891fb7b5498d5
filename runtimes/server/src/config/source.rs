//! Where the words of a configuration come from: the file, then the environment.

use core::fmt;
use core::ops::Range;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A configuration file is at most this long; the longest real ones (a whole layout) have some 30 kB.
pub(crate) const LONGEST_FILE: u64 = 1024 * 1024;
/// The value of a variable is at most this long, in bytes.
const LONGEST_VALUE: usize = 64 * 1024;
/// So many variables are looked at.
const MOST_VARIABLES: usize = 1000;
/// What the names of our variables begin with.
pub(crate) const PREFIX: &str = "FINEWIRE_";

/// Why there is nothing to check.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The system does not let us.
    #[error("cannot read {}: {why}", path.display())]
    System {
        path: PathBuf,
        #[source]
        why: std::io::Error,
    },
    /// More than [`LONGEST_FILE`].
    #[error("{} is longer than {LONGEST_FILE} bytes: not a configuration", path.display())]
    TooLong { path: PathBuf },
    /// Not UTF-8.
    #[error("{}:{line}: byte {byte} of the file is not UTF-8", path.display())]
    NotText {
        path: PathBuf,
        line: usize,
        byte: usize,
    },
}

/// The bytes of a file, at most [`LONGEST_FILE`]. Nothing longer is ever in memory.
///
/// # Errors
///
/// It cannot be read, or is too long.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let system = |why| Unreadable::System {
        path: path.into(),
        why,
    };
    let file = std::fs::File::open(path).map_err(system)?;
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(system)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST_FILE) {
        return Err(Unreadable::TooLong { path: path.into() });
    }
    Ok(bytes)
}

/// The text of a file, as [`read_bytes`].
///
/// # Errors
///
/// As [`read_bytes`], and when it is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String, Unreadable> {
    String::from_utf8(read_bytes(path)?).map_err(|e| {
        let byte = e.utf8_error().valid_up_to();
        let before = e.as_bytes().get(..byte).unwrap_or_default();
        Unreadable::NotText {
            path: path.into(),
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            byte: byte + 1,
        }
    })
}

/// The variables of this process that may change the configuration, in order.
pub(crate) fn variables() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let value = value.into_string().ok()?;
            (name.starts_with(PREFIX) && value.len() <= LONGEST_VALUE).then_some((name, value))
        })
        .take(MOST_VARIABLES)
        .collect();
    all.sort();
    all
}

/// The file's text with the values of variables behind it, so that one span can point into any of them.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    path: PathBuf,
    text: String,
    /// How long the file is; the rest are variables.
    file: usize,
    variables: Vec<(String, Range<usize>)>,
}

/// A place in a [`Source`]: for the reader, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// The file's path or the variable's name.
    pub(crate) name: Name<'a>,
    pub(crate) line: usize,
    /// In characters.
    pub(crate) column: usize,
    /// The whole line.
    pub(crate) text: &'a str,
    /// How many characters of the line are meant.
    pub(crate) width: usize,
}

/// Where a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    File(&'a Path),
    Variable(&'a str),
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

impl Source {
    pub(crate) fn new(path: &Path, text: &str) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            file: text.len(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the file alone.
    pub(crate) fn file(&self) -> &str {
        self.text.get(..self.file).unwrap_or_default()
    }

    /// Where a span behind the file's last character is.
    pub(crate) const fn end(&self) -> Range<usize> {
        self.file..self.file
    }

    /// Puts the value of a variable behind the rest; gives its span.
    pub(crate) fn add_variable(&mut self, name: &str, value: &str) -> Range<usize> {
        if self.variables.is_empty() {
            // What is at the end of the file is not at the start of a variable.
            self.text.push('\n');
        }
        let start = self.text.len();
        self.text.push_str(value);
        let span = start..self.text.len();
        // Spans of empty values are different too.
        self.text.push('\n');
        self.variables.push((name.into(), span.clone()));
        span
    }

    /// What a span is about. Spans that point nowhere, as no span of ours does, point at the end.
    pub(crate) fn place(&self, span: &Range<usize>) -> Place<'_> {
        let variable = self
            .variables
            .iter()
            .find(|(_, of)| span.start >= of.start && span.start <= of.end);
        let (name, text, start) = match variable {
            Some((name, of)) => (
                Name::Variable(name),
                self.text.get(of.clone()).unwrap_or_default(),
                span.start - of.start,
            ),
            None => (Name::File(&self.path), self.file(), span.start),
        };
        let mut start = start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let head = before.get(line_start..).unwrap_or_default();
        let rest = after.lines().next().unwrap_or_default();
        let meant = rest
            .char_indices()
            .take_while(|(at, _)| *at < span.len())
            .count();
        Place {
            name,
            line: before.matches('\n').count() + 1,
            column: head.chars().count() + 1,
            text: text.get(line_start..start + rest.len()).unwrap_or_default(),
            width: meant.max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_found_in_the_file_or_in_its_variable() {
        let mut source = Source::new(Path::new("a.toml"), "a = 1\nbü = \"xy\"\n");
        let first = source.add_variable("FINEWIRE_A", "77");
        let empty = source.add_variable("FINEWIRE_B", "");
        let last = source.add_variable("FINEWIRE_C", "8");

        let place = source.place(&(12..16));
        assert_eq!((place.line, place.column, place.width), (2, 6, 4));
        assert_eq!(place.text, "bü = \"xy\"");
        for (span, name, text) in [
            (first, "FINEWIRE_A", "77"),
            (empty, "FINEWIRE_B", ""),
            (last, "FINEWIRE_C", "8"),
        ] {
            let place = source.place(&span);
            assert_eq!(place.name, Name::Variable(name));
            assert_eq!((place.text, place.line, place.column), (text, 1, 1));
        }
        assert_eq!(source.place(&source.end()).line, 3);
    }

    #[test]
    fn a_file_that_is_too_long_or_no_text_is_refused_by_name() {
        let folder = std::env::temp_dir().join(format!("finewire-source-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("c.toml");
        std::fs::write(&path, b"a\nb\xff").unwrap();
        let found = read_text(&path).unwrap_err();
        assert!(
            matches!(
                found,
                Unreadable::NotText {
                    line: 2,
                    byte: 4,
                    ..
                }
            ),
            "{found}"
        );
        let size = usize::try_from(LONGEST_FILE).unwrap();
        std::fs::write(&path, vec![b' '; size]).unwrap();
        assert_eq!(read_text(&path).unwrap().len(), size);
        std::fs::write(&path, vec![b' '; size + 1]).unwrap();
        assert!(matches!(read_text(&path), Err(Unreadable::TooLong { .. })));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
