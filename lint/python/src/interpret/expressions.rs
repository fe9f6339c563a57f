//! Expressions: what they are worth, and what reading names, attributes and items does.

use std::sync::Arc;

use super::attributes::external_base;
use super::heap::{Content, Slot};
use super::{Eval, Flow, Frame, Interpreter, builtins, fold};
use crate::syntax::{
    BinOp, Clause, CompareOp, ComprehensionKind, Expr, ExprKind, FStringPart, Name, UnaryOp,
};
use crate::text::Span;
use crate::value::{External, Operator, Place, Value};
use crate::world::{Guard, World};

impl<W: World> Interpreter<'_, W> {
    pub(super) fn eval(&mut self, expression: &Expr) -> Eval<Value> {
        match &expression.kind {
            // The leaves need no budget.
            ExprKind::Name(name) => Ok(self.lookup(name).map_or_else(
                || builtins::name(name).unwrap_or(Value::Unknown),
                |slot| slot.value.clone(),
            )),
            ExprKind::None => Ok(Value::None),
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::Int(value) => Ok(Value::Int(*value)),
            ExprKind::Float(value) => Ok(Value::Float(*value)),
            ExprKind::Str(text) => Ok(Value::Str(Arc::clone(text))),
            ExprKind::Bytes | ExprKind::Ellipsis | ExprKind::Unknown => Ok(Value::Unknown),
            _ => self.deeper(Ok(Value::Unknown), |this| this.compound(expression)),
        }
    }

    fn compound(&mut self, expression: &Expr) -> Eval<Value> {
        let span = expression.span;
        Ok(match &expression.kind {
            ExprKind::Attribute { value, name, .. } => {
                let value = self.eval(value)?;
                self.attribute(&value, name, span)?
            }
            ExprKind::Subscript { value, index } => {
                let value = self.eval(value)?;
                let index = self.eval(index)?;
                self.item(&value, &index, span)
            }
            ExprKind::Call { callee, args } => self.call_expression(callee, args, span)?,
            ExprKind::Binary { left, op, right } => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                self.binary(&left, *op, &right, span)
            }
            ExprKind::Unary { op, operand } => {
                let operand = self.eval(operand)?;
                self.unary(*op, &operand, span)
            }
            ExprKind::Logic { and, values } => self.logic(*and, values)?,
            ExprKind::Compare { first, rest } => self.comparison(first, rest, span)?,
            ExprKind::Conditional { test, then, orelse } => self.conditional(test, then, orelse)?,
            ExprKind::Lambda(def) => self.function(def)?,
            ExprKind::Tuple(items) => Value::Tuple(self.items(items)?.0.into()),
            ExprKind::List(items) | ExprKind::Set(items) => {
                let (items, open) = self.items(items)?;
                self.list(items, open)
            }
            ExprKind::Dict(pairs) => self.dict_display(pairs)?,
            ExprKind::Comprehension { kind, element, clauses } => {
                self.comprehension(*kind, element, clauses)?
            }
            ExprKind::FString(parts) => self.format(parts, span)?,
            ExprKind::Await(value) => {
                let value = self.eval(value)?;
                self.awaited(value)
            }
            ExprKind::Yield { value, from } => {
                let value = match value {
                    Some(value) => self.eval(value)?,
                    None => Value::None,
                };
                if *from {
                    let (items, _) = self.elements(&value);
                    self.frame_mut().yielded.extend(items);
                } else {
                    self.frame_mut().yielded.push(value);
                }
                Value::Unknown
            }
            ExprKind::Starred(value) => {
                self.eval(value)?;
                Value::Unknown
            }
            ExprKind::Walrus { name, value } => {
                let value = self.eval(value)?;
                self.bind_outside_comprehensions(name, value.clone());
                value
            }
            ExprKind::Slice(parts) => {
                for part in parts {
                    self.eval(part)?;
                }
                Value::Unknown
            }
            _ => Value::Unknown,
        })
    }

    // Names

    /// The slot that `name` is read from.
    pub(super) fn lookup(&self, name: &str) -> Option<&Slot> {
        let frame = self.frame();
        if let Some(function) = &frame.function {
            let def = &function.def;
            if def.globals.iter().any(|global| &**global == name) {
                return self.heap.get(frame.module.names, name);
            }
        }
        self.heap
            .get(frame.names, name)
            .or_else(|| frame.scopes.iter().find_map(|scope| self.heap.get(*scope, name)))
    }

    fn bind_outside_comprehensions(&mut self, name: &Name, value: Value) {
        let Some(depth) = self.frames.iter().rposition(|frame| !frame.is_comprehension) else {
            return;
        };
        let inner = self.frames.split_off(depth + 1);
        self.bind(name, value);
        self.frames.extend(inner);
    }

    /// Where the author wrote the value that this argument passes on.
    pub(super) fn argument_place(&self, expression: &Expr) -> Place {
        if let ExprKind::Name(name) = &expression.kind
            && let Some(Slot { passed: Some(place), .. }) = self.lookup(name)
        {
            return *place;
        }
        self.place(expression.span)
    }

    // Displays

    fn items(&mut self, items: &[Expr]) -> Eval<(Vec<Value>, bool)> {
        let mut values = Vec::with_capacity(items.len());
        let mut open = false;
        for item in items {
            if let ExprKind::Starred(inner) = &item.kind {
                let value = self.eval(inner)?;
                let (more, more_open) = self.elements(&value);
                values.extend(more);
                open |= more_open;
            } else {
                values.push(self.eval(item)?);
            }
        }
        Ok((values, open))
    }

    fn dict_display(&mut self, pairs: &[(Option<Expr>, Expr)]) -> Eval<Value> {
        let mut known: Vec<(Value, Slot)> = Vec::with_capacity(pairs.len());
        let mut open = false;
        for (key, value) in pairs {
            if let Some(key) = key {
                let key = self.eval(key)?;
                let place = self.argument_place(value);
                let value = self.eval(value)?;
                insert(&mut known, key, Slot { value, passed: Some(place) });
                continue;
            }
            let value = self.eval(value)?;
            match self.pairs_of(&value) {
                Some(pairs) => {
                    for (key, slot) in pairs {
                        insert(&mut known, key, slot);
                    }
                }
                None => open = true,
            }
        }
        Ok(self.dict(known, open))
    }

    /// The pairs of a dict whose content is known.
    pub(super) fn pairs_of(&self, value: &Value) -> Option<Vec<(Value, Slot)>> {
        match value {
            Value::Object(object) => match self.heap.content(*object) {
                Content::Pairs { pairs, open: false } => Some(pairs.to_vec()),
                _ => None,
            },
            Value::Dict(pairs) => Some(
                pairs
                    .iter()
                    .map(|(key, value)| (key.clone(), Slot { value: value.clone(), passed: None }))
                    .collect(),
            ),
            _ => None,
        }
    }

    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: &Expr,
        clauses: &[Clause],
    ) -> Eval<Value> {
        let names = self.heap.allocate(Content::Names);
        let frame = self.frame();
        let inner = Frame {
            module: Arc::clone(&frame.module),
            function: None,
            names,
            scopes: frame.inner_scopes(),
            prefix: Arc::clone(&frame.prefix),
            is_class: false,
            is_comprehension: true,
            returned: None,
            yielded: Vec::new(),
        };
        // The first iterable is evaluated outside.
        let first = self.eval(&clauses[0].iter)?;
        self.frames.push(inner);
        let mut made = Vec::new();
        let before = self.maybe;
        let open = self.clause(&first, clauses, element, &mut made);
        self.maybe = before;
        self.frames.pop();
        let open = open?;
        Ok(match kind {
            ComprehensionKind::Dict => {
                let pairs = made
                    .into_iter()
                    .filter_map(|pair| match pair {
                        Value::Tuple(pair) if pair.len() == 2 => {
                            Some((pair[0].clone(), Slot { value: pair[1].clone(), passed: None }))
                        }
                        _ => None,
                    })
                    .collect();
                self.dict(pairs, open)
            }
            _ => self.list(made, open),
        })
    }

    /// One `for` of a comprehension and all that follow; whether more may be made than is known.
    fn clause(
        &mut self,
        iter: &Value,
        clauses: &[Clause],
        element: &Expr,
        made: &mut Vec<Value>,
    ) -> Eval<bool> {
        let Some((clause, rest)) = clauses.split_first() else { return Ok(false) };
        let (items, mut open) = self.elements(iter);
        let turns = self.limits.turns;
        // The last turn stands for the elements that are not known.
        let unknown = open.then_some(None);
        let before = self.maybe;
        for item in items.into_iter().take(turns).map(Some).chain(unknown) {
            let item = item.unwrap_or_else(|| {
                self.maybe = before + 1;
                Value::Unknown
            });
            self.assign(&clause.target, item)?;
            let mut wanted = Some(true);
            for condition in &clause.conditions {
                let value = self.eval(condition)?;
                match self.truth(&value) {
                    Some(true) => {}
                    Some(false) => {
                        wanted = Some(false);
                        break;
                    }
                    None => {
                        wanted = None;
                        open = true;
                        self.maybe += 1;
                    }
                }
            }
            if wanted != Some(false) {
                if rest.is_empty() {
                    made.push(self.eval(element)?);
                } else {
                    let iter = self.eval(&rest[0].iter)?;
                    open |= self.clause(&iter, rest, element, made)?;
                }
            }
            self.maybe = before;
        }
        Ok(open)
    }

    fn format(&mut self, parts: &[FStringPart], span: Span) -> Eval<Value> {
        let mut text = Some(String::new());
        let mut operands = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                FStringPart::Text(part) => {
                    if let Some(text) = &mut text {
                        text.push_str(part);
                    }
                    operands.push(Value::Str(Arc::clone(part)));
                }
                FStringPart::Value { value, plain } => {
                    let value = self.eval(value)?;
                    match fold::text(&value) {
                        Some(part) if *plain => {
                            if let Some(text) = &mut text {
                                text.push_str(&part);
                            }
                        }
                        _ => text = None,
                    }
                    operands.push(value);
                }
            }
            text = text.filter(|text| text.len() <= fold::MAX_TEXT);
        }
        Ok(match text {
            Some(text) => Value::str(&text),
            None => self.operate(Operator::Format, &operands, span),
        })
    }

    // Operators

    /// An operation on something external: the world may know what it does and is worth.
    pub(super) fn operate(&mut self, operator: Operator, operands: &[Value], span: Span) -> Value {
        if !operands
            .iter()
            .flat_map(Value::alternatives)
            .any(|operand| matches!(operand, Value::External(_)))
        {
            return Value::Unknown;
        }
        self.risks.others += 1;
        let operands = operands.iter().map(|operand| self.frozen(operand)).collect();
        let operation = Arc::new(External::Operation { operator, operands });
        let place = self.place(span);
        let outcome = self.ask(place, |world, now| world.operate(&operation, now));
        self.record(outcome.effects, place);
        outcome.value.unwrap_or(Value::External(operation))
    }

    pub(super) fn binary(&mut self, left: &Value, op: BinOp, right: &Value, span: Span) -> Value {
        let mut joined: Option<Value> = None;
        for a in left.alternatives() {
            for b in right.alternatives() {
                let value = self.binary_settled(a, op, b).unwrap_or(Value::Unknown);
                joined = Some(match joined {
                    Some(joined) => joined.or(value),
                    None => value,
                });
            }
        }
        match joined {
            Some(Value::Unknown) | None => {
                self.operate(Operator::Binary(op), &[left.clone(), right.clone()], span)
            }
            Some(value) => value,
        }
    }

    fn binary_settled(&mut self, left: &Value, op: BinOp, right: &Value) -> Option<Value> {
        if let (Value::Object(_), BinOp::Add) = (left, op) {
            let (mut items, open) = self.elements(left);
            let (more, more_open) = self.elements(right);
            items.extend(more);
            return Some(self.list(items, open || more_open));
        }
        fold::binary(left, op, right)
    }

    fn unary(&mut self, op: UnaryOp, operand: &Value, span: Span) -> Value {
        if op == UnaryOp::Not {
            if let Some(truth) = self.truth(operand) {
                return Value::Bool(!truth);
            }
            return self.operate(Operator::Not, std::slice::from_ref(operand), span);
        }
        let folded = operand
            .alternatives()
            .iter()
            .map(|operand| fold::unary(op, operand).unwrap_or(Value::Unknown))
            .reduce(Value::or);
        match folded {
            Some(Value::Unknown) | None => {
                self.operate(Operator::Sign, std::slice::from_ref(operand), span)
            }
            Some(value) => value,
        }
    }

    /// `a and b`, `a or b`: what follows an unsettled operand runs only perhaps.
    fn logic(&mut self, and: bool, values: &[Expr]) -> Eval<Value> {
        let Some((first, rest)) = values.split_first() else { return Ok(Value::Unknown) };
        let value = self.eval(first)?;
        if rest.is_empty() {
            return Ok(value);
        }
        match self.truth(&value) {
            Some(truth) if truth == and => self.logic(and, rest),
            Some(_) => Ok(value),
            None => {
                let guard = Guard::Condition {
                    test: self.frozen(&value),
                    holds: and,
                    place: self.place(first.span),
                };
                let mut other = Ok(Value::Unknown);
                self.perhaps(Some(guard), |this| other = this.logic(and, rest));
                // Where the rest stops, the operator's worth is the first operand's.
                let Ok(other) = other else {
                    self.may_leave(Flow::RAISE);
                    return Ok(value);
                };
                let span = first.span.to(rest[rest.len() - 1].span);
                let operator = if and { Operator::And } else { Operator::Or };
                // `x or "default"`: where the left is taken at all, it is not empty.
                let value = if and { value } else { without_false(&value) };
                Ok(match (&value, &other) {
                    (Value::External(_), _) | (_, Value::External(_)) => {
                        self.operate(operator, &[value.clone(), other.clone()], span)
                    }
                    _ => value.or(other),
                })
            }
        }
    }

    fn comparison(&mut self, first: &Expr, rest: &[(CompareOp, Expr)], span: Span) -> Eval<Value> {
        let mut left = self.eval(first)?;
        let mut result = Value::Bool(true);
        for (index, (op, right)) in rest.iter().enumerate() {
            let right = self.eval(right)?;
            let part = match self.compare(&left, *op, &right) {
                Some(truth) => Value::Bool(truth),
                None => self.operate(Operator::Compare(*op), &[left.clone(), right.clone()], span),
            };
            if part == Value::Bool(false) {
                return Ok(part);
            }
            result = match result {
                Value::Bool(true) => part,
                other if index > 0 => self.operate(Operator::And, &[other, part], span),
                other => other,
            };
            left = right;
        }
        Ok(result)
    }

    fn compare(&mut self, left: &Value, op: CompareOp, right: &Value) -> Option<bool> {
        if let (CompareOp::In | CompareOp::NotIn, Value::Str(key), Value::External(external)) =
            (op, left, right)
            && builtins::is_environ(external)
            && self.heap.get(self.environ, key).is_some()
        {
            return Some(op == CompareOp::In);
        }
        let (left, right) = (self.settled(left), self.settled(right));
        let mut answers = left.alternatives().iter().map(|left| fold::compare(left, op, &right));
        let first = answers.next()??;
        answers.all(|answer| answer == Some(first)).then_some(first)
    }

    /// The value with lists and dicts by content, for comparing.
    fn settled(&self, value: &Value) -> Value {
        match value {
            Value::Object(_) => self.frozen(value),
            other => other.clone(),
        }
    }

    /// Whether a value is true, where that is settled.
    pub(super) fn truth(&mut self, value: &Value) -> Option<bool> {
        match value {
            Value::Object(object) => match self.heap.content(*object) {
                // It may hold less than is known, and nothing at all.
                Content::Names
                | Content::Items { open: true, .. }
                | Content::Pairs { open: true, .. } => None,
                Content::Items { items, .. } => Some(!items.is_empty()),
                Content::Pairs { pairs, .. } => Some(!pairs.is_empty()),
                Content::Suspended { .. } => Some(true),
            },
            Value::Instance(class, _) => {
                let class = Arc::clone(class);
                let special = ["__bool__", "__len__"]
                    .iter()
                    .any(|name| self.class_attribute(&class, name).is_some());
                (!special && external_base(&class).is_none()).then_some(true)
            }
            other => other.truth(),
        }
    }

    fn conditional(&mut self, test: &Expr, then: &Expr, orelse: &Expr) -> Eval<Value> {
        let value = self.eval(test)?;
        match self.truth(&value) {
            Some(true) => self.eval(then),
            Some(false) => self.eval(orelse),
            None => {
                let place = self.place(test.span);
                let test = self.frozen(&value);
                let guard = |holds| Guard::Condition { test: test.clone(), holds, place };
                let mut left = Ok(Value::Unknown);
                let mut right = Ok(Value::Unknown);
                self.perhaps(Some(guard(true)), |this| left = this.eval(then));
                self.perhaps(Some(guard(false)), |this| right = this.eval(orelse));
                match (left, right) {
                    (Ok(left), Ok(right)) => Ok(left.or(right)),
                    (Ok(value), Err(_)) | (Err(_), Ok(value)) => {
                        self.may_leave(Flow::RAISE);
                        Ok(value)
                    }
                    (Err(stop), Err(_)) => Err(stop),
                }
            }
        }
    }
}

fn insert(pairs: &mut Vec<(Value, Slot)>, key: Value, slot: Slot) {
    match pairs.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => *known = slot,
        None => pairs.push((key, slot)),
    }
}

/// The alternatives of a value that are not surely false.
fn without_false(value: &Value) -> Value {
    value
        .alternatives()
        .iter()
        .filter(|value| value.truth() != Some(false))
        .cloned()
        .reduce(Value::or)
        .unwrap_or(Value::Unknown)
}
