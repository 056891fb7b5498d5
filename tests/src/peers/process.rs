//! A child process that is read line by line and ends with its owner.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A running process whose output (standard and error) is read line by line.
#[derive(Debug)]
pub struct Lines {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<String>,
    unread: VecDeque<String>,
}

impl Lines {
    /// Starts `command`; its output is captured, its input is ours.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start(name: &str, command: &mut Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {name}: {e}"));
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        for stream in [
            Box::new(stdout) as Box<dyn std::io::Read + Send>,
            Box::new(stderr),
        ] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines() {
                    let Ok(line) = line else { break };
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let stdin = child.stdin.take();
        Self {
            name: name.into(),
            child,
            stdin,
            lines,
            seen: Vec::new(),
            unread: VecDeque::new(),
        }
    }

    /// Writes one line to its input.
    ///
    /// # Panics
    ///
    /// When the process does not read any more.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("input is open");
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .unwrap_or_else(|e| {
                panic!(
                    "{} does not take {line:?}: {e}\n{}",
                    self.name,
                    self.seen.join("\n")
                )
            });
    }

    /// The next line that `wanted` accepts, within `within`; lines before it are passed over.
    ///
    /// # Panics
    ///
    /// When it does not come; the message shows everything that came.
    pub fn expect(
        &mut self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> String {
        let at = self.find(what, within, wanted);
        self.unread.drain(..=at).next_back().expect("it was found")
    }

    /// As [`Lines::expect`], but the lines before it stay to be expected: for answers that come
    /// in between of other things.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub fn expect_among(
        &mut self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> String {
        let at = self.find(what, within, wanted);
        self.unread.remove(at).expect("it was found")
    }

    fn find(&mut self, what: &str, within: Duration, wanted: impl Fn(&str) -> bool) -> usize {
        if let Some(at) = self.unread.iter().position(|line| wanted(line)) {
            return at;
        }
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    self.unread.push_back(line);
                    let at = self.unread.len() - 1;
                    if wanted(&self.unread[at]) {
                        return at;
                    }
                }
                Err(end) => {
                    let why = match end {
                        RecvTimeoutError::Timeout => "in time",
                        RecvTimeoutError::Disconnected => "before it ended",
                    };
                    panic!(
                        "{}: {what} did not come {why}:\n{}",
                        self.name,
                        self.seen.join("\n")
                    );
                }
            }
        }
    }

    /// Every line that came so far.
    #[must_use]
    pub fn seen(&mut self) -> &[String] {
        while let Ok(line) = self.lines.try_recv() {
            self.seen.push(line.clone());
            self.unread.push_back(line);
        }
        &self.seen
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Closes its input and waits until it ends; returns its exit code.
    ///
    /// # Panics
    ///
    /// When it has not ended after `within`.
    pub fn finish(&mut self, within: Duration) -> Option<i32> {
        drop(self.stdin.take());
        let deadline = Instant::now() + within;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.code();
            }
            assert!(
                Instant::now() < deadline,
                "{} did not end in time",
                self.name
            );
            let _ = self
                .lines
                .recv_timeout(Duration::from_millis(20))
                .map(|l| self.seen.push(l));
        }
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A loopback port that was free a moment ago, for peers that cannot choose their own.
///
/// # Panics
///
/// When loopback has none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}
