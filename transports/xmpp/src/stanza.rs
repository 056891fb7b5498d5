//! Errors that go into stanzas and streams, and the shapes of common answers.

use crate::{Element, ns};
use core::fmt;

/// Declares an enum of error conditions with their wire names.
macro_rules! conditions {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $wire:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[doc = concat!("`", $wire, "`")] $variant,)*
        }

        impl $name {
            /// The name on the wire.
            #[must_use]
            pub const fn condition(self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)*
                }
            }

            /// The condition of this wire name; names not known here are `undefined-condition`.
            #[must_use]
            pub fn from_condition(name: &str) -> Self {
                match name {
                    $($wire => Self::$variant,)*
                    _ => Self::UndefinedCondition,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.condition())
            }
        }
    };
}

conditions! {
    /// Why a stanza was turned down (RFC 6120 §8.3.3).
    StanzaError {
        BadRequest = "bad-request",
        Conflict = "conflict",
        FeatureNotImplemented = "feature-not-implemented",
        Forbidden = "forbidden",
        InternalServerError = "internal-server-error",
        ItemNotFound = "item-not-found",
        JidMalformed = "jid-malformed",
        NotAcceptable = "not-acceptable",
        NotAllowed = "not-allowed",
        NotAuthorized = "not-authorized",
        PolicyViolation = "policy-violation",
        RecipientUnavailable = "recipient-unavailable",
        RemoteServerNotFound = "remote-server-not-found",
        RemoteServerTimeout = "remote-server-timeout",
        ResourceConstraint = "resource-constraint",
        ServiceUnavailable = "service-unavailable",
        SubscriptionRequired = "subscription-required",
        UndefinedCondition = "undefined-condition",
        UnexpectedRequest = "unexpected-request",
    }
}

conditions! {
    /// Why a stream was ended (RFC 6120 §4.9.3).
    StreamError {
        BadFormat = "bad-format",
        BadNamespacePrefix = "bad-namespace-prefix",
        Conflict = "conflict",
        ConnectionTimeout = "connection-timeout",
        HostGone = "host-gone",
        HostUnknown = "host-unknown",
        InternalServerError = "internal-server-error",
        InvalidFrom = "invalid-from",
        InvalidNamespace = "invalid-namespace",
        InvalidXml = "invalid-xml",
        NotAuthorized = "not-authorized",
        NotWellFormed = "not-well-formed",
        PolicyViolation = "policy-violation",
        RemoteConnectionFailed = "remote-connection-failed",
        Reset = "reset",
        ResourceConstraint = "resource-constraint",
        RestrictedXml = "restricted-xml",
        SeeOtherHost = "see-other-host",
        SystemShutdown = "system-shutdown",
        UndefinedCondition = "undefined-condition",
        UnsupportedEncoding = "unsupported-encoding",
        UnsupportedStanzaType = "unsupported-stanza-type",
        UnsupportedVersion = "unsupported-version",
    }
}

impl StanzaError {
    /// The error type that RFC 6120 §8.3.3 goes with the condition.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::BadRequest | Self::JidMalformed | Self::NotAcceptable | Self::PolicyViolation => {
                "modify"
            }
            Self::Forbidden | Self::NotAuthorized | Self::SubscriptionRequired => "auth",
            Self::RecipientUnavailable
            | Self::RemoteServerTimeout
            | Self::ResourceConstraint
            | Self::UnexpectedRequest => "wait",
            Self::Conflict
            | Self::FeatureNotImplemented
            | Self::InternalServerError
            | Self::ItemNotFound
            | Self::NotAllowed
            | Self::RemoteServerNotFound
            | Self::ServiceUnavailable
            | Self::UndefinedCondition => "cancel",
        }
    }

    /// The `error` element of a stanza.
    #[must_use]
    pub fn to_element(self) -> Element {
        Element::new("error", ns::CLIENT)
            .with_attribute("type", self.kind())
            .with_child(Element::new(self.condition(), ns::STANZA_ERRORS))
    }

    /// The condition in a stanza of type `error`; `undefined-condition` where there is none.
    #[must_use]
    pub fn of(stanza: &Element) -> Self {
        let condition = stanza.child_named("error").and_then(|error| {
            error
                .elements()
                .find(|e| &*e.namespace == ns::STANZA_ERRORS)
        });
        condition.map_or(Self::UndefinedCondition, |element| {
            Self::from_condition(&element.name)
        })
    }
}

impl StreamError {
    /// The `error` element of a stream.
    #[must_use]
    pub fn to_element(self) -> Element {
        Element::new("error", ns::STREAM)
            .with_child(Element::new(self.condition(), ns::STREAM_ERRORS))
    }

    /// The condition in a stream's `error` element.
    #[must_use]
    pub fn of(error: &Element) -> Self {
        error
            .elements()
            .find(|child| &*child.namespace == ns::STREAM_ERRORS && child.name != "text")
            .map_or(Self::UndefinedCondition, |child| {
                Self::from_condition(&child.name)
            })
    }
}
