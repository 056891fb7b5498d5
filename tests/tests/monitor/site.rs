//! One monitor, and how it is asked: over HTTP, or over HTTPS by OpenSSL.

use finewire_tests::peers::house::PATIENCE;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Where a monitor is.
pub(crate) struct Site {
    pub(crate) port: u16,
    pub(crate) token: String,
    /// Options of `openssl s_client`, where it speaks HTTPS.
    pub(crate) tls: Option<Vec<String>>,
}

/// One answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        let code = self.json()["error"]["code"].clone();
        code.as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Site {
    /// The request's text.
    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.port,
            body.len()
        );
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        text
    }

    pub(crate) fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let text = self.request(method, path, headers, body);
        stream.write_all(text.as_bytes()).expect("it reads");
        stream
    }

    /// Head and body as they come.
    pub(crate) fn ask_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        let Some(tls) = &self.tls else {
            let mut stream = self.open(method, path, headers, body);
            stream.read_to_end(&mut bytes).expect("an answer");
            return bytes;
        };
        let mut client = Command::new("openssl");
        client.args(["s_client", "-quiet", "-connect"]);
        client.arg(format!("127.0.0.1:{}", self.port)).args(tls);
        client
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut client = client.spawn().expect("openssl");
        let text = self.request(method, path, headers, body);
        let mut input = client.stdin.take().expect("piped");
        // It may have ended because the certificate is not believed.
        let _ = input.write_all(text.as_bytes());
        let mut output = client.stdout.take().expect("piped");
        output.read_to_end(&mut bytes).expect("an answer");
        drop(input);
        client.wait().expect("it ended");
        bytes
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let bytes = self.ask_bytes(method, path, headers, body);
        let text = String::from_utf8(bytes).expect("a text");
        let status = text.split_whitespace().nth(1).expect("a status");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let is_chunked = head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        Answer {
            status: status.parse().expect("a number"),
            head: head.to_owned(),
            body: if is_chunked {
                joined(body)
            } else {
                body.to_owned()
            },
        }
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("Authorization", &self.bearer())], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(
            "POST",
            path,
            &[("Authorization", &self.bearer())],
            &body.to_string(),
        )
    }

    /// Logs in with the token; cookie and word against forged requests.
    pub(crate) fn log_in(&self) -> (String, String) {
        self.log_in_with(&json!({"token": self.token}))
    }

    /// Logs in with these credentials.
    pub(crate) fn log_in_with(&self, credentials: &Value) -> (String, String) {
        let answer = self.ask("POST", "/api/login", &[], &credentials.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        let cookie = answer.header("set-cookie").expect("a cookie");
        for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        let pair = cookie.split(';').next().expect("a pair").to_owned();
        let csrf = answer.json()["csrf"].as_str().expect("a word").to_owned();
        (pair, csrf)
    }

    pub(crate) fn until(&self, what: &str, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let answer = self.get(path).json();
            if is_so(&answer) {
                return answer;
            }
            assert!(begin.elapsed() < PATIENCE, "{what}: {answer}");
            std::thread::yield_now();
        }
    }
}

/// The chunks of a body, joined (RFC 9112, section 7.1).
fn joined(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            break;
        }
        text.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    text
}
