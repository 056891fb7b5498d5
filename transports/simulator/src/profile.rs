//! What the two products do differently, in one table.
//!
//! Finesse Developer Guide, "User - Change agent state" and the notes on Unified CCX all over it.

use finewire_core::agent::Platform;
use finewire_finesse::ErrorCode;

/// One product. Each field is a line of the README's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// `LOGOUT` is taken from `READY` too, not from `NOT_READY` only.
    pub(crate) signs_out_from_ready: bool,
    /// Calls that were not routed show in the agent's state.
    pub(crate) shows_direct_calls: bool,
    /// Holding a call shows in the agent's state.
    pub(crate) shows_hold: bool,
    /// There is `WORK_READY`, and the wrap-up settings are filled.
    pub(crate) has_work_ready: bool,
    /// During a call `READY` is taken, and `NOT_READY` more than once.
    pub(crate) takes_any_pending: bool,
    /// The code of `NOT_READY` by a supervisor.
    pub(crate) supervisor_not_ready: &'static str,
    /// The code of `LOGOUT` by a supervisor.
    pub(crate) supervisor_sign_out: &'static str,
    /// What `NOT_READY` of a signed-out agent is refused with.
    pub(crate) not_ready_signed_out: ErrorCode,
    /// What a silent monitor is refused with.
    pub(crate) no_monitor: &'static str,
    /// Forced sign-out signs out whatever `LOAD` is.
    pub(crate) always_forces_out: bool,
    /// An agent is found by login name too.
    pub(crate) finds_by_name: bool,
    /// Agents may be mobile.
    pub(crate) has_mobile_agents: bool,
    /// Queues have statistics.
    pub(crate) has_statistics: bool,
    /// `MAKE_CALL` takes call variables.
    pub(crate) dials_with_variables: bool,
    /// `A` … `D` are tones.
    pub(crate) has_letter_tones: bool,
    /// There are outbound previews and what goes with them.
    pub(crate) has_previews: bool,
    /// There is `START_RECORDING`.
    pub(crate) records: bool,
    /// Extensions may be E.164 numbers: `+` and digits.
    pub(crate) takes_e164: bool,
}

/// Stand-alone Finesse with Unified CCE.
const UCCE: Profile = Profile {
    signs_out_from_ready: false,
    shows_direct_calls: true,
    shows_hold: true,
    has_work_ready: true,
    takes_any_pending: true,
    supervisor_not_ready: "999",
    supervisor_sign_out: "999",
    not_ready_signed_out: ErrorCode::INVALID_PASSWORD,
    no_monitor: "13145",
    always_forces_out: false,
    finds_by_name: true,
    has_mobile_agents: true,
    has_statistics: true,
    dials_with_variables: true,
    has_letter_tones: true,
    has_previews: true,
    records: false,
    takes_e164: false,
};

/// Coresident Finesse with Unified CCX.
const UCCX: Profile = Profile {
    signs_out_from_ready: true,
    shows_direct_calls: false,
    shows_hold: false,
    has_work_ready: false,
    takes_any_pending: false,
    supervisor_not_ready: "33",
    supervisor_sign_out: "22",
    not_ready_signed_out: ErrorCode::INVALID_PARAMETER,
    no_monitor: "88049",
    always_forces_out: true,
    finds_by_name: false,
    has_mobile_agents: false,
    has_statistics: false,
    dials_with_variables: false,
    has_letter_tones: false,
    has_previews: false,
    records: true,
    takes_e164: true,
};

impl Profile {
    pub(crate) const fn of(platform: Platform) -> &'static Self {
        match platform {
            Platform::Ucce => &UCCE,
            Platform::Uccx => &UCCX,
        }
    }
}
