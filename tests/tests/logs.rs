//! What the program logs as a collector of logs reads it, and what its unit, alerts and dashboard rely on.

use finewire_tests::peers::house::{BUILT_IN, KEY, PATIENCE, file, folder, holds_no_secret};
use finewire_tests::peers::{Simulator, available, end, run, start};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const CATALOGUE: &str = include_str!("../../runtimes/server/docs/LOGS.md");
const ALERTS: &str = include_str!("../../runtimes/server/deploy/finewire-alerts.yml");
const DASHBOARD: &str = include_str!("../../runtimes/server/deploy/finewire-dashboard.json");
const UNIT: &str = include_str!("../../runtimes/server/deploy/finewire.service");

/// The level of each code, as the catalogue has it.
fn catalogue() -> BTreeMap<&'static str, &'static str> {
    let sections = CATALOGUE.split("\n### ").skip(1);
    let levels = sections.map(|section| {
        let code = section.split_whitespace().next().expect("a code");
        let level = section.split('`').nth(1);
        (code, level.unwrap_or_else(|| panic!("{code}: no level")))
    });
    levels.collect()
}

#[test]
fn every_json_line_parses_and_has_the_level_that_the_catalogue_gives_its_code() {
    let folder = folder();
    let key = file(&folder, "key", KEY);
    let simulator = Simulator::start(folder.path());
    let config = format!(
        "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:0\"\n\n{}\n[driver]\n\
         use_secure_password = true\nkey_file = \"key\"\ntime_zone = \"UTC\"\n\n\
         [monitor]\nenabled = false\n",
        simulator.node()
    );
    let config = file(&folder, "finewire.toml", &config);
    let environment = [("FINEWIRE_LOG_FORMAT", "json"), ("FINEWIRE_LOG", "debug")];
    let mut serve = start(folder.path(), &["serve", "--config", &config], &environment);
    let broker = serve.expect("broker", PATIENCE, |line| line.starts_with("broker "));
    let broker = broker["broker".len()..].trim().to_owned();
    serve.expect("service", PATIENCE, |line| line == "in service");
    for (password, code) in [(BUILT_IN, Some(0)), ("not-the-password", Some(1))] {
        let mut arguments = vec!["driver", "ready", "--broker", &broker];
        arguments.extend(["--key-file", &key, "--timeout", "20"]);
        if password != BUILT_IN {
            arguments.extend(["--agent", "1001002", "--extension", "2002"]);
        }
        let ran = run(
            folder.path(),
            &arguments,
            &[("FINEWIRE_PASSWORD", password)],
        );
        assert_eq!(ran.code, code, "{}", ran.text);
    }
    drop(simulator);
    serve.expect("the loss", PATIENCE, |line| line.contains("FW-1302"));
    assert_eq!(end(&mut serve, "TERM"), Some(0));

    let known = catalogue();
    let mut met = BTreeSet::new();
    for line in serve.seen() {
        if !line.starts_with('{') {
            // What is printed for the operator is no log line.
            assert!(!line.contains("FW-"), "{line}");
            continue;
        }
        let row: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let text = |name: &str| {
            let text = row.get(name).and_then(Value::as_str);
            text.unwrap_or_else(|| panic!("no {name}: {line}"))
                .to_owned()
        };
        assert!(text("timestamp").ends_with('Z'), "{line}");
        assert!(!text("message").is_empty(), "{line}");
        let (code, level) = (text("code"), text("level").to_lowercase());
        let wanted = known.get(code.as_str()).copied();
        assert_eq!(wanted, Some(level.as_str()), "{line}");
        met.insert(code);
    }
    for wanted in [
        "FW-1001", "FW-1201", "FW-1203", "FW-1301", "FW-1302", "FW-1402", "FW-1405", "FW-1407",
    ] {
        assert!(met.contains(wanted), "no {wanted} among {met:?}");
    }
    let printed = serve.seen().join("\n");
    holds_no_secret(&printed, BUILT_IN, KEY);
    assert!(!printed.contains("not-the-password"));
}

#[test]
fn alerts_dashboard_and_unit_name_only_codes_that_are_explained() {
    let known = catalogue();
    for text in [ALERTS, DASHBOARD, UNIT] {
        for (at, _) in text.match_indices("FW-") {
            let code = &text[at..at + 7];
            assert!(known.contains_key(code), "{code} is not explained");
        }
    }
    serde_json::from_str::<Value>(DASHBOARD).expect("the dashboard is JSON");
}

#[test]
fn systemd_understands_the_unit_and_finds_little_exposed() {
    let tool = "/usr/bin/systemd-analyze";
    if !available("systemd-analyze", &[tool]) {
        return;
    }
    let folder = folder();
    // A program that is there: the path of the installed one is the operator's.
    let text = UNIT.replace("/usr/local/bin/finewire", "/bin/true");
    assert!(text.contains("ExecStart=/bin/true serve"), "{text}");
    let unit = file(&folder, "finewire.service", &text);
    let ran = |arguments: &[&str]| {
        let output = Command::new(tool).args(arguments).arg(&unit).output();
        let output = output.expect("systemd-analyze runs");
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.success(), text)
    };
    let (is_fine, said) = ran(&["verify", "--man=no"]);
    // Other units of the machine are none of ours.
    let ours: Vec<_> = said
        .lines()
        .filter(|line| line.contains("finewire.service"))
        .collect();
    assert!(is_fine && ours.is_empty(), "{said}");
    // 20 of 100: "OK"; the directives that the unit has give less.
    let (is_safe, said) = ran(&["security", "--offline=yes", "--threshold=20", "--no-pager"]);
    assert!(is_safe, "{said}");
}
