//! Requests from HTTP: the side of a server.

use bytes::Bytes;
use finewire_core::agent::{AgentState, CallAction, Extension, TeamId, Text};
use finewire_http::http;
use http::header::RANGE;
use http::{Method, Request as HttpRequest};

use super::{MobileAgent, MobileMode, Request};
use crate::error::Error;
use crate::object::{ApiError, ApiErrors, ContactRange, ReasonCategory};
use crate::resource::{Resource, id_of};
use crate::xml::Element;

/// Characters of a team message, at most. Finesse Developer Guide, "TeamMessage".
const MOST_MESSAGE: usize = 255;

/// Why an HTTP request is no [`Request`], in the order in which Finesse looks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// No such resource: 404.
    NotFound,
    /// The resource exists but not for this method: 405.
    MethodNotAllowed {
        /// Value of the `Allow` header.
        allow: &'static str,
    },
    /// The body cannot be read: 400 Bad Request.
    BadBody(Error),
    /// A parameter is missing: 400 Parameter Missing.
    Missing(&'static str),
    /// The range holds nothing, or is none: 416.
    NotSatisfiable,
    /// A parameter has an impossible value: 400 Invalid Input.
    Invalid(&'static str),
}

impl Rejection {
    /// The status and body that Finesse answers with. Finesse Developer Guide, "Finesse API
    /// errors".
    #[must_use]
    pub fn to_errors(&self) -> ApiErrors {
        let (status, error) = match self {
            Self::NotFound => (404, ApiError::new("Not Found", "RESOURCE_NOT_FOUND", "")),
            Self::MethodNotAllowed { .. } => {
                return ApiErrors {
                    status: Some(405),
                    errors: vec![],
                };
            }
            Self::NotSatisfiable => (
                416,
                ApiError::new("Range Not Satisfiable", "INVALID_RANGE", "Range"),
            ),
            Self::BadBody(_) => (400, ApiError::new("Bad Request", "BAD_REQUEST", "")),
            Self::Missing("state") => (
                400,
                ApiError::new("Parameter Missing", "State Parameter missing", "state"),
            ),
            Self::Missing(name) => {
                let message = format!("{name} Parameter missing");
                (400, ApiError::new("Parameter Missing", &message, name))
            }
            Self::Invalid("state") => (
                400,
                ApiError::new("Invalid Input", "Invalid State specified for user", "state"),
            ),
            Self::Invalid(name) => {
                let message = format!("Invalid {name} specified");
                (400, ApiError::new("Invalid Input", &message, name))
            }
        };
        ApiErrors::one(Some(status), error)
    }
}

impl Request {
    /// Reads an HTTP request. Credentials and request id are read apart
    /// ([`Credentials::from_headers`](crate::Credentials::from_headers),
    /// [`RequestId::from_headers`](crate::RequestId::from_headers)).
    ///
    /// # Errors
    /// [`Rejection`], which knows Finesse's answer.
    pub fn from_http(request: &HttpRequest<Bytes>) -> Result<Self, Rejection> {
        let resource = Resource::parse(request.uri().path());
        let (get, put, post) = (Method::GET, Method::PUT, Method::POST);
        let method = if request.method() == Method::HEAD {
            &get
        } else {
            request.method()
        };
        let allow = |allow| Err(Rejection::MethodNotAllowed { allow });
        match resource {
            Resource::SystemInfo if method == get => Ok(Self::SystemInfo),
            Resource::SystemInfo => allow("GET,OPTIONS,HEAD"),
            Resource::User(agent) if method == get => Ok(Self::User { agent }),
            Resource::User(agent) if method == put => {
                let body = body(request, "User")?;
                let reason_id = body.word("reasonCodeId").map(Text::from);
                match body.word("state").map(AgentState::from_wire) {
                    None => Err(Rejection::Missing("state")),
                    Some(AgentState::Logout) => Ok(Self::SignOut { agent, reason_id }),
                    Some(AgentState::Other(word))
                        if word.as_str().eq_ignore_ascii_case("LOGIN") =>
                    {
                        let extension = wanted(&body, "extension")?;
                        let mobile = mobile(&body)?;
                        Ok(Self::SignIn {
                            agent,
                            extension: extension.into(),
                            mobile,
                        })
                    }
                    Some(
                        state @ (AgentState::Ready
                        | AgentState::NotReady
                        | AgentState::Work
                        | AgentState::WorkReady),
                    ) => Ok(Self::ChangeState {
                        agent,
                        state,
                        reason_id,
                    }),
                    Some(_) => Err(Rejection::Invalid("state")),
                }
            }
            Resource::User(_) => allow("GET,OPTIONS,HEAD,PUT"),
            Resource::Dialogs(agent) if method == get => Ok(Self::Dialogs { agent }),
            Resource::Dialogs(agent) if method == post => {
                let body = body(request, "Dialog")?;
                match CallAction::from_wire(wanted(&body, "requestedAction")?.as_str()) {
                    CallAction::MakeCall => Ok(Self::MakeCall {
                        agent,
                        from: wanted(&body, "fromAddress")?.into(),
                        to: wanted(&body, "toAddress")?,
                        variables: variables(&body),
                    }),
                    CallAction::SilentMonitor => Ok(Self::SilentMonitor {
                        agent,
                        from: wanted(&body, "fromAddress")?.into(),
                        to: wanted(&body, "toAddress")?,
                    }),
                    CallAction::BargeCall => {
                        let uri = wanted(&body, "associatedDialogUri")?;
                        let dialog =
                            id_of(uri.as_str()).ok_or(Rejection::Invalid("associatedDialogUri"))?;
                        Ok(Self::Barge {
                            agent,
                            from: wanted(&body, "fromAddress")?.into(),
                            to: wanted(&body, "toAddress")?,
                            dialog: dialog.into(),
                        })
                    }
                    _ => Err(Rejection::Invalid("requestedAction")),
                }
            }
            Resource::Dialogs(_) => allow("GET,OPTIONS,HEAD,POST"),
            Resource::Dialog(dialog) if method == get => Ok(Self::Dialog { dialog }),
            Resource::Dialog(dialog) if method == put => {
                let body = body(request, "Dialog")?;
                let action = CallAction::from_wire(wanted(&body, "requestedAction")?.as_str());
                if action == CallAction::UpdateCallData {
                    let reason = body.find(&["mediaProperties", "wrapUpReason"]);
                    return Ok(Self::UpdateCallData {
                        dialog,
                        wrap_up_reason: reason.map(|reason| Text::from(&*reason.text)),
                        variables: variables(&body),
                    });
                }
                if !CallAction::KNOWN.contains(&action) || action == CallAction::MakeCall {
                    return Err(Rejection::Invalid("requestedAction"));
                }
                let params = body
                    .child("actionParams")
                    .map(|list| pairs(list, "ActionParam"));
                Ok(Self::Act {
                    dialog,
                    action,
                    address: Extension::from(wanted(&body, "targetMediaAddress")?),
                    to: body.word("toAddress").map(Text::from),
                    params: params.unwrap_or_default(),
                })
            }
            Resource::Dialog(_) => allow("GET,OPTIONS,HEAD,PUT"),
            Resource::Team(team) if method == get => Ok(Self::Team { team }),
            Resource::Team(_) => allow("GET,OPTIONS,HEAD"),
            Resource::ReasonCodes(agent) if method == get => {
                let category = category(request)?;
                Ok(Self::ReasonCodes { agent, category })
            }
            Resource::WrapUpReasons(agent) if method == get => Ok(Self::WrapUpReasons { agent }),
            Resource::PhoneBooks(agent) if method == get => {
                let range = range(request)?;
                Ok(Self::PhoneBooks { agent, range })
            }
            Resource::TeamReasonCodes(team) if method == get => {
                let category = category(request)?;
                Ok(Self::TeamReasonCodes { team, category })
            }
            Resource::TeamWrapUpReasons(team) if method == get => {
                Ok(Self::TeamWrapUpReasons { team })
            }
            Resource::TeamPhoneBooks(team) if method == get => {
                let range = range(request)?;
                Ok(Self::TeamPhoneBooks { team, range })
            }
            Resource::UserReasonCode(agent, reason) if method == get => {
                Ok(Self::ReasonCode { agent, reason })
            }
            Resource::UserWrapUpReason(agent, reason) if method == get => {
                Ok(Self::WrapUpReason { agent, reason })
            }
            Resource::UserReasonCode(..) | Resource::UserWrapUpReason(..) => {
                allow("GET,OPTIONS,HEAD")
            }
            Resource::Users if method == get => Ok(Self::Users),
            Resource::Queues(agent) if method == get => Ok(Self::Queues { agent }),
            Resource::Queue(queue) if method == get => Ok(Self::Queue { queue }),
            Resource::ReasonCodes(_)
            | Resource::WrapUpReasons(_)
            | Resource::PhoneBooks(_)
            | Resource::TeamReasonCodes(_)
            | Resource::TeamWrapUpReasons(_)
            | Resource::TeamPhoneBooks(_)
            | Resource::Users
            | Resource::Queues(_)
            | Resource::Queue(_) => allow("GET,OPTIONS,HEAD"),
            Resource::ClientLog(agent) if method == post => {
                let body = body(request, "ClientLog")?;
                let text = body.text_of("logData");
                Ok(Self::ClientLog { agent, text })
            }
            Resource::ClientLog(_) => allow("OPTIONS,POST"),
            Resource::TeamMessagesOf(team) if method == get => Ok(Self::TeamMessages { team }),
            Resource::TeamMessagesOf(_) => allow("GET,OPTIONS,HEAD"),
            Resource::TeamMessages if method == post => {
                team_message(&body(request, "TeamMessage")?)
            }
            Resource::TeamMessages => allow("OPTIONS,POST"),
            Resource::TeamMessage(message) if request.method() == Method::DELETE => {
                Ok(Self::DeleteTeamMessage { message })
            }
            Resource::TeamMessage(_) => allow("OPTIONS,DELETE"),
            Resource::TeamUsers(_) | Resource::ReasonCode(_) | Resource::Other(_) => {
                Err(Rejection::NotFound)
            }
        }
    }
}

fn body<'a>(request: &'a HttpRequest<Bytes>, root: &'static str) -> Result<Element<'a>, Rejection> {
    let element = Element::parse_bytes(request.body()).map_err(Rejection::BadBody)?;
    if element.is(root) {
        Ok(element)
    } else {
        Err(Rejection::BadBody(Error::unexpected(root, &element.name)))
    }
}

/// `category=…` of the query.
fn category(request: &HttpRequest<Bytes>) -> Result<ReasonCategory, Rejection> {
    let query = request.uri().query().unwrap_or_default();
    let category = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("category="));
    let category = category.ok_or(Rejection::Missing("category"))?;
    ReasonCategory::from_wire(category).ok_or(Rejection::Invalid("category"))
}

fn range(request: &HttpRequest<Bytes>) -> Result<Option<ContactRange>, Rejection> {
    let Some(value) = request.headers().get(RANGE) else {
        return Ok(None);
    };
    let range = value.to_str().ok().and_then(ContactRange::from_header);
    range.map(Some).ok_or(Rejection::NotSatisfiable)
}

fn team_message(body: &Element<'_>) -> Result<Request, Rejection> {
    let teams = body
        .child("teams")
        .into_iter()
        .flat_map(|teams| teams.all("team"));
    let teams = teams
        .map(|team| team.text.trim())
        .filter(|team| !team.is_empty());
    let teams: Vec<TeamId> = teams.map(|team| Text::from(team).into()).collect();
    if teams.is_empty() {
        return Err(Rejection::Missing("teams"));
    }
    let content = wanted(body, "content")?;
    if content.as_str().chars().count() > MOST_MESSAGE {
        return Err(Rejection::Invalid("content"));
    }
    let seconds = wanted(body, "duration")?.as_str().parse();
    Ok(Request::SendTeamMessage {
        teams,
        content,
        seconds: seconds.map_err(|_| Rejection::Invalid("duration"))?,
    })
}

fn wanted(body: &Element<'_>, name: &'static str) -> Result<Text, Rejection> {
    body.word(name)
        .map(Text::from)
        .ok_or(Rejection::Missing(name))
}

fn mobile(body: &Element<'_>) -> Result<Option<MobileAgent>, Rejection> {
    let Some(mobile) = body.child("mobileAgent") else {
        return Ok(None);
    };
    let mode = mobile.word("mode").ok_or(Rejection::Missing("mode"))?;
    let mode = MobileMode::from_wire(mode).ok_or(Rejection::Invalid("mode"))?;
    Ok(Some(MobileAgent {
        mode,
        dial_number: wanted(mobile, "dialNumber")?,
    }))
}

fn variables(body: &Element<'_>) -> Vec<(Text, Text)> {
    let list = body.find(&["mediaProperties", "callvariables"]);
    list.map(|list| pairs(list, "CallVariable"))
        .unwrap_or_default()
}

/// The names and values of a list; items without a name are left out.
pub(crate) fn pairs(list: &Element<'_>, item: &str) -> Vec<(Text, Text)> {
    let items = list.all(item);
    items
        .filter_map(|item| Some((item.word("name")?.into(), item.text_of("value"))))
        .collect()
}
