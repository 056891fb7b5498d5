//! What the owner, or somebody at the door, orders.

use finewire_core::agent::{AgentId, Text};
use finewire_core::machine::{CommandId, Outcome, Reason};

use crate::config::Node;
use crate::knobs::Knobs;
use crate::machine::{Job, Simulator};
use crate::scenario::Step;
use crate::verbs::{Command, Event};

impl Simulator {
    pub(crate) fn command(&mut self, id: CommandId, command: Command) {
        let outcome = self.carry_out(Some(id), command).map_or_else(
            |why| Outcome::refused(Reason::Denied, why.to_string()),
            |_| Outcome::Done,
        );
        self.outputs.ended(id, outcome);
    }

    /// Does what a command or the door asks for: a new call's id, or why not.
    pub(crate) fn carry_out(
        &mut self,
        id: Option<CommandId>,
        command: Command,
    ) -> Result<Option<Text>, Text> {
        match command {
            Command::PlaceCall { to, from } => {
                if !self.is_in_service() {
                    return Err("the service is out".into());
                }
                let placed =
                    self.with_world(None, |world| world.call_in(to.as_str(), from.as_str()));
                let dialog = placed.map_err(|why| Text::from(why.to_string()))?;
                let id_text = Text::from(dialog.clone());
                self.latest = Some(dialog.clone());
                self.outputs.event(Event::CallPlaced {
                    command: id,
                    dialog,
                    to,
                    from,
                });
                Ok(Some(id_text))
            }
            Command::OfferPreview { agent, customer } => {
                if !self.is_in_service() {
                    return Err("the service is out".into());
                }
                let placed =
                    self.with_world(None, |world| world.offer_preview(&agent, customer.as_str()));
                let dialog = placed.map_err(|why| Text::from(why.to_string()))?;
                let id_text = Text::from(dialog.clone());
                self.latest = Some(dialog.clone());
                self.outputs.event(Event::CallPlaced {
                    command: id,
                    dialog,
                    to: agent.into(),
                    from: customer,
                });
                Ok(Some(id_text))
            }
            Command::AssignQueue {
                queue,
                agent,
                assigned,
            } => {
                if self.with_world(None, |world| world.assign(&queue, &agent, assigned)) {
                    Ok(None)
                } else {
                    Err("there is no such queue or agent".into())
                }
            }
            Command::EndCall { dialog } => {
                let ended = self.with_world(None, |world| world.end_call(&dialog));
                if ended {
                    Ok(None)
                } else {
                    Err("there is no such call".into())
                }
            }
            Command::SetInService(on) => {
                self.set_in_service(Node::First, on);
                self.set_in_service(Node::Second, on);
                Ok(None)
            }
            Command::SetNodeInService { node, on } => {
                self.expect_node(node)?;
                self.set_in_service(node, on);
                Ok(None)
            }
            Command::SetNodeUp { node, up } => {
                self.expect_node(node)?;
                self.set_up(node, up);
                Ok(None)
            }
            Command::DropXmpp { agent } => {
                self.drop_xmpp(&agent);
                Ok(None)
            }
            Command::GrantToken { agent, token, life } => {
                self.expect_agent(&agent)?;
                self.tokens.grant(&agent, token, None, self.now + life);
                Ok(None)
            }
            Command::ExpireTokens { agent } => {
                self.expect_agent(&agent)?;
                self.tokens.expire(&agent);
                Ok(None)
            }
            Command::Play(scenario) => {
                for (after, step) in scenario.steps() {
                    let job = Job::Step(Box::new(step.clone()));
                    self.agenda.add(self.now + *after, job);
                }
                Ok(None)
            }
            Command::SetKnobs(knobs) => {
                self.set_knobs(*knobs);
                Ok(None)
            }
        }
    }

    fn expect_agent(&self, agent: &AgentId) -> Result<(), Text> {
        let known = self.world.user(agent);
        known
            .map(|_| ())
            .ok_or_else(|| "there is no such agent".into())
    }

    /// Makes a step that was due, and tells of it.
    pub(crate) fn make_step(&mut self, step: Step) {
        let refused = self.take_step(step.clone()).err();
        self.outputs.event(Event::Stepped { step, refused });
    }

    /// Makes a step: a new call's id, or why not.
    pub(crate) fn take_step(&mut self, step: Step) -> Result<Option<Text>, Text> {
        match step {
            Step::Order(command) => self.carry_out(None, command),
            Step::HangUpLatest => {
                let dialog = self.latest.clone().ok_or("no call was brought in")?;
                self.carry_out(None, Command::EndCall { dialog })
            }
            Step::Knob { name, position } => {
                let mut knobs = self.config.knobs.clone();
                let turned = knobs.set(name.as_str(), position.as_str());
                turned.map_err(|fault| Text::from(fault.to_string()))?;
                self.set_knobs(knobs);
                Ok(None)
            }
        }
    }

    fn set_knobs(&mut self, knobs: Knobs) {
        self.world
            .set_peripheral_errors(!knobs.no_peripheral_errors);
        let presence_changes = knobs.no_finesse_presence != self.config.knobs.no_finesse_presence;
        self.config.knobs = knobs;
        if presence_changes {
            self.show_finesse_presence();
        }
    }
}
