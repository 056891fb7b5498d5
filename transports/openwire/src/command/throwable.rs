//! Exceptions of the other side: text, never instantiated.

use core::fmt;

use super::Text;

/// A Java throwable as it travels (`BrokerError`).
///
/// Class names are text for people and for matching; nothing is ever made of them (CVE-2023-46604 was
/// Java doing so).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Throwable {
    /// The Java class, e.g. `javax.jms.InvalidSelectorException`.
    pub class: Option<Text>,
    /// What happened. Versions 1 and 10 carry at most 1024 UTF-16 units; longer ones are cut on encoding.
    pub message: Option<Text>,
    /// Where; on the wire only if stack traces were negotiated.
    pub stack: Vec<StackElement>,
    /// Why; on the wire only if stack traces were negotiated.
    pub cause: Option<Box<Self>>,
}

/// One call of a stack trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackElement {
    /// The Java class.
    pub class: Option<Text>,
    /// The method.
    pub method: Option<Text>,
    /// The source file.
    pub file: Option<Text>,
    /// The line; −1 unknown, −2 native method.
    pub line: i32,
}

impl Throwable {
    /// A throwable without stack and cause.
    #[must_use]
    pub fn new(class: impl Into<Text>, message: impl Into<Text>) -> Self {
        Self {
            class: Some(class.into()),
            message: Some(message.into()),
            ..Self::default()
        }
    }
}

impl fmt::Display for Throwable {
    /// `class: message`, as Java shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.class.as_ref().map(Text::to_str);
        f.write_str(class.as_deref().unwrap_or("unknown"))?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}
