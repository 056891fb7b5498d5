//! The command cache: ids and destinations that are sent once and then named by a number.

use core::mem;

use bytes::Bytes;

use super::{Cacheable, Digest};
use crate::command::{
    BrokerId, Command, ConnectionId, ConsumerId, Destination, ProducerId, SessionId, Text,
    TransactionId,
};

/// Entries that stay free before each command: at most this many new ones fit into one command.
const FREE_SPACE: usize = 100;

/// Kinds of cached values: the range of [`Cacheable::KIND`].
const KINDS: usize = 8;

/// A cached value. Absence is a value like any other.
#[derive(Clone, Debug)]
pub(crate) enum CacheEntry {
    Null,
    Connection(ConnectionId),
    Session(SessionId),
    Consumer(ConsumerId),
    Producer(ProducerId),
    Broker(BrokerId),
    Destination(Destination),
    Transaction(TransactionId),
    Other(Box<Command>),
}

impl CacheEntry {
    /// The bytes that it keeps alive; an entry that is not copied keeps all of its frame.
    fn weight(&self, frame: usize) -> usize {
        let length = |text: &Option<Text>| text.as_ref().map_or(0, Text::len);
        let bytes = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
        match self {
            Self::Null => 0,
            Self::Connection(id) => length(&id.value),
            Self::Session(id) => length(&id.connection_id),
            Self::Consumer(id) => length(&id.connection_id),
            Self::Producer(id) => length(&id.connection_id),
            Self::Broker(id) => length(&id.value),
            Self::Destination(destination) => length(&destination.physical_name),
            Self::Transaction(TransactionId::Local(id)) => {
                id.connection_id.as_ref().map_or(0, |id| length(&id.value))
            }
            Self::Transaction(TransactionId::Xa(id)) => {
                bytes(&id.global_transaction_id) + bytes(&id.branch_qualifier)
            }
            Self::Other(_) => frame,
        }
    }
}

/// The reading side: index → value, as the writer says. It never evicts; entries are overwritten.
#[derive(Debug)]
pub(crate) struct ReadCache {
    size: usize,
    entries: Vec<Option<Held>>,
    /// The weights of all entries.
    weight: usize,
    /// What a frame of unknown length replaced, so that it can be read again.
    journal: Option<Vec<(usize, Option<Held>)>>,
}

#[derive(Debug)]
struct Held {
    entry: CacheEntry,
    weight: usize,
}

impl ReadCache {
    pub(crate) const fn new(size: usize) -> Self {
        Self {
            size,
            entries: Vec::new(),
            weight: 0,
            journal: None,
        }
    }

    pub(crate) fn entry(&self, index: i16) -> Option<&CacheEntry> {
        let held = self.entries.get(usize::try_from(index).ok()?)?;
        held.as_ref().map(|held| &held.entry)
    }

    /// Whether a new entry may carry this index: −1 (not stored) or one within the cache.
    pub(crate) fn allows(&self, index: i16) -> bool {
        index == -1 || usize::try_from(index).is_ok_and(|index| index < self.size)
    }

    /// Keeps an entry that came in a frame of this length; whether all together stay within the limit.
    pub(crate) fn store(
        &mut self,
        index: i16,
        entry: CacheEntry,
        frame: usize,
        limit: usize,
    ) -> bool {
        let Ok(index) = usize::try_from(index) else {
            return true;
        };
        if index >= self.entries.len() {
            self.entries.resize_with(index + 1, || None);
        }
        let weight = entry.weight(frame);
        self.put(index, Some(Held { entry, weight }), true);
        self.weight <= limit
    }

    fn put(&mut self, index: usize, held: Option<Held>, note: bool) {
        let Some(slot) = self.entries.get_mut(index) else {
            return;
        };
        self.weight += held.as_ref().map_or(0, |held| held.weight);
        let old = mem::replace(slot, held);
        self.weight -= old.as_ref().map_or(0, |held| held.weight);
        if note && let Some(journal) = &mut self.journal {
            journal.push((index, old));
        }
    }

    pub(crate) fn begin(&mut self) {
        self.journal = Some(Vec::new());
    }

    pub(crate) fn commit(&mut self) {
        self.journal = None;
    }

    pub(crate) fn roll_back(&mut self) {
        for (index, old) in self.journal.take().into_iter().flatten().rev() {
            self.put(index, old, false);
        }
    }
}

/// The writing side: value → index, with the numbering, eviction and overflow of the Java client, which
/// every reader relies upon.
///
/// Values are found by a hash that is not keyed: a peer that chooses ids so as to collide makes a
/// look-up walk the cache, which its size bounds.
#[derive(Debug)]
pub(crate) struct WriteCache {
    size: usize,
    /// The next index, which also advances when nothing is stored.
    next: usize,
    /// The slot that is evicted next.
    oldest: usize,
    /// Entries, the one for null included.
    live: usize,
    null: Option<usize>,
    slots: Vec<Option<Slot>>,
    /// Open addressing: slot number + 1, or 0. A power of two long, at most half full.
    table: Vec<u16>,
    /// For each kind of value the slot where one was found last: most often it is found there again, and
    /// then it need not be hashed.
    recent: [u16; KINDS],
    /// What this command added, to be undone if it cannot be encoded.
    journal: Vec<Change>,
    start: usize,
}

#[derive(Debug)]
struct Slot {
    digest: u64,
    entry: CacheEntry,
}

#[derive(Debug)]
struct Change {
    index: usize,
    was: Option<Slot>,
    was_null: bool,
}

impl WriteCache {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            next: 0,
            oldest: 0,
            live: 0,
            null: None,
            slots: Vec::new(),
            table: vec![0; 64],
            recent: [0; KINDS],
            journal: Vec::new(),
            start: 0,
        }
    }

    /// Makes room; to be called before each command and never within one.
    pub(crate) fn begin(&mut self) {
        self.journal.clear();
        self.start = self.next;
        let Some(most) = self.size.checked_sub(FREE_SPACE) else {
            return;
        };
        while self.live > most {
            let evicted = self.slots.get_mut(self.oldest).and_then(Option::take);
            match evicted {
                Some(slot) => {
                    self.unlink(slot.digest, self.oldest);
                    self.live -= 1;
                }
                // An empty slot stands for null, wherever null is: so does Java.
                None => {
                    if self.null.take().is_some() {
                        self.live -= 1;
                    }
                }
            }
            self.oldest = self.after(self.oldest);
        }
    }

    const fn after(&self, index: usize) -> usize {
        if index + 1 >= self.size { 0 } else { index + 1 }
    }

    /// The index of a value that the reader knows.
    #[inline(always)]
    pub(crate) fn index_of<T: Cacheable>(&mut self, value: Option<&T>) -> Option<u16> {
        match value {
            None => self.null.and_then(|index| u16::try_from(index).ok()),
            Some(value) => self.index_of_some(value),
        }
    }

    fn index_of_some<T: Cacheable>(&mut self, value: &T) -> Option<u16> {
        let recent = self.recent.get(T::KIND).copied().unwrap_or_default();
        if let Some(Some(slot)) = self.slots.get(usize::from(recent))
            && value.is(&slot.entry)
        {
            return Some(recent);
        }
        let found = self.find(value.digest(), |entry| value.is(entry))?;
        if let Some(recent) = self.recent.get_mut(T::KIND) {
            *recent = found;
        }
        Some(found)
    }

    fn find(&self, digest: u64, is: impl Fn(&CacheEntry) -> bool) -> Option<u16> {
        let mask = self.table.len() - 1;
        let mut position = Digest::position(digest, mask);
        loop {
            let number = self.table.get(position)?.checked_sub(1)?;
            if let Some(Some(slot)) = self.slots.get(usize::from(number))
                && slot.digest == digest
                && is(&slot.entry)
            {
                return Some(number);
            }
            position = (position + 1) & mask;
        }
    }

    /// Stores a value that is not known; returns the index to write, −1 if there is no room.
    pub(crate) fn add<T: Cacheable>(&mut self, value: Option<&T>) -> i16 {
        if self.size < FREE_SPACE {
            return -1;
        }
        let index = self.next;
        self.next = self.after(index);
        if self.live >= self.size {
            return -1;
        }
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, || None);
        }
        let was = self.slots.get_mut(index).and_then(Option::take);
        if let Some(slot) = &was {
            // The counter ran ahead over a full cache. The reader overwrites, so must we.
            let digest = slot.digest;
            self.unlink(digest, index);
            self.live -= 1;
        }
        let was_null = self.null == Some(index);
        if was_null {
            self.null = None;
            self.live -= 1;
        }
        self.live += 1;
        match value {
            None => self.null = Some(index),
            Some(value) => {
                let digest = value.digest();
                if let Some(slot) = self.slots.get_mut(index) {
                    *slot = Some(Slot {
                        digest,
                        entry: value.to_entry(),
                    });
                }
                self.link(digest, index);
            }
        }
        self.journal.push(Change {
            index,
            was,
            was_null,
        });
        i16::try_from(index).unwrap_or(-1)
    }

    /// Forgets what the command at hand added: it is not sent.
    pub(crate) fn roll_back(&mut self) {
        while let Some(change) = self.journal.pop() {
            if let Some(slot) = self.slots.get_mut(change.index).and_then(Option::take) {
                self.unlink(slot.digest, change.index);
                self.live -= 1;
            } else if self.null == Some(change.index) {
                self.null = None;
                self.live -= 1;
            }
            if let Some(slot) = change.was {
                self.link(slot.digest, change.index);
                if let Some(place) = self.slots.get_mut(change.index) {
                    *place = Some(slot);
                }
                self.live += 1;
            }
            if change.was_null {
                self.null = Some(change.index);
                self.live += 1;
            }
        }
        self.next = self.start;
    }

    fn link(&mut self, digest: u64, index: usize) {
        if self.slots.len().min(self.live + 1) * 2 > self.table.len() {
            self.grow();
            // The slot may be in place already; then growing linked it.
            if self.is_linked(digest, index) {
                return;
            }
        }
        Self::insert(&mut self.table, digest, index);
    }

    fn is_linked(&self, digest: u64, index: usize) -> bool {
        let mask = self.table.len() - 1;
        let mut position = Digest::position(digest, mask);
        while let Some(number) = self.table.get(position).and_then(|n| n.checked_sub(1)) {
            if usize::from(number) == index {
                return true;
            }
            position = (position + 1) & mask;
        }
        false
    }

    fn insert(table: &mut [u16], digest: u64, index: usize) {
        let mask = table.len() - 1;
        let mut position = Digest::position(digest, mask);
        while table.get(position).is_some_and(|&number| number != 0) {
            position = (position + 1) & mask;
        }
        if let Some(place) = table.get_mut(position) {
            *place = u16::try_from(index + 1).unwrap_or(0);
        }
    }

    #[cold]
    fn grow(&mut self) {
        let mut table = vec![0; self.table.len() * 2];
        for (index, slot) in self.slots.iter().enumerate() {
            if let Some(slot) = slot {
                Self::insert(&mut table, slot.digest, index);
            }
        }
        self.table = table;
    }

    /// Takes a slot out of the table and closes the gap, so that no search stops short.
    fn unlink(&mut self, digest: u64, index: usize) {
        let mask = self.table.len() - 1;
        let mut position = Digest::position(digest, mask);
        while let Some(number) = self.table.get(position).and_then(|n| n.checked_sub(1)) {
            if usize::from(number) == index {
                break;
            }
            position = (position + 1) & mask;
        }
        if let Some(place) = self.table.get_mut(position) {
            *place = 0;
        }
        // Everything in the run behind the gap finds its place anew.
        let mut next = (position + 1) & mask;
        while let Some(place) = self.table.get_mut(next) {
            let number = mem::take(place);
            let Some(index) = number.checked_sub(1).map(usize::from) else {
                break;
            };
            if let Some(Some(slot)) = self.slots.get(index) {
                let digest = slot.digest;
                Self::insert(&mut self.table, digest, index);
            }
            next = (next + 1) & mask;
        }
    }
}
