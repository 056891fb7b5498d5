//! `finewire support-bundle`: what a support case needs, in one archive, without secrets.

use super::doctor::plan;
use crate::cli;
use crate::config::{self, Checked};
use crate::doctor::{examine, secrets};
use crate::secret;
use crate::support::{Archive, Redaction, Running, facts};
use anyhow::Result;
use core::fmt::Write as _;
use finewire_core::password::Secret;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The end of a log that is taken, in bytes.
const LOG: u64 = 4 * 1024 * 1024;
/// What a running connector's monitor is asked.
const PAGES: [(&str, &str); 4] = [
    ("/healthz", "running/healthz.txt"),
    ("/readyz", "running/readyz.txt"),
    ("/metrics", "running/metrics.txt"),
    ("/api/status", "running/status.json"),
];

pub(crate) async fn run(args: cli::SupportBundle) -> Result<ExitCode> {
    let plan = plan(&args.examination)?;
    let moment = jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let folder = format!("finewire-support-{moment}");
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{folder}.tar.gz")));
    let mut archive = Archive::create(&path, &folder)?;
    let packed = pack(&mut archive, &args, plan).await;
    let result = packed.and_then(|()| archive.finish());
    if result.is_err() {
        // Half an archive helps nobody.
        let _ = std::fs::remove_file(&path);
    }
    result?;
    println!("{}", path.display());
    println!(
        "only you can read it; it holds no password and no key, but names of hosts, agents and numbers"
    );
    Ok(ExitCode::SUCCESS)
}

async fn pack(
    archive: &mut Archive,
    args: &cli::SupportBundle,
    plan: crate::doctor::Plan,
) -> Result<()> {
    let mut missing = Vec::new();
    let config = std::fs::read_to_string(&args.config).unwrap_or_default();
    let at = args.config.parent().unwrap_or_else(|| Path::new(""));
    let checked = config::check_file(&args.config);
    let mut known = gather_secrets(&config, at);
    if let Ok(checked) = &checked {
        // Those too that the environment names.
        known.extend(gather_secrets(&effective(checked), at));
    }
    known.extend(plan.agent.as_ref().map(|agent| agent.password.clone()));
    let token = match &args.monitor_token_file {
        Some(file) => Some(secret::from_file(file)?),
        None => None,
    };
    known.extend(token.clone());
    let redaction = Redaction::of(&known);
    let mut add = |name: &str, text: &str| archive.add(name, &redaction.clean(text));

    let mut running = None;
    match checked {
        Ok(checked) => {
            add("configuration.toml", &config::show(&checked.rows))?;
            let Checked {
                settings, access, ..
            } = checked;
            running = settings.monitor.map(|address| (address, access));
            let report = examine(settings, &args.config, plan).await;
            add("doctor.json", &serde_json::to_string_pretty(&report)?)?;
            add("doctor.txt", &report.to_string())?;
        }
        Err(faults) => {
            let told = serde_json::json!({
                "version": env!("CARGO_PKG_VERSION"),
                "verdict": "configuration",
                "finding": faults.to_string(),
            });
            add("doctor.json", &format!("{told:#}"))?;
            missing.push("configuration.toml: it cannot be used, see doctor.json".to_owned());
        }
    }
    add("system.txt", &facts())?;
    let configured = running.as_ref().map(|(at, access)| (*at, access));
    match Running::find(args.monitor.as_deref(), configured).await {
        Ok(running) => {
            for (page, name) in PAGES {
                match running.ask(page, token.as_ref()).await {
                    Ok(text) => add(name, &text)?,
                    Err(why) => missing.push(format!("{name}: {why:#}")),
                }
            }
        }
        Err(why) => missing.extend(PAGES.map(|(_, name)| format!("{name}: {why:#}"))),
    }
    for (log, number) in args.log.iter().zip(1..) {
        let file = log.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("logs/{number}-{file}");
        match end_of(log) {
            Ok(text) => add(&name, &text)?,
            Err(why) => missing.push(format!("{name}: {why:#}")),
        }
    }
    if args.log.is_empty() {
        missing.push("logs: none was named (--log FILE)".to_owned());
    }
    let mut list = String::from("In this archive\n");
    for (name, size) in archive.written() {
        writeln!(list, "  {size:>9}  {name}")?;
    }
    list.push_str("Not in it\n");
    for line in &missing {
        writeln!(list, "  {line}")?;
    }
    if redaction.too_short() > 0 {
        let count = redaction.too_short();
        writeln!(
            list,
            "{count} secrets are too short to be taken out of text for sure"
        )?;
    }
    archive.add("contents.txt", &redaction.clean(&list))
}

/// Every secret that the configuration leads to.
fn gather_secrets(config: &str, folder: &Path) -> Vec<Secret> {
    let files = secrets::files(config, folder).into_iter();
    let mut known: Vec<Secret> = Vec::new();
    for file in files {
        // The doctor tells which cannot be read.
        let Ok(text) = std::fs::read_to_string(&file.path) else {
            continue;
        };
        known.extend(text.lines().map(|line| Secret::from(line.trim())));
    }
    known
}

/// What holds, a line for each key.
fn effective(checked: &Checked) -> String {
    let rows = checked.rows.iter();
    let lines =
        rows.filter_map(|row| Some(format!("\"{}\" = {}\n", row.path, row.value.as_ref()?)));
    lines
        .filter(|line| line.parse::<toml::Table>().is_ok())
        .collect()
}

fn end_of(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG)))?;
    let mut bytes = Vec::new();
    file.take(LOG).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
