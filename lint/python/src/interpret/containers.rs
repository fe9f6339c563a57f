//! Methods of lists, sets, dicts and strings.

use std::sync::Arc;

use super::heap::{Content, Slot};
use super::{Interpreter, fold};
use crate::syntax::CompareOp;
use crate::text::Span;
use crate::value::{Arguments, ObjectId, Operator, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    /// A method of a list, a set, a dict or a string.
    pub(super) fn container_method(
        &mut self,
        receiver: &Value,
        method: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Value {
        let Value::Object(object) = receiver else {
            return self.text_method(receiver, method, arguments, span);
        };
        match self.heap.content(*object).clone() {
            Content::Items { items, open } => {
                self.items_method(*object, &items, open, method, arguments, span)
            }
            Content::Pairs { pairs, open } => match method {
                "get" | "keys" | "values" | "items" | "copy" => {
                    self.pairs_read(&pairs, open, method, arguments)
                }
                _ => self.pairs_method(*object, &pairs, open, method, arguments, span),
            },
            Content::Suspended { .. } => match method {
                "send" | "__next__" => {
                    self.resume(*object).into_iter().next().unwrap_or(Value::Unknown)
                }
                _ => Value::Unknown,
            },
            Content::Names => Value::Unknown,
        }
    }

    /// A method of the list or set `object`, which holds `items`.
    fn items_method(
        &mut self,
        object: ObjectId,
        items: &[Value],
        mut open: bool,
        method: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Value {
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        let second = arguments.positional(1).map(|argument| argument.value.clone());
        let mut items = items.to_vec();
        let mut result = Value::None;
        match method {
            "append" | "add" => items.push(first.unwrap_or(Value::Unknown)),
            "extend" | "update" => {
                if let Some(more) = first {
                    let (more, more_open) = self.elements(&more);
                    items.extend(more);
                    open |= more_open;
                }
            }
            "insert" => {
                let at = first.as_ref().and_then(fold::integer).unwrap_or(0);
                let at = usize::try_from(at).unwrap_or(0).min(items.len());
                items.insert(at, second.unwrap_or(Value::Unknown));
            }
            "pop" if !open && !items.is_empty() => {
                result = match first {
                    None => items.pop().unwrap_or(Value::Unknown),
                    Some(Value::Int(0)) => items.remove(0),
                    Some(_) => {
                        open = true;
                        Value::Unknown
                    }
                };
            }
            "clear" => {
                items.clear();
                open = false;
            }
            "reverse" => items.reverse(),
            "sort" => {
                if let Some(key) = arguments.keyword("key") {
                    let place = self.place(span);
                    self.perhaps_call(&key.value, place);
                }
            }
            "remove" | "discard" => {
                let wanted = first.unwrap_or(Value::Unknown);
                let at = items
                    .iter()
                    .position(|item| fold::compare(item, CompareOp::Eq, &wanted) == Some(true));
                match at {
                    Some(at) => drop(items.remove(at)),
                    None => open = true,
                }
            }
            "copy" => return self.list(items, open),
            _ => return Value::Unknown,
        }
        let content = Content::Items { items: Arc::new(items), open: open || arguments.open };
        self.heap.set_content(object, content);
        result
    }

    /// A method of a dict that holds `pairs` and is not changed by it.
    fn pairs_read(
        &mut self,
        pairs: &[(Value, Slot)],
        open: bool,
        method: &str,
        arguments: &Arguments,
    ) -> Value {
        let values = || pairs.iter().map(|(_, slot)| slot.value.clone());
        match method {
            "get" => {
                let Some(key) = arguments.positional(0).map(|argument| &argument.value) else {
                    return Value::Unknown;
                };
                let default = arguments
                    .get(1, "default")
                    .map_or(Value::None, |argument| argument.value.clone());
                match find(pairs, key) {
                    Some(value) => value,
                    None if !open && is_absent(pairs, key) => default,
                    None if !open => {
                        values().chain([default]).reduce(Value::or).unwrap_or(Value::Unknown)
                    }
                    None => Value::Unknown,
                }
            }
            "keys" => self.list(pairs.iter().map(|(key, _)| key.clone()).collect(), open),
            "values" => self.list(values().collect(), open),
            "items" => {
                let items = pairs
                    .iter()
                    .map(|(key, slot)| Value::Tuple([key.clone(), slot.value.clone()].into()))
                    .collect();
                self.list(items, open)
            }
            _ => self.dict(pairs.to_vec(), open),
        }
    }

    /// A method that may change the dict `object`, which holds `pairs`.
    fn pairs_method(
        &mut self,
        object: ObjectId,
        pairs: &[(Value, Slot)],
        open: bool,
        method: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Value {
        let receiver = Value::Object(object);
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        let second = arguments.positional(1).map(|argument| argument.value.clone());
        match method {
            "setdefault" => {
                let Some(key) = first else { return Value::Unknown };
                if let Some(value) = find(pairs, &key) {
                    return value;
                }
                let value = if !open && is_absent(pairs, &key) {
                    second.unwrap_or(Value::None)
                } else {
                    Value::Unknown
                };
                self.set_item(&receiver, &key, value.clone(), span);
                value
            }
            "pop" => {
                let Some(key) = first else { return Value::Unknown };
                let value = match find(pairs, &key) {
                    Some(value) => value,
                    None if !open && is_absent(pairs, &key) => second.unwrap_or(Value::Unknown),
                    None => Value::Unknown,
                };
                self.delete_item(&receiver, &key);
                value
            }
            "update" => {
                let more = first.map(|more| self.pairs_of(&more));
                let mut content = pairs.to_vec();
                let mut open = open || arguments.open || matches!(more, Some(None));
                let named = arguments.items.iter().filter_map(|argument| {
                    let name = argument.name.as_ref()?;
                    let slot = Slot { value: argument.value.clone(), passed: Some(argument.place) };
                    Some((Value::Str(Arc::clone(name)), slot))
                });
                for (key, slot) in more.flatten().unwrap_or_default().into_iter().chain(named) {
                    open |= key == Value::Unknown;
                    content.retain(|(known, _)| *known != key);
                    content.push((key, slot));
                }
                let content = Content::Pairs { pairs: Arc::new(content), open };
                self.heap.set_content(object, content);
                Value::None
            }
            "clear" => {
                let content = Content::Pairs { pairs: Arc::default(), open: false };
                self.heap.set_content(object, content);
                Value::None
            }
            _ => Value::Unknown,
        }
    }

    fn text_method(
        &mut self,
        receiver: &Value,
        method: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Value {
        let Value::Str(text) = receiver else { return Value::Unknown };
        let values: Vec<Value> =
            arguments.items.iter().map(|argument| argument.value.clone()).collect();
        if method == "join"
            && let Some(items) = values.first().and_then(|items| self.elements_at_rest(items))
        {
            let parts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            return parts.and_then(|parts| fold::join(&parts, text)).unwrap_or(Value::Unknown);
        }
        if method == "format" {
            let mut operands = vec![receiver.clone()];
            operands.extend(values);
            return self.operate(Operator::Format, &operands, span);
        }
        let references: Vec<&Value> = values.iter().collect();
        match fold::string_method(text, method, &references) {
            Some(Value::List(items)) => self.list(items.to_vec(), false),
            Some(value) => value,
            None => Value::Unknown,
        }
    }
}

/// Whether surely nothing is held under `key`.
fn is_absent(pairs: &[(Value, Slot)], key: &Value) -> bool {
    // A key is looked for by `==`, and one of which nothing is known may be any of them.
    !matches!(key, Value::Unknown | Value::External(_))
        && pairs.iter().all(|(known, _)| fold::compare(known, CompareOp::Eq, key) == Some(false))
}

/// What a dict surely holds under `key`.
fn find(pairs: &[(Value, Slot)], key: &Value) -> Option<Value> {
    pairs
        .iter()
        .find(|(known, _)| fold::compare(known, CompareOp::Eq, key) == Some(true))
        .map(|(_, slot)| slot.value.clone())
}
