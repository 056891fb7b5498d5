//! Sessions: what is transacted together.

use finewire_core::machine::{CommandId, Instant, Outcome, ProtocolOutput, Reason};

use crate::command::{
    Command, LocalTransactionId, RemoveInfo, SessionId, SessionInfo, TransactionId,
    TransactionInfo, TransactionStep,
};

use super::command::{ClientEvent, Delivered};
use super::protocol::{Client, Stage};
use super::request::Request;

/// Names a session; chosen by the owner, unique within the client while it lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHandle(pub u32);

impl SessionHandle {
    /// The session without transactions that is always there.
    pub const PLAIN: Self = Self(0);
}

/// What kind of session to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its name from now on; not [`SessionHandle::PLAIN`].
    pub session: SessionHandle,
    /// Whether what is sent and acknowledged in it takes effect with a commit only. A transaction begins
    /// with the first send or acknowledgement after the last one ended.
    pub transacted: bool,
}

/// A session, kept over reconnects.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) transacted: bool,
    pub(super) transaction: Transaction,
    /// Acknowledged in the open transaction, in order.
    pub(super) taken: Vec<Delivered>,
}

/// How the transaction of a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transaction {
    /// Nothing has been done in it.
    None,
    /// It is open at the broker.
    Open(i64),
    /// The link was lost: the broker has rolled it back, and the owner is to be told.
    Lost,
}

/// What happens to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Commit,
    Rollback,
}

impl Client {
    /// The session's id; `None` if there is no such session.
    pub(super) fn session_id(&self, handle: SessionHandle) -> Option<SessionId> {
        if handle == SessionHandle::PLAIN {
            return Some(self.session());
        }
        self.sessions.get(&handle).map(|session| session.id.clone())
    }

    pub(super) fn is_transacted(&self, handle: SessionHandle) -> bool {
        let session = self.sessions.get(&handle);
        session.is_some_and(|session| session.transacted)
    }

    pub(super) fn open_session(
        &mut self,
        id: CommandId,
        asked: OpenSession,
    ) -> Result<(), Outcome> {
        self.must_stay()?;
        let handle = asked.session;
        if handle == SessionHandle::PLAIN || self.sessions.contains_key(&handle) {
            let text = format!("session {} exists already", handle.0);
            return Err(Outcome::refused(Reason::Local, text));
        }
        if self.sessions.len() >= self.config.limits.sessions {
            return Err(Outcome::refused(Reason::Limit, "too many sessions"));
        }
        let session = self.connection_id.session(self.next_session);
        self.next_session += 1;
        self.sessions.insert(
            handle,
            Session {
                id: session.clone(),
                transacted: asked.transacted,
                transaction: Transaction::None,
                taken: Vec::new(),
            },
        );
        self.written_or_done(id, |client| {
            client.say(SessionInfo {
                session_id: Some(session),
                ..SessionInfo::default()
            })
        })
    }

    /// Says something that is only needed while the broker is there; the command ends with it.
    pub(super) fn written_or_done(
        &mut self,
        id: CommandId,
        say: impl FnOnce(&mut Self) -> Result<(), Outcome>,
    ) -> Result<(), Outcome> {
        if self.stage == Stage::Ready {
            say(self)?;
            self.when_written.push(id);
        } else {
            self.ended(id, Outcome::Done);
        }
        Ok(())
    }

    pub(super) fn close_session(
        &mut self,
        id: CommandId,
        handle: SessionHandle,
    ) -> Result<(), Outcome> {
        if !self.sessions.contains_key(&handle) {
            return Err(unknown_session(handle));
        }
        if let Some(transaction) = self.open_transaction(handle) {
            let _ = self.say(self.transaction_info(transaction, TransactionStep::ROLLBACK));
        }
        let consumers: Vec<_> = self
            .subscriptions
            .iter()
            .filter(|(_, subscription)| subscription.asked.session == handle)
            .map(|(consumer, subscription)| {
                (
                    *consumer,
                    subscription.id.clone(),
                    subscription.last_sequence,
                )
            })
            .collect();
        for (consumer, consumer_id, last) in consumers {
            if let Some(pending) = self.forget_subscription(consumer) {
                let text = "the session was closed by its owner";
                self.ended(pending, Outcome::failed(Reason::Local, text));
            }
            if self.stage == Stage::Ready {
                let _ = self.close_consumer(consumer_id, last);
            }
        }
        let producers: Vec<_> = self
            .producers
            .iter()
            .filter(|(_, producer)| producer.asked.session == handle)
            .map(|(producer, _)| *producer)
            .collect();
        for producer in producers {
            self.drop_producer(producer);
        }
        let Some(session) = self.sessions.remove(&handle) else {
            return Err(unknown_session(handle));
        };
        self.written_or_done(id, |client| {
            client.say(RemoveInfo::new(Command::SessionId(session.id)))
        })
    }

    fn open_transaction(&self, handle: SessionHandle) -> Option<i64> {
        match self.sessions.get(&handle)?.transaction {
            Transaction::Open(number) => Some(number),
            Transaction::None | Transaction::Lost => None,
        }
    }

    fn transaction_info(&self, number: i64, step: TransactionStep) -> TransactionInfo {
        TransactionInfo {
            connection_id: Some(self.connection_id.clone()),
            transaction_id: Some(self.transaction_id(number)),
            step,
            ..TransactionInfo::default()
        }
    }

    fn transaction_id(&self, number: i64) -> TransactionId {
        LocalTransactionId::new(self.connection_id.clone(), number).into()
    }

    /// The transaction to work in, begun if need be; `None` where the session has none.
    pub(super) fn transaction_of(
        &mut self,
        handle: SessionHandle,
    ) -> Result<Option<TransactionId>, Outcome> {
        let next = self.next_transaction;
        let Some(session) = self.sessions.get_mut(&handle) else {
            return if handle == SessionHandle::PLAIN {
                Ok(None)
            } else {
                Err(unknown_session(handle))
            };
        };
        if !session.transacted {
            return Ok(None);
        }
        match session.transaction {
            Transaction::Open(number) => Ok(Some(self.transaction_id(number))),
            Transaction::Lost => Err(rolled_back()),
            Transaction::None => {
                session.transaction = Transaction::Open(next);
                self.next_transaction += 1;
                self.say(self.transaction_info(next, TransactionStep::BEGIN))?;
                Ok(Some(self.transaction_id(next)))
            }
        }
    }

    pub(super) fn end_transaction(
        &mut self,
        id: CommandId,
        handle: SessionHandle,
        ending: Ending,
    ) -> Result<(), Outcome> {
        if !self.sessions.contains_key(&handle) {
            return Err(unknown_session(handle));
        }
        if !self.is_transacted(handle) {
            let text = "the session is not transacted";
            return Err(Outcome::refused(Reason::Local, text));
        }
        // Sends of the session that still wait for room belong to the transaction: they are too late.
        self.refuse_waiting(handle);
        let Some(session) = self.sessions.get_mut(&handle) else {
            return Err(unknown_session(handle));
        };
        let number = match core::mem::replace(&mut session.transaction, Transaction::None) {
            Transaction::None => {
                self.ended(id, Outcome::Done);
                return Ok(());
            }
            Transaction::Lost => {
                return match ending {
                    Ending::Commit => Err(rolled_back()),
                    Ending::Rollback => {
                        self.ended(id, Outcome::Done);
                        Ok(())
                    }
                };
            }
            Transaction::Open(number) => number,
        };
        let taken = core::mem::take(&mut session.taken);
        let step = match ending {
            Ending::Commit => TransactionStep::COMMIT_ONE_PHASE,
            Ending::Rollback => TransactionStep::ROLLBACK,
        };
        let request = Request::End {
            command: id,
            session: handle,
            ending,
            taken,
        };
        let info = self.transaction_info(number, step);
        if let Err((outcome, request)) = self.try_ask(info, request) {
            // It could not even be asked for: the broker still has it open.
            if let (Some(session), Request::End { taken, .. }) =
                (self.sessions.get_mut(&handle), request)
            {
                session.transaction = Transaction::Open(number);
                session.taken = taken;
            }
            return Err(outcome);
        }
        Ok(())
    }

    /// The broker has undone a transaction: what was acknowledged in it comes again.
    pub(super) fn give_again(&mut self, session: SessionHandle, taken: Vec<Delivered>) {
        let mut again = Vec::new();
        for delivered in taken {
            let most = self.config.redeliveries_at_most;
            let epoch = self.epoch;
            let Some(subscription) = self.subscriptions.get_mut(&delivered.consumer) else {
                continue;
            };
            let times = u32::try_from(delivered.redeliveries).unwrap_or(0);
            let ack = if most.is_some_and(|most| times >= most) {
                subscription.poison_again(&delivered.message)
            } else {
                let (ack, delivered) = subscription.deliver_again(delivered, epoch);
                again.push(delivered);
                ack
            };
            if let Some(ack) = ack {
                let _ = self.say(ack);
            }
        }
        self.outputs
            .push_back(ProtocolOutput::Event(ClientEvent::RolledBack {
                session,
                again,
            }));
    }

    /// The link is lost: so is every open transaction.
    pub(super) fn lose_transactions(&mut self) {
        for session in self.sessions.values_mut() {
            if let Transaction::Open(_) = session.transaction {
                session.transaction = Transaction::Lost;
            }
            session.taken.clear();
        }
    }

    /// When the next send that waits for a broker has waited long enough.
    pub(super) fn hold_deadline(&self) -> Option<Instant> {
        self.holds.next()
    }
}

pub(super) fn rolled_back() -> Outcome {
    let text = "the link was lost during the transaction: the broker has rolled it back";
    Outcome::refused(Reason::LinkDown, text)
}

pub(super) fn unknown_session(handle: SessionHandle) -> Outcome {
    Outcome::refused(Reason::Local, format!("there is no session {}", handle.0))
}
