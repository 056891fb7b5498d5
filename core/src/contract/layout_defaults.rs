//! The documented form of the protocol, as data.
//!
//! Marks: `D` vendor documentation, `C` seen in public client code or a capture, `O` finewire's
//! own choice where nothing public says it. A trace from a site corrects the rows marked `O`.

use alloc::vec::Vec;

use super::command::Verb;
use super::event::EventKind;
use super::layout::{CommandLayout, EventLayout, Layout, Limits, ParameterSlot, Slot, Words};
use super::layout_field::{Field as F, Parameter as P};
use super::layout_json::JsonLayout;

impl Default for Layout {
    fn default() -> Self {
        Self {
            commands: COMMANDS.iter().map(command).collect(),
            events: EVENTS.iter().map(event).collect(),
            participant: slots(PARTICIPANT),
            team: slots(TEAM),
            team_user: slots(TEAM_USER),
            queue: slots(QUEUE),
            phonebook: slots(PHONEBOOK),
            contact: slots(CONTACT),
            json: JsonLayout::default(),
            words: Words::default(),
            error_codes: Vec::new(),
            call_types: CALL_TYPES
                .iter()
                .map(|&(theirs, ours)| (theirs.into(), ours.into()))
                .collect(),
            command_queues: alloc::vec!["Connector1".into()],
            replacement: ' ',
            limits: Limits::default(),
        }
    }
}

impl Default for Words {
    fn default() -> Self {
        Self {
            system: "System".into(),                     // O
            in_service: "IN_SERVICE".into(),             // D C
            out_of_service: "OUT_OF_SERVICE".into(),     // D C
            reconnect: "RECONNECT".into(),               // D C
            connected: "CONNECTED".into(),               // O
            calls: "ACTIVE".into(),                      // O
            no_calls: "NONE".into(),                     // O
            no_phonebook: "NoTeamPhoneBookFound".into(), // C
            no_contact: "NoContactFound".into(),         // C
            ani: "ani".into(),                           // C
            associated: "associatedDialogId".into(),     // C
            call_variables: (1..=10)
                .map(|n| alloc::format!("callVariable{n}").into())
                .collect(),
            consulted: "CONSULT_IN".into(), // C
            monitored: "SM".into(),         // C
            sso: "SSO".into(),              // D
            yes: "true".into(),
            no: "false".into(),
        }
    }
}

/// Name, verb, parameters. `?` before a parameter: may be missing; `*`: goes to the end.
type CommandRow = (&'static str, Verb, &'static [(char, P)]);

const DIALOG_ONLY: &[(char, P)] = &[(' ', P::Dialog)];
const NUMBER_DIALOG: &[(char, P)] = &[(' ', P::Number), (' ', P::Dialog)];
const EXTENSION_DIALOG: &[(char, P)] = &[(' ', P::Extension), (' ', P::Dialog)];

const COMMANDS: &[CommandRow] = &[
    ("Hello", Verb::Hello, &[]), // D C
    ("Beat", Verb::Beat, &[]),   // D
    (
        "Connect",
        Verb::Connect,
        &[(' ', P::Destination), ('?', P::Password), ('?', P::Sso)],
    ), // D C
    (
        "Login",
        Verb::Login,
        &[(' ', P::Password), (' ', P::Extension)],
    ), // D C
    (
        "MobileAgentLogin", // D
        Verb::MobileAgentLogin,
        &[
            (' ', P::Password),
            (' ', P::Extension),
            (' ', P::DialNumber),
            (' ', P::MobileMode),
        ],
    ),
    ("Logout", Verb::Logout, &[]), // D C
    (
        "LogoutWithReason",
        Verb::LogoutWithReason,
        &[(' ', P::ReasonCode)],
    ), // O
    ("force_logout", Verb::ForceLogout, &[]), // C
    ("AgentAbruptDisconnect", Verb::AgentAbruptDisconnect, &[]), // O
    ("MakeReady", Verb::MakeReady, &[]), // D C
    ("MakeNotReady", Verb::MakeNotReady, &[]), // D C
    (
        "MakeNotReadyWithReason",
        Verb::MakeNotReadyWithReason,
        &[(' ', P::ReasonCode)],
    ), // D C
    ("MakeWorkReady", Verb::MakeWorkReady, &[]), // O
    ("MakeWorkNotReady", Verb::MakeWorkNotReady, &[]), // O
    ("GetState", Verb::GetState, &[]), // D C
    ("MakeCall", Verb::MakeCall, &[(' ', P::Number)]), // D C
    ("AnswerCall", Verb::AnswerCall, DIALOG_ONLY), // D C
    ("HoldCall", Verb::HoldCall, DIALOG_ONLY), // D C
    ("RetrieveCall", Verb::RetrieveCall, DIALOG_ONLY), // D C
    ("ReleaseCall", Verb::ReleaseCall, DIALOG_ONLY), // D C
    ("Transfer_sst", Verb::TransferSst, NUMBER_DIALOG), // D C
    ("ConsultCall", Verb::ConsultCall, NUMBER_DIALOG), // C
    ("TransferCall", Verb::TransferCall, EXTENSION_DIALOG), // D C
    ("ConferenceCall", Verb::ConferenceCall, EXTENSION_DIALOG), // D C
    (
        "SendDtmf",
        Verb::SendDtmf,
        &[(' ', P::Digits), (' ', P::Dialog)],
    ), // O
    (
        "UpdateCallData",
        Verb::UpdateCallData,
        &[(' ', P::Dialog), ('*', P::Variables)],
    ), // O
    (
        "UpdateWrapup",
        Verb::UpdateWrapup,
        &[(' ', P::Dialog), ('*', P::WrapUpLabel)],
    ), // O
    ("GetDialogState", Verb::GetDialogState, DIALOG_ONLY), // C
    ("GetDialogControls", Verb::GetDialogControls, DIALOG_ONLY), // O
    ("AcceptCall", Verb::AcceptCall, DIALOG_ONLY), // O
    ("RejectCall", Verb::RejectCall, DIALOG_ONLY), // O
    ("CloseCall", Verb::CloseCall, DIALOG_ONLY), // O
    ("StartRecording", Verb::StartRecording, DIALOG_ONLY), // O
    ("wrapupreasoncode", Verb::WrapUpReasonCodes, &[]), // D C
    ("reasoncodelogout", Verb::LogoutReasonCodes, &[]), // D C
    ("reasoncodenotready", Verb::NotReadyReasonCodes, &[]), // D C
    ("getqueuelist", Verb::GetQueueList, &[]), // D C
    (
        "getteamusers",
        Verb::GetTeamUsers,
        &[(' ', P::Team), ('?', P::Follow)],
    ), // D C
    ("silentmonitor", Verb::SilentMonitor, &[(' ', P::Extension)]), // C
    ("endsilentmonitor", Verb::EndSilentMonitor, DIALOG_ONLY), // C
    ("bargein", Verb::BargeIn, EXTENSION_DIALOG), // C
    ("dropparticipant", Verb::DropParticipant, EXTENSION_DIALOG), // C
    ("GetPhonebooks", Verb::GetPhonebooks, &[]), // C
    (
        "GetTeamPhonebooks",
        Verb::GetTeamPhonebooks,
        &[(' ', P::Team)],
    ), // C
    (
        "GetPhonebookContacts",
        Verb::GetPhonebookContacts,
        &[(' ', P::Book)],
    ), // C
];

/// A field with its label; an empty label is none.
type SlotRow = (F, &'static str);

const CALL: &[SlotRow] = &[
    (F::State, ""),
    (F::Dialog, "DialogID"),
    (F::Address, ""),
    (F::Variables, ""),
    (F::Started, ""),
    (F::CallType, "CallType"),
    (F::ParticipantCount, "ParticipantsCount"),
    (F::Participants, "participants"),
];
const NEW_CALL: &[SlotRow] = &[
    (F::Address, ""),
    (F::Variables, ""),
    (F::Dialog, "DialogID"),
    (F::CallType, "CallType"),
    (F::Started, ""),
];
const REFUSED: &[SlotRow] = &[(F::Code, ""), (F::Text, "")];
const ITEMS: &[SlotRow] = &[(F::Items, "")];

const EVENTS: &[(&str, EventKind, &[SlotRow])] = &[
    ("System", EventKind::System, &[]), // O: the status word takes the place of the name
    (
        "ConnectStatus",
        EventKind::ConnectStatus,
        &[(F::Status, "")],
    ), // D name, O
    (
        "State", // C: 2, 3, 7, 8, 9; O: 4 to 6
        EventKind::State,
        &[
            (F::State, ""),
            (F::ReasonCode, ""),
            (F::ReasonLabel, ""),
            (F::PendingState, ""),
            (F::StateChanged, ""),
            (F::FullName, ""),
            (F::Agent, ""),
            (F::Extension, ""),
        ],
    ),
    (
        "AgentInfo", // C, label O
        EventKind::AgentInfo,
        &[
            (F::FirstName, ""),
            (F::LastName, ""),
            (F::IsSupervisor, ""),
            (F::WrapUpMode, ""),
            (F::TeamCount, "Teams"),
            (F::Teams, ""),
            (F::TeamId, ""),
            (F::FullName, ""),
        ],
    ),
    (
        "DialogStatus",
        EventKind::DialogStatus,
        &[(F::HasCalls, ""), (F::CallCount, "")],
    ), // O
    ("NewInboundCall", EventKind::NewInboundCall, NEW_CALL), // C
    ("NewOutboundCall", EventKind::NewOutboundCall, NEW_CALL), // D name, O
    ("InboundCall", EventKind::InboundCall, CALL),           // C
    ("ConsultCall", EventKind::ConsultCall, CALL),           // C, tail O
    ("DialogState", EventKind::DialogState, CALL),           // C name, O
    (
        "DialogControls", // O
        EventKind::DialogControls,
        &[(F::Dialog, "DialogID"), (F::Actions, "Controls")],
    ),
    (
        "ReasonCodes", // C, first label O
        EventKind::ReasonCodes,
        &[
            (F::Category, ""),
            (F::Codes, "codes"),
            (F::Labels, "labels"),
        ],
    ),
    ("TeamUsersList", EventKind::TeamUsersList, ITEMS),
    ("QueueList", EventKind::QueueList, ITEMS),
    ("Phonebooks", EventKind::Phonebooks, ITEMS),
    ("TeamPhoneBooks", EventKind::TeamPhonebooks, ITEMS),
    ("PhonebookContacts", EventKind::PhonebookContacts, ITEMS),
    ("Error", EventKind::Error, REFUSED),     // C
    ("Control", EventKind::Control, REFUSED), // C
];

const PARTICIPANT: &[SlotRow] = // C
    &[
        (F::Address, ""),
        (F::State, ""),
        (F::Device, ""),
        (F::Role, ""),
        (F::Started, ""),
    ];

const TEAM: &[SlotRow] = &[(F::TeamId, ""), (F::TeamName, "")]; // C

const TEAM_USER: &[SlotRow] = &[
    // C order, O labels
    (F::FirstName, "firstName"),
    (F::LastName, "lastName"),
    (F::Extension, "extension"),
    (F::Agent, "loginId"),
    (F::State, "state"),
    (F::ReasonCode, "reasonCode"),
    (F::PendingState, "pendingState"),
    (F::StateChanged, "stateChangeTime"),
];

const QUEUE: &[SlotRow] = &[
    // C order, O labels
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
];

const PHONEBOOK: &[SlotRow] = &[(F::BookName, ""), (F::BookScope, ""), (F::BookId, "")]; // C

const CONTACT: &[SlotRow] = &[
    // C
    (F::Description, ""),
    (F::FirstName, ""),
    (F::LastName, ""),
    (F::PhoneNumber, ""),
    (F::ContactId, ""),
];

/// Finesse's word, our word. O: which word Finesse uses for a silent monitor. Seen: the text `NULL`
/// after a failover, which says nothing.
const CALL_TYPES: &[(&str, &str)] = &[
    ("SUPERVISOR_MONITOR", "SM"),
    ("SILENT_MONITOR", "SM"),
    ("NULL", ""),
];

fn command(&(name, verb, parameters): &CommandRow) -> CommandLayout {
    let slot = |&(mark, parameter): &(char, P)| ParameterSlot {
        parameter,
        is_optional: mark == '?',
        takes_rest: mark == '*',
    };
    CommandLayout {
        verb,
        name: name.into(),
        parameters: parameters.iter().map(slot).collect(),
    }
}

fn event(&(name, kind, fields): &(&str, EventKind, &[SlotRow])) -> EventLayout {
    EventLayout {
        kind,
        name: name.into(),
        fields: slots(fields),
    }
}

fn slots(rows: &[SlotRow]) -> Vec<Slot> {
    let slot = |&(field, label): &SlotRow| Slot {
        field,
        label: (!label.is_empty()).then(|| label.into()),
    };
    rows.iter().map(slot).collect()
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;
    use crate::contract::Item;

    #[test]
    fn every_verb_and_every_event_has_exactly_one_row() {
        let layout = Layout::default();

        for verb in Verb::ALL {
            assert_eq!(
                layout
                    .commands
                    .iter()
                    .filter(|row| row.verb == *verb)
                    .count(),
                1,
                "{verb:?}"
            );
        }
        for kind in EventKind::ALL {
            assert_eq!(
                layout.events.iter().filter(|row| row.kind == *kind).count(),
                1,
                "{kind:?}"
            );
        }
    }
    #[test]
    fn the_page_about_layouts_lists_every_command_event_and_item() {
        let layout = Layout::default();
        let mut commands = String::new();
        for row in layout
            .commands
            .iter()
            .filter(|row| !row.parameters.is_empty())
        {
            let parameter = |slot: &ParameterSlot| {
                let name = slot.parameter.name();
                let optional = if slot.is_optional { "?" } else { "" };
                let rest = if slot.takes_rest { " …" } else { "" };
                format!("{name}{optional}{rest}")
            };
            let parameters: Vec<String> = row.parameters.iter().map(parameter).collect();
            commands += &format!("| `{}` | {} |\n", row.name, parameters.join(", "));
        }
        let mut events = String::new();
        let mut row = |name: &str, slots: &[Slot]| {
            let field = |slot: &Slot| match &slot.label {
                Some(label) => format!("{} (`{label}:`)", slot.field.name()),
                None => slot.field.name().into(),
            };
            let fields: Vec<String> = slots.iter().map(field).collect();
            events += &format!("| `{name}` | {} |\n", fields.join(", "));
        };
        for event in layout.events.iter().filter(|row| !row.fields.is_empty()) {
            row(event.name.as_str(), &event.fields);
        }
        for item in Item::ALL {
            row(item.name(), layout.item(*item));
        }

        let page = include_str!("LAYOUT.md");
        assert!(page.contains(&commands), "{commands}");
        assert!(page.contains(&events), "{events}");
    }
}
