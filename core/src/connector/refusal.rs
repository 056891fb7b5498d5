//! What a refusal of Finesse means to a driver.

use alloc::format;

use super::signal::{Answer, Refused};
use crate::agent::Text;
use crate::contract::ErrorCode;
use crate::machine::Reason;

/// The end of a command that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    /// For the user.
    pub(super) text: Text,
    /// For log and monitor.
    pub(super) cause: Text,
    /// Whether Finesse itself said no.
    pub(super) is_finesses: bool,
}

/// Whether Finesse does not give this to this user, now or later; not that it cannot just now.
pub(super) const fn is_denied(refused: &Refused) -> bool {
    matches!(refused.status, 400..=499)
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, text: &str) -> Self {
        Self {
            code,
            text: text.into(),
            cause: text.into(),
            is_finesses: false,
        }
    }

    pub(super) fn because(mut self, cause: impl Into<Text>) -> Self {
        self.cause = cause.into();
        self
    }

    /// The one answer to a password that was not accepted, whatever the cause.
    pub(super) fn password(code: ErrorCode) -> Self {
        Self::new(code, "The password was not accepted.")
    }

    pub(super) fn out_of_service() -> Self {
        Self::new(ErrorCode::OutOfService, "Finesse is out of service.")
    }

    /// What the product behind Finesse does not have.
    pub(super) fn not_offered() -> Self {
        let text = "This contact center does not offer it.";
        Self::new(ErrorCode::NotSupported, text)
    }

    pub(super) fn timeout() -> Self {
        Self::new(
            ErrorCode::Timeout,
            "No answer came in time; the command may have taken effect.",
        )
    }

    /// What Finesse's refusal is to the driver.
    pub(super) fn of(refused: &Refused) -> Self {
        let cause = format!(
            "Finesse: status {}, {:.64}: {:.256} ({:.64})",
            refused.status, refused.kind, refused.message, refused.data
        );
        let words = if !refused.sentence.is_empty() {
            match number_of(refused) {
                Some(number) => format!("{:.256} ({number})", refused.sentence),
                None => format!("{:.256}", refused.sentence),
            }
        } else if refused.message.is_empty() {
            format!("Finesse refused: {:.64}.", refused.kind)
        } else if refused.kind.is_empty() {
            format!("Finesse refused: {:.256}.", refused.message)
        } else {
            format!(
                "Finesse refused: {:.64}: {:.256}.",
                refused.kind, refused.message
            )
        };
        Self {
            code: code_of(refused),
            text: words.into(),
            cause: cause.into(),
            is_finesses: true,
        }
    }

    /// What the lack of an answer is to the driver.
    pub(super) fn of_silence(reason: Reason, text: &Text) -> Self {
        let refusal = match reason {
            Reason::TimedOut => Self::timeout(),
            Reason::LinkDown => Self::out_of_service(),
            Reason::ShuttingDown => Self::new(ErrorCode::OutOfService, "The connector is ending."),
            _ => Self::new(
                ErrorCode::GeneralError,
                "Finesse's answer cannot be understood.",
            ),
        };
        refusal.because(text.clone())
    }
}

/// Whether Finesse refused the password itself, not what it was used for: 401 is also the status
/// of "Invalid State" and "Invalid Supervisor".
pub(super) fn is_wrong_password(refused: &Refused) -> bool {
    let kind = refused.kind.as_str();
    let is = |word: &str| kind.eq_ignore_ascii_case(word);
    refused.status == 401
        && (kind.is_empty()
            || is("Unauthorized")
            || is("Authorization Failure")
            || is("Invalid Authorization User Specified"))
}

/// Whether Finesse refused a password that it accepted before. Narrower than [`is_wrong_password`]:
/// a known agent without a right is "Unauthorized", too, or is named otherwise than in the path.
pub(super) fn is_stale_password(refused: &Refused) -> bool {
    let kind = refused.kind.as_str();
    let is = |word: &str| kind.eq_ignore_ascii_case(word);
    let is_about_right = refused
        .message
        .as_str()
        .to_ascii_lowercase()
        .contains("not authorized to perform");
    refused.status == 401
        && (kind.is_empty() || is("Authorization Failure") || is("Unauthorized") && !is_about_right)
}

/// Whether the server says that it does not serve.
pub(super) fn is_out_of_service(answer: &Answer) -> bool {
    match answer {
        Answer::Refused(refused) => refused.status == 503,
        Answer::None { reason, .. } => matches!(reason, Reason::LinkDown | Reason::TimedOut),
        Answer::Accepted
        | Answer::System(_)
        | Answer::User(_)
        | Answer::Calls(_)
        | Answer::Reasons(_)
        | Answer::List(_) => false,
    }
}

/// The number that support will ask for: that of the telephone system or of Finesse itself. What
/// other errors name there is somebody's id, or a parameter.
fn number_of(refused: &Refused) -> Option<&str> {
    let data = refused.data.as_str().trim();
    let is = |word: &str| refused.kind.as_str().eq_ignore_ascii_case(word);
    let is_code = is_control_failure(refused)
        || is("Generic Error")
        || is("Invalid State")
        || is("Call Operation Failure");
    let is_number = (1..=9).contains(&data.len()) && data.bytes().all(|c| c.is_ascii_digit());
    (is_code && is_number).then_some(data)
}

fn is_control_failure(refused: &Refused) -> bool {
    let start = refused.message.as_str().trim().get(..3);
    start.is_some_and(|start| start.eq_ignore_ascii_case("CF_"))
}

fn code_of(refused: &Refused) -> ErrorCode {
    if is_control_failure(refused) {
        return ErrorCode::from_wire(refused.message.as_str().trim());
    }
    if is_wrong_password(refused) {
        return ErrorCode::AuthorizationFailure;
    }
    let is = |word: &str| refused.kind.as_str().eq_ignore_ascii_case(word);
    let about_extension = refused.data.as_str().eq_ignore_ascii_case("extension");
    match refused.status {
        501 => ErrorCode::NotSupported,
        503 => ErrorCode::OutOfService,
        _ if is("User Not Found") => ErrorCode::UserNotFound,
        _ if is("Invalid Device") || is("Device Busy") => ErrorCode::WrongExtension,
        _ if is("Invalid Input") && about_extension => ErrorCode::WrongExtension,
        _ if is("Parameter Missing") && about_extension => ErrorCode::MissingExtension,
        _ if is("Authorization Failure") || is("Unauthorized") => ErrorCode::AuthorizationFailure,
        404 => ErrorCode::NotFound,
        _ if is("Not Found") || is("Dialog Not Found") => ErrorCode::NotFound,
        _ => ErrorCode::GeneralError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, kind: &str, message: &str, data: &str) -> Refused {
        Refused {
            status,
            kind: kind.into(),
            message: message.into(),
            data: data.into(),
            sentence: Text::default(),
        }
    }

    #[test]
    fn every_known_refusal_has_its_code() {
        let known = [
            (
                refused(404, "User Not Found", "UNKNOWN_USER", "9"),
                ErrorCode::UserNotFound,
            ),
            (
                refused(401, "Authorization Failure", "UNAUTHORIZED", "9"),
                ErrorCode::AuthorizationFailure,
            ),
            (
                refused(401, "Invalid State", "held", ""),
                ErrorCode::GeneralError,
            ),
            (
                refused(503, "Service Unavailable", "SERVER_OUT_OF_SERVICE", ""),
                ErrorCode::OutOfService,
            ),
            (
                refused(404, "Dialog Not Found", "", ""),
                ErrorCode::NotFound,
            ),
            (
                refused(400, "Parameter Missing", "", "extension"),
                ErrorCode::MissingExtension,
            ),
            (
                refused(400, "Invalid Input", "", "extension"),
                ErrorCode::WrongExtension,
            ),
            (refused(0, "Device Busy", "", ""), ErrorCode::WrongExtension),
            (
                refused(501, "Not Implemented", "NOT_IMPLEMENTED", ""),
                ErrorCode::NotSupported,
            ),
            (
                refused(
                    0,
                    "Invalid Device",
                    "CF_INVALID_LOGON_DEVICE_SPECIFIED",
                    "260",
                ),
                ErrorCode::CfInvalidLogonDeviceSpecified,
            ),
            (
                refused(0, "Invalid State", "CF_INVALID_OBJECT_STATE", "22"),
                ErrorCode::Other("CF_INVALID_OBJECT_STATE".into()),
            ),
        ];
        for (refused, code) in known {
            assert_eq!(Refusal::of(&refused).code, code, "{refused:?}");
        }
    }

    #[test]
    fn a_401_about_a_state_is_no_wrong_password() {
        assert!(!is_wrong_password(&refused(
            401,
            "Invalid Supervisor",
            "",
            ""
        )));
        assert!(is_wrong_password(&refused(401, "", "", "")));
    }

    #[test]
    fn a_known_agent_without_a_right_keeps_its_password() {
        let stale = |kind, message| is_stale_password(&refused(401, kind, message, ""));
        assert!(stale("", "") && stale("Authorization Failure", "UNAUTHORIZED"));
        assert!(stale("Unauthorized", "Unauthorized"));
        let text = "The user is not authorized to perform this operation";
        assert!(!stale("Unauthorized", text));
        assert!(!stale("Invalid Authorization User Specified", "4711"));
        assert!(!stale("Invalid Supervisor", ""));
    }
}
