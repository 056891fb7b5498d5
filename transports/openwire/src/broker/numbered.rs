//! What is named by rising numbers, found by them in a few steps however much there is.

use core::fmt;
use core::marker::PhantomData;
use finewire_core::machine::LinkId;
use std::collections::BTreeMap;

use super::consumer::ConsumerKey;

/// Numbers in one page; of accepted links half of them, which have even ones.
const PAGE: u64 = 256;

/// A name that is a number.
pub(super) trait Number: Copy {
    fn number(self) -> u64;
    fn named(number: u64) -> Self;
}

impl Number for LinkId {
    fn number(self) -> u64 {
        Self::number(self)
    }

    fn named(number: u64) -> Self {
        Self::from_number(number)
    }
}

impl Number for ConsumerKey {
    fn number(self) -> u64 {
        self.0
    }

    fn named(number: u64) -> Self {
        Self(number)
    }
}

/// An ordered map from numbers that are given out in order. What lives at one time has numbers that lie close
/// together: pages of them make the tree above so small that it stays in the processor's cache, where one with
/// thousands of entries, each found several times for every message, does not.
pub(super) struct Numbered<K, V> {
    /// None is empty.
    pages: BTreeMap<u64, Page<V>>,
    len: usize,
    key: PhantomData<K>,
}

struct Page<V> {
    slots: Box<[Option<Box<V>>]>,
    used: usize,
}

impl<V> Page<V> {
    fn new() -> Self {
        Self {
            slots: (0..PAGE).map(|_| None).collect(),
            used: 0,
        }
    }
}

/// Page, and place in it.
const fn place(number: u64) -> (u64, usize) {
    (number / PAGE, (number % PAGE) as usize)
}

impl<K: Number, V> Numbered<K, V> {
    pub(super) const fn new() -> Self {
        Self {
            pages: BTreeMap::new(),
            len: 0,
            key: PhantomData,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let (page, place) = place(key.number());
        self.pages.get(&page)?.slots.get(place)?.as_deref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let (page, place) = place(key.number());
        let page = self.pages.get_mut(&page)?;
        page.slots.get_mut(place)?.as_deref_mut()
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// What had this number before.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (page, place) = place(key.number());
        let page = self.pages.entry(page).or_insert_with(Page::new);
        let before = page.slots.get_mut(place)?.replace(Box::new(value));
        if before.is_none() {
            page.used += 1;
            self.len += 1;
        }
        before.map(|it| *it)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (number, place) = place(key.number());
        let page = self.pages.get_mut(&number)?;
        let value = page.slots.get_mut(place)?.take()?;
        page.used -= 1;
        self.len -= 1;
        if page.used == 0 {
            self.pages.remove(&number);
        }
        Some(*value)
    }

    /// All, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.pages.iter().flat_map(|(page, it)| {
            let slots = (0..PAGE).zip(&it.slots);
            slots.filter_map(move |(place, slot)| {
                Some((K::named(page * PAGE + place), slot.as_deref()?))
            })
        })
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = K> {
        self.iter().map(|(key, _): (K, &V)| key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value): (K, &V)| value)
    }
}

impl<K, V: fmt::Debug> fmt::Debug for Numbered<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.pages.values().flat_map(|page| &page.slots);
        f.debug_list()
            .entries(slots.filter_map(Option::as_ref))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Deed {
        Insert(u64, u32),
        Change(u64, u32),
        Remove(u64),
    }

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        let number = prop_oneof![0_u64..600, u64::MAX - 300..=u64::MAX, any::<u64>()];
        let deed = (number, any::<u32>(), 0..4).prop_map(|(number, value, which)| match which {
            0 | 1 => Deed::Insert(number, value),
            2 => Deed::Change(number, value),
            _ => Deed::Remove(number),
        });
        proptest::collection::vec(deed, 0..400)
    }

    proptest! {
        #[test]
        fn it_is_an_ordered_map(deeds in deeds()) {
            let mut map = Numbered::<LinkId, u32>::new();
            let mut model = BTreeMap::new();
            for deed in deeds {
                match deed {
                    Deed::Insert(number, value) => {
                        let before = map.insert(LinkId::from_number(number), value);
                        prop_assert_eq!(before, model.insert(number, value));
                    }
                    Deed::Change(number, value) => {
                        if let Some(known) = map.get_mut(&LinkId::from_number(number)) {
                            *known = value;
                        }
                        model.entry(number).and_modify(|known| *known = value);
                    }
                    Deed::Remove(number) => {
                        let gone = map.remove(&LinkId::from_number(number));
                        prop_assert_eq!(gone, model.remove(&number));
                    }
                }
                prop_assert_eq!(map.len(), model.len());
                prop_assert_eq!(map.is_empty(), model.is_empty());
            }
            let all: Vec<_> = map.iter().map(|(link, value)| (link.number(), *value)).collect();
            let expected: Vec<_> = model.iter().map(|(number, value)| (*number, *value)).collect();
            prop_assert_eq!(all, expected);
            for number in model.keys() {
                prop_assert_eq!(map.get(&LinkId::from_number(*number)), model.get(number));
                prop_assert!(map.contains_key(&LinkId::from_number(*number)));
            }
        }
    }

    #[test]
    fn pages_go_with_what_was_in_them() {
        let mut map = Numbered::<LinkId, u32>::new();
        for number in 0..10_000 {
            map.insert(LinkId::from_number(number), 1);
        }
        for number in 0..10_000 {
            assert_eq!(map.remove(&LinkId::from_number(number)), Some(1));
        }
        assert!(map.pages.is_empty());
    }
}
