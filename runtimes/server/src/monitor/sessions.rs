//! Who is logged in, and who has tried too often.

use super::plan::Role;
use super::shapes::At;
use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use subtle::ConstantTimeEq as _;

/// Sessions at a time; the one that was quiet for longest makes room.
const MOST: usize = 256;
/// How long a session lasts, in milliseconds: 12 hours.
const LIFE_MS: u64 = 12 * 3_600_000;
/// How long it lasts without a request: 30 minutes.
const IDLE_MS: u64 = 30 * 60_000;
/// Failures of an address in a minute, after which it has to wait.
const MOST_FAILURES: usize = 5;
const MINUTE_MS: u64 = 60_000;
/// Addresses whose failures are remembered.
const MOST_ADDRESSES: usize = 1_024;

/// Somebody who is logged in.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) role: Role,
    /// What every request that changes something has to carry.
    pub(crate) csrf: String,
    begun: At,
    heard: At,
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Whether this is the session's own word against forged requests.
    pub(crate) fn is_csrf(&self, text: &str) -> bool {
        self.csrf.as_bytes().ct_eq(text.as_bytes()).into()
    }

    fn is_over(&self, now: At) -> bool {
        self.begun.age(now) >= LIFE_MS || self.heard.age(now) >= IDLE_MS
    }
}

/// All sessions by their ids, and the failures by address.
#[derive(Default)]
pub(crate) struct Sessions {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: BTreeMap<String, Session>,
    failures: BTreeMap<IpAddr, VecDeque<At>>,
}

impl core::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session; gives its id, which is its owner's secret. `None`: the system gives no randomness.
    pub(crate) fn begin(&self, now: At, user: &str, role: Role) -> Option<(String, Session)> {
        let mut bytes = [0; 48];
        getrandom::fill(&mut bytes).ok()?;
        let (id, csrf) = bytes.split_at(32);
        let session = Session {
            user: user.into(),
            role,
            csrf: hex::encode(csrf),
            begun: now,
            heard: now,
        };
        let id = hex::encode(id);
        let mut state = self.state();
        state.open.retain(|_, session| !session.is_over(now));
        while state.open.len() >= MOST {
            let quiet = state.open.iter().min_by_key(|(_, session)| session.heard);
            let Some(quiet) = quiet.map(|(id, _)| id.clone()) else {
                break;
            };
            state.open.remove(&quiet);
        }
        state.open.insert(id.clone(), session.clone());
        Some((id, session))
    }

    /// The session with this id, which has been heard of just now.
    pub(crate) fn hear(&self, now: At, id: &str) -> Option<Session> {
        let mut state = self.state();
        let session = state.open.get_mut(id)?;
        if session.is_over(now) {
            state.open.remove(id);
            return None;
        }
        session.heard = now;
        Some(session.clone())
    }

    /// Whether a session goes on; a stream that only listens does not keep it awake.
    pub(crate) fn is_open(&self, now: At, id: &str) -> bool {
        self.state()
            .open
            .get(id)
            .is_some_and(|session| !session.is_over(now))
    }

    pub(crate) fn end(&self, id: &str) {
        self.state().open.remove(id);
    }

    /// Ends the sessions of users who are not as they were: gone, or of another role.
    pub(crate) fn keep_only(&self, is_still: impl Fn(&str, Role) -> bool) {
        let mut state = self.state();
        state
            .open
            .retain(|_, session| is_still(&session.user, session.role));
    }

    /// Whether an address may try to log in.
    pub(crate) fn may_try(&self, now: At, from: IpAddr) -> bool {
        let state = self.state();
        let failures = state.failures.get(&from);
        let recent = failures.map(|all| all.iter().filter(|at| at.age(now) < MINUTE_MS).count());
        recent.unwrap_or(0) < MOST_FAILURES
    }

    /// An address has failed to log in, or is about to try: taken back by [`forgive`](Self::forgive).
    pub(crate) fn count_failure(&self, now: At, from: IpAddr) {
        let mut state = self.state();
        if state.failures.len() >= MOST_ADDRESSES && !state.failures.contains_key(&from) {
            let is_recent =
                |all: &VecDeque<At>| all.back().is_some_and(|at| at.age(now) < MINUTE_MS);
            state.failures.retain(|_, all| is_recent(all));
            if state.failures.len() >= MOST_ADDRESSES {
                let oldest = state
                    .failures
                    .iter()
                    .min_by_key(|(_, all)| all.back().copied());
                if let Some(oldest) = oldest.map(|(address, _)| *address) {
                    state.failures.remove(&oldest);
                }
            }
        }
        let failures = state.failures.entry(from).or_default();
        failures.push_back(now);
        if failures.len() > MOST_FAILURES {
            failures.pop_front();
        }
    }

    /// Who has logged in has not failed: takes back what was counted before the try.
    pub(crate) fn forgive(&self, from: IpAddr) {
        if let Some(failures) = self.state().failures.get_mut(&from) {
            failures.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_session_ends_by_idleness_by_age_and_by_logout() {
        let sessions = Sessions::default();
        let begin = || sessions.begin(At(0), "anna", Role::Viewer).unwrap().0;
        let id = begin();
        assert!(sessions.hear(At(HOUR / 2 - 1), &id).is_some());
        assert!(
            sessions.hear(At(HOUR - 2), &id).is_some(),
            "heard in between"
        );
        assert!(sessions.is_open(At(HOUR), &id) && sessions.is_open(At(HOUR + HOUR / 4), &id));
        assert!(
            sessions.hear(At(2 * HOUR), &id).is_none(),
            "idle for too long"
        );
        assert!(sessions.hear(At(HOUR), &id).is_none(), "gone for good");

        let id = begin();
        for quarter in 1..48 {
            assert!(
                sessions.hear(At(quarter * HOUR / 4), &id).is_some(),
                "{quarter}"
            );
        }
        assert!(sessions.hear(At(12 * HOUR), &id).is_none(), "too old");

        let id = begin();
        sessions.end(&id);
        assert!(sessions.hear(At(1), &id).is_none());
    }

    #[test]
    fn ids_and_words_differ_and_are_in_no_debug_text() {
        let sessions = Sessions::default();
        let (id, one) = sessions.begin(At(0), "anna", Role::Operator).unwrap();
        let (other, two) = sessions.begin(At(0), "anna", Role::Operator).unwrap();
        assert_ne!(id, other);
        assert!(one.is_csrf(&one.csrf) && !one.is_csrf(&two.csrf) && !one.is_csrf(""));
        let text = format!("{one:?}{sessions:?}");
        assert!(!text.contains(&one.csrf) && !text.contains(&id), "{text}");
    }

    #[test]
    fn sessions_and_addresses_are_bounded() {
        let sessions = Sessions::default();
        let (first, _) = sessions.begin(At(0), "anna", Role::Viewer).unwrap();
        for n in 1..=256 {
            sessions.begin(At(n), "anna", Role::Viewer).unwrap();
        }
        assert!(sessions.hear(At(300), &first).is_none());
        assert_eq!(sessions.state().open.len(), MOST);
        for n in 0..3_000_u32 {
            sessions.count_failure(At(1), IpAddr::V4(Ipv4Addr::from_bits(n)));
        }
        assert!(sessions.state().failures.len() <= MOST_ADDRESSES);
    }

    #[test]
    fn after_five_failures_in_a_minute_an_address_has_to_wait() {
        let sessions = Sessions::default();
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        for n in 0..5 {
            assert!(sessions.may_try(At(n), from), "{n}");
            sessions.count_failure(At(n), from);
        }
        assert!(!sessions.may_try(At(5), from) && sessions.may_try(At(5), other));
        sessions.forgive(from);
        assert!(sessions.may_try(At(5), from));
        sessions.count_failure(At(5), from);
        assert!(!sessions.may_try(At(59_999), from));
        assert!(sessions.may_try(At(60_001), from));
    }
}
