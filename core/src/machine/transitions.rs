//! State tables from which the diagram is printed.

use alloc::string::String;
use core::fmt::{Debug, Write as _};

/// One legal move of a business state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition<S: 'static> {
    /// The state before.
    pub from: S,
    /// The state after.
    pub to: S,
    /// What brings it about, in a few words.
    pub by: &'static str,
}

/// All legal moves of one kind of state. Made by [`transitions!`](crate::transitions).
#[derive(Clone, Copy, Debug)]
pub struct TransitionTable<S: 'static> {
    /// What the table is about.
    pub name: &'static str,
    /// The moves, in the order of their declaration.
    pub moves: &'static [Transition<S>],
}

impl<S: PartialEq + Debug> TransitionTable<S> {
    /// Whether the move is in the table; staying where one is always is.
    #[must_use]
    pub fn allows(&self, from: &S, to: &S) -> bool {
        from == to
            || self
                .moves
                .iter()
                .any(|step| step.from == *from && step.to == *to)
    }

    /// The table as a diagram in Graphviz's DOT language.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut dot = String::new();
        let _ = writeln!(dot, "digraph {} {{", self.name);
        for step in self.moves {
            let _ = writeln!(
                dot,
                "  {:?} -> {:?} [label=\"{}\"];",
                step.from, step.to, step.by
            );
        }
        dot.push_str("}\n");
        dot
    }
}

/// Declares a [`TransitionTable`] of a state type.
///
/// ```
/// use finewire_core::transitions;
///
/// #[derive(Debug, PartialEq)]
/// pub enum Door { Open, Shut }
///
/// transitions! {
///     /// How a door moves.
///     pub DOOR: Door {
///         Open => Shut by "push";
///         Shut => Open by "pull";
///     }
/// }
///
/// assert!(DOOR.allows(&Door::Open, &Door::Shut));
/// assert!(DOOR.to_dot().contains("Shut -> Open"));
/// ```
#[macro_export]
macro_rules! transitions {
    ($(#[$meta:meta])* $vis:vis $name:ident: $state:ident {
        $($from:ident => $to:ident by $by:literal;)*
    }) => {
        $(#[$meta])*
        $vis static $name: $crate::machine::TransitionTable<$state> =
            $crate::machine::TransitionTable {
                name: stringify!($state),
                moves: &[$($crate::machine::Transition {
                    from: $state::$from,
                    to: $state::$to,
                    by: $by,
                }),*],
            };
    };
}
