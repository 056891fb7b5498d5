//! A whole house in processes: simulator, connector with an embedded broker, drivers; and what
//! their tests look at.

use super::{Connector, Lines, Simulator};
use finewire_core::machine::Random;
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How long a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The Triple-DES key between drivers and connector.
pub const KEY: &str = "0123456789abcdeffedcba98765432100f1e2d3c4b5a6978";
/// The simulator's built-in password.
pub const BUILT_IN: &str = "Passw0rd!";
/// The simulator's first agent.
pub const AGENT: &str = "1001001";

/// A folder that goes with the test.
///
/// # Panics
///
/// When there can be none.
#[must_use]
pub fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// Writes a file that only we can read; returns its path.
///
/// # Panics
///
/// When it cannot be written.
#[must_use]
pub fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    make_private(&path);
    path.to_str().expect("a plain path").to_owned()
}

fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("our file");
}

/// The rest of the line that starts with `name`, once it comes.
pub fn value(process: &mut Lines, name: &str) -> String {
    let line = process.expect(name, PATIENCE, |line| line.starts_with(name));
    line[name.len()..].trim().to_owned()
}

/// The port at the end of an address.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn port(address: &str) -> u16 {
    let digits = address.trim_end_matches('/').rsplit(':').next();
    let digits = digits.and_then(|digits| digits.split_whitespace().next());
    let port = digits.and_then(|digits| digits.parse().ok());
    port.unwrap_or_else(|| panic!("no port in {address:?}"))
}

/// No form in which `password` travels is in `text`: plain, encrypted, or in a Basic or SASL PLAIN
/// header.
///
/// # Panics
///
/// When one is.
pub fn holds_no_secret(text: &str, password: &str, key: &str) {
    assert!(!text.contains(password), "the password:\n{text}");
    let codec = PasswordCodec::triple_des(&Secret::from(key), InitialVector::ZERO, CipherText::Hex);
    let cipher_text = codec
        .expect("a key")
        .encode(&Secret::from(password), &mut Random::from_seed([1; 32]))
        .expect("a short password");
    let cipher_text = cipher_text.expose().to_ascii_lowercase();
    assert!(cipher_text.len() >= 16);
    let lower = text.to_ascii_lowercase();
    assert!(!lower.contains(&cipher_text), "the cipher text:\n{text}");
    for credentials in [
        format!("{AGENT}:{password}"),
        format!("\0{AGENT}\0{password}"),
    ] {
        use base64::Engine;
        let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
        // Without the end, which differs with what follows.
        let encoded = &encoded[..encoded.len() - 4];
        assert!(!text.contains(encoded), "credentials:\n{text}");
    }
}

/// The 48 hex digits in `line`, if there are.
#[must_use]
pub fn key_in(line: &str) -> Option<String> {
    line.split(|c: char| !c.is_ascii_hexdigit())
        .find(|word| word.len() == 48)
        .map(str::to_owned)
}

/// One HTTP exchange: status and body.
///
/// # Panics
///
/// When there is no answer.
#[must_use]
pub fn http(port: u16, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the monitor listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
        .write_all(request.as_bytes())
        .expect("the monitor reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let status = text.split_whitespace().nth(1);
    let status = status.and_then(|status| status.parse().ok());
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.expect("a status"), body.to_owned())
}

/// A GET as a browser at `host` would send it: status and body.
///
/// # Panics
///
/// When there is no answer.
#[must_use]
pub fn get(port: u16, path: &str, host: &str) -> (u16, String) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    http(port, &head)
}

/// A simulator and a connector with an embedded broker, for drivers on the command line.
#[derive(Debug)]
pub struct House {
    /// Where their files are.
    pub folder: TempDir,
    /// Finesse.
    pub simulator: Simulator,
    /// The connector, with its broker.
    pub connector: Connector,
    /// The broker's address.
    pub broker: String,
    /// The file with the key.
    pub key: String,
}

impl House {
    /// Starts it all.
    ///
    /// # Panics
    ///
    /// When it does not come into service.
    #[must_use]
    pub fn build() -> Self {
        Self::with(Simulator::node)
    }

    /// As [`build`](Self::build), with this configuration of the simulator's node.
    ///
    /// # Panics
    ///
    /// When it does not come into service.
    #[must_use]
    pub fn with(node: impl Fn(&Simulator) -> String) -> Self {
        let folder = folder();
        let key = file(&folder, "key", KEY);
        let simulator = Simulator::start(folder.path());
        let config = format!(
            "[broker]\nurl = \"embedded\"\nlisten = \"127.0.0.1:0\"\n\n{}\n[driver]\n\
             use_secure_password = true\nkey_file = \"key\"\ntime_zone = \"UTC\"\n\n\
             [monitor]\nlisten = \"127.0.0.1:0\"\n",
            node(&simulator)
        );
        let mut connector = Connector::start(folder.path(), &config);
        let broker = connector.printed("broker");
        Self {
            folder,
            simulator,
            connector,
            broker,
            key,
        }
    }

    /// The arguments of a driver here.
    #[must_use]
    pub fn driver<'a>(&'a self, action: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec!["driver", action, "--broker", &self.broker];
        arguments.extend(["--key-file", &self.key, "--timeout", "20"]);
        arguments.extend(more);
        arguments
    }

    /// The simulator's control file.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }
}
