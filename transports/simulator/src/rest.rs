//! The REST interface: who asks, whether they may, and the answer that is known at once.

use bytes::Bytes;
use finewire_core::agent::{AgentId, Text};
use finewire_core::machine::Instant;
use finewire_finesse::{Answer, ApiError, ApiErrors, Credentials, Rejection};
use finewire_finesse::{Request, RequestId, SystemInfo};
use finewire_http::http::header::{ALLOW, HeaderValue};
use finewire_http::http::{self, Response};

use crate::checks::invalid_supervisor;
use crate::config::{Config, Node};
use crate::knobs::Sso;
use crate::locks::Locks;
use crate::messages::Messages;
use crate::sso::Tokens;
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
    /// The node that was asked.
    pub(crate) node: Node,
}

/// Everything an answer depends on.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) world: &'a World,
    pub(crate) locks: &'a mut Locks,
    pub(crate) system: &'a SystemInfo,
    pub(crate) messages: &'a Messages,
    pub(crate) tokens: &'a Tokens,
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
        let at_once = matches!(
            &effect,
            Some(Effect {
                request: Request::SendTeamMessage { .. }
                    | Request::DeleteTeamMessage { .. }
                    | Request::ClientLog { .. },
                ..
            })
        );
        if matches!(answer, Answer::Accepted)
            && (at_once || self.config.knobs.ok_instead_of_accepted)
        {
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
        self.check(&asking, &request, by_supervisor)?;
        let effect = Effect {
            request,
            agent: concerned,
            by_supervisor,
            request_id,
            node: Node::First,
        };
        Ok((Answer::Accepted, Some(effect)))
    }

    /// Who asks. The answer does not tell a wrong password from an unknown or locked user.
    fn authenticate(&mut self, request: &http::Request<Bytes>) -> Result<AgentId, Refused> {
        let sso = self.config.knobs.sso;
        let nobody = || unauthorized("Unauthorized", "");
        let (user, password) = match Credentials::from_headers(request.headers()) {
            Some(Credentials::Basic { user, password }) if sso != Sso::On => (user, password),
            Some(Credentials::Bearer(token)) if sso != Sso::Off => {
                return self.tokens.holder(self.now, &token).ok_or_else(nobody);
            }
            _ => return Err(nobody()),
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
    pub(crate) fn own_or_supervised(
        &self,
        asking: &AgentId,
        agent: &AgentId,
    ) -> Result<AgentId, Refused> {
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

    pub(crate) fn is_plain_agent(&self, id: &AgentId) -> bool {
        self.world
            .find(id.as_str())
            .is_none_or(|agent| agent.config.supervises.is_empty())
    }

    /// Whom a command concerns, and whether a supervisor gives it for somebody else.
    fn permit(&self, asking: &AgentId, request: &Request) -> Result<(AgentId, bool), Refused> {
        match request {
            Request::SignIn { agent, .. }
            | Request::MakeCall { agent, .. }
            | Request::SilentMonitor { agent, .. }
            | Request::Barge { agent, .. }
            | Request::ClientLog { agent, .. } => {
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
                let found = self.world.find(agent.as_str());
                let found = found.ok_or_else(|| not_found_user(agent))?;
                let strange =
                    found.config.id != *asking && !self.world.supervises(asking, &found.config.id);
                if strange && !self.is_plain_agent(asking) {
                    return Err(invalid_supervisor(asking));
                }
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
            Request::SendTeamMessage { teams, .. } => {
                if self.messages.is_full() {
                    let error = ApiError::new(
                        "System Resource Limit Exceeded",
                        "MAX_ACTIVE_MESSAGE_LIMIT_EXCEEDED",
                        "teammessage.max.limit.exceeded",
                    );
                    return Err(bad_request(error));
                }
                for team in teams {
                    if self.world.team(team.as_str()).is_none() {
                        return Err(not_found("TeamId Not Found"));
                    }
                    if !self.world.supervises_team(asking, team.as_str()) {
                        return Err(no_right());
                    }
                }
                Ok((asking.clone(), false))
            }
            Request::DeleteTeamMessage { message } => {
                let Some(by) = self.messages.sender(message) else {
                    return Err(not_found("Not Found"));
                };
                if by != asking {
                    return Err(no_right());
                }
                Ok((asking.clone(), false))
            }
            _ => Ok((asking.clone(), false)),
        }
    }
}

/// A refusal on its way to the answer.
pub(crate) struct Refused {
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

pub(crate) fn bad_request(error: ApiError) -> Refused {
    Answer::Refused(ApiErrors::one(Some(400), error)).into()
}

pub(crate) fn invalid_input(parameter: &'static str) -> Refused {
    Rejection::Invalid(parameter).into()
}

pub(crate) fn not_found(error_type: &str) -> Refused {
    Answer::Refused(ApiErrors::one(Some(404), ApiError::new(error_type, "", ""))).into()
}

pub(crate) fn not_found_user(agent: &AgentId) -> Refused {
    let error = ApiError::new("User Not Found", "UNKNOWN_USER", agent.as_str());
    Answer::Refused(ApiErrors::one(Some(404), error)).into()
}

pub(crate) fn not_found_dialog() -> Refused {
    let error = ApiError::new("Not Found", "Invalid dialogId specified for dialog", "");
    Answer::Refused(ApiErrors::one(Some(404), error)).into()
}

pub(crate) fn unauthorized(message: &str, user: &str) -> Refused {
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

pub(crate) fn no_right() -> Refused {
    let message = "The user is not authorized to perform this operation";
    let error = ApiError::new("Unauthorized", message, "");
    Answer::Unauthorized(ApiErrors::one(Some(401), error)).into()
}
