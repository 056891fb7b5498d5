//! The two forms of events.

use core::fmt;

use super::field::begins_an_object;

/// The form that events are written in; readers tell the forms apart by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum EventFormat {
    /// `<agent>#<event>#<field>#…`.
    #[default]
    Text,
    /// One JSON object with the same facts.
    Json,
}

impl EventFormat {
    /// The form with this name, `text` or `json`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Text, Self::Json]
            .into_iter()
            .find(|form| form.name() == name)
    }

    /// Its name in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }

    /// The form of an event that was received.
    ///
    /// A brace with a quotation mark behind it (or a brace that is closed at once) begins an object.
    /// A text begins with an agent's id; one that begins like an object is written without its brace.
    #[must_use]
    pub fn of(event: &str) -> Self {
        match begins_an_object(event) {
            true => Self::Json,
            false => Self::Text,
        }
    }
}

impl fmt::Display for EventFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_told_from_a_text_even_if_an_agent_is_called_by_a_brace() {
        for json in ["{\"type\":\"State\"}", " {\n\t\"type\"", "{}", "{", "{ }x"] {
            assert_eq!(EventFormat::of(json), EventFormat::Json, "{json}");
        }
        for text in [
            "",
            "1001#State#READY",
            "{1001}#State#READY",
            "System#IN_SERVICE",
            "[1]",
        ] {
            assert_eq!(EventFormat::of(text), EventFormat::Text, "{text}");
        }
    }

    #[test]
    fn every_form_has_a_name() {
        assert_eq!(EventFormat::named("json"), Some(EventFormat::Json));
        assert_eq!(EventFormat::named("text"), Some(EventFormat::default()));
        assert_eq!(EventFormat::named("xml"), None);
    }
}
