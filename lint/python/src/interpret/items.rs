//! Items: what stands at an index or a key, and what is put there.

use std::sync::Arc;

use super::containers::is_absent;
use super::heap::{Content, Slot, light};
use super::{Eval, Interpreter, builtins, fold};
use crate::syntax::CompareOp;
use crate::text::Span;
use crate::value::{External, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    pub(super) fn item(&mut self, value: &Value, index: &Value, span: Span) -> Eval<Value> {
        Ok(match value {
            Value::Object(object) => match self.heap.content(*object).clone() {
                Content::Items { items, open: false, .. } => self.element(&items, index)?,
                Content::Pairs { pairs, open } => {
                    let found = pairs
                        .iter()
                        .find(|(key, _)| fold::compare(key, CompareOp::Eq, index) == Some(true));
                    match found {
                        Some((_, slot)) => slot.value.clone(),
                        None if !open && is_absent(&pairs, index) => {
                            self.raise_builtin("KeyError")?
                        }
                        None if open => Value::Unknown,
                        None => pairs
                            .iter()
                            .map(|(_, slot)| slot.value.clone())
                            .reduce(Value::or)
                            .unwrap_or(Value::Unknown),
                    }
                }
                _ => Value::Unknown,
            },
            Value::Tuple(items) | Value::List(items) => self.element(&Arc::clone(items), index)?,
            Value::Str(text) => {
                self.heap.count(text.len());
                let part = match fold::integer(index) {
                    Some(at) => character(text, at),
                    None => return Ok(Value::Unknown),
                };
                match part {
                    Some(part) => part,
                    None => self.raise_builtin("IndexError")?,
                }
            }
            Value::Dict(pairs) => pairs
                .iter()
                .find(|(key, _)| fold::compare(key, CompareOp::Eq, index) == Some(true))
                .map_or(Value::Unknown, |(_, value)| value.clone()),
            Value::External(external) => {
                if external.name() == Some("sys.modules")
                    && let Value::Str(name) = index
                    && let Some(slot) = self.heap.get(self.process.modules, name)
                {
                    return Ok(slot.value.clone());
                }
                let key = self.frozen(index);
                let item = Arc::new(External::Item { of: Arc::clone(external), key });
                if builtins::is_environ(external)
                    && let Value::Str(key) = index
                    && let Some(slot) = self.heap.get(self.process.environ, key).cloned()
                {
                    if !slot.unsure {
                        return Ok(slot.value);
                    }
                    return Ok(slot.value.or(self.read(&item, span)));
                }
                self.read(&item, span)
            }
            Value::OneOf(values) => {
                let some = values.iter().filter(|value| **value != Value::None);
                self.any_of(some, |this, value| this.item(value, index, span))?
            }
            Value::Instance(..) => {
                if let Some(items) = self.tuple_of(value) {
                    return self.element(&items, index);
                }
                let found = self.special(value, "__getitem__", vec![index.clone()], span)?;
                found.unwrap_or(Value::Unknown)
            }
            Value::Class(class) => match (self.enum_members(class), index) {
                (Some(_), Value::Str(name)) => {
                    self.class_attribute(class, name).unwrap_or(Value::Unknown)
                }
                // `Generic[T]`
                _ => value.clone(),
            },
            // `globals()[name]`, which asks no `__getattr__`
            Value::Module(_, names) => match index {
                Value::Str(name) => match self.heap.get(*names, name) {
                    Some(slot) => slot.value.clone(),
                    None => self.raise_builtin("KeyError")?,
                },
                _ => Value::Unknown,
            },
            Value::Unknown => {
                let key = self.frozen(index);
                let item = External::Item { of: Arc::new(External::Unknown), key };
                self.read(&Arc::new(item), span)
            }
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                self.raise_builtin("TypeError")?
            }
            _ => Value::Unknown,
        })
    }

    fn element(&mut self, items: &[Value], index: &Value) -> Eval<Value> {
        match fold::integer(index) {
            Some(at) => match position(at, items.len()) {
                Some(at) => Ok(items[at].clone()),
                None => self.raise_builtin("IndexError"),
            },
            None => Ok(items.iter().cloned().reduce(Value::or).unwrap_or(Value::Unknown)),
        }
    }

    /// `value[start:stop:step]`, of parts that are `None` where they are not written.
    pub(super) fn slice(&mut self, value: &Value, parts: &[Option<Value>; 3]) -> Eval<Value> {
        let bounds: Option<Vec<Option<i64>>> = parts
            .iter()
            .map(|part| match part {
                None | Some(Value::None) => Some(None),
                Some(value) => fold::integer(value).map(Some),
            })
            .collect();
        let (items, open) = match value {
            Value::Str(text) => {
                self.heap.count(text.len());
                let chars: Vec<char> = text.chars().collect();
                let taken = bounds.and_then(|bounds| sliced(&chars, &bounds));
                let taken = taken.map(|taken| taken.into_iter().collect::<String>());
                return Ok(taken.map_or(Value::Unknown, |taken| Value::str(&taken)));
            }
            Value::Tuple(_) | Value::List(_) | Value::Object(_) => {
                match self.elements_at_rest(value)? {
                    Some(items) => (items, false),
                    None => (Vec::new(), true),
                }
            }
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                return self.raise_builtin("TypeError");
            }
            _ => return Ok(Value::Unknown),
        };
        let taken = bounds.filter(|_| !open).and_then(|bounds| sliced(&items, &bounds));
        Ok(match (value, taken) {
            (Value::Tuple(_), Some(taken)) => Value::Tuple(taken.into()),
            (Value::Tuple(_), None) => Value::Unknown,
            (_, Some(taken)) => self.list(taken, false),
            (_, None) => self.list(items, true),
        })
    }

    /// `object[start:stop:step] = value`
    pub(super) fn set_slice(
        &mut self,
        object: &Value,
        bounds: &[Option<Value>; 3],
        value: &Value,
    ) -> Eval<()> {
        let Value::Object(id) = object else { return Ok(()) };
        let (more, more_open) = self.elements(value)?;
        let Content::Items { items, open, is_set } = self.heap.content(*id).clone() else {
            return Ok(());
        };
        let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = |bound: &Option<Value>, otherwise: i64| match bound {
            None | Some(Value::None) => Some(otherwise),
            Some(value) => fold::integer(value).map(|at| {
                let at = if at < 0 { at.saturating_add(len) } else { at };
                at.clamp(0, len)
            }),
        };
        let each = matches!(&bounds[2], None | Some(Value::None | Value::Int(1)));
        let (items, open) = match (at(&bounds[0], 0), at(&bounds[1], len)) {
            (Some(start), Some(end)) if each && !open && !more_open => {
                let start = usize::try_from(start).unwrap_or(0);
                let end = usize::try_from(end).unwrap_or(0).max(start);
                let mut items = items.to_vec();
                items.splice(start..end, more);
                (items, false)
            }
            _ => (items.iter().cloned().chain(more).collect(), true),
        };
        let content = Content::Items { items: Arc::new(items), open, is_set };
        self.heap.set_content(*id, content);
        Ok(())
    }

    pub(super) fn set_item(
        &mut self,
        object: &Value,
        index: &Value,
        value: Value,
        span: Span,
    ) -> Eval<()> {
        match object {
            Value::Object(id) => {
                let mut fits = true;
                let work = self.heap.edit(*id, |content| match content {
                    Content::Items { items, open, .. } => {
                        let put = put_at(items, index, light(value));
                        fits = put || *open;
                        if fold::integer(index).is_some() { 1 } else { items.len() }
                    }
                    Content::Pairs { pairs, open } => {
                        *open |= !put_under(pairs, index, Slot::of(light(value)));
                        pairs.len()
                    }
                    _ => 0,
                });
                self.heap.count(work);
                if !fits {
                    self.raise_builtin("IndexError")?;
                }
            }
            Value::OneOf(values) => {
                for object in values.iter() {
                    let mut done = Ok(());
                    self.perhaps(None, |this| {
                        done = this.set_item(object, index, value.clone(), span);
                    });
                    done?;
                }
            }
            Value::External(external) => {
                if builtins::is_environ(external)
                    && let Value::Str(key) = index
                {
                    self.heap.set(self.process.environ, key, value.clone());
                }
                let target = External::Item { of: Arc::clone(external), key: self.frozen(index) };
                let value = self.frozen(&value);
                let place = self.place(span);
                let effects = self.ask(place, |world, now| world.write(&target, &value, now));
                self.record(effects, place);
            }
            Value::Instance(..) => {
                self.special(object, "__setitem__", vec![index.clone(), value], span)?;
            }
            Value::Module(..) => {
                if let Value::Str(name) = index {
                    self.set_attribute(object, name, &value, span)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `del object[index]`
    pub(super) fn delete_item(&mut self, object: &Value, index: &Value, span: Span) -> Eval<()> {
        match object {
            Value::Object(id) => match self.heap.content(*id).clone() {
                Content::Pairs { pairs, open: false } if is_absent(&pairs, index) => {
                    self.raise_builtin("KeyError")?;
                }
                Content::Items { items, open: false, .. } => {
                    if let Some(at) = fold::integer(index)
                        && position(at, items.len()).is_none()
                    {
                        self.raise_builtin("IndexError")?;
                    }
                }
                _ => {}
            },
            Value::Instance(..) => {
                self.special(object, "__delitem__", vec![index.clone()], span)?;
            }
            _ => {}
        }
        self.remove_item(object, index);
        Ok(())
    }

    pub(super) fn remove_item(&mut self, object: &Value, index: &Value) {
        match object {
            Value::Object(id) => match self.heap.content(*id).clone() {
                Content::Pairs { pairs, open } => {
                    let kept = pairs
                        .iter()
                        .filter(|(key, _)| fold::compare(key, CompareOp::Eq, index) != Some(true))
                        .cloned()
                        .collect();
                    self.heap.set_content(*id, Content::Pairs { pairs: Arc::new(kept), open });
                }
                Content::Items { items, open, is_set } => {
                    let at = fold::integer(index).and_then(|at| position(at, items.len()));
                    let mut items = items.to_vec();
                    let open = open || at.is_none();
                    if let Some(at) = at {
                        items.remove(at);
                    }
                    let content = Content::Items { items: Arc::new(items), open, is_set };
                    self.heap.set_content(*id, content);
                }
                _ => {}
            },
            Value::External(external) if builtins::is_environ(external) => {
                if let Value::Str(key) = index {
                    self.heap.put(self.process.environ, key, None);
                }
            }
            _ => {}
        }
    }
}

/// `items[index] = value`; false where there is no such index.
fn put_at(items: &mut Arc<Vec<Value>>, index: &Value, value: Value) -> bool {
    match fold::integer(index) {
        Some(at) => match position(at, items.len()) {
            Some(at) => Arc::make_mut(items)[at] = value,
            None => return false,
        },
        // An index that is not known may be any of them.
        None => {
            for item in Arc::make_mut(items) {
                *item = light(std::mem::replace(item, Value::None).or(value.clone()));
            }
        }
    }
    true
}

/// `pairs[key] = slot`; false where it is not known which pairs there are then.
fn put_under(pairs: &mut Arc<Vec<(Value, Slot)>>, key: &Value, slot: Slot) -> bool {
    let same = |known: &Value| match (known, key) {
        (Value::Str(known), Value::Str(key)) => known == key,
        _ => fold::compare(known, CompareOp::Eq, key) == Some(true),
    };
    if let Some(at) = pairs.iter().position(|(known, _)| same(known)) {
        Arc::make_mut(pairs)[at].1 = slot;
        return true;
    }
    let absent = is_absent(pairs, key);
    let pairs = Arc::make_mut(pairs);
    if !absent {
        // A key that is not known may be any of them, or another.
        for (_, known) in &mut *pairs {
            let before = std::mem::replace(&mut known.value, Value::None);
            known.value = light(before.or(slot.value.clone()));
        }
    }
    if absent || *key != Value::Unknown {
        pairs.push((light(key.clone()), slot));
    }
    absent
}

/// The character of `text` at an index, which counts from the end where it is negative.
fn character(text: &str, at: i64) -> Option<Value> {
    let found = match usize::try_from(at) {
        Ok(at) => text.chars().nth(at),
        Err(_) => text.chars().rev().nth(usize::try_from(-(at + 1)).ok()?),
    };
    found.map(|c| Value::str(c.encode_utf8(&mut [0; 4])))
}

/// The items of a slice; `None` where its step is zero.
fn sliced<T: Clone>(items: &[T], bounds: &[Option<i64>]) -> Option<Vec<T>> {
    let [start, end, by] = bounds else { return None };
    let len = i64::try_from(items.len()).ok()?;
    let by = by.unwrap_or(1);
    let (low, high) = if by > 0 { (0, len) } else { (-1, len - 1) };
    let clamp = |at: i64| if at < 0 { at.saturating_add(len).max(low) } else { at.min(high) };
    let (first, past) = if by > 0 { (0, len) } else { (len - 1, -1) };
    let mut at = start.map_or(first, clamp);
    let last = end.map_or(past, clamp);
    let mut taken = Vec::new();
    while (by > 0 && at < last) || (by < 0 && at > last) {
        taken.push(items.get(usize::try_from(at).ok()?)?.clone());
        at = at.checked_add(by)?;
    }
    (by != 0).then_some(taken)
}

pub(super) fn position(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { at.checked_add(i64::try_from(len).ok()?)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}
