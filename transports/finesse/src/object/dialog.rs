//! Calls: element `Dialog`.

use finewire_core::agent::{
    CallAction, Dialog, DialogId, DialogState, Participant, ParticipantState, ScheduledCallback,
    Text,
};

use crate::error::Error;
use crate::request::pairs;
use crate::resource::{Resource, id_of};
use crate::time;
use crate::xml::Element;

/// Reads a call. After a failover most of it can be missing; without an id it is no call.
pub(crate) fn read(dialog: &Element<'_>) -> Result<Dialog, Error> {
    let id = dialog
        .word("id")
        .map(Text::from)
        .or_else(|| id_of(dialog.word("uri")?));
    let none = Element::default();
    let media = dialog.child("mediaProperties").unwrap_or(&none);
    let participants = dialog
        .child("participants")
        .into_iter()
        .flat_map(|all| all.all("Participant"));
    Ok(Dialog {
        id: DialogId::from(id.ok_or(Error::RemoteMissing("id"))?),
        state: dialog
            .word("state")
            .map_or_else(DialogState::default, DialogState::from_wire),
        from: dialog.word_of("fromAddress"),
        to: dialog.word_of("toAddress"),
        call_type: media.word_of("callType"),
        media_type: dialog.word_of("mediaType"),
        associated: dialog
            .word("associatedDialogUri")
            .and_then(id_of)
            .map(DialogId::from),
        secondary: dialog.word("secondaryId").map(DialogId::from),
        dnis: media.word_of("DNIS"),
        dialed_number: media.word_of("dialedNumber"),
        queue_number: media.word_of("queueNumber"),
        queue_name: media.text_of("queueName"),
        wrap_up_reason: media
            .child("wrapUpReason")
            .map(|reason| Text::from(&*reason.text)),
        variables: media
            .child("callvariables")
            .map(|list| pairs(list, "CallVariable"))
            .unwrap_or_default(),
        callback: dialog
            .child("scheduledCallbackInfo")
            .map(|callback| ScheduledCallback {
                time: callback.word_of("callbackTime"),
                number: callback.word_of("callbackNumber"),
            }),
        participants: participants.map(read_participant).collect(),
    })
}

fn read_participant(participant: &Element<'_>) -> Participant {
    let actions = participant
        .child("actions")
        .into_iter()
        .flat_map(|all| all.all("action"));
    let actions = actions
        .map(|action| action.text.trim())
        .filter(|action| !action.is_empty());
    let state = participant.word("state");
    Participant {
        address: participant.word_of("mediaAddress"),
        address_type: participant.word_of("mediaAddressType"),
        state: state.map_or_else(ParticipantState::default, ParticipantState::from_wire),
        cause: participant.word_of("stateCause"),
        started: participant.word("startTime").and_then(time::parse),
        changed: participant.word("stateChangeTime").and_then(time::parse),
        actions: actions.map(CallAction::from_wire).collect(),
    }
}

/// Writes a call in the order of the wire. Seen: alphabetical, upper case first, call variables
/// last of the media properties.
pub(crate) fn element<'a>(name: &'a str, dialog: &'a Dialog) -> Element<'a> {
    let uri = |id: &DialogId| Resource::Dialog(id.clone()).to_string();
    let mut parts = vec![
        Element::leaf(
            "associatedDialogUri",
            dialog.associated.as_ref().map(uri).unwrap_or_default(),
        ),
        Element::leaf("fromAddress", dialog.from.as_str()),
        Element::leaf("id", dialog.id.as_str()),
        media_properties(dialog),
        Element::leaf("mediaType", dialog.media_type.as_str()),
        Element::node(
            "participants",
            dialog.participants.iter().map(participant).collect(),
        ),
    ];
    if let Some(callback) = &dialog.callback {
        parts.push(Element::node(
            "scheduledCallbackInfo",
            vec![
                Element::leaf("callbackNumber", callback.number.as_str()),
                Element::leaf("callbackTime", callback.time.as_str()),
            ],
        ));
    }
    parts.extend(
        dialog
            .secondary
            .as_ref()
            .map(|id| Element::leaf("secondaryId", id.as_str())),
    );
    parts.push(Element::leaf("state", dialog.state.as_wire()));
    parts.push(Element::leaf("toAddress", dialog.to.as_str()));
    parts.push(Element::leaf("uri", uri(&dialog.id)));
    Element::node(name, parts)
}

fn media_properties(dialog: &Dialog) -> Element<'_> {
    let mut parts = vec![
        Element::leaf("DNIS", dialog.dnis.as_str()),
        Element::leaf("callType", dialog.call_type.as_str()),
        Element::leaf("dialedNumber", dialog.dialed_number.as_str()),
        Element::leaf("mediaId", "1"),
        Element::leaf("outboundClassification", ""),
        Element::leaf("queueName", dialog.queue_name.as_str()),
        Element::leaf("queueNumber", dialog.queue_number.as_str()),
    ];
    if let Some(reason) = &dialog.wrap_up_reason {
        parts.push(Element::leaf("wrapUpReason", reason.as_str()));
    }
    let variables = dialog.variables.iter().map(|(name, value)| {
        let name = Element::leaf("name", name.as_str());
        Element::node(
            "CallVariable",
            vec![name, Element::leaf("value", value.as_str())],
        )
    });
    parts.push(Element::node("callvariables", variables.collect()));
    Element::node("mediaProperties", parts)
}

fn participant(party: &Participant) -> Element<'_> {
    let actions = party
        .actions
        .iter()
        .map(|action| Element::leaf("action", action.as_wire()));
    let at = |time: Option<_>| time.map(time::format).unwrap_or_default();
    Element::node(
        "Participant",
        vec![
            Element::node("actions", actions.collect()),
            Element::leaf("mediaAddress", party.address.as_str()),
            Element::leaf("mediaAddressType", party.address_type.as_str()),
            Element::leaf("startTime", at(party.started)),
            Element::leaf("state", party.state.as_wire()),
            Element::leaf("stateCause", party.cause.as_str()),
            Element::leaf("stateChangeTime", at(party.changed)),
        ],
    )
}

/// Writes a list of calls.
pub(crate) fn list<'a>(name: &'a str, dialogs: &'a [Dialog]) -> Element<'a> {
    Element::node(
        name,
        dialogs
            .iter()
            .map(|dialog| element("Dialog", dialog))
            .collect(),
    )
}
