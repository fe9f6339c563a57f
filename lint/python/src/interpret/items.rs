//! Items: what stands at an index or a key, and what is put there.

use std::sync::Arc;

use super::heap::{Content, Slot};
use super::{Interpreter, builtins, fold};
use crate::syntax::CompareOp;
use crate::text::Span;
use crate::value::{External, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    pub(super) fn item(&mut self, value: &Value, index: &Value, span: Span) -> Value {
        match value {
            Value::Object(object) => match self.heap.content(*object) {
                Content::Items { items, open: false } => element(items, index),
                Content::Pairs { pairs, .. } => pairs
                    .iter()
                    .find(|(key, _)| fold::compare(key, CompareOp::Eq, index) == Some(true))
                    .map_or(Value::Unknown, |(_, slot)| slot.value.clone()),
                _ => Value::Unknown,
            },
            Value::Tuple(items) | Value::List(items) => element(items, index),
            Value::Dict(pairs) => pairs
                .iter()
                .find(|(key, _)| fold::compare(key, CompareOp::Eq, index) == Some(true))
                .map_or(Value::Unknown, |(_, value)| value.clone()),
            Value::External(external) => {
                if builtins::is_environ(external)
                    && let Value::Str(key) = index
                    && let Some(slot) = self.heap.get(self.environ, key)
                {
                    return slot.value.clone();
                }
                let key = self.frozen(index);
                self.read(&Arc::new(External::Item { of: Arc::clone(external), key }), span)
            }
            Value::OneOf(values) => values
                .iter()
                .filter(|value| **value != Value::None)
                .map(|value| self.item(value, index, span))
                .reduce(Value::or)
                .unwrap_or(Value::Unknown),
            Value::Instance(class, _) => match self.class_attribute(class, "__getitem__") {
                Some(hook) => {
                    let place = self.place(span);
                    self.call_with(&hook, vec![value.clone(), index.clone()], place)
                        .unwrap_or(Value::Unknown)
                }
                None => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    pub(super) fn set_item(&mut self, object: &Value, index: &Value, value: Value, span: Span) {
        match object {
            Value::Object(id) => {
                let content = match self.heap.content(*id).clone() {
                    Content::Items { items, open } => {
                        let mut items = items.to_vec();
                        match fold::integer(index).and_then(|at| position(at, items.len())) {
                            Some(at) => items[at] = value,
                            None => {
                                for item in &mut items {
                                    *item = std::mem::replace(item, Value::None).or(value.clone());
                                }
                            }
                        }
                        Content::Items { items: Arc::new(items), open }
                    }
                    Content::Pairs { pairs, open } => {
                        let mut pairs = pairs.to_vec();
                        let slot = Slot { value, passed: None };
                        match pairs
                            .iter_mut()
                            .find(|(key, _)| fold::compare(key, CompareOp::Eq, index) == Some(true))
                        {
                            Some((_, known)) => *known = slot,
                            None => pairs.push((index.clone(), slot)),
                        }
                        Content::Pairs { pairs: Arc::new(pairs), open }
                    }
                    _ => return,
                };
                self.heap.set_content(*id, content);
            }
            Value::External(external) => {
                if builtins::is_environ(external)
                    && let Value::Str(key) = index
                {
                    self.heap.set(self.environ, key, value.clone());
                }
                let target = External::Item { of: Arc::clone(external), key: self.frozen(index) };
                let value = self.frozen(&value);
                let place = self.place(span);
                let effects = self.ask(place, |world, now| world.write(&target, &value, now));
                self.record(effects, place);
            }
            Value::Instance(class, _) => {
                if let Some(hook) = self.class_attribute(class, "__setitem__") {
                    let place = self.place(span);
                    let _ =
                        self.call_with(&hook, vec![object.clone(), index.clone(), value], place);
                }
            }
            _ => {}
        }
    }

    pub(super) fn delete_item(&mut self, object: &Value, index: &Value) {
        match object {
            Value::Object(id) => {
                if let Content::Pairs { pairs, open } = self.heap.content(*id).clone() {
                    let pairs = pairs
                        .iter()
                        .filter(|(key, _)| fold::compare(key, CompareOp::Eq, index) != Some(true))
                        .cloned()
                        .collect();
                    self.heap.set_content(*id, Content::Pairs { pairs: Arc::new(pairs), open });
                }
            }
            Value::External(external) if builtins::is_environ(external) => {
                if let Value::Str(key) = index {
                    self.heap.put(self.environ, key, None);
                }
            }
            _ => {}
        }
    }
}

fn position(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { at.checked_add(i64::try_from(len).ok()?)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

fn element(items: &[Value], index: &Value) -> Value {
    match fold::integer(index) {
        Some(at) => position(at, items.len()).map_or(Value::Unknown, |at| items[at].clone()),
        None => items.iter().cloned().reduce(Value::or).unwrap_or(Value::Unknown),
    }
}
