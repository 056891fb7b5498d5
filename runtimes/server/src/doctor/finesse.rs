//! One Finesse node's REST interface: the way to it, SystemInfo, the clock, and an agent's credentials.

use super::advice::Place;
use super::exchange::exchange;
use super::handshake;
use super::report::Finding;
use super::tls;
use super::way::{Clock, Way};
use crate::config::Node;
use crate::parts;
use bytes::Bytes;
use core::net::SocketAddr;
use finewire_core::password::Secret;
use finewire_finesse::{Answer, Credentials, Request, SystemInfo};
use finewire_host::ClientTls;
use finewire_http::{Response, header};
use jiff::{SignedDuration, Timestamp};

/// What a node told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) info: SystemInfo,
    /// The trust to talk to it with; `None`: plain.
    pub(crate) tls: Option<ClientTls>,
}

/// Looks at a node's REST interface.
pub(crate) async fn look(way: &mut Way, node: &Node, place: Place<'_>) -> Option<Told> {
    let at = way.reach(&node.host, node.port).await?;
    let target = format!("{}:{}", node.host, node.port);
    let mut profile = None;
    if !node.is_plain {
        let client = match parts::client_tls(&node.trust) {
            Ok(client) => client,
            Err(e) => {
                let hint = "name a PEM file as ca_file in [[finesse.node]], or pin the certificate";
                way.find("tls", &target, Finding::failed(format!("{e:#}"), hint));
                return None;
            }
        };
        way.step("tls", &target, tls::secure(at, place, &client))
            .await?;
        profile = Some(client);
    }
    let clock = way.clock();
    let asked = system_info(node, at, profile.clone(), clock);
    let (info, skew) = way.step("SystemInfo", &target, asked).await?;
    way.find("clock", &target, skew);
    Some(Told { info, tls: profile })
}

async fn system_info(
    node: &Node,
    at: SocketAddr,
    tls: Option<ClientTls>,
    clock: Clock,
) -> Result<((SystemInfo, Finding), Finding), Finding> {
    let is_plain = tls.is_none();
    let request = Request::SystemInfo;
    let http = request
        .to_http(&Credentials::Anonymous, None)
        .map_err(|e| Finding::failed(e.to_string(), ""))?;
    let before = Timestamp::now();
    let answer = exchange(&node.host, node.port, tls, http, clock.step).await;
    let after = Timestamp::now();
    let failed = |text: String| {
        let hint = "is it Finesse's REST port (8445)? Is Cisco Finesse Tomcat running there?";
        Finding::failed(text, hint)
    };
    let parsed = match &answer {
        Ok(response) => Answer::parse(&request, response).map_err(|e| {
            let status = response.status().as_u16();
            failed(format!("the answer ({status}) is no SystemInfo: {e}"))
        }),
        Err(why) => Err(failed(format!("no answer: {why}"))),
    };
    let is_told = matches!(
        parsed,
        Ok(Answer::SystemInfo(_) | Answer::Unavailable(_) | Answer::Moved(_))
    );
    if is_plain && !is_told && handshake::speaks_tls(at, &node.host, clock).await {
        let text = "the port speaks TLS, and the configuration says plain text";
        return Err(Finding::failed(
            text,
            "remove security = \"plain\" from [[finesse.node]]",
        ));
    }
    let info = match parsed? {
        Answer::SystemInfo(info) => *info,
        Answer::Unavailable(_) => {
            let hint =
                "Finesse answers and does not serve: look at its services and at the CTI server";
            return Err(Finding::failed("out of service (503)", hint));
        }
        Answer::Moved(to) => {
            let text = format!("it only leads elsewhere: {to}");
            return Err(Finding::failed(
                text,
                "give that port and remove security = \"plain\"",
            ));
        }
        Answer::Refused(errors) | Answer::Unauthorized(errors) => {
            let status = errors.status.unwrap_or_default();
            return Err(failed(format!("SystemInfo is refused ({status})")));
        }
        _ => return Err(failed("the answer is no SystemInfo".into())),
    };
    let skew = match &answer {
        Ok(response) => skew(response, before, after),
        Err(_) => Finding::skipped("no answer", ""),
    };
    let finding = service(&info);
    Ok(((info, skew), finding))
}

/// What SystemInfo says of the service.
fn service(info: &SystemInfo) -> Finding {
    let mut text = info.status.to_string();
    if !info.status_reason.as_str().is_empty() {
        text.push_str(&format!(" ({})", info.status_reason));
    }
    if let Some(platform) = info.platform {
        text.push_str(&format!(", {}", platform.as_wire()));
    }
    if let Some(domain) = &info.xmpp_domain {
        text.push_str(&format!(", XMPP domain {domain}"));
    }
    let is_alone = info.secondary.is_none();
    if !is_alone {
        text.push_str(", two nodes");
    }
    if info.auth_mode.as_str().eq_ignore_ascii_case("SSO") {
        text.push_str(", single sign-on only");
        let hint = "agents cannot log in with a password: set the system's authentication mode to NON_SSO or \
                    HYBRID";
        return Finding::failed(text, hint);
    }
    if !info.is_in_service() {
        let hint = "a standby node says so; else look at Finesse's services and at the CTI server";
        return Finding::warning(text, hint);
    }
    if info.cti_heartbeat.as_str().eq_ignore_ascii_case("failure") {
        text.push_str(", CTI heartbeat failed");
        return Finding::warning(text, "look at the CTI server of the contact centre");
    }
    Finding::ok(text)
}

/// Clocks further apart than this are worth a warning.
const SKEWED: SignedDuration = SignedDuration::from_secs(30);
/// Clocks further apart than this are wrong.
const WRONG: SignedDuration = SignedDuration::from_mins(5);

/// How far the node's clock is from ours, by the answer's `Date` (RFC 9110 §6.6.1), which has whole seconds.
fn skew(response: &Response<Bytes>, before: Timestamp, after: Timestamp) -> Finding {
    let date = response.headers().get(header::DATE);
    let date = date.and_then(|date| date.to_str().ok());
    let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else {
        return Finding::skipped("the answer has no date", "");
    };
    let theirs = date.timestamp();
    let ahead = theirs.duration_since(after);
    let behind = before.duration_since(theirs) - SignedDuration::from_secs(1);
    let (apart, word) = if ahead > behind {
        (ahead, "ahead of")
    } else {
        (behind, "behind")
    };
    if apart <= SKEWED {
        return Finding::ok("the clocks agree");
    }
    let text = format!(
        "the node's clock is {} s {word} this machine's",
        apart.as_secs()
    );
    let hint = "have both synchronised by NTP: `timedatectl`, `utils ntp status`";
    if apart > WRONG {
        Finding::failed(text, hint)
    } else {
        Finding::warning(text, hint)
    }
}

/// Tries an agent's credentials, once: Finesse locks an account after five wrong passwords.
pub(crate) async fn credentials(
    node: &Node,
    tls: Option<ClientTls>,
    agent: &str,
    password: &Secret,
    clock: Clock,
) -> Result<((), Finding), Finding> {
    let request = Request::User {
        agent: agent.into(),
    };
    let http = request
        .to_http(&Credentials::basic(agent, password.clone()), None)
        .map_err(|e| Finding::failed(e.to_string(), "see --agent"))?;
    let response = exchange(&node.host, node.port, tls, http, clock.step)
        .await
        .map_err(|why| Finding::failed(format!("no answer: {why}"), "try again"))?;
    match Answer::parse(&request, &response) {
        Ok(Answer::User(user)) => {
            let text = format!("the password is right; the agent is {}", user.state);
            Ok(((), Finding::ok(text)))
        }
        Ok(Answer::Unauthorized(_)) => Err(Finding::failed(
            "the password is refused (401); it was tried once, no login by XMPP was tried",
            "look at the password file; five wrong ones lock the account for minutes",
        )),
        Ok(Answer::Refused(errors)) => Err(Finding::failed(
            format!("refused ({})", errors.status.unwrap_or_default()),
            "is the agent configured in Finesse, with a team?",
        )),
        Ok(_) => Err(Finding::failed(
            "an answer that is no agent",
            "is it Finesse?",
        )),
        Err(e) => Err(Finding::failed(e.to_string(), "is it Finesse?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skewed(seconds: i64) -> Finding {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let theirs = now + SignedDuration::from_secs(seconds);
        let date = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let response = Response::builder().header(header::DATE, date);
        skew(&response.body(Bytes::new()).unwrap(), now, now)
    }

    #[test]
    fn clocks_half_a_minute_apart_are_warned_of_and_five_minutes_fail() {
        use super::super::report::Verdict;
        for (seconds, verdict) in [
            (0, Verdict::Ok),
            (-20, Verdict::Ok),
            (31, Verdict::Warning),
            (-40, Verdict::Warning),
            (301, Verdict::Failed),
            (-86_400, Verdict::Failed),
        ] {
            assert_eq!(skewed(seconds).verdict, verdict, "{seconds}");
        }
        assert!(skewed(100).text.contains("100 s ahead of"));
        assert!(skewed(-100).text.contains("99 s behind"));
    }
}
