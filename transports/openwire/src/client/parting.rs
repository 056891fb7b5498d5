//! How a link ends, by our leave or by its loss, and what becomes of what was under way.

use finewire_core::machine::{
    CloseReason, Closing, CommandId, Outcome, ProtocolOutput, Reason, Timers,
};

use crate::channel::Channel;
use crate::command::{Command, RemoveInfo, ShutdownInfo};

use super::command::{ClientEvent, ConsumerHandle};
use super::producer::ProducerHandle;
use super::protocol::{Client, Stage, channel_config};
use super::request::Request;
use super::session::Ending;

impl Client {
    pub(super) fn on_disconnect(&mut self, id: CommandId) {
        if self.disconnect.is_some() {
            let text = "the client is leaving already";
            self.ended(id, Outcome::refused(Reason::Local, text));
            return;
        }
        self.disconnect = Some(id);
        match self.stage {
            Stage::Ready => {
                self.flush_batches();
                self.stage = Stage::Leaving;
                let remove = RemoveInfo::new(Command::ConnectionId(self.connection_id.clone()));
                // The last request is not refused for the number of those before it.
                let request_id = self.next_id();
                if self.encode(remove.into(), request_id, true).is_ok() {
                    self.timers
                        .set(request_id, self.now + self.config.answer_within);
                    self.requests.insert(request_id, Request::Leave);
                } else {
                    self.finish(Closing::Abort, CloseReason::Asked);
                }
            }
            Stage::Down => {
                // No link answers a `Finish` while there is none: it ends here.
                self.outputs
                    .push_back(ProtocolOutput::Finish(Closing::Abort, CloseReason::Asked));
                self.lost(&CloseReason::Asked);
            }
            Stage::Greeting | Stage::Introducing => {
                self.finish(Closing::Abort, CloseReason::Asked);
            }
            Stage::Leaving | Stage::Parting | Stage::Ended => {}
        }
    }

    pub(super) fn part(&mut self) {
        let _ = self.say(ShutdownInfo::default());
        self.stage = Stage::Parting;
    }

    /// The link is gone. What cannot survive it ends; state stays, unless we asked for the end.
    pub(super) fn lost(&mut self, reason: &CloseReason) {
        let gave_up = matches!(reason, CloseReason::GaveUp(_) | CloseReason::Denied(_));
        let for_good = self.disconnect.is_some() || gave_up || *reason == CloseReason::Asked;
        if gave_up {
            self.given_up = Some(reason.clone());
        }
        let was_up = core::mem::take(&mut self.is_up);
        self.stage = Stage::Down;
        self.epoch += 1;
        self.channel = Channel::new(channel_config(&self.config));
        self.broker_name = None;
        self.with_batch.clear();
        self.timers = Timers::new();
        for request in core::mem::take(&mut self.requests).into_values() {
            match request {
                Request::Publish(id) | Request::Make(id, _) | Request::Remove(id, _) => {
                    self.ended(id, unanswered(reason));
                }
                Request::End {
                    command, ending, ..
                } => {
                    let outcome = match ending {
                        Ending::Commit => in_doubt(&format!("the link was lost ({reason})")),
                        // A broker that has lost its client has rolled back, asked or not.
                        Ending::Rollback => Outcome::Done,
                    };
                    self.ended(command, outcome);
                }
                // Their batches tell, below.
                Request::Sent(_)
                | Request::Introduce
                | Request::Subscribe(_)
                | Request::MakeAgain(_)
                | Request::Leave => {}
            }
        }
        let unwritten = core::mem::take(&mut self.in_flight);
        let unwritten = unwritten
            .into_iter()
            .chain(core::mem::take(&mut self.when_written));
        for id in unwritten {
            if self.batches.contains_key(&id) {
                continue;
            }
            let text = format!("the link was lost ({reason}) before it was written");
            self.ended(id, Outcome::failed(Reason::LinkDown, text));
        }
        self.lose_transactions();
        self.lose_sends(reason, was_up, for_good);
        let mut empty = Vec::new();
        for (handle, subscription) in &mut self.subscriptions {
            empty.extend((0..subscription.forget_deliveries()).map(|_| *handle));
        }
        for handle in empty {
            self.event(ClientEvent::PulledNothing(handle));
        }
        if for_good {
            self.forget_unconfirmed(reason);
        }
        if let Some(id) = self.disconnect.take() {
            self.subscriptions.clear();
            self.by_consumer.clear();
            self.temporaries.clear();
            self.sessions.clear();
            self.producers
                .retain(|handle, _| *handle == ProducerHandle::ANONYMOUS);
            self.by_producer
                .retain(|_, handle| *handle == ProducerHandle::ANONYMOUS);
            self.was_connected = false;
            if *reason != CloseReason::Asked {
                // The link broke before we had taken our leave: it is not to come back.
                self.outputs
                    .push_back(ProtocolOutput::Finish(Closing::Abort, CloseReason::Asked));
            }
            self.ended(id, Outcome::Done);
        }
    }

    fn forget_unconfirmed(&mut self, reason: &CloseReason) {
        let pending: Vec<(ConsumerHandle, CommandId)> = self
            .subscriptions
            .iter()
            .filter_map(|(handle, subscription)| Some((*handle, subscription.command?)))
            .collect();
        for (handle, id) in pending {
            self.forget_subscription(handle);
            let why = match reason {
                CloseReason::Denied(text) => Outcome::failed(
                    Reason::Denied,
                    format!("the broker did not let us in: {text}"),
                ),
                CloseReason::GaveUp(text) => Outcome::failed(Reason::LinkDown, text.clone()),
                _ => Outcome::failed(Reason::ShuttingDown, "the client was disconnected"),
            };
            self.ended(id, why);
        }
    }
}

/// A commit of which nobody knows whether it took effect.
pub(super) fn in_doubt(why: &str) -> Outcome {
    let text = format!("in doubt: {why} before the broker had answered the commit");
    Outcome::failed(Reason::LinkDown, text)
}

/// A request whose answer was lost with the link.
fn unanswered(reason: &CloseReason) -> Outcome {
    Outcome::failed(
        Reason::LinkDown,
        format!("the link was lost ({reason}) before the broker answered"),
    )
}
