//! Bounded table that forgets what was not used for long.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// Table of at most `capacity` values in two generations.
///
/// Values are put into the young generation, and a value that is used moves there. When the young generation is
/// full, it becomes the old one and the old one is dropped: constant time, without a list of uses.
pub struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// Maximum number of values in each generation.
    half: usize,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    /// Creates an empty table for up to `capacity` values.
    pub fn new(capacity: usize) -> Self {
        Generations {
            young: HashMap::new(),
            old: HashMap::new(),
            half: capacity.div_ceil(2),
        }
    }

    /// Returns the value of `key`, which counts as a use.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.insert(key, value);
        }
        self.young.get(key)
    }

    /// Puts `value` into the table, and forgets the old generation if there is no room.
    pub fn insert(&mut self, key: K, value: V) {
        if self.half == 0 {
            return;
        }
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Removes the value of `key`.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Number of values.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_table_keeps_what_is_used_and_forgets_the_rest() {
        let mut table = Generations::new(4);
        for key in 0..100 {
            table.insert(key, key);
            assert_eq!(table.get(&0), Some(&0), "{key}");
        }
        assert_eq!(table.get(&1), None);
        assert_eq!(table.get(&99), Some(&99));
    }

    #[test]
    fn a_table_without_room_keeps_nothing() {
        let mut table = Generations::new(0);
        table.insert(1, 1);
        assert_eq!(table.get(&1), None);
    }

    proptest! {
        #[test]
        fn a_table_holds_the_last_value_or_none(
            capacity in 0_usize..9,
            steps: Vec<(u8, Option<u8>)>,
        ) {
            let mut table = Generations::new(capacity);
            let mut all = HashMap::new();
            for (key, value) in steps {
                match value {
                    Some(value) => {
                        table.insert(key, value);
                        all.insert(key, value);
                        let kept = (capacity > 0).then_some(&value);
                        prop_assert_eq!(table.get(&key), kept);
                    }
                    None => {
                        table.remove(&key);
                        all.remove(&key);
                    }
                }
                for (key, value) in &all {
                    prop_assert!(table.young.get(key).is_none_or(|it| it == value));
                    prop_assert!(table.old.get(key).is_none_or(|it| it == value));
                }
                prop_assert!(table.len() <= capacity.next_multiple_of(2));
            }
        }
    }
}
