//! What an agent says about the customer of an outbound campaign.
//!
//! Finesse Developer Guide, "Dialog - Reclassify a call", "- Schedule a callback", "- Cancel a callback".

use finewire_core::agent::{AgentId, CallAction, DialogId, ScheduledCallback, Text};
use finewire_finesse::{ApiErrors, Rejection, Resource};

use super::call::CallId;
use super::{World, refusal};

/// What can be found at the other end (`outboundClassification`).
const CLASSES: [&str; 6] = [
    "VOICE",
    "FAX",
    "ANS_MACHINE",
    "INVALID",
    "BUSY",
    "DO_NOT_CALL",
];

/// Characters of a number to call back, at most.
const MOST_NUMBER: usize = 40;

/// What an agent says about a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Campaign {
    /// `RECLASSIFY`: it was somebody, or something, else that answered.
    Reclassify(Text),
    /// `UPDATE_SCHEDULED_CALLBACK`: call again then, or there.
    CallBack {
        time: Option<Text>,
        number: Option<Text>,
    },
    /// `CANCEL_SCHEDULED_CALLBACK`
    DoNotCallBack,
}

impl Campaign {
    /// Whether an action is one of these.
    pub(crate) const fn concerns(action: &CallAction) -> bool {
        matches!(
            action,
            CallAction::Reclassify
                | CallAction::UpdateScheduledCallback
                | CallAction::CancelScheduledCallback
        )
    }

    /// Reads an action's parameters.
    pub(crate) fn read(action: &CallAction, params: &[(Text, Text)]) -> Result<Self, Rejection> {
        let param = |wanted: &str| {
            let mut params = params.iter();
            let found = params.find(|(name, value)| *name == *wanted && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        match action {
            CallAction::Reclassify => {
                const NAME: &str = "outboundClassification";
                let class = param(NAME).ok_or(Rejection::Missing(NAME))?;
                if CLASSES.contains(&class.as_str()) {
                    return Ok(Self::Reclassify(class));
                }
                Err(Rejection::Invalid(NAME))
            }
            CallAction::UpdateScheduledCallback => {
                let (time, number) = (param("callbackTime"), param("callbackNumber"));
                if time.is_none() && number.is_none() {
                    return Err(Rejection::Missing("callbackTime"));
                }
                if time.as_ref().is_some_and(|time| !is_minute(time.as_str())) {
                    return Err(Rejection::Invalid("callbackTime"));
                }
                let is_long = |number: &Text| number.as_str().len() > MOST_NUMBER;
                if number.as_ref().is_some_and(is_long) {
                    return Err(Rejection::Invalid("callbackNumber"));
                }
                Ok(Self::CallBack { time, number })
            }
            _ => Ok(Self::DoNotCallBack),
        }
    }
}

/// Whether this is `YYYY-MM-DDThh:mm`, as far as digits go.
fn is_minute(text: &str) -> bool {
    const FORM: &str = "0000-00-00T00:00";
    let alike = |(wanted, found): (char, char)| {
        if wanted == '0' {
            found.is_ascii_digit()
        } else {
            found == wanted
        }
    };
    text.len() == FORM.len() && FORM.chars().zip(text.chars()).all(alike)
}

impl World {
    /// Carries out what an agent says about a customer; only a campaign's calls have one.
    pub(crate) fn act_for_campaign(
        &mut self,
        by: &AgentId,
        dialog: &DialogId,
        action: &CallAction,
        params: &[(Text, Text)],
    ) {
        if let Err(refusal) = self.try_act_for_campaign(by, dialog, action, params) {
            self.refuse(Resource::Dialog(dialog.clone()), refusal);
        }
    }

    fn try_act_for_campaign(
        &mut self,
        by: &AgentId,
        dialog: &DialogId,
        action: &CallAction,
        params: &[(Text, Text)],
    ) -> Result<(), ApiErrors> {
        let id = CallId::from_dialog(dialog).ok_or_else(refusal::generic_error)?;
        let call = self.calls.get_mut(&id).ok_or_else(refusal::generic_error)?;
        if !call.is_campaigns() || !call.lists(by) {
            return Err(refusal::generic_error());
        }
        let said = Campaign::read(action, params).map_err(|_| refusal::generic_error())?;
        match said {
            Campaign::Reclassify(class) => {
                call.variables.retain(|(name, _)| *name != "BAResponse");
                call.variables.push(("BAResponse".into(), class));
            }
            Campaign::CallBack { time, number } => {
                let known = call.callback.take().unwrap_or_default();
                call.callback = Some(ScheduledCallback {
                    time: time.unwrap_or(known.time),
                    number: number.unwrap_or(known.number),
                });
            }
            Campaign::DoNotCallBack => {
                call.callback.take().ok_or_else(refusal::generic_error)?;
            }
        }
        self.publish_changed(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_or_refused_by_name() {
        let read = |action: CallAction, params: &[(&str, &str)]| {
            let params: Vec<_> = params
                .iter()
                .map(|(name, value)| (Text::from(*name), Text::from(*value)))
                .collect();
            Campaign::read(&action, &params)
        };
        let class = "outboundClassification";
        let reclassify = CallAction::Reclassify;
        assert_eq!(
            read(reclassify.clone(), &[(class, "FAX")]),
            Ok(Campaign::Reclassify("FAX".into()))
        );
        assert_eq!(
            read(reclassify.clone(), &[]),
            Err(Rejection::Missing(class))
        );
        assert_eq!(
            read(reclassify, &[(class, "PARROT")]),
            Err(Rejection::Invalid(class))
        );
        let call_back = CallAction::UpdateScheduledCallback;
        let time = "callbackTime";
        assert!(read(call_back.clone(), &[(time, "2026-03-01T17:30")]).is_ok());
        assert!(read(call_back.clone(), &[("callbackNumber", "5550199")]).is_ok());
        assert_eq!(read(call_back.clone(), &[]), Err(Rejection::Missing(time)));
        for wrong in [
            "tomorrow",
            "2026-03-01 17:30",
            "2026-03-01T17:30:00",
            "2026-3-1T17:30000",
        ] {
            let refused = read(call_back.clone(), &[(time, wrong)]);
            assert_eq!(refused, Err(Rejection::Invalid(time)), "{wrong}");
        }
    }
}
