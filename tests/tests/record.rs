//! An incident at a real program is recorded and replayed: the same time line, and no secret in the file.

use base64::Engine as _;
use finewire_core::machine::Random;
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use finewire_tests::peers::house::{
    AGENT, BUILT_IN, KEY, PATIENCE, file, folder, http, port, value,
};
use finewire_tests::peers::{Lines, Ran, Simulator, end, run, start};
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const WRONG: &str = "hunter2-hunter2";
const BROKER: &str = "open-sesame";

/// A broker with users, a simulator, and a connector that is recorded.
struct Site {
    folder: TempDir,
    simulator: Simulator,
    _broker: Lines,
    connector: Lines,
    broker: String,
    key: String,
    monitor: u16,
    token: String,
    recording: PathBuf,
}

impl Site {
    fn start(record: &str) -> Self {
        let folder = folder();
        let key = file(&folder, "key", KEY);
        let users = file(&folder, "users", &format!("alice:{BROKER}\n"));
        let _ = file(&folder, "broker-password", BROKER);
        let simulator = Simulator::start(folder.path());
        let arguments = ["broker", "--port", "0", "--users-file", &users];
        let mut broker = start(folder.path(), &arguments, &[]);
        let url = value(&mut broker, "broker");
        let config = format!(
            "[broker]\nurl = \"{url}\"\nuser = \"alice\"\npassword_file = \"broker-password\"\n{}\n[driver]\n\
             use_secure_password = true\nkey_file = \"key\"\ntime_zone = \"UTC\"\n\
             [monitor]\nlisten = \"127.0.0.1:0\"\n{record}",
            simulator.node()
        );
        let config = file(&folder, "finewire.toml", &config);
        let recording = folder.path().join("incident");
        let path = recording.to_str().expect("a plain path").to_owned();
        let mut arguments = vec!["serve", "--config", &config];
        if !record.contains("file") {
            arguments.extend(["--record", &path]);
        }
        let mut connector = start(folder.path(), &arguments, &[]);
        let monitor = port(&value(&mut connector, "monitor"));
        let token = value(&mut connector, "token");
        let token = std::fs::read_to_string(token).expect("the token's file");
        connector.expect("in service", PATIENCE, |line| line.contains("in service"));
        Self {
            simulator,
            _broker: broker,
            connector,
            broker: url,
            key,
            monitor,
            token: token.trim().to_owned(),
            recording,
            folder,
        }
    }

    fn drive(&self, action: &[&str], password: &str) -> Ran {
        let broker = format!("{}?jms.userName=alice&jms.password={BROKER}", self.broker);
        let mut arguments = vec!["driver"];
        arguments.extend(action);
        arguments.extend([
            "--broker",
            &broker,
            "--key-file",
            &self.key,
            "--timeout",
            "20",
        ]);
        run(
            self.folder.path(),
            &arguments,
            &[("FINEWIRE_PASSWORD", password)],
        )
    }

    /// A wrong password, twice; then a day with a call.
    fn work(&self) {
        for _ in 0..2 {
            let refused = self.drive(&["login"], WRONG);
            assert_eq!(refused.code, Some(1), "{}", refused.text);
        }
        let ready = self.drive(&["ready"], BUILT_IN);
        assert_eq!(ready.code, Some(0), "{}", ready.text);
        let dialog = self.simulator.call(AGENT, "5551234");
        self.until("the call", |rows| {
            rows.iter().any(|row| row["kind"] == "call")
        });
        let control = self.simulator.control().to_str().expect("a plain path");
        let hang_up = [
            "simulate",
            "hangup",
            "--dialog",
            &dialog,
            "--control-file",
            control,
        ];
        let hung_up = run(self.folder.path(), &hang_up, &[]);
        assert_eq!(hung_up.code, Some(0), "{}", hung_up.text);
        let away = self.drive(&["not-ready"], BUILT_IN);
        assert_eq!(away.code, Some(0), "{}", away.text);
        let out = self.drive(&["logout"], BUILT_IN);
        assert_eq!(out.code, Some(0), "{}", out.text);
        self.until("the end", |rows| {
            rows.iter().any(|row| row["text"] == "signed out")
        });
    }

    fn get(&self, path: &str) -> Value {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.monitor, self.token
        );
        let (status, body) = http(self.monitor, &head);
        assert_eq!(status, 200, "{body}");
        let start = body.find('{').expect("an object");
        let end = body.rfind('}').expect("its end");
        serde_json::from_str(&body[start..=end]).unwrap_or_else(|e| panic!("{e}: {body}"))
    }

    /// The agent's time line as the monitor shows it, oldest first.
    fn timeline(&self) -> Vec<Value> {
        let page = self.get(&format!("/api/agents/{AGENT}/timeline?limit=300"));
        let mut rows = page["rows"].as_array().expect("rows").clone();
        rows.reverse();
        rows
    }

    fn until(&self, what: &str, is_there: impl Fn(&[Value]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.timeline_or_nothing();
            if is_there(&rows) {
                return;
            }
            assert!(Instant::now() < deadline, "{what} does not come: {rows:#?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn timeline_or_nothing(&self) -> Vec<Value> {
        let agents = self.get("/api/agents");
        match agents["total"].as_u64() {
            Some(0) | None => Vec::new(),
            Some(_) => self.timeline(),
        }
    }

    fn replay(&self, more: &[&str]) -> Ran {
        replay(&self.folder, &self.recording, more)
    }
}

fn replay(folder: &TempDir, recording: &std::path::Path, more: &[&str]) -> Ran {
    let path = recording.to_str().expect("a plain path");
    let mut arguments = vec!["replay", path];
    arguments.extend(more);
    run(folder.path(), &arguments, &[])
}

fn objects(ran: &Ran) -> Vec<Value> {
    let lines = ran.text.lines().filter(|line| line.starts_with('{'));
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    lines.map(read).collect()
}

/// What a row says, without its number and moment.
fn said(row: &Value) -> String {
    format!(
        "{} {} {} {} {}",
        row["kind"], row["text"], row["detail"], row["ok"], row["latency_ms"]
    )
}

/// The rows that are made of messages, and those that are made of what the connector tells its owner: each have an
/// order, and between the two the monitor goes by the milliseconds at which it learned of them.
fn in_two(rows: &[Value]) -> [Vec<String>; 2] {
    let is_told = |row: &&Value| {
        let text = row["text"].as_str().unwrap_or_default();
        text.contains(' ') || text == "connected"
    };
    let told = rows.iter().filter(is_told).map(said).collect();
    let passed = rows.iter().filter(|row| !is_told(row)).map(said).collect();
    [passed, told]
}

fn replays_the_same(live: &[Value], replayed: &[Value]) {
    let (live_parts, parts) = (in_two(live), in_two(replayed));
    for (live, replayed) in live_parts.iter().zip(&parts) {
        assert!(live.len() > 3, "{live:#?}");
        let same = replayed.get(..live.len()).unwrap_or(replayed);
        assert_eq!(live, same);
    }
    let moment = |row: &Value| row["at"].as_str().expect("a moment").to_owned();
    let call = |rows: &[Value]| rows.iter().find(|row| row["kind"] == "call").map(moment);
    assert_eq!(call(live), call(replayed));
}

/// No form of any secret is in the file, and the file is for its owner only.
fn is_clean(bytes: &[u8]) {
    let codec = PasswordCodec::triple_des(&Secret::from(KEY), InitialVector::ZERO, CipherText::Hex);
    let codec = codec.expect("a key");
    let mut forms: Vec<Vec<u8>> = vec![KEY.into(), hex(KEY.as_bytes()).into()];
    for secret in [BUILT_IN, WRONG, BROKER] {
        let field = codec.encode(&Secret::from(secret), &mut Random::from_seed([1; 32]));
        let field = field.expect("short").expose().to_owned();
        forms.push(secret.into());
        forms.push(hex(secret.as_bytes()).into());
        forms.push(unhex(&field));
        forms.push(field.to_uppercase().into());
        forms.push(field.into());
        for text in [
            secret.to_owned(),
            format!("{AGENT}:{secret}"),
            format!("\0{AGENT}\0{secret}"),
            format!("alice:{secret}"),
        ] {
            let encoded = base64::engine::general_purpose::STANDARD.encode(text);
            // Without the end, which differs with what follows.
            forms.push(encoded[..encoded.len() - 4].into());
        }
    }
    for form in forms {
        assert!(form.len() >= 6);
        let place = bytes.windows(form.len()).position(|part| part == form);
        assert_eq!(place, None, "{}", String::from_utf8_lossy(&form));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |n| u8::from_str_radix(&text[n..n + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    let found = std::fs::metadata(path).expect("the recording");
    found.permissions().mode() & 0o777
}

#[test]
fn a_recorded_day_replays_to_the_time_line_that_the_monitor_showed_and_holds_no_secret() {
    let mut site = Site::start("");
    site.work();
    let live = site.timeline();
    assert_eq!(end(&mut site.connector, "TERM"), Some(0));

    assert_eq!(mode(&site.recording), 0o600);
    let bytes = std::fs::read(&site.recording).expect("the recording");
    assert!(
        bytes
            .windows(AGENT.len())
            .any(|part| part == AGENT.as_bytes())
    );
    is_clean(&bytes);

    let ran = site.replay(&["--json", "--agent", AGENT]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    assert!(
        ran.text
            .contains("the recording ends: the connector has ended"),
        "{}",
        ran.text
    );
    replays_the_same(&live, &objects(&ran));

    let again = site.replay(&["--json", "--agent", AGENT]);
    assert_eq!(ran.text, again.text);

    // For a person; with messages; up to a moment; of nobody.
    let text = site.replay(&["--messages"]).text;
    for part in [AGENT, "Login", "connector → finesse", "driver → connector"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let rows = objects(&ran);
    let middle = rows[rows.len() / 2]["at"]
        .as_str()
        .expect("a moment")
        .to_owned();
    let early = objects(&site.replay(&["--json", "--until", &middle]));
    assert!(!early.is_empty() && early.len() < rows.len());
    assert!(early.iter().all(|row| row["at"].as_str() <= Some(&middle)));
    assert_eq!(
        objects(&site.replay(&["--json", "--agent", "4711"])).len(),
        0
    );
}

#[test]
fn a_recording_whose_connector_was_killed_is_replayed_up_to_there() {
    let mut site = Site::start("");
    site.work();
    let live = site.timeline();
    site.connector.kill();

    let ran = site.replay(&["--json", "--agent", AGENT]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    assert!(ran.text.contains("breaks off at byte"), "{}", ran.text);
    replays_the_same(&live, &objects(&ran));

    // Torn in the middle of a frame, as a full disk leaves it; damaged; of another version; no recording at all.
    let whole = std::fs::read(&site.recording).expect("the recording");
    let other = |name: &str, bytes: &[u8]| {
        let path = site.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        replay(&site.folder, &path, &["--json"])
    };
    let torn = other("torn", &whole[..whole.len() - 3]);
    assert_eq!(torn.code, Some(0), "{}", torn.text);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    let ran = other("damaged", &damaged);
    assert_eq!(ran.code, Some(3), "{}", ran.text);
    assert!(ran.text.contains("damaged at byte"), "{}", ran.text);
    let mut newer = whole;
    newer[9] = 9;
    let ran = other("newer", &newer);
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    assert!(ran.text.contains("version 9"), "{}", ran.text);
    let ran = other("none", b"[broker]\n");
    assert_eq!(ran.code, Some(1), "{}", ran.text);
    assert!(ran.text.contains("no recording"), "{}", ran.text);
}

#[test]
fn a_recording_that_is_full_says_so_and_the_connector_goes_on() {
    let mut site = Site::start("[record]\nfile = \"incident\"\nmax_bytes = 65536\n");
    let is_full = |line: &String| line.contains("as large as it may become");
    for _ in 0..40 {
        for action in ["ready", "not-ready", "logout"] {
            let ran = site.drive(&[action], BUILT_IN);
            assert_eq!(ran.code, Some(0), "{}", ran.text);
        }
        if site.connector.seen().iter().any(is_full) {
            break;
        }
    }
    site.connector.expect("full", PATIENCE, |line| {
        line.contains("as large as it may become")
    });
    let ready = site.drive(&["ready"], BUILT_IN);
    assert_eq!(ready.code, Some(0), "{}", ready.text);
    let length = std::fs::metadata(&site.recording)
        .expect("the recording")
        .len();
    assert!(length <= 65_536, "{length}");
    let ran = site.replay(&[]);
    assert!(
        ran.text
            .contains("the recording ends: the recording is as large"),
        "{}",
        ran.text
    );
    assert!(ran.text.contains("signed in"), "{}", ran.text);
    assert_eq!(end(&mut site.connector, "TERM"), Some(0));
}
