//! What the monitor counts.

/// Running totals since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Messages that came from the command queue.
    pub commands: u64,
    /// Commands that ended as their row of the contract says.
    pub commands_done: u64,
    /// Commands that were answered by an error.
    pub commands_failed: u64,
    /// Messages that were dropped because nobody could be answered.
    pub commands_dropped: u64,
    /// Messages that were no well-formed command.
    pub malformed: u64,
    /// Destination names that broke a rule.
    pub refused_destinations: u64,
    /// Messages sent to drivers.
    pub events: u64,
    /// Events that could not be sent because the broker was gone.
    pub events_dropped: u64,
    /// Values from Finesse that held a structural character, which was replaced.
    pub replaced_values: u64,
    /// Requests to Finesse.
    pub requests: u64,
    /// Requests that Finesse refused.
    pub requests_refused: u64,
    /// Requests that got no answer.
    pub requests_unanswered: u64,
    /// Answers that belong to no request under way.
    pub late_answers: u64,
    /// Notifications.
    pub notifications: u64,
    /// Notifications that had been seen before.
    pub duplicates: u64,
    /// Notifications that were not understood or about somebody else.
    pub unrelated: u64,
    /// Passwords that were wrong or undecodable.
    pub wrong_passwords: u64,
    /// Passwords that were refused unread after too many wrong ones.
    pub refused_unread: u64,
    /// Commands that no outcome came for.
    pub timeouts: u64,
    /// Reads of an agent after its notifications had stopped.
    pub resyncs: u64,
}

impl Counters {
    pub(super) fn add(count: &mut u64) {
        *count = count.saturating_add(1);
    }
}
