//! The REST interface: who asks, whether they may, and the answer that is known at once.

use bytes::Bytes;
use finewire_core::agent::{AgentId, AgentState, CallAction, Platform, Text};
use finewire_core::machine::Instant;
use finewire_finesse::{Answer, ApiError, ApiErrors, Credentials, ReasonCategory, Rejection};
use finewire_finesse::{Request, RequestId, SystemInfo};
use finewire_http::http::header::{ALLOW, HeaderValue};
use finewire_http::http::{self, Response};

use crate::config::Config;
use crate::locks::Locks;
use crate::world::World;

/// A request that was looked at.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) response: Response<Bytes>,
    /// What takes effect later, if it was accepted.
    pub(crate) effect: Option<Effect>,
    pub(crate) agent: Option<AgentId>,
    pub(crate) verb: Option<Text>,
}

/// An accepted request.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) request: Request,
    /// The agent whom it concerns, and whose node carries its outcome.
    pub(crate) agent: AgentId,
    pub(crate) by_supervisor: bool,
    pub(crate) request_id: Option<RequestId>,
}

/// Everything an answer depends on.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) world: &'a World,
    pub(crate) locks: &'a mut Locks,
    pub(crate) system: &'a SystemInfo,
}

impl Desk<'_> {
    pub(crate) fn serve(&mut self, request: &http::Request<Bytes>) -> Served {
        let request_id = RequestId::from_headers(request.headers());
        let read = Request::from_http(request);
        let verb = read.as_ref().ok().map(|request| Text::from(request.verb()));
        let mut agent = None;
        let decided = self.decide(request, read, request_id.clone(), &mut agent);
        let (answer, effect, allow) = match decided {
            Ok((answer, effect)) => (answer, effect, None),
            Err(Refused { answer, allow }) => (answer, None, allow),
        };
        let mut response = answer.to_http(request_id.as_ref());
        if let Some(allow) = allow {
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(allow));
        }
        if matches!(answer, Answer::Accepted) && self.config.knobs.ok_instead_of_accepted {
            *response.status_mut() = http::StatusCode::OK;
        }
        Served {
            response,
            effect,
            agent,
            verb,
        }
    }

    fn decide(
        &mut self,
        http: &http::Request<Bytes>,
        read: Result<Request, Rejection>,
        request_id: Option<RequestId>,
        agent: &mut Option<AgentId>,
    ) -> Result<(Answer, Option<Effect>), Refused> {
        if let Some(target) = &self.config.knobs.moved_to {
            return Ok((Answer::Moved(target.clone()), None));
        }
        if matches!(read, Ok(Request::SystemInfo)) {
            return Ok((Answer::SystemInfo(Box::new(self.system.clone())), None));
        }
        if !self.system.is_in_service() {
            let error = ApiError::new("Service Unavailable", "SERVER_OUT_OF_SERVICE", "");
            return Err(Answer::Unavailable(ApiErrors::one(Some(503), error)).into());
        }
        let asking = self.authenticate(http)?;
        *agent = Some(asking.clone());
        let request = read?;
        if request.is_read() {
            return Ok((self.read(&asking, &request)?, None));
        }
        let (concerned, by_supervisor) = self.permit(&asking, &request)?;
        self.check(&request, by_supervisor)?;
        let effect = Effect {
            request,
            agent: concerned,
            by_supervisor,
            request_id,
        };
        Ok((Answer::Accepted, Some(effect)))
    }

    /// Who asks. The answer does not tell a wrong password from an unknown or locked user.
    fn authenticate(&mut self, request: &http::Request<Bytes>) -> Result<AgentId, Refused> {
        let credentials = Credentials::from_headers(request.headers());
        let Some(Credentials::Basic { user, password }) = credentials else {
            return Err(unauthorized("Unauthorized", ""));
        };
        let refused = || unauthorized("UNAUTHORIZED", user.as_str());
        let agent = self.world.find(user.as_str()).ok_or_else(refused)?;
        let right = agent.config.password == password;
        if self.locks.admit(self.now, &agent.config.id, right) {
            Ok(agent.config.id.clone())
        } else {
            Err(refused())
        }
    }

    /// The agent's login id, if `asking` may look at or act for that agent.
    fn own_or_supervised(&self, asking: &AgentId, agent: &AgentId) -> Result<AgentId, Refused> {
        let found = self
            .world
            .find(agent.as_str())
            .ok_or_else(|| not_found_user(agent))?;
        let id = found.config.id.clone();
        if id == *asking || self.world.supervises(asking, &id) {
            return Ok(id);
        }
        Err(not_yours(agent))
    }

    fn read(&self, asking: &AgentId, request: &Request) -> Result<Answer, Refused> {
        Ok(match request {
            Request::User { agent } => {
                let id = self.own_or_supervised(asking, agent)?;
                let user = self.world.user(&id).ok_or_else(|| not_found_user(agent))?;
                Answer::User(Box::new(user))
            }
            Request::Dialogs { agent } => {
                Answer::Dialogs(self.world.dialogs(&self.own_or_supervised(asking, agent)?))
            }
            Request::Dialog { dialog } => {
                let found = self.world.dialog(dialog).ok_or_else(not_found_dialog)?;
                let supervises = || !self.is_plain_agent(asking);
                if !self.world.takes_part(asking, dialog) && !supervises() {
                    return Err(no_right());
                }
                Answer::Dialog(Box::new(found))
            }
            Request::Team { team } => {
                let (found, users) = self
                    .world
                    .team(team.as_str())
                    .ok_or_else(|| not_found("TeamId Not Found"))?;
                let supervisor = self.world.find(asking.as_str());
                if !supervisor.is_some_and(|one| one.config.supervises.contains(&found)) {
                    return Err(no_right());
                }
                Answer::Team(found, users)
            }
            Request::ReasonCodes { agent, category } => {
                self.own_or_supervised(asking, agent)?;
                Answer::ReasonCodes(self.world.reason_codes(*category))
            }
            Request::WrapUpReasons { agent } => {
                self.own_or_supervised(asking, agent)?;
                Answer::WrapUpReasons(self.config.wrap_up_reasons.clone())
            }
            _ => Answer::SystemInfo(Box::new(self.system.clone())),
        })
    }

    fn is_plain_agent(&self, id: &AgentId) -> bool {
        self.world
            .find(id.as_str())
            .is_none_or(|agent| agent.config.supervises.is_empty())
    }

    /// Whom a command concerns, and whether a supervisor gives it for somebody else.
    fn permit(&self, asking: &AgentId, request: &Request) -> Result<(AgentId, bool), Refused> {
        match request {
            Request::SignIn { agent, .. } | Request::MakeCall { agent, .. } => {
                let found = self
                    .world
                    .find(agent.as_str())
                    .ok_or_else(|| not_found_user(agent))?;
                if found.config.id == *asking {
                    return Ok((asking.clone(), false));
                }
                Err(not_yours(agent))
            }
            Request::SignOut { agent, .. } | Request::ChangeState { agent, .. } => {
                let id = self.own_or_supervised(asking, agent)?;
                let by_supervisor = id != *asking;
                Ok((id, by_supervisor))
            }
            Request::Act { dialog, .. } | Request::UpdateCallData { dialog, .. } => {
                self.world.dialog(dialog).ok_or_else(not_found_dialog)?;
                if self.world.takes_part(asking, dialog) {
                    return Ok((asking.clone(), false));
                }
                Err(no_right())
            }
            _ => Ok((asking.clone(), false)),
        }
    }

    /// What Finesse finds wrong before it asks the telephone system.
    fn check(&self, request: &Request, by_supervisor: bool) -> Result<(), Refused> {
        match request {
            Request::SignOut { reason_id, .. } => {
                self.check_reason(reason_id.as_ref(), ReasonCategory::Logout, by_supervisor)
            }
            Request::ChangeState {
                state: AgentState::NotReady,
                reason_id,
                ..
            } => self.check_reason(reason_id.as_ref(), ReasonCategory::NotReady, by_supervisor),
            Request::ChangeState {
                reason_id: Some(_), ..
            } => Err(invalid_input("reasonCodeId")),
            Request::MakeCall { from, to, .. } if *from == *to.as_str() => {
                let message = "The destination is the same as the source.";
                Err(bad_request(ApiError::new(
                    "Invalid Destination",
                    message,
                    to.as_str(),
                )))
            }
            Request::MakeCall { variables, .. }
                if self.config.platform == Platform::Uccx && !variables.is_empty() =>
            {
                Err(invalid_input("mediaProperties"))
            }
            Request::UpdateCallData { variables, .. }
                if variables
                    .iter()
                    .any(|(name, _)| name.as_str().starts_with("BA")) =>
            {
                Err(invalid_input("callvariables"))
            }
            Request::Act {
                action: CallAction::ConsultCall | CallAction::TransferSst,
                to: None,
                ..
            } => Err(Rejection::Missing("toAddress").into()),
            _ => Ok(()),
        }
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

/// A refusal on its way to the answer.
struct Refused {
    answer: Answer,
    allow: Option<&'static str>,
}

impl From<Answer> for Refused {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            allow: None,
        }
    }
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        let allow = match rejection {
            Rejection::MethodNotAllowed { allow } => Some(allow),
            _ => None,
        };
        Self {
            answer: Answer::Refused(rejection.to_errors()),
            allow,
        }
    }
}

fn bad_request(error: ApiError) -> Refused {
    Answer::Refused(ApiErrors::one(Some(400), error)).into()
}

fn invalid_input(parameter: &'static str) -> Refused {
    Rejection::Invalid(parameter).into()
}

fn not_found(error_type: &str) -> Refused {
    Answer::Refused(ApiErrors::one(Some(404), ApiError::new(error_type, "", ""))).into()
}

fn not_found_user(agent: &AgentId) -> Refused {
    let error = ApiError::new("User Not Found", "UNKNOWN_USER", agent.as_str());
    Answer::Refused(ApiErrors::one(Some(404), error)).into()
}

fn not_found_dialog() -> Refused {
    let error = ApiError::new("Not Found", "Invalid dialogId specified for dialog", "");
    Answer::Refused(ApiErrors::one(Some(404), error)).into()
}

fn unauthorized(message: &str, user: &str) -> Refused {
    let error = ApiError::new("Authorization Failure", message, user);
    Answer::Unauthorized(ApiErrors::one(Some(401), error)).into()
}

fn not_yours(agent: &AgentId) -> Refused {
    let message = "The user specified in the authentication credentials and the uri don't match";
    let error = ApiError::new(
        "Invalid Authorization User Specified",
        message,
        agent.as_str(),
    );
    Answer::Unauthorized(ApiErrors::one(Some(401), error)).into()
}

fn no_right() -> Refused {
    let message = "The user is not authorized to perform this operation";
    let error = ApiError::new("Unauthorized", message, "");
    Answer::Unauthorized(ApiErrors::one(Some(401), error)).into()
}
