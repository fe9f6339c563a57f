//! Calls: what is called with what, and what comes back.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::attributes::{external_base, method};
use super::heap::{Content, Slot, light};
use super::{Eval, Flow, Interpreter, builtins};
use crate::syntax::{Arg, ArgKind, Expr, ExprKind, FunctionDef, Name, ParamKind};
use crate::text::Span;
use crate::trace::{Budget, Gives, Step};
use crate::value::{
    Argument, Arguments, Cached, External, Function, Partial, Place, Value, Wrapped,
};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    pub(super) fn call_expression(
        &mut self,
        callee: &Expr,
        args: &[Arg],
        span: Span,
    ) -> Eval<Value> {
        let callee = match &callee.kind {
            ExprKind::Attribute { value, name, .. } => {
                if is_super(value)
                    && let Some(found) = self.super_attribute(name, callee.span)?
                {
                    found
                } else {
                    let receiver = self.eval(value)?;
                    if is_container(&receiver) {
                        let arguments = self.arguments(args)?;
                        self.frame_mut().at = span;
                        return self.container_method(&receiver, name, &arguments, span);
                    }
                    if let Value::OneOf(values) = &receiver
                        && values.iter().any(is_container)
                    {
                        return self.method_of_one(
                            &Arc::clone(values),
                            name,
                            args,
                            callee.span,
                            span,
                        );
                    }
                    self.attribute(&receiver, name, callee.span)?
                }
            }
            _ => self.eval(callee)?,
        };
        let arguments = self.arguments(args)?;
        self.frame_mut().at = span;
        let place = self.place(span);
        self.call(&callee, arguments, place)
    }

    /// A method of one of a few values, some of them lists, dicts or strings.
    fn method_of_one(
        &mut self,
        values: &[Value],
        name: &Name,
        args: &[Arg],
        callee: Span,
        span: Span,
    ) -> Eval<Value> {
        let arguments = self.arguments(args)?;
        self.frame_mut().at = span;
        let place = self.place(span);
        let mut joined: Option<Value> = None;
        for value in values {
            // `None` has no methods: the choice fell otherwise where this is reached at all.
            if *value == Value::None {
                continue;
            }
            let mut result = Ok(Value::Unknown);
            let arguments = arguments.clone();
            self.perhaps(None, |this| {
                result = if is_container(value) {
                    this.container_method(value, name, &arguments, span)
                } else {
                    this.attribute(value, name, callee)
                        .and_then(|method| this.call(&method, arguments, place))
                };
            });
            match result {
                Ok(value) => joined = joined.into_iter().chain([value]).reduce(Value::or),
                Err(_) => self.may_leave(Flow::RAISE),
            }
        }
        Ok(joined.unwrap_or(Value::Unknown))
    }

    /// Evaluates arguments. Lists and dicts among them are live.
    fn arguments(&mut self, args: &[Arg]) -> Eval<Arguments> {
        self.heap.count(args.len());
        let mut arguments = Arguments { items: Vec::with_capacity(args.len()), open: false };
        for arg in args {
            match &arg.kind {
                ArgKind::Positional | ArgKind::Keyword(_) => {
                    let place = self.argument_place(&arg.value);
                    let value = self.eval(&arg.value)?;
                    let name = match &arg.kind {
                        ArgKind::Keyword(name) => Some(Arc::clone(name)),
                        _ => None,
                    };
                    arguments.items.push(Argument { name, value, place });
                }
                ArgKind::Star => {
                    let value = self.eval(&arg.value)?;
                    let (items, open) = self.elements(&value)?;
                    let place = self.place(arg.span);
                    let items =
                        items.into_iter().map(|value| Argument { name: None, value, place });
                    arguments.items.extend(items);
                    arguments.open |= open;
                }
                ArgKind::DoubleStar => {
                    let value = self.eval(&arg.value)?;
                    match self.pairs_of(&value) {
                        Some(pairs) => {
                            let here = self.place(arg.span);
                            for (key, slot) in pairs {
                                match key {
                                    Value::Str(name) => arguments.items.push(Argument {
                                        name: Some(name),
                                        value: slot.value,
                                        place: slot.passed.unwrap_or(here),
                                    }),
                                    _ => arguments.open = true,
                                }
                            }
                        }
                        None => arguments.open = true,
                    }
                }
            }
        }
        Ok(arguments)
    }

    /// Calls `callee` with these positional values.
    pub(super) fn call_with(
        &mut self,
        callee: &Value,
        values: Vec<Value>,
        place: Place,
    ) -> Eval<Value> {
        let items = values.into_iter().map(|value| Argument { name: None, value, place }).collect();
        self.call(callee, Arguments { items, open: false }, place)
    }

    pub(super) fn decorate(&mut self, decorator: &Value, value: Value, span: Span) -> Eval<Value> {
        let place = self.place(span);
        self.call_with(decorator, vec![value], place)
    }

    pub(super) fn call(
        &mut self,
        callee: &Value,
        arguments: Arguments,
        place: Place,
    ) -> Eval<Value> {
        // What is called may hand on to another callable without running any code of its own, and what
        // comes back may be handed on for ever without being held by anything.
        let result =
            self.deeper(Ok(Value::Unknown), |this| this.call_value(callee, arguments, place));
        result.map(light)
    }

    fn call_value(
        &mut self,
        callee: &Value,
        mut arguments: Arguments,
        place: Place,
    ) -> Eval<Value> {
        match callee {
            Value::Function(function) => self.call_function(function, &arguments, place),
            Value::Method(function, receiver) => {
                let receiver = Argument { name: None, value: (**receiver).clone(), place };
                arguments.items.insert(0, receiver);
                self.call_function(function, &arguments, place)
            }
            Value::Class(class) => self.instantiate(class, arguments, place),
            Value::Instance(class, _) => {
                let class = Arc::clone(class);
                match self.class_attribute(&class, "__call__") {
                    Some(call) => {
                        let call = method(call, callee);
                        self.call(&call, arguments, place)
                    }
                    None => match external_base(&class) {
                        Some(base) => {
                            let instance = Arc::new(External::Instance { class, base });
                            self.call_external(&instance, &arguments, place)
                        }
                        None => self.raise_builtin("TypeError"),
                    },
                }
            }
            Value::Partial(partial) => {
                let mut all = partial.arguments.clone();
                all.items.extend(arguments.items);
                all.open |= arguments.open;
                self.call(&partial.callee, all, place)
            }
            Value::Cached(cached) => self.call_cached(&Arc::clone(cached), arguments, place),
            Value::Wrapped(wrapped) => {
                self.call_wrapped(&Arc::clone(wrapped), arguments, place);
                Ok(Value::Unknown)
            }
            Value::External(external) => self.call_external(external, &arguments, place),
            Value::OneOf(values) => {
                let callable = values.iter().filter(|value| is_callable(value));
                let call =
                    |this: &mut Self, value: &Value| this.call(value, arguments.clone(), place);
                if values.iter().all(is_callable) {
                    return self.any_of(callable, call);
                }
                // One that cannot be called, `None` as a rule, may be what is there.
                let result = self.perhaps(None, |this| this.any_of(callable, call));
                self.perhaps_raise_builtin("TypeError");
                Ok(result.unwrap_or_else(|stop| {
                    self.raising.extend(stop.exception());
                    self.may_leave(Flow::RAISE);
                    Value::Unknown
                }))
            }
            Value::Unknown => self.call_external(&Arc::new(External::Unknown), &arguments, place),
            _ => self.raise_builtin("TypeError"),
        }
    }

    /// A call of something that runs elsewhere.
    fn call_wrapped(&mut self, wrapped: &Wrapped, mut arguments: Arguments, place: Place) {
        // What nobody reads need not be made.
        if self.quiet > 0 {
            return;
        }
        for argument in &mut arguments.items {
            argument.value = self.told(&argument.value);
        }
        let arguments = Arc::new(arguments);
        let inner = self.told(&wrapped.inner);
        let effects = self
            .ask(place, |world, now| world.call_wrapped(&wrapped.wrapper, &inner, &arguments, now));
        self.record(effects, place);
    }

    /// A call of something that keeps its results.
    fn call_cached(
        &mut self,
        cached: &Arc<Cached>,
        arguments: Arguments,
        place: Place,
    ) -> Eval<Value> {
        let key = Value::Tuple(
            arguments
                .items
                .iter()
                .flat_map(|argument| {
                    let name = argument.name.clone().map(Value::Str);
                    name.into_iter().chain([argument.value.clone()])
                })
                .collect(),
        );
        let results = Value::Object(cached.results);
        let settled = !arguments.open && super::fold::is_settled(&key);
        let is_first = match self.heap.content(cached.results) {
            Content::Pairs { pairs, open: false } => {
                let known = pairs.iter().find(|(known, _)| *known == key);
                match known.filter(|_| !arguments.open) {
                    Some((_, slot)) if !slot.unsure => return Ok(slot.value.clone()),
                    Some(_) => false,
                    // What is not known may be what it was called with before.
                    None => settled || pairs.is_empty(),
                }
            }
            _ => false,
        };
        if !is_first {
            let mut result = Ok(Value::Unknown);
            self.perhaps(None, |this| result = this.call(&cached.inner, arguments, place));
            let _ = result;
            return Ok(Value::Unknown);
        }
        let value = self.call(&cached.inner, arguments, place)?;
        self.set_item(&results, &key, value.clone(), place.span)?;
        Ok(value)
    }

    /// Calls something with arguments of which nothing is known, as whoever it was handed to does.
    pub(super) fn call_unknown(&mut self, callable: &Value, place: Place) -> Gives {
        let mut arguments = Arguments { items: Vec::new(), open: true };
        let mut target = callable;
        while let Value::Partial(partial) = target {
            arguments.items.splice(0..0, partial.arguments.items.iter().cloned());
            target = &partial.callee;
        }
        match target {
            Value::Cached(cached) => self.call_unknown(&cached.inner, place),
            Value::Function(function) | Value::Method(function, _) => {
                if let Value::Method(_, receiver) = target {
                    let value = (**receiver).clone();
                    arguments.items.insert(0, Argument { name: None, value, place });
                }
                self.run_unknown(function, &arguments, place)
            }
            other => {
                let returned = self.call(&other.clone(), arguments, place).ok();
                Gives { returned, yielded: None }
            }
        }
    }

    fn run_unknown(
        &mut self,
        function: &Arc<Function>,
        arguments: &Arguments,
        place: Place,
    ) -> Gives {
        if function.def.is_generator {
            let generator = self.suspended(function, arguments, place);
            // Whoever called it takes all that it yields, for all that is known.
            let yielded = match self.drain(&generator) {
                Ok((items, _)) => items.into_iter().reduce(Value::or),
                Err(_) => Some(Value::Unknown),
            };
            return Gives { returned: Some(generator), yielded };
        }
        let slots = self.bind_parameters(function, arguments);
        let returned = slots.and_then(|slots| self.run_function(function, slots, None));
        Gives { returned: returned.ok(), yielded: None }
    }

    fn call_function(
        &mut self,
        function: &Arc<Function>,
        arguments: &Arguments,
        place: Place,
    ) -> Eval<Value> {
        if function.def.is_generator || function.def.is_async {
            return Ok(self.suspended(function, arguments, place));
        }
        let slots = self.bind_parameters(function, arguments)?;
        self.run_function(function, slots, Some(place))
    }

    pub(super) fn run_function(
        &mut self,
        function: &Arc<Function>,
        slots: Vec<(Name, Slot)>,
        place: Option<Place>,
    ) -> Eval<Value> {
        if self.frames.len() >= self.limits.calls {
            if self.recurses_without_end(function, &slots) {
                return self.raise_builtin("RecursionError");
            }
            self.exhaust(Budget::Depth);
            return Ok(Value::Unknown);
        }
        if !self.may_enter(function) {
            return Ok(Value::Unknown);
        }
        let names = self.names_of_frame(slots);
        let frame = Self::frame_of(function, names);
        self.frames.push(frame);
        let body = Arc::clone(&function.def);
        let work = |this: &mut Self| this.deeper(Flow::NEXT, |this| this.block(&body.body));
        let flow = match place {
            Some(place) => self.step_into(Step::Call(Arc::clone(&function.qualname)), place, work),
            None => work(self),
        };
        let frame = self.frames.pop().expect("the frame that was pushed");
        self.propagate(flow)?;
        Ok(match frame.returned {
            Some(value) if flow.has(Flow::NEXT) => value.or(Value::None),
            Some(value) => value,
            None => Value::None,
        })
    }

    /// Whether a function, called once more with these, is called as it was the last time: so it goes
    /// on until CPython ends it.
    fn recurses_without_end(&self, function: &Arc<Function>, slots: &[(Name, Slot)]) -> bool {
        let mut frames = self.frames.iter().rev();
        let last = frames.find(|frame| frame.function.as_ref() == Some(function));
        last.is_some_and(|last| {
            slots.iter().all(|(name, slot)| {
                let held = self.heap.get(last.names, name);
                held.is_some_and(|held| held.value == slot.value)
            })
        })
    }

    /// What each parameter holds: what the caller says, or its default.
    pub(super) fn bind_parameters(
        &mut self,
        function: &Arc<Function>,
        arguments: &Arguments,
    ) -> Eval<Vec<(Name, Slot)>> {
        let def: &FunctionDef = &function.def;
        let tells = std::mem::take(&mut self.tells_arguments) && arguments.open;
        let mut slots = Vec::with_capacity(def.params.len());
        let mut positional = arguments.items.iter().filter(|argument| argument.name.is_none());
        let mut taken: Vec<&str> = Vec::new();
        self.heap.count(def.params.len() + arguments.items.len());
        // Of many keywords each is found without a walk by all the others.
        let mut keywords: FxHashMap<&str, &Argument> = FxHashMap::default();
        let is_long = def.params.len() * arguments.items.len() > 256;
        if is_long {
            for argument in arguments.items.iter().rev() {
                keywords.extend(argument.name.as_deref().map(|name| (name, argument)));
            }
        }
        for (index, param) in def.params.iter().enumerate() {
            let nothing = Slot::of(if tells {
                Value::External(Arc::new(External::Argument(Arc::clone(&param.name))))
            } else {
                Value::Unknown
            });
            let slot = match param.kind {
                ParamKind::PositionalOnly | ParamKind::Normal | ParamKind::KeywordOnly => {
                    let next =
                        if param.kind == ParamKind::KeywordOnly { None } else { positional.next() };
                    let argument = next.or_else(|| {
                        taken.push(&param.name);
                        if is_long {
                            keywords.get(&*param.name).copied()
                        } else {
                            arguments.keyword(&param.name)
                        }
                    });
                    match argument {
                        Some(argument) => Slot::passed(argument.value.clone(), argument.place),
                        None if arguments.open => nothing,
                        None => {
                            if let Some(default) = function.defaults.get(index).cloned().flatten() {
                                default
                            } else {
                                self.raise_builtin("TypeError")?;
                                nothing
                            }
                        }
                    }
                }
                ParamKind::VarPositional => {
                    let rest: Vec<Value> =
                        positional.by_ref().map(|argument| argument.value.clone()).collect();
                    if tells && rest.is_empty() {
                        nothing
                    } else if arguments.open {
                        Slot::of(self.list(rest, true))
                    } else {
                        Slot::of(Value::Tuple(rest.into()))
                    }
                }
                ParamKind::VarKeyword => {
                    let taken: FxHashSet<&str> = taken.drain(..).collect();
                    let rest: Vec<(Value, Slot)> = arguments
                        .items
                        .iter()
                        .filter_map(|argument| Some((argument.name.as_ref()?, argument)))
                        .filter(|(name, _)| !taken.contains(&***name))
                        .map(|(name, argument)| {
                            let slot = Slot::passed(argument.value.clone(), argument.place);
                            (Value::Str(Arc::clone(name)), slot)
                        })
                        .collect();
                    if tells && rest.is_empty() {
                        nothing
                    } else {
                        Slot::of(self.dict(rest, arguments.open))
                    }
                }
            };
            slots.push((Arc::clone(&param.name), slot));
        }
        Ok(slots)
    }

    pub(super) fn call_external(
        &mut self,
        callee: &Arc<External>,
        arguments: &Arguments,
        place: Place,
    ) -> Eval<Value> {
        if let Some(result) = self.call_builtin(callee, arguments, place) {
            return result;
        }
        self.risks += u32::from(!builtins::only_declares(callee) && self.world.may_raise(callee));
        let frozen = Arc::new(Arguments {
            items: arguments
                .items
                .iter()
                .map(|argument| Argument {
                    name: argument.name.clone(),
                    value: self.frozen(&argument.value),
                    place: argument.place,
                })
                .collect(),
            open: arguments.open,
        });
        let outcome = self.ask(place, |world, now| world.call(callee, &frozen, now));
        self.record(outcome.effects, place);
        for (callable, role) in &outcome.roots {
            self.add_root(callable, *role, place);
        }
        for callable in &outcome.runs {
            self.call_unknown(callable, place);
        }
        let name = match &**callee {
            External::Name(path) => path.rsplit('.').next().unwrap_or(path).to_owned(),
            External::Attribute { name, .. } => name.to_string(),
            _ => String::new(),
        };
        if name == "run_until_complete"
            && let Some(argument) = arguments.positional(0)
        {
            if self.needs_own_event_loop() {
                return self.raise_builtin("RuntimeError");
            }
            return self.awaited(argument.value.clone());
        }
        let sure = matches!(&*name, "create_task" | "ensure_future");
        for argument in &arguments.items {
            self.run_handed_over(&argument.value, sure);
        }
        for script in &outcome.starts {
            self.start_process(script, place);
        }
        let result =
            Arc::new(External::Call { callee: Arc::clone(callee), arguments: frozen, place });
        if let Some((inner, role)) = outcome.wraps {
            self.add_root(&inner, role, place);
            return Ok(Value::Wrapped(Arc::new(Wrapped { inner, wrapper: result })));
        }
        if let Some(value) = outcome.passes {
            return Ok(value);
        }
        self.set_environ(callee, arguments, outcome.value.as_ref());
        Ok(outcome.value.unwrap_or(Value::External(result)))
    }

    /// Whether an event loop runs already, within which no other can, and somebody catches what that
    /// raises.
    pub(super) fn needs_own_event_loop(&self) -> bool {
        self.catches("RuntimeError")
            && !self.process.imported.contains("nest_asyncio")
            && self
                .frames
                .iter()
                .any(|frame| frame.function.as_ref().is_some_and(|f| f.def.is_async))
    }

    /// `os.environ.setdefault` and its like: what the program puts there it will find there.
    fn set_environ(&mut self, callee: &External, arguments: &Arguments, worth: Option<&Value>) {
        let External::Name(path) = callee else { return };
        match &**path {
            "os.environ.setdefault" | "os.putenv" => {
                if let (Some(Value::Str(name)), Some(value), None) = (
                    arguments.positional(0).map(|argument| &argument.value),
                    arguments.get(1, "value"),
                    worth,
                ) {
                    self.heap.set(self.process.environ, name, value.value.clone());
                }
            }
            "os.environ.update" => {
                let pairs =
                    arguments.positional(0).and_then(|argument| self.pairs_of(&argument.value));
                for (key, slot) in pairs.unwrap_or_default() {
                    if let Value::Str(name) = key {
                        self.heap.set(self.process.environ, &name, slot.value);
                    }
                }
                for argument in &arguments.items {
                    if let Some(name) = &argument.name {
                        self.heap.set(self.process.environ, name, argument.value.clone());
                    }
                }
            }
            _ => {}
        }
    }
}

/// What `functools.partial(…)` makes of its arguments.
pub(super) fn partial(arguments: &Arguments) -> Value {
    match arguments.items.split_first() {
        Some((callee, given)) if callee.name.is_none() => Value::Partial(Arc::new(Partial {
            callee: callee.value.clone(),
            arguments: Arguments { items: given.to_vec(), open: arguments.open },
        })),
        _ => Value::Unknown,
    }
}

fn is_super(receiver: &Expr) -> bool {
    let ExprKind::Call { callee, .. } = &receiver.kind else { return false };
    matches!(&callee.kind, ExprKind::Name(name) if &**name == "super")
}

fn is_container(value: &Value) -> bool {
    matches!(
        value,
        Value::Object(_) | Value::Str(_) | Value::Dict(_) | Value::List(_) | Value::Tuple(_)
    )
}

fn is_callable(value: &Value) -> bool {
    !matches!(
        value,
        Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Tuple(_)
            | Value::List(_)
            | Value::Dict(_)
    )
}
