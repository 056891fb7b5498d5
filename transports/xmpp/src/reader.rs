//! Reads complete stanzas and stream headers as elements.

use crate::writer::is_allowed;
use crate::{Attribute, Element, Fault, Limits, Node, ns};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::BufRead;
use std::sync::Arc;

/// Namespace declarations in scope, innermost last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    list: Vec<(String, Arc<str>)>,
}

impl Namespaces {
    /// Only `namespace` as default.
    #[must_use]
    pub fn with_default(namespace: &str) -> Self {
        Self {
            list: vec![(String::new(), namespace.into())],
        }
    }

    /// Adds a declaration; an empty prefix declares the default.
    pub fn declare(&mut self, prefix: &str, namespace: &str) {
        self.list.push((prefix.into(), namespace.into()));
    }

    fn find(&self, prefix: &str) -> Result<Arc<str>, Fault> {
        if prefix == "xml" {
            return Ok(ns::XML.into());
        }
        let found = self.list.iter().rev().find(|(name, _)| name == prefix);
        match found {
            Some((_, namespace)) => Ok(namespace.clone()),
            None if prefix.is_empty() => Ok(Arc::default()),
            None => Err(Fault::RemotePrefix),
        }
    }
}

impl Element {
    /// Reads one complete element, as a [`Framer`](crate::Framer) cuts it out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8], scope: &Namespaces, limits: &Limits) -> Result<Self, Fault> {
        let text = core::str::from_utf8(bytes).map_err(|_| Fault::RemoteCharacter)?;
        let mut tree = Tree {
            scope: scope.clone(),
            open: Vec::new(),
            root: None,
            limits,
            elements: 0,
        };
        let mut reader = Reader::from_str(text);
        loop {
            if let Some(run) = text_ahead(text, &reader, &tree) {
                tree.push_text(unescape(run)?)?;
                reader.stream().consume(run.len());
            }
            match reader.read_event().map_err(|_| Fault::RemoteXml)? {
                Event::Start(start) => tree.start(&start)?,
                Event::Empty(start) => {
                    tree.start(&start)?;
                    tree.end()?;
                }
                Event::End(_) => tree.end()?,
                Event::Text(text) => {
                    if text.contains("]]>") {
                        return Err(Fault::RemoteXml);
                    }
                    tree.text(&text.xml10_content())?;
                }
                Event::CData(text) => tree.text(&text.xml10_content())?,
                Event::GeneralRef(name) => {
                    let c = referenced(&name)?;
                    tree.text(c.encode_utf8(&mut [0; 4]))?;
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                    return Err(Fault::RemoteRestricted);
                }
                Event::Eof => {
                    let complete = tree.open.is_empty();
                    return tree.root.filter(|_| complete).ok_or(Fault::RemoteXml);
                }
            }
        }
    }

    /// Reads a stream header: a start tag without its end. Gives also the declarations that hold for
    /// the stanzas in it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_header(bytes: &[u8], limits: &Limits) -> Result<(Self, Namespaces), Fault> {
        let text = core::str::from_utf8(bytes).map_err(|_| Fault::RemoteCharacter)?;
        let mut scope = Namespaces::default();
        let header = match Reader::from_str(text).read_event() {
            Ok(Event::Start(start)) => start_element(&start, &mut scope, limits)?,
            _ => return Err(Fault::RemoteStreamHeader),
        };
        Ok((header, scope))
    }
}

struct Tree<'a> {
    scope: Namespaces,
    /// Open elements, each with the number of declarations outside of it.
    open: Vec<(Element, usize)>,
    root: Option<Element>,
    limits: &'a Limits,
    elements: usize,
}

impl Tree<'_> {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Fault> {
        if self.root.is_some() {
            return Err(Fault::RemoteXml);
        }
        if self.open.len() >= self.limits.depth {
            return Err(Fault::LimitDepth);
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(Fault::LimitElements);
        }
        let outside = self.scope.list.len();
        let element = start_element(start, &mut self.scope, self.limits)?;
        self.open.push((element, outside));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let (element, outside) = self.open.pop().ok_or(Fault::RemoteXml)?;
        self.scope.list.truncate(outside);
        match self.open.last_mut() {
            Some((parent, _)) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        if !text.chars().all(is_allowed) {
            return Err(Fault::RemoteCharacter);
        }
        self.push_text(text.to_owned())
    }

    fn push_text(&mut self, text: String) -> Result<(), Fault> {
        let (parent, _) = self.open.last_mut().ok_or(Fault::RemoteXml)?;
        match parent.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(&text),
            _ if text.is_empty() => {}
            _ => parent.children.push(Node::Text(text)),
        }
        Ok(())
    }
}

/// The text that comes next in the open element, up to the next markup.
///
/// A notification of Finesse is one long escaped text: reference by reference, reading it took most of the
/// time of its way to the driver.
fn text_ahead<'a>(text: &'a str, reader: &Reader<&[u8]>, tree: &Tree<'_>) -> Option<&'a str> {
    if tree.open.is_empty() {
        return None;
    }
    let rest = text.get(usize::try_from(reader.buffer_position()).ok()?..)?;
    rest.get(..rest.find('<')?).filter(|run| !run.is_empty())
}

/// The text of a run between two pieces of markup: references replaced, line ends normalized (XML 1.0
/// §2.4, §2.11).
fn unescape(run: &str) -> Result<String, Fault> {
    let mut text = String::with_capacity(run.len());
    let mut rest = run;
    loop {
        let special = |byte: &u8| !matches!(byte, b' '..b'\x7F') || matches!(byte, b'&' | b'>');
        let end = rest.as_bytes().iter().position(special);
        let (plain, behind) = rest.split_at(end.unwrap_or(rest.len()));
        text.push_str(plain);
        let mut chars = behind.chars();
        let Some(first) = chars.next() else {
            return Ok(text);
        };
        rest = chars.as_str();
        match first {
            '&' => {
                let ends = |byte: &u8| matches!(byte, b';' | b'&');
                let end = rest.as_bytes().iter().position(ends).unwrap_or(0);
                let (name, behind) = rest.split_at(end);
                rest = behind.strip_prefix(';').ok_or(Fault::RemoteXml)?;
                text.push(referenced(name)?);
            }
            '>' => {
                let before = run.len() - behind.len();
                if run.get(..before).is_some_and(|run| run.ends_with("]]")) {
                    return Err(Fault::RemoteXml);
                }
                text.push('>');
            }
            '\r' => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                text.push('\n');
            }
            c if is_allowed(c) => text.push(c),
            _ => return Err(Fault::RemoteCharacter),
        }
    }
}

fn start_element(
    start: &BytesStart<'_>,
    scope: &mut Namespaces,
    limits: &Limits,
) -> Result<Element, Fault> {
    let mut attributes = Vec::new();
    let raw = start.attributes();
    for (n, attribute) in raw.enumerate() {
        if n >= limits.attributes {
            return Err(Fault::LimitAttributes);
        }
        let attribute = attribute.map_err(|_| Fault::RemoteXml)?;
        let value = attribute_value(&attribute.value)?;
        let (prefix, name) = split_name(attribute.key.into_inner())?;
        match (prefix, name) {
            ("", "xmlns") => scope.list.push((String::new(), value.into())),
            ("xmlns", _) => scope.list.push((name.into(), value.into())),
            _ => attributes.push((prefix, name, value)),
        }
        // Declarations in scope are searched one by one.
        if scope.list.len() > limits.attributes {
            return Err(Fault::LimitAttributes);
        }
    }
    let qualified = start.name();
    let (prefix, name) = split_name(qualified.into_inner())?;
    let mut element = Element::new(name, "");
    element.namespace = scope.find(prefix)?;
    for (prefix, name, value) in attributes {
        let namespace = if prefix.is_empty() {
            Arc::default()
        } else {
            scope.find(prefix)?
        };
        let same = |other: &Attribute| other.name == name && other.namespace == namespace;
        if element.attributes.iter().any(same) {
            return Err(Fault::RemoteXml);
        }
        element.attributes.push(Attribute {
            name: name.into(),
            namespace,
            value,
        });
    }
    Ok(element)
}

/// Prefix (or nothing) and local part (Namespaces in XML 1.0 §4).
fn split_name(name: &str) -> Result<(&str, &str), Fault> {
    let (prefix, local) = match name.split_once(':') {
        Some((prefix, local)) if is_name(prefix) => (prefix, local),
        Some(_) => return Err(Fault::RemoteXml),
        None => ("", name),
    };
    if is_name(local) {
        Ok((prefix, local))
    } else {
        Err(Fault::RemoteXml)
    }
}

/// Whether it is an XML name without colon (XML 1.0 §2.3).
fn is_name(name: &str) -> bool {
    let begins = |c: char| {
        matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
            | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
            | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
    };
    let follows = |c: char| {
        begins(c)
            || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}'
                | '\u{203F}'..='\u{2040}')
    };
    name.chars().next().is_some_and(begins) && name.chars().skip(1).all(follows)
}

/// Replaces references and normalizes white space (XML 1.0 §3.3.3).
fn attribute_value(raw: &str) -> Result<String, Fault> {
    if raw.contains('<') {
        return Err(Fault::RemoteXml);
    }
    let mut value = String::with_capacity(raw.len());
    let mut parts = raw.split('&');
    push_normalized(&mut value, parts.next().unwrap_or_default())?;
    for part in parts {
        let (name, rest) = part.split_once(';').ok_or(Fault::RemoteXml)?;
        value.push(referenced(name)?);
        push_normalized(&mut value, rest)?;
    }
    Ok(value)
}

fn push_normalized(value: &mut String, text: &str) -> Result<(), Fault> {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A line end counts as one character, however it is written (XML 1.0 §2.11).
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' | '\n' | '\r' => value.push(' '),
            c if is_allowed(c) => value.push(c),
            _ => return Err(Fault::RemoteCharacter),
        }
    }
    Ok(())
}

/// The character behind `&name;`.
fn referenced(name: &str) -> Result<char, Fault> {
    let number = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        name => name.strip_prefix('#').ok_or(Fault::RemoteEntity)?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // `from_str_radix` would take a sign.
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return Err(Fault::RemoteEntity);
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|c| is_allowed(*c))
        .ok_or(Fault::RemoteCharacter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<String, Fault> {
        let xml = format!("<a>{content}</a>");
        let scope = Namespaces::with_default(ns::CLIENT);
        let element = Element::read(xml.as_bytes(), &scope, &Limits::default())?;
        assert!(element.children.len() <= 1, "texts side by side are one");
        Ok(element.text())
    }

    #[test]
    fn text_is_read_as_xml_says_wherever_a_reference_stands() {
        for (content, text) in [
            ("", ""),
            ("plain", "plain"),
            ("&lt;a b=&quot;c&quot;/&gt;", "<a b=\"c\"/>"),
            ("&amp;&apos;&amp;lt;", "&'&lt;"),
            ("&#65;&#x42;&#x1F600;", "AB\u{1F600}"),
            ("ä€\u{1F600}&amp;ß\u{7F}", "ä€\u{1F600}&ß\u{7F}"),
            ("one\r\ntwo\rthree\n\tfour", "one\ntwo\nthree\n\tfour"),
            ("\r&#10;\r\n", "\n\n\n"),
            ("a > b ]] > ]]&gt; &#93;]>", "a > b ]] > ]]> ]]>"),
            ("a<![CDATA[&lt;]]>b&lt;", "a&lt;b<"),
        ] {
            assert_eq!(read(content).as_deref(), Ok(text), "{content:?}");
        }
    }

    #[test]
    fn text_that_is_no_xml_is_refused_wherever_it_stands() {
        for (content, fault) in [
            ("a & b", Fault::RemoteXml),
            ("&lt", Fault::RemoteXml),
            ("&lt&gt;", Fault::RemoteXml),
            ("&;", Fault::RemoteEntity),
            ("&nbsp;", Fault::RemoteEntity),
            ("&#xG;", Fault::RemoteEntity),
            ("&#+65;", Fault::RemoteEntity),
            ("&#0;", Fault::RemoteCharacter),
            ("&#xD800;", Fault::RemoteCharacter),
            ("\u{1}", Fault::RemoteCharacter),
            ("ok \u{FFFE}", Fault::RemoteCharacter),
            ("]]>", Fault::RemoteXml),
            ("&amp;]]>", Fault::RemoteXml),
        ] {
            assert_eq!(read(content), Err(fault), "{content:?}");
            assert_eq!(read(&format!("<b/>x{content}")), Err(fault), "{content:?}");
        }
    }
}
