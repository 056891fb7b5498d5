//! The main job as a play: what is done, and which messages must pass, in order.

use crate::parts::{DriverPart, SimulatorPart};
use crate::printer::Printer;
use anyhow::{Context, Result, bail};
use core::time::Duration;
use finewire_core::agent::DialogId;
use finewire_core::contract::Command as Verb;
use finewire_core::driver;
use finewire_core::machine::{Outcome, Party, TraceEvent};
use finewire_core::password::Secret;
use finewire_driver::Event;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;

/// The agent who plays.
const AGENT: &str = "1001001";
const EXTENSION: &str = "2001";
const CALLER: &str = "5551234";
const PATIENCE: Duration = Duration::from_secs(15);

/// Watches what passes, prints it, and holds it against what must pass.
pub(crate) struct Play {
    printer: Arc<Printer>,
    passed: mpsc::Receiver<TraceEvent>,
    seen: usize,
}

/// A message that must pass: from, to, beginning of its subject, a part of its content.
type Expected<'a> = (Party, Party, &'a str, &'a str);

use Party::{Connector, Driver, Finesse};

/// In a play, nothing goes wrong.
const ERROR: Expected<'_> = (Connector, Driver, "Error#", "");

/// Whether `trace` is what is expected. The content is found between separators only, so that
/// `READY` does not stand for `NOT_READY`.
fn matches((from, to, subject, detail): &Expected<'_>, trace: &TraceEvent) -> bool {
    let holds = |detail: &str| {
        let separator = |c: char| !(c.is_alphanumeric() || c == '_');
        detail.is_empty() || trace.detail.split(separator).any(|word| word == detail)
    };
    trace.from == *from && trace.to == *to && trace.subject.starts_with(subject) && holds(detail)
}

impl Play {
    /// Prints and gathers what `traces` tells.
    pub(crate) fn new(printer: Arc<Printer>, mut traces: broadcast::Receiver<TraceEvent>) -> Self {
        let (sender, passed) = mpsc::channel(4096);
        let out = printer.clone();
        tokio::spawn(async move {
            loop {
                match traces.recv().await {
                    Ok(trace) => {
                        out.message(&trace);
                        // Once the play is over, nobody takes them; they are printed all the same.
                        let _ = sender.try_send(trace);
                    }
                    Err(broadcast::error::RecvError::Lagged(lost)) => {
                        out.note(&format!("({lost} messages were too fast to print)"));
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        Self {
            printer,
            passed,
            seen: 0,
        }
    }

    /// Waits until each of `in_order` has passed, one after the other, and then each of
    /// `in_any_order`; others may pass in between, but no error may reach the driver.
    async fn expect(
        &mut self,
        in_order: &[Expected<'_>],
        in_any_order: &[Expected<'_>],
    ) -> Result<()> {
        let (mut first, mut rest) = (in_order.iter(), in_any_order.to_vec());
        let mut wanted = first.next();
        while let Some(missing) = wanted.or_else(|| rest.first()) {
            let next = timeout(PATIENCE, self.passed.recv()).await;
            let Ok(Some(trace)) = next else {
                let (from, to, subject, detail) = missing;
                bail!(
                    "expected {from} → {to}: {subject} {detail}; it did not come ({} messages did)",
                    self.seen
                );
            };
            self.seen += 1;
            if matches(&ERROR, &trace) {
                bail!("not expected: {} {}", trace.subject, trace.detail);
            }
            match wanted {
                Some(expected) if matches(expected, &trace) => wanted = first.next(),
                Some(_) => {}
                None => {
                    if let Some(at) = rest.iter().position(|expected| matches(expected, &trace)) {
                        rest.remove(at);
                    }
                }
            }
        }
        Ok(())
    }

    /// The flow of a working day: hello, login, ready, a call, logout.
    ///
    /// # Errors
    ///
    /// A message that must pass did not, or a command did not end as done.
    pub(crate) async fn run(
        mut self,
        driver: &mut DriverPart,
        simulator: &SimulatorPart,
        password: &Secret,
    ) -> Result<()> {
        self.printer
            .step("The driver says hello; the connector is in service");
        driver.in_service().await?;
        let messages = [
            (Driver, Connector, "Hello#", ""),
            (Connector, Driver, "System#", "IN_SERVICE"),
        ];
        self.expect(&messages, &[]).await?;

        self.printer
            .step("The agent logs in; the password comes Triple-DES encrypted");
        let connect = driver.ask(driver::Command::connect(AGENT, password.clone()));
        let login = driver.ask(driver::Command::login(AGENT, password.clone(), EXTENSION));
        let messages = async {
            let connect = [(Driver, Connector, "Connect#", "")];
            // Login follows Connect at once, while the connector checks the password.
            let mixed = [
                (Driver, Connector, "Login#", ""),
                (Finesse, Connector, "notifications flow", ""),
            ];
            self.expect(&connect, &mixed).await?;
            let login = [
                (Connector, Finesse, "PUT User/", "LOGIN"),
                (Connector, Driver, "AgentInfo#", ""),
                (Connector, Driver, "State#", "NOT_READY"),
                (Connector, Driver, "DialogStatus#", "NONE"),
            ];
            self.expect(&login, &[]).await
        };
        tokio::try_join!(
            async { connect.await.context("Connect") },
            async { login.await.context("Login") },
            messages,
        )?;

        self.printer.step("The agent becomes ready");
        self.tell(
            driver,
            Verb::MakeReady,
            "MakeReady#",
            ("PUT User/", "READY"),
            &[("State#", "READY")],
        )
        .await?;

        self.printer
            .step("A customer calls; the call is offered to the agent");
        if let Outcome::Refused(why) | Outcome::Failed(why) = simulator.call(AGENT, CALLER).await {
            bail!("the simulator places no call: {why}");
        }
        let dialog = offered(driver).await?;
        let offer = [
            (Connector, Driver, "NewInboundCall#", CALLER),
            (Connector, Driver, "State#", "RESERVED"),
        ];
        self.expect(&[], &offer).await?;

        for (heading, verb, name, action, call, agent) in [
            (
                "The agent answers",
                answer as fn(DialogId) -> Verb,
                "AnswerCall#",
                "ANSWER",
                "ACTIVE",
                "TALKING",
            ),
            (
                "puts the call on hold",
                hold,
                "HoldCall#",
                "HOLD",
                "HELD",
                "HOLD",
            ),
            (
                "retrieves it",
                retrieve,
                "RetrieveCall#",
                "RETRIEVE",
                "ACTIVE",
                "TALKING",
            ),
            (
                "and releases it",
                release,
                "ReleaseCall#",
                "DROP",
                "DROPPED",
                "READY",
            ),
        ] {
            self.printer.step(heading);
            let events = [("InboundCall#", call), ("State#", agent)];
            self.tell(
                driver,
                verb(dialog.clone()),
                name,
                ("PUT Dialog/", action),
                &events,
            )
            .await?;
        }

        self.printer.step("The agent goes not ready and logs out");
        let events = [("State#", "NOT_READY")];
        let request = ("PUT User/", "NOT_READY");
        self.tell(
            driver,
            Verb::MakeNotReady,
            "MakeNotReady#",
            request,
            &events,
        )
        .await?;
        self.tell(
            driver,
            Verb::Logout,
            "Logout#",
            ("PUT User/", "LOGOUT"),
            &[("State#", "LOGOUT")],
        )
        .await
    }

    /// Gives a command, waits for its end and for the messages that belong to it: command and
    /// request in order, then the events in any order, for notifications about agent and call are
    /// independent.
    async fn tell(
        &mut self,
        driver: &DriverPart,
        verb: Verb,
        command: &str,
        request: (&str, &str),
        events: &[(&str, &str)],
    ) -> Result<()> {
        let asked = driver.ask(driver::Command::tell(AGENT, verb));
        let in_order = [
            (Driver, Connector, command, ""),
            (Connector, Finesse, request.0, request.1),
            (Finesse, Connector, "", ""),
        ];
        let events: Vec<_> = events
            .iter()
            .map(|(subject, detail)| (Connector, Driver, *subject, *detail))
            .collect();
        let messages = self.expect(&in_order, &events);
        let name = command.trim_end_matches('#');
        tokio::try_join!(async { asked.await.context(name.to_owned()) }, messages)?;
        Ok(())
    }
}

const fn answer(dialog: DialogId) -> Verb {
    Verb::AnswerCall { dialog }
}

const fn hold(dialog: DialogId) -> Verb {
    Verb::HoldCall { dialog }
}

const fn retrieve(dialog: DialogId) -> Verb {
    Verb::RetrieveCall { dialog }
}

const fn release(dialog: DialogId) -> Verb {
    Verb::ReleaseCall { dialog }
}

async fn offered(driver: &mut DriverPart) -> Result<DialogId> {
    loop {
        match timeout(PATIENCE, driver.events.next()).await {
            Ok(Some(Event::Driver(driver::Event::CallOffered { call, .. }))) => {
                return Ok(call.dialog.clone());
            }
            Ok(Some(_)) => {}
            Ok(None) => bail!("the driver has stopped"),
            Err(_) => bail!("no call was offered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: Expected<'_> = (Connector, Driver, "NewInboundCall#", CALLER);
    const RESERVED: Expected<'_> = (Connector, Driver, "State#", "RESERVED");
    const HELLO: Expected<'_> = (Driver, Connector, "Hello#", "");

    /// A play in which exactly these messages pass.
    fn play(messages: &[(Party, Party, &str, &str)]) -> Play {
        let (sender, passed) = mpsc::channel(16);
        for (from, to, subject, detail) in messages {
            let trace = TraceEvent {
                from: *from,
                to: *to,
                link: None,
                agent: None,
                subject: (*subject).into(),
                detail: (*detail).into(),
            };
            sender.try_send(trace).unwrap();
        }
        let printer = Arc::new(Printer::new());
        Play {
            printer,
            passed,
            seen: 0,
        }
    }

    const OFFERED: (Party, Party, &str, &str) = (
        Connector,
        Driver,
        "NewInboundCall#1001001",
        "1001001#NewInboundCall#5551234#ani=5551234",
    );
    const IS_RESERVED: (Party, Party, &str, &str) = (
        Connector,
        Driver,
        "State#1001001",
        "1001001#State#RESERVED#",
    );
    const SAYS_HELLO: (Party, Party, &str, &str) = (Driver, Connector, "Hello#demo", "");

    #[tokio::test]
    async fn a_message_that_does_not_come_fails_and_is_named() {
        let mut play = play(&[SAYS_HELLO, OFFERED]);
        let failed = play.expect(&[HELLO, OFFER, RESERVED], &[]).await;
        let text = failed.unwrap_err().to_string();
        assert!(
            text.contains("State#") && text.contains("RESERVED"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn messages_in_another_order_fail() {
        let mut play = play(&[OFFERED, SAYS_HELLO]);
        assert!(play.expect(&[HELLO, OFFER], &[]).await.is_err());
    }

    #[tokio::test]
    async fn messages_in_order_pass_with_others_between_them() {
        let mut play = play(&[SAYS_HELLO, IS_RESERVED, OFFERED]);
        assert!(play.expect(&[HELLO, OFFER], &[]).await.is_ok());
    }

    #[tokio::test]
    async fn what_has_no_order_passes_in_either_and_fails_when_one_is_missing() {
        for messages in [
            [SAYS_HELLO, OFFERED, IS_RESERVED],
            [SAYS_HELLO, IS_RESERVED, OFFERED],
        ] {
            let mut play = play(&messages);
            assert!(play.expect(&[HELLO], &[OFFER, RESERVED]).await.is_ok());
        }
        for messages in [
            [SAYS_HELLO, OFFERED, OFFERED],
            [IS_RESERVED, SAYS_HELLO, OFFERED],
        ] {
            let mut play = play(&messages);
            assert!(play.expect(&[HELLO], &[OFFER, RESERVED]).await.is_err());
        }
    }

    #[tokio::test]
    async fn an_error_to_the_driver_fails_even_when_all_else_comes() {
        let error = (Connector, Driver, "Error#1001001", "1001001#Error#X#y");
        let mut play = play(&[SAYS_HELLO, error, OFFERED]);
        assert!(play.expect(&[HELLO, OFFER], &[]).await.is_err());
    }

    #[tokio::test]
    async fn a_message_counts_only_between_its_own_parties_and_as_a_whole_word() {
        for message in [
            (Driver, Connector, "State#1001001", "1001001#State#READY#"),
            (Connector, Finesse, "State#1001001", "1001001#State#READY#"),
            (Connector, Driver, "Status#1001001", "1001001#State#READY#"),
            (
                Connector,
                Driver,
                "State#1001001",
                "1001001#State#NOT_READY#",
            ),
        ] {
            let ready = (Connector, Driver, "State#", "READY");
            assert!(play(&[message]).expect(&[ready], &[]).await.is_err());
        }
    }
}
