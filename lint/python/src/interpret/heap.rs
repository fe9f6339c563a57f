//! What names, lists, dicts and attributes hold, and how two ways through a program are joined.
//!
//! While a condition's branches are followed every write is journalled, so that a branch can be
//! taken back, the other followed from the same state, and both joined.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Flow;
use crate::syntax::Name;
use crate::value::{Arguments, Function, ObjectId, Place, Value};

/// What a name holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) value: Value,
    /// For a parameter that was not assigned since: where the caller wrote the argument.
    pub(crate) passed: Option<Place>,
    /// Whether the name may hold nothing at all: it was bound, or deleted, on some way only.
    pub(crate) unsure: bool,
}

impl Slot {
    pub(crate) fn of(value: Value) -> Self {
        Self { value, passed: None, unsure: false }
    }

    /// What a caller wrote at `place`.
    pub(crate) fn passed(value: Value, place: Place) -> Self {
        Self { value, passed: Some(place), unsure: false }
    }
}

/// What an object is made of besides its attributes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// A namespace or an instance.
    Names,
    /// A list or a set; `open` if it may hold more or less than is known.
    Items { items: Arc<Vec<Value>>, open: bool, is_set: bool },
    /// A dict; `open` likewise. A value keeps the place where it was written as an argument.
    Pairs { pairs: Arc<Vec<(Value, Slot)>>, open: bool },
    /// An iterator over values at rest, from `at` on; with `rest`, any number of such values follow
    /// those that are known.
    Walk { items: Arc<Vec<Value>>, at: usize, rest: Option<Value> },
    /// An iterator that makes its values out of those of others.
    Derived(Arc<Derived>),
    /// A generator or a coroutine.
    Generator(Arc<Generator>),
}

/// An iterator that makes its values out of those of others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Derived {
    pub(crate) how: Derivation,
    /// The iterators that it draws from.
    pub(crate) of: Arc<[Value]>,
}

/// How a [`Derived`] iterator makes its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Derivation {
    /// `map`: what the function returns for a value of each.
    Map(Value),
    /// `filter`: the values for which the function (`None`: the value itself) is true.
    Filter(Value),
    /// `zip`: tuples of a value of each.
    Zip,
    /// `enumerate`: the values with their number, of which this is the next one.
    Enumerate(Option<i64>),
}

/// A generator or a coroutine: how it was called, and how far it got.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Generator {
    pub(crate) function: Arc<Function>,
    pub(crate) arguments: Arc<Arguments>,
    pub(crate) place: Place,
    pub(crate) progress: Progress,
    /// Values that it has yielded and that nobody has taken yet; whether each surely comes.
    pub(crate) ready: Arc<[(Value, bool)]>,
}

/// How far a generator got.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Progress {
    /// It has not started.
    Start,
    /// It stands at a `yield`: its names, and the way there, outermost last.
    Paused { names: ObjectId, path: Arc<[Resume]> },
    /// It runs.
    Running,
    /// It has returned this.
    Ended(Value),
    /// On different ways through the program it got differently far.
    Unsure,
}

/// Where in a statement a generator stands, and what the statement needs to go on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Resume {
    /// In this statement of a block.
    Statement(usize),
    /// In this arm of an `if`, or this case of a `match`; the `else` counts as the last.
    Arm(usize),
    /// In the body of a loop, over this iterator where it is a `for`.
    Loop(Option<Value>),
    /// In the `else` of a loop or of a `try`.
    Else,
    /// In the body of a `try`.
    Try,
    /// In this handler of a `try`, for this exception.
    Handler(usize, Value),
    /// In the `finally` of a `try`, which is left this way when it is done, with these exceptions
    /// and this to return.
    Finally(Flow, Vec<Value>, Option<Value>),
    /// In the body of a `with`, under this context manager.
    With(Value),
    /// At a `yield`.
    Yield,
    /// At a `yield from` this iterator.
    From(Value),
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    order: Vec<Address>,
    after: FxHashMap<Address, Held>,
    /// What stood there in between, where that is asked for.
    between: Vec<(Address, Held)>,
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

/// How far [`Heap::widen`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Widen {
    /// What a turn changed may be as it was or as the turn left it.
    Join,
    /// Of what a turn changed nothing is known.
    Forget,
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
        self.put(object, name, Some(Slot::of(value)));
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
        for (address, before) in &undone {
            if delta.after.contains_key(address) {
                delta.between.push((address.clone(), before.clone()));
            } else {
                delta.after.insert(address.clone(), self.held(address));
                delta.order.push(address.clone());
            }
        }
        for (address, before) in undone.into_iter().rev() {
            self.restore(address, before);
        }
        delta
    }

    /// Puts the state where it may be as any moment within the branch left it, its start and its end
    /// included.
    pub(crate) fn blur(&mut self, delta: &Delta) {
        for address in &delta.order {
            let mut joined = join_held(self.held(address), &delta.after[address]);
            for (_, held) in delta.between.iter().filter(|(other, _)| other == address) {
                joined = join_held(joined, held);
            }
            self.place(address, joined);
        }
    }

    /// Lets the state allow for any number of turns of a loop, of which `turn` is one that started
    /// from it. Whether that changed it.
    pub(crate) fn widen(&mut self, turn: &Delta, how: Widen) -> bool {
        let mut changed = false;
        for address in &turn.order {
            let before = self.held(address);
            let after = &turn.after[address];
            if covers(&before, after) {
                continue;
            }
            changed = true;
            let joined = join_held(before, after);
            let held = match how {
                Widen::Join => joined,
                Widen::Forget => forget(joined),
            };
            self.place(address, held);
        }
        changed
    }

    fn place(&mut self, address: &Address, held: Held) {
        match (address, held) {
            (Address::Slot(object, name), Held::Slot(slot)) => self.put(*object, name, slot),
            (Address::Content(object), Held::Content(content)) => {
                self.set_content(*object, content);
            }
            _ => {}
        }
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
                if let Some(joined) = joined {
                    self.place(address, joined);
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
        Content::Items { items, open, .. } => {
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
        Content::Names | Content::Walk { .. } | Content::Derived(_) | Content::Generator(_) => {}
    }
    content
}

fn join_held(left: Held, right: &Held) -> Held {
    match (left, right) {
        (Held::Slot(left), Held::Slot(right)) => Held::Slot(match (left, right) {
            // A name that only one way binds: where it is read at all, it was bound.
            (None, slot) => slot.clone().map(|slot| Slot { unsure: true, ..slot }),
            (slot, None) => slot.map(|slot| Slot { unsure: true, ..slot }),
            (Some(left), Some(right)) => Some(join_slot(left, right)),
        }),
        (Held::Content(left), Held::Content(right)) => Held::Content(join_content(left, right)),
        (left, _) => left,
    }
}

fn join_slot(left: Slot, right: &Slot) -> Slot {
    let passed = if left.passed == right.passed { left.passed } else { None };
    let unsure = left.unsure || right.unsure;
    Slot { value: left.value.or(right.value.clone()), passed, unsure }
}

fn join_content(left: Content, right: &Content) -> Content {
    match (left, right) {
        (
            Content::Items { items, open, is_set },
            Content::Items { items: other, open: other_open, .. },
        ) => {
            // What only one of them holds may be missing.
            let open = open || *other_open || items.len() != other.len();
            if items.starts_with(other) {
                Content::Items { items, open, is_set }
            } else if other.starts_with(&items) {
                Content::Items { items: Arc::clone(other), open, is_set }
            } else {
                let mut all = items.to_vec();
                all.extend(other.iter().filter(|item| !items.contains(item)).cloned());
                Content::Items { items: all.into(), open: true, is_set }
            }
        }
        (Content::Pairs { pairs, open }, Content::Pairs { pairs: other, open: other_open }) => {
            if Arc::ptr_eq(&pairs, other) {
                return Content::Pairs { pairs, open };
            }
            // A key that only one of them has may be missing.
            let open = open || *other_open || pairs.len() != other.len();
            let mut all = pairs.to_vec();
            for (key, slot) in other.iter() {
                match all.iter_mut().find(|(known, _)| known == key) {
                    Some((_, known)) => *known = join_slot(known.clone(), slot),
                    None => all.push((key.clone(), slot.clone())),
                }
            }
            let open = open || all.len() != pairs.len();
            Content::Pairs { pairs: all.into(), open }
        }
        (
            Content::Walk { items, at, rest },
            Content::Walk { items: other, at: also, rest: more },
        ) => {
            if items == *other && at == *also && rest == *more {
                return Content::Walk { items, at, rest };
            }
            // However far either got, what is left is among this.
            let left = items.iter().skip(at).chain(other.iter().skip(*also)).cloned();
            let rest = left.chain(rest).chain(more.clone()).reduce(Value::or);
            Content::Walk { items: Arc::default(), at: 0, rest }
        }
        (Content::Generator(one), Content::Generator(other)) => {
            if one == *other {
                return Content::Generator(one);
            }
            let ended = |generator: &Generator| matches!(generator.progress, Progress::Ended(_));
            // One that goes no further on one way may go further on the other.
            let kept = if ended(&one) { Arc::clone(other) } else { one };
            let ready = kept.ready.iter().map(|(value, _)| (value.clone(), false)).collect();
            Content::Generator(Arc::new(Generator {
                progress: Progress::Unsure,
                ready,
                ..(*kept).clone()
            }))
        }
        (left, _) => left,
    }
}

/// Whether `before` already allows for what `after` holds.
fn covers(before: &Held, after: &Held) -> bool {
    match (before, after) {
        (Held::Slot(None), Held::Slot(None)) => true,
        (Held::Slot(Some(before)), Held::Slot(None)) => before.unsure,
        (Held::Slot(Some(before)), Held::Slot(Some(after))) => {
            (before.unsure || !after.unsure) && allows(&before.value, &after.value)
        }
        (
            Held::Content(Content::Items { items, open: true, .. }),
            Held::Content(Content::Items { items: after, .. }),
        ) => after.iter().all(|item| items.contains(item)),
        (
            Held::Content(Content::Pairs { pairs, open: true }),
            Held::Content(Content::Pairs { pairs: after, .. }),
        ) => after.iter().all(|(key, slot)| {
            pairs.iter().any(|(known, held)| known == key && allows(&held.value, &slot.value))
        }),
        (Held::Content(before), Held::Content(after)) => before == after,
        _ => false,
    }
}

fn allows(before: &Value, after: &Value) -> bool {
    matches!(before, Value::Unknown)
        || after.alternatives().iter().all(|value| before.alternatives().contains(value))
}

/// What is left of something of which nothing is known any more.
fn forget(held: Held) -> Held {
    match held {
        Held::Slot(slot) => Held::Slot(slot.map(|slot| Slot { value: Value::Unknown, ..slot })),
        Held::Content(Content::Items { is_set, .. }) => {
            Held::Content(Content::Items { items: Arc::default(), open: true, is_set })
        }
        Held::Content(Content::Pairs { .. }) => {
            Held::Content(Content::Pairs { pairs: Arc::default(), open: true })
        }
        Held::Content(Content::Walk { .. } | Content::Derived(_)) => Held::Content(Content::Walk {
            items: Arc::default(),
            at: 0,
            rest: Some(Value::Unknown),
        }),
        held @ Held::Content(Content::Names | Content::Generator(_)) => held,
    }
}
