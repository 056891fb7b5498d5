//! Updates: what notifications carry.

use core::fmt;
use std::borrow::Cow;

use finewire_core::agent::{Dialog, Team, Text, User};

use crate::credentials::RequestId;
use crate::error::Error;
use crate::object::{ApiErrors, Queue, SystemInfo, TeamMessage};
use crate::object::{dialog, error, queue, system, team_message, user};
use crate::resource::Resource;
use crate::xml::Element;

/// One notification: an object as it is now, or an error. Finesse Developer Guide, "Notification
/// payload" and "Cisco Finesse notifications".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The pub-sub node it came by; its owner is the agent whom it concerns.
    pub node: Resource,
    /// The object it is about. A call's source names no agent, only `node` does.
    pub source: Resource,
    /// What happened to the object. In errors it means nothing.
    pub method: UpdateMethod,
    /// The request that caused it. Seen: often missing although there was one.
    pub request_id: Option<RequestId>,
    /// The object, or the error.
    pub data: UpdateData,
}

/// `Update/event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpdateMethod {
    /// `POST`: added to its list.
    Post,
    /// `PUT`: changed.
    Put,
    /// `DELETE`: removed.
    Delete,
}

impl UpdateMethod {
    /// The wire word.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Reads a wire word; its case does not matter (Seen: `put` in errors).
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        [Self::Post, Self::Put, Self::Delete]
            .into_iter()
            .find(|method| method.as_wire().eq_ignore_ascii_case(word.trim()))
    }
}

impl fmt::Display for UpdateMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_wire())
    }
}

/// `Update/data`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateData {
    /// `user`: a full snapshot; on a team's node a summary.
    User(Box<User>),
    /// `dialog`: a full snapshot.
    Dialog(Box<Dialog>),
    /// `dialogs`: calls added to or removed from an agent's list.
    Dialogs(Vec<Dialog>),
    /// `apiErrors`: an accepted request failed.
    Errors(ApiErrors),
    /// `systemInfo`: the service came or went.
    SystemInfo(Box<SystemInfo>),
    /// `team`: a team and a summary of its members.
    Team(Team, Vec<User>),
    /// `queue`: its statistics.
    Queue(Queue),
    /// `queues`: queues added to or removed from an agent's list.
    Queues(Vec<Queue>),
    /// `TeamMessage`: a supervisor's message.
    TeamMessage(Box<TeamMessage>),
    /// No data: the object was deleted.
    Empty,
    /// An object that is not known here; the name of its element.
    Unknown(Text),
}

impl Update {
    /// Reads the payload of a notification on `node`.
    ///
    /// Takes what was seen of Finesse and its doubles: any order of elements, either case of
    /// names and of `event`, elements that are not known, an empty or missing request id, a
    /// payload that is escaped once more, or wrapped in its `notification` element. A missing
    /// `source` is taken to be `node`; a missing `event` to be `PUT`.
    ///
    /// # Errors
    /// `Remote…` when the payload is no XML, no update, or its object has no id; `Limit…` when it
    /// is too large.
    pub fn parse(node: &str, payload: &str) -> Result<Self, Error> {
        let payload = once_more_unescaped(payload);
        let root = Element::parse(&payload)?;
        if root.is("notification") {
            if let Some(update) = root.child("Update") {
                return Self::read(node, update);
            }
            let inner = once_more_unescaped(&root.text);
            return Self::read(node, &Element::parse(&inner)?);
        }
        Self::read(node, &root)
    }

    fn read(node: &str, update: &Element<'_>) -> Result<Self, Error> {
        if !update.is("Update") {
            return Err(Error::unexpected("Update", &update.name));
        }
        let node = Resource::parse(node);
        let source = update
            .word("source")
            .map_or_else(|| node.clone(), Resource::parse);
        let method = update
            .word("event")
            .map_or(Some(UpdateMethod::Put), UpdateMethod::from_wire);
        let request_id = update
            .word("requestId")
            .and_then(|id| RequestId::new(id).ok());
        let objects = update.child("data").map_or(&[][..], |data| &data.children);
        let known = objects.iter().find(|object| UpdateData::knows(object));
        let object = known.or_else(|| objects.first());
        Ok(Self {
            node,
            source,
            method: method.ok_or(Error::RemoteMissing("event"))?,
            request_id,
            data: object.map_or(Ok(UpdateData::Empty), UpdateData::read)?,
        })
    }

    /// The update as XML, in the order that Finesse writes.
    #[must_use]
    pub fn to_xml(&self) -> String {
        self.to_element().to_xml()
    }

    /// The update as a tree, in the order that Finesse writes; whoever wants another form (a
    /// simulator does) changes the tree before it writes.
    #[must_use]
    pub fn to_element(&self) -> Element<'_> {
        let data = Element::node("data", self.data.to_element().into_iter().collect());
        let request_id = self.request_id.as_ref().map_or("", RequestId::as_str);
        Element::node(
            "Update",
            vec![
                data,
                Element::leaf("event", self.method.as_wire()),
                Element::leaf("requestId", request_id),
                Element::leaf("source", self.source.to_string()),
            ],
        )
    }
}

impl UpdateData {
    /// Whether the element is an object that is read here; a release may put others beside it.
    fn knows(object: &Element<'_>) -> bool {
        const KNOWN: [&str; 8] = [
            "user",
            "dialog",
            "dialogs",
            "apiErrors",
            "systemInfo",
            "team",
            "queue",
            "queues",
        ];
        KNOWN.iter().any(|name| object.is(name))
    }

    fn read(object: &Element<'_>) -> Result<Self, Error> {
        let name = object.name.to_ascii_lowercase();
        Ok(match name.as_str() {
            "user" => Self::User(Box::new(user::read(object)?)),
            "dialog" => Self::Dialog(Box::new(dialog::read(object)?)),
            "dialogs" => Self::Dialogs(
                object
                    .all("Dialog")
                    .map(dialog::read)
                    .collect::<Result<_, _>>()?,
            ),
            "apierrors" => Self::Errors(error::read(object)),
            "systeminfo" => Self::SystemInfo(Box::new(system::read(object))),
            "team" => {
                let (team, users) = user::read_team(object)?;
                Self::Team(team, users)
            }
            "queue" => Self::Queue(queue::read(object)?),
            "teammessage" => Self::TeamMessage(Box::new(team_message::read(object)?)),
            "queues" => Self::Queues(
                object
                    .all("Queue")
                    .map(queue::read)
                    .collect::<Result<_, _>>()?,
            ),
            _ => Self::Unknown(object.name.chars().take(64).collect::<String>().into()),
        })
    }

    fn to_element(&self) -> Option<Element<'_>> {
        Some(match self {
            Self::User(data) => user::element("user", data),
            Self::Dialog(data) => dialog::element("dialog", data),
            Self::Dialogs(data) => dialog::list("dialogs", data),
            Self::Errors(data) => error::element(error::Case::Update, data),
            Self::SystemInfo(data) => system::element("systemInfo", data),
            Self::Team(team, users) => user::team_element("team", team, users),
            Self::Queue(data) => queue::element("queue", data),
            Self::Queues(data) => queue::list("queues", data),
            Self::TeamMessage(data) => team_message::element(data),
            Self::Empty => return None,
            Self::Unknown(name) => Element::leaf(name.as_str(), ""),
        })
    }
}

/// Resolves one more level of escapes when the payload is no element but the text of one.
fn once_more_unescaped(payload: &str) -> Cow<'_, str> {
    let trimmed = payload.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if trimmed.starts_with("&lt;")
        && let Ok(unescaped) = quick_xml::escape::unescape(trimmed)
    {
        return Cow::Owned(unescaped.into_owned());
    }
    Cow::Borrowed(trimmed)
}
