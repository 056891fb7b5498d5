//! What the broker tells a client that asked for something wrong.

use std::borrow::Cow;

use crate::command::Throwable;

use super::holding::Shortage;

/// A refusal under the name of a Java class, from which JMS clients make the right exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) class: &'static str,
    pub(super) message: Cow<'static, str>,
    /// What there was too little of, where waiting may help.
    pub(super) shortage: Option<Shortage>,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $class:literal;)*) => {
        impl Fault {
            $(
                $(#[$doc])*
                pub(super) fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                    Self { class: $class, message: message.into(), shortage: None }
                }
            )*
        }
    };
}

faults! {
    /// A destination that cannot be.
    invalid_destination = "javax.jms.InvalidDestinationException";
    /// Bad credentials, or somebody else's property.
    security = "java.lang.SecurityException";
    /// A command out of order.
    illegal_state = "java.lang.IllegalStateException";
    /// The client id is taken.
    invalid_client_id = "javax.jms.InvalidClientIDException";
    /// A selector that does not read.
    invalid_selector = "javax.jms.InvalidSelectorException";
    /// A limit is reached.
    exhausted = "javax.jms.ResourceAllocationException";
    /// Anything else.
    jms = "javax.jms.JMSException";
    /// A transaction that was rolled back.
    rolled_back = "javax.jms.TransactionRolledBackException";
}

impl Fault {
    /// There is no room now; there may be later.
    pub(super) fn short_of(shortage: Shortage, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            shortage: Some(shortage),
            ..Self::exhausted(message)
        }
    }

    pub(super) fn to_throwable(&self) -> Throwable {
        Throwable::new(self.class, &*self.message)
    }
}
