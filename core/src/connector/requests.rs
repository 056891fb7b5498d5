//! Requests to Finesse that are not answered yet.

use alloc::collections::BTreeMap;

use super::signal::{NodeId, RequestId};
use crate::agent::AgentId;
use crate::machine::Random;

/// Whom the answer to a request concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The watch over a Finesse server.
    Node(NodeId),
    /// A session, with the verb for the trace.
    Agent(AgentId, NodeId),
}

/// The requests under way. Each is answered once, so the table is bounded by what sessions and
/// nodes have under way.
#[derive(Debug)]
pub(super) struct Requests {
    run: u64,
    last: u32,
    open: BTreeMap<RequestId, Owner>,
}

impl Requests {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            run: random.next_u64() & 0xffff_ffff_0000_0000,
            last: 0,
            open: BTreeMap::new(),
        }
    }

    pub(super) fn begin(&mut self, owner: Owner) -> RequestId {
        self.last = self.last.wrapping_add(1);
        let id = RequestId(self.run | u64::from(self.last));
        self.open.insert(id, owner);
        id
    }

    pub(super) fn end(&mut self, id: RequestId) -> Option<Owner> {
        self.open.remove(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}
