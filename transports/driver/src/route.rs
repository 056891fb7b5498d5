//! From the broker client to decisions: what it says.

use finewire_core::driver::Signal;
use finewire_core::machine::LinkEvent;
use finewire_openwire::client::{ClientEvent, Delivered};

/// What an event of the link means for the driver, if it means anything.
pub(crate) fn signal(event: LinkEvent<ClientEvent>) -> Option<Signal> {
    match event {
        LinkEvent::Up => Some(Signal::BrokerUp),
        LinkEvent::Down { .. } => Some(Signal::BrokerDown),
        LinkEvent::Said(ClientEvent::Delivered(delivered)) => Some(received(&delivered)),
        LinkEvent::Said(_) => None,
    }
}

/// A message that is no text reads as an empty one, which is no event.
fn received(delivered: &Delivered) -> Signal {
    let message = &delivered.message;
    let body = message.body().ok();
    let text = body.as_ref().and_then(|body| body.as_text());
    let correlation = message.correlation_id.as_ref();
    Signal::Received {
        body: text
            .map(|text| text.to_str())
            .unwrap_or_default()
            .as_ref()
            .into(),
        correlation: correlation.map(|id| id.to_str().as_ref().into()),
    }
}
