//! Configurations, runs of the doctor, its lines without what differs from run to run, and peers of few words.

use finewire_tests::peers::house::file;
use finewire_tests::peers::{Ran, run};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use tempfile::TempDir;

/// A configuration with this broker and these lines of one node.
pub fn config(broker: &str, node: &str) -> String {
    format!(
        "[broker]\n{broker}\n\n[[finesse.node]]\n{node}\n\n[driver]\nuse_secure_password = false\n\
         time_zone = \"UTC\"\n"
    )
}

/// A broker that is not looked at beyond its port.
pub const EMBEDDED: &str = "url = \"embedded\"\nlisten = \"127.0.0.1:0\"";

/// Runs the doctor on this configuration, with these options.
pub fn doctor(folder: &TempDir, config: &str, options: &[&str]) -> Ran {
    let path = file(folder, "finewire.toml", config);
    let mut arguments = vec!["doctor", "--config", &path];
    arguments.extend(options);
    run(folder.path(), &arguments, &[])
}

/// The line about this part and this step, with everything that differs from run to run replaced.
pub fn line(ran: &Ran, subject: &str) -> String {
    let has_subject = |line: &&str| line.get(9..).is_some_and(|rest| rest.starts_with(subject));
    let line = ran.text.lines().find(has_subject);
    plain(line.unwrap_or_else(|| panic!("no line {subject:?} in\n{}", ran.text)))
}

/// Replaces ports, dates, numbers of days, fingerprints and folders.
pub fn plain(text: &str) -> String {
    let mut words = Vec::new();
    for word in text.split(' ') {
        let core = word.trim_matches(|c: char| ";:,()\"".contains(c));
        let is_date = core.len() == 10 && core.split('-').count() == 3 && core.starts_with("20");
        let is_print = core.len() == 95 && core.split(':').count() == 32;
        let is_path = core.starts_with("/tmp/");
        let port = core.rsplit_once(':').filter(|(host, port)| {
            !host.contains(':') && port.len() > 3 && port.bytes().all(|b| b.is_ascii_digit())
        });
        let new = if is_date {
            "DATE".to_owned()
        } else if is_print {
            "FINGERPRINT".to_owned()
        } else if is_path {
            core.rsplit('/').next().unwrap_or_default().to_owned()
        } else if let Some((host, _)) = port {
            format!("{host}:PORT")
        } else {
            core.to_owned()
        };
        words.push(word.replacen(core, &new, 1));
    }
    let mut text = words.join(" ");
    for (before, after) in [(", ", " days ago"), ("in ", " days")] {
        if let Some(end) = text.find(after)
            && let Some(start) = text[..end].rfind(before)
            && text[start + before.len()..end]
                .bytes()
                .all(|b| b.is_ascii_digit())
        {
            text.replace_range(start + before.len()..end, "N");
        }
    }
    text
}

/// A peer on loopback that lets every client have its say and answers each with this; its port.
pub fn answering(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = answer_one(&mut stream, &answer);
        }
    });
    port
}

fn answer_one(
    stream: &mut TcpStream,
    answer: &impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> std::io::Result<()> {
    let mut bytes = [0; 4096];
    // A client that only looks whether somebody is there says nothing and goes.
    let count = stream.read(&mut bytes)?;
    if let Some(answer) = answer(&bytes[..count]) {
        stream.write_all(&answer)?;
    }
    Ok(())
}

/// A peer that takes connections and never says a word; its port. It ends with the test's process.
pub fn silent() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        let kept: Vec<_> = listener.incoming().collect();
        drop(kept);
    });
    port
}
