//! [`Window`]: what is out, in the order in which it went.

use std::collections::VecDeque;

/// Items numbered in the order of their coming and removed in any order, mostly the oldest first.
///
/// Adding and finding an item cost the same however many there are. A removed item leaves its place empty
/// until those before it have gone too, or until the empty places outnumber the items: an item that stays
/// for ever does not keep the places of all that came after it.
#[derive(Debug)]
pub(crate) struct Window<T> {
    next: u64,
    items: usize,
    /// Numbers rise; the first is never empty.
    places: VecDeque<(u64, Option<T>)>,
}

/// Empty places that are not worth moving the others for.
const FEW: usize = 32;

/// Places whose room is kept when nothing is out.
const KEPT: usize = 4096;

impl<T> Window<T> {
    pub(crate) const fn new() -> Self {
        Self {
            next: 0,
            items: 0,
            places: VecDeque::new(),
        }
    }

    /// How many items there are.
    pub(crate) const fn len(&self) -> usize {
        self.items
    }

    /// The number of the next item.
    pub(crate) const fn next_number(&self) -> u64 {
        self.next
    }

    /// Adds an item; its number is never given again.
    pub(crate) fn push(&mut self, item: T) -> u64 {
        let number = self.next;
        self.next += 1;
        self.items += 1;
        self.places.push_back((number, Some(item)));
        number
    }

    fn place_of(&self, number: u64) -> Option<usize> {
        let (first, _) = self.places.front()?;
        let ahead = usize::try_from(number.checked_sub(*first)?).ok()?;
        // Places are only ever missing, so that none is further back than its number says.
        let guess = ahead.min(self.places.len() - 1);
        match self.places.get(guess) {
            Some((there, _)) if *there == number => Some(guess),
            _ => self
                .places
                .binary_search_by_key(&number, |(there, _)| *there)
                .ok(),
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let place = self.place_of(number)?;
        self.places.get(place)?.1.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let place = self.place_of(number)?;
        self.places.get_mut(place)?.1.as_mut()
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let place = self.place_of(number)?;
        let item = self.places.get_mut(place)?.1.take()?;
        self.items -= 1;
        if place == 0 {
            self.drop_empty_front();
        } else if self.places.len() > 2 * self.items + FEW {
            self.places.retain(|(_, item)| item.is_some());
        }
        Some(item)
    }

    fn drop_empty_front(&mut self) {
        while let Some((_, None)) = self.places.front() {
            self.places.pop_front();
        }
        if self.places.is_empty() && self.places.capacity() > KEPT {
            self.places = VecDeque::new();
        }
    }

    /// The items in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        let all = self.places.iter();
        all.filter_map(|(number, item)| Some((*number, item.as_ref()?)))
    }

    /// The items numbered `from` to `to`, both included, in order.
    pub(crate) fn range(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &T)> {
        let begin = self.places.partition_point(|(number, _)| *number < from);
        let rest = self.places.range(begin..);
        let within = rest.take_while(move |(number, _)| *number <= to);
        within.filter_map(|(number, item)| Some((*number, item.as_ref()?)))
    }

    /// Removes the oldest item if its number is at most `last`.
    pub(crate) fn pop_through(&mut self, last: u64) -> Option<T> {
        let (number, item) = self.places.front_mut()?;
        if *number > last {
            return None;
        }
        let item = item.take()?;
        self.items -= 1;
        self.drop_empty_front();
        Some(item)
    }

    /// The first item from number `from` on for which `is_before` is false, where it is true for none behind
    /// one for which it is false.
    pub(crate) fn search(
        &self,
        from: u64,
        mut is_before: impl FnMut(&T) -> bool,
    ) -> Option<(u64, &T)> {
        let mut low = self.places.partition_point(|(number, _)| *number < from);
        let mut high = self.places.len();
        while low < high {
            let middle = low + (high - low) / 2;
            let filled = self.places.range(middle..high).enumerate();
            let found = filled
                .filter_map(|(ahead, (_, item))| Some((middle + ahead, item.as_ref()?)))
                .next();
            match found {
                Some((at, item)) if is_before(item) => low = at + 1,
                _ => high = middle,
            }
        }
        let mut rest = self.places.range(low..);
        rest.find_map(|(number, item)| Some((*number, item.as_ref()?)))
    }

    /// Removes all items; the numbers go on.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = (u64, T)> + use<T> {
        self.items = 0;
        let all = core::mem::take(&mut self.places).into_iter();
        all.filter_map(|(number, item)| Some((number, item?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn one_that_stays_does_not_keep_the_places_of_those_behind_it() {
        let mut window = Window::new();
        window.push(0);
        for n in 1..100_000 {
            let number = window.push(n);
            assert_eq!(window.remove(number), Some(n));
            assert!(window.places.len() <= 2 + FEW, "{}", window.places.len());
        }
        assert_eq!(window.iter().collect::<Vec<_>>(), [(0, &0)]);
    }

    #[test]
    fn room_for_very_many_is_given_back() {
        let mut window = Window::new();
        for n in 0..3 * KEPT {
            window.push(n);
        }
        while window.pop_through(u64::MAX).is_some() {}
        assert!(window.places.capacity() <= KEPT);
        assert_eq!(window.next_number(), 3 * KEPT as u64);
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_would(steps in proptest::collection::vec((0_u8..8, 0_u64..80), 0..400)) {
            let (mut window, mut map) = (Window::new(), BTreeMap::new());
            let mut next = 0_u64;
            for (step, number) in steps {
                match step {
                    0..=3 => {
                        prop_assert_eq!(window.push(next * 3), next);
                        map.insert(next, next * 3);
                        next += 1;
                    }
                    4 => prop_assert_eq!(window.remove(number), map.remove(&number)),
                    5 => {
                        let first = map.first_key_value().filter(|(own, _)| **own <= number);
                        let first = first.map(|(own, item)| (*own, *item));
                        prop_assert_eq!(window.pop_through(number), first.map(|(_, item)| item));
                        if let Some((own, _)) = first {
                            map.remove(&own);
                        }
                    }
                    6 => {
                        let ours: Vec<_> = window.range(number, number + 9).collect();
                        let theirs = map.range(number..=number + 9).map(|(own, item)| (*own, item));
                        prop_assert_eq!(ours, theirs.collect::<Vec<_>>());
                    }
                    _ => {
                        let found = window.search(number / 2, |item| *item < number * 3);
                        let from = number.max(number / 2);
                        let theirs = map.range(from..).next().map(|(own, item)| (*own, item));
                        prop_assert_eq!(found, theirs);
                    }
                }
                prop_assert_eq!(window.get(number), map.get(&number));
                prop_assert_eq!(window.get_mut(number), map.get_mut(&number));
                prop_assert_eq!(window.len(), map.len());
            }
            let ours: Vec<_> = window.iter().map(|(number, item)| (number, *item)).collect();
            prop_assert_eq!(ours, map.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(window.take_all().collect::<Vec<_>>(), map.into_iter().collect::<Vec<_>>());
        }
    }
}
