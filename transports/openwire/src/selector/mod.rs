//! JMS selectors: conditional expressions in the syntax of SQL-92 that choose messages by their header
//! fields and properties (JMS 1.1, section 3.8.1).
//!
//! ```
//! use finewire_openwire::body::Properties;
//! use finewire_openwire::command::Message;
//! use finewire_openwire::selector::{Selector, Subject};
//!
//! let selector: Selector = "JMSType LIKE 'Login#%' AND site = 7".parse()?;
//! let mut message = Message::text("…");
//! message.jms_type = Some("Login#1001".into());
//! message.set_properties(&Properties::from_iter([("site", 7)]))?;
//! assert!(selector.matches(&Subject::new(&message)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is meant by it
//! Seen: ActiveMQ 5.17, with which generated selectors are compared in the tests.
//!
//! * Logic has three values. A comparison with a property that a message lacks is *unknown*, and so is what
//!   depends on it; a message is chosen only when the whole is *true*. Two lacking properties are equal;
//!   something is different from a lacking property on the right of `=` and `<>`.
//! * `NOT` binds to the next term alone: `NOT a = 1` means `(NOT a) = 1`. `=`, `<>` and `IS NULL` bind more
//!   weakly than `<`, `LIKE`, `IN` and `BETWEEN`.
//! * A property alone is a condition: true if it is the boolean `true`.
//! * Values of different kinds are different: `'5' = 5` is false, `'5' <> 5` true. Behind the prefix
//!   `convert_string_expressions:` a string is read as the kind it is compared with.
//! * `/` and `%` compute with doubles, `+` joins when a string is on the left, integers wrap around.
//! * `IN` and `LIKE` are for strings: any other value is in no list (*unknown*) and like nothing (*false*).
//! * A quote in a string is doubled; the escape character of `LIKE` counts before `%`, `_` and itself.
//! * Behind the prefix `hyphenated_props:` names may hold hyphens.
//!
//! Where ActiveMQ 5.17 fails or answers by the order of the operands (a `byte` or `short` on the right of
//! a wider number, a `float` on the right of a `double`, a negative `byte`), numbers are promoted as JMS
//! says. An expression that cannot be computed (`1 + 'a'`) chooses nothing. `XPATH` and `XQUERY` are
//! refused.

mod error;
mod evaluate;
#[doc(hidden)]
pub mod fuzz;
mod java_number;
mod lex;
mod operand;
mod parse;
mod pattern;
mod subject;
mod tree;

pub use error::{SelectorError, SelectorFlaw};
pub use evaluate::{Incomputable, Truth};
pub use parse::{MAX_DEPTH, MAX_LENGTH};
pub use subject::Subject;

use core::fmt;
use core::str::FromStr;

/// A selector, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    text: String,
    root: tree::Expression,
    converting: bool,
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// Text that is no selector, longer than [`MAX_LENGTH`] or nested deeper than [`MAX_DEPTH`].
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let (root, converting) = parse::parse(text)?;
        Ok(Self {
            text: text.to_owned(),
            root,
            converting,
        })
    }

    /// Whether it chooses the message.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.judge(subject) == Ok(Truth::True)
    }

    /// What it says of the message.
    ///
    /// # Errors
    /// The expression cannot be computed for this message, or its properties do not read.
    pub fn judge(&self, subject: &Subject<'_>) -> Result<Truth, Incomputable> {
        evaluate::evaluate(&self.root, subject, self.converting)
    }

    /// The text it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Self::parse(text)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
