//! The control door: small HTTP requests that play the telephone network from outside.
//!
//! | request | does |
//! |---|---|
//! | `POST /calls` with `to` and `from` (form or JSON object) | brings a call in, answers with its id |
//! | `DELETE /calls/{id}` | ends it |
//! | `GET /calls`, `GET /agents` | how things are |
//! | `PUT /service` with `in_service` (`true`, `false`) | takes the service out or back in |
//! | `PUT /knobs` with a knob's name and its position | turns it |
//! | `GET /knobs` | how the knobs stand |
//! | `POST /do` with a step of a scenario as text | makes it now |
//! | `POST /scenario` with a scenario as text | plays it from now on |
//! | `DELETE /agents/{id}/xmpp` | cuts the agent's XMPP streams |
//!
//! Each needs `Authorization: Bearer` with the door's token. Answers are JSON.

use bytes::Bytes;
use finewire_core::agent::{AgentId, DialogId, Text};
use finewire_core::password::Secret;
use finewire_finesse::Credentials;
use finewire_http::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use finewire_http::http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::knobs::Knobs;
use crate::scenario::{Scenario, Step};
use crate::verbs::{Command, Truth};

/// What somebody at the door wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Do(Command),
    /// Steps to be made now.
    Steps(Vec<Step>),
    Knobs,
    Agents,
    Calls,
}

/// Why not: the answer.
pub(crate) type Turned = Box<Response<Bytes>>;

/// Reads a request at the door.
pub(crate) fn read(request: &Request<Bytes>, token: Option<&Secret>) -> Result<Wish, Turned> {
    let shown = Credentials::from_headers(request.headers());
    let admitted = matches!((&shown, token), (Some(Credentials::Bearer(shown)), Some(token)) if shown == token);
    if !admitted {
        return Err(say(
            StatusCode::UNAUTHORIZED,
            &json!({"error": "the token is missing or wrong"}),
        ));
    }
    let path: Vec<&str> = request
        .uri()
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let method = request.method();
    match path.as_slice() {
        ["calls"] if method == Method::POST => {
            let fields = Fields::read(request.body())?;
            let to = fields.wanted("to")?;
            let from = fields.wanted("from")?;
            Ok(Wish::Do(Command::PlaceCall { to, from }))
        }
        ["calls"] if method == Method::GET => Ok(Wish::Calls),
        ["calls"] => Err(not_allowed("GET,POST")),
        ["calls", id] if method == Method::DELETE => Ok(Wish::Do(Command::EndCall {
            dialog: DialogId::from(*id),
        })),
        ["calls", _] => Err(not_allowed("DELETE")),
        ["agents"] if method == Method::GET => Ok(Wish::Agents),
        ["agents"] => Err(not_allowed("GET")),
        ["agents", id, "xmpp"] if method == Method::DELETE => Ok(Wish::Do(Command::DropXmpp {
            agent: AgentId::from(*id),
        })),
        ["agents", _, "xmpp"] => Err(not_allowed("DELETE")),
        ["service"] if method == Method::PUT => {
            match Fields::read(request.body())?.wanted("in_service")?.as_str() {
                "true" => Ok(Wish::Do(Command::SetInService(true))),
                "false" => Ok(Wish::Do(Command::SetInService(false))),
                _ => Err(bad("in_service is neither true nor false")),
            }
        }
        ["service"] => Err(not_allowed("PUT")),
        ["knobs"] if method == Method::GET => Ok(Wish::Knobs),
        ["knobs"] if method == Method::PUT => {
            let fields = Fields::read(request.body())?.0.into_iter();
            let steps = fields.map(|(name, position)| {
                let turned = Knobs::default().set(&name, &position);
                turned.map_err(|fault| bad(&fault.to_string()))?;
                Ok(Step::Knob {
                    name: name.into(),
                    position: position.into(),
                })
            });
            Ok(Wish::Steps(steps.collect::<Result<_, Turned>>()?))
        }
        ["knobs"] => Err(not_allowed("GET,PUT")),
        ["do"] if method == Method::POST => {
            let step = text(request.body())?.parse::<Step>();
            let step = step.map_err(|fault| bad(&fault.to_string()))?;
            Ok(Wish::Steps(vec![step]))
        }
        ["scenario"] if method == Method::POST => {
            let scenario = text(request.body())?.parse::<Scenario>();
            let scenario = scenario.map_err(|fault| bad(&fault.to_string()))?;
            Ok(Wish::Do(Command::Play(scenario)))
        }
        ["do" | "scenario"] => Err(not_allowed("POST")),
        _ => Err(say(
            StatusCode::NOT_FOUND,
            &json!({"error": "no such thing at this door"}),
        )),
    }
}

fn text(body: &Bytes) -> Result<&str, Turned> {
    str::from_utf8(body).map_err(|_| bad("the body is not UTF-8"))
}

/// The fields of a body: a JSON object, or a form.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(body: &Bytes) -> Result<Self, Turned> {
        let text = text(body)?;
        if text.trim_start().starts_with('{') {
            let Ok(Value::Object(object)) = serde_json::from_str(text) else {
                return Err(bad("the body is no JSON object"));
            };
            let plain = |value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            return Ok(Self(
                object
                    .into_iter()
                    .map(|(name, value)| (name, plain(value)))
                    .collect(),
            ));
        }
        let pairs = text
            .trim()
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(name, value)| (form_decoded(name), form_decoded(value)));
        Ok(Self(pairs.collect()))
    }

    fn wanted(&self, name: &str) -> Result<Text, Turned> {
        let mut fields = self.0.iter();
        let found = fields.find(|(known, value)| known == name && !value.is_empty());
        let (_, value) = found.ok_or_else(|| bad(&format!("{name} is missing")))?;
        if value.len() > 64 || value.chars().any(char::is_control) {
            return Err(bad(&format!(
                "{name} is too long or holds control characters"
            )));
        }
        Ok(value.as_str().into())
    }
}

/// Text of a form: `+` is a blank, then percent escapes.
fn form_decoded(text: &str) -> String {
    finewire_finesse::percent_decoded(&text.replace('+', " "))
}

pub(crate) fn say(status: StatusCode, body: &Value) -> Turned {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Box::new(response)
}

fn bad(text: &str) -> Turned {
    say(StatusCode::BAD_REQUEST, &json!({ "error": text }))
}

fn not_allowed(allow: &'static str) -> Turned {
    let mut response = say(
        StatusCode::METHOD_NOT_ALLOWED,
        &json!({"error": "wrong method"}),
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// The agents as JSON.
pub(crate) fn agents(truth: &Truth) -> Value {
    let agents = truth.agents.iter().map(|agent| {
        let domain = |stream: &&Text| stream.as_str().split('@').next() == Some(agent.id.as_str());
        json!({
            "id": agent.id.as_str(),
            "name": agent.full_name().as_str(),
            "state": agent.state.as_wire(),
            "extension": agent.extension.as_ref().map(|extension| extension.as_str()),
            "reason": agent.reason.as_ref().map(|reason| reason.label.as_str()),
            "streams": truth.streams.iter().filter(domain).count(),
        })
    });
    json!({ "in_service": truth.in_service, "agents": agents.collect::<Vec<_>>() })
}

/// The knobs as JSON: name and position.
pub(crate) fn knobs(knobs: &Knobs) -> Value {
    let all = Knobs::NAMES.iter();
    let all = all.map(|name| {
        let position = knobs.position(name).unwrap_or_default();
        ((*name).to_owned(), Value::String(position))
    });
    Value::Object(all.collect())
}

/// The calls as JSON.
pub(crate) fn calls(truth: &Truth) -> Value {
    let calls = truth.calls.iter().map(|call| {
        let parties = call.participants.iter().map(
            |party| json!({ "address": party.address.as_str(), "state": party.state.as_wire() }),
        );
        json!({
            "id": call.id.as_str(),
            "state": call.state.as_wire(),
            "from": call.from.as_str(),
            "to": call.to.as_str(),
            "parties": parties.collect::<Vec<_>>(),
        })
    });
    json!({ "calls": calls.collect::<Vec<_>>() })
}
