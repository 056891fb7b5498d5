//! The legal moves of agents, calls and parties, as tables.
//!
//! Source: Finesse Developer Guide, "User - Change agent state" and "State (dialog, participant)
//! parameter values". Moves with "request" are asked for, the others are made by the system.

use super::states::{AgentState, DialogState, ParticipantState};
use crate::transitions;

/// The two products behind the same interface; they differ in what an agent may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Platform {
    /// Stand-alone Finesse with Unified Contact Center Enterprise.
    #[default]
    Ucce,
    /// Finesse on Unified Contact Center Express.
    Uccx,
}

impl Platform {
    /// Reads SystemInfo's `deploymentType`.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        match word.trim() {
            word if word.eq_ignore_ascii_case("UCCE") => Some(Self::Ucce),
            word if word.eq_ignore_ascii_case("UCCX") => Some(Self::Uccx),
            _ => None,
        }
    }

    /// The wire word.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::Ucce => "UCCE",
            Self::Uccx => "UCCX",
        }
    }

    /// Whether the documents know this move of an agent. From and to [`AgentState::Unknown`] and
    /// words that are not known here, every move is.
    #[must_use]
    pub fn allows(self, from: &AgentState, to: &AgentState) -> bool {
        let is_open =
            |state: &AgentState| matches!(state, AgentState::Unknown | AgentState::Other(_));
        let table = match self {
            Self::Ucce => &AGENT_UCCE,
            Self::Uccx => &AGENT_UCCX,
        };
        is_open(from) || is_open(to) || table.allows(from, to)
    }
}

impl DialogState {
    /// Whether the documents know this move of a call. From and to words that are not known here,
    /// every move is.
    #[must_use]
    pub fn may_become(&self, to: &Self) -> bool {
        matches!((self, to), (Self::Other(_), _) | (_, Self::Other(_))) || DIALOG.allows(self, to)
    }
}

impl ParticipantState {
    /// Whether the documents know this move of a party. From and to words that are not known here,
    /// every move is.
    #[must_use]
    pub fn may_become(&self, to: &Self) -> bool {
        matches!((self, to), (Self::Other(_), _) | (_, Self::Other(_)))
            || PARTICIPANT.allows(self, to)
    }
}

transitions! {
    /// How an agent moves on UCCE.
    pub AGENT_UCCE: AgentState {
        Logout => NotReady by "sign-in request";
        NotReady => Logout by "sign-out request";
        NotReady => Ready by "request";
        NotReady => Talking by "places a call";
        Ready => NotReady by "request, or call not answered";
        Ready => Reserved by "call offered";
        Ready => ReservedOutbound by "campaign reserves";
        Ready => ReservedOutboundPreview by "campaign offers a preview";
        Reserved => Talking by "answered";
        Reserved => Ready by "never took the call";
        Reserved => NotReady by "call not answered";
        ReservedOutbound => Ready by "request";
        ReservedOutbound => NotReady by "request";
        ReservedOutbound => Talking by "campaign call arrives";
        ReservedOutboundPreview => Talking by "campaign call arrives";
        ReservedOutboundPreview => Ready by "preview ends";
        ReservedOutboundPreview => NotReady by "pending request, preview ends";
        Talking => Ready by "call dropped";
        Talking => NotReady by "call dropped, not ready pending";
        Talking => Work by "call dropped, wrap-up";
        Talking => WorkReady by "call dropped, wrap-up";
        Talking => Hold by "hold";
        Hold => Talking by "retrieve";
        Hold => Ready by "held call dropped";
        Hold => NotReady by "held call dropped";
        Hold => Work by "held call dropped, wrap-up";
        Hold => WorkReady by "held call dropped, wrap-up";
        Work => Ready by "request";
        Work => NotReady by "request, or wrap-up time over";
        WorkReady => Ready by "request, or wrap-up time over";
        WorkReady => NotReady by "request";
    }
}

transitions! {
    /// How an agent moves on UCCX: no hold, no work-ready, sign-out also from ready.
    pub AGENT_UCCX: AgentState {
        Logout => NotReady by "sign-in request";
        NotReady => Logout by "sign-out request";
        NotReady => Ready by "request";
        NotReady => Talking by "supervisor barges in";
        Ready => NotReady by "request, or call not answered";
        Ready => Logout by "sign-out request";
        Ready => Reserved by "call offered";
        Ready => ReservedOutboundPreview by "campaign offers a preview";
        Reserved => Talking by "answered";
        Reserved => Ready by "never took the call";
        Reserved => NotReady by "call not answered";
        ReservedOutboundPreview => Talking by "campaign call arrives";
        ReservedOutboundPreview => Ready by "preview ends";
        ReservedOutboundPreview => NotReady by "pending request, preview ends";
        Talking => Ready by "call dropped";
        Talking => NotReady by "call dropped, not ready pending";
        Talking => Work by "call dropped, wrap-up";
        Work => Ready by "request, or wrap-up time over";
        Work => NotReady by "request, or wrap-up time over";
    }
}

transitions! {
    /// How a call moves.
    pub DIALOG: DialogState {
        Initiating => Initiated by "digits dialled";
        Initiating => Alerting by "rings";
        Initiating => Active by "answered";
        Initiating => Failed by "cannot be placed";
        Initiating => Dropped by "hung up";
        Initiated => Alerting by "rings";
        Initiated => Active by "answered";
        Initiated => Failed by "cannot be placed";
        Initiated => Dropped by "hung up";
        Alerting => Active by "answered";
        Alerting => Failed by "not answered";
        Alerting => Dropped by "hung up";
        Alerting => Accepted by "preview accepted";
        Accepted => Initiating by "campaign call begins";
        Accepted => Initiated by "campaign call begins";
        Accepted => Active by "campaign call arrives";
        Accepted => Dropped by "preview ends";
        Active => Dropped by "last party left";
        Failed => Dropped by "hung up";
    }
}

transitions! {
    /// How one party of a call moves.
    pub PARTICIPANT: ParticipantState {
        Initiating => Initiated by "digits dialled";
        Initiating => Active by "other side answers";
        Initiating => Failed by "cannot be placed";
        Initiating => Dropped by "hangs up";
        Initiated => Active by "other side answers";
        Initiated => Failed by "cannot be placed";
        Initiated => Dropped by "hangs up";
        Alerting => Active by "answers";
        Alerting => Accepted by "accepts the preview";
        Alerting => Dropped by "not answered";
        Accepted => Active by "campaign call arrives";
        Accepted => Dropped by "preview ends";
        Active => Held by "hold";
        Active => Dropped by "leaves";
        Active => WrapUp by "leaves, wrap-up";
        Held => Active by "retrieve";
        Held => Dropped by "leaves";
        Held => WrapUp by "leaves, wrap-up";
        Failed => Dropped by "hangs up";
        WrapUp => Dropped by "wrap-up done";
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use core::fmt::Debug;

    use super::*;
    use crate::machine::TransitionTable;

    #[test]
    fn the_tables_are_as_reviewed() {
        insta::assert_snapshot!("agent_ucce", AGENT_UCCE.to_dot());
        insta::assert_snapshot!("agent_uccx", AGENT_UCCX.to_dot());
        insta::assert_snapshot!("dialog", DIALOG.to_dot());
        insta::assert_snapshot!("participant", PARTICIPANT.to_dot());
    }

    fn reachable<S: Clone + Ord + Debug>(table: &TransitionTable<S>, starts: &[S]) -> BTreeSet<S> {
        let mut seen: BTreeSet<S> = starts.iter().cloned().collect();
        loop {
            let next: Vec<S> = table
                .moves
                .iter()
                .filter(|step| seen.contains(&step.from) && !seen.contains(&step.to))
                .map(|step| step.to.clone())
                .collect();
            if next.is_empty() {
                return seen;
            }
            seen.extend(next);
        }
    }

    #[test]
    fn every_agent_state_of_a_product_can_be_reached_and_left() {
        let ucce: BTreeSet<_> = AgentState::KNOWN.iter().cloned().collect();
        let mut uccx = ucce.clone();
        for absent in [
            AgentState::Hold,
            AgentState::WorkReady,
            AgentState::ReservedOutbound,
        ] {
            uccx.remove(&absent);
        }
        for (table, mut states) in [(&AGENT_UCCE, ucce), (&AGENT_UCCX, uccx)] {
            states.remove(&AgentState::Unknown);

            assert_eq!(reachable(table, &[AgentState::Logout]), states);
            for state in states {
                assert!(
                    reachable(table, core::slice::from_ref(&state)).contains(&AgentState::Logout),
                    "{state}"
                );
            }
        }
    }

    #[test]
    fn every_call_ends() {
        for state in DialogState::KNOWN {
            assert!(
                reachable(&DIALOG, core::slice::from_ref(state)).contains(&DialogState::Dropped)
            );
        }
        for state in ParticipantState::KNOWN {
            assert!(
                reachable(&PARTICIPANT, core::slice::from_ref(state))
                    .contains(&ParticipantState::Dropped)
            );
        }
    }

    #[test]
    fn no_move_is_listed_twice() {
        fn check<S: PartialEq + Debug>(table: &TransitionTable<S>) {
            for (index, step) in table.moves.iter().enumerate() {
                let later = &table.moves[index + 1..];
                let is_same = |other: &&crate::machine::Transition<S>| {
                    other.from == step.from && other.to == step.to
                };
                assert!(later.iter().find(is_same).is_none(), "{step:?}");
            }
        }
        check(&AGENT_UCCE);
        check(&AGENT_UCCX);
        check(&DIALOG);
        check(&PARTICIPANT);
    }

    #[test]
    fn sign_out_from_ready_is_a_move_of_uccx_alone() {
        assert!(Platform::Uccx.allows(&AgentState::Ready, &AgentState::Logout));
        assert!(!Platform::Ucce.allows(&AgentState::Ready, &AgentState::Logout));
    }

    #[test]
    fn moves_from_and_to_the_unknown_are_open() {
        let other = AgentState::Other("PAUSED".into());

        assert!(Platform::Ucce.allows(&AgentState::Talking, &AgentState::Unknown));
        assert!(Platform::Ucce.allows(&AgentState::Unknown, &AgentState::Hold));
        assert!(Platform::Uccx.allows(&other, &AgentState::Logout));
        assert!(DialogState::Dropped.may_become(&DialogState::Other("PAUSED".into())));
        assert!(!DialogState::Dropped.may_become(&DialogState::Active));
        assert!(!ParticipantState::Dropped.may_become(&ParticipantState::Held));
    }
}
