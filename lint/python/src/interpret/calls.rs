//! Calls: what is called with what, and what comes back.

use std::sync::Arc;

use super::attributes::{external_base, method};
use super::heap::{Content, Slot};
use super::{Eval, Flow, Frame, Interpreter};
use crate::syntax::{Arg, ArgKind, Expr, ExprKind, FunctionDef, Name, ParamKind};
use crate::text::Span;
use crate::trace::{Budget, Step};
use crate::value::{
    Argument, Arguments, Class, External, Function, ObjectId, Partial, Place, Value, Wrapped,
};
use crate::world::World;

/// How often one function may be active at once where nothing settled drives the recursion.
const MAX_UNSETTLED_RECURSION: usize = 3;

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
                    if matches!(
                        receiver,
                        Value::Object(_) | Value::Str(_) | Value::Dict(_) | Value::List(_)
                    ) {
                        let arguments = self.arguments(args)?;
                        return Ok(self.container_method(&receiver, name, &arguments, span));
                    }
                    self.attribute(&receiver, name, callee.span)?
                }
            }
            _ => self.eval(callee)?,
        };
        let arguments = self.arguments(args)?;
        let place = self.place(span);
        self.call(&callee, arguments, place)
    }

    /// Evaluates arguments. Lists and dicts among them are live.
    fn arguments(&mut self, args: &[Arg]) -> Eval<Arguments> {
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
                    let (items, open) = self.elements(&value);
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
                        None => Ok(Value::Unknown),
                    },
                }
            }
            Value::Partial(partial) => {
                let mut all = partial.arguments.clone();
                all.items.extend(arguments.items);
                all.open |= arguments.open;
                self.deeper(Ok(Value::Unknown), |this| this.call(&partial.callee, all, place))
            }
            Value::Wrapped(wrapped) => {
                let inner = self.frozen(&wrapped.inner);
                let effects =
                    self.ask(place, |world, now| world.call_wrapped(&wrapped.wrapper, &inner, now));
                self.record(effects, place);
                Ok(Value::Unknown)
            }
            Value::External(external) => self.call_external(external, &arguments, place),
            Value::OneOf(values) => {
                let mut joined: Option<Value> = None;
                for value in values.iter() {
                    if !is_callable(value) {
                        continue;
                    }
                    let arguments = arguments.clone();
                    let mut result = Ok(Value::Unknown);
                    self.perhaps(None, |this| result = this.call(value, arguments, place));
                    match result {
                        Ok(value) => {
                            joined = Some(match joined {
                                Some(joined) => joined.or(value),
                                None => value,
                            });
                        }
                        Err(_) => self.may_leave(Flow::RAISE),
                    }
                }
                Ok(joined.unwrap_or(Value::Unknown))
            }
            Value::Unknown => self.call_external(&Arc::new(External::Unknown), &arguments, place),
            _ => Ok(Value::Unknown),
        }
    }

    /// Calls something with arguments of which nothing is known, as whoever it was handed to does.
    pub(super) fn call_unknown(&mut self, callable: &Value, place: Place) {
        let mut arguments = Arguments { items: Vec::new(), open: true };
        let mut target = callable;
        while let Value::Partial(partial) = target {
            arguments.items.splice(0..0, partial.arguments.items.iter().cloned());
            target = &partial.callee;
        }
        let _ = match target {
            Value::Function(function) | Value::Method(function, _) => {
                if let Value::Method(_, receiver) = target {
                    let value = (**receiver).clone();
                    arguments.items.insert(0, Argument { name: None, value, place });
                }
                let slots = self.bind_parameters(function, &arguments, true);
                self.run_function(function, slots, None)
            }
            other => self.call(&other.clone(), arguments, place),
        };
    }

    fn call_function(
        &mut self,
        function: &Arc<Function>,
        arguments: &Arguments,
        place: Place,
    ) -> Eval<Value> {
        if function.def.is_generator || function.def.is_async {
            let content = Content::Suspended {
                function: Arc::clone(function),
                arguments: Arc::new(arguments.clone()),
            };
            return Ok(Value::Object(self.heap.allocate(content)));
        }
        let slots = self.bind_parameters(function, arguments, false);
        self.run_function(function, slots, Some(place))
    }

    /// Runs a generator or a coroutine: everything it yields, in order.
    pub(super) fn resume(&mut self, object: ObjectId) -> Vec<Value> {
        let Content::Suspended { function, arguments } = self.heap.content(object).clone() else {
            return Vec::new();
        };
        self.heap.set_content(object, Content::Items { items: Arc::new(Vec::new()), open: false });
        let slots = self.bind_parameters(&function, &arguments, false);
        let mut yielded = Vec::new();
        if let Err(super::Stop::Raise(_)) = self.run(&function, slots, None, &mut yielded) {
            self.may_leave(Flow::RAISE);
        }
        yielded
    }

    /// The result of a coroutine, or of anything else that is awaited.
    pub(super) fn awaited(&mut self, value: Value) -> Value {
        let Value::Object(object) = value else { return value };
        let Content::Suspended { function, arguments } = self.heap.content(object).clone() else {
            return Value::Unknown;
        };
        self.heap.set_content(object, Content::Items { items: Arc::new(Vec::new()), open: false });
        let slots = self.bind_parameters(&function, &arguments, false);
        self.run_function(&function, slots, None).unwrap_or(Value::Unknown)
    }

    fn run_function(
        &mut self,
        function: &Arc<Function>,
        slots: Vec<(Name, Slot)>,
        place: Option<Place>,
    ) -> Eval<Value> {
        self.run(function, slots, place, &mut Vec::new())
    }

    fn run(
        &mut self,
        function: &Arc<Function>,
        slots: Vec<(Name, Slot)>,
        place: Option<Place>,
        yielded: &mut Vec<Value>,
    ) -> Eval<Value> {
        if self.frames.len() >= self.limits.calls {
            self.exhaust(Budget::Depth);
            return Ok(Value::Unknown);
        }
        let active = self
            .frames
            .iter()
            .filter(|frame| frame.function.as_ref().is_some_and(|active| active == function))
            .count();
        if active >= MAX_UNSETTLED_RECURSION && self.maybe > 0 {
            return Ok(Value::Unknown);
        }
        let names = self.heap.allocate(Content::Names);
        for (name, slot) in slots {
            self.heap.put(names, &name, Some(slot));
        }
        self.frames.push(Frame {
            module: Arc::clone(&function.home),
            function: Some(Arc::clone(function)),
            names,
            scopes: Arc::clone(&function.scopes),
            prefix: format!("{}.<locals>.", function.qualname).into(),
            is_class: false,
            is_comprehension: false,
            returned: None,
            yielded: Vec::new(),
        });
        let body = Arc::clone(&function.def);
        let work = |this: &mut Self| this.deeper(Flow::NEXT, |this| this.block(&body.body));
        let flow = match place {
            Some(place) => self.step_into(Step::Call(Arc::clone(&function.qualname)), place, work),
            None => work(self),
        };
        let frame = self.frames.pop().expect("the frame that was pushed");
        yielded.extend(frame.yielded);
        self.propagate(flow)?;
        Ok(match frame.returned {
            Some(value) if flow.has(Flow::NEXT) => value.or(Value::None),
            Some(value) => value,
            None => Value::None,
        })
    }

    /// What each parameter holds. With `unknown`, what the caller does not say is not known either;
    /// without, it is the parameter's default.
    fn bind_parameters(
        &mut self,
        function: &Arc<Function>,
        arguments: &Arguments,
        unknown: bool,
    ) -> Vec<(Name, Slot)> {
        let def: &FunctionDef = &function.def;
        let mut slots = Vec::with_capacity(def.params.len());
        let mut positional = arguments.items.iter().filter(|argument| argument.name.is_none());
        let mut taken: Vec<&str> = Vec::new();
        for (index, param) in def.params.iter().enumerate() {
            let nothing = Slot { value: Value::Unknown, passed: None };
            let slot = match param.kind {
                ParamKind::PositionalOnly | ParamKind::Normal | ParamKind::KeywordOnly => {
                    let next =
                        if param.kind == ParamKind::KeywordOnly { None } else { positional.next() };
                    let argument = next.or_else(|| {
                        taken.push(&param.name);
                        arguments.keyword(&param.name)
                    });
                    match argument {
                        Some(argument) => {
                            Slot { value: argument.value.clone(), passed: Some(argument.place) }
                        }
                        None if unknown || arguments.open => nothing,
                        None => function.defaults.get(index).cloned().flatten().unwrap_or(nothing),
                    }
                }
                ParamKind::VarPositional => {
                    let rest: Vec<Value> =
                        positional.by_ref().map(|argument| argument.value.clone()).collect();
                    let value = if arguments.open || unknown {
                        self.list(rest, true)
                    } else {
                        Value::Tuple(rest.into())
                    };
                    Slot { value, passed: None }
                }
                ParamKind::VarKeyword => {
                    let rest = arguments
                        .items
                        .iter()
                        .filter_map(|argument| Some((argument.name.as_ref()?, argument)))
                        .filter(|(name, _)| !taken.contains(&&***name))
                        .map(|(name, argument)| {
                            let slot = Slot {
                                value: argument.value.clone(),
                                passed: Some(argument.place),
                            };
                            (Value::Str(Arc::clone(name)), slot)
                        })
                        .collect();
                    Slot { value: self.dict(rest, arguments.open || unknown), passed: None }
                }
            };
            slots.push((Arc::clone(&param.name), slot));
        }
        slots
    }

    fn instantiate(
        &mut self,
        class: &Arc<Class>,
        arguments: Arguments,
        place: Place,
    ) -> Eval<Value> {
        let object = self.heap.allocate(Content::Names);
        let instance = Value::Instance(Arc::clone(class), object);
        if let Some(init) = self.class_attribute(class, "__init__") {
            let init = method(init, &instance);
            self.call(&init, arguments, place)?;
            return Ok(instance);
        }
        let fields = self.class_attribute(class, super::definitions::FIELDS);
        for (index, argument) in arguments.items.iter().enumerate() {
            let name = match (&argument.name, &fields) {
                (Some(name), _) => Some(Arc::clone(name)),
                (None, Some(Value::List(fields))) => match fields.get(index) {
                    Some(Value::Str(name)) => Some(Arc::clone(name)),
                    _ => None,
                },
                _ => None,
            };
            if let Some(name) = name {
                self.heap.set(object, &name, argument.value.clone());
            }
        }
        match external_base(class) {
            Some(base) => {
                self.call_external(&base, &arguments, place)?;
            }
            None => {
                if let Some(hook) = self.class_attribute(class, "__post_init__") {
                    let hook = method(hook, &instance);
                    self.call(&hook, Arguments::default(), place)?;
                }
            }
        }
        Ok(instance)
    }

    fn call_external(
        &mut self,
        callee: &Arc<External>,
        arguments: &Arguments,
        place: Place,
    ) -> Eval<Value> {
        if let Some(result) = self.call_builtin(callee, arguments, place) {
            return result;
        }
        self.risks.others += u32::from(self.world.may_raise(callee));
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
                    self.heap.set(self.environ, name, value.value.clone());
                }
            }
            "os.environ.update" => {
                let pairs =
                    arguments.positional(0).and_then(|argument| self.pairs_of(&argument.value));
                for (key, slot) in pairs.unwrap_or_default() {
                    if let Value::Str(name) = key {
                        self.heap.set(self.environ, &name, slot.value);
                    }
                }
                for argument in &arguments.items {
                    if let Some(name) = &argument.name {
                        self.heap.set(self.environ, name, argument.value.clone());
                    }
                }
            }
            _ => {}
        }
    }

    // Context managers

    pub(super) fn enter(&mut self, value: &Value, span: Span) -> Eval<Value> {
        match value {
            Value::Instance(class, _) => match self.class_attribute(class, "__enter__") {
                Some(hook) => {
                    let place = self.place(span);
                    let hook = method(hook, value);
                    let entered = self.call(&hook, Arguments::default(), place)?;
                    Ok(self.awaited(entered))
                }
                None => Ok(value.clone()),
            },
            // `@contextmanager`: what the generator does before and after its one `yield`.
            Value::Object(object) => {
                Ok(self.resume(*object).into_iter().next().unwrap_or(Value::Unknown))
            }
            other => Ok(other.clone()),
        }
    }

    pub(super) fn leave(&mut self, value: &Value, span: Span) -> Eval<()> {
        if let Value::Instance(class, _) = value
            && let Some(hook) = self.class_attribute(class, "__exit__")
        {
            let hook = method(hook, value);
            let place = self.place(span);
            self.call_with(&hook, vec![Value::None, Value::None, Value::None], place)?;
        }
        Ok(())
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
