//! Writes elements as XML.

use crate::{Element, Node, ns};
use core::fmt::Write as _;

impl Element {
    /// The element as XML, in single quotes and without needless declarations, for a place where
    /// `default_namespace` is the default namespace.
    #[must_use]
    pub fn to_xml(&self, default_namespace: &str) -> String {
        let mut out = String::new();
        write(&mut out, self, default_namespace);
        out
    }
}

/// A stream header of either side: the start tag alone, with the declarations that `Element::to_xml` for
/// [`ns::CLIENT`] builds on.
pub(crate) fn stream_header(header: &Element, lang: Option<&str>) -> String {
    let mut out = String::from("<?xml version='1.0'?><stream:stream xmlns='");
    out.push_str(ns::CLIENT);
    out.push_str("' xmlns:stream='");
    out.push_str(ns::STREAM);
    out.push('\'');
    let attributes = header.attributes.iter();
    for (name, value) in attributes
        .map(|it| (it.name.as_str(), it.value.as_str()))
        .chain(lang.map(|lang| ("xml:lang", lang)))
    {
        let _ = write!(out, " {name}='");
        escape_attribute(&mut out, value);
        out.push('\'');
    }
    out.push('>');
    out
}

/// An element written for a stream as a document of its own: with the declarations that the stream header
/// would have made.
pub(crate) fn standing_alone(xml: &str) -> String {
    let name_end = xml
        .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
        .unwrap_or(xml.len());
    let (name, rest) = xml.split_at(name_end);
    let mut out = String::with_capacity(xml.len() + 96);
    out.push_str(name);
    for (declaration, needed, namespace) in [
        ("xmlns:stream", name.starts_with("<stream:"), ns::STREAM),
        ("xmlns", true, ns::CLIENT),
    ] {
        if needed && !declares(rest, declaration) {
            let _ = write!(out, " {declaration}='{namespace}'");
        }
    }
    out.push_str(rest);
    out
}

/// Whether the start tag whose name was cut off has this attribute.
fn declares(tag: &str, name: &str) -> bool {
    let mut rest = tag;
    loop {
        let Some(equals) = rest.find(['=', '>']) else {
            return false;
        };
        let (before, behind) = rest.split_at(equals);
        if !behind.starts_with('=') {
            return false;
        }
        if before.trim() == name {
            return true;
        }
        let value = behind.trim_start_matches('=').trim_start();
        let Some(quote) = value.chars().next() else {
            return false;
        };
        let Some((_, next)) = value
            .strip_prefix(quote)
            .and_then(|value| value.split_once(quote))
        else {
            return false;
        };
        rest = next;
    }
}

fn write(out: &mut String, element: &Element, default_namespace: &str) {
    out.push('<');
    // Streams declare the prefix `stream`; many parsers of the field know it by its letters alone.
    let prefix = if &*element.namespace == ns::STREAM && default_namespace == ns::CLIENT {
        "stream:"
    } else {
        ""
    };
    out.push_str(prefix);
    out.push_str(&element.name);
    let inner = if prefix.is_empty() {
        if *element.namespace != *default_namespace {
            out.push_str(" xmlns='");
            escape_attribute(out, &element.namespace);
            out.push('\'');
        }
        &*element.namespace
    } else {
        default_namespace
    };
    for (n, attribute) in element.attributes.iter().enumerate() {
        match &*attribute.namespace {
            "" => {
                out.push(' ');
            }
            ns::XML => out.push_str(" xml:"),
            namespace => {
                let _ = write!(out, " xmlns:a{n}='");
                escape_attribute(out, namespace);
                let _ = write!(out, "' a{n}:");
            }
        }
        out.push_str(&attribute.name);
        out.push_str("='");
        escape_attribute(out, &attribute.value);
        out.push('\'');
    }
    if element.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for node in &element.children {
        match node {
            Node::Element(child) => write(out, child, inner),
            Node::Text(text) => escape_text(out, text),
        }
    }
    out.push_str("</");
    out.push_str(prefix);
    out.push_str(&element.name);
    out.push('>');
}

/// Appends text with `<`, `>`, `&` and carriage returns as references; characters that XML does
/// not allow become U+FFFD.
pub(crate) fn escape_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\r' => out.push_str("&#13;"),
            c if is_allowed(c) => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// As [`escape_text`], and quotes, tabs and line feeds as references, which parsers would else
/// replace by blanks.
pub(crate) fn escape_attribute(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c if is_allowed(c) => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// Whether XML 1.0 §2.2 allows the character.
pub(crate) const fn is_allowed(c: char) -> bool {
    matches!(c,
        '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}
