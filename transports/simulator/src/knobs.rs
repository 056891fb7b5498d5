//! Where to misbehave: each knob is something that a real Finesse was seen to do.

use core::fmt;
use core::time::Duration;

use finewire_core::agent::Text;

/// Deviations from good behaviour, all off by default.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Knobs {
    /// Notifications overtake the answer of the request that caused them, always.
    pub event_before_answer: bool,
    /// Notifications carry no request id.
    pub drop_request_id: bool,
    /// `event` is written in lower case.
    pub lower_case_event: bool,
    /// The namespace of `notification` is `urn:xmpp:push:0`.
    pub push_namespace: bool,
    /// Every notification comes twice, with the same item id.
    pub duplicate_events: bool,
    /// One notification in four never comes, by the seed.
    pub lose_events: bool,
    /// One notification in four is cut off somewhere, by the seed.
    pub garble_events: bool,
    /// Elements that a client may not count on are left out half of the time, by the seed.
    pub missing_elements: bool,
    /// Elements come in another order each time, by the seed.
    pub shuffle_elements: bool,
    /// Objects hold elements that no document knows.
    pub unknown_elements: bool,
    /// The payload is a child element instead of escaped text.
    pub unescaped_payload: bool,
    /// Texts are escaped once more than needed.
    pub escape_twice: bool,
    /// `callType` is the text `NULL`, as after a failover.
    pub call_type_null: bool,
    /// A sign-in is followed by a stray notification of the state `LOGOUT` with reason id -1.
    pub stray_logout: bool,
    /// Each answer of the REST interface takes this much longer.
    pub slow_rest: Option<Duration>,
    /// Each notification takes this much longer.
    pub late_events: Option<Duration>,
    /// Error notifications take this much longer.
    pub late_errors: Option<Duration>,
    /// REST requests are answered with 301 to this URL.
    pub moved_to: Option<Text>,
    /// Errors come without the peripheral's own words, as before 12.5.
    pub no_peripheral_errors: bool,
    /// State changes are answered with 200 instead of 202.
    pub ok_instead_of_accepted: bool,
    /// The user `finesse` shows no presence.
    pub no_finesse_presence: bool,
    /// Whether agents show passwords or access tokens.
    pub sso: Sso,
    /// How long an access token is good; `None`: an hour.
    pub token_life: Option<Duration>,
    /// Participants that are no agents are left out of calls. Seen: UCCX.
    pub no_customer_participant: bool,
    /// Forced sign-out signs the agent out on UCCE too (setting `LOAD=1`), instead of making the
    /// agent not ready.
    pub load: bool,
}

/// `systemAuthMode`: what REST and the notification service take as proof of who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Sso {
    /// `NON_SSO`: passwords.
    #[default]
    Off,
    /// `SSO`: access tokens. As the password of XMPP they are taken too, which no document says.
    On,
    /// `HYBRID`: either.
    Hybrid,
}

impl Sso {
    /// The word in SystemInfo.
    pub(crate) const fn auth_mode(self) -> &'static str {
        match self {
            Self::Off => "NON_SSO",
            Self::On => "SSO",
            Self::Hybrid => "HYBRID",
        }
    }
}

/// Why a knob cannot be turned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KnobFault {
    /// There is no knob of this name.
    LocalName(String),
    /// The knob has no such position; what it takes.
    LocalValue(&'static str),
}

impl fmt::Display for KnobFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LocalName(name) => write!(f, "there is no knob {name:?}"),
            Self::LocalValue(wanted) => write!(f, "the knob takes {wanted}"),
        }
    }
}

impl core::error::Error for KnobFault {}

/// What a knob is, by its name.
enum Knob<'a> {
    Flag(&'a mut bool),
    Delay(&'a mut Option<Duration>),
    Text(&'a mut Option<Text>),
    Sso(&'a mut Sso),
}

impl Knobs {
    /// The names of all knobs: those of the fields.
    pub const NAMES: [&'static str; 25] = [
        "event_before_answer",
        "drop_request_id",
        "lower_case_event",
        "push_namespace",
        "duplicate_events",
        "lose_events",
        "garble_events",
        "missing_elements",
        "shuffle_elements",
        "unknown_elements",
        "unescaped_payload",
        "escape_twice",
        "call_type_null",
        "stray_logout",
        "slow_rest",
        "late_events",
        "late_errors",
        "moved_to",
        "no_peripheral_errors",
        "ok_instead_of_accepted",
        "no_finesse_presence",
        "sso",
        "token_life",
        "no_customer_participant",
        "load",
    ];

    fn by_name(&mut self, name: &str) -> Option<Knob<'_>> {
        Some(Knob::Flag(match name {
            "event_before_answer" => &mut self.event_before_answer,
            "drop_request_id" => &mut self.drop_request_id,
            "lower_case_event" => &mut self.lower_case_event,
            "push_namespace" => &mut self.push_namespace,
            "duplicate_events" => &mut self.duplicate_events,
            "lose_events" => &mut self.lose_events,
            "garble_events" => &mut self.garble_events,
            "missing_elements" => &mut self.missing_elements,
            "shuffle_elements" => &mut self.shuffle_elements,
            "unknown_elements" => &mut self.unknown_elements,
            "unescaped_payload" => &mut self.unescaped_payload,
            "escape_twice" => &mut self.escape_twice,
            "call_type_null" => &mut self.call_type_null,
            "stray_logout" => &mut self.stray_logout,
            "no_peripheral_errors" => &mut self.no_peripheral_errors,
            "ok_instead_of_accepted" => &mut self.ok_instead_of_accepted,
            "no_finesse_presence" => &mut self.no_finesse_presence,
            "no_customer_participant" => &mut self.no_customer_participant,
            "load" => &mut self.load,
            "slow_rest" => return Some(Knob::Delay(&mut self.slow_rest)),
            "late_events" => return Some(Knob::Delay(&mut self.late_events)),
            "token_life" => return Some(Knob::Delay(&mut self.token_life)),
            "sso" => return Some(Knob::Sso(&mut self.sso)),
            "late_errors" => return Some(Knob::Delay(&mut self.late_errors)),
            "moved_to" => return Some(Knob::Text(&mut self.moved_to)),
            _ => return None,
        }))
    }

    /// Turns the knob of this name: `on` or `off`; a delay (`250ms`, `2s`, `1m`) or `off`; a URL or
    /// `off`; for `sso` also `hybrid`.
    ///
    /// # Errors
    /// [`KnobFault`]; nothing is changed then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), KnobFault> {
        let knob = self.by_name(name);
        let knob =
            knob.ok_or_else(|| KnobFault::LocalName(name.chars().take(40).collect::<String>()))?;
        match knob {
            Knob::Flag(flag) => {
                *flag = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(KnobFault::LocalValue("on or off")),
                };
            }
            Knob::Sso(sso) => {
                *sso = match value {
                    "off" => Sso::Off,
                    "on" => Sso::On,
                    "hybrid" => Sso::Hybrid,
                    _ => return Err(KnobFault::LocalValue("off, on or hybrid")),
                };
            }
            Knob::Delay(delay) => {
                let wanted = KnobFault::LocalValue("off or a time such as 250ms, 2s, 1m");
                *delay = match value {
                    "off" => None,
                    _ => Some(delay_from(value).ok_or(wanted)?),
                };
            }
            Knob::Text(text) => {
                *text = match value {
                    "off" => None,
                    url if url.contains("://") => Some(url.into()),
                    _ => return Err(KnobFault::LocalValue("off or a URL")),
                };
            }
        }
        Ok(())
    }

    /// How the knob of this name stands, as [`set`](Self::set) takes it; `None` when there is none.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<String> {
        let mut copy = self.clone();
        Some(match copy.by_name(name)? {
            Knob::Flag(true) | Knob::Sso(Sso::On) => "on".to_owned(),
            Knob::Sso(Sso::Hybrid) => "hybrid".to_owned(),
            Knob::Sso(Sso::Off) | Knob::Flag(false) | Knob::Delay(None) | Knob::Text(None) => {
                "off".to_owned()
            }
            Knob::Delay(Some(delay)) => format!("{}ms", delay.as_millis()),
            Knob::Text(Some(text)) => text.to_string(),
        })
    }
}

/// Reads a time: a whole number with `ms`, `s` or `m`, at most a day.
pub(crate) fn delay_from(text: &str) -> Option<Duration> {
    const DAY: Duration = Duration::from_secs(86_400);
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        _ => return None,
    };
    (time <= DAY).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_can_be_turned_by_its_name_and_shows_it() {
        for name in Knobs::NAMES {
            let mut knobs = Knobs::default();
            assert_eq!(knobs.position(name).as_deref(), Some("off"), "{name}");
            let tried = ["on", "1500ms", "https://other.example:8445/"];
            let value = tried.iter().find(|value| knobs.set(name, value).is_ok());
            let value = value.unwrap_or_else(|| panic!("{name} takes nothing"));
            assert_ne!(knobs, Knobs::default(), "{name} turned something");
            assert_eq!(knobs.position(name).as_deref(), Some(*value));
            assert!(knobs.set(name, "sideways").is_err());
            knobs.set(name, "off").unwrap();
            assert_eq!(knobs, Knobs::default());
        }
    }

    #[test]
    fn a_name_that_is_none_changes_nothing() {
        let mut knobs = Knobs::default();
        assert!(matches!(
            knobs.set("lod", "on"),
            Err(KnobFault::LocalName(_))
        ));
        assert_eq!(knobs.position("lod"), None);
        assert_eq!(knobs, Knobs::default());
    }

    #[test]
    fn times_have_a_unit_and_an_end() {
        assert_eq!(delay_from("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(delay_from("2s"), Some(Duration::from_secs(2)));
        assert_eq!(delay_from("1440m"), Some(Duration::from_secs(86_400)));
        for bad in [
            "",
            "2",
            "s",
            "2 s",
            "-2s",
            "1441m",
            "99999999999999999999s",
            "2h",
        ] {
            assert_eq!(delay_from(bad), None, "{bad}");
        }
    }
}
