//! The JSON form of events: keys and their order, as data.
//!
//! Marks: `D` vendor documentation (the samples of `State` and `ReasonCodes`), else finewire's own
//! choice, which a trace from a site corrects.

use alloc::vec::Vec;

use super::event::EventKind;
use super::layout_field::{Field as F, Item};
use crate::agent::Text;

/// How events look as JSON. The value of [`type_key`](Self::type_key) is the event's name, the same
/// as in the text form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonLayout {
    /// The key that names the event; always the first.
    pub type_key: Text,
    /// Events, by kind.
    pub events: Vec<JsonEvent>,
    /// Objects in lists, by what they are.
    pub items: Vec<JsonItem>,
}

/// How one event looks as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonEvent {
    /// Which event.
    pub kind: EventKind,
    /// Its keys in order, behind the type.
    pub keys: Vec<JsonKey>,
}

/// How one object in a list looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonItem {
    /// What it is.
    pub item: Item,
    /// Its keys in order.
    pub keys: Vec<JsonKey>,
}

/// One entry of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonKey {
    /// What stands there.
    pub field: F,
    /// The key; compared case-insensitively.
    pub key: Text,
    /// Whether the entry is left out when there is nothing to say.
    pub is_optional: bool,
}

impl JsonLayout {
    /// The keys of an event.
    #[must_use]
    pub fn event(&self, kind: EventKind) -> &[JsonKey] {
        let mut events = self.events.iter();
        events
            .find(|row| row.kind == kind)
            .map_or(&[], |row| row.keys.as_slice())
    }

    /// The keys of an object in a list.
    #[must_use]
    pub fn item(&self, item: Item) -> &[JsonKey] {
        let mut items = self.items.iter();
        items
            .find(|row| row.item == item)
            .map_or(&[], |row| row.keys.as_slice())
    }
}

impl Default for JsonLayout {
    fn default() -> Self {
        let event = |&(kind, rows): &(EventKind, &[KeyRow])| JsonEvent {
            kind,
            keys: keys(rows),
        };
        let item = |&(item, rows): &(Item, &[KeyRow])| JsonItem {
            item,
            keys: keys(rows),
        };
        Self {
            type_key: "type".into(), // D
            events: EVENTS.iter().map(event).collect(),
            items: ITEMS.iter().map(item).collect(),
        }
    }
}

/// A field with its key; a `?` before the key: left out when empty.
type KeyRow = (F, &'static str);

const TO: KeyRow = (F::To, "agentId"); // D

const CALL: &[KeyRow] = &[
    TO,
    (F::State, "state"),
    (F::Dialog, "dialogId"),
    (F::Address, "fromAddress"),
    (F::Variables, "callVariables"),
    (F::Started, "startTime"),
    (F::CallType, "callType"),
    (F::ParticipantCount, "participantsCount"),
    (F::Participants, "participants"),
];

const CONSULT: &[KeyRow] = &[
    TO,
    (F::State, "state"),
    (F::Dialog, "dialogId"),
    (F::Address, "consultedNumber"),
    (F::Variables, "callVariables"),
    (F::Started, "startTime"),
    (F::CallType, "callType"),
    (F::ParticipantCount, "participantsCount"),
    (F::Participants, "participants"),
];

const NEW_OUTBOUND: &[KeyRow] = &[
    TO,
    (F::Address, "toAddress"),
    (F::Variables, "callVariables"),
    (F::Dialog, "dialogId"),
    (F::CallType, "callType"),
    (F::Started, "startTime"),
];

const NEW_CALL: &[KeyRow] = &[
    TO,
    (F::Address, "fromAddress"),
    (F::Variables, "callVariables"),
    (F::Dialog, "dialogId"),
    (F::CallType, "callType"),
    (F::Started, "startTime"),
];

const REFUSED: &[KeyRow] = &[TO, (F::Code, "code"), (F::Text, "text")];
const BOOKS: &[KeyRow] = &[TO, (F::Items, "phonebooks")];

const EVENTS: &[(EventKind, &[KeyRow])] = &[
    (EventKind::System, &[TO, (F::Status, "status")]),
    (EventKind::ConnectStatus, &[TO, (F::Status, "status")]),
    (
        EventKind::State,
        &[
            TO,                                   // D
            (F::State, "state"),                  // D
            (F::ReasonCode, "reasonCode"),        // D
            (F::Empty, "stateChangeTimeString"),  // D, always empty there
            (F::PendingState, "pendingState"),    // D
            (F::StateChanged, "stateChangeTime"), // D
            (F::ReasonLabel, "?reasonLabel"),
            (F::FullName, "?fullName"),
            (F::OtherAgent, "?loginId"),
            (F::Extension, "?extension"),
        ],
    ),
    (
        EventKind::AgentInfo,
        &[
            TO,
            (F::FirstName, "firstName"),
            (F::LastName, "lastName"),
            (F::IsSupervisor, "isSupervisor"),
            (F::WrapUpMode, "wrapUpMode"),
            (F::TeamCount, "teamsCount"),
            (F::Teams, "teams"),
            (F::TeamId, "teamId"),
            (F::FullName, "fullName"),
        ],
    ),
    (
        EventKind::DialogStatus,
        &[TO, (F::HasCalls, "status"), (F::CallCount, "callsCount")],
    ),
    (EventKind::NewInboundCall, NEW_CALL),
    (EventKind::NewOutboundCall, NEW_OUTBOUND),
    (EventKind::InboundCall, CALL),
    (EventKind::ConsultCall, CONSULT),
    (EventKind::DialogState, CALL),
    (
        EventKind::DialogControls,
        &[TO, (F::Dialog, "dialogId"), (F::Actions, "controls")],
    ),
    (
        EventKind::ReasonCodes, // D
        &[(F::Category, "category"), (F::Reasons, "reasonCodes"), TO],
    ),
    (EventKind::TeamUsersList, &[TO, (F::Items, "users")]),
    (EventKind::QueueList, &[TO, (F::Items, "queues")]),
    (EventKind::Phonebooks, BOOKS),
    (EventKind::TeamPhonebooks, BOOKS),
    (EventKind::PhonebookContacts, &[TO, (F::Items, "contacts")]),
    (EventKind::Error, REFUSED),
    (EventKind::Control, REFUSED),
];

const ITEMS: &[(Item, &[KeyRow])] = &[
    (
        Item::Participant,
        &[
            (F::Address, "address"),
            (F::State, "state"),
            (F::Device, "deviceType"),
            (F::Role, "role"),
            (F::Started, "startTime"),
        ],
    ),
    (Item::Team, &[(F::TeamId, "id"), (F::TeamName, "name")]),
    (
        Item::TeamUser,
        &[
            (F::FirstName, "firstName"),
            (F::LastName, "lastName"),
            (F::Extension, "extension"),
            (F::Agent, "loginId"),
            (F::State, "state"),
            (F::ReasonCode, "reasonCode"),
            (F::PendingState, "pendingState"),
            (F::StateChanged, "stateChangeTime"),
        ],
    ),
    (
        Item::Queue,
        &[
            (F::QueueName, "name"),
            (F::AgentsNotReady, "agentsNotReady"),
            (F::AgentsReady, "agentsReady"),
            (F::TalkingInbound, "talkingInbound"),
            (F::TalkingInternal, "talkingInternal"),
            (F::TalkingOutbound, "talkingOutbound"),
            (F::WrapUpNotReady, "wrapUpNotReady"),
            (F::WrapUpReady, "wrapUpReady"),
            (F::CallsInQueue, "callsInQueue"),
            (F::LongestCallSince, "startTimeOfLongestCallInQueue"),
        ],
    ),
    (
        Item::Phonebook,
        &[
            (F::BookName, "name"),
            (F::BookScope, "type"),
            (F::BookId, "id"),
        ],
    ),
    (
        Item::Contact,
        &[
            (F::Description, "description"),
            (F::FirstName, "firstName"),
            (F::LastName, "lastName"),
            (F::PhoneNumber, "phoneNumber"),
            (F::ContactId, "id"),
        ],
    ),
];

fn keys(rows: &[KeyRow]) -> Vec<JsonKey> {
    let key = |&(field, key): &KeyRow| JsonKey {
        field,
        key: key.trim_start_matches('?').into(),
        is_optional: key.starts_with('?'),
    };
    rows.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::contract::Layout;

    #[test]
    fn every_event_and_every_item_has_exactly_one_row() {
        let json = JsonLayout::default();

        for kind in EventKind::ALL {
            let rows = json.events.iter().filter(|row| row.kind == *kind);
            assert_eq!(rows.count(), 1, "{kind:?}");
        }
        for item in Item::ALL {
            let rows = json.items.iter().filter(|row| row.item == *item);
            assert_eq!(rows.count(), 1, "{item:?}");
        }
    }

    #[test]
    fn every_event_names_the_agent_it_is_addressed_to() {
        for row in JsonLayout::default().events {
            assert!(
                row.keys.iter().any(|key| key.field == F::To),
                "{:?}",
                row.kind
            );
        }
    }
    #[test]
    fn the_page_about_layouts_lists_every_key() {
        let documented = Layout::default();
        let row = |name: &str, keys: &[JsonKey]| {
            let keys: Vec<String> = keys
                .iter()
                .map(|key| {
                    alloc::format!("`{}`{}", key.key, if key.is_optional { "?" } else { "" })
                })
                .collect();
            alloc::format!("| `{name}` | {} |\n", keys.join(", "))
        };
        let mut rows = String::new();
        for event in &documented.events {
            rows += &row(event.name.as_str(), documented.json.event(event.kind));
        }
        for item in Item::ALL {
            rows += &row(item.name(), documented.json.item(*item));
        }

        assert!(include_str!("LAYOUT.md").contains(&rows), "{rows}");
    }
}
