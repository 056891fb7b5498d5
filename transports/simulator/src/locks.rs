//! The lock against guessing passwords.

use core::time::Duration;
use std::collections::BTreeMap;

use finewire_core::agent::AgentId;
use finewire_core::machine::Instant;

/// Wrong passwords in a row that lock an account. Finesse Developer Guide, "Authentication".
const STRIKES: u32 = 5;

/// How long it stays locked.
const LOCKED_FOR: Duration = Duration::from_secs(300);

/// Wrong passwords by account; only accounts that exist are counted, so it cannot grow.
#[derive(Debug, Default)]
pub(crate) struct Locks(BTreeMap<AgentId, Strikes>);

#[derive(Debug, Default)]
struct Strikes {
    count: u32,
    locked_until: Option<Instant>,
}

impl Locks {
    /// Whether this attempt lets the agent in, given whether the password is right.
    pub(crate) fn admit(&mut self, now: Instant, agent: &AgentId, right: bool) -> bool {
        let strikes = self.0.entry(agent.clone()).or_default();
        if let Some(until) = strikes.locked_until {
            if now < until {
                return false;
            }
            *strikes = Strikes::default();
        }
        if right {
            self.0.remove(agent);
            return true;
        }
        strikes.count += 1;
        if strikes.count >= STRIKES {
            strikes.locked_until = Some(now + LOCKED_FOR);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_passwords_in_a_row_lock_for_five_minutes() {
        let (mut locks, agent) = (Locks::default(), AgentId::from("1001"));
        let start = Instant::START;
        for _ in 0..4 {
            assert!(!locks.admit(start, &agent, false));
        }
        assert!(
            locks.admit(start, &agent, true),
            "four do not lock, a right one starts over"
        );
        for _ in 0..5 {
            assert!(!locks.admit(start, &agent, false));
        }
        let just_before = start + Duration::from_millis(299_999);
        assert!(!locks.admit(just_before, &agent, true), "locked");
        assert!(locks.admit(start + LOCKED_FOR, &agent, true), "open again");
    }
}
