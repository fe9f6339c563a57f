//! Iteration: one value after the other, as the consumer asks for them.

use std::sync::Arc;

use super::generators::Sent;
use super::heap::{Content, Derivation, Derived};
use super::{Eval, Flow, Interpreter, Stop};
use crate::text::Span;
use crate::value::{External, ObjectId, Operator, Value};
use crate::world::World;

/// What an iterator gives next.
pub(super) enum Turn {
    /// This.
    Item(Value),
    /// This, or nothing.
    Perhaps(Value),
    /// Any number of values, each like this one, and then no more.
    Rest(Value),
    /// No more; a generator has returned this.
    End(Value),
}

impl<W: World> Interpreter<'_, W> {
    /// `iter(value)`
    pub(super) fn iterator(&mut self, value: &Value, span: Span) -> Eval<Value> {
        let (items, rest) = match value {
            Value::Tuple(items) | Value::List(items) => (items.to_vec(), None),
            Value::Dict(pairs) => (pairs.iter().map(|(key, _)| key.clone()).collect(), None),
            Value::Str(text) => {
                let turns = self.limits.turns;
                let items: Vec<Value> = text
                    .chars()
                    .take(turns)
                    .map(|c| Value::str(c.encode_utf8(&mut [0; 4])))
                    .collect();
                let rest = (text.chars().nth(turns).is_some()).then_some(Value::Unknown);
                (items, rest)
            }
            Value::Object(object) => match self.heap.content(*object) {
                Content::Items { items, open, .. } => {
                    let rest = open.then_some(Value::Unknown);
                    let content = Content::Walk { items: Arc::clone(items), at: 0, rest };
                    return Ok(Value::Object(self.heap.allocate(content)));
                }
                Content::Pairs { pairs, open } => (
                    pairs.iter().map(|(key, _)| key.clone()).collect(),
                    open.then_some(Value::Unknown),
                ),
                Content::Walk { .. } | Content::Derived(_) | Content::Generator(_) => {
                    return Ok(value.clone());
                }
                Content::Names => (Vec::new(), Some(Value::Unknown)),
            },
            Value::Instance(class, _) => {
                if let Some(items) = self.tuple_of(value) {
                    let content = Content::Walk { items: Arc::new(items), at: 0, rest: None };
                    return Ok(Value::Object(self.heap.allocate(content)));
                }
                for hook in ["__iter__", "__aiter__"] {
                    if let Some(hook) = self.class_attribute(class, hook) {
                        let hook = super::attributes::method(hook, value);
                        let place = self.place(span);
                        let iterator = self.call_with(&hook, Vec::new(), place)?;
                        return match &iterator {
                            Value::Instance(..) => Ok(iterator),
                            other => self.iterator(other, span),
                        };
                    }
                }
                if self.class_attribute(class, "__next__").is_some() {
                    return Ok(value.clone());
                }
                (Vec::new(), Some(Value::Unknown))
            }
            Value::Class(class) => match self.enum_members(class) {
                Some(members) => (members, None),
                None => (Vec::new(), Some(Value::Unknown)),
            },
            Value::OneOf(values) => {
                // Whichever it is, its values are among all of theirs.
                let mut all: Option<Value> = None;
                for value in values.iter() {
                    let (items, open) = self.elements(value)?;
                    let unknown = open.then_some(Value::Unknown);
                    all = items.into_iter().chain(unknown).chain(all).reduce(Value::or);
                }
                (Vec::new(), all)
            }
            Value::External(external) => (Vec::new(), Some(element_of(external))),
            _ => (Vec::new(), Some(Value::Unknown)),
        };
        let content = Content::Walk { items: Arc::new(items), at: 0, rest };
        Ok(Value::Object(self.heap.allocate(content)))
    }

    /// `next(iterator)`
    pub(super) fn advance(&mut self, iterator: &Value) -> Eval<Turn> {
        self.advance_with(iterator, Sent::Value(Value::None))
    }

    /// The next value, with something sent into a generator.
    pub(super) fn advance_with(&mut self, iterator: &Value, sent: Sent) -> Eval<Turn> {
        self.deeper(Ok(Turn::End(Value::Unknown)), |this| match iterator {
            Value::Object(object) => this.advance_object(*object, sent),
            Value::Instance(class, _) => {
                let hook = ["__next__", "__anext__"]
                    .iter()
                    .find_map(|hook| this.class_attribute(class, hook));
                let Some(hook) = hook else { return Ok(Turn::Rest(Value::Unknown)) };
                let hook = super::attributes::method(hook, iterator);
                let place = this.here();
                let around = (this.maybe, this.pending);
                this.catchers += 1;
                let next = this.call_with(&hook, Vec::new(), place);
                this.catchers -= 1;
                let next = match next {
                    Ok(value) => this.awaited(value),
                    stop => stop,
                };
                match next {
                    Err(Stop::Raise(exception)) if ends_iteration(&exception) => {
                        Ok(Turn::End(Value::None))
                    }
                    // It may have raised, and what that would mean is that there is no more.
                    Ok(value) if this.pending != around.1 => {
                        (this.maybe, this.pending) = around;
                        Ok(Turn::Rest(value))
                    }
                    Ok(value) => Ok(Turn::Item(value)),
                    Err(stop) => Err(stop),
                }
            }
            _ => Ok(Turn::Rest(Value::Unknown)),
        })
    }

    fn advance_object(&mut self, object: ObjectId, sent: Sent) -> Eval<Turn> {
        match self.heap.content(object).clone() {
            Content::Walk { items, at, rest } => Ok(match (items.get(at), rest) {
                (Some(value), rest) => {
                    let value = value.clone();
                    self.heap.set_content(object, Content::Walk { items, at: at + 1, rest });
                    Turn::Item(value)
                }
                (None, Some(rest)) => Turn::Rest(rest),
                (None, None) => Turn::End(Value::None),
            }),
            Content::Generator(generator) => self.resume(object, &generator, sent),
            Content::Derived(derived) => self.derive(object, &derived),
            Content::Names | Content::Items { .. } | Content::Pairs { .. } => {
                Ok(Turn::Rest(Value::Unknown))
            }
        }
    }

    fn derive(&mut self, object: ObjectId, derived: &Arc<Derived>) -> Eval<Turn> {
        loop {
            let mut values = Vec::with_capacity(derived.of.len());
            let (mut perhaps, mut rest) = (false, false);
            for iterator in derived.of.iter() {
                match self.advance(iterator)? {
                    Turn::Item(value) => values.push(value),
                    Turn::Perhaps(value) => {
                        perhaps = true;
                        values.push(value);
                    }
                    Turn::Rest(value) => {
                        rest = true;
                        values.push(value);
                    }
                    Turn::End(_) => return Ok(Turn::End(Value::None)),
                }
            }
            // A tuple of which one part is not sure to come may be made of others altogether.
            rest |= perhaps && derived.of.len() > 1;
            let place = self.here();
            let value = match &derived.how {
                Derivation::Zip => Value::Tuple(values.into()),
                Derivation::Enumerate(number) => {
                    let next = Derived {
                        how: Derivation::Enumerate(
                            number.filter(|_| !perhaps).and_then(|number| number.checked_add(1)),
                        ),
                        of: Arc::clone(&derived.of),
                    };
                    self.heap.set_content(object, Content::Derived(Arc::new(next)));
                    let number = number.filter(|_| !rest).map_or(Value::Unknown, Value::Int);
                    values.insert(0, number);
                    Value::Tuple(values.into())
                }
                Derivation::Map(function) if perhaps || rest => {
                    let mut made = Value::Unknown;
                    self.perhaps(None, |this| {
                        made = this.call_with(function, values, place).unwrap_or(Value::Unknown);
                    });
                    made
                }
                Derivation::Map(function) => self.call_with(function, values, place)?,
                Derivation::Filter(function) => {
                    let value = values.pop().unwrap_or(Value::Unknown);
                    let mut kept = Ok(None);
                    if perhaps || rest {
                        self.perhaps(None, |this| kept = this.passes(function, &value));
                        kept = Ok(None);
                    } else {
                        kept = self.passes(function, &value);
                    }
                    match kept? {
                        Some(false) => {
                            // Over something endless this would never come to an end.
                            self.steps += 1;
                            if self.steps > self.limits.steps {
                                return Ok(Turn::End(Value::Unknown));
                            }
                            continue;
                        }
                        Some(true) => value,
                        None => {
                            perhaps = true;
                            value
                        }
                    }
                }
            };
            return Ok(match (rest, perhaps) {
                (true, _) => Turn::Rest(value),
                (false, true) => Turn::Perhaps(value),
                (false, false) => Turn::Item(value),
            });
        }
    }

    fn passes(&mut self, function: &Value, value: &Value) -> Eval<Option<bool>> {
        if *function == Value::None {
            return self.truth(value);
        }
        let place = self.here();
        let answer = self.call_with(function, vec![value.clone()], place)?;
        self.truth(&answer)
    }

    /// All elements in order, and whether there may be more, or fewer, than these.
    pub(super) fn elements(&mut self, value: &Value) -> Eval<(Vec<Value>, bool)> {
        match value {
            Value::Tuple(items) | Value::List(items) => {
                self.heap.count(items.len());
                return Ok((items.to_vec(), false));
            }
            Value::Object(object) => {
                if let Content::Items { items, open, .. } = self.heap.content(*object) {
                    let (items, open) = (items.to_vec(), *open);
                    self.heap.count(items.len());
                    return Ok((items, open));
                }
            }
            Value::Instance(..) | Value::Class(_) | Value::Dict(_) | Value::Str(_) => {}
            _ => return Ok((Vec::new(), true)),
        }
        let span = self.here().span;
        let iterator = self.iterator(value, span)?;
        self.drain(&iterator)
    }

    /// Takes all that an iterator gives.
    pub(super) fn drain(&mut self, iterator: &Value) -> Eval<(Vec<Value>, bool)> {
        if let Value::Object(object) = iterator
            && let Content::Walk { items, at, rest } = self.heap.content(*object).clone()
        {
            let content = Content::Walk { items: Arc::clone(&items), at: items.len(), rest };
            let open = matches!(&content, Content::Walk { rest: Some(_), .. });
            self.heap.set_content(*object, content);
            return Ok((items[at.min(items.len())..].to_vec(), open));
        }
        let mut items = Vec::new();
        let mut open = false;
        for _ in 0..self.limits.turns {
            match self.advance(iterator)? {
                Turn::Item(value) => items.push(value),
                Turn::Perhaps(value) => {
                    open = true;
                    items.push(value);
                }
                Turn::Rest(_) => return Ok((items, true)),
                Turn::End(_) => return Ok((items, open)),
            }
        }
        Ok((items, true))
    }

    /// `iterator.__next__()` as an expression.
    pub(super) fn next(&mut self, iterator: &Value, sent: Sent) -> Eval<Value> {
        match self.advance_with(iterator, sent)? {
            Turn::Item(value) => Ok(value),
            Turn::Perhaps(value) => Ok(value.or(Value::Unknown)),
            Turn::Rest(value) => {
                if self.catches("StopIteration") {
                    self.raising.push(Value::external("builtins.StopIteration"));
                    self.may_leave(Flow::RAISE);
                }
                Ok(value)
            }
            Turn::End(_) => self.raise_builtin("StopIteration"),
        }
    }

    /// An iterator that makes its values out of those of `of`.
    pub(super) fn derived(&mut self, how: Derivation, of: &[Value], span: Span) -> Eval<Value> {
        let of = of.iter().map(|value| self.iterator(value, span)).collect::<Eval<Vec<_>>>()?;
        let derived = Derived { how, of: of.into() };
        Ok(Value::Object(self.heap.allocate(Content::Derived(Arc::new(derived)))))
    }
}

/// What an element of something external is.
pub(super) fn element_of(external: &Arc<External>) -> Value {
    Value::External(Arc::new(External::Operation {
        operator: Operator::Element,
        operands: [Value::External(Arc::clone(external))].into(),
    }))
}

fn ends_iteration(exception: &Value) -> bool {
    let Value::External(external) = super::exceptions::exception_class(exception) else {
        return false;
    };
    matches!(external.name(), Some("builtins.StopIteration" | "builtins.StopAsyncIteration"))
}
