//! What is said to the broker: with an answer to wait for, or without.

use finewire_core::machine::{CommandId, Outcome, Reason};

use crate::command::{Command, Destination};

use super::command::{ConsumerHandle, Delivered};
use super::protocol::Client;
use super::session::{Ending, SessionHandle};

/// What a request that waits for its answer is for.
#[derive(Debug)]
pub(super) enum Request {
    Introduce,
    Subscribe(ConsumerHandle),
    Publish(CommandId),
    /// One message of a send.
    Sent(CommandId),
    /// The end of a transaction, with what was acknowledged in it.
    End {
        command: CommandId,
        session: SessionHandle,
        ending: Ending,
        taken: Vec<Delivered>,
    },
    Make(CommandId, Destination),
    MakeAgain(Destination),
    Remove(CommandId, Destination),
    Leave,
}

impl Client {
    pub(super) fn next_id(&mut self) -> i32 {
        let id = self.next_command_id;
        // Java counts in the same 32 bits; 0 is the broker's.
        self.next_command_id = id.checked_add(1).unwrap_or(1);
        id
    }

    /// Sends a command that wants no answer; what cannot be encoded is told.
    pub(super) fn say(&mut self, command: impl Into<Command>) -> Result<(), Outcome> {
        let id = self.next_id();
        self.encode(command.into(), id, false)
    }

    /// Sends a command and waits for its answer.
    pub(super) fn ask(
        &mut self,
        command: impl Into<Command>,
        request: Request,
    ) -> Result<(), Outcome> {
        self.try_ask(command, request)
            .map_err(|(outcome, _)| outcome)
    }

    /// As `ask`; gives the request back where it could not be made.
    #[expect(
        clippy::result_large_err,
        reason = "the error is the rare way, and a box would cost the common one"
    )]
    pub(super) fn try_ask(
        &mut self,
        command: impl Into<Command>,
        request: Request,
    ) -> Result<(), (Outcome, Request)> {
        let limit = self.config.limits.requests;
        if self.requests.len() >= limit {
            let text = format!("{limit} requests are waiting for the broker already");
            return Err((Outcome::refused(Reason::Limit, text), request));
        }
        let id = self.next_id();
        if let Err(outcome) = self.encode(command.into(), id, true) {
            return Err((outcome, request));
        }
        self.timers.set(id, self.now + self.config.answer_within);
        self.requests.insert(id, request);
        Ok(())
    }

    pub(super) fn encode(
        &mut self,
        mut command: Command,
        id: i32,
        answer: bool,
    ) -> Result<(), Outcome> {
        command.set_command_id(id, answer);
        self.channel.send(&command).map_err(|error| {
            Outcome::refused(Reason::Local, format!("it cannot be encoded: {error}"))
        })?;
        self.trace_out(&command);
        Ok(())
    }
}
