//! The support bundle holds what a case needs and no secret; completions and manual page know every command.

use crate::peers::config;
use finewire_tests::peers::house::{file, folder};
use finewire_tests::peers::{free_port, run};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const PASSWORD: &str = "correct-horse-battery";

#[test]
fn a_bundle_is_for_its_owner_alone_and_holds_no_secret_from_anywhere() {
    let folder = folder();
    let _ = file(&folder, "broker-password", PASSWORD);
    let (port, broker) = (free_port(), free_port());
    let node = format!("host = \"127.0.0.1\"\nport = {port}\nxmpp_port = {port}");
    let url = format!("url = \"tcp://127.0.0.1:{broker}?jms.password=in-the-address\"");
    let url = format!("{url}\nuser = \"cti\"\npassword_file = \"broker-password\" # in-a-comment");
    let path = file(&folder, "finewire.toml", &config(&url, &node));
    let log =
        format!("10:00 connected\n10:01 {PASSWORD}\n10:02 Authorization: Basic aW4tYS1sb2c=\n");
    let log = file(&folder, "finewire.log", &log);
    let output = folder.path().join("bundle.tar.gz");
    let output = output.to_str().expect("a plain path");
    let arguments = [
        "support-bundle",
        "--config",
        &path,
        "--output",
        output,
        "--log",
        &log,
    ];

    let ran = run(folder.path(), &arguments, &[]);

    assert_eq!(ran.code, Some(0), "{}", ran.text);
    let mode = std::fs::metadata(output)
        .expect("the archive")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let unpacked = Command::new("tar")
        .args(["-xzf", output])
        .current_dir(folder.path())
        .status();
    assert!(unpacked.expect("tar runs").success());
    let entries = std::fs::read_dir(folder.path())
        .expect("our folder")
        .flatten();
    let mut bundles = entries.filter(|it| {
        it.file_name()
            .to_string_lossy()
            .starts_with("finewire-support-")
    });
    let bundle = bundles.next().expect("what was unpacked").path();
    let mut all = String::new();
    for name in [
        "configuration.toml",
        "doctor.json",
        "doctor.txt",
        "system.txt",
        "logs/1-finewire.log",
        "contents.txt",
    ] {
        all.push_str(&read(&bundle.join(name)));
    }
    for secret in [PASSWORD, "in-the-address", "in-a-comment", "aW4tYS1sb2c"] {
        assert!(!all.contains(secret), "{secret} in\n{all}");
    }
    let report: serde_json::Value =
        serde_json::from_str(&read(&bundle.join("doctor.json"))).expect("JSON still");
    assert_eq!(report["verdict"], "failed");
    let shown = run(folder.path(), &["config", "show", "--config", &path], &[]);
    let config = read(&bundle.join("configuration.toml"));
    let lines = |text: &str| {
        text.lines()
            .map(|it| it.trim_end().to_owned())
            .collect::<Vec<_>>()
    };
    let (config, shown) = (lines(&config), lines(&shown.text));
    // The URL's password is asterisks in both, in as many.
    let told = |line: &&String| !line.starts_with("url = ");
    let kept: Vec<_> = config.iter().filter(told).collect();
    assert!(kept.len() > 20, "{config:?}");
    for line in kept {
        assert!(shown.contains(line), "{line:?} is not in {shown:#?}");
    }
    assert!(
        config
            .iter()
            .any(|it| it.starts_with("queue = ") && it.ends_with("# default"))
    );
    assert!(
        config.iter().any(|it| it.ends_with("# finewire.toml:4")),
        "{config:#?}"
    );
    assert!(
        all.contains("10:00 connected") && all.contains("running/status.json: "),
        "{all}"
    );

    // What was there before is never overwritten.
    let again = run(folder.path(), &arguments, &[]);
    assert_eq!(again.code, Some(1), "{}", again.text);
    assert!(Path::new(output).exists());
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn completions_and_manual_page_know_every_command() {
    let folder = folder();
    let pages = ["bash", "zsh", "fish", "powershell", "elvish"]
        .map(|shell| run(folder.path(), &["completions", shell], &[]));
    let man = run(folder.path(), &["man"], &[]);
    for ran in pages.iter().chain([&man]) {
        assert_eq!(ran.code, Some(0), "{}", ran.text);
        // In the page of man(7) a hyphen is written as \-.
        let text = ran.text.replace('\\', "").to_lowercase();
        for command in [
            "serve",
            "doctor",
            "support-bundle",
            "simulate",
            "agent-password-file",
        ] {
            assert!(text.contains(command), "{command} in {}", ran.text);
        }
    }
    assert!(man.text.contains(".TH finewire"), "{}", man.text);
}

#[test]
fn a_configuration_that_cannot_be_used_ends_the_doctor_with_2_and_is_told_in_full() {
    let folder = folder();
    let text = config("url = \"smoke:x\"", "host = \"https://x\"");
    for options in [&[][..], &["--json"]] {
        let ran = crate::peers::doctor(&folder, &text, options);
        assert_eq!(ran.code, Some(2), "{}", ran.text);
        assert!(ran.text.contains("2 errors in "), "{}", ran.text);
        assert!(ran.text.contains("finewire.toml:2:7"), "{}", ran.text);
    }
    let path = folder.path().join("none.toml");
    let path = path.to_str().expect("a plain path");
    let ran = run(folder.path(), &["doctor", "--config", path], &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.text);
}
