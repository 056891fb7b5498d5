//! The body of the selector's fuzz target.

use crate::body::Properties;
use crate::command::{Destination, Message};

use super::{Selector, Subject};

/// Reads a text as a selector and, if it is one, asks it about two messages. What was read once reads again,
/// and the answers do not depend on it.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let Ok(selector) = Selector::parse(text) else {
        return;
    };
    let again: Result<Selector, _> = selector.to_string().parse();
    let mut message = Message::text("x");
    let empty = selector.judge(&Subject::new(&message));
    message.jms_type = Some("a".into());
    message.destination = Some(Destination::queue("q"));
    let properties = Properties::from_iter([("a", 1.5), ("b", -1.0)]);
    if message.set_properties(&properties).is_ok() {
        let full = selector.judge(&Subject::new(&message));
        assert_eq!(
            again.map(|again| again.judge(&Subject::new(&message))),
            Ok(full)
        );
    }
    assert_eq!(empty, selector.judge(&Subject::new(&Message::text("x"))));
}
