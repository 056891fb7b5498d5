//! What befalls links, nodes and processes.

use finewire_simulator::{Command as FinesseCommand, Node};

use super::header::{knobs, weather};
use super::{Day, Deed, Step};
use crate::world::site::{BROKER, FINESSE, PORTS, SECOND_BROKER, SECOND_PORTS};
use crate::world::{PipeId, PipeInfo};

impl Day {
    pub(super) fn befall(&mut self, step: &Step) {
        let is_odd = step.what % 2 == 1;
        self.is_hurt |= !matches!(
            step.deed,
            Deed::Flow
                | Deed::Admit
                | Deed::NodesReturn
                | Deed::InService
                | Deed::ClockJumps
                | Deed::TurnKnobs
                | Deed::WeatherChanges
        );
        match step.deed {
            Deed::Cut => self.hurt(step, |day, pipe| day.site.net.cut(pipe)),
            Deed::HalfOpen => self.hurt(step, |day, pipe| day.site.net.half_open(pipe)),
            Deed::Lose => self.hurt(step, |day, pipe| day.site.net.lose(pipe)),
            Deed::Stall => self.hurt(step, |day, pipe| {
                day.site.net.stall(pipe);
                day.stalled.push(pipe);
            }),
            Deed::Flow => self.flow(),
            Deed::Shut => {
                let doors = [
                    (BROKER, PORTS[0]),
                    (FINESSE, PORTS[1]),
                    (FINESSE, PORTS[2]),
                    (FINESSE, SECOND_PORTS[0]),
                    (FINESSE, SECOND_PORTS[1]),
                ];
                let (host, port) = doors[usize::from(step.who) % doors.len()];
                if is_odd {
                    self.site.net.refuse(host, port);
                } else {
                    self.site.net.swallow(host, port);
                }
            }
            Deed::Admit => self.admit(),
            Deed::NodeDies => self.order(FinesseCommand::SetNodeUp {
                node: node(step.who),
                up: false,
            }),
            Deed::NodesReturn => self.revive(),
            Deed::OutOfService if is_odd => self.order(FinesseCommand::SetNodeInService {
                node: node(step.who),
                on: false,
            }),
            Deed::OutOfService => self.order(FinesseCommand::SetInService(false)),
            Deed::InService => self.serve(),
            Deed::DropXmpp => self.order(FinesseCommand::DropXmpp {
                agent: crate::world::site::agent(step.agent()),
            }),
            Deed::BrokerDies => {
                self.is_spare = !self.is_spare && self.site.second_broker.is_some();
                let is_spare = self.is_spare;
                self.site.swap_brokers(is_spare);
            }
            Deed::ConnectorDies if is_odd && self.site.second_connector.is_some() => {
                self.site.restart_second_connector();
            }
            Deed::ConnectorDies => self.site.restart_connector(),
            Deed::DriverDies => {
                let driver = usize::from(step.who) % self.site.drivers.len();
                self.lose_commands_of(driver);
                self.site.restart_driver(driver);
            }
            Deed::ClockJumps => {
                let hours = i64::from(step.what) - 128;
                self.site.net.step_wall_clock(hours * 3_600_000);
            }
            Deed::TurnKnobs => {
                let knobs = knobs(step.who, step.what, step.who ^ step.what);
                self.order(FinesseCommand::SetKnobs(Box::new(knobs)));
            }
            Deed::WeatherChanges => self.site.net.set_weather(weather(step.what)),
            _ => {}
        }
    }

    /// Everything is whole again; what was lost stays lost.
    pub(super) fn mend(&mut self) {
        self.flow();
        self.admit();
        self.revive();
        self.serve();
        self.site.net.set_weather(weather(0));
    }

    fn flow(&mut self) {
        for pipe in std::mem::take(&mut self.stalled) {
            self.site.net.flow(pipe);
        }
    }

    fn admit(&mut self) {
        let serving = if self.is_spare { SECOND_BROKER } else { BROKER };
        self.site.net.admit(serving, PORTS[0]);
        for port in PORTS[1..].iter().chain(&SECOND_PORTS) {
            self.site.net.admit(FINESSE, *port);
        }
    }

    fn revive(&mut self) {
        for node in self.nodes() {
            self.order(FinesseCommand::SetNodeUp { node, up: true });
        }
    }

    fn serve(&mut self) {
        self.order(FinesseCommand::SetInService(true));
        for node in self.nodes() {
            self.order(FinesseCommand::SetNodeInService { node, on: true });
        }
    }

    fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        let has_second = self.site.plan().has_second_node;
        [Some(Node::First), has_second.then_some(Node::Second)]
            .into_iter()
            .flatten()
    }

    pub(super) fn order(&mut self, command: FinesseCommand) {
        self.site.net.command(self.site.finesse, command);
    }

    /// Hurts a connection of the kind that the step says, if there is one.
    fn hurt(&mut self, step: &Step, hurt: impl FnOnce(&mut Self, PipeId)) {
        let roads = [
            ("driver", PORTS[0]),
            ("connector", PORTS[0]),
            ("connector", PORTS[1]),
            ("connector", PORTS[2]),
            ("connector", SECOND_PORTS[0]),
            ("connector", SECOND_PORTS[1]),
        ];
        let (client, port) = roads[usize::from(step.who) % roads.len()];
        let mut pipes = self.site.pipes(port, client);
        // Where there are two connectors, half of the times it is a link of the second one.
        let is_seconds = |pipe: &PipeInfo| pipe.client == "connector2";
        if (usize::from(step.who) / roads.len()) % 2 == 1 && pipes.iter().any(is_seconds) {
            pipes.retain(is_seconds);
        }
        let which = usize::from(step.what) % pipes.len().max(1);
        if let Some(pipe) = pipes.get(which) {
            hurt(self, pipe.id);
        }
    }
}

const fn node(which: u8) -> Node {
    match which % 2 {
        0 => Node::First,
        _ => Node::Second,
    }
}
