//! The finewire program itself, as an operator would run it.

use super::Lines;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const START: Duration = Duration::from_secs(30);
const END: Duration = Duration::from_secs(60);

/// Where the program is; built first if it is not up to date.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a path");
        let folder = test
            .ancestors()
            .nth(2)
            .expect("target/<profile>/deps/<test>")
            .to_owned();
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.args(["build", "--quiet", "--package", "finewire"]);
        build
            .arg("--target-dir")
            .arg(folder.parent().expect("a target folder"));
        build.arg("--manifest-path");
        build.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtimes/server/Cargo.toml"));
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.status().expect("cargo runs").success(),
            "the program does not build"
        );
        folder.join(format!("finewire{}", std::env::consts::EXE_SUFFIX))
    })
}

/// `finewire simulate` with ports of its own choosing.
#[derive(Debug)]
pub struct Simulator {
    process: Lines,
    /// Port of REST.
    pub rest: u16,
    /// Port of XMPP.
    pub xmpp: u16,
    /// SHA-256 of its certificate.
    pub fingerprint: String,
    control: PathBuf,
}

impl Simulator {
    /// Starts it; its control file lies in `folder`.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// As [`start`](Self::start), with these options too.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    #[must_use]
    pub fn start_with(folder: &Path, options: &[&str]) -> Self {
        let control = folder.join("control");
        let mut command = Command::new(program());
        command.args([
            "simulate",
            "--finesse-port",
            "0",
            "--xmpp-port",
            "0",
            "--control-file",
        ]);
        command.arg(&control).args(options);
        let mut process = Lines::start("finewire simulate", &mut command);
        let mut value = |name: &str| {
            let line = process.expect(name, START, |line| line.starts_with(name));
            line[name.len()..].trim().to_owned()
        };
        let rest = port(&value("finesse"));
        let xmpp = port(&value("xmpp"));
        let fingerprint = value("certificate");
        let _ = value("control");
        Self {
            process,
            rest,
            xmpp,
            fingerprint,
            control,
        }
    }

    /// Lets a customer call an agent; returns the dialog's id.
    ///
    /// # Panics
    ///
    /// When the simulator refuses.
    #[must_use]
    pub fn call(&self, to: &str, from: &str) -> String {
        let output = Command::new(program())
            .args([
                "simulate",
                "call",
                "--to",
                to,
                "--from",
                from,
                "--control-file",
            ])
            .arg(&self.control)
            .output()
            .expect("the program runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text.split_whitespace()
            .last()
            .expect("a dialog id")
            .to_owned()
    }

    /// The file with the address and token of its control door.
    #[must_use]
    pub fn control(&self) -> &Path {
        &self.control
    }

    /// The configuration of a node that is this simulator.
    #[must_use]
    pub fn node(&self) -> String {
        format!(
            "[[finesse.node]]\nhost = \"127.0.0.1\"\n\
             port = {}\nxmpp_port = {}\nfingerprint = \"{}\"\n",
            self.rest, self.xmpp, self.fingerprint
        )
    }

    /// Everything it printed so far.
    pub fn seen(&mut self) -> &[String] {
        self.process.seen()
    }
}

/// `finewire serve` with a configuration of its own.
#[derive(Debug)]
pub struct Connector {
    process: Lines,
}

impl Connector {
    /// Writes `config` into `folder` and starts the connector with it.
    ///
    /// # Panics
    ///
    /// When it is not in service in time.
    #[must_use]
    pub fn start(folder: &Path, config: &str) -> Self {
        let path = folder.join("finewire.toml");
        std::fs::write(&path, config).expect("the configuration");
        let mut command = Command::new(program());
        let mut process = Lines::start(
            "finewire serve",
            command.args(["serve", "--config"]).arg(&path),
        );
        process.expect("in service", START, |line| line.contains("in service"));
        Self { process }
    }

    /// The value of a line it printed, such as `broker` or `monitor`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn printed(&mut self, name: &str) -> String {
        let line = self
            .process
            .seen()
            .iter()
            .find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no line {name}"));
        line[name.len()..].trim().to_owned()
    }

    /// Everything it printed so far.
    pub fn seen(&mut self) -> &[String] {
        self.process.seen()
    }

    /// Waits for a line.
    pub fn expect(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.process.expect(what, START, wanted)
    }

    /// Asks it to end (SIGTERM) and waits; returns its exit code.
    ///
    /// # Panics
    ///
    /// When it has not ended in time.
    pub fn terminate(mut self) -> Option<i32> {
        end(&mut self.process, "TERM")
    }
}

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Everything it printed, output before errors.
    pub text: String,
}

/// Runs the program until it ends by itself, without terminal, home folder or password of ours.
///
/// # Panics
///
/// When it has not ended in time.
#[must_use]
pub fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut child = command(folder, arguments, environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (sender, texts) = channel();
    let stdout = child.stdout.take().expect("stdout is piped");
    let stderr = child.stderr.take().expect("stderr is piped");
    for (order, mut stream) in [
        Box::new(stdout) as Box<dyn Read + Send>,
        Box::new(stderr) as Box<dyn Read + Send>,
    ]
    .into_iter()
    .enumerate()
    {
        let sender = sender.clone();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stream.read_to_string(&mut text);
            let _ = sender.send((order, text));
        });
    }
    let deadline = Instant::now() + END;
    let mut parts: Vec<(usize, String)> = Vec::new();
    while parts.len() < 2 {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(part) = texts.recv_timeout(left) else {
            let _ = child.kill();
            let _ = child.wait();
            let rest: Vec<_> = texts.iter().take(2 - parts.len()).collect();
            panic!("{arguments:?} did not end in time: {parts:?} {rest:?}");
        };
        parts.push(part);
    }
    parts.sort();
    let status = child.wait().expect("a child that ended");
    Ran {
        code: status.code(),
        text: parts.into_iter().map(|(_, text)| text).collect(),
    }
}

/// Starts the program with `arguments` and reads it line by line, without home folder or password
/// of ours.
///
/// # Panics
///
/// When it cannot be started.
#[must_use]
pub fn start(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Lines {
    let name = format!("finewire {}", arguments.join(" "));
    Lines::start(&name, &mut command(folder, arguments, environment))
}

/// Sends the process a signal (`TERM`, `INT`) and waits for its end; returns its exit code.
///
/// # Panics
///
/// When it is gone already, or has not ended in time.
pub fn end(process: &mut Lines, signal: &str) -> Option<i32> {
    let id = process.id().to_string();
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &id])
        .status()
        .expect("kill runs");
    assert!(sent.success(), "the process is gone already");
    process.finish(START)
}

fn command(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("FINEWIRE_PASSWORD")
        .envs(environment.iter().copied());
    command
}

fn port(address: &str) -> u16 {
    let digits = address.rsplit(':').next().unwrap_or_default();
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    digits
        .parse()
        .unwrap_or_else(|_| panic!("no port in {address:?}"))
}
