//! What Finesse finds wrong before it asks the telephone system.

use finewire_core::agent::{AgentId, AgentState, CallAction, Text};
use finewire_finesse::{Answer, ApiError, ApiErrors, ReasonCategory, Rejection, Request};

use crate::calldata;
use crate::profile::Profile;
use crate::rest::{Desk, Refused, bad_request, invalid_input};
use crate::world::Campaign;

impl Desk<'_> {
    pub(crate) fn check(
        &self,
        asking: &AgentId,
        request: &Request,
        by_supervisor: bool,
    ) -> Result<(), Refused> {
        let profile = Profile::of(self.config.platform);
        match request {
            Request::SignIn {
                mobile: Some(_), ..
            } if !profile.has_mobile_agents => Err(invalid_input("mobileAgent")),
            // By which error is not documented.
            Request::SignIn { extension, .. }
                if !profile.takes_e164 && extension.as_str().starts_with('+') =>
            {
                Err(invalid_input("extension"))
            }
            Request::SignOut { reason_id, .. } => {
                self.check_reason(reason_id.as_ref(), ReasonCategory::Logout, by_supervisor)
            }
            Request::ChangeState {
                agent,
                state,
                reason_id,
            } if by_supervisor => {
                if reason_id.is_some() {
                    return Err(invalid_input("reasonCodeId"));
                }
                self.check_supervised_change(agent, state)
            }
            Request::ChangeState {
                state: AgentState::NotReady,
                reason_id,
                ..
            } => self.check_reason(reason_id.as_ref(), ReasonCategory::NotReady, by_supervisor),
            Request::ChangeState {
                reason_id: Some(_), ..
            } => Err(invalid_input("reasonCodeId")),
            Request::MakeCall { from, to, .. }
            | Request::SilentMonitor { from, to, .. }
            | Request::Barge { from, to, .. }
                if *from == *to.as_str() =>
            {
                let message = "The destination is the same as the source.";
                Err(bad_request(ApiError::new(
                    "Invalid Destination",
                    message,
                    to.as_str(),
                )))
            }
            Request::MakeCall { variables, .. }
                if !profile.dials_with_variables && !variables.is_empty() =>
            {
                Err(invalid_input("mediaProperties"))
            }
            Request::MakeCall { variables, .. } | Request::UpdateCallData { variables, .. } => {
                calldata::check(variables, &self.config.ecc_variables)
                    .map_err(|name| invalid_data(&name))
            }
            Request::SilentMonitor { to, .. } => self.check_monitored(asking, to),
            Request::Barge { to, dialog, .. } => {
                self.check_monitored(asking, to)?;
                let listens = self.world.monitored_by(asking);
                if listens.is_some_and(|(watched, _)| watched == *dialog) {
                    return Ok(());
                }
                let message = "The call is not monitored by this supervisor.";
                let error = ApiError::new("Invalid State", message, dialog.as_str());
                Err(bad_request(error))
            }
            Request::Act {
                action: CallAction::ConsultCall | CallAction::TransferSst,
                to: None,
                ..
            } => Err(Rejection::Missing("toAddress").into()),
            Request::Act {
                dialog,
                action: CallAction::SendDtmf,
                params,
                ..
            } => {
                self.check_digits(params)?;
                let held = self.world.holds(asking, dialog);
                if held {
                    let message = "Digits cannot be sent while the call is held.";
                    let error = ApiError::new("Invalid State", message, dialog.as_str());
                    return Err(Answer::Unauthorized(ApiErrors::one(Some(401), error)).into());
                }
                Ok(())
            }
            Request::Act { action, params, .. } if Campaign::concerns(action) => {
                if profile.has_previews {
                    Campaign::read(action, params).map(|_| ())?;
                    return Ok(());
                }
                Err(not_implemented())
            }
            Request::Act {
                action: CallAction::StartRecording,
                ..
            } if !profile.records => Err(not_implemented()),
            Request::Act {
                action: CallAction::Accept | CallAction::Reject | CallAction::Close,
                ..
            } if !profile.has_previews => Err(not_implemented()),
            _ => Ok(()),
        }
    }

    /// Digits are `0-9*#`, on UCCE `A-D` too.
    fn check_digits(&self, params: &[(Text, Text)]) -> Result<(), Refused> {
        let mut params = params.iter();
        let digits = params.find(|(name, _)| *name == "dtmfString");
        let (_, digits) = digits.ok_or(Rejection::Missing("dtmfString"))?;
        let letters = Profile::of(self.config.platform).has_letter_tones;
        let is_tone = |c: char| {
            c.is_ascii_digit() || matches!(c, '*' | '#') || (letters && matches!(c, 'A'..='D'))
        };
        if digits.is_empty() || !digits.as_str().chars().all(is_tone) {
            return Err(invalid_input("dtmfString"));
        }
        Ok(())
    }

    /// Only agents of the supervisor's own teams can be listened to.
    fn check_monitored(&self, asking: &AgentId, to: &Text) -> Result<(), Refused> {
        if self.is_plain_agent(asking) {
            let message = format!("User ({asking}) is not an authorizied supervisor.");
            let data = "The user is not authorized to perform this operation";
            let error = ApiError::new("Invalid Authorization User Specified", &message, data);
            return Err(Answer::Unauthorized(ApiErrors::one(Some(401), error)).into());
        }
        match self.world.on_line(to.as_str()) {
            Some(agent) if self.world.supervises(asking, &agent) => Ok(()),
            _ => {
                let message = "The destination is no agent of this supervisor.";
                let error = ApiError::new("Invalid Destination", message, to.as_str());
                Err(bad_request(error))
            }
        }
    }

    fn check_supervised_change(&self, agent: &AgentId, state: &AgentState) -> Result<(), Refused> {
        if !matches!(state, AgentState::Ready | AgentState::NotReady) {
            return Err(invalid_input("state"));
        }
        let id = self.world.find(agent.as_str()).map(|one| &one.config.id);
        if id.is_some_and(|id| self.world.may_be_made(id, state)) {
            return Ok(());
        }
        let message = "The agent's state does not allow this change by a supervisor.";
        let error = ApiError::new("Invalid State", message, state.as_wire());
        Err(Answer::Unauthorized(ApiErrors::one(Some(401), error)).into())
    }

    fn check_reason(
        &self,
        reason: Option<&Text>,
        category: ReasonCategory,
        by_supervisor: bool,
    ) -> Result<(), Refused> {
        match reason {
            Some(_) if by_supervisor => Err(invalid_input("reasonCodeId")),
            Some(id) if id.as_str() != "-1" && !self.world.has_reason(id.as_str(), category) => {
                Err(invalid_input("reasonCodeId"))
            }
            None if self.config.require_reason && !by_supervisor => {
                let message = "The state change requires a valid reason code.";
                let data = "finesse.api.reasoncode.require_reasoncode";
                Err(bad_request(ApiError::new(
                    "Parameter Missing",
                    message,
                    data,
                )))
            }
            _ => Ok(()),
        }
    }
}

/// A supervisor of other teams.
pub(crate) fn invalid_supervisor(asking: &AgentId) -> Refused {
    unauthorized_as("Invalid Supervisor", asking)
}

fn unauthorized_as(error_type: &str, asking: &AgentId) -> Refused {
    let message = "The user is not authorized to perform this operation";
    let error = ApiError::new(error_type, message, asking.as_str());
    Answer::Unauthorized(ApiErrors::one(Some(401), error)).into()
}

fn invalid_data(name: &str) -> Refused {
    let message = "Invalid callvariables specified";
    bad_request(ApiError::new("Invalid Input", message, name))
}

fn not_implemented() -> Refused {
    let error = ApiError::new("Not Implemented", "NOT_IMPLEMENTED", "");
    Answer::Refused(ApiErrors::one(Some(501), error)).into()
}
