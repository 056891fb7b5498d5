//! The codes of `Error` and `Control` events.

use crate::agent::open_words;

open_words! {
    /// Why a command was not carried out. Any word of Finesse that begins with `CF_` ("control
    /// failure") passes through in `Other`.
    pub enum ErrorCode {
        /// The login lacks the extension.
        MissingExtension = "MISSING_EXTENSION",
        /// Finesse does not know the extension, or it is in use.
        WrongExtension = "WRONG_EXTENSION",
        /// All licences are taken.
        LicensesExceeded = "LICENSES_EXCEEDED",
        /// The login lacks the password.
        MissingPassword = "MISSING_PASSWORD",
        /// Finesse does not know the agent.
        UserNotFound = "USER_NOT_FOUND",
        /// Anything that has no code of its own.
        GeneralError = "GENERAL_ERROR",
        /// Finesse's control failure without a cause.
        CfGenericUnspecified = "CF_GENERIC_UNSPECIFIED",
        /// Finesse's control failure: the device cannot be used for a sign-in.
        CfInvalidLogonDeviceSpecified = "CF_INVALID_LOGON_DEVICE_SPECIFIED",
        /// Finesse's control failure: the resource is busy.
        CfResourceBusy = "CF_RESOURCE_BUSY",
        /// Wrong password, or not permitted.
        AuthorizationFailure = "AUTHORIZATION_FAILURE",
        /// What the command names does not exist.
        NotFound = "NOT_FOUND",
        /// The agent's notifications could not be subscribed.
        SubscriptionFailed = "SUBSCRIPTION_FAILED",
        /// The message is no well-formed command. finewire's own.
        BadCommand = "BAD_COMMAND",
        /// The command is not offered here. finewire's own.
        NotSupported = "NOT_SUPPORTED",
        /// The agent was not connected first. finewire's own.
        NotConnected = "NOT_CONNECTED",
        /// Finesse or the way to it is down. finewire's own.
        OutOfService = "OUT_OF_SERVICE",
        /// No outcome came in time. finewire's own.
        Timeout = "TIMEOUT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_failures_of_finesse_pass_through() {
        let code = ErrorCode::from_wire("CF_SERVICE_BUSY");

        assert_eq!(code, ErrorCode::Other("CF_SERVICE_BUSY".into()));
        assert_eq!(code.as_wire(), "CF_SERVICE_BUSY");
        assert_eq!(
            ErrorCode::from_wire("CF_RESOURCE_BUSY"),
            ErrorCode::CfResourceBusy
        );
    }
}
