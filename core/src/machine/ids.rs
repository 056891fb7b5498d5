//! Names of links, listeners, commands and TLS profiles.

use core::fmt;

/// Names one byte stream for its whole life; never reused.
///
/// Links that the machine opens have odd numbers, accepted links (numbered by the runtime) even
/// ones, so the two sides never have to agree on a counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(u64);

impl LinkId {
    /// The id of the `n`-th accepted link of a runtime.
    #[must_use]
    pub const fn accepted(n: u64) -> Self {
        Self(n << 1)
    }

    /// The id with this number, as [`LinkId::number`] gave it.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number behind the id.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Whether the machine asked for this link (odd), rather than a peer (even).
    #[must_use]
    pub const fn is_opened_by_us(self) -> bool {
        self.0 & 1 == 1
    }

    /// The slot that opened this link; `None` for accepted links.
    #[must_use]
    pub const fn slot(self) -> Option<LinkSlot> {
        if self.is_opened_by_us() {
            Some(LinkSlot((self.0 >> 33) as u32))
        } else {
            None
        }
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.slot() {
            Some(slot) => write!(f, "link {}.{}", slot.0, (self.0 >> 1) & 0xffff_ffff),
            None => write!(f, "peer {}", self.0 >> 1),
        }
    }
}

/// Where a machine keeps one [`Link`](super::Link); the upper half of its link ids.
///
/// A report about a link finds its child by this number, without a map from ids to children.
/// Slots must not be reused within one machine (31 bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkSlot(pub u32);

impl LinkSlot {
    /// The id of the `generation`-th socket of this slot.
    #[must_use]
    pub const fn link(self, generation: u32) -> LinkId {
        LinkId(((self.0 as u64) << 33) | ((generation as u64) << 1) | 1)
    }
}

/// Names something a machine listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u32);

/// Names one command; chosen by who gives it, unique among the unended ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// Names a TLS profile (trust, certificate, versions) that the host was configured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TlsId(pub u32);
