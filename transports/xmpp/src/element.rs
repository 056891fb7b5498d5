//! A small tree for one stanza.

use std::sync::Arc;

/// An element with its namespace resolved.
///
/// ```
/// use finewire_xmpp::{Element, ns};
///
/// let iq = Element::new("iq", ns::CLIENT)
///     .with_attribute("type", "get")
///     .with_child(Element::new("ping", ns::PING));
/// assert_eq!(
///     iq.to_xml(ns::CLIENT),
///     "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"
/// );
/// assert!(iq.child("ping", ns::PING).is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Name without prefix.
    pub name: String,
    /// Namespace; empty for none.
    pub namespace: Arc<str>,
    /// Attributes in order, without namespace declarations.
    pub attributes: Vec<Attribute>,
    /// Child elements and text in order.
    pub children: Vec<Node>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Name without prefix.
    pub name: String,
    /// Namespace of a prefixed attribute; empty for an unprefixed one.
    pub namespace: Arc<str>,
    /// Value, references replaced.
    pub value: String,
}

/// What an element contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A child element.
    Element(Element),
    /// Text, references replaced; never next to another text.
    Text(String),
}

impl Element {
    /// An empty element.
    #[must_use]
    pub fn new(name: &str, namespace: &str) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    /// Adds an unprefixed attribute.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push(Attribute {
            name: name.into(),
            namespace: Arc::default(),
            value: value.into(),
        });
        self
    }

    /// Adds an unprefixed attribute if there is a value.
    #[must_use]
    pub fn with_optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with_attribute(name, value),
            None => self,
        }
    }

    /// Adds a child element.
    #[must_use]
    pub fn with_child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// Adds text.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.push_text(text);
        self
    }

    /// Adds text behind what is there; texts side by side become one.
    pub fn push_text(&mut self, text: &str) {
        match self.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.children.push(Node::Text(text.into())),
        }
    }

    /// Whether it has this name in this namespace.
    #[must_use]
    pub fn is(&self, name: &str, namespace: &str) -> bool {
        self.name == name && &*self.namespace == namespace
    }

    /// The value of an unprefixed attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name && attribute.namespace.is_empty())
            .map(|attribute| attribute.value.as_str())
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child element of this name in this namespace.
    #[must_use]
    pub fn child(&self, name: &str, namespace: &str) -> Option<&Self> {
        self.elements().find(|child| child.is(name, namespace))
    }

    /// The first child element of this name, whatever its namespace.
    #[must_use]
    pub fn child_named(&self, name: &str) -> Option<&Self> {
        self.elements().find(|child| child.name == name)
    }

    /// Its own text, without that of its child elements.
    #[must_use]
    pub fn text(&self) -> String {
        let mut all = String::new();
        for node in &self.children {
            if let Node::Text(text) = node {
                all.push_str(text);
            }
        }
        all
    }
}
