//! Builtins that make collections, walk them or sum them up.

use std::sync::Arc;

use super::heap::{Content, Slot};
use super::{Eval, Interpreter, fold};
use crate::syntax::BinOp;
use crate::value::{Arguments, Operator, Place, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    /// A collection made by a builtin of this name, or its first element for `next`.
    pub(super) fn collect(
        &mut self,
        name: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        let first = arguments.positional(0).map(|argument| &argument.value);
        let second = arguments.positional(1).map(|argument| &argument.value);
        Some(Ok(match name {
            "tuple" => {
                let Some(value) = first else { return Some(Ok(Value::Tuple(Arc::from([])))) };
                let (items, open) = self.elements(value);
                if open { self.list(items, true) } else { Value::Tuple(items.into()) }
            }
            "dict" => self.make_dict(arguments),
            "range" => self.range(arguments),
            "enumerate" => {
                let start = match arguments.get(1, "start") {
                    Some(start) => fold::integer(&start.value),
                    None => Some(0),
                };
                let (items, open) = self.elements(first?);
                let items = items
                    .into_iter()
                    .zip(0..)
                    .map(|(item, turn)| {
                        let index = start.and_then(|start| start.checked_add(turn));
                        Value::Tuple([index.map_or(Value::Unknown, Value::Int), item].into())
                    })
                    .collect();
                self.list(items, open)
            }
            "zip" => self.zip(arguments),
            "map" | "filter" => return Some(self.map(name, first?, second, place)),
            "next" => self.elements(first?).0.into_iter().next().unwrap_or(Value::Unknown),
            _ => {
                let Some(value) = first else { return Some(Ok(self.list(Vec::new(), false))) };
                if let Some(key) = arguments.keyword("key") {
                    self.perhaps_call(&key.value, place);
                }
                let (mut items, open) = self.elements(value);
                if name == "reversed" {
                    items.reverse();
                }
                self.list(items, open || name == "sorted" && arguments.items.len() > 1)
            }
        }))
    }

    fn make_dict(&mut self, arguments: &Arguments) -> Value {
        let mut pairs: Vec<(Value, Slot)> = match arguments.positional(0) {
            Some(given) => match self.pairs_of(&given.value) {
                Some(pairs) => pairs,
                None => return self.dict(Vec::new(), true),
            },
            None => Vec::new(),
        };
        for argument in &arguments.items {
            if let Some(name) = &argument.name {
                let slot = Slot { value: argument.value.clone(), passed: Some(argument.place) };
                pairs.retain(|(key, _)| key.as_str() != Some(name));
                pairs.push((Value::Str(Arc::clone(name)), slot));
            }
        }
        self.dict(pairs, arguments.open)
    }

    fn range(&mut self, arguments: &Arguments) -> Value {
        let bounds: Option<Vec<i64>> =
            arguments.items.iter().map(|argument| fold::integer(&argument.value)).collect();
        let (start, end, step) = match bounds.as_deref() {
            Some([end]) => (0, *end, 1),
            Some([start, end]) => (*start, *end, 1),
            Some([start, end, step]) if *step != 0 => (*start, *end, *step),
            _ => return self.list(Vec::new(), true),
        };
        let mut items = Vec::new();
        let mut at = start;
        while (if step > 0 { at < end } else { at > end }) && items.len() <= self.limits.turns {
            items.push(Value::Int(at));
            at = at.saturating_add(step);
        }
        self.list(items, false)
    }

    fn zip(&mut self, arguments: &Arguments) -> Value {
        let mut columns = Vec::new();
        let mut open = arguments.open;
        // Besides its columns it takes `strict=`.
        for argument in arguments.items.iter().filter(|argument| argument.name.is_none()) {
            let (items, more) = self.elements(&argument.value);
            open |= more;
            columns.push(items);
        }
        let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
        let items = (0..rows)
            .map(|row| Value::Tuple(columns.iter().map(|column| column[row].clone()).collect()))
            .collect();
        self.list(items, open)
    }

    /// `map` and `filter`.
    fn map(
        &mut self,
        name: &str,
        function: &Value,
        over: Option<&Value>,
        place: Place,
    ) -> Eval<Value> {
        let (items, open) = match over {
            Some(over) => self.elements(over),
            None => (Vec::new(), true),
        };
        let mut made = Vec::with_capacity(items.len());
        for item in items {
            let value = self.call_with(function, vec![item.clone()], place)?;
            made.push(if name == "map" { value } else { item });
        }
        if open {
            self.perhaps_call(function, place);
        }
        Ok(self.list(made, open || name == "filter"))
    }

    /// One value for many: `min`, `max`, `sum`, `any`, `all`.
    pub(super) fn summarise(
        &mut self,
        name: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Value> {
        let first = arguments.positional(0).map(|argument| &argument.value);
        if matches!(name, "any" | "all") {
            let Some(items) = self.elements_at_rest(first?) else { return Some(Value::Unknown) };
            let truths: Option<Vec<bool>> = items.iter().map(|item| self.truth(item)).collect();
            return Some(truths.map_or(Value::Unknown, |truths| {
                Value::Bool(if name == "any" {
                    truths.contains(&true)
                } else {
                    !truths.contains(&false)
                })
            }));
        }
        let given: Vec<Value> =
            arguments.items.iter().map(|argument| argument.value.clone()).collect();
        let items = match (first, arguments.positional(1)) {
            (Some(value), None) => self.elements_at_rest(value),
            _ => (!arguments.open).then(|| given.clone()),
        };
        let items = items.filter(|_| arguments.keyword("key").is_none());
        Some(match items.and_then(|items| extreme(name, &items)) {
            Some(value) => value,
            None => self.operate(Operator::Element, &given, place.span),
        })
    }

    /// The elements of something that may be looked at without running anything.
    pub(super) fn elements_at_rest(&mut self, value: &Value) -> Option<Vec<Value>> {
        if let Value::Object(object) = value
            && matches!(self.heap.content(*object), Content::Suspended { .. })
        {
            return None;
        }
        match self.elements(value) {
            (items, false) => Some(items),
            _ => None,
        }
    }
}

/// `min`, `max` and `sum` of numbers.
fn extreme(name: &str, items: &[Value]) -> Option<Value> {
    let mut best: Option<Value> = (name == "sum").then_some(Value::Int(0));
    for item in items {
        let number = fold::number(item)?;
        best = Some(match best {
            None => item.clone(),
            Some(best) => match name {
                "sum" => fold::binary(&best, BinOp::Add, item)?,
                "min" if number < fold::number(&best)? => item.clone(),
                "max" if number > fold::number(&best)? => item.clone(),
                _ => best,
            },
        });
    }
    best
}
