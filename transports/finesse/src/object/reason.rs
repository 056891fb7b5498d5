//! Reason codes.

use core::fmt;

use finewire_core::agent::Text;

use crate::error::Error;
use crate::resource::{API, Resource, id_of, percent_encoded};
use crate::xml::Element;

/// Why an agent may be not ready or sign out. Finesse Developer Guide, "ReasonCode".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReasonCode {
    /// `id`, or the last segment of `uri`: what requests carry as `reasonCodeId`.
    pub id: Text,
    /// `code`: the number people know. It is **not** the id.
    pub code: Text,
    /// `label`: what people read.
    pub label: Text,
    /// `category`.
    pub category: Option<ReasonCategory>,
    /// `forAll`: for every team.
    pub for_all: bool,
    /// `systemCode`: set by the system, not chosen by agents.
    pub system: bool,
}

/// What a call was about, chosen by the agent. Finesse Developer Guide, "WrapUpReason".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct WrapUpReason {
    /// `id`, or the last segment of `uri`.
    pub id: Text,
    /// `label`: what people read, and what requests carry.
    pub label: Text,
    /// `forAll`: for every team.
    pub for_all: bool,
}

/// What a reason code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonCategory {
    /// `NOT_READY`
    NotReady,
    /// `LOGOUT`
    Logout,
}

impl ReasonCategory {
    /// The wire word.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::NotReady => "NOT_READY",
            Self::Logout => "LOGOUT",
        }
    }

    /// Reads a wire word; case and blanks around it do not matter.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        [Self::NotReady, Self::Logout]
            .into_iter()
            .find(|category| category.as_wire().eq_ignore_ascii_case(word.trim()))
    }
}

impl fmt::Display for ReasonCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_wire())
    }
}

pub(crate) fn read(code: &Element<'_>) -> Result<ReasonCode, Error> {
    let is = |name| {
        code.word(name)
            .is_some_and(|word| word.eq_ignore_ascii_case("true"))
    };
    let id = code
        .word("id")
        .map(Text::from)
        .or_else(|| id_of(code.word("uri")?));
    Ok(ReasonCode {
        id: id.ok_or(Error::RemoteMissing("uri"))?,
        code: code.word_of("code"),
        label: code.text_of("label"),
        category: code.word("category").and_then(ReasonCategory::from_wire),
        for_all: is("forAll"),
        system: is("systemCode"),
    })
}

pub(crate) fn element(code: &ReasonCode) -> Element<'_> {
    let truth = |is: &bool| if *is { "true" } else { "false" };
    let ReasonCode {
        id,
        code,
        label,
        category,
        for_all,
        system,
    } = code;
    Element::node(
        "ReasonCode",
        vec![
            Element::leaf("category", category.map_or("", ReasonCategory::as_wire)),
            Element::leaf("code", code.as_str()),
            Element::leaf("forAll", truth(for_all)),
            Element::leaf("id", id.as_str()),
            Element::leaf("label", label.as_str()),
            Element::leaf("systemCode", truth(system)),
            Element::leaf("uri", Resource::ReasonCode(id.clone()).to_string()),
        ],
    )
}

pub(crate) fn list(codes: &[ReasonCode]) -> Element<'_> {
    Element::node("ReasonCodes", codes.iter().map(element).collect())
}

pub(crate) fn read_wrap_up(reason: &Element<'_>) -> Result<WrapUpReason, Error> {
    let id = reason
        .word("id")
        .map(Text::from)
        .or_else(|| id_of(reason.word("uri")?));
    Ok(WrapUpReason {
        id: id.ok_or(Error::RemoteMissing("uri"))?,
        label: reason.text_of("label"),
        for_all: reason
            .word("forAll")
            .is_some_and(|word| word.eq_ignore_ascii_case("true")),
    })
}

pub(crate) fn wrap_up_element(reason: &WrapUpReason) -> Element<'_> {
    let for_all = if reason.for_all { "true" } else { "false" };
    let uri = format!("{API}/WrapUpReason/{}", percent_encoded(reason.id.as_str()));
    Element::node(
        "WrapUpReason",
        vec![
            Element::leaf("forAll", for_all),
            Element::leaf("label", reason.label.as_str()),
            Element::leaf("uri", uri),
        ],
    )
}

pub(crate) fn wrap_up_list(reasons: &[WrapUpReason]) -> Element<'_> {
    Element::node(
        "WrapUpReasons",
        reasons.iter().map(wrap_up_element).collect(),
    )
}
