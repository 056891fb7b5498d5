//! What is wrong with TLS is named exactly, with what to do about it.

use crate::certificates::{OPENSSL, folder, server};
use crate::peers::{EMBEDDED, answering, config, doctor, line, silent};
use finewire_tests::peers::{available, free_port, house};
use std::fmt::Write;
use std::process::Command;

/// What the doctor says of the REST interface of a node at `localhost` with this port.
fn said(port: u16, trust: &str) -> String {
    let nobody = free_port();
    let node = format!("host = \"localhost\"\nport = {port}\nxmpp_port = {nobody}\n{trust}");
    let ran = doctor(&house::folder(), &config(EMBEDDED, &node), &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    finding(&line(&ran, "Finesse A tls"))
}

/// A line's verdict and what follows its target.
fn finding(line: &str) -> String {
    let text = line.split("localhost:PORT: ").nth(1).expect("a finding");
    format!("{}{text}", &line[..9])
}

fn site() -> String {
    format!("ca_file = \"{}\"", folder().join("site.pem").display())
}

#[test]
fn each_defect_of_a_certificate_is_named_with_its_remedy() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let mut golden = String::new();
    for kind in [
        "good",
        "ending",
        "expired",
        "early",
        "wrong-name",
        "no-san",
        "version-1",
        "short-key",
        "sha1",
        "for-clients",
        "unknown",
        "no-chain",
        "self-signed",
        "self-signed-ca",
        "finesse",
    ] {
        let (_server, port) = server(kind, &["-cipher", "DEFAULT@SECLEVEL=0"]);
        writeln!(golden, "{kind}\n    {}", said(port, &site())).expect("a string");
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn the_notification_service_and_a_broker_are_judged_by_the_same_measure() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let (_rest, rest) = server("finesse", &[]);
    let (_xmpp, xmpp) = server("finesse", &[]);
    let (_amq, amq) = server("finesse", &[]);
    let node = format!(
        "host = \"localhost\"\nport = {rest}\nxmpp_port = {xmpp}\n{}",
        site()
    );
    let broker = format!("url = \"ssl://localhost:{amq}\"\n{}", site());

    let ran = doctor(&house::folder(), &config(&broker, &node), &[]);

    let [rest, xmpp, amq] =
        ["Finesse A tls", "notifications A tls", "broker tls"].map(|it| finding(&line(&ran, it)));
    assert!(
        rest.starts_with("FAILED") && rest.contains("CA:TRUE"),
        "{rest}"
    );
    assert_eq!(rest, xmpp);
    assert_eq!(rest.replace("[[finesse.node]]", "[broker]"), amq);
}

#[test]
fn a_pin_takes_what_no_authority_signed_and_nothing_else() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let (_server, port) = server("finesse", &[]);
    let output = Command::new(OPENSSL)
        .current_dir(folder())
        .args([
            "x509",
            "-in",
            "finesse.pem",
            "-noout",
            "-fingerprint",
            "-sha256",
        ])
        .output()
        .expect("openssl runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let print = text.trim().split('=').nth(1).expect("a fingerprint");

    let pinned = said(port, &format!("fingerprint = \"{print}\""));
    assert_eq!(
        pinned,
        "ok       TLS 1.3 with TLS13_AES_256_GCM_SHA384; the pinned certificate"
    );

    let other = said(port, &format!("fingerprint = \"{}\"", "ab".repeat(32)));
    insta::assert_snapshot!(other);
}

#[test]
fn versions_and_suites_of_old_are_named() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let mut golden = String::new();
    for options in [
        &["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"][..],
        &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
        &["-tls1_2", "-cipher", "AES128-SHA"],
        &["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"],
        &["-tls1_2"],
    ] {
        let (_server, port) = server("good", options);
        let title = options.join(" ");
        writeln!(golden, "{title}\n    {}", said(port, &site())).expect("a string");
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn what_is_spoken_in_place_of_tls_is_named() {
    let wire_format = b"\0\0\0\x12\x01ActiveMQ\0\0\0\x0c\0\0\0\0\0".to_vec();
    let mut golden = String::new();
    for (name, answer) in [
        ("HTTP", Some(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec())),
        ("OpenWire", Some(wire_format)),
        (
            "XMPP",
            Some(
                b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'>\
                  <stream:error/></stream:stream>"
                    .to_vec(),
            ),
        ),
        ("SSH", Some(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())),
        ("mail", Some(b"220 mail.example ESMTP\r\n".to_vec())),
        ("nothing, and closes", None),
    ] {
        let port = answering(move |_| answer.clone());
        writeln!(golden, "{name}\n    {}", said(port, "")).expect("a string");
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn a_peer_that_never_answers_costs_no_more_than_the_time_for_a_step() {
    let port = silent();
    let node = format!("host = \"127.0.0.1\"\nport = {port}\nxmpp_port = {port}");
    let begun = std::time::Instant::now();
    let ran = doctor(
        &house::folder(),
        &config(EMBEDDED, &node),
        &["--step-timeout", "1"],
    );
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    // One second for the handshake, in both ways at once; generous for a loaded machine.
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
    assert!(
        line(&ran, "Finesse A tls").contains("no answer within 1."),
        "{}",
        ran.text
    );
}
