//! Builtins that make collections, walk them or sum them up.

use std::sync::Arc;

use super::heap::{Content, Derivation, Slot};
use super::iteration::Turn;
use super::keys::Table;
use super::{Eval, Interpreter, fold};
use crate::syntax::{BinOp, CompareOp};
use crate::value::{Arguments, Operator, Place, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    /// A collection or an iterator made by a builtin of this name; for `next`, what that gives.
    pub(super) fn collect(
        &mut self,
        name: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Eval<Value> {
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        let second = arguments.positional(1).map(|argument| argument.value.clone());
        if arguments.open && first.is_none() {
            return Ok(Value::Unknown);
        }
        match (name, first) {
            ("range", _) => Ok(self.range(arguments)),
            ("zip", _) => {
                // Besides its columns it takes `strict=`.
                let columns: Vec<Value> = arguments
                    .items
                    .iter()
                    .filter(|argument| argument.name.is_none())
                    .map(|argument| argument.value.clone())
                    .collect();
                if arguments.open {
                    return Ok(Value::Unknown);
                }
                self.derived(Derivation::Zip, &columns, place.span)
            }
            ("map", _) => self.mapped(arguments, place),
            ("dict", _) => self.make_dict(arguments),
            ("tuple", None) => Ok(Value::Tuple(Arc::from([]))),
            ("set" | "frozenset", None) => Ok(self.set(Vec::new(), false)),
            (_, None) => Ok(self.list(Vec::new(), false)),
            ("tuple", Some(value)) => {
                let (items, open) = self.elements(&value)?;
                Ok(if open { self.list(items, true) } else { Value::Tuple(items.into()) })
            }
            ("set" | "frozenset", Some(value)) => {
                let (items, open) = self.elements(&value)?;
                Ok(self.set(items, open))
            }
            ("enumerate", Some(value)) => {
                let start = match arguments.get(1, "start") {
                    Some(start) => fold::integer(&start.value),
                    None => Some(0),
                };
                self.derived(Derivation::Enumerate(start), &[value], place.span)
            }
            ("filter", Some(function)) => match second {
                Some(over) => self.derived(Derivation::Filter(function), &[over], place.span),
                None => Ok(Value::Unknown),
            },
            ("next" | "anext", Some(iterator)) => self.next_or(&iterator, second.as_ref(), place),
            ("iter" | "aiter", Some(value)) => self.iterator(&value, place.span),
            ("reversed", Some(value)) => {
                if let Some(iterator) =
                    self.special(&value, "__reversed__", Vec::new(), place.span)?
                {
                    return Ok(iterator);
                }
                let (mut items, open) = self.elements(&value)?;
                items.reverse();
                let reversed = self.list(items, open);
                self.iterator(&reversed, place.span)
            }
            ("sorted", Some(value)) => self.sorted(&value, arguments, place),
            (_, Some(value)) => {
                let (items, open) = self.elements(&value)?;
                Ok(self.list(items, open))
            }
        }
    }

    fn sorted(&mut self, value: &Value, arguments: &Arguments, place: Place) -> Eval<Value> {
        let (items, open) = self.elements(value)?;
        let key = arguments.keyword("key").map(|key| key.value.clone());
        if let (true, Some(key)) = (open, &key) {
            self.perhaps_call(key, place);
        }
        let keys = self.keys(&items, key.as_ref(), place)?;
        let reverse = match arguments.keyword("reverse") {
            Some(reverse) => self.truth(&reverse.value)?,
            None => Some(false),
        };
        let ordered = match reverse {
            Some(reverse) if !open => self.in_order(&items, keys, reverse, place)?,
            _ => None,
        };
        Ok(match ordered {
            Some(items) => self.list(items, false),
            None => self.list(items, true),
        })
    }

    /// `list.sort`, whose items are these; in order, where that is settled.
    pub(super) fn sort(
        &mut self,
        items: &[Value],
        arguments: &Arguments,
        place: Place,
    ) -> Eval<Option<Vec<Value>>> {
        let key = arguments.keyword("key").map(|key| key.value.clone());
        let keys = self.keys(items, key.as_ref(), place)?;
        let reverse = match arguments.keyword("reverse") {
            Some(reverse) => self.truth(&reverse.value)?,
            None => Some(false),
        };
        match reverse {
            Some(reverse) => self.in_order(items, keys, reverse, place),
            None => Ok(None),
        }
    }

    /// The items in the order of their keys, where that is settled; by the comparisons that CPython
    /// makes for lists of less than 64 items, since a class may have its own mind on each.
    fn in_order(
        &mut self,
        items: &[Value],
        keys: Vec<Value>,
        reverse: bool,
        place: Place,
    ) -> Eval<Option<Vec<Value>>> {
        let mut sorted: Vec<(Value, Value)> = keys.into_iter().zip(items.iter().cloned()).collect();
        if reverse {
            sorted.reverse();
        }
        // How many at the start are in order already, or in reverse.
        let mut run = sorted.len().min(2);
        if run == 2 {
            let Some(descends) = self.less(&sorted[1].0, &sorted[0].0, place)? else {
                return Ok(None);
            };
            while run < sorted.len() {
                let Some(less) = self.less(&sorted[run].0, &sorted[run - 1].0, place)? else {
                    return Ok(None);
                };
                if less != descends {
                    break;
                }
                run += 1;
            }
            if descends {
                sorted[..run].reverse();
            }
        }
        for at in run..sorted.len() {
            let pivot = sorted[at].clone();
            let (mut low, mut high) = (0, at);
            while low < high {
                let middle = usize::midpoint(low, high);
                match self.less(&pivot.0, &sorted[middle].0, place)? {
                    Some(true) => high = middle,
                    Some(false) => low = middle + 1,
                    None => return Ok(None),
                }
            }
            sorted[low..=at].rotate_right(1);
        }
        if reverse {
            sorted.reverse();
        }
        Ok(Some(sorted.into_iter().map(|(_, item)| item).collect()))
    }

    fn less(&mut self, left: &Value, right: &Value, place: Place) -> Eval<Option<bool>> {
        self.ordered(left, CompareOp::Lt, right, place)
    }

    fn ordered(
        &mut self,
        left: &Value,
        op: CompareOp,
        right: &Value,
        place: Place,
    ) -> Eval<Option<bool>> {
        if let Some(answer) = self.special_comparison(left, op, right, place.span)? {
            return self.truth(&answer);
        }
        let (left, right) = (self.settled(left), self.settled(right));
        Ok(fold::compare(&left, op, &right))
    }

    pub(super) fn make_dict(&mut self, arguments: &Arguments) -> Eval<Value> {
        let mut open = arguments.open;
        let mut pairs = Table::of(Vec::new());
        if let Some(given) = arguments.positional(0) {
            if let Some(known) = self.pairs_of(&given.value) {
                pairs = Table::of(known);
            } else {
                let (items, more) = self.elements(&given.value)?;
                open |= more;
                for item in items {
                    match self.elements(&item)? {
                        (pair, false) if pair.len() == 2 => {
                            let slot = Slot::of(pair[1].clone());
                            pairs.insert(pair[0].clone(), slot);
                        }
                        _ => open = true,
                    }
                }
            }
        }
        for argument in &arguments.items {
            if let Some(name) = &argument.name {
                let slot = Slot::passed(argument.value.clone(), argument.place);
                pairs.insert(Value::Str(Arc::clone(name)), slot);
            }
        }
        Ok(self.dict(pairs.into_entries(), open))
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
        let open = items.len() > self.limits.turns;
        self.list(items, open)
    }

    /// One value for many: `min`, `max`, `sum`, `any`, `all`.
    pub(super) fn summarise(
        &mut self,
        name: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Eval<Value> {
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        if let ("any" | "all", Some(over)) = (name, &first) {
            let iterator = self.iterator(over, place.span)?;
            return self.any(&iterator, name == "any");
        }
        let given: Vec<Value> = arguments
            .items
            .iter()
            .filter(|argument| argument.name.is_none())
            .map(|argument| argument.value.clone())
            .collect();
        let mut items = match (&first, name, given.len()) {
            (Some(value), "sum", _) | (Some(value), _, 1) => {
                let (items, open) = self.elements(value)?;
                (!open).then_some(items)
            }
            _ => (!arguments.open).then(|| given.clone()),
        };
        if let ("sum", Some(start), Some(items)) = (name, given.get(1), &mut items) {
            items.insert(0, start.clone());
        }
        let key = arguments.keyword("key").map(|key| key.value.clone());
        let Some(items) = items else {
            if let Some(key) = &key {
                self.perhaps_call(key, place);
            }
            return Ok(self.operate(Operator::Element, &given, place.span));
        };
        if items.is_empty() && name != "sum" {
            return match arguments.keyword("default") {
                Some(default) => Ok(default.value.clone()),
                None => self.raise_builtin("ValueError"),
            };
        }
        if name == "sum" {
            let mut total = Value::Int(0);
            for (index, item) in items.iter().enumerate() {
                total = match index {
                    0 if given.len() > 1 => item.clone(),
                    _ => self.binary(&total, BinOp::Add, item, place.span)?,
                };
            }
            return Ok(total);
        }
        let keys = self.keys(&items, key.as_ref(), place)?;
        let (op, operator) = if name == "min" {
            (CompareOp::Lt, Operator::Least)
        } else {
            (CompareOp::Gt, Operator::Greatest)
        };
        let mut best = 0;
        for index in 1..items.len() {
            match self.ordered(&keys[index], op, &keys[best], place)? {
                Some(true) => best = index,
                Some(false) => {}
                None => {
                    let operator = if key.is_none() { operator } else { Operator::Element };
                    return Ok(self.operate(operator, &items, place.span));
                }
            }
        }
        Ok(items.get(best).cloned().unwrap_or(Value::Unknown))
    }

    /// `any` and `all`: what comes after the value that settles it is not asked for.
    fn any(&mut self, iterator: &Value, any: bool) -> Eval<Value> {
        for _ in 0..self.limits.turns {
            match self.advance(iterator)? {
                Turn::Item(value) => match self.truth(&value)? {
                    Some(truth) if truth == any => return Ok(Value::Bool(any)),
                    Some(_) => {}
                    None => {
                        self.perhaps(None, |this| {
                            let _ = this.drain(iterator);
                        });
                        return Ok(Value::Unknown);
                    }
                },
                Turn::End(_) => return Ok(Value::Bool(!any)),
                Turn::Perhaps(_) | Turn::Rest(_) => {
                    self.perhaps(None, |this| {
                        let _ = this.drain(iterator);
                    });
                    return Ok(Value::Unknown);
                }
            }
        }
        Ok(Value::Unknown)
    }

    /// The elements of something that may be looked at without running anything.
    pub(super) fn elements_at_rest(&mut self, value: &Value) -> Eval<Option<Vec<Value>>> {
        if let Value::Object(object) = value
            && !matches!(self.heap.content(*object), Content::Items { .. } | Content::Pairs { .. })
        {
            return Ok(None);
        }
        Ok(match self.elements(value)? {
            (items, false) => Some(items),
            _ => None,
        })
    }
}
