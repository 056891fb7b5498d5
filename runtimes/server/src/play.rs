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

    /// Waits until each of `expected` has passed, in this order; others may pass in between.
    async fn expect(&mut self, expected: &[Expected<'_>]) -> Result<()> {
        for (from, to, subject, detail) in expected {
            loop {
                let next = timeout(PATIENCE, self.passed.recv()).await;
                let Ok(Some(trace)) = next else {
                    bail!(
                        "expected {from} → {to}: {subject} {detail}; it did not come \
                         ({} messages did)",
                        self.seen
                    );
                };
                self.seen += 1;
                if trace.from == *from
                    && trace.to == *to
                    && trace.subject.starts_with(subject)
                    && trace.detail.contains(detail)
                {
                    break;
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
        self.expect(&[
            (Driver, Connector, "Hello#", ""),
            (Connector, Driver, "System#", "IN_SERVICE"),
        ])
        .await?;

        self.printer
            .step("The agent logs in; the password comes Triple-DES encrypted");
        let connect = driver.ask(driver::Command::connect(AGENT, password.clone()));
        let login = driver.ask(driver::Command::login(AGENT, password.clone(), EXTENSION));
        let messages = self.expect(&[
            (Driver, Connector, "Connect#", ""),
            (Driver, Connector, "Login#", ""),
            (Connector, Finesse, "PUT User/", "LOGIN"),
            (Connector, Driver, "AgentInfo#", ""),
            (Connector, Driver, "State#", "NOT_READY"),
            (Connector, Driver, "DialogStatus#", "NONE"),
        ]);
        let (connect, login, messages) = tokio::join!(connect, login, messages);
        messages?;
        connect.context("Connect")?;
        login.context("Login")?;

        self.printer.step("The agent becomes ready");
        self.tell(
            driver,
            Verb::MakeReady,
            "MakeReady#",
            ("PUT User/", "READY"),
            ("State#", "READY"),
        )
        .await?;

        self.printer
            .step("A customer calls; the call is offered to the agent");
        if let Outcome::Refused(why) | Outcome::Failed(why) = simulator.call(AGENT, CALLER).await {
            bail!("the simulator places no call: {why}");
        }
        let dialog = offered(driver).await?;
        self.expect(&[(Connector, Driver, "NewInboundCall#", CALLER)])
            .await?;

        for (heading, verb, name, action, state) in [
            (
                "The agent answers",
                answer as fn(DialogId) -> Verb,
                "AnswerCall#",
                "ANSWER",
                "ACTIVE",
            ),
            ("puts the call on hold", hold, "HoldCall#", "HOLD", "HELD"),
            (
                "retrieves it",
                retrieve,
                "RetrieveCall#",
                "RETRIEVE",
                "ACTIVE",
            ),
            (
                "and releases it",
                release,
                "ReleaseCall#",
                "DROP",
                "DROPPED",
            ),
        ] {
            self.printer.step(heading);
            let event = ("InboundCall#", state);
            self.tell(
                driver,
                verb(dialog.clone()),
                name,
                ("PUT Dialog/", action),
                event,
            )
            .await?;
        }

        self.printer.step("The agent goes not ready and logs out");
        let event = ("State#", "NOT_READY");
        let request = ("PUT User/", "NOT_READY");
        self.tell(driver, Verb::MakeNotReady, "MakeNotReady#", request, event)
            .await?;
        let event = ("State#", "LOGOUT");
        self.tell(
            driver,
            Verb::Logout,
            "Logout#",
            ("PUT User/", "LOGOUT"),
            event,
        )
        .await
    }

    /// Gives a command, waits for its end and for the messages that belong to it.
    async fn tell(
        &mut self,
        driver: &DriverPart,
        verb: Verb,
        command: &str,
        request: (&str, &str),
        event: (&str, &str),
    ) -> Result<()> {
        let asked = driver.ask(driver::Command::tell(AGENT, verb));
        let expected = [
            (Driver, Connector, command, ""),
            (Connector, Finesse, request.0, request.1),
            (Finesse, Connector, "", ""),
            (Connector, Driver, event.0, event.1),
        ];
        let messages = self.expect(&expected);
        let (asked, messages) = tokio::join!(asked, messages);
        messages?;
        asked.with_context(|| command.trim_end_matches('#').to_owned())
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
