//! Values as those outside see them: the world, and who reads the trace. Nothing in them is alive, so that
//! what the program does later does not change what was told.

use std::sync::Arc;

use super::heap::Content;
use super::{Interpreter, MAX_FROZEN, MAX_TOLD_DEPTH};
use crate::value::Value;
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    /// The value as the world and the readers of the trace may see it: no live object in it.
    pub(super) fn frozen(&self, value: &Value) -> Value {
        let mut left = MAX_FROZEN;
        let frozen = self.freeze(value, 4, &mut left);
        self.copied.set(self.copied.get() + MAX_FROZEN - left);
        frozen
    }

    /// The value as the readers of the trace see what is given and taken: frozen, a generator as such,
    /// and with what its instances have.
    pub(super) fn told(&mut self, value: &Value) -> Value {
        let told = match value {
            Value::Object(object) => match self.heap.content(*object) {
                Content::Generator(generator) => Value::Suspended(Arc::clone(&generator.function)),
                _ => self.frozen(value),
            },
            Value::OneOf(values) => {
                let values = Arc::clone(values);
                let told = values.iter().map(|value| self.told(value));
                return told.reduce(Value::or).unwrap_or(Value::Unknown);
            }
            _ => self.frozen(value),
        };
        self.note_attributes(&told, MAX_TOLD_DEPTH);
        told
    }

    /// Keeps what the instances in this have.
    fn note_attributes(&mut self, value: &Value, depth: u32) {
        if depth == 0 {
            return;
        }
        match value {
            Value::Tuple(items) | Value::List(items) => {
                for item in items.iter() {
                    self.note_attributes(item, depth - 1);
                }
            }
            Value::Dict(pairs) => {
                for (_, value) in pairs.iter() {
                    self.note_attributes(value, depth - 1);
                }
            }
            Value::Method(_, receiver) => self.note_attributes(receiver, depth - 1),
            Value::Instance(_, object) => {
                let names = self.heap.names(*object);
                let mut attributes = Vec::with_capacity(names.len());
                for name in names {
                    let held = self.heap.get(*object, &name).map(|slot| slot.value.clone());
                    let value = held.map_or(Value::Unknown, |value| self.frozen(&value));
                    attributes.push((name, value));
                }
                // What holds itself is told already.
                let before = self.out.attributes.insert(*object, attributes.clone());
                if before.as_ref() != Some(&attributes) {
                    for (_, value) in &attributes {
                        self.note_attributes(value, depth - 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn freeze(&self, value: &Value, depth: u32, left: &mut usize) -> Value {
        // Most values hold nothing that is alive: hand those on as they are.
        match value {
            Value::Object(_) | Value::Tuple(_) | Value::OneOf(_) if depth == 0 || *left == 0 => {
                Value::Unknown
            }
            Value::Object(object) => match self.heap.content(*object) {
                Content::Items { items, open: false, .. } => self
                    .freeze_all(items, depth, left)
                    .map_or(Value::Unknown, |items| Value::List(items.into())),
                Content::Pairs { pairs, open: false } => {
                    let Some(fewer) = left.checked_sub(pairs.len()) else { return Value::Unknown };
                    *left = fewer;
                    let mut frozen = |value: &Value| self.freeze(value, depth - 1, left);
                    let pairs = pairs.iter().map(|(key, slot)| (frozen(key), frozen(&slot.value)));
                    Value::Dict(pairs.collect())
                }
                _ => Value::Unknown,
            },
            Value::Tuple(items) => self
                .freeze_all(items, depth, left)
                .map_or(Value::Unknown, |items| Value::Tuple(items.into())),
            Value::OneOf(values) => values
                .iter()
                .map(|value| self.freeze(value, depth - 1, left))
                .reduce(Value::or)
                .unwrap_or(Value::Unknown),
            other => other.clone(),
        }
    }

    fn freeze_all(&self, items: &[Value], depth: u32, left: &mut usize) -> Option<Vec<Value>> {
        *left = left.checked_sub(items.len())?;
        Some(items.iter().map(|item| self.freeze(item, depth - 1, left)).collect())
    }
}
