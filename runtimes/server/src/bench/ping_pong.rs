//! What the machine's own network costs: bytes through as many sockets as a request and its reply go
//! through, with nothing done to them.

use super::args::Tcp;
use super::figures::{Figures, cpu_time, histogram};
use super::pace::Clock;
use anyhow::{Context, Result, bail};
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

/// A process that passes bytes on between its first two connections, as a broker between two clients.
pub(super) fn relay() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let (first, _) = listener.accept()?;
    let (second, _) = listener.accept()?;
    for stream in [&first, &second] {
        stream.set_nodelay(true)?;
    }
    let (from, to) = (second.try_clone()?, first.try_clone()?);
    let back = thread::spawn(move || pass(from, to));
    pass(first, second);
    if back.join().is_err() {
        bail!("the way back panicked");
    }
    Ok(())
}

/// Until either side is gone.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                if to
                    .write_all(buffer.get(..count).unwrap_or_default())
                    .is_err()
                {
                    break;
                }
            }
        }
    }
    // The other side learns that it is over; it may know already.
    let _ = to.shutdown(std::net::Shutdown::Both);
}

pub(super) fn run(args: &Tcp) -> Result<Figures> {
    let size = usize::try_from(args.size)?;
    let mut relay = Command::new(std::env::current_exe()?)
        .args(["bench", "relay"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let output = relay.stdout.take().context("the relay has an output")?;
    BufReader::new(output).read_line(&mut line)?;
    let port: u16 = line.trim().parse().context("the relay's port")?;
    let mut here = TcpStream::connect(("127.0.0.1", port))?;
    let mut there = TcpStream::connect(("127.0.0.1", port))?;
    here.set_nodelay(true)?;
    there.set_nodelay(true)?;
    let echo = thread::spawn(move || {
        let mut buffer = vec![0; size];
        while there.read_exact(&mut buffer).is_ok() && there.write_all(&buffer).is_ok() {}
    });
    let length = Duration::from_secs(args.seconds);
    let clock = Clock::start();
    let mut times = histogram();
    let mut buffer = vec![0; size];
    let cpu = cpu_time();
    let mut count = 0;
    while clock.elapsed() < length {
        let sent = clock.nanos();
        here.write_all(&buffer)?;
        here.read_exact(&mut buffer)?;
        times.saturating_record(clock.nanos().saturating_sub(sent));
        count += 1;
    }
    let at_end = cpu_time();
    let seconds = clock.elapsed().as_secs_f64();
    drop(here);
    // Both end with the connection.
    let _ = echo.join();
    relay.wait()?;
    Ok(Figures {
        name: "tcp",
        seconds,
        sent: count,
        received: count,
        corrected: false,
        times,
        cpu: cpu.zip(at_end).map(|(from, to)| to.saturating_sub(from)),
        trouble: Vec::new(),
        json: args.form.json,
    })
}
