//! Configurations as an operator writes them: what is wrong is said all at once, and what holds is shown.

use finewire_tests::peers::house::{file, folder};
use finewire_tests::peers::run;

const BAD: &str = "\
[broker]
url = \"smoke:(tcp://a:1)\"
priorty = 5

[[finesse.node]]
host = \"https://f\"
port = 70000

[driver]
use_secure_password = \"yes\"
time_zone = \"Mars/Base\"
queue = \"Q\"
";

const GOOD: &str = "\
[broker]
url = \"tcp://a.example:61616\"

[[finesse.node]]
host = \"f.example\"

[driver]
use_secure_password = false
";

#[test]
fn all_faults_come_at_once_with_exit_code_2_and_serve_ends_the_same() {
    let folder = folder();
    let path = file(&folder, "bad.toml", BAD);
    for command in ["check-config", "serve"] {
        let ran = run(folder.path(), &[command, "--config", &path], &[]);
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.text);
        for wanted in [
            "bad.toml:2:7:",
            "bad.toml:3:1: unknown key \"priorty\" in [broker]",
            "did you mean priority?",
            "bad.toml:6:8: not a host name",
            "bad.toml:7:8:",
            "bad.toml:10:23: use_secure_password is to be true or false",
            "bad.toml:11:13: unknown time zone",
            "bad.toml:12:1: unknown key \"queue\" in [driver]",
            "queue belongs in [broker]",
            "7 errors in",
        ] {
            assert!(ran.text.contains(wanted), "{wanted} in {}", ran.text);
        }
    }
    let missing = run(
        folder.path(),
        &["check-config", "--config", "none.toml"],
        &[],
    );
    assert_eq!(missing.code, Some(2), "{}", missing.text);
}

#[test]
fn what_holds_is_shown_with_its_origin_and_can_be_used_again() {
    let folder = folder();
    let path = file(&folder, "good.toml", GOOD);
    let show = ["config", "show", "--config", &path];
    let ran = run(folder.path(), &show, &[("FINEWIRE_BROKER_PRIORITY", "100")]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    for (key, origin) in [
        ("priority = 100", "# $FINEWIRE_BROKER_PRIORITY"),
        ("host = \"f.example\"", "# good.toml:5"),
        ("queue = \"Connector1\"", "# default"),
        ("xmpp_port = 5223", "# default"),
    ] {
        let line = ran.text.lines().find(|line| line.starts_with(key));
        assert!(
            line.is_some_and(|line| line.ends_with(origin)),
            "{key}: {}",
            ran.text
        );
    }
    let again = file(&folder, "again.toml", &ran.text);
    let ran = run(folder.path(), &["check-config", "--config", &again], &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    let wrong = run(
        folder.path(),
        &show,
        &[("FINEWIRE_BROKER_PRIORITY", "first")],
    );
    assert_eq!(wrong.code, Some(2), "{}", wrong.text);
    assert!(
        wrong.text.contains("FINEWIRE_BROKER_PRIORITY:1:1:"),
        "{}",
        wrong.text
    );
}

/// What `check-config` says of `text`, beside which are these files.
fn told(text: &str, prepare: impl Fn(&tempfile::TempDir)) -> String {
    let folder = folder();
    prepare(&folder);
    let path = file(&folder, "site.toml", text);
    let ran = run(folder.path(), &["check-config", "--config", &path], &[]);
    let text = ran
        .text
        .replace(&format!("{}/", folder.path().display()), "");
    format!(
        "{}\nexit code {}",
        text.trim_end(),
        ran.code.expect("no signal")
    )
}

fn with(broker: &str, node: &str, driver: &str, rest: &str) -> String {
    format!("[broker]\n{broker}\n\n[[finesse.node]]\n{node}\n\n[driver]\n{driver}\n\n{rest}\n")
}

const BROKER: &str = "url = \"tcp://a.example:61616\"";
const NODE: &str = "host = \"f.example\"";
const CLEAR: &str = "use_secure_password = false";

#[test]
fn what_is_no_toml_is_shown_where_it_breaks_off() {
    let cases = [
        (
            "a quote is missing",
            with(BROKER, "host = \"f.example", CLEAR, ""),
        ),
        (
            "a key twice",
            with(&format!("{BROKER}\n{BROKER}"), NODE, CLEAR, ""),
        ),
        ("a table twice", with(BROKER, NODE, CLEAR, "[driver]\n")),
        ("no value", with(BROKER, NODE, "use_secure_password =", "")),
        ("nothing", String::new()),
    ];
    let shown = cases.map(|(name, text)| format!("== {name}\n{}", told(&text, |_| {})));
    insta::assert_snapshot!("no_toml", shown.join("\n\n"));
}

#[test]
fn wrong_kinds_and_unknown_keys_come_all_at_once_with_what_was_meant() {
    let text = with(
        "url = 5\nqueu = \"Q\"\npriority = \"first\"",
        "hostname = \"f.example\"\nport = 70000\nxmpp_port = true",
        "use_secure_pasword = true\niv = 0\ntime_zone = \"Mars/Base\"",
        "[monitr]\nlisten = \"127.0.0.1:1\"\n\n[timing]\ncommand = 30\nlinger = \"soon\"\n\n\
         [limits]\nstrikes = 6\n\n[log]\nlevel = \"loud\"\nfile = \"x\"\n\ncolour = 1",
    );
    insta::assert_snapshot!("wrong_kinds", told(&text, |_| {}));
}

#[test]
fn files_that_are_missing_empty_or_open_to_others_are_named() {
    let driver = "use_secure_password = true\nkey_file = \"key\"";
    let broker =
        format!("{BROKER}\nuser = \"joe\"\npassword_file = \"password\"\nca_file = \"ca.pem\"");
    let text = with(
        &broker,
        NODE,
        driver,
        "[monitor]\ntls = \"files\"\ncertificate_file = \"c.pem\"\nkey_file = \"k.pem\"",
    );
    let missing = told(&text, |_| {});
    let empty = told(&with(BROKER, NODE, driver, ""), |folder| {
        let _ = file(folder, "key", "");
    });
    let short = told(&with(BROKER, NODE, driver, ""), |folder| {
        let _ = file(folder, "key", "0123456789abcdef\n");
    });
    let open = told(&with(BROKER, NODE, driver, ""), |folder| {
        use std::os::unix::fs::PermissionsExt;
        let path = file(folder, "key", finewire_tests::peers::house::KEY);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("ours");
    });
    let whole = format!(
        "== missing\n{missing}\n\n== empty\n{empty}\n\n== short\n{short}\n\n== open to others\n{open}"
    );
    assert!(!whole.contains("0123456789abcdef"), "{whole}");
    insta::assert_snapshot!("files", whole);
}

#[test]
fn a_monitor_that_would_be_open_is_refused() {
    let monitor = |lines: &str| {
        told(
            &with(BROKER, NODE, CLEAR, &format!("[monitor]\n{lines}")),
            |_| {},
        )
    };
    let user = "[[monitor.user]]\nname = \"token\"\nrole = \"admin\"\npassword_hash = \"secret\"";
    let shown = [
        monitor("listen = \"0.0.0.0:8162\""),
        monitor("listen = \"0.0.0.0:8162\"\ntls = \"self-made\""),
        monitor(&format!("tls = \"on\"\n{user}")),
        monitor("tls = \"files\""),
    ];
    insta::assert_snapshot!("open_monitor", shown.join("\n\n"));
}
