//! Number of affected items, and the first of them.

use crate::cmd::confirm::NAMED_MAX;

/// Number of affected items, and the first of them.
pub struct First<T> {
    /// The number of items.
    pub count: usize,
    /// The first items, which are shown.
    pub first: Vec<T>,
}

impl<T> Default for First<T> {
    fn default() -> Self {
        First {
            count: 0,
            first: Vec::new(),
        }
    }
}

impl<T> First<T> {
    /// Counts an item.
    pub fn add(&mut self, item: T) {
        self.count += 1;
        if self.first.len() < NAMED_MAX {
            self.first.push(item);
        }
    }
}
