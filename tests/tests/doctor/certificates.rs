//! Certificates of every kind, made with OpenSSL's command line; and OpenSSL's server to show them.

use finewire_tests::peers::Lines;
use finewire_tests::peers::house::PATIENCE;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

pub const OPENSSL: &str = "/usr/bin/openssl";

/// Authorities and certificates, `KIND.pem` with `KIND.key`.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(make).path()
}

const AUTHORITY: &str = "[ca]\ndefault_ca = it\n[it]\nnew_certs_dir = .\ndatabase = index\nserial = serial\n\
                         default_md = sha256\npolicy = any\nunique_subject = no\ncopy_extensions = copy\n\
                         email_in_dn = no\n[any]\ncommonName = supplied\n";

fn make() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    std::fs::write(at.join("ca.cnf"), AUTHORITY).expect("a file");
    std::fs::write(at.join("index"), "").expect("a file");
    std::fs::write(at.join("serial"), "1000\n").expect("a file");
    for name in ["site", "stranger"] {
        authority(at, name, &format!("/CN={name} authority"));
    }
    // An intermediate authority, which the server will not send.
    request(
        at,
        "middle",
        "rsa:2048",
        "/CN=middle authority",
        &["basicConstraints=critical,CA:TRUE"],
    );
    sign(at, "middle", "site", &["-days", "400"]);

    const SAN: &str = "subjectAltName=DNS:localhost";
    let leaf = |kind: &str, key: &str, extensions: &[&str]| {
        request(at, kind, key, "/CN=localhost", extensions);
    };
    for (kind, key, extension, by, times) in [
        ("good", "rsa:2048", SAN, "site", &["-days", "400"][..]),
        ("ending", "rsa:2048", SAN, "site", &["-days", "10"]),
        (
            "expired",
            "rsa:2048",
            SAN,
            "site",
            &[
                "-startdate",
                "20010101000000Z",
                "-enddate",
                "20020101000000Z",
            ],
        ),
        (
            "early",
            "rsa:2048",
            SAN,
            "site",
            &[
                "-startdate",
                "20980101000000Z",
                "-enddate",
                "20990101000000Z",
            ],
        ),
        (
            "wrong-name",
            "rsa:2048",
            "subjectAltName=DNS:other.example",
            "site",
            &["-days", "400"],
        ),
        ("short-key", "rsa:1024", SAN, "site", &["-days", "400"]),
        ("unknown", "rsa:2048", SAN, "stranger", &["-days", "400"]),
        ("no-chain", "rsa:2048", SAN, "middle", &["-days", "400"]),
        (
            "sha1",
            "rsa:2048",
            SAN,
            "site",
            &["-days", "400", "-md", "sha1"],
        ),
    ] {
        leaf(kind, key, &[extension]);
        sign(at, kind, by, times);
    }
    leaf(
        "for-clients",
        "rsa:2048",
        &[SAN, "extendedKeyUsage=clientAuth"],
    );
    sign(at, "for-clients", "site", &["-days", "400"]);
    // Without any extension OpenSSL would make it one of version 1.
    leaf("no-san", "rsa:2048", &["keyUsage=digitalSignature"]);
    sign(at, "no-san", "site", &["-days", "400"]);
    leaf("version-1", "rsa:2048", &[]);
    openssl(
        at,
        &[
            "x509",
            "-req",
            "-in",
            "version-1.csr",
            "-CA",
            "site.pem",
            "-CAkey",
            "site.key",
            "-set_serial",
            "7",
            "-days",
            "400",
            "-out",
            "version-1.pem",
        ],
    );
    self_signed(
        at,
        "self-signed",
        &[SAN, "basicConstraints=critical,CA:FALSE"],
    );
    self_signed(
        at,
        "self-signed-ca",
        &[SAN, "basicConstraints=critical,CA:TRUE"],
    );
    // What Finesse comes with.
    self_signed(at, "finesse", &["basicConstraints=critical,CA:TRUE"]);
    folder
}

fn authority(at: &Path, name: &str, subject: &str) {
    let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
    openssl(
        at,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &pem,
            "-days",
            "400",
            "-subj",
            subject,
            "-addext",
            "basicConstraints=critical,CA:TRUE",
        ],
    );
}

fn request(at: &Path, kind: &str, key: &str, subject: &str, extensions: &[&str]) {
    let (key_file, csr) = (format!("{kind}.key"), format!("{kind}.csr"));
    let mut arguments = vec![
        "req", "-newkey", key, "-nodes", "-keyout", &key_file, "-out", &csr,
    ];
    arguments.extend(["-subj", subject]);
    for extension in extensions {
        arguments.extend(["-addext", extension]);
    }
    openssl(at, &arguments);
}

fn sign(at: &Path, kind: &str, by: &str, times: &[&str]) {
    let (csr, pem) = (format!("{kind}.csr"), format!("{kind}.pem"));
    let (ca_pem, ca_key) = (format!("{by}.pem"), format!("{by}.key"));
    let mut arguments = vec![
        "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", &ca_pem,
    ];
    arguments.extend(["-keyfile", &ca_key, "-in", &csr, "-out", &pem]);
    arguments.extend(times);
    openssl(at, &arguments);
}

fn self_signed(at: &Path, kind: &str, extensions: &[&str]) {
    let (key, pem) = (format!("{kind}.key"), format!("{kind}.pem"));
    let mut arguments = vec![
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", &key,
    ];
    arguments.extend(["-out", &pem, "-days", "400", "-subj", "/CN=localhost"]);
    for extension in extensions {
        arguments.extend(["-addext", extension]);
    }
    openssl(at, &arguments);
}

fn openssl(at: &Path, arguments: &[&str]) {
    let output = Command::new(OPENSSL)
        .current_dir(at)
        .args(arguments)
        .output();
    let output = output.expect("openssl runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {said}");
}

/// OpenSSL's server with this certificate, and its port.
pub fn server(kind: &str, options: &[&str]) -> (Lines, u16) {
    let mut command = Command::new(OPENSSL);
    command.current_dir(folder());
    command.args(["s_server", "-accept", "127.0.0.1:0", "-www"]);
    command.args([
        "-cert",
        &format!("{kind}.pem"),
        "-key",
        &format!("{kind}.key"),
    ]);
    let mut lines = Lines::start("openssl s_server", command.args(options));
    let line = lines.expect("ACCEPT", PATIENCE, |line| line.starts_with("ACCEPT "));
    let port = line.rsplit(':').next().and_then(|port| port.parse().ok());
    (lines, port.expect("a port"))
}
