//! What is said to the broker: with an answer to wait for, or without.

use finewire_core::machine::{CommandId, Outcome, Party, Reason};

use crate::codec::EncodeError;
use crate::command::{Command, Destination, Message};

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
        if let Err(outcome) = self.may_ask() {
            return Err((outcome, request));
        }
        let id = self.next_id();
        if let Err(outcome) = self.encode(command.into(), id, true) {
            return Err((outcome, request));
        }
        self.timers.set(id, self.now + self.config.answer_within);
        self.requests.insert(id, request);
        Ok(())
    }

    /// Sends a message; where it wants an answer, the answer ends that.
    pub(super) fn say_message(
        &mut self,
        message: &mut Message,
        confirm: Option<Request>,
    ) -> Result<(), Outcome> {
        if confirm.is_some() {
            self.may_ask()?;
        }
        let id = self.next_id();
        message.command_id = id;
        message.response_required = confirm.is_some();
        self.channel.send(message).map_err(|error| cannot(&error))?;
        if let Some(me) = self.config.trace_as {
            self.trace(me, Party::Broker, message);
        }
        if let Some(request) = confirm {
            self.timers.set(id, self.now + self.config.answer_within);
            self.requests.insert(id, request);
        }
        Ok(())
    }

    fn may_ask(&self) -> Result<(), Outcome> {
        let limit = self.config.limits.requests;
        if self.requests.len() < limit {
            return Ok(());
        }
        let text = format!("{limit} requests are waiting for the broker already");
        Err(Outcome::refused(Reason::Limit, text))
    }

    pub(super) fn encode(
        &mut self,
        mut command: Command,
        id: i32,
        answer: bool,
    ) -> Result<(), Outcome> {
        command.set_command_id(id, answer);
        self.channel
            .send(&command)
            .map_err(|error| cannot(&error))?;
        self.trace_out(&command);
        Ok(())
    }
}

fn cannot(error: &EncodeError) -> Outcome {
    Outcome::refused(Reason::Local, format!("it cannot be encoded: {error}"))
}
