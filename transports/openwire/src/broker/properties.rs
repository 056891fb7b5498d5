//! Properties that the broker adds to messages of its own.

use crate::body::{Properties, Value};
use crate::codec::Limits;
use crate::command::{Message, Text};

/// Sets a string property; a message whose properties do not read keeps them as they are.
pub(super) fn add(message: &mut Message, name: &str, value: &str) {
    set(message, name, Value::from(Text::from(value)));
}

/// Sets an integer property.
pub(super) fn add_number(message: &mut Message, name: &str, value: i32) {
    set(message, name, Value::from(value));
}

fn set(message: &mut Message, name: &str, value: Value) {
    let present = message.marshalled_properties.as_ref();
    let read = present.map(|bytes| Properties::decode(bytes, &Limits::default()));
    let mut properties = match read {
        None | Some(Ok(None)) => Properties::new(),
        Some(Ok(Some(properties))) => properties,
        Some(Err(_)) => return,
    };
    properties.set(name, value);
    if let Ok(bytes) = properties.encode() {
        message.marshalled_properties = Some(bytes);
    }
}
