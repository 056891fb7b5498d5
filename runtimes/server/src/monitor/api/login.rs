//! Coming in and going out.

use super::{either, read};
use crate::monitor::caller::{COOKIE, Caller, PeerAddress};
use crate::monitor::password::{LONGEST, PasswordHash};
use crate::monitor::plan::Role;
use crate::monitor::refusal::Refusal;
use crate::monitor::shapes::At;
use crate::monitor::station::{Station, TOKEN_USER};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Json, Response};
use core::net::IpAddr;
use core::time::Duration;
use finewire_core::password::Secret;
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

/// A refusal takes at least this long, whatever was wrong.
const REFUSED_AFTER: Duration = Duration::from_millis(400);
/// How long a cookie is kept: as long as a session at most.
const COOKIE_SECONDS: u32 = 12 * 3600;

/// What somebody comes with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    token: Option<String>,
    user: Option<String>,
    password: Option<String>,
}

pub(super) async fn login(State(station): State<Arc<Station>>, request: Request) -> Response {
    let begun = Instant::now();
    let peer = request.extensions().get::<PeerAddress>().copied();
    let from = peer.map_or(IpAddr::V4(core::net::Ipv4Addr::LOCALHOST), |peer| {
        peer.0.ip()
    });
    let result = match read::<Credentials>(request).await {
        Ok(credentials) => admit(&station, credentials, from).await,
        Err(refusal) => Err(refusal),
    };
    if result.is_err() {
        tokio::time::sleep_until(begun + REFUSED_AFTER).await;
    }
    either(result)
}

async fn admit(
    station: &Arc<Station>,
    credentials: Credentials,
    from: IpAddr,
) -> Result<Response, Refusal> {
    let Credentials {
        token,
        user,
        password,
    } = credentials;
    let named = match (&token, &user) {
        (Some(_), None) => TOKEN_USER.to_owned(),
        (None, Some(user)) => user.clone(),
        _ => return Err(Refusal::malformed("a token, or a user and a password")),
    };
    if !station.sessions.may_try(At::now(), from) {
        station
            .audit
            .note(&named, "login", "", "too many failures", from);
        return Err(Refusal::too_many_failures());
    }
    // Counted before, so that many at once are not tried before the first has failed.
    station.sessions.count_failure(At::now(), from);
    let role = match (token, user, password) {
        (Some(token), None, None) => station.token.is(&token).then_some(Role::Operator),
        (None, Some(user), Some(password)) => verify(station, &user, password).await?,
        _ => return Err(Refusal::malformed("a token, or a user and a password")),
    };
    let Some(role) = role else {
        station.audit.note(&named, "login", "", "refused", from);
        return Err(Refusal::login());
    };
    station.sessions.forgive(from);
    let begun = station.sessions.begin(At::now(), &named, role);
    let (id, session) = begun.ok_or_else(|| Refusal::too_many("no randomness"))?;
    station.audit.note(&named, "login", "", "done", from);
    let secure = if station.is_secured { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={id}; HttpOnly; SameSite=Strict; Path=/; Max-Age={COOKIE_SECONDS}{secure}"
    );
    let body = json!({"user": named, "role": role, "csrf": session.csrf});
    Ok(([(header::SET_COOKIE, cookie)], Json(body)).into_response())
}

/// The role of a user whose password it is. An unknown user costs as much time as a wrong password.
async fn verify(
    station: &Arc<Station>,
    user: &str,
    password: String,
) -> Result<Option<Role>, Refusal> {
    let known = station.user(user);
    let password = Secret::from(password);
    if password.expose().len() > LONGEST {
        return Ok(None);
    }
    let _place = station
        .hashes
        .acquire()
        .await
        .map_err(|_| Refusal::gone())?;
    super::aside(move || match known {
        Some(known) => known.password.is_of(&password).then_some(known.role),
        None => {
            if let Some(nobody) = nobody() {
                nobody.is_of(&password);
            }
            None
        }
    })
    .await
}

/// The hash of a password that nobody has.
fn nobody() -> Option<&'static PasswordHash> {
    static NOBODY: OnceLock<Option<PasswordHash>> = OnceLock::new();
    let make = || {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok()?;
        PasswordHash::make(&Secret::from(hex::encode(bytes))).ok()
    };
    NOBODY.get_or_init(make).as_ref()
}

pub(super) async fn session(caller: Caller) -> Response {
    let body = json!({"user": caller.user, "role": caller.role, "csrf": caller.csrf});
    Json(body).into_response()
}

pub(super) async fn logout(State(station): State<Arc<Station>>, caller: Caller) -> Response {
    if let Some(id) = &caller.session {
        station.sessions.end(id);
        station.board.seen();
        station
            .audit
            .note(&caller.user, "logout", "", "done", caller.from);
    }
    let cookie = format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}
