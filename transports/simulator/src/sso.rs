//! Single sign-on: access tokens in place of passwords.
//!
//! The real way to a token leads a browser through Cisco IdS and an identity provider; the simulator has neither. Whoever
//! shows the agent's password at `/desktop/sso/token` gets a token at once, and the owner can give one with
//! [`Command::GrantToken`](crate::Command::GrantToken). Finesse Developer Guide, "REST API with SSO guide".

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use finewire_core::agent::AgentId;
use finewire_core::machine::{Instant, Random};
use finewire_core::password::Secret;
use finewire_finesse::{Credentials, percent_decoded};
use finewire_http::http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::door;
use crate::knobs::Sso;
use crate::machine::Simulator;
use crate::shape::word;

/// Where tokens are to be had.
pub(crate) const PATH: &str = "/desktop/sso/token";

/// Tokens of one agent that are good at the same time; the oldest makes room.
const MOST: usize = 8;

/// How long a token is good unless [`Knobs::token_life`](crate::Knobs::token_life) says otherwise.
const USUAL_LIFE: Duration = Duration::from_secs(3600);

/// Every token that was given out.
#[derive(Debug, Default)]
pub(crate) struct Tokens(BTreeMap<AgentId, VecDeque<Token>>);

#[derive(Debug)]
struct Token {
    access: Secret,
    /// What a fresh token is given for.
    refresh: Option<Secret>,
    until: Instant,
}

impl Tokens {
    /// Gives an agent a token that is good until then.
    pub(crate) fn grant(
        &mut self,
        agent: &AgentId,
        access: Secret,
        refresh: Option<Secret>,
        until: Instant,
    ) {
        let own = self.0.entry(agent.clone()).or_default();
        own.retain(|token| token.access != access);
        if own.len() >= MOST {
            own.pop_front();
        }
        own.push_back(Token {
            access,
            refresh,
            until,
        });
    }

    /// Whose token this is, if it is still good.
    pub(crate) fn holder(&self, now: Instant, shown: &Secret) -> Option<AgentId> {
        let mut all = self.0.iter();
        let good = |token: &Token| token.until > now && token.access == *shown;
        let found = all.find(|(_, own)| own.iter().any(good));
        found.map(|(agent, _)| agent.clone())
    }

    /// Whose token goes with this refresh token; it is used up.
    fn used_up(&mut self, access: &Secret, refresh: &Secret) -> Option<AgentId> {
        let goes =
            |token: &Token| token.access == *access && token.refresh.as_ref() == Some(refresh);
        let mut all = self.0.iter_mut();
        all.find_map(|(agent, own)| {
            let place = own.iter().position(goes)?;
            own.remove(place).map(|_| agent.clone())
        })
    }

    /// None of the agent's tokens is good any more.
    pub(crate) fn expire(&mut self, agent: &AgentId) {
        self.0.remove(agent);
    }
}

impl Simulator {
    /// Answers a request for a token: with JSON, as Finesse's desktop interfaces do.
    pub(crate) fn give_token(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let asked = request.uri().query().unwrap_or_default();
        let body = str::from_utf8(request.body()).unwrap_or_default();
        let granted = if self.config.knobs.sso == Sso::Off {
            Err((StatusCode::BAD_REQUEST, "SSO is not configured"))
        } else if request.method() == Method::GET {
            self.by_password(request, asked)
        } else if request.method() == Method::POST {
            let (token, refresh) = (field(body, "token"), field(body, "refresh-token"));
            let used = token.zip(refresh).and_then(|(token, refresh)| {
                self.tokens
                    .used_up(&Secret::from(token), &Secret::from(refresh))
            });
            used.ok_or((StatusCode::UNAUTHORIZED, "the token cannot be refreshed"))
        } else {
            Err((StatusCode::METHOD_NOT_ALLOWED, "GET or POST"))
        };
        let agent = match granted {
            Ok(agent) => agent,
            Err((status, why)) => return *door::say(status, &json!({ "error": why })),
        };
        let life = self.config.knobs.token_life.unwrap_or(USUAL_LIFE);
        let (access, refresh) = (made(&mut self.random), made(&mut self.random));
        let mut answer = json!({ "token": access.expose(), "expires_in": life.as_secs() });
        let wants = |name: &str, yes: &str| {
            request.method() == Method::POST || field(asked, name).is_some_and(|it| it == yes)
        };
        let with_refresh = wants("return_refresh_token", "true");
        if let Some(object) = answer.as_object_mut() {
            if with_refresh {
                object.insert("refresh_token".to_owned(), json!(refresh.expose()));
            }
            if wants("return_user", "yes") {
                object.insert("user".to_owned(), json!(agent.as_str()));
            }
        }
        let until = self.now + life;
        self.tokens
            .grant(&agent, access, with_refresh.then_some(refresh), until);
        *door::say(StatusCode::OK, &answer)
    }

    /// The agent whose password is shown, in place of the identity provider's pages.
    fn by_password(
        &mut self,
        request: &Request<Bytes>,
        query: &str,
    ) -> Result<AgentId, (StatusCode, &'static str)> {
        let refused = (StatusCode::UNAUTHORIZED, "user or password is wrong");
        let credentials = Credentials::from_headers(request.headers());
        let Some(Credentials::Basic { user, password }) = credentials else {
            return Err(refused);
        };
        let found = self.world.find(user.as_str()).ok_or(refused)?;
        let id = found.config.id.clone();
        let right = found.config.password == password;
        if !self.locks.admit(self.now, &id, right) {
            return Err(refused);
        }
        let named = field(query, "cc_username");
        let other = named.is_some_and(|name| {
            let named = self.world.find(&name);
            named.is_none_or(|named| named.config.id != id)
        });
        if other {
            return Err((StatusCode::BAD_REQUEST, "cc_username is somebody else"));
        }
        Ok(id)
    }
}

/// A field of a query or form.
fn field(text: &str, name: &str) -> Option<String> {
    let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    Some(percent_decoded(&value.replace('+', " ")))
}

/// A token that looks like the ones of Cisco IdS: three words with dots between.
fn made(random: &mut Random) -> Secret {
    let words = [24, 48, 43].map(|length| word(random, length));
    Secret::from(words.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_its_end_and_the_oldest_makes_room() {
        let (mut tokens, agent) = (Tokens::default(), AgentId::from("1001"));
        let now = Instant::START;
        let end = now + Duration::from_secs(60);
        for n in 0..=MOST {
            tokens.grant(&agent, Secret::from(format!("t{n}")), None, end);
        }
        assert_eq!(tokens.holder(now, &"t0".into()), None, "made room");
        assert_eq!(tokens.holder(now, &"t1".into()), Some(agent.clone()));
        assert_eq!(tokens.holder(end, &"t1".into()), None, "over");
        tokens.expire(&agent);
        assert_eq!(tokens.holder(now, &"t1".into()), None, "taken back");
    }

    #[test]
    fn a_refresh_token_is_good_once_and_with_its_own_token_only() {
        let (mut tokens, agent) = (Tokens::default(), AgentId::from("1001"));
        let end = Instant::START + Duration::from_secs(60);
        tokens.grant(&agent, "a".into(), Some("r".into()), end);
        tokens.grant(&agent, "b".into(), None, end);
        assert_eq!(tokens.used_up(&"b".into(), &"r".into()), None);
        assert_eq!(tokens.used_up(&"a".into(), &"r".into()), Some(agent));
        assert_eq!(tokens.used_up(&"a".into(), &"r".into()), None);
    }
}
