//! Selectors as trees.
//!
//! Chains of operators of one rank are lists, so that the depth of a tree is that of its parentheses and
//! signs alone, which the parser bounds.

use super::pattern::Pattern;

/// A part of a selector that has a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Constant(Constant),
    Field(Field),
    Property(String),
    /// A field or property as a condition.
    Condition(Box<Self>),
    Not(Box<Self>),
    Negative(Box<Self>),
    /// Two or more.
    Any(Vec<Self>),
    /// Two or more.
    All(Vec<Self>),
    /// Operators of one rank, from left to right.
    Chain(Box<Self>, Vec<Step>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    Text(String),
}

/// What is done with the value to the left.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Compare(Comparison, Expression),
    Compute(Computation, Expression),
    IsNull {
        negated: bool,
    },
    Like {
        pattern: Pattern,
        negated: bool,
    },
    In {
        texts: Vec<String>,
        negated: bool,
    },
    Between {
        low: Expression,
        high: Expression,
        negated: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) const fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Computation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

macro_rules! fields {
    ($($variant:ident = $name:literal,)*) => {
        /// A header field, or a property that is one in OpenWire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field {
            $($variant,)*
        }

        impl Field {
            /// The field of this name. Names are as the JMS writes them, exactly.
            pub(super) fn named(name: &str) -> Option<Self> {
                Some(match name {
                    $($name => Self::$variant,)*
                    _ => return None,
                })
            }
        }
    };
}

fields! {
    Destination = "JMSDestination",
    ReplyTo = "JMSReplyTo",
    Type = "JMSType",
    DeliveryMode = "JMSDeliveryMode",
    Priority = "JMSPriority",
    MessageId = "JMSMessageID",
    Timestamp = "JMSTimestamp",
    CorrelationId = "JMSCorrelationID",
    Expiration = "JMSExpiration",
    Redelivered = "JMSRedelivered",
    DeliveryCount = "JMSXDeliveryCount",
    GroupId = "JMSXGroupID",
    GroupSequence = "JMSXGroupSeq",
    UserId = "JMSXUserID",
    ProducerTransaction = "JMSXProducerTXID",
    FirstOfGroup = "JMSXGroupFirstForConsumer",
    BrokerInTime = "JMSActiveMQBrokerInTime",
    BrokerOutTime = "JMSActiveMQBrokerOutTime",
    BrokerPath = "JMSActiveMQBrokerPath",
}

impl Expression {
    /// Whether its value is true, false or unknown.
    pub(super) fn is_condition(&self) -> bool {
        match self {
            Self::Constant(constant) => matches!(constant, Constant::Null | Constant::Boolean(_)),
            Self::Condition(_) | Self::Not(_) | Self::Any(_) | Self::All(_) => true,
            Self::Field(_) | Self::Property(_) | Self::Negative(_) => false,
            Self::Chain(_, steps) => !matches!(steps.last(), Some(Step::Compute(..))),
        }
    }
}
