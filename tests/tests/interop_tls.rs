//! Our TLS, as client and as server, against OpenSSL.

use core::time::Duration;
use finewire_core::machine::{CloseReason, Endpoint, Fingerprint, ListenerId, TlsFault, TlsId};
use finewire_host::{ClientTls, HostConfig, ServerTls, TlsProfiles};
use finewire_tests::adapters::{Do, GUARD, Running, Tokio, link};
use finewire_tests::peers::{Lines, available};
use std::path::Path;
use std::process::Command;

const CLIENT: TlsId = TlsId(1);
const SERVER: TlsId = TlsId(2);
const OPENSSL: &str = "/usr/bin/openssl";

/// A folder with `key.pem` and `cert.pem`, made by `openssl` with these arguments.
fn made_by(commands: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for command in commands {
        let output = openssl(folder.path(), command).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {command}: {said}");
    }
    folder
}

fn openssl(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(OPENSSL);
    command.current_dir(folder).args(args.split(' '));
    command
}

const SELF_SIGNED: &str = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
     -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";

fn self_signed() -> tempfile::TempDir {
    made_by(&[&format!(
        "{SELF_SIGNED} -addext basicConstraints=critical,CA:FALSE"
    )])
}

fn pem(folder: &tempfile::TempDir) -> Vec<u8> {
    std::fs::read(folder.path().join("cert.pem")).unwrap()
}

fn pin(folder: &tempfile::TempDir) -> Fingerprint {
    let args = "x509 -in cert.pem -noout -fingerprint -sha256";
    let output = openssl(folder.path(), args).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let (_, digits) = said.trim().split_once('=').unwrap();
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(digits.split(':')) {
        *byte = u8::from_str_radix(digits, 16).unwrap();
    }
    Fingerprint(bytes)
}

/// A server that sends back each line reversed.
fn server(folder: &tempfile::TempDir, args: &str) -> (Lines, u16) {
    let fixed = "s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -rev";
    let args = format!("{fixed} {args}");
    let mut lines = Lines::start("openssl", &mut openssl(folder.path(), args.trim_end()));
    let line = lines.expect("ACCEPT", GUARD, |line| line.starts_with("ACCEPT "));
    let (_, port) = line.rsplit_once(':').unwrap();
    let port = port.parse().unwrap();
    (lines, port)
}

fn client(profile: ClientTls, port: u16) -> Running<Tokio> {
    let mut tls = TlsProfiles::new();
    tls.set_client(CLIENT, profile);
    let mut probe = Running::with(HostConfig {
        tls,
        ..HostConfig::default()
    });
    let endpoint = Endpoint::secure("localhost", port, CLIENT);
    probe.tell(Do::Open(link(1), endpoint));
    probe.opened(link(1));
    probe.tell(Do::Secure(link(1), CLIENT));
    probe
}

fn fault(profile: ClientTls, port: u16) -> TlsFault {
    match client(profile, port).closed(link(1)) {
        CloseReason::Tls(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trusted_or_pinned_server_of_either_version_answers() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let folder = self_signed();
    for (args, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let trusted = ClientTls::roots_pem(&pem(&folder)).unwrap();
        for profile in [trusted, ClientTls::pinned(pin(&folder))] {
            let (_server, port) = server(&folder, args);
            let mut probe = client(profile, port);
            let identity = probe.secured(link(1));
            assert_eq!(identity.version.as_deref(), Some(version));
            assert_eq!(identity.certificate, Some(pin(&folder)));

            probe.send(link(1), b"finesse\n");

            assert_eq!(probe.received(link(1), 8), b"essenif\n");
        }
    }
}

#[test]
fn a_self_signed_ca_certificate_is_named_and_can_be_pinned() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let folder = made_by(&[SELF_SIGNED]);
    let (_server, port) = server(&folder, "");

    let trusting = ClientTls::roots_pem(&pem(&folder)).unwrap();
    assert_eq!(fault(trusting, port), TlsFault::SelfSignedCa);

    let mut probe = client(ClientTls::pinned(pin(&folder)), port);
    assert_eq!(probe.secured(link(1)).certificate, Some(pin(&folder)));
}

/// A certificate of version 3 with these extensions, good for so many days.
fn extended(days: i32, extensions: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("extensions"), extensions).unwrap();
    let request = "req -new -newkey rsa:2048 -nodes -keyout key.pem -out request.pem \
         -subj /CN=localhost";
    let sign = format!(
        "x509 -req -in request.pem -signkey key.pem -out cert.pem -days {days} \
         -extfile extensions"
    );
    for command in [request, &sign] {
        let output = openssl(folder.path(), command).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {command}: {said}");
    }
    folder
}

#[test]
fn an_expired_certificate_and_one_without_or_of_another_name_are_named_and_can_be_pinned() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    const LEAF: &str = "basicConstraints=critical,CA:FALSE\n";
    let cases = [
        (-1, "subjectAltName=DNS:localhost\n", TlsFault::Expired),
        (2, "", TlsFault::WrongName),
        (
            2,
            "subjectAltName=DNS:finesse.example\n",
            TlsFault::WrongName,
        ),
    ];
    for (days, names, named) in cases {
        let folder = extended(days, &format!("{LEAF}{names}"));
        let (_server, port) = server(&folder, "");

        let trusting = ClientTls::roots_pem(&pem(&folder)).unwrap();
        assert_eq!(fault(trusting, port), named, "{days} {names}");

        // The fingerprint stands for the one certificate that is meant, whatever it says.
        let mut probe = client(ClientTls::pinned(pin(&folder)), port);
        assert_eq!(probe.secured(link(1)).certificate, Some(pin(&folder)));
        probe.send(link(1), b"finesse\n");
        assert_eq!(probe.received(link(1), 8), b"essenif\n");
    }
}

#[test]
fn an_x_509_version_1_certificate_is_named() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let folder = made_by(&[
        "req -new -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=localhost",
        "x509 -req -in request.pem -signkey key.pem -out cert.pem -days 2",
    ]);
    let (_server, port) = server(&folder, "");
    let bad = TlsFault::BadCertificate("not an X.509 version 3 certificate".into());

    let other = self_signed();
    let trusting = ClientTls::roots_pem(&pem(&other)).unwrap();
    assert_eq!(fault(trusting, port), bad);
    assert_eq!(fault(ClientTls::pinned(pin(&folder)), port), bad);
}

#[test]
fn a_server_of_tls_1_0_has_no_version_in_common() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let folder = self_signed();
    let (_server, port) = server(&folder, "-tls1 -cipher DEFAULT@SECLEVEL=0");

    let fault = fault(ClientTls::pinned(pin(&folder)), port);

    assert_eq!(fault, TlsFault::Version);
}

#[test]
fn a_server_of_old_suites_says_handshake_failure() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let folder = self_signed();
    let (_server, port) = server(&folder, "-tls1_2 -cipher AES128-SHA");

    let fault = fault(ClientTls::pinned(pin(&folder)), port);

    assert_eq!(fault, TlsFault::Alert("handshake_failure".into()));
}

#[test]
fn a_server_that_wants_a_client_certificate_is_named_by_its_alert() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let folder = self_signed();
    let (_server, port) = server(&folder, "-tls1_3 -Verify 1");

    let fault = fault(ClientTls::pinned(pin(&folder)), port);

    assert_eq!(fault, TlsFault::Alert("certificate_required".into()));
}

#[test]
fn openssl_as_a_client_trusts_our_self_made_certificate_and_is_echoed() {
    if !available("OpenSSL", &[OPENSSL]) {
        return;
    }
    let ours = ServerTls::self_made(&["localhost"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root.pem"), ours.certificate_pem()).unwrap();
    for version in ["-tls1_2", "-tls1_3"] {
        let mut tls = TlsProfiles::new();
        tls.set_server(SERVER, ours.clone());
        let mut probe = Running::<Tokio>::with(HostConfig {
            tls,
            ..HostConfig::default()
        });
        let port = probe.echo(ListenerId(1), Some(SERVER));

        let args = format!(
            "s_client -connect 127.0.0.1:{port} -CAfile root.pem -verify_return_error \
             -verify_hostname localhost -quiet -no_ign_eof {version}"
        );
        let mut client = Lines::start("openssl", &mut openssl(folder.path(), &args));
        client.say("from openssl");

        client.expect("the echo", GUARD, |line| line == "from openssl");
        assert_eq!(client.finish(Duration::from_secs(10)), Some(0));
    }
}
