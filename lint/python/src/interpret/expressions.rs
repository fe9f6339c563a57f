//! Expressions: what they are worth, and what reading names, attributes and items does.

use std::sync::Arc;

use super::attributes::{external_base, is_builtin_exception};
use super::containers::BYTES_AN_ELEMENT;
use super::heap::{Content, Slot, light};
use super::keys::Table;
use super::{Eval, Flow, Interpreter, builtins, fold, paths};
use crate::syntax::{BinOp, CompareOp, Expr, ExprKind, FStringPart, Name, Shown, UnaryOp};
use crate::text::Span;
use crate::value::{Argument, Arguments, External, Operator, Place, Value};
use crate::world::{Guard, World};

/// Whose name is read, and its slot if it is bound.
enum Resolved<'h> {
    /// The running function's own.
    Own(Option<&'h Slot>),
    /// One of a function around it.
    Free(Option<&'h Slot>),
    /// A class's, a comprehension's or the module's, before Python's own.
    Global(Option<&'h Slot>),
}

impl<W: World> Interpreter<'_, W> {
    pub(super) fn eval(&mut self, expression: &Expr) -> Eval<Value> {
        match &expression.kind {
            // The leaves need no budget.
            ExprKind::Name(name) => self.name(name, expression.span),
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
                let attribute = self.attribute(&value, name, span)?;
                self.note_use(&attribute, true);
                attribute
            }
            ExprKind::Subscript { value, index } => {
                let value = self.eval(value)?;
                if let ExprKind::Slice(parts) = &index.kind
                    && !matches!(value, Value::External(_) | Value::Instance(..))
                {
                    let bounds = self.bounds(parts)?;
                    return self.slice(&value, &bounds);
                }
                let index = match &index.kind {
                    ExprKind::Slice(parts) if matches!(value, Value::External(_)) => {
                        let bounds = self.bounds(parts)?;
                        Value::Tuple(bounds.map(|bound| bound.unwrap_or(Value::None)).into())
                    }
                    _ => self.eval(index)?,
                };
                let item = self.item(&value, &index, span)?;
                self.note_use(&item, true);
                item
            }
            ExprKind::Call { callee, args } => self.call_expression(callee, args, span)?,
            ExprKind::Binary { left, op, right } => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                self.binary(&left, *op, &right, span)?
            }
            ExprKind::Unary { op, operand } => {
                let operand = self.eval(operand)?;
                self.unary(*op, &operand, span)?
            }
            ExprKind::Logic { and, values } => self.logic(*and, values)?,
            ExprKind::Compare { first, rest } => {
                let left = self.eval(first)?;
                self.comparison(left, rest, span)?
            }
            ExprKind::Conditional { test, then, orelse } => self.conditional(test, then, orelse)?,
            ExprKind::Lambda(def) => self.function(def)?,
            ExprKind::Tuple(items) => Value::Tuple(self.items(items)?.0.into()),
            ExprKind::List(items) => {
                let (items, open) = self.items(items)?;
                self.list(items, open)
            }
            ExprKind::Set(items) => {
                let (items, open) = self.items(items)?;
                self.set(items, open)
            }
            ExprKind::Dict(pairs) => self.dict_display(pairs)?,
            ExprKind::Comprehension { kind, element, clauses } => {
                self.comprehension(*kind, element, clauses, span)?
            }
            ExprKind::FString(parts) => self.format(parts, span)?,
            ExprKind::Await(value) => {
                let value = self.eval(value)?;
                self.awaited(value)?
            }
            // Where the generator cannot pause: see `eval_or_pause`.
            ExprKind::Yield { value, from } => {
                let value = match value {
                    Some(value) => self.eval(value)?,
                    None => Value::None,
                };
                if *from {
                    for item in self.elements(&value)?.0 {
                        self.yield_loosely(item);
                    }
                } else {
                    self.yield_loosely(value);
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
                self.bounds(parts)?;
                Value::Unknown
            }
            _ => Value::Unknown,
        })
    }

    // Names

    fn name(&mut self, name: &Name, span: Span) -> Eval<Value> {
        let value = self.read_name(name, span)?;
        if self.calls.is_some() {
            let given = matches!(self.resolve(name), Resolved::Own(_) | Resolved::Free(_));
            self.note_use(&value, given);
        }
        Ok(value)
    }

    fn read_name(&mut self, name: &Name, span: Span) -> Eval<Value> {
        if self.root.is_some()
            && self.declared.contains(name)
            && matches!(self.resolve(name), Resolved::Global(Some(_)))
        {
            self.note_global(name, self.place(span), false);
        }
        let (slot, builtin, exception) = match self.resolve(name) {
            Resolved::Own(slot) => (slot, None, "UnboundLocalError"),
            Resolved::Free(slot) => (slot, None, "NameError"),
            Resolved::Global(slot) => match slot {
                Some(Slot { unsure: false, .. }) => (slot, None, "NameError"),
                _ => (slot, builtins::name(name), "NameError"),
            },
        };
        match (slot.map(|slot| (slot.unsure, slot.value.clone())), builtin) {
            (Some((false, value)), _) => Ok(value),
            // What a module only perhaps binds may still be what Python itself provides.
            (Some((true, value)), Some(builtin)) => Ok(value.or(builtin)),
            (Some((true, value)), None) => {
                self.perhaps_raise_builtin(exception);
                Ok(value)
            }
            (None, Some(builtin)) => Ok(builtin),
            (None, None) => self.raise_builtin(exception),
        }
    }

    /// What stands in a slice.
    pub(super) fn bounds(&mut self, parts: &[Option<Expr>; 3]) -> Eval<[Option<Value>; 3]> {
        let mut bounds = [None, None, None];
        for (bound, part) in bounds.iter_mut().zip(parts) {
            if let Some(part) = part {
                *bound = Some(self.eval(part)?);
            }
        }
        Ok(bounds)
    }

    /// The slot that `name` is read from.
    pub(super) fn lookup(&self, name: &str) -> Option<&Slot> {
        match self.resolve(name) {
            Resolved::Own(slot) | Resolved::Free(slot) | Resolved::Global(slot) => slot,
        }
    }

    /// Where the text says that `name` is read from, and what is there.
    fn resolve(&self, name: &str) -> Resolved<'_> {
        let frame = self.frame();
        if let Some(function) = &frame.function {
            if function.def.is_global(name) {
                return Resolved::Global(self.heap.get(frame.module.names, name));
            }
            if function.def.is_local(name) {
                return Resolved::Own(self.heap.get(frame.names, name));
            }
        }
        if let Some(slot) = self.heap.get(frame.names, name) {
            return Resolved::Global(Some(slot));
        }
        for scope in frame.scopes.iter() {
            let slot = self.heap.get(scope.names, name);
            if scope.binds(name) {
                return Resolved::Free(slot);
            }
            if slot.is_some() {
                return Resolved::Global(slot);
            }
        }
        Resolved::Global(None)
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
        self.heap.count(items.len());
        let mut values = Vec::with_capacity(items.len());
        let mut open = false;
        for item in items {
            if let ExprKind::Starred(inner) = &item.kind {
                let value = self.eval(inner)?;
                let (more, more_open) = self.elements(&value)?;
                values.extend(more);
                open |= more_open;
            } else {
                values.push(self.eval(item)?);
            }
        }
        Ok((values, open))
    }

    fn dict_display(&mut self, pairs: &[(Option<Expr>, Expr)]) -> Eval<Value> {
        self.heap.count(2 * pairs.len());
        let mut known = Table::of(Vec::with_capacity(pairs.len()));
        let mut open = false;
        for (key, value) in pairs {
            if let Some(key) = key {
                let key = self.eval(key)?;
                let place = self.argument_place(value);
                let value = self.eval(value)?;
                known.insert(key, Slot::passed(value, place));
                continue;
            }
            let value = self.eval(value)?;
            match self.pairs_of(&value) {
                Some(pairs) => {
                    for (key, slot) in pairs {
                        known.insert(key, slot);
                    }
                }
                None => open = true,
            }
        }
        Ok(self.dict(known.into_entries(), open))
    }

    /// The pairs of a dict whose content is known.
    pub(super) fn pairs_of(&self, value: &Value) -> Option<Vec<(Value, Slot)>> {
        match value {
            Value::Object(object) => match self.heap.content(*object) {
                Content::Pairs { pairs, open: false } => Some(pairs.to_vec()),
                _ => None,
            },
            Value::Dict(pairs) => Some(
                pairs.iter().map(|(key, value)| (key.clone(), Slot::of(value.clone()))).collect(),
            ),
            _ => None,
        }
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
                FStringPart::Value { value, shown } => {
                    let value = self.eval(value)?;
                    let (value, part) = self.shown(value, shown, span)?;
                    match (part, &mut text) {
                        (Some(part), Some(text)) => text.push_str(&part),
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

    /// How a value is shown; also the value, or what its own method makes of it.
    fn shown(&mut self, value: Value, shown: &Shown, span: Span) -> Eval<(Value, Option<String>)> {
        let hooks: &[&str] = match shown {
            Shown::Str => &["__format__", "__str__", "__repr__"],
            Shown::Repr => &["__repr__"],
            Shown::Format { .. } | Shown::Otherwise => &["__format__"],
        };
        let mut value = value;
        for hook in hooks {
            let arguments = match (*hook, shown) {
                ("__format__", Shown::Format { spec, .. }) => vec![Value::Str(Arc::clone(spec))],
                ("__format__", Shown::Otherwise) => vec![Value::Unknown],
                ("__format__", _) => vec![Value::str("")],
                _ => Vec::new(),
            };
            if let Some(made) = self.special(&value, hook, arguments, span)? {
                value = made;
                let text = value.as_str().map(str::to_owned);
                return Ok((value, text));
            }
        }
        if let Some(text) = paths::path_text(&value) {
            return Ok((value, (*shown == Shown::Str).then(|| text.to_string())));
        }
        let text = self.text_of(&value, shown);
        Ok((value, text))
    }

    /// Whether there is a set in what a list, a tuple or a dict holds.
    pub(super) fn holds_set(&self, value: &Value, depth: u32) -> bool {
        if depth == 0 {
            return true;
        }
        match value {
            Value::Object(object) => match self.heap.content(*object) {
                Content::Items { is_set: true, .. } => true,
                Content::Items { items, .. } => {
                    items.iter().any(|item| self.holds_set(item, depth - 1))
                }
                Content::Pairs { pairs, .. } => pairs.iter().any(|(key, slot)| {
                    self.holds_set(key, depth - 1) || self.holds_set(&slot.value, depth - 1)
                }),
                _ => false,
            },
            Value::Tuple(items) => items.iter().any(|item| self.holds_set(item, depth - 1)),
            _ => false,
        }
    }

    /// What an exception says.
    fn exception_text(&self, value: &Value) -> Option<String> {
        let args: Vec<Value> = match value {
            Value::Instance(class, object)
                if external_base(class).is_some_and(|base| is_builtin_exception(&base)) =>
            {
                match &self.heap.get(*object, "args")?.value {
                    Value::Tuple(args) => args.to_vec(),
                    _ => return None,
                }
            }
            Value::External(external) => match &**external {
                External::Call { callee, arguments, .. } if is_builtin_exception(callee) => {
                    let args = arguments.items.iter().map(|argument| argument.value.clone());
                    Some(args.collect()).filter(|_| !arguments.open)?
                }
                _ => return None,
            },
            _ => return None,
        };
        match &*args {
            [] => Some(String::new()),
            // A key is shown as it is written.
            [only] if is_key_error(value) => self.text_of(only, &Shown::Repr),
            [only] => self.text_of(only, &Shown::Str),
            many => self.text_of(&Value::Tuple(many.into()), &Shown::Repr),
        }
    }

    /// How a constant is shown, lists and dicts of constants included.
    pub(super) fn text_of(&self, value: &Value, shown: &Shown) -> Option<String> {
        // The order of a set is nowhere written.
        if self.holds_set(value, 4) {
            return None;
        }
        if *shown == Shown::Str
            && let Some(text) = self.exception_text(value)
        {
            return Some(text);
        }
        let settled = self.frozen(&self.plain_number(value));
        if let (Value::Instance(class, _), Value::Str(_) | Value::Int(_)) = (value, &settled) {
            // Which of its two natures a mixed enumeration shows depends on the version of Python.
            return super::instances::shows_value(class).then(|| fold::text(&settled))?;
        }
        match shown {
            Shown::Str => fold::text(&settled),
            Shown::Repr => fold::repr(&settled),
            Shown::Format { of_repr: false, spec } => fold::formatted(&settled, spec),
            Shown::Format { of_repr: true, spec } => {
                fold::formatted(&Value::str(&fold::repr(&settled)?), spec)
            }
            Shown::Otherwise => None,
        }
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
        // To compare, to negate or to show something raises too rarely to count.
        self.risks += u32::from(matches!(
            operator,
            Operator::Binary(_) | Operator::Element | Operator::Least | Operator::Greatest
        ));
        let operands = operands.iter().map(|operand| self.frozen(operand)).collect();
        let operation = Arc::new(External::Operation { operator, operands });
        let place = self.place(span);
        let outcome = self.ask(place, |world, now| world.operate(&operation, now));
        self.record(outcome.effects, place);
        outcome.value.unwrap_or_else(|| light(Value::External(operation)))
    }

    pub(super) fn binary(
        &mut self,
        left: &Value,
        op: BinOp,
        right: &Value,
        span: Span,
    ) -> Eval<Value> {
        if let Some(value) = self.special_binary(left, op, right, span)? {
            return Ok(value);
        }
        let (left, right) = (&self.plain_number(left), &self.plain_number(right));
        if op == BinOp::Add
            && self.are_different_sequences(left, right)
            && self.catches("TypeError")
        {
            return self.raise_builtin("TypeError");
        }
        let mut joined: Option<Value> = None;
        for a in left.alternatives() {
            for b in right.alternatives() {
                let value = self.binary_settled(a, op, b)?.unwrap_or(Value::Unknown);
                joined = Some(match joined {
                    Some(joined) => joined.or(value),
                    None => value,
                });
            }
        }
        match joined {
            Some(Value::Unknown) | None => {
                if let Some(error) = fold::mistake(left, op, right)
                    && self.catches(error)
                {
                    return self.raise_builtin(error);
                }
                Ok(self.operate(Operator::Binary(op), &[left.clone(), right.clone()], span))
            }
            Some(value) => Ok(value),
        }
    }

    /// Whether one is, say, a list and the other a tuple, which cannot be put together.
    fn are_different_sequences(&self, left: &Value, right: &Value) -> bool {
        let of =
            |value| self.builtin_type(value).filter(|of| matches!(*of, "list" | "tuple" | "str"));
        of(left).zip(of(right)).is_some_and(|(left, right)| left != right)
    }

    /// What a member of an enumeration counts as that is also a number or a string.
    fn plain_number(&self, value: &Value) -> Value {
        self.mixed_in(value).unwrap_or_else(|| value.clone())
    }

    fn binary_settled(&mut self, left: &Value, op: BinOp, right: &Value) -> Eval<Option<Value>> {
        for text in [left, right].into_iter().filter_map(Value::as_str) {
            self.heap.count(text.len() / BYTES_AN_ELEMENT);
        }
        if op == BinOp::Div
            && let Some(path) = paths::path_joined(left, right)
        {
            return Ok(Some(path));
        }
        if let Value::Object(object) = left {
            match (self.heap.content(*object).clone(), op) {
                (Content::Items { is_set: false, .. }, BinOp::Add) => {
                    let (mut items, open) = self.elements(left)?;
                    let (more, more_open) = self.elements(right)?;
                    items.extend(more);
                    return Ok(Some(self.list(items, open || more_open)));
                }
                (Content::Items { items, open: false, is_set: false }, BinOp::Mul) => {
                    let times = fold::integer(right).and_then(|times| usize::try_from(times).ok());
                    let Some(times) = times.filter(|times| items.len() * times <= 4096) else {
                        return Ok(Some(self.list(items.to_vec(), true)));
                    };
                    return Ok(Some(self.list(repeated(&items, times), false)));
                }
                (Content::Items { items, open, is_set: true }, BinOp::BitOr) => {
                    let (more, more_open) = self.elements(right)?;
                    let all = items.iter().cloned().chain(more).collect();
                    return Ok(Some(self.set(all, open || more_open)));
                }
                (Content::Items { is_set: true, .. }, BinOp::BitAnd | BinOp::Sub) => {
                    let method = if op == BinOp::Sub { "difference" } else { "intersection" };
                    let place = self.here();
                    let argument = Argument { name: None, value: right.clone(), place };
                    let arguments = Arguments { items: vec![argument], open: false };
                    let made = self.container_method(left, method, &arguments, place.span)?;
                    return Ok(Some(made));
                }
                (Content::Pairs { pairs, open }, BinOp::BitOr) => {
                    let mut table = Table::of(pairs.to_vec());
                    let more = self.pairs_of(right);
                    let open = open || more.is_none();
                    for (key, slot) in more.unwrap_or_default() {
                        table.insert(key, slot);
                    }
                    return Ok(Some(self.dict(table.into_entries(), open)));
                }
                _ => {}
            }
        }
        if let (Value::Str(_), BinOp::Mod) = (left, op) {
            if self.holds_set(right, 4) {
                return Ok(None);
            }
            return Ok(fold::binary(left, op, &self.frozen(right)));
        }
        Ok(fold::binary(left, op, right))
    }

    fn unary(&mut self, op: UnaryOp, operand: &Value, span: Span) -> Eval<Value> {
        if op == UnaryOp::Not {
            if let Some(truth) = self.truth(operand)? {
                return Ok(Value::Bool(!truth));
            }
            return Ok(self.operate(Operator::Not, std::slice::from_ref(operand), span));
        }
        let hook = match op {
            UnaryOp::Neg => "__neg__",
            UnaryOp::Pos => "__pos__",
            _ => "__invert__",
        };
        if let Some(value) = self.special(operand, hook, Vec::new(), span)? {
            return Ok(value);
        }
        let folded = operand
            .alternatives()
            .iter()
            .map(|operand| fold::unary(op, operand).unwrap_or(Value::Unknown))
            .reduce(Value::or);
        Ok(match folded {
            Some(Value::Unknown) | None => {
                self.operate(Operator::Sign, std::slice::from_ref(operand), span)
            }
            Some(value) => value,
        })
    }

    /// `a and b`, `a or b`: what follows an unsettled operand runs only perhaps.
    fn logic(&mut self, and: bool, values: &[Expr]) -> Eval<Value> {
        let Some((mut first, mut rest)) = values.split_first() else {
            return Ok(Value::Unknown);
        };
        let mut value = self.eval(first)?;
        let truth = loop {
            let Some((next, after)) = rest.split_first() else { return Ok(value) };
            let truth = self.truth(&value)?;
            if truth != Some(and) {
                break truth;
            }
            (first, rest) = (next, after);
            self.steps += 1;
            value = self.eval(first)?;
        };
        if truth.is_some() {
            return Ok(value);
        }
        let guard = Guard::Condition {
            test: self.frozen(&value),
            holds: and,
            place: self.place(first.span),
        };
        let mut other = Ok(Value::Unknown);
        self.perhaps(Some(guard), |this| {
            other = this.deeper(Ok(Value::Unknown), |this| this.logic(and, rest));
        });
        // Where the rest stops, the operator's worth is the first operand's.
        let Ok(other) = other else {
            self.may_leave(Flow::RAISE);
            return Ok(value);
        };
        let span = first.span.to(rest[rest.len() - 1].span);
        let operator = if and { Operator::And } else { Operator::Or };
        // `x or "default"`: where the left is taken at all, it is not empty.
        let value = if and { value } else { without_false(&value) };
        let settled = self.truth(&other)?;
        Ok(match (&value, &other) {
            (Value::External(_), _) | (_, Value::External(_)) => {
                self.operate(operator, &[value.clone(), other.clone()], span)
            }
            // What is false in the end is false, whichever operand made it so.
            _ if and && settled == Some(false) && value == Value::Unknown => other,
            _ if !and && settled == Some(true) && value == Value::Unknown => {
                let unknown = Arc::new(External::Unknown);
                Value::External(Arc::new(External::Present(unknown)))
            }
            _ => value.or(other),
        })
    }

    fn comparison(
        &mut self,
        mut left: Value,
        rest: &[(CompareOp, Expr)],
        span: Span,
    ) -> Eval<Value> {
        let mut result = Value::Bool(true);
        for (index, (op, right)) in rest.iter().enumerate() {
            let right = self.eval(right)?;
            let part = match self.special_comparison(&left, *op, &right, span)? {
                Some(value) => value,
                None => match self.compare(&left, *op, &right)? {
                    Some(truth) => Value::Bool(truth),
                    None => {
                        self.operate(Operator::Compare(*op), &[left.clone(), right.clone()], span)
                    }
                },
            };
            // What comes after a comparison that may fail is evaluated only perhaps.
            if index + 1 < rest.len() {
                match self.truth(&part)? {
                    Some(true) => {}
                    Some(false) => return Ok(part),
                    None => {
                        self.perhaps(None, |this| {
                            let rest = this.deeper(Ok(Value::Unknown), |this| {
                                this.comparison(right, &rest[index + 1..], span)
                            });
                            this.may_have_stopped(rest);
                        });
                        return Ok(self.operate(Operator::And, &[result, part], span));
                    }
                }
            }
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

    fn compare(&mut self, left: &Value, op: CompareOp, right: &Value) -> Eval<Option<bool>> {
        if let (CompareOp::In | CompareOp::NotIn, Value::Str(key), Value::External(external)) =
            (op, left, right)
            && builtins::is_environ(external)
            && self.heap.get(self.process.environ, key).is_some_and(|slot| !slot.unsure)
        {
            return Ok(Some(op == CompareOp::In));
        }
        if let (CompareOp::In | CompareOp::NotIn, Value::Str(name), Value::External(external)) =
            (op, left, right)
            && external.name() == Some("sys.modules")
            && let Some(inside) = self.is_imported(name)
        {
            return Ok(Some(inside == (op == CompareOp::In)));
        }
        if let CompareOp::Is | CompareOp::IsNot = op
            && let Some(same) = Self::identical(left, right)
        {
            return Ok(Some(same == (op == CompareOp::Is)));
        }
        if let CompareOp::Eq | CompareOp::NotEq = op
            && let Some(same) = self.equal(left, right)?
        {
            return Ok(Some(same == (op == CompareOp::Eq)));
        }
        if let CompareOp::In | CompareOp::NotIn = op
            && let Some(inside) = self.contains(right, left)?
        {
            return Ok(Some(inside == (op == CompareOp::In)));
        }
        let (left, right) = (self.plain_number(left), self.plain_number(right));
        let (left, right) = (self.tuple_or(left), self.tuple_or(right));
        let (left, right) = (self.settled(&left), self.settled(&right));
        let mut answers = left.alternatives().iter().map(|left| fold::compare(left, op, &right));
        let Some(Some(first)) = answers.next() else { return Ok(None) };
        Ok(answers.all(|answer| answer == Some(first)).then_some(first))
    }

    /// Whether a module is in `sys.modules`, where that is settled.
    fn is_imported(&self, name: &Name) -> Option<bool> {
        match self.heap.get(self.process.modules, name) {
            Some(slot) if !slot.unsure => Some(true),
            _ => self.process.imported.contains(name).then_some(true),
        }
    }

    /// Whether two things that the program made are the same one.
    fn identical(left: &Value, right: &Value) -> Option<bool> {
        match (left, right) {
            (Value::Object(one), Value::Object(other))
            | (Value::Instance(_, one), Value::Instance(_, other))
            | (Value::Module(_, one), Value::Module(_, other)) => Some(one == other),
            (Value::Class(one), Value::Class(other)) => Some(one == other),
            (Value::Function(one), Value::Function(other)) => Some(one == other),
            (Value::External(one), Value::External(other)) => {
                // Two names of builtins are the same thing only if they are the same name.
                let builtin = |external: &External| {
                    external.name().is_some_and(|name| name.starts_with("builtins."))
                };
                (builtin(one) && builtin(other)).then_some(one == other)
            }
            (Value::Class(_), Value::External(other))
            | (Value::External(other), Value::Class(_)) => {
                other.name().is_some_and(|name| name.starts_with("builtins.")).then_some(false)
            }
            _ => None,
        }
    }

    /// Whether two instances are equal: the same one, or of the same fields where that is what counts.
    fn equal(&mut self, left: &Value, right: &Value) -> Eval<Option<bool>> {
        if let Some(same) = self.same_instance(left, right) {
            return Ok(Some(same));
        }
        let Some((left, right)) = self.fields_of_both(left, right) else { return Ok(None) };
        if left.len() != right.len() {
            return Ok(Some(false));
        }
        let mut all = Some(true);
        for (left, right) in left.iter().zip(&right) {
            match self.compare(left, CompareOp::Eq, right)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        Ok(all)
    }

    /// Whether something holds `item`, where what it holds are things of the program.
    fn contains(&mut self, container: &Value, item: &Value) -> Eval<Option<bool>> {
        let items = match container {
            Value::Tuple(items) | Value::List(items) => items.to_vec(),
            Value::Object(object) => match self.heap.content(*object).clone() {
                Content::Items { items, open: false, .. } => items.to_vec(),
                Content::Pairs { pairs, open: false } => {
                    pairs.iter().map(|(key, _)| key.clone()).collect()
                }
                Content::Walk { .. } | Content::Derived(_) | Content::Generator(_) => {
                    let (items, open) = self.drain(container)?;
                    if open {
                        return Ok(None);
                    }
                    items
                }
                _ => return Ok(None),
            },
            Value::Class(class) => match self.enum_members(class) {
                Some(members) => members,
                None => return Ok(None),
            },
            // `"name" in globals()`
            Value::Module(_, names) => {
                return Ok(match item {
                    Value::Str(name) => match self.heap.get(*names, name) {
                        Some(slot) => (!slot.unsure).then_some(true),
                        None => Some(false),
                    },
                    _ => None,
                });
            }
            Value::Instance(class, _) if self.class_attribute(class, "__iter__").is_some() => {
                match self.elements(container)? {
                    (items, false) => items,
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let item = self.plain_number(item);
        let mut sure = true;
        for candidate in items {
            let same = match (self.same_instance(&candidate, &item), candidate == item) {
                (Some(same), _) => Some(same),
                (None, true) if !matches!(item, Value::Unknown | Value::External(_)) => Some(true),
                (None, _) => {
                    let candidate = self.plain_number(&candidate);
                    let (candidate, item) = (self.settled(&candidate), self.settled(&item));
                    fold::compare(&candidate, CompareOp::Eq, &item)
                }
            };
            match same {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => sure = false,
            }
        }
        Ok(sure.then_some(false))
    }

    /// The value with lists and dicts by content, for comparing.
    pub(super) fn settled(&self, value: &Value) -> Value {
        match value {
            Value::Object(_) | Value::Tuple(_) => self.frozen(value),
            other => other.clone(),
        }
    }

    /// A named tuple as the tuple that it is.
    fn tuple_or(&self, value: Value) -> Value {
        match self.tuple_of(&value) {
            Some(items) => Value::Tuple(items.into()),
            None => value,
        }
    }

    /// Whether a value is true, where that is settled.
    pub(super) fn truth(&mut self, value: &Value) -> Eval<Option<bool>> {
        Ok(match value {
            Value::Object(object) => match self.heap.content(*object) {
                // It may hold less than is known, and nothing at all.
                Content::Names
                | Content::Items { open: true, .. }
                | Content::Pairs { open: true, .. } => None,
                Content::Items { items, .. } => Some(!items.is_empty()),
                Content::Pairs { pairs, .. } => Some(!pairs.is_empty()),
                Content::Walk { .. } | Content::Derived(_) | Content::Generator(_) => Some(true),
            },
            Value::Instance(class, _) => {
                let class = Arc::clone(class);
                let span = self.here().span;
                if let Some(answer) = self.special(value, "__bool__", Vec::new(), span)? {
                    return Ok(answer.truth());
                }
                if let Some(len) = self.special(value, "__len__", Vec::new(), span)? {
                    return Ok(len.truth());
                }
                if let Some(plain) = self.mixed_in(value) {
                    return Ok(plain.truth());
                }
                let is_plain =
                    self.enum_members(&class).is_some() || external_base(&class).is_none();
                is_plain.then_some(true)
            }
            Value::OneOf(values) => {
                let mut joined = None;
                for (index, value) in values.iter().enumerate() {
                    let truth = match value {
                        // What asking it would do is not worth doing for each of them.
                        Value::Instance(class, _)
                            if self.class_attribute(class, "__bool__").is_some()
                                || self.class_attribute(class, "__len__").is_some() =>
                        {
                            None
                        }
                        value => self.truth(value)?,
                    };
                    if truth.is_none() || (index > 0 && truth != joined) {
                        return Ok(None);
                    }
                    joined = truth;
                }
                joined
            }
            other => {
                if paths::path_text(other).is_some() {
                    return Ok(Some(true));
                }
                other.truth()
            }
        })
    }

    fn conditional(&mut self, test: &Expr, then: &Expr, orelse: &Expr) -> Eval<Value> {
        let value = self.eval(test)?;
        match self.truth(&value)? {
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

fn is_key_error(value: &Value) -> bool {
    matches!(value, Value::External(external) if matches!(&**external,
        External::Call { callee, .. } if callee.name() == Some("builtins.KeyError")))
}

fn repeated(items: &[Value], times: usize) -> Vec<Value> {
    (0..times).flat_map(|_| items.iter().cloned()).collect()
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
