//! Methods of lists, sets, dicts and strings.

use std::sync::Arc;

use super::generators::Sent;
use super::heap::{Content, Slot, light};
use super::keys::Table;
use super::{Eval, Interpreter, fold};
use crate::syntax::{CompareOp, Shown};
use crate::text::Span;
use crate::value::{Argument, Arguments, ObjectId, Operator, Value};
use crate::world::World;

/// How many bytes of text cost about as much to go through as an element of a list.
pub(super) const BYTES_AN_ELEMENT: usize = 64;

impl<W: World> Interpreter<'_, W> {
    /// A method of a list, a set, a dict or a string.
    pub(super) fn container_method(
        &mut self,
        receiver: &Value,
        method: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Eval<Value> {
        let object = match receiver {
            Value::Object(object) => object,
            Value::Tuple(_) if self.has(receiver, method) == Some(false) => {
                return self.raise_builtin("AttributeError");
            }
            Value::Tuple(items) | Value::List(items) => {
                return self.tuple_method(items, method, arguments);
            }
            Value::Dict(_) => {
                let pairs = self.pairs_of(receiver).unwrap_or_default();
                return self.pairs_read(&pairs, false, method, arguments);
            }
            _ => return self.text_method(receiver, method, arguments, span),
        };
        if let Some(result) = self.change_end(*object, method, arguments) {
            return result;
        }
        match self.heap.content(*object).clone() {
            Content::Items { items, open, is_set } => {
                self.items_method(*object, &items, (open, is_set), method, arguments, span)
            }
            Content::Pairs { pairs, open } => match method {
                "get" | "keys" | "values" | "items" | "copy" => {
                    self.pairs_read(&pairs, open, method, arguments)
                }
                _ => self.pairs_method(*object, &pairs, open, method, arguments, span),
            },
            Content::Walk { .. } | Content::Derived(_) | Content::Generator(_) => match method {
                "__next__" | "__anext__" => self.next(receiver, Sent::Value(Value::None)),
                "send" | "asend" => {
                    let sent = arguments.positional(0).map(|argument| argument.value.clone());
                    self.next(receiver, Sent::Value(sent.unwrap_or(Value::Unknown)))
                }
                "throw" | "athrow" => {
                    let raised = arguments.positional(0).map(|argument| argument.value.clone());
                    let raised = self.made_exception(raised.unwrap_or(Value::Unknown), span)?;
                    self.next(receiver, Sent::Raise(raised))
                }
                "close" | "aclose" => {
                    self.close(receiver)?;
                    Ok(Value::None)
                }
                "__iter__" | "__aiter__" => Ok(receiver.clone()),
                _ => Ok(Value::Unknown),
            },
            Content::Names => Ok(Value::Unknown),
        }
    }

    /// The methods that only touch the end of a list: what a program builds piece by piece is not
    /// copied for each piece.
    fn change_end(
        &mut self,
        object: ObjectId,
        method: &str,
        arguments: &Arguments,
    ) -> Option<Eval<Value>> {
        let Content::Items { items, open, is_set: false } = self.heap.content(object) else {
            return None;
        };
        match method {
            "append" => {
                let value = arguments.positional(0).map(|argument| argument.value.clone());
                self.extend(object, vec![value.unwrap_or(Value::Unknown)], arguments.open);
                Some(Ok(Value::None))
            }
            "extend" => {
                for argument in &arguments.items {
                    match self.elements(&argument.value) {
                        Ok((more, open)) => self.extend(object, more, open),
                        Err(stop) => return Some(Err(stop)),
                    }
                }
                self.extend(object, Vec::new(), arguments.open);
                Some(Ok(Value::None))
            }
            "pop" if arguments.items.is_empty() && !open && !items.is_empty() => {
                let taken = self.heap.edit(object, |content| match content {
                    Content::Items { items, open, .. } => {
                        *open |= arguments.open;
                        Arc::make_mut(items).pop()
                    }
                    _ => None,
                });
                Some(Ok(taken.unwrap_or(Value::Unknown)))
            }
            _ => None,
        }
    }

    /// Puts `more` at the end of a list, and perhaps even more.
    pub(super) fn extend(&mut self, object: ObjectId, more: Vec<Value>, is_open: bool) {
        self.heap.count(more.len());
        self.heap.edit(object, |content| {
            if let Content::Items { items, open, .. } = content {
                *open |= is_open;
                if !more.is_empty() {
                    Arc::make_mut(items).extend(more.into_iter().map(light));
                }
            }
        });
    }

    /// A method of a tuple, or of what cannot be changed as it is seen.
    fn tuple_method(
        &mut self,
        items: &[Value],
        method: &str,
        arguments: &Arguments,
    ) -> Eval<Value> {
        let Some(wanted) = arguments.positional(0).map(|argument| argument.value.clone()) else {
            return Ok(if method == "copy" {
                self.list(items.to_vec(), false)
            } else {
                Value::Unknown
            });
        };
        let answers: Option<Vec<bool>> =
            items.iter().map(|item| fold::compare(item, CompareOp::Eq, &wanted)).collect();
        let Some(answers) = answers else { return Ok(Value::Unknown) };
        let number = |at: usize| i64::try_from(at).map_or(Value::Unknown, Value::Int);
        match method {
            "count" => Ok(number(answers.iter().filter(|same| **same).count())),
            "index" => match answers.iter().position(|same| *same) {
                Some(at) => Ok(number(at)),
                None => self.raise_builtin("ValueError"),
            },
            _ => Ok(Value::Unknown),
        }
    }

    /// A method of the list or set `object`, which holds `items`.
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each name")]
    fn items_method(
        &mut self,
        object: ObjectId,
        items: &[Value],
        (mut open, is_set): (bool, bool),
        method: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Eval<Value> {
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        let second = arguments.positional(1).map(|argument| argument.value.clone());
        let mut items = items.to_vec();
        let mut result = Value::None;
        match method {
            "add" => items.push(first.unwrap_or(Value::Unknown)),
            "update" => {
                for argument in &arguments.items {
                    let (more, more_open) = self.elements(&argument.value)?;
                    items.extend(more);
                    open |= more_open;
                }
            }
            "insert" => {
                let at = first.as_ref().and_then(fold::integer).unwrap_or(0);
                let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = if at < 0 { (len + at).max(0) } else { at.min(len) };
                let at = usize::try_from(at).unwrap_or(0).min(items.len());
                items.insert(at, second.unwrap_or(Value::Unknown));
            }
            "pop" if !open && items.is_empty() => {
                return self.raise_builtin(if is_set { "KeyError" } else { "IndexError" });
            }
            "pop" if !open && !items.is_empty() => {
                result = match first {
                    None => items.pop().unwrap_or(Value::Unknown),
                    Some(Value::Int(at)) if !is_set => {
                        match super::items::position(at, items.len()) {
                            Some(at) => items.remove(at),
                            None => return self.raise_builtin("IndexError"),
                        }
                    }
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
                let place = self.place(span);
                match self.sort(&items, arguments, place)? {
                    Some(sorted) => items = sorted,
                    None => open = true,
                }
            }
            "remove" | "discard" => {
                let wanted = first.unwrap_or(Value::Unknown);
                let at = items
                    .iter()
                    .position(|item| fold::compare(item, CompareOp::Eq, &wanted) == Some(true));
                let absent = !open
                    && items
                        .iter()
                        .all(|item| fold::compare(item, CompareOp::Eq, &wanted) == Some(false));
                match at {
                    Some(at) => drop(items.remove(at)),
                    None if absent && method == "discard" => {}
                    None if absent => {
                        let name = if is_set { "KeyError" } else { "ValueError" };
                        return self.raise_builtin(name);
                    }
                    None => open = true,
                }
            }
            "copy" if is_set => return Ok(self.set(items, open)),
            "copy" => return Ok(self.list(items, open)),
            "index" | "count" if !open => return self.tuple_method(&items, method, arguments),
            "union" if is_set => {
                for argument in &arguments.items {
                    let (more, more_open) = self.elements(&argument.value)?;
                    items.extend(more);
                    open |= more_open;
                }
                return Ok(self.set(items, open));
            }
            "intersection" | "difference" if is_set && !open => {
                let Some(other) = first else { return Ok(self.set(items, open)) };
                let (other, other_open) = self.elements(&other)?;
                let other = Value::List(other.into());
                let kept: Option<Vec<Value>> = items
                    .iter()
                    .filter_map(|item| match fold::compare(item, CompareOp::In, &other) {
                        Some(inside) if inside == (method == "intersection") => {
                            Some(Some(item.clone()))
                        }
                        Some(_) => None,
                        None => Some(None),
                    })
                    .collect();
                return Ok(match kept.filter(|_| !other_open) {
                    Some(kept) => self.set(kept, false),
                    None => self.set(items, true),
                });
            }
            "__len__" | "__contains__" | "__getitem__" => {
                return match (method, first) {
                    ("__getitem__", Some(index)) => self.item(&Value::Object(object), &index, span),
                    _ => Ok(Value::Unknown),
                };
            }
            _ => return Ok(Value::Unknown),
        }
        let open = open || arguments.open;
        let content = if is_set {
            let Value::Object(made) = self.set(items, open) else { return Ok(Value::Unknown) };
            self.heap.content(made).clone()
        } else {
            Content::Items { items: Arc::new(items), open, is_set }
        };
        self.heap.set_content(object, content);
        Ok(result)
    }

    /// A method of a dict that holds `pairs` and is not changed by it.
    fn pairs_read(
        &mut self,
        pairs: &[(Value, Slot)],
        open: bool,
        method: &str,
        arguments: &Arguments,
    ) -> Eval<Value> {
        let values = || pairs.iter().map(|(_, slot)| slot.value.clone());
        Ok(match method {
            "get" => {
                let Some(key) = arguments.positional(0).map(|argument| &argument.value) else {
                    return Ok(Value::Unknown);
                };
                let default = arguments
                    .get(1, "default")
                    .map_or(Value::None, |argument| argument.value.clone());
                match find(pairs, key) {
                    Some(value) if !open => value,
                    // It may have been another, or none.
                    Some(value) => value.or(default),
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
            "copy" => self.dict(pairs.to_vec(), open),
            _ => Value::Unknown,
        })
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
    ) -> Eval<Value> {
        let receiver = Value::Object(object);
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        let second = arguments.positional(1).map(|argument| argument.value.clone());
        Ok(match method {
            "setdefault" => {
                let Some(key) = first else { return Ok(Value::Unknown) };
                if let Some(value) = find(pairs, &key).filter(|_| !open) {
                    return Ok(value);
                }
                let value = if !open && is_absent(pairs, &key) {
                    second.unwrap_or(Value::None)
                } else {
                    Value::Unknown
                };
                self.set_item(&receiver, &key, value.clone(), span)?;
                value
            }
            "pop" => {
                let Some(key) = first else { return Ok(Value::Unknown) };
                let value = match find(pairs, &key) {
                    Some(value) if !open => value,
                    Some(value) => value.or(second.unwrap_or(Value::Unknown)),
                    None if !open && is_absent(pairs, &key) => match second {
                        Some(default) => return Ok(default),
                        None => return self.raise_builtin("KeyError"),
                    },
                    None => Value::Unknown,
                };
                self.remove_item(&receiver, &key);
                value
            }
            "popitem" if !open && !pairs.is_empty() => {
                let (key, slot) = pairs[pairs.len() - 1].clone();
                self.remove_item(&receiver, &key);
                Value::Tuple([key, slot.value].into())
            }
            "update" => {
                let more = match first {
                    Some(more) => {
                        if let Some(pairs) = self.pairs_of(&more) {
                            Some(Some(pairs))
                        } else {
                            let made = Arguments {
                                items: vec![Argument {
                                    name: None,
                                    value: more,
                                    place: self.place(span),
                                }],
                                open: false,
                            };
                            let made = self.make_dict(&made)?;
                            Some(self.pairs_of(&made))
                        }
                    }
                    None => None,
                };
                let mut content = Table::of(pairs.to_vec());
                let mut open = open || arguments.open || matches!(more, Some(None));
                let named = arguments.items.iter().filter_map(|argument| {
                    let name = argument.name.as_ref()?;
                    let slot = Slot::passed(argument.value.clone(), argument.place);
                    Some((Value::Str(Arc::clone(name)), slot))
                });
                for (key, slot) in more.flatten().unwrap_or_default().into_iter().chain(named) {
                    open |= key == Value::Unknown;
                    content.insert(key, slot);
                }
                let content = Content::Pairs { pairs: Arc::new(content.into_entries()), open };
                self.heap.set_content(object, content);
                Value::None
            }
            "clear" => {
                let content = Content::Pairs { pairs: Arc::default(), open: false };
                self.heap.set_content(object, content);
                Value::None
            }
            "__contains__" | "__getitem__" => match first {
                Some(key) if method == "__getitem__" => return self.item(&receiver, &key, span),
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        })
    }

    fn text_method(
        &mut self,
        receiver: &Value,
        method: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Eval<Value> {
        let Value::Str(text) = receiver else { return Ok(Value::Unknown) };
        self.heap.count(text.len() / BYTES_AN_ELEMENT);
        let values: Vec<Value> =
            arguments.items.iter().map(|argument| argument.value.clone()).collect();
        if method == "join"
            && let Some(items) = values.first()
        {
            let (items, open) = self.elements(items)?;
            let parts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            let parts = parts.filter(|_| !open);
            return Ok(parts.and_then(|parts| fold::join(&parts, text)).unwrap_or(Value::Unknown));
        }
        if method == "format" {
            let shown = Arguments {
                items: arguments
                    .items
                    .iter()
                    .map(|argument| Argument {
                        value: match self.text_of(&argument.value, &Shown::Str) {
                            Some(text) => Value::str(&text),
                            None => Value::Unknown,
                        },
                        ..argument.clone()
                    })
                    .collect(),
                open: arguments.open,
            };
            if let Some(formatted) = fold::format(text, &shown) {
                return Ok(Value::str(&formatted));
            }
            let mut operands = vec![receiver.clone()];
            operands.extend(values);
            return Ok(self.operate(Operator::Format, &operands, span));
        }
        let references: Vec<&Value> = values.iter().collect();
        Ok(match fold::string_method(text, method, &references) {
            Some(Value::List(items)) => self.list(items.to_vec(), false),
            Some(value) => value,
            None => Value::Unknown,
        })
    }
}

/// Whether surely nothing is held under `key`.
pub(super) fn is_absent(pairs: &[(Value, Slot)], key: &Value) -> bool {
    // A long dict has mostly strings for keys.
    if let Value::Str(key) = key {
        return pairs.iter().all(|(known, _)| match known {
            Value::Str(known) => known != key,
            other => {
                fold::compare(other, CompareOp::Eq, &Value::Str(Arc::clone(key))) == Some(false)
            }
        });
    }
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
