//! What machines say as a number: two runs that say the same have the same one.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use finewire_core::machine::{Instant, Output};

/// Takes one output of the machine at `place` in.
pub(super) fn take(
    digest: &mut DefaultHasher,
    place: usize,
    now: Instant,
    output: &Output<String>,
) {
    (place, now - Instant::START).hash(digest);
    match output {
        Output::Send(link, chunks) => {
            (link.number(), link.slot().map(|slot| slot.0)).hash(digest);
            digest.write(&chunks.to_vec());
        }
        Output::Event(text) => text.hash(digest),
        other => {
            let mut text = Words(digest);
            let _ = write!(text, "{other:?}");
        }
    }
}

struct Words<'a>(&'a mut DefaultHasher);

impl std::fmt::Write for Words<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
