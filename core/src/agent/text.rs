//! Shared text and the names made of it: clone is a counter, order is that of the bytes.

use alloc::string::String;
use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;

/// Declares a type of shared text.
macro_rules! shared_text {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether there is no character.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// The text, or `None` when it is empty: Finesse sends empty elements for "nothing".
            #[must_use]
            pub fn non_empty(self) -> Option<Self> {
                if self.is_empty() { None } else { Some(self) }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self(Arc::default())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                // Most elements of a snapshot are empty; the default needs no memory of its own.
                if text.is_empty() { Self::default() } else { Self(Arc::from(text)) }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}

shared_text! {
    /// Any shared text.
    Text;
    /// An agent's login id: Finesse "loginId", the name in URLs, JIDs and driver messages.
    AgentId;
    /// The number of an agent's line: Finesse "extension".
    Extension;
    /// A call at Finesse: "Dialog id" (digits for voice).
    DialogId;
    /// A team at Finesse.
    TeamId;
}

/// Turns one name into plain text; the characters are shared, not copied.
macro_rules! into_text {
    ($($name:ident)*) => {$(
        impl From<$name> for Text {
            fn from(name: $name) -> Self {
                Self(name.0)
            }
        }

        impl From<Text> for $name {
            fn from(text: Text) -> Self {
                Self(text.0)
            }
        }
    )*};
}

into_text!(AgentId Extension DialogId TeamId);

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;

    use super::*;

    #[test]
    fn a_clone_and_a_change_of_type_share_the_characters() {
        let agent = AgentId::from("1001");

        let text = Text::from(agent.clone());

        assert!(core::ptr::eq(agent.as_str(), text.as_str()));
        assert!(core::ptr::eq(agent.as_str(), AgentId::from(text).as_str()));
    }

    #[test]
    fn maps_are_searched_by_plain_text() {
        let map: BTreeMap<DialogId, u8> = [("17".into(), 1), ("18".into(), 2)].into();

        assert_eq!(map.get("18"), Some(&2));
    }

    #[test]
    fn display_obeys_width_and_debug_quotes() {
        let team = TeamId::from("5");

        assert_eq!(format!("{team:>3}|{team:.0}|{team:?}"), "  5||\"5\"");
    }

    #[test]
    fn empty_text_is_nothing() {
        assert_eq!(Extension::from("").non_empty(), None);
        assert_eq!(Extension::from(" ").non_empty(), Some(" ".into()));
    }
}
