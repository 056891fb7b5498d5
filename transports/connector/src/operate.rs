//! What an operator asks for while it runs.

use finewire_core::agent::AgentId;
use finewire_core::connector::{Signal, Subscription};
use finewire_core::machine::{CloseReason, CommandId, Outcome, Reason};
use finewire_openwire::client::ClientCommand;

use crate::connector::{Connector, Stage};
use crate::perform;
use crate::touch::Act;
use crate::verbs::Command;

impl Connector {
    /// Carries a command of the owner out, at once; what it brings about is seen in the events.
    pub(crate) fn operate(&mut self, id: CommandId, command: Command) {
        let outcome = match command {
            _ if self.stage != Stage::Running => {
                Outcome::refused(Reason::ShuttingDown, "the connector is ending")
            }
            Command::Drain => self.drain(),
            Command::Resume => self.resume(),
            Command::Resync(agent) => self.resync(agent),
            Command::DropStream(agent) => self.drop_stream(&agent),
            Command::Hear(heard) => self.hear(heard),
            Command::Configure(config) => {
                self.decisions.reconfigure(self.now, *config);
                Outcome::Done
            }
            // Both have been seen to before it came to this.
            Command::Shutdown | Command::SetTime(_) => Outcome::Done,
        };
        self.sink.outputs.ended(id, outcome);
    }

    fn drain(&mut self) -> Outcome {
        if !core::mem::replace(&mut self.is_draining, true) {
            self.ask_broker(ClientCommand::Unsubscribe(perform::COMMANDS));
            self.signal(Signal::Draining);
        }
        Outcome::Done
    }

    fn resume(&mut self) -> Outcome {
        if core::mem::replace(&mut self.is_draining, false) {
            self.subscribe_queue();
            self.signal(Signal::Resumed);
        }
        Outcome::Done
    }

    fn resync(&mut self, agent: AgentId) -> Outcome {
        match self.decisions.agent(&agent) {
            None => Outcome::refused(Reason::Local, "there is no such agent"),
            Some(known) if known.subscription != Subscription::Up => Outcome::refused(
                Reason::Local,
                "its notifications do not flow; it is read when they do",
            ),
            Some(_) => {
                self.signal(Signal::ResyncAsked(agent));
                Outcome::Done
            }
        }
    }

    /// The stream is closed as if the network had; the link opens another by itself.
    fn drop_stream(&mut self, agent: &AgentId) -> Outcome {
        let Some(slot) = self.agents.slot_of(agent) else {
            return Outcome::refused(
                Reason::Local,
                "the agent has no link to the notification service",
            );
        };
        self.touch_agent(slot, Act::Reopen(CloseReason::Asked));
        Outcome::Done
    }
}
