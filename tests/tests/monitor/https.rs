//! HTTPS, with a certificate of the program's own making and with a given one.

use crate::served::Served;
use finewire_tests::peers::certificate;
use finewire_tests::peers::house::{folder, http};
use serde_json::json;
use std::process::{Command, Stdio};

/// SHA-256 of the certificate that a server shows, as hex digits.
fn shown_fingerprint(port: u16) -> String {
    let line = format!(
        "openssl s_client -connect 127.0.0.1:{port} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).stderr(Stdio::null());
    let output = shell.output().expect("a shell");
    let text = String::from_utf8(output.stdout).expect("a text");
    digits(text.split('=').nth(1).expect("a fingerprint"))
}

fn digits(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_hexdigit);
    digits.collect::<String>().to_lowercase()
}

#[test]
fn a_certificate_of_its_own_making_is_known_by_the_printed_fingerprint() {
    let served = Served::start("tls = \"self-made\"");
    let printed = served.fingerprint.as_deref().expect("it is printed");
    assert_eq!(digits(printed), shown_fingerprint(served.port));
    assert_eq!(digits(printed).len(), 64);

    let page = served.ask("GET", "/", &[], "");
    assert_eq!(page.status, 200);
    assert!(page.header("strict-transport-security").is_some());
    let body = json!({"token": served.token}).to_string();
    let answer = served.ask("POST", "/api/login", &[], &body);
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("Secure"), "{cookie}");
    served.end();
}

#[test]
fn a_given_certificate_is_shown_and_believed_by_its_name_only() {
    let folder = folder();
    certificate(folder.path());
    let authority = folder.path().join("cert.pem").display().to_string();
    let lines = "tls = \"files\"\ncertificate_file = \"cert.pem\"\nkey_file = \"key.pem\"";
    let mut served = Served::start_in(folder, lines);
    let options = |name: &str| {
        let options = [
            "-CAfile",
            &authority,
            "-verify_return_error",
            "-verify_hostname",
            name,
        ];
        Some(options.map(str::to_owned).to_vec())
    };
    served.site.tls = options("localhost");
    assert_eq!(served.get("/api/status").status, 200);
    let own = format!("https://localhost:{}", served.port);
    let (cookie, csrf) = served.log_in();
    let headers = [
        ("Cookie", cookie.as_str()),
        ("X-Finewire-Csrf", &csrf),
        ("Origin", &own),
    ];
    let body = json!({"confirm": "drain"}).to_string();
    assert_eq!(
        served.ask("POST", "/api/drain", &headers, &body).status,
        200
    );

    served.site.tls = options("elsewhere.example");
    assert!(served.ask_bytes("GET", "/", &[], "").is_empty());
    served.end();
}

#[test]
fn a_key_that_does_not_fit_its_certificate_is_said_at_the_start() {
    let folder = folder();
    certificate(folder.path());
    std::fs::rename(
        folder.path().join("key.pem"),
        folder.path().join("first.pem"),
    )
    .expect("moved");
    let kept = std::fs::read(folder.path().join("cert.pem")).expect("a certificate");
    certificate(folder.path());
    std::fs::write(folder.path().join("cert.pem"), kept).expect("written");
    let text = "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:0\"\n[[finesse.node]]\n\
                host = \"127.0.0.1\"\n[driver]\nuse_secure_password = false\n[monitor]\n\
                listen = \"127.0.0.1:0\"\ntls = \"files\"\ncertificate_file = \"cert.pem\"\n\
                key_file = \"key.pem\"\n";
    let path = finewire_tests::peers::house::file(&folder, "c.toml", text);
    let ran = finewire_tests::peers::run(folder.path(), &["serve", "--config", &path], &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    assert!(ran.text.contains("certificate and key"), "{}", ran.text);
}

#[test]
fn who_speaks_http_to_it_gets_no_page() {
    let served = Served::start("tls = \"self-made\"");
    let request = format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", served.port);
    let asked = std::panic::catch_unwind(|| http(served.port, &request));
    assert!(asked.is_err(), "{asked:?}");
    assert_eq!(served.ask("GET", "/healthz", &[], "").status, 200);
    served.end();
}

/// What a support bundle of this connector tells of it; `contents.txt` where nothing is told.
fn bundled_status(served: &Served, name: &str) -> String {
    let path = served.folder.path();
    let text = |name: &str| path.join(name).to_str().expect("a plain path").to_owned();
    let (config, token, output) = (text("finewire.toml"), text("token"), text(name));
    let url = format!("https://127.0.0.1:{}", served.port);
    let arguments = [
        "support-bundle",
        "--config",
        &config,
        "--output",
        &output,
        "--monitor",
        &url,
        "--monitor-token-file",
        &token,
    ];
    let ran = finewire_tests::peers::run(path, &arguments, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    let taken = |name: &str| {
        let mut tar = Command::new("tar");
        tar.args(["-xOzf", &output, "--wildcards", name]);
        String::from_utf8(tar.output().expect("tar runs").stdout).expect("a text")
    };
    assert!(
        !taken("*").contains(&served.token),
        "the token is in the bundle"
    );
    taken("*/running/status.json") + &taken("*/contents.txt")
}

#[test]
fn a_support_bundle_holds_the_status_of_a_server_with_a_certificate_of_its_own_making() {
    let served = Served::start("tls = \"self-made\"");
    let told = bundled_status(&served, "bundle.tar.gz");
    assert!(told.contains("\"links\""), "{told}");
    served.end();
}

#[test]
fn a_support_bundle_asks_only_the_server_whose_certificate_is_configured() {
    let folder = folder();
    certificate(folder.path());
    let lines = "tls = \"files\"\ncertificate_file = \"cert.pem\"\nkey_file = \"key.pem\"";
    let served = Served::start_in(folder, lines);
    let told = bundled_status(&served, "first.tar.gz");
    assert!(told.contains("\"links\""), "{told}");

    // The configuration names another certificate than the server has.
    certificate(served.folder.path());
    let told = bundled_status(&served, "second.tar.gz");
    assert!(!told.contains("\"links\""), "{told}");
    assert!(told.contains("running/status.json: 127.0.0.1:"), "{told}");
    served.end();
}
