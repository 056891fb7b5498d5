//! Team messages: element `TeamMessage`.

use finewire_core::agent::{AgentId, TeamId, Text};
use finewire_core::machine::UnixMillis;

use crate::error::Error;
use crate::resource::{Resource, id_of};
use crate::time;
use crate::xml::Element;

/// Teams read of one message; a supervisor has at most 50.
const MAX_TEAMS: usize = 256;

/// What a supervisor tells teams for a while. Finesse Developer Guide, "TeamMessage".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TeamMessage {
    /// `id`, or the last segment of `uri`.
    pub id: Text,
    /// `createdBy/id`.
    pub by: AgentId,
    /// `createdBy/firstName`.
    pub first_name: Text,
    /// `createdBy/lastName`.
    pub last_name: Text,
    /// `createdAt`.
    pub created: Option<UnixMillis>,
    /// `duration`: how long it is shown, in seconds.
    pub seconds: u32,
    /// `content`.
    pub content: Text,
    /// `teams/team`: the ids.
    pub teams: Vec<TeamId>,
}

pub(crate) fn read(message: &Element<'_>) -> Result<TeamMessage, Error> {
    let id = message
        .word("id")
        .map(Text::from)
        .or_else(|| id_of(message.word("uri")?));
    let none = Element::default();
    let by = message.child("createdBy").unwrap_or(&none);
    let teams = message
        .child("teams")
        .into_iter()
        .flat_map(|teams| teams.all("team"));
    let teams = teams
        .map(|team| team.text.trim())
        .filter(|team| !team.is_empty());
    Ok(TeamMessage {
        id: id.ok_or(Error::RemoteMissing("id"))?,
        by: by.word_of("id").into(),
        first_name: by.text_of("firstName"),
        last_name: by.text_of("lastName"),
        created: message.word("createdAt").and_then(time::parse),
        seconds: message
            .word("duration")
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or_default(),
        content: message.text_of("content"),
        teams: teams
            .take(MAX_TEAMS)
            .map(|team| Text::from(team).into())
            .collect(),
    })
}

pub(crate) fn element(message: &TeamMessage) -> Element<'_> {
    let teams = message.teams.iter();
    let teams = teams.map(|team| Element::leaf("team", team.as_str()));
    let created = message.created.map(time::format).unwrap_or_default();
    Element::node(
        "TeamMessage",
        vec![
            Element::leaf("content", message.content.as_str()),
            Element::leaf("createdAt", created),
            Element::node(
                "createdBy",
                vec![
                    Element::leaf("firstName", message.first_name.as_str()),
                    Element::leaf("id", message.by.as_str()),
                    Element::leaf("lastName", message.last_name.as_str()),
                ],
            ),
            Element::leaf("duration", message.seconds.to_string()),
            Element::leaf("id", message.id.as_str()),
            Element::node("teams", teams.collect()),
            Element::leaf("uri", Resource::TeamMessage(message.id.clone()).to_string()),
        ],
    )
}

pub(crate) fn list(messages: &[TeamMessage]) -> Element<'_> {
    Element::node("TeamMessages", messages.iter().map(element).collect())
}
