//! Finesse itself: SystemInfo, clocks, logins, and the roads without TLS.

use crate::peers::{EMBEDDED, answering, config, doctor, line};
use finewire_tests::peers::house::{AGENT, BUILT_IN, file, folder};
use finewire_tests::peers::{Simulator, free_port, run};

/// The lines of the simulator's node.
fn node(simulator: &Simulator) -> String {
    simulator.node().replace("[[finesse.node]]\n", "")
}

#[test]
fn a_site_that_works_is_all_well_down_to_an_agents_login() {
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let password = file(&folder, "agent", BUILT_IN);
    let options = ["--agent", AGENT, "--agent-password-file", &password];

    let ran = doctor(&folder, &config(EMBEDDED, &node(&simulator)), &options);

    assert_eq!(ran.code, Some(0), "{}", ran.text);
    assert!(ran.text.contains(" 0 failed, 0 warnings"), "{}", ran.text);
    assert!(line(&ran, "agent credentials").contains("the password is right"));
    assert!(line(&ran, "agent login").contains("logged in as 1001001@"));
    assert!(!ran.text.contains(BUILT_IN));
}

#[test]
fn a_wrong_password_is_tried_once_and_five_visits_would_be_needed_to_lock_the_account() {
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let wrong = file(&folder, "wrong", "not-the-password");
    let right = file(&folder, "right", BUILT_IN);
    let config = config(EMBEDDED, &node(&simulator));
    let visit = |password: &str| {
        doctor(
            &folder,
            &config,
            &["--agent", AGENT, "--agent-password-file", password],
        )
    };

    for _ in 0..4 {
        let ran = visit(&wrong);
        assert_eq!(ran.code, Some(1), "{}", ran.text);
        assert!(line(&ran, "agent credentials").contains("refused (401)"));
        assert!(!ran.text.contains("agent login"), "{}", ran.text);
    }
    // Four strikes: were the password tried by XMPP too, or at each node, it would be locked by now.
    assert_eq!(visit(&right).code, Some(0));
}

#[test]
fn a_standby_beside_a_serving_node_is_a_warning_and_no_serving_node_a_failure() {
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let standby = answering(|_| Some(system_info("Date: x", "OUT_OF_SERVICE")));
    let (port, host) = (free_port(), "host = \"127.0.0.1\"");
    let two = format!(
        "{}\n[[finesse.node]]\n{host}\nport = {standby}\nxmpp_port = {port}\nsecurity = \"plain\"",
        node(&simulator)
    );
    let config = config(EMBEDDED, &two);

    let ran = doctor(&folder, &config, &[]);
    assert!(
        line(&ran, "Finesse A SystemInfo").starts_with("ok "),
        "{}",
        ran.text
    );
    let second = line(&ran, "Finesse B SystemInfo");
    assert!(second.starts_with("warning  "), "{second}");
    assert!(second.contains("OUT_OF_SERVICE"), "{second}");

    let control = simulator.control().to_str().expect("a plain path");
    let out = [
        "simulate",
        "do",
        "out",
        "of",
        "service",
        "--control-file",
        control,
    ];
    let done = run(folder.path(), &out, &[]);
    assert_eq!(done.code, Some(0), "{}", done.text);
    let ran = doctor(&folder, &config, &[]);
    for subject in ["Finesse A SystemInfo", "Finesse B SystemInfo"] {
        assert!(line(&ran, subject).starts_with("FAILED"), "{}", ran.text);
    }
}

/// An answer to SystemInfo with this header and status.
fn system_info(header: &str, status: &str) -> Vec<u8> {
    let body = format!(
        "<SystemInfo><status>{status}</status><deploymentType>UCCE</deploymentType>\
         <xmppDomain>finesse.example</xmppDomain></SystemInfo>"
    );
    format!(
        "HTTP/1.1 200 OK\r\n{header}\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn a_clock_of_another_day_is_told() {
    let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
    let port = answering(move |_| Some(system_info(date, "IN_SERVICE")));
    let node =
        format!("host = \"127.0.0.1\"\nport = {port}\nxmpp_port = {port}\nsecurity = \"plain\"");
    let ran = doctor(&folder(), &config(EMBEDDED, &node), &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    let clock = line(&ran, "Finesse A clock");
    assert!(clock.starts_with("FAILED"), "{clock}");
    assert!(
        clock.contains(" s behind this machine's") && clock.contains("NTP"),
        "{clock}"
    );
    // And the same port is no notification service.
    let greeting = line(&ran, "notifications A greeting");
    assert!(
        greeting.contains("it speaks HTTP without TLS"),
        "{greeting}"
    );
}

#[test]
fn tls_where_plain_text_is_configured_is_named_on_either_road() {
    let folder = folder();
    let simulator = Simulator::start(folder.path());
    let node = format!(
        "host = \"127.0.0.1\"\nport = {}\nxmpp_port = {}\nsecurity = \"plain\"\nxmpp = \"tcp\"",
        simulator.rest, simulator.xmpp
    );
    let ran = doctor(&folder, &config(EMBEDDED, &node), &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    for subject in ["Finesse A SystemInfo", "notifications A greeting"] {
        let line = line(&ran, subject);
        assert!(line.contains("the port speaks TLS"), "{line}");
    }
}

#[test]
fn a_name_that_does_not_resolve_and_a_port_that_nobody_has_are_told_apart() {
    let port = free_port();
    let node = format!(
        "host = \"no-such-host.invalid\"\nport = {port}\nxmpp_host = \"127.0.0.1\"\nxmpp_port = {port}"
    );
    let ran = doctor(&folder(), &config(EMBEDDED, &node), &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    assert!(
        line(&ran, "Finesse A dns").contains("does not resolve"),
        "{}",
        ran.text
    );
    let refused = line(&ran, "notifications A tcp");
    assert!(
        refused.contains("127.0.0.1: connection refused"),
        "{refused}"
    );
}

#[test]
fn json_says_the_same_and_a_bad_configuration_is_code_2_either_way() {
    let folder = folder();
    let port = free_port();
    let node = format!("host = \"127.0.0.1\"\nport = {port}\nxmpp_port = {port}");
    let good = config(EMBEDDED, &node);

    let ran = doctor(&folder, &good, &["--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    let report: serde_json::Value = serde_json::from_str(&ran.text).expect("JSON alone");
    assert_eq!(report["verdict"], "failed");
    let checks = report["checks"].as_array().expect("checks");
    let tcp = checks
        .iter()
        .find(|check| check["part"] == "Finesse A" && check["what"] == "tcp")
        .expect("the port was looked at");
    assert_eq!(tcp["verdict"], "failed");
    assert_eq!(tcp["target"], format!("127.0.0.1:{port}"));
    assert!(
        tcp["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("firewall"))
    );

    let bad = good.replace("time_zone = \"UTC\"", "time_zone = \"Mars\"");
    let ran = doctor(&folder, &bad, &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.text);
    assert!(
        ran.text.contains("finewire.toml:") && ran.text.contains("Mars"),
        "{}",
        ran.text
    );
    let ran = doctor(&folder, &bad, &["--json"]);
    assert_eq!(ran.code, Some(2), "{}", ran.text);
    let report: serde_json::Value = serde_json::from_str(&ran.text).expect("JSON alone");
    assert_eq!(report["verdict"], "configuration");
}

#[test]
fn secrets_are_judged_by_their_files_and_never_shown() {
    let folder = folder();
    let key = file(
        &folder,
        "key",
        "0123456789abcdeffedcba98765432100f1e2d3c4b5a6978 \n",
    );
    let port = free_port();
    let node = format!("host = \"127.0.0.1\"\nport = {port}\nxmpp_port = {port}");
    let config = config(EMBEDDED, &node).replace(
        "use_secure_password = false",
        "use_secure_password = true\nkey_file = \"key\"",
    );
    let told = line(&doctor(&folder, &config, &[]), "secret file");
    assert!(told.starts_with("ok       secret file"), "{told}");

    let two_lines = "0123456789abcdeffedcba98765432100f1e2d3c4b5a6978\nan older one\n";
    std::fs::write(&key, two_lines).expect("our file");
    open_to_all(&key);
    let ran = doctor(&folder, &config, &[]);
    let told = line(&ran, "secret file");
    assert!(told.starts_with("warning  secret file"), "{told}");
    assert!(
        told.contains("driver.key_file: a Triple-DES key of 24 bytes"),
        "{told}"
    );
    assert!(
        told.contains("only the first line counts") && told.contains("chmod 600"),
        "{told}"
    );
    assert!(!ran.text.contains("0123456789abcdef"), "{}", ran.text);
}

fn open_to_all(path: &str) {
    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(path, open).expect("our file");
}
