//! `finewire replay`: what happened while a recording was made, told again.

use crate::cli;
use crate::monitor::At;
use crate::record::{Line, Replay};
use anyhow::{Context, Result};
use finewire_host::record::Ending;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Write};
use std::process::ExitCode;

/// The exit code for a recording that is damaged: what was printed is right, more is not known.
const DAMAGED: u8 = 3;

pub(crate) fn run(args: &cli::Replay) -> Result<ExitCode> {
    let path = args.file.display();
    let file = File::open(&args.file).with_context(|| format!("cannot read {path}"))?;
    let mut replay = Replay::open(BufReader::new(file)).with_context(|| format!("{path}"))?;
    let ours = env!("CARGO_PKG_VERSION");
    let theirs = &replay.preface().program;
    if theirs != ours {
        eprintln!("recorded by finewire {theirs}, replayed by {ours}: what they decide may differ");
    }
    let mut out = std::io::stdout().lock();
    loop {
        let line = match replay.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(e) => {
                out.flush()?;
                eprintln!("finewire: {path}: {e:#}");
                return Ok(ExitCode::from(DAMAGED));
            }
        };
        if args
            .until
            .is_some_and(|until| line.at() > At(until.as_millisecond()))
        {
            return Ok(ExitCode::SUCCESS);
        }
        if !is_wanted(&line, args) {
            continue;
        }
        let text = if args.json { json(&line)? } else { text(&line) };
        match writeln!(out, "{text}") {
            // A reader that has seen enough.
            Err(e) if e.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            result => result.context("standard output")?,
        }
    }
    out.flush().context("standard output")?;
    match replay.ending() {
        Some(Ending::Torn(at)) => eprintln!("the recording breaks off at byte {at}"),
        Some(Ending::Closed(why)) => eprintln!("the recording ends: {why}"),
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn is_wanted(line: &Line, args: &cli::Replay) -> bool {
    let (agent, is_message) = match line {
        Line::Row(agent, _) => (agent.as_str(), false),
        Line::Message(message) => (message.agent.as_deref().unwrap_or_default(), true),
    };
    (args.messages || !is_message) && args.agent.as_ref().is_none_or(|only| only == agent)
}

fn json(line: &Line) -> Result<String> {
    let mut value = match line {
        Line::Row(_, row) => serde_json::to_value(row)?,
        Line::Message(message) => serde_json::to_value(message)?,
    };
    if let Some(object) = value.as_object_mut() {
        // Numbers of rows are those of a monitor that has watched from the start.
        object.remove("n");
        if let Line::Row(agent, _) = line {
            object.insert("agent".into(), agent.as_str().into());
        }
    }
    Ok(value.to_string())
}

fn text(line: &Line) -> String {
    let mut text = match line {
        Line::Row(agent, row) => {
            let spent = row.latency_ms.map(|hops| format!(" ({} ms)", hops.total));
            let mut text = format!(
                "{}  {agent:<10} {:<8} {}{}",
                row.at,
                row.kind,
                row.text,
                spent.unwrap_or_default()
            );
            push(&mut text, &row.detail);
            text
        }
        Line::Message(message) => {
            let parties = format!("{} → {}", message.from, message.to);
            let agent = message.agent.as_deref().unwrap_or("-");
            let mut text = format!(
                "{}  {agent:<10} {:<8} {parties}  {}",
                message.at, message.link, message.subject
            );
            push(&mut text, &message.detail);
            text
        }
    };
    if text.contains(char::is_control) {
        text = text.replace(char::is_control, " ");
    }
    text
}

fn push(text: &mut String, detail: &str) {
    if !detail.is_empty() {
        text.push_str("  ");
        text.push_str(detail);
    }
}
