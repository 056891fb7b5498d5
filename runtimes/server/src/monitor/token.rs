//! The first-run token: made once, kept in a file that only its owner can read, and worth an operator's
//! session. Only the file's path is ever printed.

use anyhow::{Context, Result, bail};
use core::fmt;
use finewire_core::password::Secret;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq as _;

/// 32 bytes as hex digits.
const DIGITS: usize = 64;

/// The token.
pub(crate) struct Token(Secret);

impl Token {
    /// The token in the file at `path`; the file is made where there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be made or read, holds no token, or others can read it.
    pub(crate) fn keep(path: &Path) -> Result<Self> {
        let what = || format!("the monitor's token file {}", path.display());
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            make_private_folder(folder).with_context(what)?;
        }
        let mut bytes = [0; DIGITS / 2];
        getrandom::fill(&mut bytes).context("the system gives no randomness")?;
        let fresh = hex::encode(bytes);
        match private().write(true).create_new(true).open(path) {
            Ok(mut file) => {
                writeln!(file, "{fresh}").with_context(what)?;
                Ok(Self(Secret::from(fresh.as_str())))
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Self::read(path),
            Err(e) => Err(e).with_context(what),
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let what = || format!("the monitor's token file {}", path.display());
        let file = fs::File::open(path).with_context(what)?;
        refuse_if_others_can_read(&file, path)?;
        let mut text = String::new();
        file.take(4096)
            .read_to_string(&mut text)
            .with_context(what)?;
        let token = text.trim();
        if token.len() != DIGITS || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!(
                "{} holds no token; remove it and a new one is made",
                path.display()
            );
        }
        Ok(Self(Secret::from(token)))
    }

    /// Whether this is the token; takes as long for any text of its length.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0
            .expose()
            .as_bytes()
            .ct_eq(text.trim().as_bytes())
            .into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The folder of the monitor's files: the service's state folder (systemd sets `STATE_DIRECTORY`), else
/// `.finewire` in the home folder.
///
/// # Errors
///
/// There is neither.
pub(crate) fn folder() -> Result<PathBuf> {
    if let Some(state) = std::env::var_os("STATE_DIRECTORY") {
        let state = state.to_string_lossy();
        if let Some(first) = state.split(':').find(|part| !part.is_empty()) {
            return Ok(PathBuf::from(first));
        }
    }
    let home = std::env::home_dir().context("no home folder: set monitor.token_file")?;
    Ok(home.join(".finewire"))
}

/// A file to be opened such that only its owner can read it.
pub(crate) fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Makes a folder that only its owner can enter, unless there is one already.
pub(crate) fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(unix)]
fn refuse_if_others_can_read(file: &fs::File, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "others can read the monitor's token in {}: whoever did is an operator; remove the file, and a \
             new token is made",
            path.display()
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_if_others_can_read(_file: &fs::File, _path: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> PathBuf {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).unwrap();
        let folder = std::env::temp_dir().join(format!("finewire-token-{}", hex::encode(bytes)));
        folder.join(name)
    }

    #[test]
    fn a_token_is_made_once_and_found_again() {
        let path = place("token");
        let made = Token::keep(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(made.is(&text) && made.is(text.trim()));
        assert!(Token::keep(&path).unwrap().is(&text));
        assert!(!made.is("") && !made.is(&"0".repeat(64)));
        assert_eq!(format!("{made:?}"), "Token(..)");
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_others_can_read_is_refused_and_a_new_one_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = place("token");
        Token::keep(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(
            Token::keep(&path)
                .unwrap_err()
                .to_string()
                .contains("others can read")
        );
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_file_without_a_token_is_refused() {
        let path = place("token");
        make_private_folder(path.parent().unwrap()).unwrap();
        let mut file = private().write(true).create_new(true).open(&path).unwrap();
        file.write_all(b"swordfish").unwrap();
        assert!(
            Token::keep(&path)
                .unwrap_err()
                .to_string()
                .contains("no token")
        );
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
