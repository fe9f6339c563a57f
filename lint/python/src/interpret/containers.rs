//! Methods of lists, sets, dicts and strings.

use std::sync::Arc;

use super::heap::{Content, Slot};
use super::{Eval, Interpreter, fold};
use crate::syntax::CompareOp;
use crate::text::Span;
use crate::value::{Arguments, Operator, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    /// A method of a list, a set, a dict or a string.
    pub(super) fn container_method(
        &mut self,
        receiver: &Value,
        method: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Eval<Value> {
        let place = self.place(span);
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        let second = arguments.positional(1).map(|argument| argument.value.clone());
        let Value::Object(object) = receiver else {
            return Ok(self.text_method(receiver, method, arguments, span));
        };
        let open_arguments = arguments.open;
        match self.heap.content(*object).clone() {
            Content::Items { items, open } => {
                let mut items = items.to_vec();
                let mut open = open;
                let result = match method {
                    "append" | "add" => {
                        items.push(first.unwrap_or(Value::Unknown));
                        Value::None
                    }
                    "extend" | "update" => {
                        if let Some(more) = first {
                            let (more, more_open) = self.elements(&more);
                            items.extend(more);
                            open |= more_open;
                        }
                        Value::None
                    }
                    "insert" => {
                        let at = first.as_ref().and_then(fold::integer).unwrap_or(0);
                        let at = usize::try_from(at).unwrap_or(0).min(items.len());
                        items.insert(at, second.unwrap_or(Value::Unknown));
                        Value::None
                    }
                    "pop" if !open && !items.is_empty() => match first {
                        None => items.pop().unwrap_or(Value::Unknown),
                        Some(Value::Int(0)) => items.remove(0),
                        Some(_) => {
                            open = true;
                            Value::Unknown
                        }
                    },
                    "clear" => {
                        items.clear();
                        open = false;
                        Value::None
                    }
                    "reverse" => {
                        items.reverse();
                        Value::None
                    }
                    "sort" => {
                        if let Some(key) = arguments.keyword("key") {
                            self.perhaps_call(&key.value, place);
                        }
                        Value::None
                    }
                    "remove" | "discard" => {
                        let wanted = first.unwrap_or(Value::Unknown);
                        match items.iter().position(|item| {
                            fold::compare(item, CompareOp::Eq, &wanted) == Some(true)
                        }) {
                            Some(at) => {
                                items.remove(at);
                            }
                            None => open = true,
                        }
                        Value::None
                    }
                    "copy" => return Ok(self.list(items, open)),
                    _ => return Ok(Value::Unknown),
                };
                let open = open || open_arguments;
                self.heap.set_content(*object, Content::Items { items: Arc::new(items), open });
                Ok(result)
            }
            Content::Pairs { pairs, open } => {
                let find = |key: &Value| {
                    pairs
                        .iter()
                        .find(|(known, _)| fold::compare(known, CompareOp::Eq, key) == Some(true))
                        .map(|(_, slot)| slot.value.clone())
                };
                match method {
                    "get" => {
                        let Some(key) = first else { return Ok(Value::Unknown) };
                        let default =
                            arguments.get(1, "default").map(|argument| argument.value.clone());
                        let settled =
                            !matches!(key, Value::Unknown | Value::External(_) | Value::OneOf(_));
                        Ok(match find(&key) {
                            Some(value) => value,
                            None if settled && !open => default.unwrap_or(Value::None),
                            None if !open => pairs
                                .iter()
                                .map(|(_, slot)| slot.value.clone())
                                .chain([default.unwrap_or(Value::None)])
                                .reduce(Value::or)
                                .unwrap_or(Value::Unknown),
                            None => Value::Unknown,
                        })
                    }
                    "setdefault" => {
                        let Some(key) = first else { return Ok(Value::Unknown) };
                        if let Some(value) = find(&key) {
                            return Ok(value);
                        }
                        let value = second.unwrap_or(Value::None);
                        self.set_item(receiver, &key, value.clone(), span);
                        Ok(value)
                    }
                    "pop" => {
                        let Some(key) = first else { return Ok(Value::Unknown) };
                        let value = find(&key).or(second).unwrap_or(Value::Unknown);
                        self.delete_item(receiver, &key);
                        Ok(value)
                    }
                    "update" => {
                        let more = first.map(|more| self.pairs_of(&more));
                        let mut content = pairs.to_vec();
                        let mut now_open = open || open_arguments || matches!(more, Some(None));
                        let named = arguments.items.iter().filter_map(|argument| {
                            let name = argument.name.as_ref()?;
                            let slot = Slot {
                                value: argument.value.clone(),
                                passed: Some(argument.place),
                            };
                            Some((Value::Str(Arc::clone(name)), slot))
                        });
                        for (key, slot) in
                            more.flatten().unwrap_or_default().into_iter().chain(named)
                        {
                            if key == Value::Unknown {
                                now_open = true;
                            }
                            content.retain(|(known, _)| *known != key);
                            content.push((key, slot));
                        }
                        let content = Content::Pairs { pairs: Arc::new(content), open: now_open };
                        self.heap.set_content(*object, content);
                        Ok(Value::None)
                    }
                    "keys" => {
                        let keys = pairs.iter().map(|(key, _)| key.clone()).collect();
                        Ok(self.list(keys, open))
                    }
                    "values" => {
                        let values = pairs.iter().map(|(_, slot)| slot.value.clone()).collect();
                        Ok(self.list(values, open))
                    }
                    "items" => {
                        let items = pairs
                            .iter()
                            .map(|(key, slot)| {
                                Value::Tuple([key.clone(), slot.value.clone()].into())
                            })
                            .collect();
                        Ok(self.list(items, open))
                    }
                    "copy" => Ok(self.dict(pairs.to_vec(), open)),
                    "clear" => {
                        let content = Content::Pairs { pairs: Arc::default(), open: false };
                        self.heap.set_content(*object, content);
                        Ok(Value::None)
                    }
                    _ => Ok(Value::Unknown),
                }
            }
            Content::Suspended { .. } => Ok(match method {
                "send" | "__next__" => {
                    self.resume(*object).into_iter().next().unwrap_or(Value::Unknown)
                }
                _ => Value::Unknown,
            }),
            Content::Names => Ok(Value::Unknown),
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
            return parts.map_or(Value::Unknown, |parts| Value::str(&parts.join(text)));
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
