//! Names of destinations: composites and wildcards.

use core::{ops::Deref, slice};

use crate::command::{Destination, DestinationKind, Text};

use super::fault::Fault;

/// The most parts a composite destination may have.
pub(super) const MAX_PARTS: usize = 64;
/// The longest name of a destination, bytes.
pub(super) const MAX_NAME: usize = 1024;

const KINDS: [DestinationKind; 4] = [
    DestinationKind::Queue,
    DestinationKind::Topic,
    DestinationKind::TempQueue,
    DestinationKind::TempTopic,
];

/// The plain destinations that a destination stands for.
#[derive(Debug)]
pub(super) enum Parts {
    /// Itself: that is so for nearly every message, and then nothing is allocated.
    Itself(Destination),
    /// The parts of a composite, or what is left of a name when options and blanks are gone.
    Several(Vec<Destination>),
}

impl Deref for Parts {
    type Target = [Destination];

    fn deref(&self) -> &[Destination] {
        match self {
            Self::Itself(destination) => slice::from_ref(destination),
            Self::Several(parts) => parts,
        }
    }
}

/// Whether a name is certainly one plain destination: visible ASCII without what could begin a part,
/// options or a kind.
fn is_plain(name: &Text) -> bool {
    let bytes = name.as_wire();
    let visible = |byte: &u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b',' | b'?' | b'/');
    !bytes.is_empty() && bytes.len() <= MAX_NAME && bytes.iter().all(visible)
}

/// The plain destinations that a destination stands for: itself, or the parts of a composite, each
/// once and free of the frame it came in.
///
/// A part may carry a kind of its own (`queue://a,topic://b`).
pub(super) fn parts(destination: &Destination) -> Result<Parts, Fault> {
    if let Some(name) = destination.physical_name.as_ref().filter(|it| is_plain(it)) {
        return Ok(Parts::Itself(Destination::new(
            destination.kind,
            name.detach(),
        )));
    }
    several(destination).map(Parts::Several)
}

fn several(destination: &Destination) -> Result<Vec<Destination>, Fault> {
    let name = destination.name();
    if name.len() > MAX_NAME * MAX_PARTS {
        return Err(Fault::invalid_destination(
            "the destination's name is too long",
        ));
    }
    let mut parts: Vec<Destination> = Vec::new();
    for part in name.split(',') {
        let part = part.trim();
        let (kind, part) = KINDS
            .into_iter()
            .find_map(|kind| Some((kind, part.strip_prefix(kind.prefix())?)))
            .unwrap_or((destination.kind, part));
        // Options belong to the client; a client that leaves them in means the name before them.
        let part = part.split('?').next().unwrap_or_default();
        if part.is_empty() {
            return Err(Fault::invalid_destination("the destination has no name"));
        }
        if part.len() > MAX_NAME {
            return Err(Fault::invalid_destination(
                "the destination's name is too long",
            ));
        }
        if part.chars().any(char::is_control) {
            return Err(Fault::invalid_destination(
                "the destination's name holds a control character",
            ));
        }
        let part = Destination::new(kind, part);
        if !parts.contains(&part) {
            parts.push(part);
        }
        if parts.len() > MAX_PARTS {
            return Err(Fault::invalid_destination(
                "the composite destination has too many parts",
            ));
        }
    }
    Ok(parts)
}

/// Whether the name has wildcard elements.
pub(super) fn is_pattern(destination: &Destination) -> bool {
    let wire = destination.physical_name.as_ref().map(Text::as_wire);
    let wire = wire.filter(|wire| wire.iter().any(|byte| matches!(byte, b'*' | b'>')));
    wire.is_some_and(|wire| {
        let mut elements = wire.split(|byte| *byte == b'.');
        elements.any(|element| element == b"*" || element == b">")
    })
}

/// Whether it is the queue of a consumer of a virtual topic (`Consumer.NAME.VirtualTopic.TOPIC`), as
/// ActiveMQ names them where nothing else is configured.
pub(super) fn is_virtual(destination: &Destination) -> bool {
    let name = destination.name();
    let mut elements = name.split('.');
    destination.kind == DestinationKind::Queue
        && elements.next() == Some("Consumer")
        && elements.next().is_some()
        && elements.next() == Some("VirtualTopic")
        && elements.next().is_some()
}

/// Whether `destination` is one of those that `pattern` stands for.
///
/// `*` is one element, `>` any number of elements at the end, none included (Seen: ActiveMQ takes
/// `A` for `A.>`). Names of the broker's own, `ActiveMQ.…`, match only patterns that begin so.
pub(super) fn matches(pattern: &Destination, destination: &Destination) -> bool {
    if pattern.kind != destination.kind {
        return false;
    }
    let (pattern, name) = (pattern.name(), destination.name());
    let mut wanted = pattern.split('.');
    let mut given = name.split('.');
    let mut first = true;
    loop {
        let (want, have) = (wanted.next(), given.next());
        if first && have == Some("ActiveMQ") && want != have {
            return false;
        }
        first = false;
        match (want, have) {
            (Some(">"), _) => return true,
            (Some("*"), Some(_)) => {}
            (Some(want), Some(have)) if want == have => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether the pattern stands for some name that begins with these elements.
pub(super) fn reaches(pattern: &Destination, beginning: &str) -> bool {
    let pattern = pattern.name();
    let mut wanted = pattern.split('.');
    for element in beginning.split('.') {
        match wanted.next() {
            Some(">") => return true,
            Some(want) if want == "*" || want == element => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composite_stands_for_its_parts_each_once() {
        let composite = Destination::queue("a, topic://b ,a,temp-queue://c");

        assert_eq!(
            *parts(&composite).unwrap(),
            [
                Destination::queue("a"),
                Destination::topic("b"),
                Destination::temp_queue("c")
            ]
        );
        assert!(parts(&Destination::queue("a,,b")).is_err());
        assert!(parts(&Destination::queue("")).is_err());
        assert!(parts(&Destination::queue("a\u{7}")).is_err());
        let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
        assert!(parts(&Destination::queue(many.join(","))).is_err());
    }

    #[test]
    fn a_name_that_is_taken_as_it_is_stands_for_what_reading_it_says() {
        let long = "x".repeat(MAX_NAME);
        for name in ["a", "ID:host-1-2:1", "a.*.>", "~!", "VirtualTopic.x", &long] {
            let destination = Destination::topic(name);
            let parts = parts(&destination).unwrap();
            assert!(matches!(parts, Parts::Itself(_)), "{name}");
            assert_eq!(*parts, several(&destination).unwrap());
        }
        // What could mean something else is read.
        for name in ["a,a", "queue://a", "a?consumer.priority=3", " a", "\u{e4}"] {
            let parts = parts(&Destination::topic(name)).unwrap();
            assert!(
                matches!(&parts, Parts::Several(all) if all.len() == 1),
                "{name}"
            );
        }
        for name in ["", "a\u{7}", &"x".repeat(MAX_NAME + 1)] {
            assert!(parts(&Destination::topic(name)).is_err(), "{name}");
        }
    }

    #[test]
    fn wildcards_match_by_elements() {
        let hits = |pattern: &str, name: &str| {
            matches(&Destination::topic(pattern), &Destination::topic(name))
        };

        assert!(hits("a.*", "a.b"));
        assert!(!hits("a.*", "a.b.c"));
        assert!(!hits("a.*", "a"));
        assert!(hits("a.>", "a.b.c"));
        assert!(hits("a.>", "a"));
        assert!(hits(">", "x.y"));
        assert!(!hits(">", "ActiveMQ.Advisory.Connection"));
        assert!(hits("ActiveMQ.>", "ActiveMQ.Advisory.Connection"));
        assert!(!hits("a.b", "a.c"));
        assert!(!matches(&Destination::queue(">"), &Destination::topic("a")));
        assert!(reaches(&Destination::topic("a.b.c"), "a.b"));
        assert!(reaches(&Destination::topic("a.>"), "a.b"));
        assert!(reaches(&Destination::topic("a.*.x"), "a.b"));
        assert!(!reaches(&Destination::topic("a.c.x"), "a.b"));
        assert!(is_pattern(&Destination::queue("a.*.b")));
        assert!(!is_pattern(&Destination::queue("a*.b")));
        assert!(is_virtual(&Destination::queue(
            "Consumer.A.VirtualTopic.x.y"
        )));
        assert!(!is_virtual(&Destination::queue("Consumer.A.VirtualTopic")));
        assert!(!is_virtual(&Destination::topic(
            "Consumer.A.VirtualTopic.x"
        )));
    }
}
