//! What Finesse says about a call.

use alloc::vec::Vec;

use super::states::{CallAction, DialogState, ParticipantState};
use super::text::{DialogId, Text};
use crate::machine::UnixMillis;

/// A full snapshot of a call. Finesse Developer Guide, "Dialog".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Dialog {
    /// `id`.
    pub id: DialogId,
    /// `state`.
    pub state: DialogState,
    /// `fromAddress`: who called; that of the surviving call after a transfer.
    pub from: Text,
    /// `toAddress`: the number that was dialled.
    pub to: Text,
    /// `mediaProperties/callType`: an open word; may be empty or `NULL` after a failover.
    pub call_type: Text,
    /// `mediaType`: `Voice`.
    pub media_type: Text,
    /// The id in `associatedDialogUri`.
    pub associated: Option<DialogId>,
    /// `secondaryId`: the call that a transfer or conference swallowed.
    pub secondary: Option<DialogId>,
    /// `mediaProperties/DNIS`.
    pub dnis: Text,
    /// `mediaProperties/dialedNumber`.
    pub dialed_number: Text,
    /// `mediaProperties/queueNumber`.
    pub queue_number: Text,
    /// `mediaProperties/queueName`.
    pub queue_name: Text,
    /// `mediaProperties/wrapUpReason`.
    pub wrap_up_reason: Option<Text>,
    /// `mediaProperties/callvariables`, in the order of the wire: name and value.
    pub variables: Vec<(Text, Text)>,
    /// `scheduledCallbackInfo`: when the customer is to be called again (outbound campaigns).
    pub callback: Option<ScheduledCallback>,
    /// `participants`, in the order of the wire.
    pub participants: Vec<Participant>,
}

impl Dialog {
    /// The party whose `mediaAddress` is `address`.
    ///
    /// Who left the call and came back may be listed twice: then it is the one who is there, else the
    /// last one.
    ///
    /// Seen: the own party must be found by its extension; customers have no address type.
    #[must_use]
    pub fn participant(&self, address: &str) -> Option<&Participant> {
        let parties = || self.participants.iter().filter(|p| p.address == *address);
        let left = [ParticipantState::Dropped, ParticipantState::WrapUp];
        parties()
            .find(|party| !left.contains(&party.state))
            .or_else(|| parties().next_back())
    }

    /// The value of a call variable; names compare case-insensitively.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Text> {
        let mut variables = self.variables.iter();
        variables
            .find(|(known, _)| known.as_str().eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// When the call began: the earliest `startTime` of its parties.
    #[must_use]
    pub fn started(&self) -> Option<UnixMillis> {
        self.participants
            .iter()
            .filter_map(|party| party.started)
            .min()
    }
}

/// When a customer of a campaign is to be called again. Finesse Developer Guide, "Dialog", element
/// `scheduledCallbackInfo`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ScheduledCallback {
    /// `callbackTime`: `YYYY-MM-DDThh:mm`, in the customer's time; empty when only the number is another.
    pub time: Text,
    /// `callbackNumber`: empty for the number that was called.
    pub number: Text,
}

/// One party of a call. Finesse Developer Guide, "Dialog", element `participants/Participant`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Participant {
    /// `mediaAddress`: an extension or number.
    pub address: Text,
    /// `mediaAddressType`: `AGENT_DEVICE`; empty for customers and trunks.
    pub address_type: Text,
    /// `state`.
    pub state: ParticipantState,
    /// `stateCause`: empty, `BUSY`, `BAD_DESTINATION`, `OTHER`,
    /// `DEVICE_RESOURCE_NOT_AVAILABLE`.
    pub cause: Text,
    /// `startTime`.
    pub started: Option<UnixMillis>,
    /// `stateChangeTime`.
    pub changed: Option<UnixMillis>,
    /// `actions`: what this party may do now.
    pub actions: Vec<CallAction>,
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn who_left_a_call_and_came_back_is_there() {
        let party = |state: ParticipantState| Participant {
            address: "2005".into(),
            state,
            ..Participant::default()
        };
        let state_of = |participants| {
            let dialog = Dialog {
                participants,
                ..Dialog::default()
            };
            dialog.participant("2005").map(|party| party.state.clone())
        };
        use ParticipantState::{Alerting, Dropped, WrapUp};

        assert_eq!(
            state_of(vec![party(Dropped), party(Alerting)]),
            Some(Alerting)
        );
        assert_eq!(
            state_of(vec![party(Alerting), party(WrapUp)]),
            Some(Alerting)
        );
        assert_eq!(state_of(vec![party(Dropped), party(WrapUp)]), Some(WrapUp));
        assert_eq!(state_of(vec![party(Dropped)]), Some(Dropped));
        assert_eq!(state_of(vec![]), None);
    }
}
