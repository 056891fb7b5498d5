//! What was told and traced at a site, to be looked at afterwards.

use finewire_core::driver::Event as DriverEvent;
use finewire_core::machine::{Instant, Party};

use super::builders::{new_broker, new_connector, new_driver, new_finesse};
use super::site::{Plan, Site};
use super::{Film, Guest, Network, PipeInfo, Seat, replay};

impl Site {
    /// The events of a driver that are told to its owner.
    pub fn told(&self, driver: usize) -> Vec<&DriverEvent> {
        let node = self.net.node(self.drivers[driver]);
        let events = node.events().iter().filter_map(|(_, event)| match event {
            finewire_driver::Event::Driver(event) => Some(event),
            _ => None,
        });
        events.collect()
    }

    /// Every message that passed between two parties and was told by the machine `by`, one a line.
    pub fn timeline(&self, by: &[&str], parties: &[Party]) -> String {
        let mut lines = String::new();
        for traced in self.net.traces() {
            let event = &traced.event;
            let is_wanted = by.contains(&traced.by.as_str())
                && parties.contains(&event.from)
                && parties.contains(&event.to);
            if is_wanted {
                let line = format!("{:>9} -> {:<9} {}", event.from, event.to, event.subject);
                lines.push_str(line.trim_end());
                if !event.detail.is_empty() {
                    lines.push_str(" | ");
                    lines.push_str(&event.detail);
                }
                lines.push('\n');
            }
        }
        lines
    }

    /// What all machines traced and told, with times; to find out why something went wrong.
    pub fn story(&self) -> String {
        let mut lines: Vec<(Instant, String)> = Vec::new();
        for traced in self.net.traces() {
            let (by, event) = (&traced.by, &traced.event);
            let text = format!(
                "{by} traced {} -> {} {}",
                event.from, event.to, event.subject
            );
            lines.push((traced.at, format!("{text} {}", event.detail)));
        }
        for (n, seat) in self.drivers.iter().enumerate() {
            let told = self.net.node(*seat).events().iter();
            lines.extend(told.map(|(at, event)| (*at, format!("driver{n} told {event:?}"))));
        }
        let told = self.net.node(self.connector).events().iter();
        lines.extend(told.map(|(at, event)| (*at, format!("connector told {event:?}"))));
        let told = self.net.node(self.finesse).events().iter();
        lines.extend(told.map(|(at, event)| (*at, format!("finesse told {event:?}"))));
        let told = self.net.node(self.broker).events().iter();
        lines.extend(told.map(|(at, event)| (*at, format!("broker told {event:?}"))));
        lines.sort_by_key(|(at, _)| *at);
        let lines = lines
            .into_iter()
            .map(|(at, text)| format!("{at} {text:.300}\n"));
        lines.collect()
    }

    /// The connections of one kind, by the port that they were opened to.
    pub fn pipes(&self, port: u16, client: &str) -> Vec<PipeInfo> {
        let mut pipes = self.net.pipes();
        pipes.retain(|pipe| pipe.port == port && pipe.client.starts_with(client));
        pipes
    }

    /// What each machine answered, drain by drain; only of a site that is recorded.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub fn films(&self) -> Vec<Vec<String>> {
        let mut films = vec![
            film(&self.net, self.broker).outputs.clone(),
            film(&self.net, self.finesse).outputs.clone(),
            film(&self.net, self.connector).outputs.clone(),
        ];
        films.extend(
            self.drivers
                .iter()
                .map(|seat| film(&self.net, *seat).outputs.clone()),
        );
        films
    }

    /// What new machines answer to what the recorded ones were told.
    ///
    /// # Panics
    ///
    /// When the site is not recorded.
    pub fn replayed(&self, plan: &Plan) -> Vec<Vec<String>> {
        let net = &self.net;
        let mut films = vec![
            replay(new_broker(plan), &film(net, self.broker).inputs),
            replay(new_finesse(plan), &film(net, self.finesse).inputs),
            replay(new_connector(plan), &film(net, self.connector).inputs),
        ];
        for (n, seat) in self.drivers.iter().enumerate() {
            films.push(replay(new_driver(plan, n), &film(net, *seat).inputs));
        }
        films
    }
}

fn film<M: Guest>(net: &Network, seat: Seat<M>) -> &Film<M::Command> {
    net.node(seat).film().expect("the site is recorded")
}
