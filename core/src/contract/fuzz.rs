//! Bodies of fuzz targets: whatever the bytes, no panic, and what was read once is read again.

use super::command::CommandMessage;
use super::event::EventMessage;
use super::event_form::EventFormat;
use super::json::Json;
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

/// One event, in the form that its first characters show.
pub fn event(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let layout = Layout::default();
    let time = TimeFormat::UTC;
    let Ok(message) = EventMessage::parse(text, &layout, &time) else {
        return;
    };
    // A text keeps no more than it says; an object may say what a text has no place for.
    let forms: &[EventFormat] = match EventFormat::of(text) {
        EventFormat::Text => &[EventFormat::Text, EventFormat::Json],
        EventFormat::Json => &[EventFormat::Json],
    };
    for &form in forms {
        let once = message
            .event
            .format_as(form, &message.to, &layout, &time)
            .text;
        let again =
            EventMessage::parse(&once, &layout, &time).expect("what was written is an event");
        let twice = again.event.format_as(form, &again.to, &layout, &time).text;
        assert_eq!(once, twice, "writing what was read changes nothing more");
    }
}

/// One event in JSON form, and the bytes as any JSON.
pub fn event_json(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    if let Err(error) = Json::parse(text, 10_000) {
        assert!(error.offset <= text.len(), "a fault lies within the text");
    }
    event(data);
}
