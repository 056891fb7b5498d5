//! What the two products behind Finesse do differently, in one table.
//!
//! | topic | UCCE | UCCX | what finewire does |
//! |---|---|---|---|
//! | sign-out | only when not ready | also when ready | [`signs_out_from_ready`](Product::signs_out_from_ready); `force_logout` makes the agent not ready first where that is needed |
//! | ready during a call | kept until its end | refused: 265 in routed calls, 33 in direct ones | [`keeps_ready`](Product::keeps_ready); the refusal is told with its code |
//! | wrap-up, then ready | `WORK_READY` | none | [`has_work_ready`](Product::has_work_ready): refused before Finesse is asked |
//! | mobile agents | yes | none | [`has_mobile_agents`](Product::has_mobile_agents): refused before Finesse is asked |
//! | recording | none | `START_RECORDING` | [`records_calls`](Product::records_calls): refused before Finesse is asked |
//! | direct calls | `TALKING` | no event about the agent | [`shows_direct_calls`](Product::shows_direct_calls); commands go by the party's state, not by the agent's |
//! | hold | `HOLD` | stays `TALKING` | [`shows_hold`](Product::shows_hold); as before |
//! | queue statistics | yes | none | what Finesse leaves out stays empty in `QueueList` |
//! | not ready by a supervisor | code 999 | code 33 | told as Finesse names it |
//! | forced sign-out | by the setting `LOAD` | always | told as it comes |
//! | customer among the parties | always | sometimes missing | no command looks for it |
//! | login name for login id | finds the user | is the same | a login name is refused with the id |
//! | call keys, variables with a new call | yes | none | not used |
//! | previews | option previews | direct previews | what is refused is told with its text |
//! | extension `+49…` (E.164) | no | yes | passed on as it is |
//!
//! Source: Finesse Developer Guide, "User - Change agent state", "User - Sign in to Finesse", "Dialog
//! APIs" and the notes on Unified CCX in them; the missing customer was seen.

use super::tables::Platform;

/// One product. Each field is a line of the [table](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "it is a table of yes and no, not a state"
)]
pub struct Product {
    /// A sign-out is taken from `READY` too.
    pub signs_out_from_ready: bool,
    /// `READY` during a call is kept until its end.
    pub keeps_ready: bool,
    /// There is wrap-up work with `READY` after it.
    pub has_work_ready: bool,
    /// Agents may sign in as mobile ones.
    pub has_mobile_agents: bool,
    /// Calls can be recorded on request.
    pub records_calls: bool,
    /// The agent's state shows calls that were not routed.
    pub shows_direct_calls: bool,
    /// The agent's state shows that a call is held.
    pub shows_hold: bool,
}

const UCCE: Product = Product {
    signs_out_from_ready: false,
    keeps_ready: true,
    has_work_ready: true,
    has_mobile_agents: true,
    records_calls: false,
    shows_direct_calls: true,
    shows_hold: true,
};

const UCCX: Product = Product {
    signs_out_from_ready: true,
    keeps_ready: false,
    has_work_ready: false,
    has_mobile_agents: false,
    records_calls: true,
    shows_direct_calls: false,
    shows_hold: false,
};

impl Platform {
    /// What it does otherwise than the other one.
    ///
    /// ```
    /// use finewire_core::agent::Platform;
    ///
    /// assert!(Platform::Uccx.product().records_calls);
    /// assert!(!Platform::Ucce.product().records_calls);
    /// ```
    #[must_use]
    pub const fn product(self) -> &'static Product {
        match self {
            Self::Ucce => &UCCE,
            Self::Uccx => &UCCX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::AgentState as S;

    #[test]
    fn the_tables_of_moves_say_the_same() {
        for platform in [Platform::Ucce, Platform::Uccx] {
            let product = platform.product();
            let allows = |from: &S, to: &S| platform.allows(from, to);
            assert_eq!(allows(&S::Ready, &S::Logout), product.signs_out_from_ready);
            assert_eq!(allows(&S::Talking, &S::Hold), product.shows_hold);
            assert_eq!(allows(&S::Talking, &S::WorkReady), product.has_work_ready);
        }
    }
}
