//! `finewire broker` as a process and the Java client: TLS, permissions, flow control, advisories of loss.

use crate::java;
use finewire_tests::peers::house::{file, folder, value};
use finewire_tests::peers::{end, start};
use std::process::Stdio;

#[test]
fn the_java_client_meets_the_programs_broker_over_tls_with_permissions_and_little_room() {
    if !java::is_available() {
        return;
    }
    let folder = folder();
    let users = file(&folder, "users", "joe:pass-joe\nann:pass-ann\n");
    let grants = "# joe has his corner\n\
                  joe read,write,admin queue://open.*\n\
                  * read,write topic://>\n\
                  ann read,write,admin queue://flow.>\n";
    let permissions = file(&folder, "permissions", grants);
    let certificate = folder.path().join("certificate.pem");
    let certificate = certificate.to_str().expect("a plain path");
    let arguments = [
        ["broker", "--port", "0"].as_slice(),
        &["--users-file", &users, "--permissions-file", &permissions],
        &["--self-made-certificate", certificate],
        &["--max-queue-messages", "3", "--hold-seconds", "2"],
        &["--max-backlog-messages", "5"],
    ]
    .concat();
    let mut broker = start(folder.path(), &arguments, &[]);
    let url = value(&mut broker, "broker");
    let port = url.rsplit(':').next().expect("a port");
    assert!(url.starts_with("ssl://"), "{url}");

    let output = java::program("Flow.java")
        .args([&format!("ssl://localhost:{port}"), certificate])
        .stderr(Stdio::inherit())
        .output()
        .expect("java starts");

    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(end(&mut broker, "TERM"), Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.last(), Some(&"end"), "{text}");
    let ok = lines.iter().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(ok, lines.len() - 1, "{text}");
    let said = broker.seen().join("\n");
    assert!(
        said.contains("kept in memory only, persistent ones too"),
        "{said}"
    );
    assert!(said.contains("a producer is held up"), "{said}");
    assert!(!said.contains("pass-"), "{said}");
}
