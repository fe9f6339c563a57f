//! Sets and dicts in the making: equal constants are found without comparing each with each, because
//! a generated table has a hundred thousand of them.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::fold;
use super::heap::Slot;
use crate::syntax::CompareOp;
use crate::value::Value;

/// A constant that is surely equal to those with the same key, and surely to nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    None,
    Int(i64),
    Str(Arc<str>),
}

fn key(value: &Value) -> Option<Key> {
    Some(match value {
        Value::None => Key::None,
        Value::Str(text) => Key::Str(Arc::clone(text)),
        // `1`, `True` and `1.0` are one key.
        other => Key::Int(fold::integer(other).or_else(|| whole(other))?),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "only what is whole and fits is taken")]
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i64),
        _ => None,
    }
}

/// What a set or a dict holds, in order, each key once.
#[derive(Debug, Default)]
pub(super) struct Table<T> {
    entries: Vec<(Value, T)>,
    keyed: FxHashMap<Key, usize>,
    /// Where those stand that have no key: they have to be compared.
    others: Vec<usize>,
    /// How many of the entries are in `keyed` or in `others`. As long as there are few, none is.
    noted: usize,
}

/// How many entries are walked rather than noted.
const FEW: usize = 8;

/// With how many others an entry is compared that has no key: where there are more, it is as likely
/// another one.
const MAX_COMPARED: usize = 256;

impl<T> Table<T> {
    pub(super) fn of(entries: Vec<(Value, T)>) -> Self {
        Self { entries, keyed: FxHashMap::default(), others: Vec::new(), noted: 0 }
    }

    pub(super) fn into_entries(self) -> Vec<(Value, T)> {
        self.entries
    }

    /// Where `value` stands; `same` tells whether it is one of those that have no key.
    fn find(&mut self, value: &Value, same: impl Fn(&Value) -> bool) -> Option<usize> {
        if self.entries.len() <= FEW {
            return self.entries.iter().position(|(known, _)| same(known));
        }
        for (place, (known, _)) in self.entries.iter().enumerate().skip(self.noted) {
            match key(known).map(|key| self.keyed.entry(key)) {
                Some(Entry::Vacant(free)) => drop(free.insert(place)),
                Some(Entry::Occupied(_)) => {}
                None => self.others.push(place),
            }
        }
        self.noted = self.entries.len();
        if let Some(key) = key(value) {
            self.keyed.get(&key).copied()
        } else {
            let others = self.others.iter().rev().take(MAX_COMPARED);
            others.copied().find(|place| same(&self.entries[*place].0))
        }
    }
}

impl Table<Slot> {
    /// `table[key] = slot`
    pub(super) fn insert(&mut self, key: Value, slot: Slot) {
        let same = |known: &Value| {
            *known == key || fold::compare(known, CompareOp::Eq, &key) == Some(true)
        };
        match self.find(&key, same) {
            Some(place) => self.entries[place].1 = slot,
            None => self.entries.push((key, slot)),
        }
    }
}

/// The items without those that are surely the same as one before them.
pub(super) fn unique(items: Vec<Value>) -> Vec<Value> {
    let mut table: Table<()> = Table::of(Vec::with_capacity(items.len()));
    for item in items {
        let same = |known: &Value| fold::compare(known, CompareOp::Eq, &item) == Some(true);
        if table.find(&item, same).is_none() {
            table.entries.push((item, ()));
        }
    }
    table.entries.into_iter().map(|(item, ())| item).collect()
}
