//! Reading a recording.

use super::fault::RecordFault;
use super::{Entry, LONGEST, MAGIC, VERSION, kind};
use bytes::Bytes;
use finewire_core::machine::Instant;
use std::io::Read;

/// How a recording ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its writer closed it, and said this.
    Closed(String),
    /// Its writer was interrupted: the file breaks off in the frame that begins at this byte.
    Torn(u64),
}

/// A recording that is being read, entry by entry. Whatever the bytes are, it takes no more memory than the
/// longest frame.
#[derive(Debug)]
pub struct Recording<R> {
    source: R,
    preface: Bytes,
    /// Where the next frame begins.
    at: u64,
    now: Instant,
    ending: Option<Ending>,
}

/// What comes next in a file.
enum Next {
    Frame(Bytes),
    Tear,
}

impl<R: Read> Recording<R> {
    /// Reads the beginning.
    ///
    /// # Errors
    ///
    /// It is no recording, one of another version, or without a preface.
    pub fn open(source: R) -> Result<Self, RecordFault> {
        let mut recording = Self {
            source,
            preface: Bytes::new(),
            at: 0,
            now: Instant::START,
            ending: None,
        };
        let head = recording.take(10)?;
        let (magic, version) = head.split_at(head.len().min(MAGIC.len()));
        if magic != MAGIC {
            return Err(RecordFault::RemoteNoRecording);
        }
        let Ok(version) = <[u8; 2]>::try_from(version) else {
            return Err(RecordFault::RemoteNoPreface);
        };
        let found = u16::from_be_bytes(version);
        if found != VERSION {
            let known = VERSION;
            return Err(RecordFault::RefusedVersion { found, known });
        }
        recording.at = 10;
        match recording.next_frame()? {
            Next::Frame(payload) if payload.first() == Some(&kind::PREFACE) => {
                recording.preface = payload.slice(1..);
                Ok(recording)
            }
            Next::Frame(_) | Next::Tear => Err(RecordFault::RemoteNoPreface),
        }
    }

    /// What the machine is made of, in the writer's own form.
    #[must_use]
    pub const fn preface(&self) -> &Bytes {
        &self.preface
    }

    /// How it ends, once [`next_entry`](Self::next_entry) has given `None`.
    #[must_use]
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The next thing that the machine was told; `None` at the end, and ever after.
    ///
    /// # Errors
    ///
    /// [`RecordFault`]: the file is damaged here, or cannot be read; nothing behind it can be relied on.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, RecordFault> {
        if self.ending.is_some() {
            return Ok(None);
        }
        let at = self.at;
        let damaged = |what| RecordFault::RemoteDamaged { at, what };
        let payload = match self.next_frame()? {
            Next::Frame(payload) => payload,
            Next::Tear => {
                self.ending = Some(Ending::Torn(at));
                return Ok(None);
            }
        };
        if let Some((&kind::END, why)) = payload.split_first() {
            let why = core::str::from_utf8(why).map_err(|_| damaged("a text that is not UTF-8"))?;
            self.ending = Some(Ending::Closed(why.to_owned()));
            return Ok(None);
        }
        let entry = Entry::read(&payload).map_err(damaged)?;
        if entry.at < self.now {
            return Err(damaged("time runs backwards"));
        }
        self.now = entry.at;
        Ok(Some(entry))
    }

    fn next_frame(&mut self) -> Result<Next, RecordFault> {
        let at = self.at;
        let head = self.take(8)?;
        let Some((length, crc)) = head.split_first_chunk::<4>() else {
            return Ok(Next::Tear);
        };
        let Ok(crc) = <[u8; 4]>::try_from(crc) else {
            return Ok(Next::Tear);
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(RecordFault::LimitFrame { at, length });
        }
        let payload = self.take(length)?;
        if payload.len() < length {
            return Ok(Next::Tear);
        }
        if crc32fast::hash(&payload) != u32::from_be_bytes(crc) {
            // After a power failure the end of a file may be there in length only.
            if self.take(1)?.is_empty() {
                return Ok(Next::Tear);
            }
            let what = "its bytes are not those that were written";
            return Err(RecordFault::RemoteDamaged { at, what });
        }
        let taken = u64::try_from(length).unwrap_or(u64::MAX);
        self.at = at.saturating_add(8).saturating_add(taken);
        Ok(Next::Frame(payload.into()))
    }

    /// As many bytes, or as many as there are. Memory is taken as they come, not on the word of a length.
    fn take(&mut self, length: usize) -> Result<Vec<u8>, RecordFault> {
        let mut bytes = Vec::new();
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.source.by_ref().take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Room, Told, Writer};
    use super::*;
    use finewire_core::machine::{LinkId, UnixMillis};

    fn entries() -> Vec<Entry> {
        let link = LinkId::from_number(3);
        let told = [
            Told::Opened(link),
            Told::Received(link, Bytes::from_static(b"hello")),
            Told::Time,
            Told::Wall(UnixMillis(1)),
        ];
        let at = |n: usize| Instant::from_nanos(u64::try_from(n).unwrap());
        let entries = told.into_iter().enumerate();
        entries.map(|(n, told)| Entry { at: at(n), told }).collect()
    }

    fn file(why: Option<&str>) -> Vec<u8> {
        let mut file = Vec::new();
        let mut writer = Writer::begin(&mut file, b"preface", 1 << 20).unwrap();
        for entry in entries() {
            assert_eq!(writer.write(&entry).unwrap(), Room::Left);
        }
        if let Some(why) = why {
            writer.close(why).unwrap();
            writer.close("again").unwrap();
        }
        file
    }

    fn read(file: &[u8]) -> Result<(Vec<Entry>, Ending), RecordFault> {
        let mut recording = Recording::open(file)?;
        let mut entries = Vec::new();
        while let Some(entry) = recording.next_entry()? {
            entries.push(entry);
        }
        assert!(recording.next_entry()?.is_none());
        Ok((entries, recording.ending().unwrap().clone()))
    }

    #[test]
    fn what_was_written_is_read_with_the_writers_last_words() {
        let (found, ending) = read(&file(Some("enough"))).unwrap();
        assert_eq!(found, entries());
        assert_eq!(ending, Ending::Closed("enough".into()));
    }

    #[test]
    fn a_file_cut_anywhere_is_read_up_to_the_cut() {
        let file = file(None);
        let mut seen = 0;
        for length in 0..=file.len() {
            match read(&file[..length]) {
                Ok((found, Ending::Torn(at))) => {
                    assert!(found.len() >= seen && at <= u64::try_from(length).unwrap());
                    assert_eq!(found, entries()[..found.len()]);
                    seen = found.len();
                }
                Ok((_, ending)) => panic!("{ending:?}"),
                Err(RecordFault::RemoteNoRecording) => assert!(length < 8),
                Err(RecordFault::RemoteNoPreface) => assert!(length < 26),
                Err(fault) => panic!("{fault}"),
            }
        }
        assert_eq!(seen, entries().len());
    }

    #[test]
    fn a_byte_changed_before_the_last_frame_is_found_and_named() {
        let whole = file(Some("enough"));
        let last = whole.len() - 8 - 7;
        for at in 26..last {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            match read(&changed) {
                Err(RecordFault::RemoteDamaged { at: place, .. })
                | Err(RecordFault::LimitFrame { at: place, .. }) => {
                    assert!(place <= u64::try_from(at).unwrap());
                }
                // A length that grew reaches beyond the end.
                Ok((found, Ending::Torn(_))) => assert!(found.len() < entries().len()),
                other => panic!("byte {at}: {other:?}"),
            }
        }
    }

    #[test]
    fn another_version_and_another_file_are_refused_by_name() {
        let mut other = file(None);
        other[9] = 2;
        let found = read(&other);
        assert!(
            matches!(
                found,
                Err(RecordFault::RefusedVersion { found: 2, known: 1 })
            ),
            "{found:?}"
        );
        let found = read(b"{\"no\": \"recording\"}");
        assert!(matches!(found, Err(RecordFault::RemoteNoRecording)));
    }

    #[test]
    fn time_that_runs_backwards_is_damage() {
        let mut file = Vec::new();
        let mut writer = Writer::begin(&mut file, b"", 1 << 20).unwrap();
        for nanos in [5, 4] {
            let at = Instant::from_nanos(nanos);
            writer
                .write(&Entry {
                    at,
                    told: Told::Time,
                })
                .unwrap();
        }
        assert!(matches!(
            read(&file),
            Err(RecordFault::RemoteDamaged {
                what: "time runs backwards",
                ..
            })
        ));
    }

    #[test]
    fn the_file_never_exceeds_its_bound_and_says_that_it_is_full() {
        for max in [700, 1000, 5000] {
            let mut file = Vec::new();
            let mut writer = Writer::begin(&mut file, b"preface", max).unwrap();
            let bytes = Bytes::from(vec![b'x'; 100]);
            let told = Told::Received(LinkId::from_number(1), bytes);
            let at = Instant::START;
            let mut written = 0;
            while writer
                .write(&Entry {
                    at,
                    told: told.clone(),
                })
                .unwrap()
                == Room::Left
            {
                written += 1;
            }
            assert_eq!(writer.write(&Entry { at, told }).unwrap(), Room::Full);
            assert!(u64::try_from(file.len()).unwrap() <= max, "{max}");
            let (found, ending) = read(&file).unwrap();
            assert_eq!(found.len(), written);
            assert!(matches!(ending, Ending::Closed(why) if why.contains("as large as it may")));
        }
        let small = Writer::begin(Vec::new(), b"preface", 300);
        assert!(matches!(small, Err(RecordFault::LocalTooLong { .. })));
    }

    #[test]
    fn many_bytes_at_once_are_written_in_pieces_and_come_back_whole() {
        let bytes = Bytes::from(
            (0..5_000_000_u32)
                .map(|n| n.to_be_bytes()[3])
                .collect::<Vec<_>>(),
        );
        let mut file = Vec::new();
        let mut writer = Writer::begin(&mut file, b"", 1 << 30).unwrap();
        let told = Told::Received(LinkId::from_number(1), bytes.clone());
        let at = Instant::START;
        assert_eq!(writer.write(&Entry { at, told }).unwrap(), Room::Left);
        let (found, _) = read(&file).unwrap();
        let mut joined = Vec::new();
        for entry in &found {
            let Told::Received(_, piece) = &entry.told else {
                panic!("{entry:?}")
            };
            joined.extend_from_slice(piece);
        }
        assert!(found.len() > 1 && joined == bytes);
    }
}
