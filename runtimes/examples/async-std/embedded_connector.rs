//! A connector inside somebody else's program, with another transport on the drivers' side: commands and events go
//! through channels, and there is no broker and no OpenWire.
//!
//! ```text
//! cargo run -p finewire-examples --example async_std_embedded_connector
//! ```
//!
//! Finesse is simulated in the same program; put a `NodeConfig` of yours in its place. What the transport carries is the
//! contract of drivers and connector: commands with their parameters, events with their fields. Here both ends have them
//! as values; a transport that needs text takes `CommandMessage::to_wire` and `EventMessage::parse`.
#![expect(clippy::print_stdout, reason = "it is a program")]

use async_std::channel::{Receiver, Sender, bounded};
use async_std::task;
use finewire_async_std::{Events, Handle, Options, seed, spawn};
use finewire_connector::{Command, Config, Connector, DriverSide, Event, Heard, NodeConfig};
use finewire_core::agent::AgentState;
use finewire_core::connector;
use finewire_core::contract::{
    self, CommandMessage, Destination, EventMessage, Layout, SystemStatus, TimeFormat,
};
use finewire_core::machine::{Address, Outcome};
use finewire_core::password::PasswordCodec;
use finewire_simulator::{PASSWORD, Service, Simulator};

type Error = Box<dyn core::error::Error + Send + Sync>;

const AGENT: &str = "1001002";
const EXTENSION: &str = "2002";

fn main() -> Result<(), Error> {
    task::block_on(run(|line| println!("{line}")))
}

/// Signs an agent in, makes it ready, signs it out, and says what it is told.
pub(crate) async fn run(mut say: impl FnMut(String)) -> Result<(), Error> {
    let (finesse, node) = simulated_finesse().await?;
    let decisions = connector::Config::new(Layout::default(), PasswordCodec::Clear);
    let config = Config::new(DriverSide::Owner, vec![node], decisions);
    let (connector, events, task) = spawn(Connector::new(config, seed()?), Options::default());

    // The transport: one task for each direction.
    let (orders, ordered) = bounded(16);
    let (tell, told) = bounded(16);
    let carrying = task::spawn(carry_commands(connector.clone(), ordered));
    let telling = task::spawn(carry_events(events, tell));

    let mut desk = Desk { orders, told };
    work(&mut desk, &mut say).await?;

    // No more commands; then what is under way ends, and Finesse is left in good order.
    drop(desk.orders);
    carrying.await?;
    connector.command(Command::Shutdown).await;
    connector.shut_down().await;
    telling.await?;
    task.await;
    finesse.shut_down().await;
    Ok(())
}

/// What an agent's desk does. It knows agents, commands and events, and nothing of what is behind the channels.
async fn work(desk: &mut Desk, say: &mut impl FnMut(String)) -> Result<(), Error> {
    use contract::Command as Order;

    let own = Destination::parse("desk-7", &[])?;
    desk.orders.send(CommandMessage::hello(own.clone())).await?;
    desk.until(say, |event| {
        *event == contract::Event::System(SystemStatus::InService)
    })
    .await?;
    let connect = Order::Connect {
        destination: own,
        password: Some(PASSWORD.into()),
        sso: false,
    };
    desk.order(connect).await?;
    desk.order(Order::Login {
        password: PASSWORD.into(),
        extension: EXTENSION.into(),
    })
    .await?;
    desk.until(say, is(AgentState::NotReady)).await?;
    desk.order(Order::MakeReady).await?;
    desk.until(say, is(AgentState::Ready)).await?;
    desk.order(Order::MakeNotReady).await?;
    desk.until(say, is(AgentState::NotReady)).await?;
    desk.order(Order::Logout).await?;
    desk.until(say, is(AgentState::Logout)).await
}

/// The program's end of the transport.
struct Desk {
    orders: Sender<CommandMessage>,
    told: Receiver<EventMessage>,
}

impl Desk {
    async fn order(&self, command: contract::Command) -> Result<(), Error> {
        let message = CommandMessage::of_agent(AGENT.into(), command);
        Ok(self.orders.send(message).await?)
    }

    /// Says what comes until the wanted event has come.
    async fn until(
        &mut self,
        say: &mut impl FnMut(String),
        is_wanted: impl Fn(&contract::Event) -> bool,
    ) -> Result<(), Error> {
        loop {
            let message = self.told.recv().await?;
            match &message.event {
                contract::Event::State(status) => {
                    say(format!("{} is {}", status.agent, status.state))
                }
                contract::Event::Error(why) => return Err(why.text.to_string().into()),
                other => say(format!("{:?}", other.kind())),
            }
            if is_wanted(&message.event) {
                return Ok(());
            }
        }
    }
}

fn is(state: AgentState) -> impl Fn(&contract::Event) -> bool {
    move |event| matches!(event, contract::Event::State(status) if status.state == state)
}

/// Commands, from the channel to the connector. Done means taken on: what comes of it is told as events.
async fn carry_commands(
    connector: Handle<Connector>,
    ordered: Receiver<CommandMessage>,
) -> Result<(), Error> {
    let layout = Layout::default();
    while let Ok(message) = ordered.recv().await {
        let heard = Heard::from(&message.to_wire(&layout)?);
        if let Outcome::Refused(why) | Outcome::Failed(why) =
            connector.command(Command::Hear(heard)).await
        {
            return Err(why.to_string().into());
        }
    }
    Ok(())
}

/// Events, from the connector to the channel. A receiver that lags holds the connector back.
async fn carry_events(mut events: Events<Event>, tell: Sender<EventMessage>) -> Result<(), Error> {
    let layout = Layout::default();
    while let Some(event) = events.next().await {
        if let Event::Told(publish) = event {
            let message = EventMessage::parse(&publish.body, &layout, &TimeFormat::UTC)?;
            // The desk has gone home: it wants to know nothing more.
            let _ = tell.send(message).await;
        }
    }
    Ok(())
}

/// A Finesse on this machine, without TLS.
async fn simulated_finesse() -> Result<(Handle<Simulator>, NodeConfig), Error> {
    let anywhere = || Address::new("127.0.0.1", 0);
    let config = finewire_simulator::Config::new()
        .listen(Service::Rest, anywhere(), None)
        .listen(Service::Xmpp, anywhere(), None);
    let (finesse, mut events, _task) = spawn(Simulator::new(config, seed()?), Options::default());
    let mut node = NodeConfig::new("127.0.0.1", 0, 0);
    node.allow_plaintext = true;
    while node.http_port == 0 || node.xmpp_port == 0 {
        match events.next().await.ok_or("the simulator has stopped")? {
            finewire_simulator::Event::Listening {
                service: Service::Rest,
                address,
                ..
            } => {
                node.http_port = address.port;
            }
            finewire_simulator::Event::Listening {
                service: Service::Xmpp,
                address,
                ..
            } => {
                node.xmpp_port = address.port;
            }
            _ => {}
        }
    }
    Ok((finesse, node))
}
