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
    xml: &[u8],
) -> TraceEvent {
    let detail = match shown {
        Shown::Nothing => String::new(),
        Shown::All => match xml.get(..MOST) {
            None => String::from_utf8_lossy(xml).into_owned(),
            Some(_) => {
                let begins = |place: &usize| xml.get(*place).is_none_or(|b| b & 0xC0 != 0x80);
                let end = (0..=MOST).rev().find(begins).unwrap_or_default();
                let cut = xml.get(..end).unwrap_or_default();
                let mut detail = String::from_utf8_lossy(cut).into_owned();
                if end < xml.len() {
                    detail.push('…');
                }
                detail
            }
        },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_stanza_is_cut_where_a_character_begins() {
        for pad in 0..4 {
            let xml = "x".repeat(MOST - pad) + "ä€\u{1F600}" + &"y".repeat(10);
            let trace = |shown| {
                let (us, peer) = (Party::Connector, Party::Finesse);
                message(us, peer, "1001", "stanza", shown, xml.as_bytes()).detail
            };
            let detail = trace(Shown::All);
            let kept = detail.strip_suffix('…').unwrap();
            assert!(xml.starts_with(kept), "{pad}");
            assert!(kept.len() <= MOST && kept.len() > MOST - 4, "{pad}");
            assert_eq!(trace(Shown::Nothing), "");
        }
        let short = message(
            Party::Connector,
            Party::Finesse,
            "",
            "",
            Shown::All,
            b"<a/>",
        );
        assert_eq!(short.detail, "<a/>");
    }
}
