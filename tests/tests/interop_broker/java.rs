//! Java programs from `interop/` on ActiveMQ's class path.

use finewire_tests::peers::available;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const CLASS_PATH: &str = "/usr/share/activemq/lib/*:/usr/share/java/slf4j-nop.jar";

/// Whether ActiveMQ and Java are installed.
pub fn is_available() -> bool {
    available(
        "ActiveMQ",
        &[
            "/usr/share/activemq/lib/activemq-broker.jar",
            "/usr/bin/java",
        ],
    )
}

/// The command that compiles and runs a program.
pub fn program(name: &str) -> Command {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("interop")
        .join(name);
    let mut command = Command::new("java");
    command
        .args(["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
        .args(["-cp", CLASS_PATH])
        .arg(source);
    command
}

/// What a program answers to lines, one answer each; `None` where there is no Java.
///
/// # Panics
///
/// When it fails.
pub fn answers(name: &str, lines: impl Iterator<Item = String>) -> Option<Vec<String>> {
    if !is_available() {
        return None;
    }
    let mut child = program(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("java starts");
    let input: String = lines.map(|line| line + "\n").collect();
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("java ends");
    writer.join().expect("the writer").expect("java reads");
    assert!(output.status.success(), "{name} failed");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut answers: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(answers.pop().as_deref(), Some("end"), "{name} was cut off");
    Some(answers)
}
