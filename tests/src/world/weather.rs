//! How the network treats what is sent: latency and chunking.

use std::time::Duration;

use bytes::Bytes;
use finewire_core::machine::{Chunks, Random};

/// How long things take and how bytes are cut, by seed.
#[derive(Clone, Debug)]
pub struct Weather {
    /// The shortest way of a byte to the other end.
    pub latency_min: Duration,
    /// The longest way of a byte to the other end.
    pub latency_max: Duration,
    /// How what is sent is cut into what is received.
    pub chunking: Chunking,
    /// Whether a machine is sometimes told several things before its outputs are drained.
    pub lazy_drains: bool,
}

/// How what is sent is cut into what is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunking {
    /// One `Send`, one `Received`.
    Whole,
    /// Every byte comes alone.
    Bytes,
    /// Cut at places drawn by lot.
    Random,
}

impl Weather {
    /// A calm local network: 1 ms each way, whole buffers.
    pub const fn calm() -> Self {
        Self {
            latency_min: Duration::from_millis(1),
            latency_max: Duration::from_millis(1),
            chunking: Chunking::Whole,
            lazy_drains: false,
        }
    }

    /// Everything varies: 0.2–40 ms each way, cut anywhere, several inputs at once.
    pub const fn stormy() -> Self {
        Self {
            latency_min: Duration::from_micros(200),
            latency_max: Duration::from_millis(40),
            chunking: Chunking::Random,
            lazy_drains: true,
        }
    }

    /// The calm network with another way of cutting.
    #[must_use]
    pub const fn cut_into(mut self, chunking: Chunking) -> Self {
        self.chunking = chunking;
        self
    }

    pub(super) fn latency(&self, random: &mut Random) -> Duration {
        let span = self.latency_max.saturating_sub(self.latency_min);
        let span = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        self.latency_min + Duration::from_nanos(random.below(span.saturating_add(1)))
    }

    pub(super) fn cut(&self, chunks: Chunks, random: &mut Random) -> Vec<Bytes> {
        let mut all = Bytes::from(chunks.to_vec());
        match self.chunking {
            Chunking::Whole => vec![all],
            Chunking::Bytes => (0..all.len()).map(|n| all.slice(n..=n)).collect(),
            Chunking::Random => {
                let mut pieces = Vec::new();
                while !all.is_empty() {
                    let most = if random.below(4) == 0 { 8 } else { 700 };
                    let size = 1 + usize::try_from(random.below(most)).unwrap_or(0);
                    pieces.push(all.split_to(size.min(all.len())));
                }
                pieces
            }
        }
    }
}
