//! `finewire support-bundle`: what a support case needs, in one archive, without secrets.

use super::doctor::plan;
use crate::cli;
use crate::config;
use crate::doctor::{examine, secrets};
use crate::parts::exchange;
use crate::secret;
use crate::support::{Archive, Redaction, facts};
use anyhow::{Context, Result};
use bytes::Bytes;
use core::fmt::Write as _;
use core::net::SocketAddr;
use finewire_core::password::Secret;
use finewire_http::{Request, header};
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
    let mut known = gather_secrets(&config, at);
    known.extend(plan.agent.as_ref().map(|agent| agent.password.clone()));
    let token = match &args.monitor_token_file {
        Some(file) => Some(secret::from_file(file)?),
        None => None,
    };
    known.extend(token.clone());
    let redaction = Redaction::of(&known);
    let mut add = |name: &str, text: &str| archive.add(name, &redaction.clean(text));

    match configuration(&config) {
        Ok(text) => add("configuration.json", &text)?,
        Err(why) => missing.push(format!("configuration.json: {why}")),
    }
    match config::load(&args.config) {
        Ok(settings) => {
            let report = examine(settings, &args.config, plan).await;
            add("doctor.json", &serde_json::to_string_pretty(&report)?)?;
            add("doctor.txt", &report.to_string())?;
        }
        Err(faults) => {
            let told = serde_json::json!({
                "version": env!("CARGO_PKG_VERSION"),
                "verdict": "configuration",
                "finding": format!("{faults:#}"),
            });
            add("doctor.json", &format!("{told:#}"))?;
        }
    }
    add("system.txt", &facts())?;
    let monitor = monitor(&config);
    for (page, name) in PAGES {
        match ask(monitor, page, token.as_ref()).await {
            Ok(text) => add(name, &text)?,
            Err(why) => missing.push(format!("{name}: {why:#}")),
        }
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

/// The configuration without comments, in which anything may stand.
fn configuration(text: &str) -> Result<String> {
    let mut table: toml::Table = text.parse().context("the configuration does not read")?;
    for value in table.iter_mut().map(|(_, value)| value) {
        mask(value, false);
    }
    serde_json::to_string_pretty(&table).context("the configuration")
}

/// Takes out what is named like a secret; a name that ends in `_file` names a path.
fn mask(value: &mut toml::Value, is_secret: bool) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table.iter_mut() {
                let name = name.to_ascii_lowercase();
                let words = ["password", "secret", "token", "key", "hash"];
                let is_named = words.iter().any(|word| name.contains(word));
                let is_path = name.ends_with("_file");
                let is_flag = matches!(value, toml::Value::Boolean(_));
                mask(value, is_secret || is_named && !is_path && !is_flag);
            }
        }
        toml::Value::Array(list) => list.iter_mut().for_each(|value| mask(value, is_secret)),
        other if is_secret => *other = toml::Value::String("[redacted]".into()),
        _ => {}
    }
}

/// Where the configuration has the monitor listen.
fn monitor(config: &str) -> SocketAddr {
    let table = config.parse::<toml::Table>().unwrap_or_default();
    let listen = table
        .get("monitor")
        .and_then(|monitor| monitor.get("listen"));
    let listen = listen.and_then(toml::Value::as_str);
    let address = listen.and_then(|listen| listen.parse().ok());
    address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8162)))
}

async fn ask(monitor: SocketAddr, page: &str, token: Option<&Secret>) -> Result<String> {
    let mut request = Request::get(page);
    if let Some(token) = token {
        let mut value = header::HeaderValue::from_str(&format!("Bearer {}", token.expose()))?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    let response = exchange(monitor, request.body(Bytes::new())?).await?;
    let status = response.status().as_u16();
    if matches!(status, 401 | 403 | 404) {
        anyhow::bail!("the monitor answers {status} (--monitor-token-file FILE lets it answer)");
    }
    Ok(String::from_utf8_lossy(response.body()).into_owned())
}

fn end_of(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG)))?;
    let mut bytes = Vec::new();
    file.take(LOG).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
