//! Where the simulator's control door is found: its address and token, in a private file.

use anyhow::{Context, Result, bail};
use core::net::SocketAddr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Address and token of a control door.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl core::fmt::Debug for Door {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Door")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// The file that `--control-file` names, else `.finewire/control` in the home folder.
pub(crate) fn path(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.into());
    }
    let home = std::env::home_dir().context("no home folder: give --control-file")?;
    Ok(home.join(".finewire").join("control"))
}

/// Writes the door to `path`, readable by its owner only; a file already there is replaced.
pub(crate) fn write(path: &Path, door: &Door) -> Result<()> {
    let what = || format!("cannot write the control file {}", path.display());
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_private_folder(folder).with_context(what)?;
    }
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e).with_context(what),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).with_context(what)?;
    writeln!(file, "{}\n{}", door.address, door.token).with_context(what)
}

/// Reads the door from `path`.
pub(crate) fn read(path: &Path) -> Result<Door> {
    let text = fs::read_to_string(path).with_context(|| {
        format!(
            "cannot read the control file {}; does `finewire simulate` run?",
            path.display()
        )
    })?;
    let mut lines = text.lines();
    let (Some(address), Some(token)) = (lines.next(), lines.next()) else {
        bail!("{} is not a control file", path.display());
    };
    let address = address
        .parse()
        .with_context(|| format!("bad address in {}", path.display()))?;
    Ok(Door {
        address,
        token: token.to_owned(),
    })
}

/// Removes the control file, unless another simulator has put its own there.
pub(crate) fn forget(path: &Path, ours: &Door) {
    if read(path).is_ok_and(|found| found.token == ours.token) {
        // Gone already is as good.
        let _ = fs::remove_file(path);
    }
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
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
