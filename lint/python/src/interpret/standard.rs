//! Functions of the standard library that decide what a program does: they call what they are given,
//! in an order that matters, or start other scripts.

use std::sync::Arc;

use super::generators::Sent;
use super::heap::{Content, Derivation, Slot};
use super::iteration::Turn;
use super::{Eval, Interpreter, fold, paths};
use crate::syntax::{BinOp, Name};
use crate::trace::Step;
use crate::value::{Arguments, External, Place, Value};
use crate::world::{Found, World};

impl<W: World> Interpreter<'_, W> {
    /// `functools.reduce`
    pub(super) fn reduce(&mut self, arguments: &Arguments, place: Place) -> Eval<Value> {
        let (Some(function), Some(over)) = (arguments.positional(0), arguments.positional(1))
        else {
            return Ok(Value::Unknown);
        };
        let (items, open) = self.elements(&over.value)?;
        let initial = arguments.positional(2).map(|argument| argument.value.clone());
        let mut items = initial.into_iter().chain(items);
        let Some(mut total) = items.next() else { return Ok(Value::Unknown) };
        for item in items {
            total = self.call_with(&function.value, vec![total, item], place)?;
        }
        if open {
            self.perhaps_call(&function.value, place);
            total = Value::Unknown;
        }
        Ok(total)
    }

    /// `asyncio.gather`: one coroutine after the other, which is an order they may run in.
    pub(super) fn gather(&mut self, arguments: &Arguments) -> Eval<Value> {
        let mut results = Vec::with_capacity(arguments.items.len());
        for argument in arguments.items.iter().filter(|argument| argument.name.is_none()) {
            results.push(self.awaited(argument.value.clone())?);
        }
        Ok(self.list(results, arguments.open))
    }

    /// A function of `operator`.
    pub(super) fn operator(
        &mut self,
        name: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        if matches!(name, "itemgetter" | "attrgetter") {
            return Some(Ok(super::builtins::made(&format!("operator.{name}"), arguments, place)));
        }
        let first = arguments.positional(0)?.value.clone();
        let second = arguments.positional(1).map(|argument| argument.value.clone());
        let op = match name {
            "add" | "concat" => BinOp::Add,
            "sub" => BinOp::Sub,
            "mul" => BinOp::Mul,
            "truediv" => BinOp::Div,
            "floordiv" => BinOp::FloorDiv,
            "mod" => BinOp::Mod,
            "pow" => BinOp::Pow,
            "or_" => BinOp::BitOr,
            "and_" => BinOp::BitAnd,
            "xor" => BinOp::BitXor,
            "getitem" => return Some(self.item(&first, &second?, place.span)),
            _ => return None,
        };
        Some(self.binary(&first, op, &second?, place.span))
    }

    /// `operator.itemgetter(…)(value)` and `operator.attrgetter(…)(value)`.
    pub(super) fn get_by(
        &mut self,
        getter: &External,
        keys: &Arguments,
        value: &Value,
        place: Place,
    ) -> Eval<Value> {
        let mut found = Vec::with_capacity(keys.items.len());
        for key in &keys.items {
            found.push(match (getter.name(), &key.value) {
                (Some("operator.itemgetter"), key) => self.item(value, key, place.span)?,
                (_, Value::Str(path)) => {
                    let mut value = value.clone();
                    for name in path.split('.') {
                        value = self.attribute(&value, &name.into(), place.span)?;
                    }
                    value
                }
                _ => Value::Unknown,
            });
        }
        Ok(match (found.len(), keys.open) {
            (1, false) => found.remove(0),
            (_, false) => Value::Tuple(found.into()),
            _ => Value::Unknown,
        })
    }

    /// A function of `itertools` that only hands on what it is given.
    pub(super) fn itertool(
        &mut self,
        name: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        Some(match name {
            "chain" => {
                let mut all = Vec::new();
                let mut open = arguments.open;
                for argument in &arguments.items {
                    match self.elements(&argument.value) {
                        Ok((items, more)) => {
                            all.extend(items);
                            open |= more;
                        }
                        Err(stop) => return Some(Err(stop)),
                    }
                }
                let made = self.list(all, open);
                self.iterator(&made, place.span)
            }
            "islice" => {
                let bounds: Option<Vec<usize>> = arguments.items[1.min(arguments.items.len())..]
                    .iter()
                    .map(|argument| usize::try_from(fold::integer(&argument.value)?).ok())
                    .collect();
                let (start, stop) = match bounds?.as_slice() {
                    [stop] => (0, *stop),
                    [start, stop] => (*start, *stop),
                    _ => return None,
                };
                self.sliced(&first?, start, stop, place)
            }
            "starmap" => {
                let over = arguments.positional(1)?.value.clone();
                let (items, open) = match self.elements(&over) {
                    Ok(items) => items,
                    Err(stop) => return Some(Err(stop)),
                };
                let mut made = Vec::with_capacity(items.len());
                for item in items {
                    let parts = match self.elements(&item) {
                        Ok((parts, _)) => parts,
                        Err(stop) => return Some(Err(stop)),
                    };
                    match self.call_with(first.as_ref()?, parts, place) {
                        Ok(value) => made.push(value),
                        Err(stop) => return Some(Err(stop)),
                    }
                }
                Ok(self.list(made, open))
            }
            "count" => {
                let start = match &first {
                    Some(start) => fold::integer(start)?,
                    None => 0,
                };
                let items = (0..)
                    .take(self.limits.turns + 1)
                    .map(|turn| start.checked_add(turn).map_or(Value::Unknown, Value::Int))
                    .collect();
                let content =
                    Content::Walk { items: Arc::new(items), at: 0, rest: Some(Value::Unknown) };
                Ok(Value::Object(self.heap.allocate(content)))
            }
            _ => return None,
        })
    }

    /// `itertools.islice`: what is not asked for is not made.
    fn sliced(&mut self, of: &Value, start: usize, stop: usize, place: Place) -> Eval<Value> {
        let iterator = self.iterator(of, place.span)?;
        let mut items = Vec::new();
        let mut open = false;
        for index in 0..stop.min(self.limits.turns) {
            match self.advance(&iterator)? {
                Turn::Item(value) if index >= start => items.push(value),
                Turn::Item(_) => {}
                Turn::Perhaps(value) => {
                    open = true;
                    items.push(value);
                }
                Turn::Rest(_) => {
                    open = true;
                    break;
                }
                Turn::End(_) => break,
            }
        }
        let made = self.list(items, open);
        self.iterator(&made, place.span)
    }

    /// `copy.copy`: of what it holds, the same values.
    pub(super) fn copied(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(object) => match self.heap.content(*object).clone() {
                content @ (Content::Items { .. } | Content::Pairs { .. }) => {
                    Value::Object(self.heap.allocate(content))
                }
                _ => Value::Unknown,
            },
            Value::Instance(class, object) => {
                let Value::Instance(class, copy) = self.new_instance(class) else {
                    return Value::Unknown;
                };
                for name in self.heap.names(*object) {
                    let slot = self.heap.get(*object, &name).cloned();
                    self.heap.put(copy, &name, slot);
                }
                Value::Instance(class, copy)
            }
            other => other.clone(),
        }
    }

    /// `runpy.run_path` and `runpy.run_module`: another module's body, run here once more.
    pub(super) fn run_script(
        &mut self,
        path: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        let target = match &arguments.positional(0)?.value {
            Value::Str(text) => Arc::clone(text),
            other => paths::path_text(other)?,
        };
        let module: Name = if path == "runpy.run_path" {
            let relative = target.strip_suffix(".py")?;
            // A path is looked for from the working folder, and a module from where the script is.
            relative.trim_start_matches("./").replace('/', ".").into()
        } else {
            Arc::clone(&target)
        };
        let found = if path == "runpy.run_path" {
            self.world.find(&module, &["".into()])
        } else {
            self.find(&module)
        };
        let Found::Local { file, text, package, path: seen } = found else { return None };
        let name: Name = match arguments.keyword("run_name").map(|argument| &argument.value) {
            Some(Value::Str(name)) => Arc::clone(name),
            Some(_) => return None,
            None if path == "runpy.run_path" => "<run_path>".into(),
            None => module,
        };
        let before = self.heap.get(self.process.modules, &name).cloned();
        let mut ran = Ok(Value::Unknown);
        self.step_into(Step::Import(Arc::clone(&name)), place, |this| {
            ran = this.run_module(&name, (file, &text, package, &seen));
        });
        let modules = self.process.modules;
        self.heap.put(modules, &name, before);
        Some(ran.map(|module| match module {
            Value::Module(_, names) => {
                let pairs = self
                    .heap
                    .names(names)
                    .into_iter()
                    .filter_map(|name| {
                        let slot: Slot = self.heap.get(names, &name)?.clone();
                        Some((Value::Str(name), slot))
                    })
                    .collect();
                self.dict(pairs, false)
            }
            other => other,
        }))
    }

    /// A method of a `contextlib.ExitStack`.
    pub(super) fn exit_stack(
        &mut self,
        of: &Arc<External>,
        name: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        let Value::Object(stack) = super::builtins::stacked(&Value::External(Arc::clone(of)))?
        else {
            return None;
        };
        let first = arguments.positional(0)?.value.clone();
        let (entry, result) = match name {
            "enter_context" => (first.clone(), self.enter(&first, place.span)),
            "push" => (first.clone(), Ok(first)),
            "callback" => (super::calls::partial(arguments), Ok(first)),
            _ => return None,
        };
        let Ok((mut entries, open)) = self.elements(&Value::Object(stack)) else { return None };
        entries.push(entry);
        let content = Content::Items { items: Arc::new(entries), open, is_set: false };
        self.heap.set_content(stack, content);
        Some(result)
    }

    /// What a builtin exception has that the program raised.
    pub(super) fn exception_attribute(external: &External, name: &str) -> Option<Value> {
        let External::Call { callee, arguments, .. } = external else { return None };
        let class = callee.name()?.strip_prefix("builtins.")?;
        super::classes::exception_lineage(class)?;
        (name == "args" && !arguments.open).then(|| {
            Value::Tuple(arguments.items.iter().map(|argument| argument.value.clone()).collect())
        })
    }

    /// `next(iterator, default)`
    pub(super) fn next_or(
        &mut self,
        iterator: &Value,
        default: Option<&Value>,
        place: Place,
    ) -> Eval<Value> {
        // `next` of something that is no iterator is a mistake; of a list it never happens.
        let iterator = match iterator {
            Value::Object(object)
                if matches!(self.heap.content(*object), Content::Items { .. }) =>
            {
                self.iterator(iterator, place.span)?
            }
            Value::External(_) | Value::Tuple(_) | Value::Str(_) => {
                self.iterator(iterator, place.span)?
            }
            other => other.clone(),
        };
        let Some(default) = default else {
            return self.next(&iterator, Sent::Value(Value::None));
        };
        Ok(match self.advance(&iterator)? {
            Turn::Item(value) => value,
            Turn::Perhaps(value) | Turn::Rest(value) => value.or(default.clone()),
            Turn::End(_) => default.clone(),
        })
    }

    /// `sorted`, `min`, `max`: what each value is ordered by.
    pub(super) fn keys(
        &mut self,
        items: &[Value],
        key: Option<&Value>,
        place: Place,
    ) -> Eval<Vec<Value>> {
        match key {
            None | Some(Value::None) => Ok(items.to_vec()),
            Some(key) => {
                items.iter().map(|item| self.call_with(key, vec![item.clone()], place)).collect()
            }
        }
    }

    /// `map(function, …)`
    pub(super) fn mapped(&mut self, arguments: &Arguments, place: Place) -> Eval<Value> {
        let mut parts = arguments.items.iter().map(|argument| argument.value.clone());
        let Some(function) = parts.next() else { return Ok(Value::Unknown) };
        let of: Vec<Value> = parts.collect();
        if arguments.open || of.is_empty() {
            self.perhaps_call(&function, place);
            return Ok(Value::Unknown);
        }
        self.derived(Derivation::Map(function), &of, place.span)
    }
}
