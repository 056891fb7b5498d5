//! The words of Finesse as open enums: agent states, call states, party states, call actions.
//!
//! Every enum keeps a word it does not know in `Other`, so a new Finesse release cannot break the
//! reader (Seen: clients that threw on unknown words died at an upgrade).

/// Declares an open enum of wire words: compared case-insensitively, unknown ones kept.
macro_rules! open_words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$variant_meta])* #[doc = concat!(" Wire word `", $word, "`.")] $variant,)*
            /// A word that is not known here, as it came.
            Other($crate::agent::Text),
        }

        impl $name {
            /// The known words, in the order of their declaration.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// Reads a wire word; case and blanks around it do not matter.
            #[must_use]
            pub fn from_wire(word: &str) -> Self {
                let word = word.trim();
                $(if word.eq_ignore_ascii_case($word) {
                    return Self::$variant;
                })*
                Self::Other(word.into())
            }

            /// The wire word.
            #[must_use]
            pub fn as_wire(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word.as_str(),
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_wire())
            }
        }
    };
}

pub(crate) use open_words;

open_words! {
    /// The state of an agent. Finesse Developer Guide, "User", element `state`.
    #[derive(Default)]
    pub enum AgentState {
        /// Finesse does not know, or has not said anything yet.
        #[default]
        Unknown = "UNKNOWN",
        /// Signed out.
        Logout = "LOGOUT",
        /// Signed in, takes no calls.
        NotReady = "NOT_READY",
        /// Takes calls.
        Ready = "READY",
        /// A call is being offered.
        Reserved = "RESERVED",
        /// Held for an outbound campaign's call.
        ReservedOutbound = "RESERVED_OUTBOUND",
        /// Looks at an outbound campaign's record before the call is placed.
        ReservedOutboundPreview = "RESERVED_OUTBOUND_PREVIEW",
        /// On a call.
        Talking = "TALKING",
        /// The only call is held (UCCE).
        Hold = "HOLD",
        /// Wrap-up work, not ready afterwards.
        Work = "WORK",
        /// Wrap-up work, ready afterwards (UCCE).
        WorkReady = "WORK_READY",
    }
}

open_words! {
    /// The state of a call as a whole. Finesse Developer Guide, "Dialog", element `state`.
    #[derive(Default)]
    pub enum DialogState {
        /// Off hook.
        #[default]
        Initiating = "INITIATING",
        /// Dialling.
        Initiated = "INITIATED",
        /// Rings somewhere.
        Alerting = "ALERTING",
        /// At least one party is active; also when all parties hold.
        Active = "ACTIVE",
        /// Could not be placed.
        Failed = "FAILED",
        /// No active party is left.
        Dropped = "DROPPED",
        /// An outbound preview was accepted.
        Accepted = "ACCEPTED",
    }
}

open_words! {
    /// The state of one party of a call. Finesse Developer Guide, "Dialog", element
    /// `participants/Participant/state`.
    #[derive(Default)]
    pub enum ParticipantState {
        /// Off hook.
        #[default]
        Initiating = "INITIATING",
        /// Dialling.
        Initiated = "INITIATED",
        /// Rings here.
        Alerting = "ALERTING",
        /// Talks.
        Active = "ACTIVE",
        /// Has the call on hold.
        Held = "HELD",
        /// Busy or error.
        Failed = "FAILED",
        /// Has left the call.
        Dropped = "DROPPED",
        /// Does wrap-up work after the drop.
        WrapUp = "WRAP_UP",
        /// Has accepted a preview.
        Accepted = "ACCEPTED",
    }
}

open_words! {
    /// What can be done to a call. Finesse Developer Guide, "Dialog", elements `requestedAction`
    /// and `participants/Participant/actions/action`.
    pub enum CallAction {
        /// Takes the alerting call.
        Answer = "ANSWER",
        /// Puts the call on hold.
        Hold = "HOLD",
        /// Takes the held call back.
        Retrieve = "RETRIEVE",
        /// Leaves the call.
        Drop = "DROP",
        /// Calls a third party beside the active call.
        ConsultCall = "CONSULT_CALL",
        /// Completes a consult as a transfer; asked on the original, held call.
        Transfer = "TRANSFER",
        /// Completes a consult as a conference; asked on the original, held call.
        Conference = "CONFERENCE",
        /// Transfers in a single step.
        TransferSst = "TRANSFER_SST",
        /// Sends digits.
        SendDtmf = "SEND_DTMF",
        /// Changes call variables or the wrap-up reason.
        UpdateCallData = "UPDATE_CALL_DATA",
        /// Places a call.
        MakeCall = "MAKE_CALL",
        /// Records the call (UCCX).
        StartRecording = "START_RECORDING",
        /// Listens to an agent (supervisor).
        SilentMonitor = "SILENT_MONITOR",
        /// Joins a monitored call (supervisor).
        BargeCall = "BARGE_CALL",
        /// Drops another party.
        ParticipantDrop = "PARTICIPANT_DROP",
        /// Takes a previewed campaign call.
        Accept = "ACCEPT",
        /// Leaves a previewed campaign call to others.
        Reject = "REJECT",
        /// Ends a previewed campaign call for good.
        Close = "CLOSE",
        /// Says what answered a campaign call.
        Reclassify = "RECLASSIFY",
        /// Sets time or number of a call-back.
        UpdateScheduledCallback = "UPDATE_SCHEDULED_CALLBACK",
        /// Takes a call-back off.
        CancelScheduledCallback = "CANCEL_SCHEDULED_CALLBACK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! every_word_comes_back {
        ($($kind:ident)*) => {$(
            for state in $kind::KNOWN {
                assert_eq!($kind::from_wire(state.as_wire()), *state);
                assert_eq!($kind::from_wire(&state.as_wire().to_ascii_lowercase()), *state);
                assert!(!matches!(state, $kind::Other(_)));
            }
        )*};
    }

    #[test]
    fn every_known_word_comes_back_in_any_case() {
        every_word_comes_back!(AgentState DialogState ParticipantState CallAction);
    }

    #[test]
    fn an_unknown_word_is_kept_as_it_came() {
        let state = AgentState::from_wire(" Paused ");

        assert_eq!(state, AgentState::Other("Paused".into()));
        assert_eq!(state.as_wire(), "Paused");
    }

    #[test]
    fn a_word_that_begins_like_a_known_one_is_another() {
        assert_eq!(
            AgentState::from_wire("RESERVED_OUTBOUND"),
            AgentState::ReservedOutbound
        );
        assert_eq!(
            AgentState::from_wire("RESERVED_OUTBOUN"),
            AgentState::Other("RESERVED_OUTBOUN".into())
        );
    }
}
