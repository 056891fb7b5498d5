//! The calls of the model, and what each snapshot of them changes.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::change::{Change, Changes};
use super::dialog::Dialog;
use super::model::AgentModel;
use super::states::ParticipantState;
use super::text::DialogId;

impl AgentModel {
    /// Takes over a notification about one call. A call that is not held is added, whatever the
    /// notification's verb was.
    pub fn apply_dialog(&mut self, dialog: Dialog) -> Changes {
        if dialog.id.is_empty() {
            return Changes::new();
        }
        let Some(held) = self.dialogs.get(&dialog.id) else {
            return self.add_dialog(dialog);
        };
        if *held == dialog {
            return Changes::new();
        }
        let own_before = self.own_state(held);
        let own_after = self.own_state(&dialog);
        let (from, to) = (held.state.clone(), dialog.state.clone());
        let legal = from.may_become(&to)
            && match (&own_before, &own_after) {
                (Some(before), Some(after)) => before.may_become(after),
                _ => true,
            };
        self.count_illegal(legal);
        let id = dialog.id.clone();
        let offered = own_after == Some(ParticipantState::Alerting)
            && own_before != Some(ParticipantState::Alerting);
        self.dialogs.insert(id.clone(), dialog);
        let mut changes = Changes::new();
        if offered {
            changes.push(Change::CallOffered(id));
        } else {
            changes.push(Change::CallChanged {
                dialog: id,
                from,
                to,
                legal,
            });
        }
        changes
    }

    /// Takes over that a call is over for this agent; a call that is not held is ignored.
    pub fn remove_dialog(&mut self, id: &DialogId) -> Changes {
        match self.dialogs.remove(id) {
            Some(last) => alloc::vec![Change::CallEnded(Box::new(last))],
            None => {
                self.counters.unknown_removals = self.counters.unknown_removals.saturating_add(1);
                Changes::new()
            }
        }
    }

    /// Takes over the full list of the agent's calls, as a read of `Dialogs` gives it: calls that
    /// are missing from it have ended. Ends come before changes and new calls.
    pub fn replace_dialogs(&mut self, dialogs: Vec<Dialog>) -> Changes {
        let listed: BTreeSet<&DialogId> = dialogs.iter().map(|dialog| &dialog.id).collect();
        let gone: Vec<DialogId> = self
            .dialogs
            .keys()
            .filter(|id| !listed.contains(id))
            .cloned()
            .collect();
        let mut changes = Changes::new();
        for id in &gone {
            changes.extend(self.remove_dialog(id));
        }
        for dialog in dialogs {
            changes.extend(self.apply_dialog(dialog));
        }
        changes
    }

    fn add_dialog(&mut self, dialog: Dialog) -> Changes {
        let id = dialog.id.clone();
        if self.dialogs.len() >= Self::MAX_DIALOGS {
            self.counters.over_limit = self.counters.over_limit.saturating_add(1);
            return alloc::vec![Change::CallOverLimit(id)];
        }
        let rings = self.own_state(&dialog) == Some(ParticipantState::Alerting);
        self.dialogs.insert(id.clone(), dialog);
        alloc::vec![if rings {
            Change::CallOffered(id)
        } else {
            Change::CallStarted(id)
        }]
    }

    fn own_state(&self, dialog: &Dialog) -> Option<ParticipantState> {
        self.own_party(dialog).map(|party| party.state.clone())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::agent::{CallAction, DialogState, Participant, Platform, User};

    fn model() -> AgentModel {
        let mut model = AgentModel::new("1001".into(), Platform::Ucce);
        let extension = Some("2001".into());
        model.apply_user(User {
            id: "1001".into(),
            extension,
            ..User::default()
        });
        model
    }

    fn call(id: &str, state: DialogState, own: ParticipantState) -> Dialog {
        let party = Participant {
            address: "2001".into(),
            state: own,
            ..Participant::default()
        };
        Dialog {
            id: id.into(),
            state,
            participants: vec![party],
            ..Dialog::default()
        }
    }

    fn ringing(id: &str) -> Dialog {
        call(id, DialogState::Alerting, ParticipantState::Alerting)
    }

    fn active(id: &str) -> Dialog {
        call(id, DialogState::Active, ParticipantState::Active)
    }

    #[test]
    fn a_call_is_offered_once_then_changes_then_ends() {
        let mut model = model();

        let offered = model.apply_dialog(ringing("17"));
        let again = model.apply_dialog(ringing("17"));
        let answered = model.apply_dialog(active("17"));
        let ended = model.remove_dialog(&"17".into());

        assert_eq!(offered, [Change::CallOffered("17".into())]);
        assert_eq!(again, []);
        let (from, to) = (DialogState::Alerting, DialogState::Active);
        assert_eq!(
            answered,
            [Change::CallChanged {
                dialog: "17".into(),
                from,
                to,
                legal: true
            }]
        );
        assert_eq!(ended, [Change::CallEnded(Box::new(active("17")))]);
        assert_eq!(model.dialogs().len(), 0);
    }

    #[test]
    fn a_call_that_is_placed_is_not_offered() {
        let mut model = model();

        let placed = call("17", DialogState::Initiating, ParticipantState::Initiating);

        assert_eq!(
            model.apply_dialog(placed),
            [Change::CallStarted("17".into())]
        );
    }

    #[test]
    fn a_call_that_rings_elsewhere_is_not_offered() {
        let mut model = model();

        let rings_there = call("17", DialogState::Alerting, ParticipantState::Initiated);

        assert_eq!(
            model.apply_dialog(rings_there),
            [Change::CallStarted("17".into())]
        );
    }

    #[test]
    fn a_call_that_begins_to_ring_later_is_offered() {
        let mut model = model();
        model.apply_dialog(Dialog {
            participants: vec![],
            ..ringing("17")
        });

        assert_eq!(
            model.apply_dialog(ringing("17")),
            [Change::CallOffered("17".into())]
        );
    }

    #[test]
    fn a_call_that_goes_on_ringing_is_not_offered_again() {
        let mut model = model();
        model.apply_dialog(ringing("17"));

        let changes = model.apply_dialog(Dialog {
            queue_name: "Sales".into(),
            ..ringing("17")
        });

        assert!(matches!(
            changes[..],
            [Change::CallChanged { legal: true, .. }]
        ));
    }

    #[test]
    fn an_illegal_move_of_a_call_is_taken_over_and_counted() {
        let mut model = model();
        model.apply_dialog(active("17"));

        let changes = model.apply_dialog(call(
            "17",
            DialogState::Active,
            ParticipantState::Initiating,
        ));

        assert!(matches!(
            changes[..],
            [Change::CallChanged { legal: false, .. }]
        ));
        assert_eq!(model.counters().illegal_moves, 1);
    }

    #[test]
    fn new_actions_alone_are_a_change() {
        let mut model = model();
        model.apply_dialog(active("17"));
        let mut changed = active("17");
        changed.participants[0].actions = vec![CallAction::Hold];

        assert!(matches!(
            model.apply_dialog(changed)[..],
            [Change::CallChanged { .. }]
        ));
    }

    #[test]
    fn the_end_of_an_unknown_call_is_ignored() {
        let mut model = model();

        assert_eq!(model.remove_dialog(&"17".into()), []);
        assert_eq!(model.counters().unknown_removals, 1);
    }

    #[test]
    fn a_resync_ends_what_is_gone_before_it_tells_what_is_new() {
        let mut model = model();
        model.apply_dialog(ringing("17"));
        model.apply_dialog(active("18"));

        let changes = model.replace_dialogs(vec![ringing("19"), active("18")]);

        let ended = Change::CallEnded(Box::new(ringing("17")));
        assert_eq!(changes, [ended, Change::CallOffered("19".into())]);
        assert_eq!(
            model.dialogs().map(|d| d.id.as_str()).collect::<Vec<_>>(),
            ["18", "19"]
        );
    }

    #[test]
    fn calls_above_the_limit_are_shown_and_not_held() {
        let mut model = model();
        for n in 0..AgentModel::MAX_DIALOGS {
            model.apply_dialog(active(&alloc::format!("{n}")));
        }

        let changes = model.apply_dialog(active("one more"));

        assert_eq!(changes, [Change::CallOverLimit("one more".into())]);
        assert_eq!(model.dialogs().len(), AgentModel::MAX_DIALOGS);
        assert_eq!(model.counters().over_limit, 1);
    }

    #[test]
    fn a_call_without_an_id_is_ignored() {
        assert_eq!(model().apply_dialog(active("")), []);
    }
}
