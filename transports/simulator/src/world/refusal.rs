//! How the telephone system says no, after Finesse said "accepted".

use finewire_finesse::{ApiError, ApiErrors, ErrorCode, PeripheralError};

fn refusal(error_type: &str, code: ErrorCode) -> ApiErrors {
    let name = code.name().unwrap_or_default();
    ApiErrors::one(None, ApiError::new(error_type, &name, &code.0.to_string()))
}

/// The agent cannot change to this state now.
pub(super) fn invalid_state(code: ErrorCode) -> ApiErrors {
    refusal("Invalid State", code)
}

/// The extension is not known. From 12.5 on the peripheral's own words come with it; its constant
/// and sentence are made up here, only the number was seen.
pub(super) fn invalid_device(peripheral: bool) -> ApiErrors {
    let mut errors = refusal("Invalid Device", ErrorCode::INVALID_LOGON_DEVICE);
    if let Some(error) = errors.errors.first_mut().filter(|_| peripheral) {
        error.peripheral = Some(PeripheralError {
            code: "10125".into(),
            message: "PERERR_INVALID_LOGON_DEVICE".into(),
            text: "The device is not known to the peripheral or not in service.".into(),
        });
    }
    errors
}

/// Somebody else is on the extension.
pub(super) fn device_busy() -> ApiErrors {
    refusal("Device Busy", ErrorCode::EXTENSION_IN_USE)
}

/// The agent is not allowed to be mobile.
pub(super) fn mode_not_allowed() -> ApiErrors {
    refusal("Mode Not Allowed", ErrorCode::INVALID_PARAMETER)
}

/// The call is in no state for this.
pub(super) fn generic_error() -> ApiErrors {
    refusal("Generic Error", ErrorCode::GENERIC_REJECTION)
}

/// There is nothing to listen to. The numbers are Finesse's own.
pub(super) fn monitor(code: &'static str) -> ApiErrors {
    let message = "The silent monitor request is refused.";
    ApiErrors::one(None, ApiError::new("Invalid State", message, code))
}

/// The variables of a direct call cannot be changed.
pub(super) fn protected() -> ApiErrors {
    let message = "Call Variable is protected";
    ApiErrors::one(None, ApiError::new("Generic Error", message, "70"))
}

/// Any other trouble with a call.
pub(super) fn call_operation(code: ErrorCode) -> ApiErrors {
    refusal("Call Operation Failure", code)
}
