//! The one table of names, labels and field orders.
//!
//! Parser and formatter of both directions follow it; a site whose trace shows another name or
//! order changes the value, not the code.

use alloc::vec::Vec;

use super::command::Verb;
use super::error_code::ErrorCode;
use super::event::EventKind;
use super::layout_field::{Field, Item, Parameter};
use super::layout_json::JsonLayout;
use crate::agent::Text;

/// How commands and events look on the wire. `Layout::default()` is the documented form.
///
/// ```
/// use finewire_core::contract::{ErrorCode, Event, EventKind, Layout, TimeFormat};
///
/// let mut layout = Layout::default();
/// for row in layout.events.iter_mut().filter(|row| row.kind == EventKind::Error) {
///     row.name = "Fault".into();
///     row.fields.reverse();
/// }
///
/// let event = Event::error(ErrorCode::Timeout, "no answer");
/// let text = event.format(&"1001".into(), &layout, &TimeFormat::UTC);
///
/// assert_eq!(text, "1001#Fault#no answer#TIMEOUT");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Commands, by verb.
    pub commands: Vec<CommandLayout>,
    /// Events, by kind.
    pub events: Vec<EventLayout>,
    /// Sub-fields of a party in [`Field::Participants`].
    pub participant: Vec<Slot>,
    /// Sub-fields of a team in [`Field::Teams`].
    pub team: Vec<Slot>,
    /// Sub-fields of a member in `TeamUsersList`.
    pub team_user: Vec<Slot>,
    /// Sub-fields of a queue in `QueueList`.
    pub queue: Vec<Slot>,
    /// Sub-fields of a book in `Phonebooks` and `TeamPhoneBooks`.
    pub phonebook: Vec<Slot>,
    /// Sub-fields of a contact in `PhonebookContacts`.
    pub contact: Vec<Slot>,
    /// The JSON form of events.
    pub json: JsonLayout,
    /// Fixed words.
    pub words: Words,
    /// Error codes that have another name here: the documented word, the site's word.
    pub error_codes: Vec<(Text, Text)>,
    /// Call types of Finesse that have another name here: Finesse's word, our word.
    pub call_types: Vec<(Text, Text)>,
    /// Queues that commands are read from; no driver may name one as its destination.
    pub command_queues: Vec<Text>,
    /// Stands for every character that a value may not hold.
    pub replacement: char,
    /// Protection against oversized input.
    pub limits: Limits,
}

/// Words that are neither verb nor event name nor label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Field 0 of `System` events.
    pub system: Text,
    /// `System`: the connector can serve.
    pub in_service: Text,
    /// `System`: it cannot.
    pub out_of_service: Text,
    /// `System`: connect your agents again.
    pub reconnect: Text,
    /// `ConnectStatus`: the agent is connected.
    pub connected: Text,
    /// `DialogStatus`: there are calls.
    pub calls: Text,
    /// `DialogStatus`: there are none.
    pub no_calls: Text,
    /// `Phonebooks`, `TeamPhoneBooks`: there is no book.
    pub no_phonebook: Text,
    /// `PhonebookContacts`: there is no contact.
    pub no_contact: Text,
    /// First call variable: the caller's number.
    pub ani: Text,
    /// Second call variable: the associated call.
    pub associated: Text,
    /// Names of the plain call variables, which are always sent; ECC variables follow.
    pub call_variables: Vec<Text>,
    /// Call type of a consult call at the party that is consulted.
    pub consulted: Text,
    /// Call type of a call that a supervisor listens to.
    pub monitored: Text,
    /// `Connect`: the password is a bearer token.
    pub sso: Text,
    /// Yes.
    pub yes: Text,
    /// No.
    pub no: Text,
}

/// How one command looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLayout {
    /// Which command.
    pub verb: Verb,
    /// Its name in the JMS type; compared case-insensitively.
    pub name: Text,
    /// Its parameters in the order of the body.
    pub parameters: Vec<ParameterSlot>,
}

/// One place in the body of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterSlot {
    /// What stands there.
    pub parameter: Parameter,
    /// Whether it may be missing or empty.
    pub is_optional: bool,
    /// Whether it goes to the end of the body, commas included.
    pub takes_rest: bool,
}

/// How one event looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLayout {
    /// Which event.
    pub kind: EventKind,
    /// Its name in field 1; compared case-insensitively.
    pub name: Text,
    /// Its fields from index 2 on.
    pub fields: Vec<Slot>,
}

/// One place in an event, or in an item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What stands there.
    pub field: Field,
    /// Written before it with a `:` between; compared case-insensitively, and not needed.
    pub label: Option<Text>,
}

/// Limits of what is read and written; the defaults are far above what real peers need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a command's JMS type: a verb and an agent id or destination.
    pub jms_type: usize,
    /// Bytes of a command's body: `UpdateCallData` may carry all variables (2,000 bytes of ECC
    /// and ten of 40).
    pub command: usize,
    /// Bytes of one value in an event; longer ones are cut.
    pub value: usize,
    /// Items of one list in a field: call variables, parties, teams, reasons.
    pub sub_items: usize,
    /// Items of an event's own list: Finesse gives up to 6,000 contacts.
    pub items: usize,
    /// Bytes of an event that is read.
    pub event: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            jms_type: 512,
            command: 16 * 1024,
            value: 4 * 1024,
            sub_items: 1_000,
            items: 10_000,
            event: 4 * 1024 * 1024,
        }
    }
}

impl Layout {
    /// The command with this name.
    #[must_use]
    pub fn command_named(&self, name: &str) -> Option<&CommandLayout> {
        self.commands
            .iter()
            .find(|row| row.name.as_str().eq_ignore_ascii_case(name))
    }

    /// How a command looks; `None` when the site has taken it out.
    #[must_use]
    pub fn command(&self, verb: Verb) -> Option<&CommandLayout> {
        self.commands.iter().find(|row| row.verb == verb)
    }

    /// The event with this name.
    #[must_use]
    pub fn event_named(&self, name: &str) -> Option<&EventLayout> {
        self.events
            .iter()
            .find(|row| row.name.as_str().eq_ignore_ascii_case(name))
    }

    /// How an event looks; `None` when the site has taken it out.
    #[must_use]
    pub fn event(&self, kind: EventKind) -> Option<&EventLayout> {
        self.events.iter().find(|row| row.kind == kind)
    }

    /// The sub-fields of an item of a list.
    #[must_use]
    pub fn item(&self, item: Item) -> &[Slot] {
        match item {
            Item::Participant => &self.participant,
            Item::Team => &self.team,
            Item::TeamUser => &self.team_user,
            Item::Queue => &self.queue,
            Item::Phonebook => &self.phonebook,
            Item::Contact => &self.contact,
        }
    }

    /// As [`item`](Self::item), to change them.
    pub fn item_mut(&mut self, item: Item) -> &mut Vec<Slot> {
        match item {
            Item::Participant => &mut self.participant,
            Item::Team => &mut self.team,
            Item::TeamUser => &mut self.team_user,
            Item::Queue => &mut self.queue,
            Item::Phonebook => &mut self.phonebook,
            Item::Contact => &mut self.contact,
        }
    }

    /// The word for an empty list of items in the text form; empty where there is none.
    #[must_use]
    pub fn word_for_none(&self, item: Item) -> &str {
        match item {
            Item::Phonebook => self.words.no_phonebook.as_str(),
            Item::Contact => self.words.no_contact.as_str(),
            Item::Participant | Item::Team | Item::TeamUser | Item::Queue => "",
        }
    }

    /// The site's word for an error code.
    #[must_use]
    pub fn error_word<'a>(&'a self, code: &'a ErrorCode) -> &'a str {
        let word = code.as_wire();
        let mut codes = self.error_codes.iter();
        codes
            .find(|(ours, _)| ours.as_str().eq_ignore_ascii_case(word))
            .map_or(word, |(_, theirs)| theirs.as_str())
    }

    /// The error code that a site's word means. Where a site has one word for several, it is the
    /// code of that name, else the first.
    #[must_use]
    pub fn error_code(&self, word: &str) -> ErrorCode {
        let code = ErrorCode::from_wire(word);
        let is_own = !matches!(code, ErrorCode::Other(_))
            && self.error_word(&code).eq_ignore_ascii_case(word.trim());
        let mut codes = self.error_codes.iter();
        let renamed = codes.find(|(_, theirs)| theirs.as_str().eq_ignore_ascii_case(word.trim()));
        match renamed {
            Some((ours, _)) if !is_own => ErrorCode::from_wire(ours.as_str()),
            _ => code,
        }
    }

    /// Our word for a call type of Finesse.
    #[must_use]
    pub fn call_type<'a>(&'a self, finesse: &'a Text) -> &'a Text {
        let mut types = self.call_types.iter();
        let same = |word: &Text| word.as_str().eq_ignore_ascii_case(finesse.as_str());
        types
            .find(|(word, _)| same(word))
            .map_or(finesse, |(_, ours)| ours)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_sites_error_codes_are_written_and_understood() {
        let layout = Layout {
            error_codes: vec![
                ("TIMEOUT".into(), "GENERAL_ERROR".into()),
                ("NOT_SUPPORTED".into(), "UNKNOWN_VERB".into()),
                ("BAD_COMMAND".into(), "UNKNOWN_VERB".into()),
            ],
            ..Layout::default()
        };

        assert_eq!(layout.error_word(&ErrorCode::Timeout), "GENERAL_ERROR");
        assert_eq!(layout.error_word(&ErrorCode::NotFound), "NOT_FOUND");
        assert_eq!(layout.error_code("GENERAL_ERROR"), ErrorCode::GeneralError);
        assert_eq!(layout.error_code(" unknown_verb "), ErrorCode::NotSupported);
        assert_eq!(
            layout.error_code("CF_ODD"),
            ErrorCode::Other("CF_ODD".into())
        );
    }

    #[test]
    fn two_error_codes_may_change_places() {
        let layout = Layout {
            error_codes: vec![
                ("TIMEOUT".into(), "NOT_FOUND".into()),
                ("NOT_FOUND".into(), "TIMEOUT".into()),
            ],
            ..Layout::default()
        };

        for code in [ErrorCode::Timeout, ErrorCode::NotFound] {
            assert_eq!(layout.error_code(layout.error_word(&code)), code);
        }
    }
}
