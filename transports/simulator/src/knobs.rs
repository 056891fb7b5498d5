//! Where to misbehave: each knob is something that a real Finesse was seen to do.

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
    /// Participants that are no agents are left out of calls. Seen: UCCX.
    pub no_customer_participant: bool,
    /// Forced sign-out signs the agent out on UCCE too (setting `LOAD=1`), instead of making the
    /// agent not ready.
    pub load: bool,
}
