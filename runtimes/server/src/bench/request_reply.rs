//! One asks, one answers.

use super::args::Openwire;
use super::figures::{Figures, cpu_time, histogram};
use super::load::bar;
use super::pace::{Clock, Pace, nanos, stamped};
use anyhow::{Context, Result, anyhow};
use core::time::Duration;
use finewire_tokio::Options;
use finewire_tokio::openwire::{Destination, DestinationAddress, Message, Plan, open};
use std::sync::mpsc;
use std::thread;

/// How long one answer may take before the run counts as failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(args: &Openwire) -> Result<Figures> {
    let destination = args
        .destination
        .as_deref()
        .unwrap_or("queue://finewire.bench");
    let address: DestinationAddress = destination.parse()?;
    let (ready, is_ready) = mpsc::sync_channel(1);
    let (over, is_over) = tokio::sync::oneshot::channel();
    let answering = {
        let (url, address) = (args.url.clone(), address.clone());
        thread::spawn(move || -> Result<()> {
            runtime()?.block_on(answer(&url, address, ready, is_over))
        })
    };
    if is_ready.recv().is_err() {
        // It ended before it was ready, and says why.
        let joined = answering.join().map_err(|_| anyhow!("it panicked"))?;
        joined.context("the answering client")?;
        return Err(anyhow!("the answering client stopped"));
    }
    let figures = runtime()?.block_on(ask(args, address.destination));
    // The answering side may have stopped already.
    let _ = over.send(());
    let answered = answering.join();
    let mut figures = figures?;
    if let Ok(Err(error)) = answered {
        figures
            .trouble
            .push(format!("the answering client: {error:#}"));
    }
    Ok(figures)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

async fn answer(
    url: &str,
    address: DestinationAddress,
    ready: mpsc::SyncSender<()>,
    mut is_over: tokio::sync::oneshot::Receiver<()>,
) -> Result<()> {
    let (connection, _) = open(Plan::new(url)?, Options::default())?;
    connection.connected().await?;
    let mut requests = connection.consumer(address).open().await?;
    let answers = connection.anonymous_producer().open().await?;
    ready.send(()).context("nobody asks")?;
    loop {
        let next = tokio::select! {
            biased;
            next = requests.next() => next?,
            _ = &mut is_over => return Ok(()),
        };
        let Some(request) = next else {
            return Ok(());
        };
        let Some(to) = request.reply_to.clone() else {
            continue;
        };
        let mut answer = Message::bytes(request.content.clone().unwrap_or_default());
        answer.correlation_id = request.correlation_id.clone();
        answers.send_to(to, answer).await?;
    }
}

async fn ask(args: &Openwire, to: Destination) -> Result<Figures> {
    let (connection, _) = open(Plan::new(&args.url)?, Options::default())?;
    let connected = connection.connected().await;
    connected.with_context(|| format!("no connection to {}", args.url))?;
    let requester = connection.requester(to).await?;
    let clock = Clock::start();
    let pace = args.rate.map(|rate| Pace::share(rate, 1, 0));
    let bar = bar(args.length());
    let mut shown = Duration::ZERO;
    let mut times = histogram();
    let (mut next, mut counted, mut sent) = (0_u32, 0_u64, 0_u64);
    let mut cpu = None;
    while clock.elapsed() < args.length() {
        let due = match pace {
            None => clock.nanos(),
            Some(pace) => {
                let due = pace.due(next);
                next += 1;
                if clock.elapsed() < due {
                    tokio::time::sleep_until(clock.at(due).into()).await;
                }
                nanos(due)
            }
        };
        let warm = clock.elapsed() >= args.warm_up();
        if warm && cpu.is_none() {
            cpu = cpu_time();
        }
        let request = requester.request(Message::bytes(stamped(args.body(), due)));
        tokio::time::timeout(PATIENCE, request)
            .await
            .with_context(|| format!("no answer in {PATIENCE:?}"))??;
        if warm {
            sent += 1;
            counted += 1;
            times.saturating_record(clock.nanos().saturating_sub(due));
        }
        if clock.elapsed().saturating_sub(shown) > Duration::from_millis(100) {
            shown = clock.elapsed();
            bar.set_position(u64::try_from(shown.as_millis()).unwrap_or(u64::MAX));
        }
    }
    bar.finish_and_clear();
    let at_end = cpu_time();
    let seconds = clock.elapsed().saturating_sub(args.warm_up());
    connection.close().await?;
    Ok(Figures {
        name: "request-reply",
        seconds: seconds.as_secs_f64(),
        sent,
        received: counted,
        corrected: args.rate.is_some(),
        times,
        cpu: cpu.zip(at_end).map(|(from, to)| to.saturating_sub(from)),
        trouble: Vec::new(),
        json: args.form.json,
    })
}
