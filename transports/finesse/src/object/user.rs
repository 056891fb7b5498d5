//! Agents: element `User`.

use finewire_core::agent::{AgentId, AgentState, Extension, Reason, Roles, Team, Text, User};

use crate::error::Error;
use crate::resource::{Resource, id_of};
use crate::time;
use crate::xml::Element;

/// Reads an agent: a full snapshot or the summary that teams hold.
pub(crate) fn read(user: &Element<'_>) -> Result<User, Error> {
    let id = user
        .word("loginId")
        .map(Text::from)
        .or_else(|| id_of(user.word("uri")?));
    let roles = |role: &str| {
        let mut roles = user
            .child("roles")
            .into_iter()
            .flat_map(|roles| roles.all("role"));
        roles.any(|found| found.text.trim().eq_ignore_ascii_case(role))
    };
    let setting = |name| {
        user.child("settings")
            .map_or_else(Text::default, |all| all.word_of(name))
    };
    let teams = user
        .child("teams")
        .into_iter()
        .flat_map(|teams| teams.all("Team"));
    Ok(User {
        id: AgentId::from(id.ok_or(Error::RemoteMissing("loginId"))?),
        login_name: user.word_of("loginName"),
        first_name: user.text_of("firstName"),
        last_name: user.text_of("lastName"),
        roles: Roles {
            agent: roles("Agent"),
            supervisor: roles("Supervisor"),
        },
        state: user
            .word("state")
            .map_or(AgentState::Unknown, AgentState::from_wire),
        state_changed: user.word("stateChangeTime").and_then(time::parse),
        pending_state: user.word("pendingState").map(AgentState::from_wire),
        reason: read_reason(user),
        extension: user.word("extension").map(Extension::from),
        team: user.word("teamId").map(|id| Team {
            id: id.into(),
            name: user.text_of("teamName"),
        }),
        supervised: teams.filter_map(read_team_name).collect(),
        wrap_up_incoming: setting("wrapUpOnIncoming"),
        wrap_up_outgoing: setting("wrapUpOnOutgoing"),
        wrap_up_timer: user.number("wrapUpTimer"),
    })
}

/// The id stands in `reasonCodeId`; code and label in `ReasonCode` (documents) or `reasonCode`
/// (code, updates of teams). `-1` and "nothing" are the same.
fn read_reason(user: &Element<'_>) -> Option<Reason> {
    let real = |id: &&str| *id != "-1";
    let detail = user.child("reasonCode");
    let id = user.word("reasonCodeId").filter(real);
    let id = id
        .or_else(|| detail?.word("id").filter(real))
        .map(Text::from);
    let id = id.or_else(|| id_of(detail?.word("uri")?));
    let code = detail
        .and_then(|detail| detail.word("code"))
        .map(Text::from);
    let label = detail.map_or_else(Text::default, |detail| detail.text_of("label"));
    let reason = Reason { id, code, label };
    (reason != Reason::default()).then_some(reason)
}

fn read_team_name(team: &Element<'_>) -> Option<Team> {
    let id = team
        .word("id")
        .map(Text::from)
        .or_else(|| id_of(team.word("uri")?))?;
    Some(Team {
        id: id.into(),
        name: team.text_of("name"),
    })
}

/// Reads a team with its members.
pub(crate) fn read_team(team: &Element<'_>) -> Result<(Team, Vec<User>), Error> {
    let name = read_team_name(team).ok_or(Error::RemoteMissing("id"))?;
    let users = team
        .child("users")
        .into_iter()
        .flat_map(|users| users.all("User"));
    Ok((name, users.map(read).collect::<Result<_, _>>()?))
}

/// Writes an agent in the order of the wire, which is alphabetical.
pub(crate) fn element<'a>(name: &'a str, user: &'a User) -> Element<'a> {
    let mut parts = vec![
        Element::leaf("dialogs", Resource::Dialogs(user.id.clone()).to_string()),
        Element::leaf(
            "extension",
            user.extension.as_ref().map_or("", Extension::as_str),
        ),
        Element::leaf("firstName", user.first_name.as_str()),
        Element::leaf("lastName", user.last_name.as_str()),
        Element::leaf("loginId", user.id.as_str()),
        Element::leaf("loginName", user.login_name.as_str()),
        Element::leaf("mediaType", "1"),
        pending_state(user),
    ];
    parts.extend(reason_detail(user));
    if let Some(Reason { id: Some(id), .. }) = &user.reason {
        parts.push(Element::leaf("reasonCodeId", id.as_str()));
    } else if user.state != AgentState::Ready {
        parts.push(Element::leaf("reasonCodeId", "-1"));
    }
    let role = |is: bool, name: &'static str| is.then(|| Element::leaf("role", name));
    let roles = [
        role(user.roles.agent, "Agent"),
        role(user.roles.supervisor, "Supervisor"),
    ];
    parts.push(Element::node(
        "roles",
        roles.into_iter().flatten().collect(),
    ));
    parts.push(Element::node(
        "settings",
        vec![
            Element::leaf("wrapUpOnIncoming", user.wrap_up_incoming.as_str()),
            Element::leaf("wrapUpOnOutgoing", user.wrap_up_outgoing.as_str()),
        ],
    ));
    parts.push(Element::leaf("state", user.state.as_wire()));
    parts.push(state_changed(user));
    if let Some(team) = &user.team {
        parts.push(Element::leaf("teamId", team.id.as_str()));
        parts.push(Element::leaf("teamName", team.name.as_str()));
    }
    if !user.supervised.is_empty() {
        let teams = user
            .supervised
            .iter()
            .map(|team| Element::node("Team", team_name(team)));
        parts.push(Element::node("teams", teams.collect()));
    }
    parts.push(Element::leaf(
        "uri",
        Resource::User(user.id.clone()).to_string(),
    ));
    if let Some(seconds) = user.wrap_up_timer {
        parts.push(Element::leaf("wrapUpTimer", seconds.to_string()));
    }
    Element::node(name, parts)
}

fn pending_state(user: &User) -> Element<'_> {
    Element::leaf(
        "pendingState",
        user.pending_state.as_ref().map_or("", AgentState::as_wire),
    )
}

fn state_changed(user: &User) -> Element<'_> {
    Element::leaf(
        "stateChangeTime",
        user.state_changed.map(time::format).unwrap_or_default(),
    )
}

/// Code and label of the reason, where they are known.
fn reason_detail(user: &User) -> Option<Element<'_>> {
    let reason = user.reason.as_ref()?;
    if reason.code.is_none() && reason.label.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    parts.extend(
        reason
            .code
            .as_ref()
            .map(|code| Element::leaf("code", code.as_str())),
    );
    parts.extend(
        reason
            .id
            .as_ref()
            .map(|id| Element::leaf("id", id.as_str())),
    );
    parts.push(Element::leaf("label", reason.label.as_str()));
    Some(Element::node("reasonCode", parts))
}

fn team_name(team: &Team) -> Vec<Element<'_>> {
    vec![
        Element::leaf("id", team.id.as_str()),
        Element::leaf("name", team.name.as_str()),
        Element::leaf("uri", Resource::Team(team.id.clone()).to_string()),
    ]
}

/// Writes a team with a summary of each member.
pub(crate) fn team_element<'a>(name: &'a str, team: &'a Team, users: &'a [User]) -> Element<'a> {
    let mut parts = team_name(team);
    parts.push(Element::node("users", users.iter().map(summary).collect()));
    Element::node(name, parts)
}

fn summary(user: &User) -> Element<'_> {
    let mut parts = vec![
        Element::leaf("dialogs", Resource::Dialogs(user.id.clone()).to_string()),
        Element::leaf(
            "extension",
            user.extension.as_ref().map_or("", Extension::as_str),
        ),
        Element::leaf("firstName", user.first_name.as_str()),
        Element::leaf("lastName", user.last_name.as_str()),
        Element::leaf("loginId", user.id.as_str()),
        pending_state(user),
    ];
    parts.extend(reason_detail(user));
    parts.push(Element::leaf("state", user.state.as_wire()));
    parts.push(state_changed(user));
    parts.push(Element::leaf(
        "uri",
        Resource::User(user.id.clone()).to_string(),
    ));
    Element::node("User", parts)
}
