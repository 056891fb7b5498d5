//! Which requests a server answers by itself, and how.

use super::{Pending, PubSubRequest, ServerConfig};
use crate::{Element, Jid, StanzaError, ns};

/// Who answers a request.
pub(super) enum Answer {
    /// This is the answer.
    Ours(Element),
    /// The owner does.
    Owners { service: Jid, what: PubSubRequest },
}

/// Whether it asks for a resource.
pub(super) fn is_bind(stanza: &Element) -> bool {
    stanza.is("iq", ns::CLIENT)
        && stanza.attribute("type") == Some("set")
        && stanza.child("bind", ns::BIND).is_some()
}

/// An empty result for a request.
pub(super) fn result(iq: &Element) -> Element {
    answer(iq, "result")
}

/// An error for a request.
pub(super) fn error(iq: &Element, error: StanzaError) -> Element {
    answer(iq, "error").with_child(error.to_element())
}

fn answer(iq: &Element, kind: &str) -> Element {
    Element::new("iq", ns::CLIENT)
        .with_attribute("type", kind)
        .with_attribute("id", iq.attribute("id").unwrap_or_default())
        .with_optional("from", iq.attribute("to"))
}

/// Decides about a request (`get` or `set`) of the client with this address.
pub(super) fn read(iq: &Element, jid: &Jid, config: &ServerConfig) -> Answer {
    let is_get = iq.attribute("type") == Some("get");
    // RFC 6120 §8.2.3: a request has exactly one child.
    let mut children = iq.elements();
    let (Some(payload), None) = (children.next(), children.next()) else {
        return Answer::Ours(error(iq, StanzaError::BadRequest));
    };
    let to = iq.attribute("to").unwrap_or(&config.domain);
    let Ok(to) = to.parse::<Jid>() else {
        return Answer::Ours(error(iq, StanzaError::JidMalformed));
    };
    match (&*payload.namespace, payload.name.as_str()) {
        (ns::PUBSUB, "pubsub") if !is_get => return pubsub(iq, payload, to, jid),
        _ => {}
    }
    let is_server = to.as_str() == config.domain.to_ascii_lowercase();
    let is_own = is_server || to == jid.to_bare();
    Answer::Ours(match (&*payload.namespace, payload.name.as_str()) {
        (ns::PING, "ping") if is_get && is_own => result(iq),
        (ns::SESSION, "session") if !is_get && is_own => result(iq),
        (ns::ROSTER, "query") if is_get && is_own => {
            result(iq).with_child(Element::new("query", ns::ROSTER))
        }
        (ns::DISCO_INFO, "query") if is_get => result(iq).with_child(disco_info(is_own)),
        (ns::DISCO_ITEMS, "query") if is_get => {
            let mut query = Element::new("query", ns::DISCO_ITEMS);
            if is_server {
                let service = format!("pubsub.{}", config.domain);
                query = query.with_child(
                    Element::new("item", ns::DISCO_ITEMS).with_attribute("jid", &service),
                );
            }
            result(iq).with_child(query)
        }
        _ => error(iq, StanzaError::ServiceUnavailable),
    })
}

fn disco_info(of_server: bool) -> Element {
    let (category, kind) = if of_server {
        ("server", "im")
    } else {
        ("pubsub", "service")
    };
    let identity = Element::new("identity", ns::DISCO_INFO)
        .with_attribute("category", category)
        .with_attribute("type", kind);
    let feature = |var: &str| Element::new("feature", ns::DISCO_INFO).with_attribute("var", var);
    let query = Element::new("query", ns::DISCO_INFO).with_child(identity);
    if of_server {
        query
            .with_child(feature(ns::DISCO_INFO))
            .with_child(feature(ns::DISCO_ITEMS))
            .with_child(feature(ns::PING))
    } else {
        query
            .with_child(feature(ns::DISCO_INFO))
            .with_child(feature(ns::PUBSUB))
    }
}

fn pubsub(iq: &Element, pubsub: &Element, service: Jid, own: &Jid) -> Answer {
    let request = pubsub
        .child("subscribe", ns::PUBSUB)
        .or_else(|| pubsub.child("unsubscribe", ns::PUBSUB));
    let Some(request) = request else {
        return Answer::Ours(error(iq, StanzaError::FeatureNotImplemented));
    };
    let jid = request
        .attribute("jid")
        .and_then(|jid| jid.parse::<Jid>().ok());
    // XEP-0060 §6.1.3.1: nobody subscribes others.
    let (Some(node), Some(jid)) = (
        request.attribute("node").map(str::to_owned),
        jid.filter(|jid| jid.to_bare() == own.to_bare()),
    ) else {
        return Answer::Ours(error(iq, StanzaError::BadRequest));
    };
    let what = if request.name == "subscribe" {
        PubSubRequest::Subscribe { node, jid }
    } else {
        PubSubRequest::Unsubscribe { node, jid }
    };
    Answer::Owners { service, what }
}

/// The owner's answer to a publish-subscribe request.
pub(super) fn reply(
    pending: &Pending,
    to: &Jid,
    result: Result<Option<Element>, StanzaError>,
) -> Element {
    let kind = if result.is_ok() { "result" } else { "error" };
    let iq = Element::new("iq", ns::CLIENT)
        .with_attribute("type", kind)
        .with_attribute("id", &pending.id)
        .with_attribute("from", pending.service.as_str())
        .with_attribute("to", to.as_str());
    match (result, &pending.what) {
        (Err(error), _) => iq.with_child(error.to_element()),
        (Ok(Some(payload)), _) => iq.with_child(payload),
        (Ok(None), PubSubRequest::Unsubscribe { .. }) => iq,
        (Ok(None), PubSubRequest::Subscribe { node, jid }) => {
            let subscription = Element::new("subscription", ns::PUBSUB)
                .with_attribute("node", node)
                .with_attribute("jid", jid.as_str())
                .with_attribute("subscription", "subscribed");
            iq.with_child(Element::new("pubsub", ns::PUBSUB).with_child(subscription))
        }
    }
}
