//! The fields of events that are no struct of their own, as they are read.

use alloc::vec::Vec;

use super::event_fields::ReadFields;
use super::field_reader::{FieldReader, Given};
use super::layout_field::Field;
use super::lists::ReasonCategory;
use crate::agent::{CallAction, DialogId, Text};

/// Fields of events with one or two words.
#[derive(Default)]
pub(super) struct Words {
    pub(super) first: Text,
    pub(super) second: Text,
}

impl ReadFields for Words {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::Status | Field::HasCalls | Field::Code => self.first = reader.word(given),
            Field::CallCount | Field::Text => self.second = reader.value(given),
            _ => {}
        }
    }
}

/// Fields of `DialogControls`.
#[derive(Default)]
pub(super) struct Controls {
    pub(super) dialog: DialogId,
    pub(super) actions: Vec<CallAction>,
}

impl ReadFields for Controls {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::Dialog => self.dialog = reader.word(given),
            Field::Actions => {
                self.actions = reader.list(given, ',', |word| {
                    CallAction::from_wire(reader.word::<Text>(word).as_str())
                })
            }
            _ => {}
        }
    }
}

/// Fields of `ReasonCodes`, in pairs or in two lists.
#[derive(Default)]
pub(super) struct Reasons {
    pub(super) category: Option<ReasonCategory>,
    pub(super) codes: Vec<Text>,
    pub(super) labels: Vec<Text>,
    pub(super) pairs: Vec<(Text, Text)>,
}

impl ReadFields for Reasons {
    fn read(&mut self, field: Field, given: Given<'_>, reader: &FieldReader<'_>) {
        match field {
            Field::Category => {
                let word = reader.word::<Text>(given).non_empty();
                self.category = word.map(|word| ReasonCategory::from_wire(word.as_str()));
            }
            Field::Codes => self.codes = reader.list(given, ',', |item| reader.value(item)),
            Field::Reasons => self.pairs = reader.list(given, '|', |item| reader.pair(item)),
            Field::Labels => self.labels = reader.list(given, ',', |item| reader.value(item)),
            _ => {}
        }
    }
}
