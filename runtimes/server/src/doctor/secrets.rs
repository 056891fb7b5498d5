//! The configuration's secrets without showing them: files, lengths, characters.

use super::report::{Check, Finding};
use core::time::Duration;
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No secret's file is read beyond this.
const LONGEST: u64 = 64 * 1024;

/// A setting that names a file with a secret.
#[derive(Debug)]
pub(crate) struct SecretFile {
    /// Its path in the configuration, such as `driver.key_file`.
    pub(crate) setting: String,
    pub(crate) path: PathBuf,
}

/// Every setting `…_file` of a configuration but those that hold no secret (`ca_file`, certificates).
pub(crate) fn files(text: &str, folder: &Path) -> Vec<SecretFile> {
    let mut found = Vec::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        for (name, value) in &table {
            gather(name, value, folder, &mut found);
        }
    }
    found
}

fn gather(at: &str, value: &toml::Value, folder: &Path, found: &mut Vec<SecretFile>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                gather(&format!("{at}.{name}"), value, folder, found);
            }
        }
        toml::Value::Array(list) => {
            for (value, n) in list.iter().zip(1..) {
                gather(&format!("{at}[{n}]"), value, folder, found);
            }
        }
        toml::Value::String(path) if is_secret(at) => found.push(SecretFile {
            setting: at.to_owned(),
            path: folder.join(path),
        }),
        _ => {}
    }
}

fn is_secret(setting: &str) -> bool {
    let name = setting.rsplit('.').next().unwrap_or(setting);
    ["password_file", "key_file", "secret_file", "token_file"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// Looks at each file.
pub(crate) fn look(text: &str, folder: &Path) -> Vec<Check> {
    let files = files(text, folder).into_iter().map(|file| {
        let finding = judge(&file);
        Check::new("secret", "file", &file.setting, finding, Duration::ZERO)
    });
    files.chain(initial_vector(text)).collect()
}

fn judge(file: &SecretFile) -> Finding {
    let shown = file.path.display();
    let bytes = match read(&file.path) {
        Ok(bytes) => bytes,
        Err(e) => {
            let hint = "the file must be there, and readable by the user that runs finewire";
            return Finding::failed(format!("cannot read {shown}: {e}"), hint);
        }
    };
    let Ok(text) = core::str::from_utf8(&bytes) else {
        let hint = "save it as UTF-8 without a byte order mark";
        return Finding::failed(format!("{shown} is no UTF-8 text"), hint);
    };
    // A PEM file's lines are not ours to judge.
    let is_pem = text.starts_with("-----BEGIN ");
    let mut troubles = Vec::new();
    let is_key = file.setting.ends_with("key_file") && !is_pem;
    let line = text.lines().next().unwrap_or_default();
    // Blanks around the digits of a key do not count.
    let line = if is_key { line.trim() } else { line };
    if !is_pem {
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        troubles.extend(in_text(&format!("{line}\n{rest}")));
    }
    if is_key && let Err(why) = key(line) {
        let hint = "48 hex digits in three different parts: openssl rand -hex 24";
        return Finding::failed(format!("{shown}: {why}"), hint);
    }
    if others_can_read(&file.path) {
        troubles.push(format!("others can read it: chmod 600 {shown}"));
    }
    let what = match (is_key, line.chars().count()) {
        (true, digits) => format!("a Triple-DES key of {} bytes", digits / 2),
        (false, _) if is_pem => "a PEM file".to_owned(),
        (false, _) => "a secret".to_owned(),
    };
    if troubles.is_empty() {
        Finding::ok(format!("{what} in {shown}"))
    } else {
        Finding::warning(format!("{what} in {shown}"), troubles.join("; "))
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = std::fs::File::open(path)?.take(LONGEST);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What may be meant otherwise in a file of one secret. Of the secret itself nothing is told.
fn in_text(text: &str) -> Vec<String> {
    let mut troubles = Vec::new();
    let line = text.lines().next().unwrap_or_default();
    if text.starts_with('\u{feff}') {
        troubles.push(
            "it begins with a byte order mark, which counts as part of the secret".to_owned(),
        );
    }
    if line.trim() != line {
        troubles.push("there are blanks before or after the secret, which count".to_owned());
    }
    if line.chars().any(char::is_control) {
        troubles.push("there is a control character in the secret".to_owned());
    }
    if text.lines().skip(1).any(|line| !line.trim().is_empty()) {
        troubles.push("only the first line counts, and there are more".to_owned());
    }
    troubles
}

/// Why a key cannot be used.
fn key(line: &str) -> Result<(), String> {
    if let Some(at) = line.chars().position(|c| !c.is_ascii_hexdigit()) {
        return Err(format!(
            "character {} of the key is no hex digit",
            at.saturating_add(1)
        ));
    }
    let digits = line.len();
    if digits != 48 && digits != 32 {
        return Err(format!("the key has {digits} hex digits, not 48 (or 32)"));
    }
    PasswordCodec::triple_des(&Secret::from(line), InitialVector::ZERO, CipherText::Hex)
        .map(|_| ())
        .map_err(|e| format!("unusable key: {e}"))
}

fn initial_vector(text: &str) -> Option<Check> {
    let table = text.parse::<toml::Table>().ok()?;
    let driver = table.get("driver")?.as_table()?;
    let iv = driver.get("iv")?.as_str()?;
    let finding = match InitialVector::parse(iv) {
        Ok(_) => Finding::ok("an initial vector of 8 bytes"),
        Err(e) => Finding::failed(e.to_string(), "\"zero\", \"random\" or 16 hex digits"),
    };
    Some(Check::new(
        "secret",
        "iv",
        "driver.iv",
        finding,
        Duration::ZERO,
    ))
}

/// Characters that the driver protocol cannot carry in an id or a password in clear: it has no escapes.
pub(crate) const FORBIDDEN: [char; 3] = [',', '#', '|'];

/// What an agent's id and password must not hold.
pub(crate) fn agent(id: &str, password: &Secret, is_encrypted: bool) -> Finding {
    let hint = "the driver protocol has no escapes: , # and | separate its fields";
    if let Some(found) = id.chars().find(|c| FORBIDDEN.contains(c) || c.is_control()) {
        return Finding::failed(format!("the agent's id holds {found:?}"), hint);
    }
    let text = password.expose();
    if text.chars().any(char::is_control) {
        return Finding::failed("the agent's password holds a control character", hint);
    }
    if !is_encrypted && text.chars().any(|c| FORBIDDEN.contains(&c)) {
        let text = "the agent's password holds one of , # | and drivers send it in clear";
        let hint = "encrypt passwords (use_secure_password = true), or change this one";
        return Finding::failed(text, hint);
    }
    Finding::ok("no character that the driver protocol cannot carry")
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    #[test]
    fn secrets_are_found_wherever_they_are_named() {
        let text = "[broker]\npassword_file = \"a\"\nca_file = \"no\"\n[driver]\nkey_file = \"/b\"\n\
                    [[x.y]]\ntoken_file = \"c\"\n";
        let found = files(text, Path::new("/etc/finewire"));
        let found: Vec<_> = found
            .iter()
            .map(|file| format!("{}={}", file.setting, file.path.display()))
            .collect();
        assert_eq!(
            found,
            [
                "broker.password_file=/etc/finewire/a",
                "driver.key_file=/b",
                "x.y[1].token_file=/etc/finewire/c"
            ]
        );
    }

    #[test]
    fn a_key_is_told_by_what_is_wrong_with_it_and_never_shown() {
        let good = "0123456789abcdeffedcba98765432100f1e2d3c4b5a6978";
        assert_eq!(key(good), Ok(()));
        for (bad, why) in [
            (&good[..46], "46 hex digits"),
            ("", "0 hex digits"),
            (&good.replace("fe", "fx"), "character 18"),
            (&good[..16].repeat(3), "unusable key"),
        ] {
            let told = key(bad).unwrap_err();
            assert!(told.contains(why), "{told}");
            assert!(!told.contains("89abcdef"), "{told}");
        }
    }

    #[test]
    fn what_counts_although_it_looks_like_nothing_is_told() {
        assert_eq!(in_text("secret\n"), Vec::<String>::new());
        for (text, word) in [
            ("\u{feff}secret", "byte order mark"),
            ("secret \n", "blanks"),
            ("sec\tret", "control character"),
            ("secret\nmore\n", "first line"),
        ] {
            assert!(in_text(text).join(" ").contains(word), "{text:?}");
        }
    }

    #[test]
    fn what_separates_fields_may_be_in_an_encrypted_password_only() {
        let verdict = |id: &str, password: &str, is_encrypted| {
            agent(id, &Secret::from(password), is_encrypted).verdict
        };
        assert_eq!(verdict("1001001", "a,b", true), Verdict::Ok);
        assert_eq!(verdict("1001001", "a,b", false), Verdict::Failed);
        assert_eq!(verdict("1001#1", "ab", true), Verdict::Failed);
        assert_eq!(verdict("1001001", "a\tb", true), Verdict::Failed);
        assert!(!agent("1", &Secret::from("p|q"), false).text.contains("p|q"));
    }
}
