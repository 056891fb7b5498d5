//! Reads the fields of events by their place in the layout.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::event_fields::ReadFields;
use super::field::{cleaned, is_structural};
use super::layout::{EventLayout, Layout, Slot};
use super::time_format::TimeFormat;
use crate::machine::UnixMillis;

/// Reads fields by the layout.
pub(super) struct FieldReader<'a> {
    pub(super) layout: &'a Layout,
    pub(super) time: TimeFormat,
}

impl FieldReader<'_> {
    /// Fills `target` with the fields of an event.
    pub(super) fn fields<'t, T: ReadFields>(
        &self,
        mut target: T,
        row: &EventLayout,
        fields: impl Iterator<Item = &'t str>,
    ) -> T {
        for (slot, text) in row.fields.iter().zip(fields) {
            target.read(slot.field, without_label(slot, text), self);
        }
        target
    }

    /// One item for every field that is neither empty nor the word for an empty list.
    pub(super) fn items<'t, T: ReadFields + Default>(
        &self,
        fields: impl Iterator<Item = &'t str>,
        slots: &[Slot],
        word_for_none: &str,
    ) -> Vec<T> {
        let is_item = |text: &&str| !text.is_empty() && !text.eq_ignore_ascii_case(word_for_none);
        fields
            .filter(is_item)
            .take(self.layout.limits.items)
            .map(|text| self.sub_fields(text, slots))
            .collect()
    }

    /// One item of a list: sub-fields parted by `,`.
    pub(super) fn sub_fields<T: ReadFields + Default>(&self, text: &str, slots: &[Slot]) -> T {
        let mut item = T::default();
        for (slot, text) in slots.iter().zip(text.split(',')) {
            item.read(slot.field, without_label(slot, text), self);
        }
        item
    }

    /// The items of a list inside a field.
    pub(super) fn list<T>(&self, text: &str, separator: char, read: impl Fn(&str) -> T) -> Vec<T> {
        if text.is_empty() {
            return Vec::new();
        }
        text.split(separator)
            .take(self.layout.limits.sub_items)
            .map(read)
            .collect()
    }

    /// A name or a word, as one that was written here would be.
    pub(super) fn word<T: for<'t> From<&'t str>>(&self, text: &str) -> T {
        cleaned(text, self.layout.replacement).0.trim().into()
    }

    pub(super) fn time(&self, text: &str) -> Option<UnixMillis> {
        self.time.parse(text)
    }

    pub(super) fn is_yes(&self, text: &str) -> bool {
        text.trim()
            .eq_ignore_ascii_case(self.layout.words.yes.as_str())
    }
}

/// Control characters have no place in an event; whoever shows or logs a value need not care.
pub(super) fn without_control(text: &str, replacement: char) -> Cow<'_, str> {
    let is_bad = |c: char| is_structural(c) && !"#|,".contains(c);
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let replacement = if is_structural(replacement) {
        ' '
    } else {
        replacement
    };
    Cow::Owned(
        text.chars()
            .map(|c| if is_bad(c) { replacement } else { c })
            .collect(),
    )
}

fn without_label<'t>(slot: &Slot, text: &'t str) -> &'t str {
    let Some(label) = &slot.label else {
        return text;
    };
    let Some((start, value)) = text.split_once(':') else {
        return text;
    };
    if start.trim().eq_ignore_ascii_case(label.as_str()) {
        value
    } else {
        text
    }
}
