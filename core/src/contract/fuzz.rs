//! Bodies of fuzz targets: whatever the bytes, no panic, and what was read once is read again.

use super::command::CommandMessage;
use super::event::EventMessage;
use super::layout::Layout;
use super::time_format::TimeFormat;

/// JMS type up to the first line break, the body behind it.
pub fn command(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let (jms_type, body) = match text.split_once('\n') {
        Some((jms_type, body)) => (jms_type, Some(body)),
        None => (text, None),
    };
    let layout = Layout::default();
    match CommandMessage::parse(Some(jms_type), body, &layout) {
        Ok(message) => {
            if let Ok(wire) = message.to_wire(&layout) {
                let again = CommandMessage::parse(Some(&wire.jms_type), wire.body(), &layout);
                assert_eq!(
                    again.as_ref(),
                    Ok(&message),
                    "what was sent is what is read"
                );
            }
        }
        Err(malformed) => assert!(
            alloc::format!("{malformed}").len() < 512,
            "errors are short"
        ),
    }
}

/// The text of one event.
pub fn event(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let layout = Layout::default();
    let time = TimeFormat::UTC;
    if let Ok(message) = EventMessage::parse(text, &layout, &time) {
        let once = message.event.format(&message.to, &layout, &time);
        let again =
            EventMessage::parse(&once, &layout, &time).expect("what was written is an event");
        let twice = again.event.format(&again.to, &layout, &time);
        assert_eq!(once, twice, "writing what was read changes nothing more");
    }
}
