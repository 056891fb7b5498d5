//! The parts that the program is made of, started on tokio: broker, simulator, connector, driver.

mod broker;
mod broker_options;
mod connector;
mod driver;
mod exchange;
mod simulator;

pub(crate) use broker::BrokerPart;
pub(crate) use broker_options::{BrokerOptions, Full, Slow};
pub(crate) use connector::{ConnectorPart, Steering, broker_uri, client_tls, connector_config};
pub(crate) use driver::{DriverPart, DriverPlan};
pub(crate) use exchange::exchange;
pub(crate) use simulator::{SimulatorPart, SimulatorPlan};

use anyhow::{Context, Result};
use core::net::{IpAddr, SocketAddr};
use finewire_core::machine::{Address, CloseReason};
use finewire_host::{HostConfig, TlsProfiles};
use finewire_tokio::Options;

/// Options of a machine with these TLS profiles.
pub(crate) fn options(tls: TlsProfiles) -> Options {
    Options {
        host: HostConfig {
            tls,
            ..HostConfig::default()
        },
        ..Options::default()
    }
}

/// 32 bytes from the operating system.
pub(crate) fn seed() -> Result<[u8; 32]> {
    finewire_tokio::seed().context("the system gives no randomness")
}

pub(crate) fn address(of: SocketAddr) -> Address {
    Address::new(&of.ip().to_string(), of.port())
}

pub(crate) fn socket_address(of: &Address) -> Result<SocketAddr> {
    let ip: IpAddr = of
        .host
        .parse()
        .with_context(|| format!("{} is no IP address", of.host))?;
    Ok(SocketAddr::new(ip, of.port))
}

/// A part that cannot listen, told with what to do about it.
pub(crate) fn cannot_listen(
    part: &str,
    on: impl core::fmt::Display,
    reason: &CloseReason,
    option: &str,
) -> anyhow::Error {
    let hint = match reason {
        CloseReason::AddressInUse => format!("; choose another with {option} (0 = a free one)"),
        _ => String::new(),
    };
    anyhow::anyhow!("the {part} cannot listen on {on}: {reason}{hint}")
}
