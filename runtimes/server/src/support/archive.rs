//! The archive: a `.tar.gz` that only its owner can read, and never one that was there before.

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::path::Path;
use std::time::SystemTime;

/// No file in it is longer, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// An archive that is being written.
pub(crate) struct Archive {
    tar: tar::Builder<GzEncoder<File>>,
    folder: String,
    written: Vec<(String, usize)>,
}

impl core::fmt::Debug for Archive {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Archive")
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl Archive {
    /// Makes the file, mode 0600; its content unpacks into `folder`.
    ///
    /// # Errors
    ///
    /// There is such a file, or it cannot be written.
    pub(crate) fn create(path: &Path, folder: &str) -> Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options
            .open(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            tar: tar::Builder::new(GzEncoder::new(file, Compression::default())),
            folder: folder.to_owned(),
            written: Vec::new(),
        })
    }

    /// Adds a text; of one that is too long, the end.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(crate) fn add(&mut self, name: &str, text: &str) -> Result<()> {
        let mut from = text.len().saturating_sub(LONGEST);
        while !text.is_char_boundary(from) {
            from = from.saturating_add(1);
        }
        let bytes = text.as_bytes().get(from..).unwrap_or_default();
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        header.set_mode(0o600);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        header.set_mtime(now.map_or(0, |now| now.as_secs()));
        let path = format!("{}/{name}", self.folder);
        self.tar
            .append_data(&mut header, path, bytes)
            .with_context(|| format!("cannot write {name}"))?;
        self.written.push((name.to_owned(), bytes.len()));
        Ok(())
    }

    /// What is in it so far: names and sizes in bytes.
    pub(crate) fn written(&self) -> &[(String, usize)] {
        &self.written
    }

    /// Writes the end.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(crate) fn finish(self) -> Result<()> {
        let end = || "cannot write the archive's end";
        let gzip = self.tar.into_inner().with_context(end)?;
        let file = gzip.finish().with_context(end)?;
        file.sync_all().with_context(end)
    }
}
