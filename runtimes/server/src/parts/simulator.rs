//! The Finesse simulator.

use super::{address, cannot_listen, options, seed, socket_address};
use crate::door::Door;
use crate::logs::codes;
use anyhow::{Context, Result, bail};
use core::fmt::Write as _;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use finewire_core::agent::Platform;
use finewire_core::machine::{Fingerprint, Outcome, TlsId};
use finewire_core::password::Secret;
use finewire_host::{ServerTls, TlsProfiles};
use finewire_simulator::{
    Command, Config, Event, Knobs, Node, Scenario, Service, Simulator, WrapUp,
};
use finewire_tokio::{Events, Handle, Task};

const SERVER: TlsId = TlsId(1);

/// What a simulator is to be.
#[derive(Debug)]
pub(crate) struct SimulatorPlan {
    pub(crate) listen: IpAddr,
    pub(crate) rest_port: u16,
    pub(crate) xmpp_port: u16,
    /// Another port for XMPP in a WebSocket.
    pub(crate) websocket_port: Option<u16>,
    /// The port that only leads to REST's.
    pub(crate) http_port: Option<u16>,
    pub(crate) door_port: u16,
    /// How the knobs stand at the start.
    pub(crate) knobs: Knobs,
    /// How long agents wrap up after each call, at most; `None`: not at all.
    pub(crate) wrap_up: Option<Duration>,
    /// The agents' password in place of the built-in one.
    pub(crate) password: Option<Secret>,
    /// Ports of the second node's REST and XMPP; `None`: there is one node.
    pub(crate) second: Option<(u16, u16)>,
    /// Whether to stand for UCCX.
    pub(crate) uccx: bool,
    /// The seed of chance; `None`: another one each time.
    pub(crate) seed: Option<u64>,
}

/// A running simulator.
#[derive(Debug)]
pub(crate) struct SimulatorPart {
    pub(crate) handle: Handle<Simulator>,
    pub(crate) rest: SocketAddr,
    pub(crate) xmpp: SocketAddr,
    /// The second node's REST and XMPP.
    pub(crate) second: Option<(SocketAddr, SocketAddr)>,
    /// The other port for WebSockets, and plain HTTP.
    pub(crate) extra: Extra,
    pub(crate) door: Door,
    pub(crate) fingerprint: Fingerprint,
    task: Task<Simulator>,
}

impl SimulatorPart {
    /// Starts it with a certificate made now, and waits until it listens.
    ///
    /// # Errors
    ///
    /// It cannot listen.
    pub(crate) async fn start(plan: SimulatorPlan) -> Result<Self> {
        let own_address = plan.listen.to_string();
        let tls = ServerTls::self_made(&["localhost", "127.0.0.1", "::1", &own_address])
            .context("the simulator's certificate")?;
        let fingerprint = tls.fingerprint();
        let mut profiles = TlsProfiles::new();
        profiles.set_server(SERVER, tls);
        let token = token()?;
        let door_at = SocketAddr::from((Ipv4Addr::LOCALHOST, plan.door_port));
        let rest_at = SocketAddr::new(plan.listen, plan.rest_port);
        let xmpp_at = SocketAddr::new(plan.listen, plan.xmpp_port);
        let mut config = Config::new()
            .listen(Service::Rest, address(rest_at), Some(SERVER))
            .listen(Service::Xmpp, address(xmpp_at), Some(SERVER))
            .listen(Service::Door, address(door_at), None);
        let at = |port| address(SocketAddr::new(plan.listen, port));
        if let Some(port) = plan.websocket_port {
            config = config.listen(Service::XmppOverHttp, at(port), Some(SERVER));
        }
        if let Some(port) = plan.http_port {
            config = config.listen(Service::PlainHttp, at(port), None);
        }
        config.knobs = plan.knobs;
        if let Some(time) = plan.wrap_up {
            for agent in &mut config.agents {
                agent.wrap_up = WrapUp::Required(time);
            }
        }
        if let Some((rest, xmpp)) = plan.second {
            config = config
                .listen_second(Service::Rest, at(rest), Some(SERVER))
                .listen_second(Service::Xmpp, at(xmpp), Some(SERVER));
        }
        if plan.uccx {
            config.platform = Platform::Uccx;
        }
        config.door_token = Some(Secret::from(token.as_str()));
        if let Some(password) = plan.password {
            for agent in &mut config.agents {
                agent.password = password.clone();
            }
        }
        let seed = match plan.seed {
            Some(number) => {
                let mut seed = [0; 32];
                seed.iter_mut()
                    .zip(number.to_le_bytes())
                    .for_each(|(to, from)| *to = from);
                seed
            }
            None => seed()?,
        };
        let wanted = config.listeners.len();
        let (handle, mut events, task) =
            finewire_tokio::spawn(Simulator::new(config, seed), options(profiles));
        let Addresses {
            rest,
            xmpp,
            door,
            second,
            extra,
        } = addresses(&mut events, wanted).await?;
        tokio::spawn(log(events));
        let door = Door {
            address: door,
            token,
        };
        Ok(Self {
            handle,
            rest,
            xmpp,
            second,
            extra,
            door,
            fingerprint,
            task,
        })
    }

    /// Lets a customer call an agent.
    pub(crate) async fn call(&self, to: &str, from: &str) -> Outcome {
        self.handle
            .command(Command::PlaceCall {
                to: to.into(),
                from: from.into(),
            })
            .await
    }

    /// Plays a scenario from now on.
    pub(crate) async fn play(&self, scenario: Scenario) -> Outcome {
        self.handle.command(Command::Play(scenario)).await
    }

    /// Closes every link and stops.
    pub(crate) async fn stop(self) {
        self.handle.shut_down().await;
        if let Err(e) = self.task.await {
            tracing::error!(code = codes::TASK_BROKEN, "the simulator's task: {e}");
        }
    }
}

/// Where a simulator listens.
struct Addresses {
    rest: SocketAddr,
    xmpp: SocketAddr,
    door: SocketAddr,
    second: Option<(SocketAddr, SocketAddr)>,
    extra: Extra,
}

/// Ports that are there when asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) websocket: Option<SocketAddr>,
    pub(crate) http: Option<SocketAddr>,
}

/// Waits until this many listeners listen.
async fn addresses(events: &mut Events<Event>, wanted: usize) -> Result<Addresses> {
    let (mut rest, mut xmpp, mut door) = (None, None, None);
    let (mut second_rest, mut second_xmpp) = (None, None);
    let mut extra = Extra::default();
    let mut listening = 0;
    loop {
        match events.next().await {
            Some(Event::Listening {
                node,
                service,
                address,
            }) => {
                let address = Some(socket_address(&address)?);
                listening += 1;
                match (node, service) {
                    (Node::First, Service::Rest) => rest = address,
                    (Node::First, Service::Xmpp) => xmpp = address,
                    (Node::Second, Service::Rest) => second_rest = address,
                    (Node::Second, Service::Xmpp) => second_xmpp = address,
                    (_, Service::XmppOverHttp) => extra.websocket = address,
                    (_, Service::PlainHttp) => extra.http = address,
                    (_, Service::Door) => door = address,
                }
            }
            Some(Event::ListenFailed {
                node,
                service,
                address,
                reason,
            }) => {
                let (part, option) = match (node, service) {
                    (Node::First, Service::Rest) => ("simulator's REST", "--finesse-port"),
                    (Node::First, Service::Xmpp) => ("simulator's XMPP", "--xmpp-port"),
                    (Node::Second, Service::Rest) => {
                        ("second node's REST", "--second-finesse-port")
                    }
                    (Node::Second, Service::Xmpp) => ("second node's XMPP", "--second-xmpp-port"),
                    (_, Service::XmppOverHttp) => ("simulator's WebSocket", "--websocket-port"),
                    (_, Service::PlainHttp) => ("simulator's plain HTTP", "--http-port"),
                    (_, Service::Door) => ("simulator's control door", "--control-port"),
                };
                return Err(cannot_listen(part, address, &reason, option));
            }
            Some(_) => {}
            None => bail!("the simulator stopped at its start"),
        }
        let second = second_rest.zip(second_xmpp);
        if let (Some(rest), Some(xmpp), Some(door)) = (rest, xmpp, door)
            && listening == wanted
        {
            return Ok(Addresses {
                rest,
                xmpp,
                door,
                second,
                extra,
            });
        }
    }
}

fn token() -> Result<String> {
    let bytes = seed()?;
    let mut text = String::new();
    for byte in bytes.iter().take(16) {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

async fn log(mut events: Events<Event>) {
    while let Some(event) = events.next().await {
        match event {
            Event::RequestServed {
                agent,
                line,
                verb,
                status,
            } => {
                let agent = agent.as_ref().map_or("nobody", |agent| agent.as_str());
                let verb = verb.as_ref().map_or("", |verb| verb.as_str());
                tracing::debug!(code = codes::SIMULATOR_DETAIL, %agent, "simulator: {agent}: {line} {verb} → {status}");
            }
            // Steps hold numbers, which belong to customers.
            Event::Stepped { step, refused } => {
                tracing::debug!(code = codes::SIMULATOR_DETAIL, "simulator: step {step:?}");
                if let Some(why) = refused {
                    tracing::warn!(
                        code = codes::SIMULATOR_STEP_IMPOSSIBLE,
                        "simulator: a step of the scenario is not possible: {why}"
                    );
                }
            }
            Event::SignedInTwice { agent } => {
                tracing::warn!(code = codes::SIMULATOR_AGENT_TWICE, %agent, "simulator: {agent} is signed in at both nodes");
            }
            Event::CallPlaced {
                dialog, to, from, ..
            } => {
                tracing::info!(
                    code = codes::SIMULATOR_CALL,
                    "simulator: call {dialog} from {from} to {to}"
                );
            }
            Event::AgentChanged { agent, state } => {
                tracing::info!(code = codes::SIMULATOR_AGENT_STATE, %agent, "simulator: agent {agent} is {}", state.as_wire());
            }
            Event::Connected { agent, resource } => {
                tracing::info!(code = codes::SIMULATOR_STREAM, %agent, "simulator: {agent}/{resource} connected");
            }
            Event::Disconnected { agent, resource } => {
                tracing::info!(code = codes::SIMULATOR_STREAM, %agent, "simulator: {agent}/{resource} is gone");
            }
            Event::ListenFailed {
                address, reason, ..
            } => {
                tracing::error!(
                    code = codes::LISTENING_ENDED,
                    "simulator: listening on {address} ended: {reason}"
                );
            }
            _ => {}
        }
    }
}
