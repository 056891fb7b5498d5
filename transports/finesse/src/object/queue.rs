//! Queues and their statistics.

use finewire_core::agent::Text;

use crate::error::Error;
use crate::resource::{Resource, id_of};
use crate::xml::Element;

/// Statistics taken from one queue; Finesse sends eleven.
const MAX_STATISTICS: usize = 64;

/// A queue (skill group). Finesse Developer Guide, "Queue".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Queue {
    /// The last segment of `uri`.
    pub id: Text,
    /// `name`; empty when the queue was removed.
    pub name: Text,
    /// `statistics`, by element name in wire order; numbers are -1 when the queue is not assigned
    /// to anybody on this node. UCCE only.
    pub statistics: Vec<(Text, Text)>,
}

impl Queue {
    /// One statistic as a number, e.g. `callsInQueue`; `None` when it is unknown.
    #[must_use]
    pub fn statistic(&self, name: &str) -> Option<u64> {
        let mut statistics = self.statistics.iter();
        let (_, value) = statistics.find(|(known, _)| *known == *name)?;
        value.as_str().parse().ok()
    }
}

pub(crate) fn read(queue: &Element<'_>) -> Result<Queue, Error> {
    let id = queue
        .word("uri")
        .and_then(id_of)
        .or_else(|| queue.word("id").map(Text::from));
    let statistics = queue
        .child("statistics")
        .into_iter()
        .flat_map(|all| &all.children);
    Ok(Queue {
        id: id.ok_or(Error::RemoteMissing("uri"))?,
        name: queue.text_of("name"),
        statistics: statistics
            .take(MAX_STATISTICS)
            .map(|one| (Text::from(&*one.name), Text::from(one.text.trim())))
            .collect(),
    })
}

pub(crate) fn element<'a>(name: &'a str, queue: &'a Queue) -> Element<'a> {
    let statistics = queue.statistics.iter();
    let statistics = statistics.map(|(name, value)| Element::leaf(name.as_str(), value.as_str()));
    Element::node(
        name,
        vec![
            Element::leaf("name", queue.name.as_str()),
            Element::node("statistics", statistics.collect()),
            Element::leaf("uri", Resource::Queue(queue.id.clone()).to_string()),
        ],
    )
}

pub(crate) fn list<'a>(name: &'a str, queues: &'a [Queue]) -> Element<'a> {
    Element::node(
        name,
        queues.iter().map(|queue| element("Queue", queue)).collect(),
    )
}
