//! How much a machine holds.

use alloc::vec::Vec;

/// One thing that a machine holds many of.
///
/// Nothing of what comes from outside may make a machine grow without bound; the sizes are there so that
/// tests can look, at any time, whether it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// What it is.
    pub what: &'static str,
    /// How many are held now.
    pub held: usize,
    /// How many are ever held.
    pub most: usize,
}

impl Size {
    /// `held` of `what` now, and never more than `most`.
    #[must_use]
    pub const fn new(what: &'static str, held: usize, most: usize) -> Self {
        Self { what, held, most }
    }

    /// Whether no more are held than ever may be.
    #[must_use]
    pub const fn is_bounded(&self) -> bool {
        self.held <= self.most
    }

    /// The largest of each thing among several holders of the same things, in the order in which the
    /// things were first named.
    #[must_use]
    pub fn largest(of: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut sizes: Vec<Self> = Vec::new();
        for size in of {
            match sizes.iter_mut().find(|known| known.what == size.what) {
                Some(known) if known.held < size.held => *known = size,
                Some(_) => {}
                None => sizes.push(size),
            }
        }
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_each_thing_is_kept() {
        let sizes = Size::largest([
            Size::new("calls", 1, 4),
            Size::new("commands", 3, 4),
            Size::new("calls", 2, 4),
            Size::new("commands", 1, 4),
        ]);
        assert_eq!(
            sizes,
            [Size::new("calls", 2, 4), Size::new("commands", 3, 4)]
        );
    }

    #[test]
    fn what_is_held_may_reach_the_bound_but_not_pass_it() {
        assert!(Size::new("calls", 4, 4).is_bounded());
        assert!(!Size::new("calls", 5, 4).is_bounded());
    }
}
