//! Control-failure codes: why the telephone system said no, and what that means to a person.

/// Declares the table.
macro_rules! codes {
    ($($number:literal $name:literal $text:literal;)*) => {
        /// Number, constant without its prefix `CF_`, and what it means to a person.
        const TABLE: &[(u32, &str, &str)] = &[$(($number, $name, $text)),*];
    };
}

codes! {
    8 "PRIVILEGE_VIOLATION_ON_SPECIFIED_DEVICE" "no right to use this device";
    9 "PRIVILEGE_VIOLATION_ON_CALLED_DEVICE" "no right to call this device";
    10 "PRIVILEGE_VIOLATION_ON_CALLING_DEVICE" "no right to call from this device";
    11 "INVALID_CSTA_CALL_IDENTIFIER" "the call is not known";
    12 "INVALID_CSTA_DEVICE_IDENTIFIER" "the device is not known";
    13 "INVALID_CSTA_CONNECTION_IDENTIFIER" "the device has no part in the call";
    14 "INVALID_DESTINATION" "the number cannot be called";
    15 "INVALID_FEATURE" "the telephone system cannot do this";
    16 "INVALID_ALLOCATION_STATE" "the allocation is in a wrong state";
    17 "INVALID_CROSS_REF_ID" "the monitor is not known";
    18 "INVALID_OBJECT_TYPE" "the object is of a wrong type";
    19 "SECURITY_VIOLATION" "refused for security reasons";
    21 "GENERIC_STATE_INCOMPATIBILITY" "not possible in the present state";
    22 "INVALID_OBJECT_STATE" "not possible in the present state";
    23 "INVALID_CONN_ID_FOR_ACTIVE_CALL" "the device is not active in the call";
    24 "NO_ACTIVE_CALL" "there is no active call";
    25 "NO_HELD_CALL" "there is no held call";
    26 "NO_CALL_TO_CLEAR" "there is no call to end";
    27 "NO_CONNECTION_TO_CLEAR" "there is no connection to end";
    28 "NO_CALL_TO_ANSWER" "there is no call to answer";
    29 "NO_CALL_TO_COMPLETE" "there is no call to complete";
    31 "GENERIC_SYSTEM_RESOURCE_AVAILABILITY" "a resource of the telephone system is missing";
    32 "SERVICE_BUSY" "the service is busy";
    33 "RESOURCE_BUSY" "the device is busy";
    34 "RESOURCE_OUT_OF_SERVICE" "the device is out of service";
    35 "NETWORK_BUSY" "the network is busy";
    36 "NETWORK_OUT_OF_SERVICE" "the network is out of service";
    37 "OVERALL_MONITOR_LIMIT_EXCEEDED" "too many devices are monitored";
    38 "CONFERENCE_MEMBER_LIMIT_EXCEEDED" "the conference has no room";
    70 "GENERIC_UNSPECIFIED_REJECTION" "refused without a reason";
    71 "GENERIC_OPERATION_REJECTION" "the operation is refused";
    72 "DUPLICATE_INVOCATION_REJECTION" "the request was made twice";
    73 "UNRECOGNIZED_OPERATION_REJECTION" "the operation is not known";
    74 "MISTYPED_ARGUMENT_REJECTION" "an argument is of a wrong type";
    75 "RESOURCE_LIMITATION_REJECTION" "a resource limit is reached";
    76 "ACS_HANDLE_TERMINATION_REJECTION" "the connection to the telephone system is ending";
    77 "SERVICE_TERMINATION_REJECTION" "the service is ending";
    78 "REQUEST_TIMEOUT_REJECTION" "the telephone system did not answer in time";
    79 "REQUESTS_ON_DEVICE_EXCEEDED_REJECTION" "too many requests for this device";
    256 "INVALID_AGENT_ID_SPECIFIED" "the agent is not known";
    257 "INVALID_PASSWORD_SPECIFIED" "the password is wrong";
    258 "INVALID_AGENT_ID_OR_PASSWORD_SPECIFIED" "the agent is not known or the password is wrong";
    259 "SPECIFIED_AGENT_ALREADY_SIGNED_ON" "the agent is already signed in";
    260 "INVALID_LOGON_DEVICE_SPECIFIED" "the extension is not known or its device is offline";
    261 "INVALID_ANSWERING_DEVICE_SPECIFIED" "the answering device is not known";
    262 "INVALID_SKILL_GROUP_SPECIFIED" "the skill group is not known";
    263 "INVALID_CLASS_OF_SERVICE_SPECIFIED" "the class of service is not known";
    264 "INVALID_TEAM_SPECIFIED" "the team is not known";
    265 "INVALID_AGENT_WORKMODE" "the agent cannot change to this state now";
    266 "INVALID_AGENT_REASON_CODE" "the reason code is not known";
    267 "ADJUNCT_SWITCH_COMM_ERROR" "the telephone system does not answer";
    268 "AGENT_NOT_PARTY_ON_CALL" "the agent has no part in the call";
    269 "INTERNAL_PROCESSING_ERROR" "the telephone system has an internal error";
    273 "INVALID_CONSULT_TYPE" "the consult is of a wrong type";
    280 "WRAPUP_DATA_REQUIRED" "wrap-up data are required";
    281 "REASON_CODE_REQUIRED" "a reason code is required";
    283 "SPECIFIED_EXTENSION_ALREADY_IN_USE" "the extension is in use by another agent";
    284 "ARBITRARY_CONF_OR_XFER_NOT_SUPPORTED" "these calls cannot be joined";
    287 "DEVICE_RESTRICTED" "the device is restricted";
    288 "LINE_RESTRICTED" "the line is restricted";
    289 "AGENT_ACCOUNT_LOCKED_OUT" "the agent's account is locked";
    290 "DROP_ANY_PARTY_NOT_ENABLED" "dropping another party is not enabled";
    291 "MAXIMUM_LINE_LIMIT_EXCEEDED" "the device has too many lines";
    292 "SHARED_LINES_NOT_SUPPORTED" "shared lines are not supported";
    293 "EXTENSION_NOT_UNIQUE" "the extension is not unique";
    1009 "INVALID_DIALED_NUMBER" "the number cannot be dialled";
    1010 "INVALID_PARAMETER" "a parameter is wrong";
}

/// Numbers that Finesse gives without a constant, and what they mean to a person. Finesse Developer
/// Guide, "Dialog APIs"; the same refusal has another number on either product.
const FINESSES: &[(u32, &str)] = &[
    (13_145, "the agent cannot be listened to now"),
    (20_700, "the conference has no room"),
    (20_999, "this party cannot change the conference"),
    (88_049, "the agent cannot be listened to now"),
];

/// Kinds of refusals, and what they mean to a person where nothing more precise is known. Finesse
/// Developer Guide, "Cisco Finesse API errors".
const KINDS: &[(&str, &str)] = &[
    (
        "Authorization Failure",
        "Finesse does not allow this to this user",
    ),
    ("Bad Request", "Finesse does not understand the request"),
    (
        "Call Operation Failure",
        "the telephone system refuses this",
    ),
    ("Device Busy", "the extension is in use by another agent"),
    ("Dialog Not Found", "there is no such call"),
    (
        "Forbidden",
        "this server of Finesse does not take the request",
    ),
    ("Generic Error", "this is not possible now"),
    ("Internal Server Error", "Finesse has an internal error"),
    (
        "Invalid Authorization User Specified",
        "Finesse does not allow this to this user",
    ),
    ("Invalid Destination", "the number cannot be called"),
    (
        "Invalid Device",
        "the extension is not known or its device is offline",
    ),
    ("Invalid Input", "Finesse does not take this value"),
    ("Invalid State", "not possible in the present state"),
    (
        "Invalid Supervisor",
        "this agent is in none of the supervisor's teams",
    ),
    ("Maximum Exceeded", "a limit of Finesse is reached"),
    (
        "Mode Not Allowed",
        "the agent is not set up as a mobile agent",
    ),
    ("Not Found", "Finesse does not know this"),
    ("Not Implemented", "this contact center does not offer it"),
    ("Parameter Missing", "Finesse wants one value more"),
    ("Service Unavailable", "Finesse is out of service"),
    ("TeamId Not Found", "Finesse does not know the team"),
    ("User Not Found", "Finesse does not know the user"),
    ("Unauthorized", "Finesse does not allow this to this user"),
];

/// The value that Finesse names where it wants a reason with a change of state.
const REASON_REQUIRED: &str = "finesse.api.reasoncode.require_reasoncode";

/// What a refusal means, for people: a lower-case clause without a full stop, without any character
/// that has a meaning in the driver protocol. `None` for a kind that is not known here.
///
/// The most precise word counts: the control-failure constant, then Finesse's own number, then the
/// kind of the error.
pub(crate) fn meaning_of(kind: &str, message: &str, data: &str) -> Option<&'static str> {
    // The code that goes with it says only that a parameter is wrong.
    let is_vague = kind.trim().eq_ignore_ascii_case("Mode Not Allowed");
    if let Some(meaning) = ErrorCode::of(message, data).and_then(ErrorCode::meaning)
        && !is_vague
    {
        return Some(meaning);
    }
    if data.trim() == REASON_REQUIRED {
        return Some("Finesse wants a reason code");
    }
    let is = |known: &str| kind.trim().eq_ignore_ascii_case(known);
    // Elsewhere the same number may be somebody's id.
    if is("Generic Error") || is("Invalid State") || is("Call Operation Failure") {
        let number = data.trim().parse::<u32>().ok();
        let mut own = FINESSES.iter();
        if let Some((_, text)) = own.find(|(known, _)| Some(*known) == number) {
            return Some(text);
        }
    }
    let mut kinds = KINDS.iter();
    kinds.find(|(known, _)| is(known)).map(|(_, text)| *text)
}

/// A control-failure code (`CF_…`). CTI Server Message Reference, "Failure indication message
/// status codes".
///
/// The pairs 22, 33, 34, 257, 260, 265 and 1010 were seen in real answers; the others follow the
/// document alone. A code that is not in the table keeps its number.
///
/// ```
/// use finewire_finesse::ErrorCode;
///
/// let code = ErrorCode::of("CF_INVALID_LOGON_DEVICE_SPECIFIED", "260").unwrap();
/// assert_eq!(code, ErrorCode::INVALID_LOGON_DEVICE);
/// assert_eq!(code.name(), Some("CF_INVALID_LOGON_DEVICE_SPECIFIED".to_owned()));
/// assert_eq!(code.meaning(), Some("the extension is not known or its device is offline"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// `CF_INVALID_OBJECT_STATE`
    pub const INVALID_OBJECT_STATE: Self = Self(22);
    /// `CF_RESOURCE_BUSY`
    pub const RESOURCE_BUSY: Self = Self(33);
    /// `CF_RESOURCE_OUT_OF_SERVICE`
    pub const RESOURCE_OUT_OF_SERVICE: Self = Self(34);
    /// `CF_GENERIC_UNSPECIFIED_REJECTION`. Seen: one product takes it after a sign-in as fatal.
    pub const GENERIC_REJECTION: Self = Self(70);
    /// `CF_INVALID_PASSWORD_SPECIFIED`. UCCE says it to `NOT_READY` of a signed-out agent.
    pub const INVALID_PASSWORD: Self = Self(257);
    /// `CF_INVALID_LOGON_DEVICE_SPECIFIED`
    pub const INVALID_LOGON_DEVICE: Self = Self(260);
    /// `CF_INVALID_AGENT_WORKMODE`
    pub const INVALID_AGENT_WORKMODE: Self = Self(265);
    /// `CF_SPECIFIED_EXTENSION_ALREADY_IN_USE`
    pub const EXTENSION_IN_USE: Self = Self(283);
    /// `CF_INVALID_PARAMETER`
    pub const INVALID_PARAMETER: Self = Self(1010);

    /// The code of an error: its constant in `message` decides, else the number in `data` if
    /// `message` is a constant of this family.
    #[must_use]
    pub fn of(message: &str, data: &str) -> Option<Self> {
        let (prefix, name) = message.trim().split_at_checked(3)?;
        if !prefix.eq_ignore_ascii_case("CF_") {
            return None;
        }
        let known = TABLE
            .iter()
            .find(|(_, known, _)| known.eq_ignore_ascii_case(name));
        known
            .map(|(number, ..)| Self(*number))
            .or_else(|| data.trim().parse().ok().map(Self))
    }

    /// The constant, e.g. `CF_INVALID_OBJECT_STATE`.
    #[must_use]
    pub fn name(self) -> Option<String> {
        self.row().map(|(_, name, _)| format!("CF_{name}"))
    }

    /// What it means, for people: a lower-case clause without a full stop.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        self.row().map(|(.., text)| *text)
    }

    fn row(self) -> Option<&'static (u32, &'static str, &'static str)> {
        TABLE.iter().find(|(number, ..)| *number == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_ascending() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (number, name, _) in TABLE {
            assert_eq!(
                ErrorCode::of(&format!("CF_{name}"), ""),
                Some(ErrorCode(*number))
            );
        }
    }

    #[test]
    fn no_text_holds_a_character_that_means_something_to_a_driver() {
        let texts = TABLE.iter().map(|(.., text)| *text);
        let texts = texts.chain(FINESSES.iter().map(|(_, text)| *text));
        for text in texts.chain(KINDS.iter().map(|(_, text)| *text)) {
            assert!(!text.contains(['#', ',', '|', ':', '.']), "{text}");
        }
    }

    #[test]
    fn the_most_precise_word_gives_the_meaning() {
        let meaning = |kind, message, data| meaning_of(kind, message, data).unwrap_or("-");
        let busy = "the device is busy";
        assert_eq!(meaning("Invalid State", "CF_RESOURCE_BUSY", "33"), busy);
        assert_eq!(meaning("Invalid State", "cf_resource_busy", "33"), busy);
        let room = "the conference has no room";
        assert_eq!(meaning("Generic Error", "x", "20700"), room);
        assert_eq!(
            meaning("User Not Found", "UNKNOWN_USER", "20700"),
            "Finesse does not know the user",
            "an id is no code"
        );
        let failed = "the telephone system refuses this";
        assert_eq!(meaning("Call Operation Failure", "CF_NEW", "4711"), failed);
        assert_eq!(meaning("Quite New", "NEW", "1"), "-");
    }

    #[test]
    fn the_constant_decides_and_an_unknown_one_keeps_its_number() {
        assert_eq!(ErrorCode::of("CF_RESOURCE_BUSY", "34"), Some(ErrorCode(33)));
        assert_eq!(
            ErrorCode::of("CF_SOMETHING_NEW", "4711"),
            Some(ErrorCode(4711))
        );
        assert_eq!(ErrorCode::of("UNKNOWN_USER", "4711"), None);
    }
}
