//! Reads what a publish-subscribe service pushes.

use crate::{Element, ns};

/// One item of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The item's id.
    pub id: Option<String>,
    /// The text of the `notification` element, references replaced once; or, where an element stands in its
    /// place, that element as XML. Empty for an item without payload.
    pub payload: String,
}

/// Nodes with their items in a message (XEP-0060 §7.1.2); nothing for other messages.
///
/// Seen: the namespace of `notification` is `http://jabber.org/protocol/pubsub` or `urn:xmpp:push:0`, depending on
/// the release; so it is known by its name alone. Messages have neither type nor body.
pub(super) fn read(message: &Element) -> Vec<(String, Vec<Item>)> {
    if message.attribute("type") == Some("error") {
        return Vec::new();
    }
    let events = message
        .elements()
        .filter(|child| child.is("event", ns::PUBSUB_EVENT));
    let lists = events.flat_map(|event| {
        event
            .elements()
            .filter(|child| child.is("items", ns::PUBSUB_EVENT))
    });
    lists
        .filter_map(|list| {
            let node = list.attribute("node")?;
            let items = list
                .elements()
                .filter(|child| child.is("item", ns::PUBSUB_EVENT));
            Some((node.to_owned(), items.map(item).collect()))
        })
        .collect()
}

fn item(item: &Element) -> Item {
    Item {
        id: item.attribute("id").map(str::to_owned),
        payload: match item.child_named("notification") {
            Some(notification) => match notification.elements().next() {
                Some(literal) => literal.to_xml(&literal.namespace),
                None => notification.text(),
            },
            None => item
                .elements()
                .next()
                .map(|literal| literal.to_xml(""))
                .unwrap_or_default(),
        },
    }
}
