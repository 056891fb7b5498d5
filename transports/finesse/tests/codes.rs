//! Every control-failure code that is documented has its constant and a text for people.

use finewire_finesse::{ApiError, ErrorCode};

/// Numbers and constants without their prefix. CTI Server Message Reference Guide, "Failure
/// indication message status codes". Numbers whose constants are not public are left out.
const DOCUMENTED: &str = "
    8 PRIVILEGE_VIOLATION_ON_SPECIFIED_DEVICE 9 PRIVILEGE_VIOLATION_ON_CALLED_DEVICE
    10 PRIVILEGE_VIOLATION_ON_CALLING_DEVICE 11 INVALID_CSTA_CALL_IDENTIFIER
    12 INVALID_CSTA_DEVICE_IDENTIFIER 13 INVALID_CSTA_CONNECTION_IDENTIFIER
    14 INVALID_DESTINATION 15 INVALID_FEATURE 16 INVALID_ALLOCATION_STATE
    17 INVALID_CROSS_REF_ID 18 INVALID_OBJECT_TYPE 19 SECURITY_VIOLATION
    21 GENERIC_STATE_INCOMPATIBILITY 22 INVALID_OBJECT_STATE 23 INVALID_CONN_ID_FOR_ACTIVE_CALL
    24 NO_ACTIVE_CALL 25 NO_HELD_CALL 26 NO_CALL_TO_CLEAR 27 NO_CONNECTION_TO_CLEAR
    28 NO_CALL_TO_ANSWER 29 NO_CALL_TO_COMPLETE 31 GENERIC_SYSTEM_RESOURCE_AVAILABILITY
    32 SERVICE_BUSY 33 RESOURCE_BUSY 34 RESOURCE_OUT_OF_SERVICE 35 NETWORK_BUSY
    36 NETWORK_OUT_OF_SERVICE 37 OVERALL_MONITOR_LIMIT_EXCEEDED
    38 CONFERENCE_MEMBER_LIMIT_EXCEEDED 70 GENERIC_UNSPECIFIED_REJECTION
    71 GENERIC_OPERATION_REJECTION 72 DUPLICATE_INVOCATION_REJECTION
    73 UNRECOGNIZED_OPERATION_REJECTION 74 MISTYPED_ARGUMENT_REJECTION
    75 RESOURCE_LIMITATION_REJECTION 76 ACS_HANDLE_TERMINATION_REJECTION
    77 SERVICE_TERMINATION_REJECTION 78 REQUEST_TIMEOUT_REJECTION
    79 REQUESTS_ON_DEVICE_EXCEEDED_REJECTION 256 INVALID_AGENT_ID_SPECIFIED
    257 INVALID_PASSWORD_SPECIFIED 258 INVALID_AGENT_ID_OR_PASSWORD_SPECIFIED
    259 SPECIFIED_AGENT_ALREADY_SIGNED_ON 260 INVALID_LOGON_DEVICE_SPECIFIED
    261 INVALID_ANSWERING_DEVICE_SPECIFIED 262 INVALID_SKILL_GROUP_SPECIFIED
    263 INVALID_CLASS_OF_SERVICE_SPECIFIED 264 INVALID_TEAM_SPECIFIED 265 INVALID_AGENT_WORKMODE
    266 INVALID_AGENT_REASON_CODE 267 ADJUNCT_SWITCH_COMM_ERROR 268 AGENT_NOT_PARTY_ON_CALL
    269 INTERNAL_PROCESSING_ERROR 273 INVALID_CONSULT_TYPE 280 WRAPUP_DATA_REQUIRED
    281 REASON_CODE_REQUIRED 283 SPECIFIED_EXTENSION_ALREADY_IN_USE
    284 ARBITRARY_CONF_OR_XFER_NOT_SUPPORTED 287 DEVICE_RESTRICTED 288 LINE_RESTRICTED
    289 AGENT_ACCOUNT_LOCKED_OUT 290 DROP_ANY_PARTY_NOT_ENABLED 291 MAXIMUM_LINE_LIMIT_EXCEEDED
    292 SHARED_LINES_NOT_SUPPORTED 293 EXTENSION_NOT_UNIQUE 1009 INVALID_DIALED_NUMBER
    1010 INVALID_PARAMETER";

fn documented() -> Vec<(u32, String)> {
    let words: Vec<&str> = DOCUMENTED.split_whitespace().collect();
    let pairs = words.chunks(2).map(|pair| match pair {
        [number, name] => (number.parse().unwrap_or(0), format!("CF_{name}")),
        _ => (0, String::new()),
    });
    pairs.collect()
}

#[test]
fn every_documented_code_is_known_by_number_and_by_name_and_has_a_text() {
    let codes = documented();
    assert_eq!(codes.len(), 67);
    for (number, name) in codes {
        let code = ErrorCode(number);
        assert_eq!(code.name().as_deref(), Some(&*name), "{number}");
        assert!(code.meaning().is_some_and(|text| text.len() > 10), "{name}");
        let error = ApiError::new("Call Operation Failure", &name, &number.to_string());
        assert_eq!(error.code(), Some(code), "{name}");
        let sentence = error.sentence().unwrap_or_default();
        assert!(
            sentence.ends_with('.') && !sentence.contains('_'),
            "{sentence}"
        );
        let first = sentence.chars().next();
        assert!(first.is_some_and(char::is_uppercase), "{sentence}");
    }
}

#[test]
fn a_code_whose_constant_is_not_public_still_has_a_text() {
    for number in ["41", "44", "51", "61", "270", "1001", "1016", "99999"] {
        let error = ApiError::new("Call Operation Failure", "CF_NOT_PUBLIC", number);
        let sentence = error.sentence().unwrap_or_default();
        assert_eq!(sentence, "The telephone system refuses this.");
    }
}
