//! Writes the fields of events so that no value can make a structural character.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt::{Display, Write as _};

use super::event_fields::WriteFields;
use super::event_form::EventFormat;
use super::event_format::Formatted;
use super::field::{bounded, cleaned, cleaned_name, first_of_text, printable};
use super::json::push_string;
use super::layout::{Layout, Slot};
use super::layout_field::Item;
use super::layout_json::JsonKey;
use super::time_format::TimeFormat;
use crate::agent::{AgentId, AgentState};
use crate::machine::UnixMillis;

/// Writes values, in either form, so that only this code can make a structural character.
pub(super) struct FieldWriter<'a> {
    pub(super) layout: &'a Layout,
    form: EventFormat,
    time: TimeFormat,
    text: String,
    replaced: u32,
    cut: u32,
}

impl<'a> FieldWriter<'a> {
    pub(super) fn new(form: EventFormat, layout: &'a Layout, time: TimeFormat) -> Self {
        Self {
            layout,
            form,
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
        let clean = self.clean(value);
        self.push(&clean);
    }

    /// A name or a word: readers cut the blanks around it, also those that replace something.
    pub(super) fn word(&mut self, word: &str) {
        let clean = self.clean(word);
        self.push(clean.trim());
    }

    /// The agent whom the event is for. Where a text begins with it, it must not begin an object.
    pub(super) fn addressee(&mut self, agent: &AgentId) {
        let clean = self.clean(agent.as_str());
        let word = clean.trim();
        let first = match self.text.is_empty() {
            true => first_of_text(word),
            false => word,
        };
        self.replaced = self.replaced.saturating_add((first != word).into());
        self.push(first);
    }

    /// A name with its value.
    pub(super) fn pair(&mut self, name: &str, value: &str) {
        match self.form {
            EventFormat::Text => {
                let (clean, count) = cleaned_name(self.within_limit(name), self.layout.replacement);
                self.replaced = self.replaced.saturating_add(count);
                self.push(&clean);
                self.mark('=');
                self.value(value);
            }
            EventFormat::Json => {
                self.mark('{');
                self.value(name);
                self.mark(':');
                self.value(value);
                self.mark('}');
            }
        }
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
        let text = at.map(|at| self.time.format(at)).unwrap_or_default();
        self.push(&text);
    }

    pub(super) fn yes_or_no(&mut self, is_yes: bool) {
        let words = &self.layout.words;
        match (self.form, is_yes) {
            (EventFormat::Json, true) => self.text.push_str("true"),
            (EventFormat::Json, false) => self.text.push_str("false"),
            (EventFormat::Text, true) => self.value(words.yes.as_str()),
            (EventFormat::Text, false) => self.value(words.no.as_str()),
        }
    }

    pub(super) fn state(&mut self, state: Option<&AgentState>) {
        self.word(state.map_or("", AgentState::as_wire));
    }

    /// A list inside a field; `separator` parts the items of a text.
    pub(super) fn list<'t, T: 't>(
        &mut self,
        items: impl IntoIterator<Item = &'t T>,
        separator: char,
        write: impl FnMut(&mut Self, &T),
    ) {
        let most = self.layout.limits.sub_items;
        match self.form {
            EventFormat::Text => self.list_of(items, separator, most, write),
            EventFormat::Json => {
                self.mark('[');
                self.list_of(items, ',', most, write);
                self.mark(']');
            }
        }
    }

    /// One item of a list with its sub-fields.
    pub(super) fn sub_fields(&mut self, value: &impl WriteFields, item: Item) {
        let layout = self.layout;
        match self.form {
            EventFormat::Text => {
                for (index, slot) in layout.item(item).iter().enumerate() {
                    if index > 0 {
                        self.mark(',');
                    }
                    self.label(slot);
                    value.write(slot.field, self);
                }
            }
            EventFormat::Json => {
                self.mark('{');
                for key in layout.json.item(item) {
                    self.entry(key, |out| value.write(key.field, out));
                }
                self.mark('}');
            }
        }
    }

    /// The event's own list: in a text a field for each item, in JSON one list.
    pub(super) fn items(&mut self, values: &[impl WriteFields], item: Item) {
        let most = self.layout.limits.items;
        if self.form == EventFormat::Json {
            self.mark('[');
            self.list_of(values, ',', most, |out, value| out.sub_fields(value, item));
            self.mark(']');
            return;
        }
        let word_for_none = self.layout.word_for_none(item);
        if values.is_empty() && !word_for_none.is_empty() {
            self.mark('#');
            self.value(word_for_none);
        }
        if !values.is_empty() {
            self.mark('#');
            self.list_of(values, '#', most, |out, value| out.sub_fields(value, item));
        }
    }

    /// A key of an object with what `write` makes its value.
    pub(super) fn entry(&mut self, key: &JsonKey, write: impl FnOnce(&mut Self)) {
        let start = self.text.len();
        // No value ends with a brace that opens: this is the first entry behind it.
        if !self.text.ends_with('{') {
            self.mark(',');
        }
        push_string(&mut self.text, key.key.as_str());
        self.mark(':');
        let value = self.text.len();
        write(self);
        if self.text.len() == value {
            self.push("");
        }
        let is_empty = matches!(self.text.get(value..), Some("\"\"" | "[]"));
        if key.is_optional && is_empty {
            self.text.truncate(start);
        }
    }

    fn list_of<'t, T: 't>(
        &mut self,
        items: impl IntoIterator<Item = &'t T>,
        separator: char,
        most: usize,
        mut write: impl FnMut(&mut Self, &T),
    ) {
        for (index, item) in items.into_iter().enumerate() {
            if index >= most {
                self.cut = self.cut.saturating_add(1);
                return;
            }
            if index > 0 {
                self.mark(separator);
            }
            write(self, item);
        }
    }

    /// Text that holds nothing structural.
    fn push(&mut self, clean: &str) {
        match self.form {
            EventFormat::Text => self.text.push_str(clean),
            EventFormat::Json => push_string(&mut self.text, clean),
        }
    }

    fn clean<'v>(&mut self, value: &'v str) -> Cow<'v, str> {
        let short = self.within_limit(value);
        let (clean, count) = match self.form {
            EventFormat::Text => cleaned(short, self.layout.replacement),
            EventFormat::Json => printable(short, self.layout.replacement),
        };
        self.replaced = self.replaced.saturating_add(count);
        clean
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
