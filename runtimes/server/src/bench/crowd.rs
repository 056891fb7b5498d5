//! Clients that are there and idle while others are measured.

use super::args::Openwire;
use anyhow::{Context, Result, anyhow};
use core::fmt::Write as _;
use core::ops::Range;
use finewire_tokio::Options;
use finewire_tokio::openwire::{Connection, Consumer, DestinationAddress, Plan, open};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Connections that are being opened at a time.
const AT_A_TIME: u32 = 64;

/// Idle connections, each with a consumer, kept alive until this is dropped.
#[derive(Debug)]
pub(super) struct Crowd {
    over: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Crowd {
    /// Is there once all connections are open and consume; without connections at once.
    pub(super) fn gather(args: &Openwire) -> Result<Self> {
        if args.crowd == 0 {
            return Ok(Self {
                over: None,
                thread: None,
            });
        }
        let (over, is_over) = oneshot::channel();
        let (ready, is_ready) = mpsc::sync_channel(1);
        let args = args.clone();
        let thread = thread::spawn(move || stand_about(&args, &ready, is_over));
        if is_ready.recv().is_err() {
            // It ended before it was ready, and says why.
            let joined = thread.join().map_err(|_| anyhow!("it panicked"))?;
            joined.context("the crowd")?;
            return Err(anyhow!("the crowd went home"));
        }
        Ok(Self {
            over: Some(over),
            thread: Some(thread),
        })
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // Dropped or not there, it is over.
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn stand_about(
    args: &Openwire,
    ready: &mpsc::SyncSender<()>,
    is_over: oneshot::Receiver<()>,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut there = Vec::new();
        let mut coming = JoinSet::new();
        for n in 0..args.crowd {
            if n >= AT_A_TIME {
                there.extend(coming.join_next().await.transpose()?.transpose()?);
            }
            coming.spawn(come(args.url.clone(), addresses(args, n)));
        }
        while let Some(one) = coming.join_next().await {
            there.push(one??);
        }
        ready.send(()).context("nobody waits for the crowd")?;
        // An error says that the sender was dropped: over, too.
        let _ = is_over.await;
        Ok(())
    })
}

/// What connection `n` consumes: its share of the destinations.
fn addresses(args: &Openwire, n: u32) -> String {
    let all = u64::from(args.crowd_destinations);
    let share = |n: u32| all * u64::from(n) / u64::from(args.crowd.max(1));
    let queues: Range<u64> = share(n)..share(n + 1);
    if queues.is_empty() {
        return format!("topic://finewire.crowd.{n}");
    }
    let first = queues.start;
    queues.fold(String::new(), |mut names, queue| {
        let comma = if queue == first { "queue://" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(names, "{comma}finewire.crowd.{queue}");
        names
    })
}

async fn come(url: String, addresses: String) -> Result<(Connection, Consumer)> {
    let address: DestinationAddress = addresses.parse()?;
    let (connection, events) = open(Plan::new(&url)?, Options::default())?;
    drop(events);
    connection
        .connected()
        .await
        .with_context(|| format!("no connection to {url} for one of the crowd"))?;
    let consumer = connection
        .consumer(address)
        .open()
        .await
        .with_context(|| format!("cannot consume {addresses}"))?;
    Ok((connection, consumer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        openwire: Openwire,
    }

    #[test]
    fn every_destination_of_the_crowd_has_exactly_one_consumer() {
        let line = ["", "--crowd", "3", "--crowd-destinations", "7"];
        let args = Line::parse_from(line).openwire;
        let all: Vec<String> = (0..3).map(|n| addresses(&args, n)).collect();
        assert_eq!(
            all,
            [
                "queue://finewire.crowd.0,finewire.crowd.1",
                "queue://finewire.crowd.2,finewire.crowd.3",
                "queue://finewire.crowd.4,finewire.crowd.5,finewire.crowd.6",
            ]
        );
        let args = Line::parse_from(["", "--crowd", "2"]).openwire;
        assert_eq!(addresses(&args, 1), "topic://finewire.crowd.1");
        assert!(Line::try_parse_from(["", "--crowd-destinations", "7"]).is_err());
    }
}
