//! ActiveMQ Classic: the broker, and its Java client driven by text.

use super::{Lines, available};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

const CLASS_PATH: &str = "/usr/share/activemq/lib/*:/usr/share/java/slf4j-nop.jar";
const NEEDS: [&str; 2] = [
    "/usr/share/activemq/lib/activemq-broker.jar",
    "/usr/bin/java",
];
const START: Duration = Duration::from_secs(90);
const ANSWER: Duration = Duration::from_secs(20);
const WHOLE_TABLE: Duration = Duration::from_secs(120);
const OPTIONS: [&str; 3] = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("interop")
        .join(name)
}

fn java(options: &[String], program: &str, args: &[&str]) -> Command {
    let mut command = Command::new("java");
    command
        .args(OPTIONS)
        .args(options)
        .args(["-cp", CLASS_PATH])
        .arg(source(program))
        .args(args);
    command
}

/// A real ActiveMQ broker on loopback, without persistence.
#[derive(Debug)]
pub struct Broker {
    process: Lines,
    port: u16,
}

impl Broker {
    /// Whether ActiveMQ and Java are installed.
    #[must_use]
    pub fn is_available() -> bool {
        available("ActiveMQ", &NEEDS)
    }

    /// Starts it on a port that it chooses, plain.
    #[must_use]
    pub fn start() -> Self {
        Self::start_on(0)
    }

    /// Starts it on this port (0: its choice), plain.
    #[must_use]
    pub fn start_on(port: u16) -> Self {
        Self::launch(&[], port)
    }

    /// Starts it with TLS; `key_store` is a PKCS#12 file with this password.
    #[must_use]
    pub fn start_with_tls(key_store: &Path, password: &str) -> Self {
        let options = [
            format!("-Djavax.net.ssl.keyStore={}", key_store.display()),
            format!("-Djavax.net.ssl.keyStorePassword={password}"),
            "-Djavax.net.ssl.keyStoreType=PKCS12".to_owned(),
        ];
        Self::launch(&options, 0)
    }

    /// Starts one with users: `connector` may do everything, `guest` only listens to topics; both have the
    /// password `open-sesame`.
    #[must_use]
    pub fn start_guarded() -> Self {
        Self::read_port(&mut java(&[], "GuardedBroker.java", &[]))
    }

    fn launch(options: &[String], port: u16) -> Self {
        let port = port.to_string();
        Self::read_port(&mut java(options, "Broker.java", &[port.as_str()]))
    }

    fn read_port(command: &mut Command) -> Self {
        let mut process = Lines::start("ActiveMQ", command);
        let line = process.expect("its address", START, |line| line.starts_with("listening "));
        let port = line["listening ".len()..]
            .trim()
            .parse()
            .expect("a port number");
        Self { process, port }
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its address as a client writes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) {
        self.process.kill();
    }
}

/// The real Java client: subscribes, sends and prints by text commands (see `Jms.java`).
#[derive(Debug)]
pub struct Jms {
    process: Lines,
}

impl Jms {
    /// Connects to `url` and starts a connection.
    #[must_use]
    pub fn connect(url: &str) -> Self {
        let mut process = Lines::start("JMS client", &mut java(&[], "Jms.java", &[url]));
        process.expect("ready", START, |line| line == "ready");
        Self { process }
    }

    /// Subscribes a topic.
    pub fn topic(&mut self, name: &str) {
        self.process.say(&format!("topic\t{name}"));
        self.process.expect_among("subscribed", ANSWER, |line| {
            line.starts_with("subscribed\t")
        });
    }

    /// Consumes from a queue.
    pub fn queue(&mut self, name: &str) {
        self.process.say(&format!("queue\t{name}"));
        self.process.expect_among("subscribed", ANSWER, |line| {
            line.starts_with("subscribed\t")
        });
    }

    /// Closes the consumer of this name.
    pub fn close(&mut self, name: &str) {
        self.process.say(&format!("close\t{name}"));
        self.process
            .expect_among("closed", ANSWER, |line| line.starts_with("closed\t"));
    }

    /// Sends a text message to a queue; an empty body is sent as none.
    pub fn send(&mut self, queue: &str, jms_type: &str, body: &str) {
        self.process
            .say(&format!("send\t{queue}\t{jms_type}\t{body}"));
        self.process
            .expect_among("sent", ANSWER, |line| line.starts_with("sent\t"));
    }

    /// Publishes a text message to a topic.
    pub fn publish(&mut self, topic: &str, jms_type: &str, body: &str) {
        self.process
            .say(&format!("publish\t{topic}\t{jms_type}\t{body}"));
        self.process
            .expect_among("sent", ANSWER, |line| line.starts_with("sent\t"));
    }

    /// Asks a queue with a temporary reply queue; returns the answer's text.
    pub fn request(&mut self, queue: &str, body: &str) -> String {
        self.process.say(&format!("request\t{queue}\t{body}"));
        let line = self
            .process
            .expect("an answer", ANSWER, |line| line.starts_with("got\treply:"));
        line.rsplit('\t').next().unwrap_or_default().to_owned()
    }

    /// The body of the next message whose body `wanted` accepts; others are passed over.
    pub fn expect(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let body = |line: &str| line.splitn(4, '\t').nth(3).unwrap_or_default().to_owned();
        let is = |line: &str| line.starts_with("got\t") && wanted(&body(line));
        let line = self.process.expect(what, ANSWER, is);
        body(&line)
    }

    /// Everything it printed so far.
    pub fn seen(&mut self) -> &[String] {
        self.process.seen()
    }

    /// Closes the connection in order.
    pub fn finish(mut self) {
        assert_eq!(
            self.process.finish(ANSWER),
            Some(0),
            "{:?}",
            self.process.seen()
        );
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) {
        self.process.kill();
    }
}

/// Plays one part of `interop/driver/commands.table` with the real Java client at the broker `url`,
/// calls coming through the control door of the file `control`; `values` (`name=value`) are known to
/// the table. Returns what was printed: a line for each row that held.
///
/// # Panics
///
/// When a row does not hold; the message names it and what came instead.
#[must_use]
pub fn play_table(url: &str, control: &Path, part: &str, values: &[String]) -> Vec<String> {
    let class_path = format!("{}:{CLASS_PATH}", classes().display());
    let mut command = Command::new("java");
    command
        .args(OPTIONS)
        .args(["-cp", &class_path, "Table", url]);
    command.args([control, &source("driver/commands.table")]);
    command.arg(part).args(values);
    let mut process = Lines::start("table", &mut command);
    let code = process.finish(WHOLE_TABLE);
    let printed = process.seen().to_vec();
    assert_eq!(code, Some(0), "{part}:\n{}", printed.join("\n"));
    printed
}

/// The folder with the table's player, compiled once for all tests of a process.
fn classes() -> &'static Path {
    static CLASSES: OnceLock<TempDir> = OnceLock::new();
    let folder = CLASSES.get_or_init(|| {
        let folder = TempDir::new().expect("a folder for classes");
        let entries = std::fs::read_dir(source("driver")).expect("the player's sources");
        let files = entries.flatten().map(|entry| entry.path());
        let sources = files.filter(|path| path.extension().is_some_and(|end| end == "java"));
        let mut compile = Command::new("javac");
        compile.args(["-Xlint:all", "-Werror", "-cp", CLASS_PATH, "-d"]);
        compile.arg(folder.path()).args(sources);
        let mut process = Lines::start("javac", &mut compile);
        let code = process.finish(START);
        assert_eq!(code, Some(0), "{}", process.seen().join("\n"));
        folder
    });
    folder.path()
}
