//! The command line.

use clap::{Args, Parser, Subcommand};
use core::net::IpAddr;
use std::path::PathBuf;

/// Carries calls between a CRM's CTI driver and Cisco Finesse.
#[derive(Debug, Parser)]
#[command(name = "finewire", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play the main job with everything in one process: broker, Finesse, connector, driver.
    Demo(Demo),
    /// Run the connector.
    Serve(Serve),
    /// Run the connector as a service of Windows: what the service control manager starts.
    #[cfg(windows)]
    Service(Serve),
    /// Run the Finesse simulator, or control one that runs.
    Simulate(Simulate),
    /// Run the embedded OpenWire broker alone.
    Broker(Broker),
    /// Act as a driver: log an agent in, change its state, watch its events.
    Driver(Driver),
    /// Prepare the monitor.
    Monitor {
        #[command(subcommand)]
        action: MonitorAction,
    },
    /// Load a broker and print rates and times.
    Bench(crate::bench::Bench),
    /// Look at everything that the connector needs, and say what is wrong and what to do.
    Doctor(Doctor),
    /// Tell again, with fake time, what happened while a recording was made.
    Replay(Replay),
    /// Pack what a support case needs into one archive, without secrets.
    SupportBundle(SupportBundle),
    /// Say everything that is wrong with a configuration; 2 is the exit code then.
    CheckConfig(CheckConfig),
    /// Show what a configuration amounts to, or make one of the incumbent connector's properties.
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Print completions for a shell.
    Completions(Completions),
    /// Print the manual page.
    Man,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MonitorAction {
    /// Print the hash of a password, for a [[monitor.user]] of the configuration.
    Hash {
        /// File with the password on its first line. Without it: the variable FINEWIRE_PASSWORD, else a prompt.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Keep all servers up after the play, on their customary ports, for other clients.
    #[arg(long)]
    pub(crate) stay: bool,
    /// Port of the OpenWire broker; 0 = a free one [default: free; with --stay 61616].
    #[arg(long, value_name = "PORT")]
    pub(crate) broker_port: Option<u16>,
    /// Port of the simulator's REST (HTTPS); 0 = a free one [default: free; with --stay 8445].
    #[arg(long, value_name = "PORT")]
    pub(crate) finesse_port: Option<u16>,
    /// Port of the simulator's XMPP (TLS); 0 = a free one [default: free; with --stay 5223].
    #[arg(long, value_name = "PORT")]
    pub(crate) xmpp_port: Option<u16>,
    /// Port of the monitor (HTTP, loopback only); 0 = a free one [default: free; with --stay 8162].
    #[arg(long, value_name = "PORT")]
    pub(crate) monitor_port: Option<u16>,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// Who may reach the servers of demo and simulator.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// Address to listen on. One that is not loopback needs --agent-password-file.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// File with the password of the simulated agents, in place of the built-in one.
    #[arg(long, value_name = "FILE")]
    pub(crate) agent_password_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Serve {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Record everything that the connector is told, without passwords, for `finewire replay`; stronger than
    /// record.file.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The recording.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only what concerns this agent.
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// The messages too: driver, broker, connector, Finesse.
    #[arg(long)]
    pub(crate) messages: bool,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Only what happened up to this moment, such as 2026-03-01T09:30:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<jiff::Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckConfig {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Print every key with its value and where that comes from, secrets masked.
    Show {
        /// The configuration file (TOML).
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Print a configuration made of the incumbent connector's properties, and on standard error what became of
    /// each.
    Import {
        /// The file of properties.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Simulate {
    #[command(subcommand)]
    pub(crate) action: Option<SimulateAction>,
    #[command(flatten)]
    pub(crate) run: SimulateRun,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateRun {
    /// Port of REST (HTTPS); 0 = a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8445)]
    pub(crate) finesse_port: u16,
    /// Port of XMPP (TLS); 0 = a free one.
    #[arg(long, value_name = "PORT", default_value_t = 5223)]
    pub(crate) xmpp_port: u16,
    /// Another port for XMPP in a WebSocket at /ws/ (HTTPS), as 7443 of Finesse; REST's port has it too; 0 = a
    /// free one.
    #[arg(long, value_name = "PORT")]
    pub(crate) websocket_port: Option<u16>,
    /// Port of plain HTTP, which answers 301 to REST's port; 0 = a free one.
    #[arg(long, value_name = "PORT")]
    pub(crate) http_port: Option<u16>,
    /// Port of the control door (HTTP, loopback only); 0 = a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) control_port: u16,
    /// Port of the second node's REST (HTTPS); without it the site has one node; 0 = a free one.
    #[arg(long, value_name = "PORT", requires = "second_xmpp_port")]
    pub(crate) second_finesse_port: Option<u16>,
    /// Port of the second node's XMPP (TLS); 0 = a free one.
    #[arg(long, value_name = "PORT", requires = "second_finesse_port")]
    pub(crate) second_xmpp_port: Option<u16>,
    /// Stand for Unified CCX instead of Unified CCE.
    #[arg(long)]
    pub(crate) uccx: bool,
    /// Agents have to wrap up after each call, at most this long, in seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wrap_up: Option<u32>,
    /// Turn a knob before the start, `--knob slow_rest=2s`; may be repeated.
    #[arg(long, value_name = "NAME=POSITION")]
    pub(crate) knob: Vec<String>,
    /// File with a scenario to play from the start: a step a line, `at 2s call 1001001 from
    /// 5551234`.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Seed of everything that the simulator decides by chance.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) door: DoorFile,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// Where the address and token of the control door are kept.
#[derive(Debug, Args)]
pub(crate) struct DoorFile {
    /// File with the control door's address and token [default: .finewire/control in the home
    /// folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) control_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SimulateAction {
    /// Let a customer call an agent.
    Call {
        /// The agent's login id or extension.
        #[arg(long, value_name = "AGENT")]
        to: String,
        /// The caller's number.
        #[arg(long, value_name = "NUMBER")]
        from: String,
        #[command(flatten)]
        door: DoorFile,
    },
    /// Let the customer of a call hang up.
    Hangup {
        /// The call's dialog id.
        #[arg(long, value_name = "ID")]
        dialog: String,
        #[command(flatten)]
        door: DoorFile,
    },
    /// Make one step of a scenario now: `do call 8001 from 5551234`, `do knob load on`, `do out of
    /// service`, `do node 2 dies`.
    Do {
        /// The step's words.
        #[arg(required = true, value_name = "WORD")]
        words: Vec<String>,
        #[command(flatten)]
        door: DoorFile,
    },
    /// Play a scenario from now on.
    Play {
        /// File with a step a line: `at 2s call 1001001 from 5551234`.
        #[arg(value_name = "FILE")]
        scenario: PathBuf,
        #[command(flatten)]
        door: DoorFile,
    },
    /// Show how the knobs stand.
    Knobs {
        #[command(flatten)]
        door: DoorFile,
    },
    /// Show agents and calls.
    Show {
        #[command(flatten)]
        door: DoorFile,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Broker {
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// Port; 0 = a free one.
    #[arg(long, value_name = "PORT", default_value_t = 61616)]
    pub(crate) port: u16,
    /// File with a line `name:password` for each user. Without it everybody is let in, on
    /// loopback only.
    #[arg(long, value_name = "FILE")]
    pub(crate) users_file: Option<PathBuf>,
    /// File with a line `user read,write,admin queue://pattern` for each thing that a user may do (`*`:
    /// every user). Without it users may do everything.
    #[arg(long, value_name = "FILE", requires = "users_file")]
    pub(crate) permissions_file: Option<PathBuf>,
    /// While messages follow each other within this time, look for the next instead of sleeping: shorter round
    /// trips for processor time that is to spare; 0: never.
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 50,
        value_parser = clap::value_parser!(u64).range(..=1000))]
    pub(crate) linger_micros: u64,
    #[command(flatten)]
    pub(crate) options: crate::parts::BrokerOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Driver {
    #[command(subcommand)]
    pub(crate) action: DriverAction,
    /// The broker, as ActiveMQ's clients write it.
    #[arg(
        long,
        global = true,
        default_value = "failover:(tcp://127.0.0.1:61616)"
    )]
    pub(crate) broker: String,
    /// Certificate (PEM) to trust an ssl:// broker by. Without it: the system's authorities.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The connector's queue.
    #[arg(long, global = true, default_value = "Connector1")]
    pub(crate) queue: String,
    /// The topic on which this driver gets its events.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "finewire-cli"
    )]
    pub(crate) destination: String,
    /// The agent's login id.
    #[arg(long, global = true, value_name = "ID", default_value = "1001001")]
    pub(crate) agent: String,
    /// The agent's extension.
    #[arg(long, global = true, value_name = "NUMBER", default_value = "2001")]
    pub(crate) extension: String,
    /// File with the agent's password. Without it: the variable FINEWIRE_PASSWORD, else a prompt.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// File with the Triple-DES key (48 hex digits) to encrypt the password with.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// How long to wait for an answer, in seconds.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DriverAction {
    /// Log the agent in and print what comes.
    Login,
    /// Log the agent in and make it ready.
    Ready,
    /// Log the agent in and make it not ready.
    NotReady {
        /// The reason code (the code, not Finesse's id).
        #[arg(long)]
        reason: Option<String>,
    },
    /// Log the agent in and follow its events until interrupted.
    Events,
    /// Log the agent in and call a number.
    Call {
        /// The number.
        number: String,
    },
    /// Log the agent out.
    Logout,
    /// Ask whether the connector is in service.
    Hello,
}

/// Ends with 0 when all is well (warnings do not count), 1 when a check failed, 2 when the
/// configuration cannot be used.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Print one JSON object in place of lines.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) examination: Examination,
}

/// What the doctor tries, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Examination {
    /// Log this agent in at Finesse, REST and XMPP: one who is not at work. A wrong password is
    /// tried once, for five lock the account.
    #[arg(long, value_name = "ID", requires = "agent_password_file")]
    pub(crate) agent: Option<String>,
    /// File with the agent's password.
    #[arg(long, value_name = "FILE", requires = "agent")]
    pub(crate) agent_password_file: Option<PathBuf>,
    /// Try to publish to this topic of a driver, in place of finewire.doctor; nothing arrives there.
    #[arg(long, value_name = "NAME")]
    pub(crate) topic: Option<String>,
    /// How long all of it may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) timeout: u64,
    /// How long one step may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) step_timeout: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SupportBundle {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Where to write the archive; nothing is overwritten [default: finewire-support-TIME.tar.gz].
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A log file to take the end of; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Vec<PathBuf>,
    /// The monitor of the running connector, such as https://127.0.0.1:8162 [default: as configured].
    #[arg(long, value_name = "URL")]
    pub(crate) monitor: Option<String>,
    /// File with the monitor's token, so that a running connector tells its status.
    #[arg(long, value_name = "FILE")]
    pub(crate) monitor_token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) examination: Examination,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell.
    pub(crate) shell: clap_complete::Shell,
}
