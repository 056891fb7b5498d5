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
