//! Writes the fields of events so that no value can make a structural character.

use alloc::string::String;
use core::fmt::{Display, Write as _};

use super::event_fields::WriteFields;
use super::event_format::Formatted;
use super::field::{bounded, cleaned, cleaned_name};
use super::layout::{Layout, Slot};
use super::time_format::TimeFormat;
use crate::agent::AgentState;
use crate::machine::UnixMillis;

/// Writes values so that only this code can make a structural character.
pub(super) struct FieldWriter<'a> {
    pub(super) layout: &'a Layout,
    time: TimeFormat,
    text: String,
    replaced: u32,
    cut: u32,
}

impl<'a> FieldWriter<'a> {
    pub(super) fn new(layout: &'a Layout, time: TimeFormat) -> Self {
        Self {
            layout,
            time,
            text: String::with_capacity(256),
            replaced: 0,
            cut: 0,
        }
    }

    pub(super) fn finish(self) -> Formatted {
        Formatted {
            text: self.text,
            replaced: self.replaced,
            cut: self.cut,
        }
    }

    /// A structural character.
    pub(super) fn mark(&mut self, mark: char) {
        self.text.push(mark);
    }

    pub(super) fn label(&mut self, slot: &Slot) {
        if let Some(label) = &slot.label {
            self.text.push_str(label.as_str());
            self.text.push(':');
        }
    }

    pub(super) fn value(&mut self, value: &str) {
        let (clean, count) = cleaned(self.within_limit(value), self.layout.replacement);
        self.replaced = self.replaced.saturating_add(count);
        self.text.push_str(&clean);
    }

    /// A name or a word: readers cut the blanks around it, also those that replace something.
    pub(super) fn word(&mut self, word: &str) {
        let (clean, count) = cleaned(self.within_limit(word), self.layout.replacement);
        self.replaced = self.replaced.saturating_add(count);
        self.text.push_str(clean.trim());
    }

    pub(super) fn name(&mut self, name: &str) {
        let (clean, count) = cleaned_name(self.within_limit(name), self.layout.replacement);
        self.replaced = self.replaced.saturating_add(count);
        self.text.push_str(&clean);
    }

    pub(super) fn number(&mut self, number: impl Display) {
        // Writing into a string cannot fail.
        let _ = write!(self.text, "{number}");
    }

    /// Finesse's `-1` for a number it does not know.
    pub(super) fn statistic(&mut self, number: Option<u32>) {
        match number {
            Some(number) => self.number(number),
            None => self.text.push_str("-1"),
        }
    }

    pub(super) fn time(&mut self, at: Option<UnixMillis>) {
        if let Some(at) = at {
            self.text.push_str(&self.time.format(at));
        }
    }

    pub(super) fn yes_or_no(&mut self, is_yes: bool) {
        let words = &self.layout.words;
        self.value(if is_yes {
            words.yes.as_str()
        } else {
            words.no.as_str()
        });
    }

    pub(super) fn state(&mut self, state: Option<&AgentState>) {
        self.word(state.map_or("", AgentState::as_wire));
    }

    pub(super) fn list<'t, T: 't>(
        &mut self,
        items: impl IntoIterator<Item = &'t T>,
        separator: char,
        mut write: impl FnMut(&mut Self, &T),
    ) {
        for (index, item) in items.into_iter().enumerate() {
            if index >= self.layout.limits.sub_items {
                self.cut = self.cut.saturating_add(1);
                return;
            }
            if index > 0 {
                self.mark(separator);
            }
            write(self, item);
        }
    }

    pub(super) fn sub_fields(&mut self, item: &impl WriteFields, slots: &[Slot]) {
        for (index, slot) in slots.iter().enumerate() {
            if index > 0 {
                self.mark(',');
            }
            self.label(slot);
            item.write(slot.field, self);
        }
    }

    pub(super) fn items(
        &mut self,
        items: &[impl WriteFields],
        slots: &[Slot],
        word_for_none: &str,
    ) {
        if items.is_empty() && !word_for_none.is_empty() {
            self.mark('#');
            self.value(word_for_none);
        }
        if items.len() > self.layout.limits.items {
            self.cut = self.cut.saturating_add(1);
        }
        for item in items.iter().take(self.layout.limits.items) {
            self.mark('#');
            self.sub_fields(item, slots);
        }
    }

    /// As much of the value as the limits of a value and of the whole event allow.
    fn within_limit<'v>(&mut self, value: &'v str) -> &'v str {
        let limits = &self.layout.limits;
        let room = limits.event.saturating_sub(self.text.len());
        let short = bounded(value, limits.value.min(room));
        if short.len() < value.len() {
            self.cut = self.cut.saturating_add(1);
        }
        short
    }
}
