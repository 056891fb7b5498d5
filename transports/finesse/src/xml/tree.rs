//! The tree.

use std::borrow::Cow;

use finewire_core::agent::Text;

/// An element with its text or its children.
///
/// ```
/// use finewire_finesse::xml::Element;
///
/// let user = Element::parse("<ns:User><state>READY</state><x/></ns:User>").unwrap();
/// assert!(user.is("user"));
/// assert_eq!(user.word("state"), Some("READY"));
/// assert_eq!(user.word("x"), None, "empty is as good as missing");
/// assert_eq!(user.to_xml(), "<User><state>READY</state><x></x></User>");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Element<'a> {
    /// The local name.
    pub name: Cow<'a, str>,
    /// All character data that lies directly in it, unescaped, in one piece.
    pub text: Cow<'a, str>,
    /// The elements in it, in order.
    pub children: Vec<Self>,
}

impl<'a> Element<'a> {
    /// An element with text.
    pub fn leaf(name: &'a str, text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            text: text.into(),
            children: Vec::new(),
        }
    }

    /// An element with children.
    #[must_use]
    pub const fn node(name: &'a str, children: Vec<Self>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            text: Cow::Borrowed(""),
            children,
        }
    }

    /// Whether it has this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its first child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(name))
    }

    /// The first element at the end of this path of names.
    #[must_use]
    pub fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |element, name| element.child(name))
    }

    /// All children of this name.
    pub fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Self> {
        self.children.iter().filter(move |child| child.is(name))
    }

    /// The text of a child without blanks around it; `None` when the child is missing or empty.
    #[must_use]
    pub fn word(&self, name: &str) -> Option<&str> {
        self.child(name)
            .map(|child| child.text.trim())
            .filter(|text| !text.is_empty())
    }

    /// The text of a child as it came; empty when it is missing.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Text {
        self.child(name)
            .map_or_else(Text::default, |child| Text::from(&*child.text))
    }

    /// The text of a child without blanks around it; empty when it is missing.
    #[must_use]
    pub fn word_of(&self, name: &str) -> Text {
        self.word(name).map_or_else(Text::default, Text::from)
    }

    /// The text of a child as a number; `None` when it is missing or none.
    #[must_use]
    pub fn number<T: core::str::FromStr>(&self, name: &str) -> Option<T> {
        self.word(name)?.parse().ok()
    }
}
