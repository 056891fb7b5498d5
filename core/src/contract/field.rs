//! What a value may hold so that it can neither forge nor shift a field.
//!
//! The protocol knows no escaping: `#` parts fields, `|` list items, `,` sub-fields, and a line
//! break could end a message in somebody's log. Values from Finesse can hold all of them (a caller
//! may key `#` into a call variable). Every such character is replaced by one configurable
//! character and counted.

use alloc::borrow::Cow;
use alloc::string::String;

/// Whether a character may not stand in a value of an event.
///
/// ```
/// use finewire_core::contract::field::is_structural;
///
/// assert!(is_structural('#') && is_structural('\n') && is_structural('\u{2028}'));
/// assert!(!is_structural('=') && !is_structural(':') && !is_structural('é'));
/// ```
#[must_use]
pub fn is_structural(character: char) -> bool {
    matches!(character, '#' | '|' | ',') || is_unprintable(character)
}

/// Whether a character is a control character or ends a line: whoever shows or logs a value need
/// not care, whatever its form.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}') || character.is_control()
}

/// A value without structural characters, and how many were replaced.
///
/// ```
/// use finewire_core::contract::field::cleaned;
///
/// assert_eq!(cleaned("12#34", ' '), ("12 34".into(), 1));
/// ```
#[must_use]
pub fn cleaned(value: &str, replacement: char) -> (Cow<'_, str>, u32) {
    replaced(value, replacement, is_structural)
}

/// As [`cleaned`], for values in JSON, where only unprintable characters are replaced.
#[must_use]
pub fn printable(value: &str, replacement: char) -> (Cow<'_, str>, u32) {
    replaced(value, replacement, is_unprintable)
}

/// As [`cleaned`], for the name in `name=value`: a `=` in it would shift the value.
#[must_use]
pub fn cleaned_name(name: &str, replacement: char) -> (Cow<'_, str>, u32) {
    replaced(name, replacement, |character| {
        character == '=' || is_structural(character)
    })
}

/// Whether something written as JSON begins: a brace with a quotation mark behind it, or one that is
/// closed at once. Blanks and control characters do not count.
pub(super) fn begins_an_object(text: &str) -> bool {
    let inside = text.trim_start_matches(is_blank).strip_prefix('{');
    let first = inside.map(|rest| rest.trim_start_matches(is_blank));
    first.is_some_and(|rest| rest.is_empty() || rest.starts_with(['"', '}']))
}

/// A clean word as the first of a text: without the brace that would make the text look like an
/// object to whoever reads it.
pub(super) fn first_of_text(word: &str) -> &str {
    match word.trim_start_matches(is_blank).strip_prefix('{') {
        // What stands behind the dropped brace is no brace that opens, so one is enough.
        Some(rest) if begins_an_object(word) => rest.trim_start_matches(is_blank),
        _ => word,
    }
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

fn replaced(text: &str, replacement: char, is_bad: impl Fn(char) -> bool) -> (Cow<'_, str>, u32) {
    if !text.contains(&is_bad) {
        return (Cow::Borrowed(text), 0);
    }
    let replacement = if is_bad(replacement) {
        ' '
    } else {
        replacement
    };
    let mut count = 0_u32;
    let clean: String = text
        .chars()
        .map(|character| {
            if is_bad(character) {
                count = count.saturating_add(1);
                replacement
            } else {
                character
            }
        })
        .collect();
    (Cow::Owned(clean), count)
}

/// The longest start of `text` of at most `limit` bytes that ends between two characters.
#[must_use]
pub fn bounded(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    // A character has at most four bytes, so one of four neighbouring places is a boundary.
    let mut ends = (limit.saturating_sub(3)..=limit).rev();
    ends.find_map(|end| text.get(..end)).unwrap_or_default()
}

/// Whether a text can be the name of an agent, call or team: it becomes a part of paths and
/// addresses at Finesse, where these characters would lead elsewhere.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let is_bad = |c: char| is_structural(c) || c.is_whitespace() || "/\\?%&<>\"".contains(c);
    !text.is_empty()
        && text.len() <= MAX_NAME
        && text != "."
        && text != ".."
        && !text.contains(is_bad)
}

/// The longest name of an agent, call or team in bytes.
pub const MAX_NAME: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_that_is_structural_itself_becomes_a_blank() {
        assert_eq!(cleaned("a#b", '|'), ("a b".into(), 1));
        assert_eq!(cleaned_name("a=b", '='), ("a b".into(), 1));
    }

    #[test]
    fn every_control_character_and_line_separator_is_replaced() {
        let hostile = "\0\t\r\n\x1b\x7f\u{85}\u{2028}\u{2029}";

        assert_eq!(cleaned(hostile, '_'), ("_________".into(), 9));
    }

    #[test]
    fn a_word_loses_the_brace_that_would_begin_an_object_and_no_other() {
        for (word, first) in [
            ("{ }x", "}x"),
            ("{  \"a", "\"a"),
            ("{}", "}"),
            ("{{}", "{{}"),
            ("{1001}", "{1001}"),
            ("x{}", "x{}"),
            ("", ""),
        ] {
            assert_eq!(first_of_text(word), first, "{word}");
            assert!(!begins_an_object(first), "{word}");
        }
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(bounded("aä€😀", 100), "aä€😀");
        assert_eq!(bounded("aä€😀", 9), "aä€");
        assert_eq!(bounded("aä€😀", 5), "aä");
        assert_eq!(bounded("😀", 3), "");
        assert_eq!(bounded("abc", 0), "");
    }

    #[test]
    fn a_name_cannot_lead_elsewhere() {
        for good in [
            "1001",
            "jehanzeb6",
            "user@example.org",
            "151635_312_1",
            "+4930123",
        ] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "../1002",
            "1001/Dialogs",
            "1001?x",
            "a b",
            "a\\b",
            "a%2fb",
            "a#b",
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
