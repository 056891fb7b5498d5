//! Resource paths: the uris of objects, the nodes of notifications, the sources of updates.

use core::fmt;

use finewire_core::agent::{AgentId, DialogId, TeamId, Text};

/// What every path of the interface begins with.
pub const API: &str = "/finesse/api";

/// An object of Finesse by its path. Uris in bodies, pub-sub nodes and the `source` of an update
/// are all written this way. Finesse Developer Guide, "Subscription management".
///
/// ```
/// use finewire_finesse::Resource;
///
/// let node = Resource::parse("/finesse/api/User/1001/Dialogs");
/// assert_eq!(node, Resource::Dialogs("1001".into()));
/// assert_eq!(node.to_string(), "/finesse/api/User/1001/Dialogs");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// `/finesse/api/SystemInfo`
    SystemInfo,
    /// `/finesse/api/User/{id}`
    User(AgentId),
    /// `/finesse/api/User/{id}/Dialogs`
    Dialogs(AgentId),
    /// `/finesse/api/Dialog/{id}`
    Dialog(DialogId),
    /// `/finesse/api/Team/{id}`
    Team(TeamId),
    /// `/finesse/api/Team/{id}/Users`
    TeamUsers(TeamId),
    /// `/finesse/api/Team/{id}/TeamMessages`
    TeamMessagesOf(TeamId),
    /// `/finesse/api/Queue/{id}`
    Queue(Text),
    /// `/finesse/api/User/{id}/Queues`
    Queues(AgentId),
    /// `/finesse/api/User/{id}/ReasonCodes`
    ReasonCodes(AgentId),
    /// `/finesse/api/User/{id}/WrapUpReasons`
    WrapUpReasons(AgentId),
    /// `/finesse/api/User/{id}/PhoneBooks`
    PhoneBooks(AgentId),
    /// `/finesse/api/User/{id}/ClientLog`
    ClientLog(AgentId),
    /// `/finesse/api/User/{id}/ReasonCode/{id}`
    UserReasonCode(AgentId, Text),
    /// `/finesse/api/User/{id}/WrapUpReason/{id}`
    UserWrapUpReason(AgentId, Text),
    /// `/finesse/api/Users`
    Users,
    /// `/finesse/api/TeamResource/{id}/ReasonCodes`
    TeamReasonCodes(TeamId),
    /// `/finesse/api/TeamResource/{id}/WrapUpReasons`
    TeamWrapUpReasons(TeamId),
    /// `/finesse/api/TeamResource/{id}/PhoneBooks`
    TeamPhoneBooks(TeamId),
    /// `/finesse/api/TeamMessage`
    TeamMessages,
    /// `/finesse/api/TeamMessage/{id}`
    TeamMessage(Text),
    /// `/finesse/api/ReasonCode/{id}`
    ReasonCode(Text),
    /// Any other path, as it came.
    Other(Text),
}

impl Resource {
    /// Reads a path. Case of the fixed words, a missing leading slash and a slash at the end do
    /// not matter (Seen: all three); percent escapes in ids are resolved.
    #[must_use]
    pub fn parse(path: &str) -> Self {
        let other = || Self::Other(path.into());
        let plain = path.trim().split(['?', '#']).next().unwrap_or_default();
        let mut segments = plain.split('/').filter(|segment| !segment.is_empty());
        let is = |segment: Option<&str>, word: &str| {
            segment.is_some_and(|segment| segment.eq_ignore_ascii_case(word))
        };
        if !is(segments.next(), "finesse") || !is(segments.next(), "api") {
            return other();
        }
        let Some(kind) = segments.next() else {
            return other();
        };
        let id = segments.next().map(percent_decoded);
        let part = segments.next();
        let kind = kind.to_ascii_lowercase();
        if let Some(last) = segments.next() {
            let last = Text::from(percent_decoded(last));
            return match (kind.as_str(), id, segments.next()) {
                ("user", Some(id), None) if is(part, "ReasonCode") => {
                    Self::UserReasonCode(id.into(), last)
                }
                ("user", Some(id), None) if is(part, "WrapUpReason") => {
                    Self::UserWrapUpReason(id.into(), last)
                }
                _ => other(),
            };
        }
        match (kind.as_str(), id, part) {
            ("systeminfo", None, None) => Self::SystemInfo,
            ("user", Some(id), None) => Self::User(id.into()),
            ("user", Some(id), part) if is(part, "Dialogs") => Self::Dialogs(id.into()),
            ("user", Some(id), part) if is(part, "Queues") => Self::Queues(id.into()),
            ("user", Some(id), part) if is(part, "WrapUpReasons") => Self::WrapUpReasons(id.into()),
            ("user", Some(id), part) if is(part, "ReasonCodes") => Self::ReasonCodes(id.into()),
            ("user", Some(id), part) if is(part, "PhoneBooks") => Self::PhoneBooks(id.into()),
            ("user", Some(id), part) if is(part, "ClientLog") => Self::ClientLog(id.into()),
            ("users", None, None) => Self::Users,
            ("teamresource", Some(id), part) if is(part, "ReasonCodes") => {
                Self::TeamReasonCodes(id.into())
            }
            ("teamresource", Some(id), part) if is(part, "WrapUpReasons") => {
                Self::TeamWrapUpReasons(id.into())
            }
            ("teamresource", Some(id), part) if is(part, "PhoneBooks") => {
                Self::TeamPhoneBooks(id.into())
            }
            ("teammessage", None, None) => Self::TeamMessages,
            ("teammessage", Some(id), None) => Self::TeamMessage(id.into()),
            ("dialog", Some(id), None) => Self::Dialog(id.into()),
            ("team", Some(id), None) => Self::Team(id.into()),
            ("team", Some(id), part) if is(part, "Users") => Self::TeamUsers(id.into()),
            ("team", Some(id), part) if is(part, "TeamMessages") => Self::TeamMessagesOf(id.into()),
            ("queue", Some(id), None) => Self::Queue(id.into()),
            ("reasoncode", Some(id), None) => Self::ReasonCode(id.into()),
            _ => other(),
        }
    }

    /// The path as a request line has it: ids percent-encoded.
    #[must_use]
    pub fn to_path(&self) -> String {
        self.written(&percent_encoded)
    }

    fn written(&self, id: &dyn Fn(&str) -> String) -> String {
        match self {
            Self::SystemInfo => format!("{API}/SystemInfo"),
            Self::User(agent) => format!("{API}/User/{}", id(agent.as_str())),
            Self::Dialogs(agent) => format!("{API}/User/{}/Dialogs", id(agent.as_str())),
            Self::Dialog(dialog) => format!("{API}/Dialog/{}", id(dialog.as_str())),
            Self::Team(team) => format!("{API}/Team/{}", id(team.as_str())),
            Self::TeamUsers(team) => format!("{API}/Team/{}/Users", id(team.as_str())),
            Self::TeamMessagesOf(team) => {
                format!("{API}/Team/{}/TeamMessages", id(team.as_str()))
            }
            Self::Queue(queue) => format!("{API}/Queue/{}", id(queue.as_str())),
            Self::Queues(agent) => format!("{API}/User/{}/Queues", id(agent.as_str())),
            Self::WrapUpReasons(agent) => {
                format!("{API}/User/{}/WrapUpReasons", id(agent.as_str()))
            }
            Self::ReasonCodes(agent) => format!("{API}/User/{}/ReasonCodes", id(agent.as_str())),
            Self::PhoneBooks(agent) => format!("{API}/User/{}/PhoneBooks", id(agent.as_str())),
            Self::ClientLog(agent) => format!("{API}/User/{}/ClientLog", id(agent.as_str())),
            Self::UserReasonCode(agent, reason) => {
                let (agent, reason) = (id(agent.as_str()), id(reason.as_str()));
                format!("{API}/User/{agent}/ReasonCode/{reason}")
            }
            Self::UserWrapUpReason(agent, reason) => {
                let (agent, reason) = (id(agent.as_str()), id(reason.as_str()));
                format!("{API}/User/{agent}/WrapUpReason/{reason}")
            }
            Self::Users => format!("{API}/Users"),
            Self::TeamReasonCodes(team) => {
                format!("{API}/TeamResource/{}/ReasonCodes", id(team.as_str()))
            }
            Self::TeamWrapUpReasons(team) => {
                format!("{API}/TeamResource/{}/WrapUpReasons", id(team.as_str()))
            }
            Self::TeamPhoneBooks(team) => {
                format!("{API}/TeamResource/{}/PhoneBooks", id(team.as_str()))
            }
            Self::TeamMessages => format!("{API}/TeamMessage"),
            Self::TeamMessage(message) => format!("{API}/TeamMessage/{}", id(message.as_str())),
            Self::ReasonCode(reason) => format!("{API}/ReasonCode/{}", id(reason.as_str())),
            Self::Other(path) => path.as_str().to_owned(),
        }
    }

    /// The agent whose node or object this is.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::User(agent)
            | Self::Dialogs(agent)
            | Self::Queues(agent)
            | Self::ReasonCodes(agent)
            | Self::WrapUpReasons(agent)
            | Self::PhoneBooks(agent)
            | Self::UserReasonCode(agent, _)
            | Self::UserWrapUpReason(agent, _)
            | Self::ClientLog(agent) => Some(agent),
            _ => None,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written(&str::to_owned))
    }
}

/// The last segment of a uri: the id of what it names. `None` when there is none.
#[must_use]
pub fn id_of(uri: &str) -> Option<Text> {
    let last = uri.trim().trim_end_matches('/').rsplit('/').next()?;
    (!last.is_empty()).then(|| percent_decoded(last).into())
}

/// One path segment with everything but RFC 3986's unreserved characters escaped.
pub(crate) fn percent_encoded(segment: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |n: u8| {
        HEX.get(usize::from(n))
            .map_or('0', |digit| char::from(*digit))
    };
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push(digit(byte >> 4));
                out.push(digit(byte & 15));
            }
        }
    }
    out
}

/// Resolves percent escapes; what is no escape, or no UTF-8 afterwards, stays as it came.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let value = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|n| u8::try_from(n).ok())
        };
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (value(*high), value(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(first);
            rest = tail;
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_path_survives_writing_and_reading() {
        let all = [
            Resource::SystemInfo,
            Resource::User("10 01/ä%".into()),
            Resource::Dialogs("1001".into()),
            Resource::Dialog("16804377".into()),
            Resource::Team("1".into()),
            Resource::TeamUsers("1".into()),
            Resource::Queue("5".into()),
            Resource::Queues("1001".into()),
            Resource::ReasonCode("16".into()),
            Resource::ReasonCodes("1001".into()),
            Resource::WrapUpReasons("1001".into()),
            Resource::PhoneBooks("1001".into()),
            Resource::ClientLog("1001".into()),
            Resource::Users,
            Resource::UserReasonCode("1001".into(), "16".into()),
            Resource::UserWrapUpReason("1001".into(), "2/5".into()),
            Resource::TeamReasonCodes("1".into()),
            Resource::TeamWrapUpReasons("1".into()),
            Resource::TeamPhoneBooks("1".into()),
            Resource::TeamMessages,
            Resource::TeamMessage("7".into()),
            Resource::TeamMessagesOf("1".into()),
        ];
        for resource in all {
            assert_eq!(Resource::parse(&resource.to_path()), resource);
        }
    }

    #[test]
    fn case_and_slashes_at_either_end_do_not_matter() {
        let wanted = Resource::Dialogs("1001".into());
        assert_eq!(Resource::parse("finesse/api/user/1001/dialogs/"), wanted);
        assert_eq!(
            Resource::parse("/finesse/api/User/1001/Dialogs?nocache=1"),
            wanted
        );
    }

    #[test]
    fn a_path_that_is_not_known_is_kept_as_it_came() {
        for path in [
            "",
            "/",
            "/finesse/api",
            "/finesse/api/User",
            "/finesse/api/User/1/Media/5/Dialogs",
        ] {
            assert_eq!(Resource::parse(path), Resource::Other(path.into()));
        }
    }

    #[test]
    fn the_id_is_the_last_segment_of_a_uri() {
        assert_eq!(
            id_of("/finesse/api/User/1/ReasonCode/16/"),
            Some("16".into())
        );
        assert_eq!(id_of("/"), None);
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
        assert_eq!(percent_decoded("%ff"), "%ff");
    }
}
