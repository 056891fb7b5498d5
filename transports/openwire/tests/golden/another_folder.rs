//! Vectors of one's own: the same tests on the folder that `FINEWIRE_OPENWIRE_VECTORS` names.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::vectors::folder;

const VARIABLE: &str = "FINEWIRE_OPENWIRE_VECTORS";

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("finewire-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// All the other tests of this program, on another folder.
fn run(folder: &Path) -> (Output, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--nocapture",
            "--test-threads=1",
            "--skip",
            "another_folder",
        ])
        .env(VARIABLE, folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output, text)
}

#[test]
fn what_is_missing_from_another_folder_is_skipped_by_name() {
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let own = folder();
    let other = Folder::new("vectors-few");
    std::fs::copy(own.join("quirks.jsonl.gz"), other.0.join("quirks.jsonl.gz")).unwrap();

    let (output, text) = run(&other.0);

    assert!(output.status.success(), "{text}");
    for name in [
        "types.jsonl.gz",
        "sequences.jsonl.gz",
        "limits.jsonl.gz",
        "bodies.jsonl.gz",
        "malformed.jsonl.gz",
        "captures",
        "captures-cpp",
    ] {
        let skipped = format!("skipped: {} is missing", other.0.join(name).display());
        assert!(text.contains(&skipped), "not {skipped}: {text}");
    }
    assert!(!text.contains("quirks.jsonl.gz is missing"), "{text}");
}

#[test]
fn the_lines_of_another_folder_are_what_is_tested() {
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let lines = super::vectors::lines("quirks.jsonl.gz");
    let changed = lines.iter().map(|line| {
        // One bit of each frame is turned.
        let mut line = line.clone();
        if let Some(hex) = line["hex"].as_str().map(str::to_owned) {
            let last = if hex.ends_with('0') { "1" } else { "0" };
            line["hex"] = format!("{}{last}", &hex[..hex.len() - 1]).into();
        }
        line.to_string() + "\n"
    });
    let changed: String = changed.collect();
    let other = Folder::new("vectors-wrong");
    let file = std::fs::File::create(other.0.join("quirks.jsonl.gz")).unwrap();
    let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    file.write_all(changed.as_bytes()).unwrap();
    file.finish().unwrap();

    let (output, text) = run(&other.0);

    assert!(
        !output.status.success(),
        "turned bits are not noticed: {text}"
    );
}
