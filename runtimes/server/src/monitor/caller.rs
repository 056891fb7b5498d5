//! Who makes a request: a session's cookie, or the token as a script sends it.

use super::guard::text;
use super::plan::Role;
use super::refusal::Refusal;
use super::shapes::At;
use super::station::{Station, TOKEN_USER};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use core::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The session's cookie.
pub(crate) const COOKIE: &str = "finewire_session";

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) SocketAddr);

/// Somebody who may look.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: String,
    pub(crate) role: Role,
    pub(crate) from: IpAddr,
    /// The session, where there is one.
    pub(crate) session: Option<String>,
    /// The session's word against forged requests.
    pub(crate) csrf: String,
}

/// Somebody who may act.
#[derive(Clone, Debug)]
pub(crate) struct Operator(pub(crate) Caller);

impl FromRequestParts<Arc<Station>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        station: &Arc<Station>,
    ) -> Result<Self, Refusal> {
        let from = address(parts);
        if let Some(given) = text(&parts.headers, header::AUTHORIZATION.as_str()) {
            return by_token(station, from, given);
        }
        let now = At::now();
        let id = session_id(&parts.headers).ok_or_else(Refusal::no_session)?;
        let session = station
            .sessions
            .hear(now, &id)
            .ok_or_else(Refusal::no_session)?;
        let is_read = matches!(parts.method, Method::GET | Method::HEAD);
        let word = text(&parts.headers, "x-finewire-csrf").unwrap_or_default();
        if !is_read && !session.is_csrf(word) {
            return Err(Refusal::cross_site());
        }
        Ok(Self {
            user: session.user,
            role: session.role,
            from,
            session: Some(id),
            csrf: session.csrf,
        })
    }
}

impl FromRequestParts<Arc<Station>> for Operator {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        station: &Arc<Station>,
    ) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, station).await?;
        match caller.role {
            Role::Operator => Ok(Self(caller)),
            Role::Viewer => Err(Refusal::forbidden()),
        }
    }
}

/// The token is too long to be guessed, so that the right one is never kept waiting for others' wrong ones.
fn by_token(station: &Station, from: IpAddr, given: &str) -> Result<Caller, Refusal> {
    let token = given.split_once(' ');
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    if token.is_some_and(|(_, token)| station.token.is(token)) {
        return Ok(Caller {
            user: TOKEN_USER.into(),
            role: Role::Operator,
            from,
            session: None,
            csrf: String::new(),
        });
    }
    let now = At::now();
    if !station.sessions.may_try(now, from) {
        return Err(Refusal::too_many_failures());
    }
    station.sessions.count_failure(now, from);
    Err(Refusal::login())
}

/// The other end's address; loopback where nobody has noted it, as in tests.
pub(crate) fn address(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<PeerAddress>();
    peer.map_or(IpAddr::V4(core::net::Ipv4Addr::LOCALHOST), |peer| {
        peer.0.ip()
    })
}

/// The session's id among the cookies (RFC 6265, section 4.2); several sessions are none.
pub(crate) fn session_id(headers: &HeaderMap) -> Option<String> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, id)| id.to_owned());
    let (id, None) = (found.next()?, found.next()) else {
        return None;
    };
    (id.len() == 64).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_among_other_cookies_and_two_are_none() {
        let id = "a".repeat(64);
        let found = |values: &[String]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::COOKIE, value.parse().unwrap());
            }
            session_id(&headers)
        };
        let pair = format!("{COOKIE}={id}");
        assert_eq!(found(&[format!("a=b; {pair}; c")]), Some(id.clone()));
        assert_eq!(found(&["a=b".into(), pair.clone()]), Some(id));
        assert_eq!(found(&[format!("{pair}; {pair}")]), None);
        assert_eq!(found(&[format!("x{pair}")]), None);
        assert_eq!(found(&[format!("{COOKIE}=short")]), None);
        assert_eq!(found(&[]), None);
    }
}
