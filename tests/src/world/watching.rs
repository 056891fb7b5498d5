//! What a test sees of a site: events as the driver got them, requests as Finesse served them.

use std::collections::BTreeSet;
use std::time::Duration;

use finewire_core::agent::DialogId;
use finewire_core::contract::{Command, Event as Wire};
use finewire_core::driver::{self, Event as Told};
use finewire_core::machine::{Instant, Outcome};
use finewire_simulator::{Command as FinesseCommand, Event as FinesseEvent, Knobs};

use super::site::{PORTS, Plan, Site, agent, line, tell};

/// A request as Finesse served it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// When.
    pub at: Instant,
    /// Method and path.
    pub line: String,
    /// What was asked for, such as `LOGIN` or `ANSWER`.
    pub verb: String,
    /// The status of the answer.
    pub status: u16,
}

impl Site {
    /// The events that the connector has sent to the n-th agent, by the first driver.
    pub fn events_to(&self, n: u32) -> Vec<&Wire> {
        let events = self.told(0).into_iter().filter_map(|event| match event {
            Told::Received(message) if message.to == agent(n) => Some(&message.event),
            _ => None,
        });
        events.collect()
    }

    /// How many of the events to the n-th agent are so.
    pub fn count(&self, n: u32, is_so: impl Fn(&Wire) -> bool) -> usize {
        self.events_to(n).into_iter().filter(|e| is_so(e)).count()
    }

    /// The requests that Finesse has served, oldest first.
    pub fn served(&self) -> Vec<Served> {
        let events = self.net.node(self.finesse).events();
        let served = events.iter().filter_map(|(at, event)| match event {
            FinesseEvent::RequestServed {
                line, verb, status, ..
            } => Some(Served {
                at: *at,
                line: line.as_str().to_owned(),
                verb: verb.as_ref().map_or("", |verb| verb.as_str()).to_owned(),
                status: *status,
            }),
            _ => None,
        });
        served.collect()
    }

    /// The ports to which a machine has links, each once, ascending.
    pub fn pipes_of(&self, client: &str) -> Vec<u16> {
        let mut pipes = self.net.pipes();
        pipes.retain(|pipe| pipe.client == client);
        let ports: BTreeSet<u16> = pipes.iter().map(|pipe| pipe.port).collect();
        ports.into_iter().collect()
    }

    /// The requests of one kind that Finesse has served.
    pub fn served_of(&self, verb: &str) -> Vec<Served> {
        let mut served = self.served();
        served.retain(|request| request.verb == verb);
        served
    }

    /// What Finesse's REST interface answers is rewritten on its way; the rewriter sees bodies.
    pub fn rewrite_answers(&mut self, mut rewriter: impl FnMut(&str) -> Option<String> + 'static) {
        self.net.rewrite(PORTS[1], move |answer| {
            let (head, body) = answer.split_once("\r\n\r\n")?;
            let body = rewriter(body)?;
            let lines = head.split("\r\n").map(|line| {
                let (name, _) = line.split_once(':').unwrap_or((line, ""));
                match name.eq_ignore_ascii_case("content-length") {
                    true => format!("{name}: {}", body.len()),
                    false => line.to_owned(),
                }
            });
            let head: Vec<String> = lines.collect();
            Some(format!("{}\r\n\r\n{body}", head.join("\r\n")))
        });
    }

    /// What Finesse's notification service sends is rewritten on its way; payloads are escaped.
    pub fn rewrite_notifications(
        &mut self,
        rewriter: impl FnMut(&str) -> Option<String> + 'static,
    ) {
        self.net.rewrite(PORTS[2], rewriter);
    }

    /// Orders something of Finesse, and lets it happen.
    ///
    /// # Panics
    ///
    /// When Finesse refuses the order.
    pub fn order(&mut self, command: FinesseCommand) {
        let seat = self.finesse;
        let text = format!("{command:?}");
        let id = self.net.command(seat, command);
        let second = Duration::from_secs(1);
        self.net
            .run_until(second, |net| net.node(seat).outcome(id).is_some());
        let outcome = self.net.node(seat).outcome(id).map(|(_, end)| end.clone());
        assert_eq!(outcome, Some(Outcome::Done), "{text}");
    }

    /// Turns Finesse's knobs.
    pub fn turn(&mut self, turn: impl FnOnce(&mut Knobs)) {
        let mut knobs = Knobs::default();
        turn(&mut knobs);
        self.order(FinesseCommand::SetKnobs(Box::new(knobs)));
    }

    /// Tells the first driver to do something about the n-th agent; it must be refused or fail. The
    /// connector's words.
    ///
    /// # Panics
    ///
    /// When it is done.
    pub fn expect_refused(&mut self, n: u32, command: Command) -> String {
        self.expect_turned_down(tell(n, command))
    }

    /// As [`Site::expect_refused`], for any command.
    ///
    /// # Panics
    ///
    /// When it is done.
    pub fn expect_turned_down(&mut self, command: driver::Command) -> String {
        let asked = format!("{command:?}");
        match self.ask(command) {
            Outcome::Refused(why) => why.text.into_owned(),
            other => panic!("{asked}: {other:?}"),
        }
    }

    /// A routed call from outside that agent 1 has answered.
    pub fn answered(plan: &Plan) -> (Self, DialogId) {
        let mut site = Self::built(plan);
        let dialog = site.answer_one(1);
        (site, dialog)
    }

    /// Lets a routed call come in for an agent who is signed in by this, and answers it.
    pub fn answer_one(&mut self, n: u32) -> DialogId {
        self.be_ready(n);
        let dialog = self.ring(n);
        let answer = Command::AnswerCall {
            dialog: dialog.clone(),
        };
        self.expect_done(tell(n, answer));
        self.net.run_for(Duration::from_secs(1));
        dialog
    }

    /// Agent 1 has a call from outside and has consulted agent 2, who has answered. Both calls.
    ///
    /// # Panics
    ///
    /// When there is no consult call.
    pub fn consulted(plan: &Plan) -> (Self, DialogId, DialogId) {
        let (mut site, main) = Self::answered(plan);
        site.sign_in(2);
        let consult = Command::ConsultCall {
            number: line(2).as_str().into(),
            dialog: main.clone(),
        };
        site.expect_done(tell(1, consult));
        site.net.run_for(Duration::from_secs(2));
        let mut calls = site.true_calls(1).into_iter();
        let leg = calls.find(|call| *call != main).expect("a consult call");
        let answer = Command::AnswerCall {
            dialog: leg.clone(),
        };
        site.expect_done(tell(2, answer));
        site.net.run_for(Duration::from_secs(2));
        (site, main, leg)
    }
}
