//! A server's process, and what the system knows of it.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A running server; dropping it ends it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// What each thread of the process has used so far: its processor time, and its context switches, wished for or not.
#[derive(Debug, Default)]
pub(crate) struct Used(BTreeMap<OsString, (Duration, u64)>);

impl Used {
    /// What was used since `before` by the threads that are there now. A thread of an earlier load may end meanwhile; it
    /// is no part of this one.
    pub(crate) fn since(&self, before: &Self) -> (Duration, u64) {
        let mut sum = (Duration::ZERO, 0);
        for (thread, (processor, switches)) in &self.0 {
            let (processor_before, switches_before) =
                before.0.get(thread).copied().unwrap_or_default();
            sum.0 += processor.saturating_sub(processor_before);
            sum.1 += switches.saturating_sub(switches_before);
        }
        sum
    }
}

impl Server {
    pub(crate) fn start(name: &str) -> Self {
        Self::spawn(Command::new(std::env::current_exe().unwrap()), name)
    }

    /// Under callgrind, which counts its instructions.
    fn counted(name: &str) -> Self {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command
            .arg(std::env::current_exe().unwrap())
            .stderr(Stdio::piped());
        Self::spawn(command, name)
    }

    fn spawn(mut command: Command, name: &str) -> Self {
        command
            .args(["serve", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        // Executors with one thread each: the loops are compared, not how tasks are dealt out.
        command
            .env("SMOL_THREADS", "1")
            .env("ASYNC_STD_THREAD_COUNT", "1");
        let mut child = command.spawn().expect("the server starts");
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        let port: u16 = port.trim().parse().expect("the server listens");
        Self {
            child,
            address: ([127, 0, 0, 1], port).into(),
        }
    }

    pub(crate) fn used(&self) -> Used {
        let mut used = Used::default();
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        for task in tasks.filter_map(Result::ok) {
            // A thread may end while it is looked at.
            let read = |file: &str| fs::read_to_string(task.path().join(file)).unwrap_or_default();
            let schedule = read("schedstat");
            let Some(nanoseconds) = schedule
                .split(' ')
                .next()
                .and_then(|field| field.parse().ok())
            else {
                continue;
            };
            let status = read("status");
            let switches = status
                .lines()
                .filter(|line| line.contains("voluntary_ctxt_switches"));
            let counts =
                switches.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok());
            used.0.insert(
                task.file_name(),
                (Duration::from_nanos(nanoseconds), counts.sum()),
            );
        }
        used
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            * 1024
    }

    /// Ends it; what it said on standard error, where that is read.
    fn end(&mut self) -> String {
        drop(self.child.stdin.take());
        let mut said = String::new();
        if let Some(errors) = self.child.stderr.as_mut() {
            errors.read_to_string(&mut said).unwrap();
        }
        self.child.wait().unwrap();
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Instructions of a message in user space: what is left between a short and a long load.
pub(crate) fn instructions(name: &str, load: impl Fn(SocketAddr, usize)) -> f64 {
    const SHORT: usize = 200;
    const LONG: usize = 2_200;
    let counted = |messages: usize| {
        let mut server = Server::counted(name);
        load(server.address, messages);
        let said = server.end();
        let line = said
            .lines()
            .find(|line| line.contains("Collected :"))
            .expect("callgrind counts");
        line.split_whitespace()
            .last()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    (counted(LONG) - counted(SHORT)) / (LONG - SHORT) as f64
}
