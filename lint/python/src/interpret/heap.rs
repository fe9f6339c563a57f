//! What names, lists, dicts and attributes hold, and how two ways through a program are joined.
//!
//! While a condition's branches are followed every write is journalled, so that a branch can be
//! taken back, the other followed from the same state, and both joined.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::syntax::Name;
use crate::value::{Arguments, Function, ObjectId, Place, Value};

/// What a name holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) value: Value,
    /// For a parameter that was not assigned since: where the caller wrote the argument.
    pub(crate) passed: Option<Place>,
}

/// What an object is made of besides its attributes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// A namespace or an instance.
    Names,
    /// A list or a set; `open` if it may hold more or less than is known.
    Items { items: Arc<Vec<Value>>, open: bool },
    /// A dict; `open` likewise. A value keeps the place where it was written as an argument.
    Pairs { pairs: Arc<Vec<(Value, Slot)>>, open: bool },
    /// A generator or coroutine that has not run.
    Suspended { function: Arc<Function>, arguments: Arc<Arguments> },
}

#[derive(Debug)]
struct Object {
    slots: FxHashMap<Name, Slot>,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Address {
    Slot(ObjectId, Name),
    Content(ObjectId),
}

#[derive(Clone, Debug)]
enum Held {
    Slot(Option<Slot>),
    Content(Content),
}

/// What a branch changed, by address, with what it left there.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    order: Vec<Address>,
    after: FxHashMap<Address, Held>,
    /// A namespace whose names die with the branch: it has no say in what they hold afterwards.
    dead: Option<ObjectId>,
}

impl Delta {
    /// The branch leaves the function: what it wrote to the function's own names is not seen.
    pub(crate) fn leaves(&mut self, names: ObjectId) {
        self.dead = Some(names);
    }

    fn says(&self, address: &Address) -> bool {
        !matches!(address, Address::Slot(object, _) if Some(*object) == self.dead)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Heap {
    objects: Vec<Object>,
    journal: Vec<(Address, Held)>,
    forks: u32,
}

impl Heap {
    pub(crate) fn allocate(&mut self, content: Content) -> ObjectId {
        let content = bounded(content);
        let id = ObjectId(self.objects.len() as u32);
        self.objects.push(Object { slots: FxHashMap::default(), content });
        id
    }

    pub(crate) fn get(&self, object: ObjectId, name: &str) -> Option<&Slot> {
        self.objects[object.0 as usize].slots.get(name)
    }

    pub(crate) fn content(&self, object: ObjectId) -> &Content {
        &self.objects[object.0 as usize].content
    }

    /// The names an object holds, sorted.
    pub(crate) fn names(&self, object: ObjectId) -> Vec<Name> {
        let mut names: Vec<Name> = self.objects[object.0 as usize].slots.keys().cloned().collect();
        names.sort();
        names
    }

    pub(crate) fn set(&mut self, object: ObjectId, name: &Name, value: Value) {
        self.put(object, name, Some(Slot { value, passed: None }));
    }

    pub(crate) fn put(&mut self, object: ObjectId, name: &Name, mut slot: Option<Slot>) {
        if let Some(slot) = &mut slot
            && slot.value.is_heavy()
        {
            slot.value = Value::Unknown;
        }
        let slots = &mut self.objects[object.0 as usize].slots;
        let before = match slot {
            Some(slot) => slots.insert(Arc::clone(name), slot),
            None => slots.remove(name),
        };
        if self.forks > 0 {
            self.journal.push((Address::Slot(object, Arc::clone(name)), Held::Slot(before)));
        }
    }

    pub(crate) fn set_content(&mut self, object: ObjectId, content: Content) {
        let content = bounded(content);
        let before = std::mem::replace(&mut self.objects[object.0 as usize].content, content);
        if self.forks > 0 {
            self.journal.push((Address::Content(object), Held::Content(before)));
        }
    }

    /// Starts to follow a branch. What comes back belongs to [`Heap::take_back`].
    pub(crate) fn fork(&mut self) -> usize {
        self.forks += 1;
        self.journal.len()
    }

    /// Takes a branch back: the state is as it was at the fork, and what the branch did is
    /// returned.
    pub(crate) fn take_back(&mut self, mark: usize) -> Delta {
        self.forks -= 1;
        let mut delta = Delta::default();
        let undone: Vec<(Address, Held)> = self.journal.drain(mark..).collect();
        for (address, _) in &undone {
            if !delta.after.contains_key(address) {
                delta.after.insert(address.clone(), self.held(address));
                delta.order.push(address.clone());
            }
        }
        for (address, before) in undone.into_iter().rev() {
            self.restore(address, before);
        }
        delta
    }

    /// Joins branches that started from the present state: what any of them changed may now be as
    /// any of them left it.
    pub(crate) fn join(&mut self, deltas: &[Delta]) {
        let mut seen = FxHashSet::default();
        for delta in deltas {
            for address in &delta.order {
                if !seen.insert(address) {
                    continue;
                }
                let before = self.held(address);
                let mut joined: Option<Held> = None;
                for other in deltas.iter().filter(|other| other.says(address)) {
                    let held = other.after.get(address).unwrap_or(&before);
                    joined = Some(match joined {
                        None => held.clone(),
                        Some(joined) => join_held(joined, held),
                    });
                }
                match (address, joined) {
                    (Address::Slot(object, name), Some(Held::Slot(slot))) => {
                        self.put(*object, name, slot);
                    }
                    (Address::Content(object), Some(Held::Content(content))) => {
                        self.set_content(*object, content);
                    }
                    _ => {}
                }
            }
        }
    }

    fn held(&self, address: &Address) -> Held {
        match address {
            Address::Slot(object, name) => Held::Slot(self.get(*object, name).cloned()),
            Address::Content(object) => Held::Content(self.content(*object).clone()),
        }
    }

    fn restore(&mut self, address: Address, held: Held) {
        match (address, held) {
            (Address::Slot(object, name), Held::Slot(Some(slot))) => {
                self.objects[object.0 as usize].slots.insert(name, slot);
            }
            (Address::Slot(object, name), _) => {
                self.objects[object.0 as usize].slots.remove(&name);
            }
            (Address::Content(object), Held::Content(content)) => {
                self.objects[object.0 as usize].content = content;
            }
            (Address::Content(_), Held::Slot(_)) => {}
        }
    }
}

/// How many elements of a list are known at most: one that a loop doubles ends here.
const MAX_ITEMS: usize = 4096;

/// The content with as much of it as is kept: what is too long is open, what is too heavy unknown.
fn bounded(mut content: Content) -> Content {
    match &mut content {
        Content::Items { items, open } => {
            if items.len() > MAX_ITEMS {
                Arc::make_mut(items).truncate(MAX_ITEMS);
                *open = true;
            }
            if items.iter().any(Value::is_heavy) {
                for item in Arc::make_mut(items).iter_mut().filter(|item| item.is_heavy()) {
                    *item = Value::Unknown;
                }
            }
        }
        Content::Pairs { pairs, .. } => {
            let heavy = |(key, slot): &(Value, Slot)| key.is_heavy() || slot.value.is_heavy();
            if pairs.iter().any(heavy) {
                for (key, slot) in Arc::make_mut(pairs).iter_mut() {
                    for value in [key, &mut slot.value] {
                        if value.is_heavy() {
                            *value = Value::Unknown;
                        }
                    }
                }
            }
        }
        Content::Names | Content::Suspended { .. } => {}
    }
    content
}

fn join_held(left: Held, right: &Held) -> Held {
    match (left, right) {
        (Held::Slot(left), Held::Slot(right)) => Held::Slot(match (left, right) {
            // A name that only one way binds: where it is read at all, it was bound.
            (None, slot) => slot.clone(),
            (slot, None) => slot,
            (Some(left), Some(right)) => Some(join_slot(left, right)),
        }),
        (Held::Content(left), Held::Content(right)) => Held::Content(join_content(left, right)),
        (left, _) => left,
    }
}

fn join_slot(left: Slot, right: &Slot) -> Slot {
    let passed = if left.passed == right.passed { left.passed } else { None };
    Slot { value: left.value.or(right.value.clone()), passed }
}

fn join_content(left: Content, right: &Content) -> Content {
    match (left, right) {
        (Content::Items { items, open }, Content::Items { items: other, open: other_open }) => {
            // What only one of them holds may be missing.
            let open = open || *other_open || items.len() != other.len();
            if items.starts_with(other) {
                Content::Items { items, open }
            } else if other.starts_with(&items) {
                Content::Items { items: Arc::clone(other), open }
            } else {
                let mut all = items.to_vec();
                all.extend(other.iter().filter(|item| !items.contains(item)).cloned());
                Content::Items { items: all.into(), open: true }
            }
        }
        (Content::Pairs { pairs, open }, Content::Pairs { pairs: other, open: other_open }) => {
            if Arc::ptr_eq(&pairs, other) {
                return Content::Pairs { pairs, open };
            }
            let mut all = pairs.to_vec();
            for (key, slot) in other.iter() {
                match all.iter_mut().find(|(known, _)| known == key) {
                    Some((_, known)) => *known = join_slot(known.clone(), slot),
                    None => all.push((key.clone(), slot.clone())),
                }
            }
            Content::Pairs { pairs: all.into(), open: open || *other_open }
        }
        (left, _) => left,
    }
}
