//! Requests to HTTP.

use bytes::Bytes;
use finewire_core::agent::{CallAction, Text};
use finewire_http::http;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RANGE};
use http::{Method, Request as HttpRequest};

use super::Request;
use crate::credentials::{Credentials, REQUEST_ID, RequestId};
use crate::error::Error;
use crate::resource::Resource;
use crate::xml::Element;

impl Request {
    /// The HTTP request. Its target is a path; the host is the link's to add.
    ///
    /// The `Authorization` header is marked sensitive; nothing else of the request holds a secret.
    ///
    /// # Errors
    /// [`Error::LocalArgument`] when an id is empty or a dot segment, or the credentials are no
    /// header text.
    pub fn to_http(
        &self,
        credentials: &Credentials,
        request_id: Option<&RequestId>,
    ) -> Result<HttpRequest<Bytes>, Error> {
        let body = self.body();
        let mut request = HttpRequest::new(Bytes::new());
        *request.method_mut() = self.method();
        *request.uri_mut() = self
            .target()?
            .parse()
            .map_err(|_| Error::LocalArgument("an id that is no part of a path"))?;
        let headers = request.headers_mut();
        if let Some(value) = credentials.to_header()? {
            headers.insert(AUTHORIZATION, value);
        }
        if let Some(value) = request_id.and_then(RequestId::to_header) {
            headers.insert(REQUEST_ID, value);
        }
        if let Self::PhoneBooks {
            range: Some(range), ..
        }
        | Self::TeamPhoneBooks {
            range: Some(range), ..
        } = self
            && let Ok(value) = HeaderValue::from_str(&range.to_header())
        {
            headers.insert(RANGE, value);
        }
        if let Some(body) = body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
            *request.body_mut() = Bytes::from(body.to_xml());
        }
        Ok(request)
    }

    /// The HTTP method.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::MakeCall { .. }
            | Self::SilentMonitor { .. }
            | Self::Barge { .. }
            | Self::ClientLog { .. }
            | Self::SendTeamMessage { .. } => Method::POST,
            Self::DeleteTeamMessage { .. } => Method::DELETE,
            _ if self.is_read() => Method::GET,
            _ => Method::PUT,
        }
    }

    /// Path and query.
    fn target(&self) -> Result<String, Error> {
        let id = match self {
            Self::SystemInfo | Self::Users | Self::SendTeamMessage { .. } => "no id",
            Self::DeleteTeamMessage { message } => message.as_str(),
            Self::Queue { queue } => queue.as_str(),
            Self::User { agent }
            | Self::PhoneBooks { agent, .. }
            | Self::Queues { agent }
            | Self::ClientLog { agent, .. }
            | Self::SilentMonitor { agent, .. }
            | Self::Barge { agent, .. }
            | Self::Dialogs { agent }
            | Self::ReasonCodes { agent, .. }
            | Self::WrapUpReasons { agent }
            | Self::ReasonCode { agent, .. }
            | Self::WrapUpReason { agent, .. }
            | Self::SignIn { agent, .. }
            | Self::SignOut { agent, .. }
            | Self::ChangeState { agent, .. }
            | Self::MakeCall { agent, .. } => agent.as_str(),
            Self::Dialog { dialog }
            | Self::Act { dialog, .. }
            | Self::UpdateCallData { dialog, .. } => dialog.as_str(),
            Self::Team { team }
            | Self::TeamMessages { team }
            | Self::TeamReasonCodes { team, .. }
            | Self::TeamWrapUpReasons { team }
            | Self::TeamPhoneBooks { team, .. } => team.as_str(),
        };
        let second = match self {
            Self::ReasonCode { reason, .. } | Self::WrapUpReason { reason, .. } => reason.as_str(),
            _ => id,
        };
        if [id, second].iter().any(|id| matches!(*id, "" | "." | "..")) {
            return Err(Error::LocalArgument("an id that is empty or a dot segment"));
        }
        let path = self.resource().to_path();
        Ok(match self {
            Self::ReasonCodes { category, .. } | Self::TeamReasonCodes { category, .. } => {
                format!("{path}?category={category}")
            }
            _ => path,
        })
    }

    /// The body; `None` for reads.
    fn body(&self) -> Option<Element<'_>> {
        let leaf = |name, text: &Text| Element::leaf(name, text.as_str().to_owned());
        Some(match self {
            Self::SystemInfo
            | Self::User { .. }
            | Self::Dialogs { .. }
            | Self::Dialog { .. }
            | Self::Team { .. }
            | Self::ReasonCodes { .. }
            | Self::WrapUpReasons { .. }
            | Self::ReasonCode { .. }
            | Self::WrapUpReason { .. }
            | Self::Users
            | Self::PhoneBooks { .. }
            | Self::TeamReasonCodes { .. }
            | Self::TeamWrapUpReasons { .. }
            | Self::TeamPhoneBooks { .. }
            | Self::Queues { .. }
            | Self::Queue { .. }
            | Self::TeamMessages { .. }
            | Self::DeleteTeamMessage { .. } => return None,
            Self::ClientLog { text, .. } => Element::node("ClientLog", vec![leaf("logData", text)]),
            Self::SendTeamMessage {
                teams,
                content,
                seconds,
            } => {
                let teams = teams
                    .iter()
                    .map(|team| Element::leaf("team", team.as_str()));
                Element::node(
                    "TeamMessage",
                    vec![
                        Element::leaf("duration", seconds.to_string()),
                        leaf("content", content),
                        Element::node("teams", teams.collect()),
                    ],
                )
            }
            Self::SilentMonitor { from, to, .. } => {
                let action = CallAction::SilentMonitor.as_wire().to_owned();
                Element::node(
                    "Dialog",
                    vec![
                        Element::leaf("requestedAction", action),
                        Element::leaf("fromAddress", from.as_str()),
                        leaf("toAddress", to),
                    ],
                )
            }
            Self::Barge {
                from, to, dialog, ..
            } => {
                let action = CallAction::BargeCall.as_wire().to_owned();
                let uri = Resource::Dialog(dialog.clone()).to_string();
                Element::node(
                    "Dialog",
                    vec![
                        Element::leaf("requestedAction", action),
                        Element::leaf("fromAddress", from.as_str()),
                        leaf("toAddress", to),
                        Element::leaf("associatedDialogUri", uri),
                    ],
                )
            }
            Self::SignIn {
                extension, mobile, ..
            } => {
                let mut parts = vec![
                    Element::leaf("state", "LOGIN"),
                    Element::leaf("extension", extension.as_str()),
                ];
                if let Some(mobile) = mobile {
                    let mode = Element::leaf("mode", mobile.mode.as_wire());
                    let number = Element::leaf("dialNumber", mobile.dial_number.as_str());
                    parts.push(Element::node("mobileAgent", vec![mode, number]));
                }
                Element::node("User", parts)
            }
            Self::SignOut { reason_id, .. } => {
                let mut parts = vec![Element::leaf("state", "LOGOUT")];
                parts.extend(reason_id.as_ref().map(|id| leaf("reasonCodeId", id)));
                Element::node("User", parts)
            }
            Self::ChangeState {
                state, reason_id, ..
            } => {
                let mut parts = vec![Element::leaf("state", state.as_wire())];
                parts.extend(reason_id.as_ref().map(|id| leaf("reasonCodeId", id)));
                Element::node("User", parts)
            }
            Self::MakeCall {
                from,
                to,
                variables,
                ..
            } => {
                let mut parts = vec![
                    Element::leaf("requestedAction", CallAction::MakeCall.as_wire().to_owned()),
                    Element::leaf("fromAddress", from.as_str()),
                    Element::leaf("toAddress", to.as_str()),
                ];
                if !variables.is_empty() {
                    let variables = pairs("callvariables", "CallVariable", variables);
                    parts.push(Element::node("mediaProperties", vec![variables]));
                }
                Element::node("Dialog", parts)
            }
            Self::Act {
                action,
                address,
                to,
                params,
                ..
            } => {
                let mut parts = vec![
                    Element::leaf("requestedAction", action.as_wire()),
                    Element::leaf("targetMediaAddress", address.as_str()),
                ];
                parts.extend(to.as_ref().map(|to| leaf("toAddress", to)));
                if !params.is_empty() {
                    parts.push(pairs("actionParams", "ActionParam", params));
                }
                Element::node("Dialog", parts)
            }
            Self::UpdateCallData {
                wrap_up_reason,
                variables,
                ..
            } => {
                let mut properties = Vec::new();
                properties.extend(
                    wrap_up_reason
                        .as_ref()
                        .map(|text| leaf("wrapUpReason", text)),
                );
                if !variables.is_empty() {
                    properties.push(pairs("callvariables", "CallVariable", variables));
                }
                let action = CallAction::UpdateCallData.as_wire().to_owned();
                Element::node(
                    "Dialog",
                    vec![
                        Element::leaf("requestedAction", action),
                        Element::node("mediaProperties", properties),
                    ],
                )
            }
        })
    }
}

/// A list of names and values.
fn pairs<'a>(list: &'a str, item: &'a str, pairs: &'a [(Text, Text)]) -> Element<'a> {
    let one = |(name, value): &'a (Text, Text)| {
        let name = Element::leaf("name", name.as_str());
        Element::node(item, vec![name, Element::leaf("value", value.as_str())])
    };
    Element::node(list, pairs.iter().map(one).collect())
}
