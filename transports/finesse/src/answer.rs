//! Answers: what Finesse says to a request, from and to HTTP.

use bytes::Bytes;
use finewire_core::agent::{Dialog, Team, Text, User};
use finewire_http::http;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Response, StatusCode};

use crate::credentials::{REQUEST_ID, RequestId};
use crate::error::Error;
use crate::object::{
    ApiErrors, PhoneBook, Queue, ReasonCode, SystemInfo, TeamMessage, WrapUpReason, dialog, error,
    phone_book, queue, reason, system, team_message, user,
};
use crate::request::Request;
use crate::xml::Element;

/// What Finesse answers. Finesse Developer Guide, "Cisco Finesse Desktop APIs" and "HTTP status
/// codes".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// 202, or 200 with an empty body: passed Finesse's own checks. It is **not** success; the
    /// outcome comes by a notification, if at all.
    Accepted,
    /// The system's state.
    SystemInfo(Box<SystemInfo>),
    /// An agent.
    User(Box<User>),
    /// An agent's calls.
    Dialogs(Vec<Dialog>),
    /// A call.
    Dialog(Box<Dialog>),
    /// A team and its members; of each only a summary.
    Team(Team, Vec<User>),
    /// Reason codes.
    ReasonCodes(Vec<ReasonCode>),
    /// A reason code.
    ReasonCode(ReasonCode),
    /// A wrap-up reason.
    WrapUpReason(WrapUpReason),
    /// Wrap-up reasons.
    WrapUpReasons(Vec<WrapUpReason>),
    /// Phone books with those of their contacts that were asked for.
    PhoneBooks {
        /// The books.
        books: Vec<PhoneBook>,
        /// Whether there are more contacts: 206 instead of 200.
        is_partial: bool,
    },
    /// An agent's queues.
    Queues(Vec<Queue>),
    /// A queue.
    Queue(Queue),
    /// The messages shown to a team.
    TeamMessages(Vec<TeamMessage>),
    /// Every agent.
    Users(Vec<User>),
    /// 400, 403, 404, 405, 409, 5xx: no, and no notification follows.
    Refused(ApiErrors),
    /// 401: wrong credentials, no right to do it, or (Finesse uses it so) a wrong state; the
    /// error type tells.
    Unauthorized(ApiErrors),
    /// 503: this node is out of service. The other one may be in service.
    Unavailable(ApiErrors),
    /// 301 and its kin: the target, e.g. HTTPS instead of HTTP.
    Moved(Text),
}

impl Answer {
    /// Reads the answer to `request`.
    ///
    /// # Errors
    /// `Remote…` when the status or the body is none that Finesse gives to this request, `Limit…`
    /// when the body is too large. A body of an error that cannot be read is no error here: it
    /// gives [`ApiErrors`] with the status alone (proxies answer with HTML).
    pub fn parse(request: &Request, response: &Response<Bytes>) -> Result<Self, Error> {
        let status = response.status();
        if status.is_redirection() {
            let target = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            let target = target.ok_or(Error::RemoteStatus(status.as_u16()))?;
            return Ok(Self::Moved(target.into()));
        }
        if status.is_client_error() || status.is_server_error() {
            let mut errors = Element::parse_bytes(response.body())
                .map(|body| error::read(&body))
                .unwrap_or_default();
            errors.status = Some(status.as_u16());
            return Ok(match status {
                StatusCode::UNAUTHORIZED => Self::Unauthorized(errors),
                StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable(errors),
                _ => Self::Refused(errors),
            });
        }
        if !status.is_success() {
            return Err(Error::RemoteStatus(status.as_u16()));
        }
        if !request.is_read() {
            return Ok(Self::Accepted);
        }
        let body = Element::parse_bytes(response.body())?;
        let wanted = |name: &'static str| {
            if body.is(name) {
                Ok(())
            } else {
                Err(Error::unexpected(name, &body.name))
            }
        };
        Ok(match request {
            Request::SystemInfo => {
                wanted("SystemInfo")?;
                Self::SystemInfo(Box::new(system::read(&body)))
            }
            Request::User { .. } => {
                wanted("User")?;
                Self::User(Box::new(user::read(&body)?))
            }
            Request::Dialogs { .. } => {
                wanted("Dialogs")?;
                Self::Dialogs(
                    body.all("Dialog")
                        .map(dialog::read)
                        .collect::<Result<_, _>>()?,
                )
            }
            Request::Dialog { .. } => {
                wanted("Dialog")?;
                Self::Dialog(Box::new(dialog::read(&body)?))
            }
            Request::Team { .. } => {
                wanted("Team")?;
                let (team, users) = user::read_team(&body)?;
                Self::Team(team, users)
            }
            Request::ReasonCodes { .. } | Request::TeamReasonCodes { .. } => {
                wanted("ReasonCodes")?;
                Self::ReasonCodes(
                    body.all("ReasonCode")
                        .map(reason::read)
                        .collect::<Result<_, _>>()?,
                )
            }
            Request::WrapUpReasons { .. } | Request::TeamWrapUpReasons { .. } => {
                wanted("WrapUpReasons")?;
                let reasons = body.all("WrapUpReason").map(reason::read_wrap_up);
                Self::WrapUpReasons(reasons.collect::<Result<_, _>>()?)
            }
            Request::PhoneBooks { .. } | Request::TeamPhoneBooks { .. } => {
                wanted("PhoneBooks")?;
                let books = body.all("PhoneBook").map(phone_book::read);
                Self::PhoneBooks {
                    books: books.collect::<Result<_, _>>()?,
                    is_partial: status == StatusCode::PARTIAL_CONTENT,
                }
            }
            Request::Queues { .. } => {
                wanted("Queues")?;
                let queues = body.all("Queue").map(queue::read);
                Self::Queues(queues.collect::<Result<_, _>>()?)
            }
            Request::Queue { .. } => {
                wanted("Queue")?;
                Self::Queue(queue::read(&body)?)
            }
            Request::ReasonCode { .. } => {
                wanted("ReasonCode")?;
                Self::ReasonCode(reason::read(&body)?)
            }
            Request::WrapUpReason { .. } => {
                wanted("WrapUpReason")?;
                Self::WrapUpReason(reason::read_wrap_up(&body)?)
            }
            Request::TeamMessages { .. } => {
                wanted("TeamMessages")?;
                let messages = body.all("TeamMessage").map(team_message::read);
                Self::TeamMessages(messages.collect::<Result<_, _>>()?)
            }
            Request::Users => {
                wanted("Users")?;
                let users = body.all("User").map(user::read);
                Self::Users(users.collect::<Result<_, _>>()?)
            }
            Request::SignIn { .. }
            | Request::SignOut { .. }
            | Request::ChangeState { .. }
            | Request::MakeCall { .. }
            | Request::Act { .. }
            | Request::UpdateCallData { .. }
            | Request::ClientLog { .. }
            | Request::SendTeamMessage { .. }
            | Request::DeleteTeamMessage { .. }
            | Request::SilentMonitor { .. }
            | Request::Barge { .. } => Self::Accepted,
        })
    }

    /// Whether a notification may follow.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }

    /// The HTTP answer, in the form Finesse gives it; `request_id` is echoed.
    #[must_use]
    pub fn to_http(&self, request_id: Option<&RequestId>) -> Response<Bytes> {
        let status = match self {
            Self::Accepted => StatusCode::ACCEPTED,
            Self::Moved(_) => StatusCode::MOVED_PERMANENTLY,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(errors) => errors
                .status
                .and_then(|status| StatusCode::from_u16(status).ok())
                .unwrap_or(StatusCode::BAD_REQUEST),
            Self::PhoneBooks {
                is_partial: true, ..
            } => StatusCode::PARTIAL_CONTENT,
            _ => StatusCode::OK,
        };
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if let Some(value) = request_id.and_then(RequestId::to_header) {
            headers.insert(REQUEST_ID, value);
        }
        if let Self::Moved(target) = self
            && let Ok(target) = HeaderValue::from_str(target.as_str())
        {
            headers.insert(LOCATION, target);
        }
        if let Some(body) = self.body() {
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/xml;charset=UTF-8"),
            );
            *response.body_mut() = Bytes::from(body);
        }
        response
    }

    fn body(&self) -> Option<String> {
        let element = match self {
            Self::Accepted | Self::Moved(_) => return None,
            Self::SystemInfo(info) => {
                let declaration = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
                return Some(format!(
                    "{declaration}{}",
                    system::element("SystemInfo", info).to_xml()
                ));
            }
            Self::User(user) => user::element("User", user),
            Self::Dialogs(dialogs) => dialog::list("Dialogs", dialogs),
            Self::Dialog(dialog) => dialog::element("Dialog", dialog),
            Self::Team(team, users) => user::team_element("Team", team, users),
            Self::ReasonCodes(codes) => reason::list(codes),
            Self::ReasonCode(code) => reason::element(code),
            Self::WrapUpReason(one) => reason::wrap_up_element(one),
            Self::WrapUpReasons(reasons) => reason::wrap_up_list(reasons),
            Self::PhoneBooks { books, .. } => phone_book::list(books),
            Self::Queues(queues) => queue::list("Queues", queues),
            Self::Queue(one) => queue::element("Queue", one),
            Self::TeamMessages(messages) => team_message::list(messages),
            Self::Users(users) => Element::node(
                "Users",
                users.iter().map(|one| user::element("User", one)).collect(),
            ),
            Self::Refused(errors) | Self::Unauthorized(errors) | Self::Unavailable(errors) => {
                if errors.errors.is_empty() {
                    return None;
                }
                error::element(error::Case::Answer, errors)
            }
        };
        Some(element.to_xml())
    }
}
