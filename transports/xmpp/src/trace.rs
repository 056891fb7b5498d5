//! What a trace shows of a stanza.

use crate::{Element, ns};
use finewire_core::machine::{Party, TraceEvent};

/// How much of a message a trace shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Its XML, up to [`MOST`] bytes.
    All,
    /// Nothing: it holds a password.
    Nothing,
}

/// The most bytes of XML that a trace shows.
const MOST: usize = 4096;

pub(crate) fn message(
    from: Party,
    to: Party,
    user: &str,
    subject: &str,
    shown: Shown,
    xml: &str,
) -> TraceEvent {
    let detail = match shown {
        Shown::Nothing => String::new(),
        Shown::All => {
            let mut end = MOST.min(xml.len());
            while !xml.is_char_boundary(end) {
                end -= 1;
            }
            let mut detail = xml.get(..end).unwrap_or_default().to_owned();
            if end < xml.len() {
                detail.push('…');
            }
            detail
        }
    };
    TraceEvent {
        from,
        to,
        link: None,
        agent: (!user.is_empty()).then(|| user.into()),
        subject: subject.into(),
        detail,
    }
}

/// What a stanza is, in a few words.
pub(crate) fn subject(stanza: &Element) -> String {
    let node = stanza
        .child("event", ns::PUBSUB_EVENT)
        .and_then(|event| event.child("items", ns::PUBSUB_EVENT))
        .and_then(|items| items.attribute("node"));
    let words = match (node, stanza.attribute("type")) {
        (Some(node), _) => format!("notification {node}"),
        (None, Some(kind)) => format!("{} {kind}", stanza.name),
        (None, None) => stanza.name.clone(),
    };
    words.chars().take(200).collect()
}
