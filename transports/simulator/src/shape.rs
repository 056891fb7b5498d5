//! How a notification looks on the wire, with the knobs' deviations.

use bytes::Bytes;
use finewire_core::machine::Random;
use finewire_finesse::xml::Element as Xml;
use finewire_finesse::{Update, UpdateData};
use finewire_xmpp::{Element, Jid, ns};

use crate::knobs::Knobs;

/// The payload of an update, the same for everybody who gets it.
#[derive(Clone, Debug)]
pub(crate) struct Shaped {
    notification: Element,
    item: String,
    node: String,
}

/// The namespace that releases from 12.5 on were seen to use.
const PUSH: &str = "urn:xmpp:push:0";

pub(crate) fn shape(update: &Update, item: String, knobs: &Knobs, random: &mut Random) -> Shaped {
    let mut update = update.clone();
    match &mut update.data {
        UpdateData::Dialog(dialog) => disturb(core::slice::from_mut(&mut **dialog), knobs),
        UpdateData::Dialogs(dialogs) => disturb(dialogs, knobs),
        _ => {}
    }
    if knobs.drop_request_id {
        update.request_id = None;
    }
    let mut tree = update.to_element();
    if knobs.lower_case_event || matches!(update.data, UpdateData::Errors(_)) {
        for event in tree
            .children
            .iter_mut()
            .filter(|child| child.name == "event")
        {
            event.text = event.text.to_lowercase().into();
        }
    }
    bend(&mut tree, knobs, random, 0);
    let namespace = if knobs.push_namespace {
        PUSH
    } else {
        ns::PUBSUB
    };
    let notification = Element::new("notification", namespace);
    let notification = if knobs.garble_events && random.below(4) == 0 {
        notification.with_text(&cut_off(tree.to_xml(), random))
    } else if knobs.unescaped_payload {
        notification.with_child(stanza_element(&tree, namespace))
    } else {
        notification.with_text(&tree.to_xml())
    };
    Shaped {
        notification,
        item,
        node: update.node.to_string(),
    }
}

fn disturb(dialogs: &mut [finewire_core::agent::Dialog], knobs: &Knobs) {
    for dialog in dialogs {
        if knobs.call_type_null {
            dialog.call_type = "NULL".into();
        }
        if knobs.no_customer_participant {
            dialog
                .participants
                .retain(|party| !party.address_type.is_empty());
        }
    }
}

fn bend(tree: &mut Xml<'_>, knobs: &Knobs, random: &mut Random, depth: usize) {
    for child in &mut tree.children {
        bend(child, knobs, random, depth + 1);
    }
    if knobs.missing_elements && depth >= 2 {
        tree.children
            .retain(|child| !OPTIONAL.contains(&&*child.name) || random.below(2) == 0);
    }
    if knobs.unknown_elements && depth >= 2 && !tree.children.is_empty() {
        let inner = Xml::leaf("value", "1");
        tree.children
            .insert(0, Xml::node("aboutToBeInvented", vec![inner]));
    }
    if knobs.escape_twice && !tree.text.is_empty() {
        let text = tree
            .text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        tree.text = text.into();
    }
    if knobs.shuffle_elements && !is_list(tree) {
        for last in (1..tree.children.len()).rev() {
            let end = u64::try_from(last).map_or(1, |last| last + 1);
            let other = usize::try_from(random.below(end)).unwrap_or(0);
            tree.children.swap(last, other);
        }
    }
}

/// What is not always there. Seen: missing in captures, or only in some releases.
const OPTIONAL: [&str; 12] = [
    "associatedDialogUri",
    "mediaId",
    "mediaType",
    "outboundClassification",
    "queueName",
    "queueNumber",
    "reasonCodeId",
    "settings",
    "startTime",
    "stateCause",
    "stateChangeTime",
    "wrapUpTimer",
];

/// Ends in the middle.
fn cut_off(mut text: String, random: &mut Random) -> String {
    let end = u64::try_from(text.len()).unwrap_or(1).max(1);
    let end = usize::try_from(random.below(end)).unwrap_or(0);
    text.truncate(
        (0..=end)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0),
    );
    text
}

/// Whether the order of its children means something.
fn is_list(tree: &Xml<'_>) -> bool {
    let mut names = tree.children.iter().map(|child| &child.name);
    let first = names.next();
    tree.children.len() > 1 && names.all(|name| Some(name) == first)
}

fn stanza_element(tree: &Xml<'_>, namespace: &str) -> Element {
    let element = Element::new(&tree.name, namespace).with_text(&tree.text);
    tree.children.iter().fold(element, |element, child| {
        element.with_child(stanza_element(child, namespace))
    })
}

impl Shaped {
    /// The stanza for one address. Seen: no type, no body, `from` the pub-sub service, and an id of
    /// eight letters and digits.
    pub(crate) fn stanza(&self, from: &str, to: &Jid, random: &mut Random) -> Bytes {
        let item = Element::new("item", ns::PUBSUB_EVENT)
            .with_attribute("id", &self.item)
            .with_child(self.notification.clone());
        let items = Element::new("items", ns::PUBSUB_EVENT)
            .with_attribute("node", &self.node)
            .with_child(item);
        let event = Element::new("event", ns::PUBSUB_EVENT).with_child(items);
        let message = Element::new("message", ns::CLIENT)
            .with_attribute("from", from)
            .with_attribute("to", to.as_str())
            .with_attribute("id", &word(random, 8))
            .with_child(event);
        Bytes::from(message.to_xml(ns::CLIENT))
    }
}

/// Random letters and digits.
pub(crate) fn word(random: &mut Random, length: usize) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let letter = |random: &mut Random| {
        let n = usize::try_from(random.below(62)).unwrap_or(0);
        LETTERS.get(n).map_or('0', |letter| char::from(*letter))
    };
    (0..length).map(|_| letter(random)).collect()
}
