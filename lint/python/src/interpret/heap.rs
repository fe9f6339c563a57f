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
    slots: FxHashMap<Name, Kept<Slot>>,
    content: Kept<Content>,
}

/// What stands somewhere, and the serial number of the fork within which it was journalled last.
#[derive(Clone, Debug)]
struct Kept<T> {
    held: T,
    fork: u32,
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

/// What stood somewhere before it was written to.
#[derive(Debug)]
enum Before {
    Slot(ObjectId, Name, Option<Kept<Slot>>),
    Content(ObjectId, Kept<Content>),
}

/// A branch that is being followed.
#[derive(Clone, Copy, Debug)]
struct Fork {
    /// Unlike that of any other fork.
    serial: u32,
    /// Objects from this one on are made within the branch: nothing outside it can reach them as
    /// long as it is not joined, so that what is written to them need not be taken back.
    first: u32,
    /// Whether what stands somewhere in between is asked for.
    watched: bool,
    /// Whether an address may be in the journal more than once.
    repeats: bool,
}

impl Fork {
    /// Whether what is written to this object has to be taken back.
    fn sees(&self, object: ObjectId) -> bool {
        object.0 < self.first
    }
}

/// What a branch changed, in order and each address once, with what it left there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    changes: Vec<(Address, Held)>,
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

/// Finds a change by its address.
struct Index<'d> {
    changes: &'d [(Address, Held)],
    /// Where there are too many to walk them.
    places: FxHashMap<&'d Address, usize>,
}

impl<'d> Index<'d> {
    fn of(changes: &'d [(Address, Held)]) -> Self {
        let mut places = FxHashMap::default();
        if changes.len() > 8 {
            places.extend(changes.iter().enumerate().map(|(place, (address, _))| (address, place)));
        }
        Self { changes, places }
    }

    fn get(&self, address: &Address) -> Option<&'d Held> {
        if self.places.is_empty() {
            return self.changes.iter().find(|(known, _)| known == address).map(|(_, held)| held);
        }
        self.places.get(address).map(|place| &self.changes[*place].1)
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
    journal: Vec<Before>,
    forks: Vec<Fork>,
    /// How many forks there have been.
    serial: u32,
    /// How much was copied, compared and joined since somebody asked, in elements.
    work: u64,
}

impl Heap {
    pub(crate) fn allocate(&mut self, content: Content) -> ObjectId {
        let held = self.bounded(content);
        let id = ObjectId(self.objects.len() as u32);
        let fork = self.forks.last().map_or(0, |fork| fork.serial);
        self.objects.push(Object { slots: FxHashMap::default(), content: Kept { held, fork } });
        id
    }

    pub(crate) fn get(&self, object: ObjectId, name: &str) -> Option<&Slot> {
        self.objects[object.0 as usize].slots.get(name).map(|kept| &kept.held)
    }

    pub(crate) fn content(&self, object: ObjectId) -> &Content {
        &self.objects[object.0 as usize].content.held
    }

    /// The names an object holds, sorted.
    pub(crate) fn names(&self, object: ObjectId) -> Vec<Name> {
        let mut names: Vec<Name> = self.objects[object.0 as usize].slots.keys().cloned().collect();
        names.sort();
        names
    }

    /// Counts elements that somebody copied, compared or made.
    pub(crate) fn count(&mut self, elements: usize) {
        self.work += elements as u64;
    }

    /// What was counted since this was asked last, in steps.
    pub(crate) fn steps(&mut self) -> u64 {
        let steps = self.work / ELEMENTS_A_STEP;
        self.work %= ELEMENTS_A_STEP;
        steps
    }

    pub(crate) fn set(&mut self, object: ObjectId, name: &Name, value: Value) {
        self.put(object, name, Some(Slot::of(value)));
    }

    pub(crate) fn put(&mut self, object: ObjectId, name: &Name, slot: Option<Slot>) {
        let slot = slot.map(|mut slot| {
            slot.value = light(slot.value);
            slot
        });
        let fork = self.forks.last_mut();
        let serial = fork.as_ref().map_or(0, |fork| fork.serial);
        let slots = &mut self.objects[object.0 as usize].slots;
        let is_removed = slot.is_none();
        let before = match slot {
            Some(held) => match slots.get_mut(name) {
                Some(kept) => Some(std::mem::replace(kept, Kept { held, fork: serial })),
                None => slots.insert(Arc::clone(name), Kept { held, fork: serial }),
            },
            None => slots.remove(name),
        };
        let Some(fork) = fork.filter(|fork| fork.sees(object)) else { return };
        // What is removed takes its number along, so that it may be journalled once more.
        fork.repeats |= is_removed;
        if fork.watched || before.as_ref().is_none_or(|before| before.fork != serial) {
            self.journal.push(Before::Slot(object, Arc::clone(name), before));
        }
    }

    pub(crate) fn set_content(&mut self, object: ObjectId, content: Content) {
        let content = self.bounded(content);
        self.edit(object, |held| *held = content);
    }

    /// Changes the content where it is, without a copy if that can be. What is put into it is
    /// [`light`].
    pub(crate) fn edit<T>(&mut self, object: ObjectId, work: impl FnOnce(&mut Content) -> T) -> T {
        let kept = &mut self.objects[object.0 as usize].content;
        if let Some(fork) = self.forks.last().filter(|fork| fork.sees(object))
            && (fork.watched || kept.fork != fork.serial)
        {
            let before = Kept { held: kept.held.clone(), fork: kept.fork };
            kept.fork = fork.serial;
            self.journal.push(Before::Content(object, before));
        }
        let result = work(&mut kept.held);
        shorten(&mut kept.held);
        result
    }

    /// Starts to follow a branch. What comes back belongs to [`Heap::take_back`]; branches within
    /// branches are taken back first.
    pub(crate) fn fork(&mut self) -> usize {
        self.serial += 1;
        self.forks.push(Fork {
            serial: self.serial,
            first: self.objects.len() as u32,
            watched: false,
            repeats: false,
        });
        self.journal.len()
    }

    /// [`fork`](Self::fork) for a branch that is to be [`blur`](Self::blur)red.
    pub(crate) fn fork_watched(&mut self) -> usize {
        let mark = self.fork();
        if let Some(fork) = self.forks.last_mut() {
            (fork.watched, fork.repeats) = (true, true);
        }
        mark
    }

    /// Takes a branch back: the state is as it was at the fork, and what the branch did is
    /// returned.
    pub(crate) fn take_back(&mut self, mark: usize) -> Delta {
        let repeats = self.forks.pop().is_some_and(|fork| fork.repeats);
        let mut delta = Delta::default();
        if self.journal.len() == mark {
            return delta;
        }
        self.count(A_CHANGE * (self.journal.len() - mark));
        delta.changes.reserve(self.journal.len() - mark);
        let mut seen = FxHashSet::default();
        // From the last write to the first one: what stands there is what the branch left, and then
        // what stood there in between.
        for before in self.journal.drain(mark..).rev() {
            let (address, held) = match before {
                Before::Slot(object, name, before) => {
                    let slots = &mut self.objects[object.0 as usize].slots;
                    let after = match before {
                        Some(before) => match slots.get_mut(&name) {
                            Some(kept) => Some(std::mem::replace(kept, before)),
                            None => slots.insert(Arc::clone(&name), before),
                        },
                        None => slots.remove(&name),
                    };
                    (Address::Slot(object, name), Held::Slot(after.map(|kept| kept.held)))
                }
                Before::Content(object, before) => {
                    let content = &mut self.objects[object.0 as usize].content;
                    let after = std::mem::replace(content, before);
                    (Address::Content(object), Held::Content(after.held))
                }
            };
            if repeats && !seen.insert(address.clone()) {
                delta.between.push((address, held));
            } else {
                delta.changes.push((address, held));
            }
        }
        delta.changes.reverse();
        delta.between.reverse();
        delta
    }

    /// Puts the state where it may be as any moment within the branch left it, its start and its end
    /// included.
    pub(crate) fn blur(&mut self, delta: &Delta) {
        let mut between: FxHashMap<&Address, Vec<&Held>> = FxHashMap::default();
        for (address, held) in &delta.between {
            between.entry(address).or_default().push(held);
        }
        self.count(A_CHANGE * (delta.changes.len() + delta.between.len()));
        for (address, after) in &delta.changes {
            let mut joined = self.join_held(self.held(address), after);
            for held in between.get(address).into_iter().flatten() {
                joined = self.join_held(joined, held);
            }
            self.place(address, joined);
        }
    }

    /// Lets the state allow for any number of turns of a loop, of which `turn` is one that started
    /// from it. Whether that changed it.
    pub(crate) fn widen(&mut self, turn: &Delta, how: Widen) -> bool {
        let mut changed = false;
        self.count(A_CHANGE * turn.changes.len());
        for (address, after) in &turn.changes {
            let before = self.held(address);
            self.count(before.elements().saturating_mul(after.elements()).min(MAX_COMPARED));
            if covers(&before, after) {
                continue;
            }
            changed = true;
            let joined = self.join_held(before, after);
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
        let indices: Vec<Index<'_>> =
            deltas.iter().map(|delta| Index::of(&delta.changes)).collect();
        for (nth, delta) in deltas.iter().enumerate() {
            self.count(A_CHANGE * delta.changes.len());
            for (address, _) in &delta.changes {
                if indices[..nth].iter().any(|index| index.get(address).is_some()) {
                    continue;
                }
                let mut joined: Option<Held> = None;
                for (other, index) in deltas.iter().zip(&indices) {
                    if !other.says(address) {
                        continue;
                    }
                    let held = index.get(address);
                    joined = Some(match (joined, held) {
                        (None, Some(held)) => held.clone(),
                        (None, None) => self.held(address),
                        (Some(joined), Some(held)) => self.join_held(joined, held),
                        (Some(joined), None) => self.join_held(joined, &self.held(address)),
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

    fn join_held(&mut self, left: Held, right: &Held) -> Held {
        self.count(left.elements() + right.elements());
        join_held(left, right)
    }

    /// The content with as much of it as is kept: what is too long is open, what is too heavy
    /// unknown.
    fn bounded(&mut self, mut content: Content) -> Content {
        shorten(&mut content);
        match &mut content {
            Content::Items { items, .. } => {
                self.count(items.len());
                if items.iter().any(Value::is_heavy) {
                    for item in Arc::make_mut(items) {
                        *item = light(std::mem::replace(item, Value::None));
                    }
                }
            }
            Content::Pairs { pairs, .. } => {
                self.count(pairs.len());
                let heavy = |(key, slot): &(Value, Slot)| key.is_heavy() || slot.value.is_heavy();
                if pairs.iter().any(heavy) {
                    for (key, slot) in Arc::make_mut(pairs) {
                        for value in [key, &mut slot.value] {
                            *value = light(std::mem::replace(value, Value::None));
                        }
                    }
                }
            }
            Content::Names | Content::Walk { .. } | Content::Derived(_) | Content::Generator(_) => {
            }
        }
        content
    }
}

impl Held {
    /// How many parts there are to be looked at.
    fn elements(&self) -> usize {
        match self {
            Self::Content(Content::Items { items, .. } | Content::Walk { items, .. }) => {
                items.len()
            }
            Self::Content(Content::Pairs { pairs, .. }) => pairs.len(),
            _ => 0,
        }
    }
}

/// So many elements that are copied or joined cost about as much as a step.
const ELEMENTS_A_STEP: u64 = 64;

/// For how many elements a change counts that is taken back or joined.
const A_CHANGE: usize = 8;

/// How many pairs of elements are compared at most where two lists are joined.
const MAX_COMPARED: usize = 1 << 16;

/// How many elements of a list or a dict are known at most: one that a loop doubles ends here.
const MAX_ITEMS: usize = 4096;

/// The value, or nothing known in place of one that is made of too much.
pub(crate) fn light(value: Value) -> Value {
    if value.is_heavy() { Value::Unknown } else { value }
}

/// Keeps what is long from getting longer.
fn shorten(content: &mut Content) {
    match content {
        Content::Items { items, open, .. } if items.len() > MAX_ITEMS => {
            Arc::make_mut(items).truncate(MAX_ITEMS);
            *open = true;
        }
        Content::Pairs { pairs, open } if pairs.len() > MAX_ITEMS => {
            Arc::make_mut(pairs).truncate(MAX_ITEMS);
            *open = true;
        }
        _ => {}
    }
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
            let common = common(&items, other, |one, other| one == other);
            if common == other.len() {
                return Content::Items { items, open, is_set };
            }
            if common == items.len() {
                return Content::Items { items: Arc::clone(other), open, is_set };
            }
            let (rest, more) = (&items[common..], &other[common..]);
            let all = if rest.len() * more.len() <= MAX_COMPARED {
                let more = more.iter().filter(|item| !rest.contains(item));
                items.iter().chain(more).cloned().collect()
            } else {
                items[..common].to_vec()
            };
            Content::Items { items: Arc::new(all), open: true, is_set }
        }
        (Content::Pairs { pairs, open }, Content::Pairs { pairs: other, open: other_open }) => {
            if Arc::ptr_eq(&pairs, other) {
                return Content::Pairs { pairs, open };
            }
            // A key that only one of them has may be missing.
            let mut open = open || *other_open || pairs.len() != other.len();
            let common = common(&pairs, other, |(one, _), (other, _)| one == other);
            let mut all = pairs.to_vec();
            for ((_, slot), (_, other)) in all.iter_mut().zip(&other[..common]) {
                if slot != other {
                    *slot = join_slot(slot.clone(), other);
                }
            }
            let more = &other[common..];
            if (pairs.len() - common) * more.len() <= MAX_COMPARED {
                for (key, slot) in more {
                    match all[common..].iter_mut().find(|(known, _)| known == key) {
                        Some((_, known)) => *known = join_slot(known.clone(), slot),
                        None => all.push((key.clone(), slot.clone())),
                    }
                }
                open |= all.len() != pairs.len();
            } else {
                all.truncate(common);
                open = true;
            }
            Content::Pairs { pairs: Arc::new(all), open }
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

/// How many elements two lists have in common from their start on.
fn common<T>(one: &Arc<Vec<T>>, other: &Arc<Vec<T>>, same: impl Fn(&T, &T) -> bool) -> usize {
    if Arc::ptr_eq(one, other) {
        return one.len();
    }
    one.iter().zip(other.iter()).take_while(|(one, other)| same(one, other)).count()
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
        ) => {
            let common = common(items, after, |one, other| one == other);
            let more = &after[common..];
            more.len() * items.len() <= MAX_COMPARED && more.iter().all(|item| items.contains(item))
        }
        (
            Held::Content(Content::Pairs { pairs, open: true }),
            Held::Content(Content::Pairs { pairs: after, .. }),
        ) => {
            let common = common(pairs, after, |(one, held), (other, slot)| {
                one == other && allows(&held.value, &slot.value)
            });
            let more = &after[common..];
            more.len() * pairs.len() <= MAX_COMPARED
                && more.iter().all(|(key, slot)| {
                    let mut known = pairs.iter();
                    known.any(|(known, held)| known == key && allows(&held.value, &slot.value))
                })
        }
        (Held::Content(before), Held::Content(after)) => before == after,
        _ => false,
    }
}

fn allows(before: &Value, after: &Value) -> bool {
    matches!(before, Value::Unknown)
        || after
            .alternatives()
            .iter()
            .all(|value| before.alternatives().iter().any(|known| is_same(known, value)))
}

/// Whether two values are the same, what a turn makes anew of the same text included.
fn is_same(known: &Value, value: &Value) -> bool {
    match (known, value) {
        (Value::Module(known, _), Value::Module(name, _)) => known == name,
        (Value::Class(known), Value::Class(class))
        | (Value::Instance(known, _), Value::Instance(class, _)) => {
            Arc::ptr_eq(&known.def, &class.def)
        }
        (Value::Function(known), Value::Function(function)) => {
            Arc::ptr_eq(&known.def, &function.def)
        }
        _ => known == value,
    }
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
