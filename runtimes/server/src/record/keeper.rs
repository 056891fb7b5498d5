//! The thread that writes a recording, and the buffer before it.

use super::preface::Preface;
use super::redactor::Redactor;
use super::rules::Rules;
use super::tap::{Announcer, Tap};
use crate::logs::codes;
use anyhow::{Context, Result};
use core::sync::atomic::{AtomicUsize, Ordering};
use finewire_core::contract::Layout;
use finewire_core::password::PasswordCodec;
use finewire_host::record::{Entry, RecordFault, Room, Told, Writer};
use finewire_openwire::client::ClientConfig;
use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Where a recording goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The file. One that is there already is kept as `FILE.old`, in place of what was kept so before.
    pub(crate) file: PathBuf,
    /// How large it may become, in bytes.
    pub(crate) max_bytes: u64,
}

/// Entries that wait to be written, at most.
const MOST_WAITING: usize = 65_536;
/// Bytes that they may take together.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What an entry takes besides its bytes.
const ENTRY_BYTES: usize = 128;

/// What waits to be written.
pub(super) enum Item {
    Entry(Entry),
    /// Passwords and commands are to be read so from now on.
    Rules(Box<(Layout, PasswordCodec)>),
}

/// What the connector's task and the writing thread share.
#[derive(Debug, Default)]
struct Shared {
    /// Bytes that wait.
    waiting: AtomicUsize,
    /// Why the recording ends before the connector does.
    why: Mutex<Option<&'static str>>,
}

/// The end of the buffer at which the connector is.
#[derive(Debug)]
pub(super) struct Feeder {
    sender: Option<SyncSender<Item>>,
    shared: Arc<Shared>,
}

impl Feeder {
    /// Takes an item over, at once; where the file does not keep up the recording ends.
    pub(super) fn push(&mut self, item: Item) {
        let Some(sender) = &self.sender else {
            return;
        };
        let cost = cost(&item);
        let waiting = self.shared.waiting.fetch_add(cost, Ordering::Relaxed);
        if waiting.saturating_add(cost) > MOST_BYTES {
            return self.end("the file did not keep up with what was to be written");
        }
        match sender.try_send(item) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.end("the file did not keep up with what was to be written");
            }
            // It has ended, and said so.
            Err(TrySendError::Disconnected(_)) => self.sender = None,
        }
    }

    /// Ends the recording; the connector goes on.
    pub(super) fn end(&mut self, why: &'static str) {
        tracing::error!(
            code = codes::RECORDING_BROKEN,
            "the recording has ended: {why}"
        );
        *self
            .shared
            .why
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(why);
        self.sender = None;
    }
}

fn cost(item: &Item) -> usize {
    ENTRY_BYTES
        + match item {
            Item::Entry(entry) => match &entry.told {
                Told::Received(_, bytes) | Told::Command(_, bytes) => bytes.len(),
                _ => 0,
            },
            Item::Rules(_) => 0,
        }
}

/// A recording that is being written.
#[derive(Debug)]
pub(crate) struct Keeper {
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Begins a recording of a connector that `preface` describes, which speaks with its broker as `client` and
    /// reads commands so.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub(crate) fn begin(
        plan: &Plan,
        preface: &Preface,
        client: ClientConfig,
        layout: Layout,
        passwords: PasswordCodec,
    ) -> Result<(Self, Tap, Announcer)> {
        let path = plan.file.display().to_string();
        let file = create(&plan.file).with_context(|| format!("cannot record to {path}"))?;
        let out = BufWriter::new(file);
        let mut writer = Writer::begin(out, &preface.to_bytes()?, plan.max_bytes)
            .with_context(|| format!("cannot record to {path}"))?;
        writer.flush()?;
        let (sender, items) = sync_channel(MOST_WAITING);
        let shared = Arc::new(Shared::default());
        let redactor = Redactor::new(Rules::new(layout, passwords), client);
        let with = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("recording".into());
        let thread = thread.spawn(move || match keep(&mut writer, redactor, &items, &with) {
            Ok(Room::Left) => {}
            Ok(Room::Full) => tracing::warn!(
                code = codes::RECORDING_FULL,
                "the recording {path} is as large as it may become; nothing more is written"
            ),
            Err(fault) => tracing::error!(
                code = codes::RECORDING_BROKEN,
                "the recording {path} has ended: {fault}"
            ),
        })?;
        tracing::warn!(
            code = codes::RECORDING_BEGUN,
            "everything that the connector is told is recorded in {}",
            plan.file.display()
        );
        let feeder = Feeder {
            sender: Some(sender),
            shared,
        };
        let announcer = Announcer::default();
        Ok((
            Self { thread },
            Tap::new(feeder, announcer.clone()),
            announcer,
        ))
    }

    /// Returns when everything is written; the connector has to be gone.
    pub(crate) fn finish(self) {
        if self.thread.join().is_err() {
            tracing::error!(
                code = codes::RECORDING_BROKEN,
                "the recording's thread has panicked"
            );
        }
    }
}

/// Writes until nobody has anything more to write.
fn keep(
    writer: &mut Writer<BufWriter<File>>,
    mut redactor: Redactor,
    items: &Receiver<Item>,
    shared: &Shared,
) -> Result<Room, RecordFault> {
    loop {
        let item = match items.try_recv() {
            Ok(item) => item,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                // Whoever kills us now finds everything in the file.
                writer.flush()?;
                match items.recv() {
                    Ok(item) => item,
                    Err(_) => break,
                }
            }
        };
        shared.waiting.fetch_sub(cost(&item), Ordering::Relaxed);
        match item {
            Item::Rules(both) => {
                let (layout, passwords) = *both;
                redactor.rules.change(layout, passwords);
            }
            Item::Entry(entry) => {
                if writer.write(&redactor.pass(entry))? == Room::Full {
                    return Ok(Room::Full);
                }
            }
        }
    }
    let why = *shared.why.lock().unwrap_or_else(PoisonError::into_inner);
    writer.close(why.unwrap_or("the connector has ended"))?;
    Ok(Room::Left)
}

/// A new file that only its owner reads.
fn create(path: &Path) -> std::io::Result<File> {
    let mut old = path.as_os_str().to_owned();
    old.push(".old");
    match std::fs::rename(path, old) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
