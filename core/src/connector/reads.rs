//! Reads under way, and which of them a notification has overtaken.
//!
//! Requests and notifications come by different links. An answer that was written before a change
//! may come after the notification of it; taken over, it would bring back what is over: a call that
//! has ended, a state that was left.

use alloc::collections::VecDeque;

use super::effect::Question;
use super::signal::{Answer, RequestId};

/// What a read shows of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Its state, line and profile.
    User,
    /// Its calls.
    Calls,
}

impl Shown {
    /// What the answer to a question shows, where notifications tell of it, too.
    pub(super) const fn by(question: &Question) -> Option<Self> {
        match question {
            Question::User(_) => Some(Self::User),
            Question::Calls(_) => Some(Self::Calls),
            _ => None,
        }
    }

    /// What an answer shows, where notifications tell of it, too.
    pub(super) const fn of(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::User(_) => Some(Self::User),
            Answer::Calls(_) => Some(Self::Calls),
            _ => None,
        }
    }
}

/// What has become of a read until its answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// Nothing was told meanwhile: how it says things are, they are.
    Current,
    /// A notification told of the same thing meanwhile: the answer may be older.
    Overtaken,
}

/// The resync's and one for each lane can be under way at a time.
pub(super) const MOST: usize = 8;

/// The reads of one agent that are not answered yet.
#[derive(Debug, Default)]
pub(super) struct Reads(VecDeque<(RequestId, Shown, Age)>);

impl Reads {
    /// A read has begun.
    pub(super) fn begin(&mut self, request: RequestId, shown: Shown) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((request, shown, Age::Current));
    }

    /// A notification told of it.
    pub(super) fn overtake(&mut self, told: Shown) {
        for (_, shown, age) in &mut self.0 {
            if *shown == told {
                *age = Age::Overtaken;
            }
        }
    }

    /// A request has ended. What is not known here may be of any age.
    pub(super) fn end(&mut self, request: RequestId) -> Age {
        let at = self.0.iter().position(|(read, ..)| *read == request);
        let read = at.and_then(|at| self.0.remove(at));
        read.map_or(Age::Overtaken, |(_, _, age)| age)
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_of_what_was_told_are_overtaken() {
        let mut reads = Reads::default();
        reads.begin(RequestId(1), Shown::User);
        reads.begin(RequestId(2), Shown::Calls);
        reads.overtake(Shown::Calls);
        reads.begin(RequestId(3), Shown::Calls);

        assert_eq!(reads.end(RequestId(1)), Age::Current);
        assert_eq!(reads.end(RequestId(2)), Age::Overtaken);
        assert_eq!(reads.end(RequestId(3)), Age::Current);
        assert_eq!(reads.len(), 0);
    }

    #[test]
    fn reads_that_are_never_answered_do_not_pile_up() {
        let mut reads = Reads::default();
        for n in 0..100 {
            reads.begin(RequestId(n), Shown::Calls);
        }
        assert_eq!(reads.len(), MOST);
        assert_eq!(
            reads.end(RequestId(0)),
            Age::Overtaken,
            "its age is unknown"
        );
        assert_eq!(reads.end(RequestId(99)), Age::Current);
    }
}
