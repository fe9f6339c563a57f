//! `try` and `with`: which handler runs, and how surely.

use std::sync::Arc;

use super::classes::is_subclass;
use super::generators::Sent;
use super::heap::Resume;
use super::{Branch, Eval, Flow, Interpreter, Stop, builtins};
use crate::syntax::{Expr, Handler, Name, Stmt, StmtKind};
use crate::text::Span;
use crate::value::{External, Value};
use crate::world::{Guard, World};

impl<W: World> Interpreter<'_, W> {
    pub(super) fn try_statement(
        &mut self,
        body: &[Stmt],
        handlers: &[Handler],
        orelse: &[Stmt],
        finally: &[Stmt],
    ) -> Flow {
        let point = match self.resume_point() {
            Some(Resume::Finally(flow, raised, returned)) => {
                return self.finally(finally, flow, raised, returned);
            }
            point => point,
        };
        if finally.is_empty() {
            return self.try_except(point, body, handlers, orelse);
        }
        let raising = std::mem::take(&mut self.raising);
        let returned = self.frame_mut().returned.take();
        let swallows = u32::from(leaves_otherwise(finally));
        self.catchers += 1;
        self.swallowers += swallows;
        let flow = self.try_except(point, body, handlers, orelse);
        self.swallowers -= swallows;
        self.catchers -= 1;
        let raised = std::mem::replace(&mut self.raising, raising);
        let given = std::mem::replace(&mut self.frame_mut().returned, returned);
        if flow.has(Flow::PAUSE) || flow == Flow::EXIT {
            return flow;
        }
        self.finally(finally, flow, raised, given)
    }

    /// Runs a `finally`, after which the way goes on by `flow`, unless it ends elsewhere itself.
    fn finally(
        &mut self,
        finally: &[Stmt],
        flow: Flow,
        raised: Vec<Value>,
        returned: Option<Value>,
    ) -> Flow {
        let before = self.frame_mut().returned.take();
        let after = self.block(finally);
        if after.has(Flow::PAUSE) {
            self.frame_mut().returned = before;
            self.pause(Resume::Finally(flow, raised, returned));
            return after;
        }
        let own = self.frame_mut().returned.take();
        let given = if after.ends() { own } else { either_of(own, returned) };
        self.frame_mut().returned = either_of(before, given);
        if after.ends() {
            return after;
        }
        self.raising.extend(raised);
        flow | after.without(Flow::NEXT)
    }

    fn try_except(
        &mut self,
        point: Option<Resume>,
        body: &[Stmt],
        handlers: &[Handler],
        orelse: &[Stmt],
    ) -> Flow {
        match point {
            Some(Resume::Else) => return self.try_else(orelse),
            Some(Resume::Handler(index, exception)) => {
                return handlers
                    .get(index)
                    .map_or(Flow::NEXT, |handler| self.handler(index, handler, exception));
            }
            _ => {}
        }
        if handlers.is_empty() {
            let flow = self.block(body);
            if flow.has(Flow::PAUSE) {
                self.pause(Resume::Try);
                return flow;
            }
            return if flow.has(Flow::NEXT) {
                self.then(flow, |this| this.try_else(orelse))
            } else {
                flow
            };
        }
        let names = self.names_of(handlers);
        let catches = caught_by(&names);
        let risks = self.risks;
        let raising = std::mem::take(&mut self.raising);
        let mark = self.fork_watched();
        let flow = self.guarded(Guard::Try { catches }, |this| this.block(body));
        let tried = self.take_back(mark);
        let raised = std::mem::replace(&mut self.raising, raising);
        if flow.has(Flow::PAUSE) {
            self.join(vec![tried]);
            self.pause(Resume::Try);
            return flow;
        }
        // Something outside the program may raise where it is risky. That happens too rarely to
        // doubt what follows; the handlers are followed as what they are, a possibility.
        let risked = self.risks != risks;
        if flow == Flow::RAISE
            && let [exception] = &*raised
        {
            let taken = self.surely_taken(handlers, exception);
            if !matches!(taken, Taken::Perhaps) {
                let exception = exception.clone();
                return self.surely_raised(&taken, exception, (handlers, &names), risked, tried);
            }
        }
        if flow == Flow::NEXT && !risked {
            self.join(vec![tried]);
            return self.try_else(orelse);
        }
        let mut ways = flow.without(Flow::RAISE);
        let mut branches = Vec::new();
        if flow != Flow::RAISE {
            let mark = self.fork();
            self.join(vec![tried.clone()]);
            if flow.has(Flow::NEXT) {
                ways = ways.without(Flow::NEXT) | self.try_else_after(flow, orelse);
            }
            branches.push(self.take_back(mark));
        }
        let mut left = match (flow.has(Flow::RAISE), raised.is_empty()) {
            (true, true) => vec![Value::Unknown],
            _ => raised,
        };
        let mut rare = Flow::NONE;
        for (index, (handler, names)) in handlers.iter().zip(&names).enumerate() {
            let only_imports = !names.is_empty() && names.iter().all(|name| is_import_error(name));
            let answers: Vec<Option<bool>> =
                left.iter().map(|exception| self.handler_takes(handler, exception)).collect();
            let own = left
                .iter()
                .zip(&answers)
                .filter(|(_, takes)| **takes != Some(false))
                .map(|(taken, _)| taken.clone())
                .reduce(Value::or);
            let risked = risked && !only_imports;
            if own.is_none() && !risked {
                continue;
            }
            let exception = match own.clone() {
                Some(own) if !risked => own,
                _ => Value::Unknown,
            };
            let (flow, branch) = self.perhaps_handler(index, handler, exception, &tried);
            branches.extend(branch);
            // Else a handler's `return` or `raise` is as rare as its exception.
            if own.is_some() {
                ways |= flow;
            } else {
                rare |= flow;
            }
            let mut answers = answers.into_iter();
            left.retain(|_| answers.next().flatten() != Some(true));
        }
        if flow.has(Flow::RAISE) && !left.is_empty() {
            ways |= Flow::RAISE;
            self.raising.extend(left);
        }
        self.join(branches);
        ways |= Self::goes_on_rarely(ways, rare);
        if ways == Flow::NONE { Flow::NEXT } else { ways }
    }

    /// What is reached by way of a rare exception alone is reached all the same.
    fn goes_on_rarely(ways: Flow, rare: Flow) -> Flow {
        if ways.has(Flow::NEXT) {
            return Flow::NONE;
        }
        rare.within(Flow::NEXT | Flow::BREAK | Flow::CONTINUE)
    }

    /// Goes on where the body of a `try` surely raises, and it is settled which handler takes that.
    fn surely_raised(
        &mut self,
        taken: &Taken<'_>,
        exception: Value,
        (handlers, names): (&[Handler], &[Vec<Name>]),
        risked: bool,
        tried: Branch,
    ) -> Flow {
        // What is outside may have raised before, which another handler takes.
        let mut branches = Vec::new();
        let mut rare = Flow::NONE;
        for (index, (handler, names)) in handlers.iter().zip(names).enumerate() {
            let only_imports = !names.is_empty() && names.iter().all(|name| is_import_error(name));
            let is_taken = matches!(taken, Taken::By(taken, _) if *taken == index);
            if risked && !only_imports && !is_taken {
                let (flow, branch) = self.perhaps_handler(index, handler, Value::Unknown, &tried);
                branches.extend(branch);
                rare |= flow;
            }
        }
        let mark = self.fork();
        self.join(vec![tried]);
        let flow = if let Taken::By(index, handler) = taken {
            self.handler(*index, handler, exception)
        } else {
            self.raising.push(exception);
            Flow::RAISE
        };
        branches.insert(0, self.take_back(mark));
        self.join(branches);
        flow | Self::goes_on_rarely(flow, rare)
    }

    /// A handler that may run, from whichever moment of the body; what it leaves where the program goes
    /// on after it.
    fn perhaps_handler(
        &mut self,
        index: usize,
        handler: &Handler,
        exception: Value,
        tried: &Branch,
    ) -> (Flow, Option<Branch>) {
        let mark = self.fork();
        self.heap.blur(&tried.delta);
        let flow = self.under(None, |this| this.handler(index, handler, exception));
        let mut branch = self.take_back(mark);
        branch.imported.extend(tried.imported.iter().cloned());
        let seen = flow.has(Flow::RAISE) && self.catching();
        if !flow.ends() || flow.has(Flow::BREAK | Flow::CONTINUE) || seen {
            return (flow, Some(branch));
        }
        if flow.has(Flow::RETURN) {
            branch.leaves(self.frame());
            return (flow, Some(branch));
        }
        (flow, None)
    }

    /// Which handler takes an exception, or that none does, where that is settled.
    fn surely_taken<'h>(&mut self, handlers: &'h [Handler], exception: &Value) -> Taken<'h> {
        for (index, handler) in handlers.iter().enumerate() {
            match self.handler_takes(handler, exception) {
                Some(true) => return Taken::By(index, handler),
                Some(false) => {}
                None => return Taken::Perhaps,
            }
        }
        Taken::ByNone
    }

    fn try_else(&mut self, orelse: &[Stmt]) -> Flow {
        let flow = self.block(orelse);
        if flow.has(Flow::PAUSE) {
            self.pause(Resume::Else);
        }
        flow
    }

    /// The `else` of a body that ended by `flow`: where it may have raised, that may be why the `else`
    /// does not happen.
    fn try_else_after(&mut self, flow: Flow, orelse: &[Stmt]) -> Flow {
        let before = self.maybe;
        self.maybe += u32::from(flow != Flow::NEXT);
        let after = self.try_else(orelse);
        self.maybe = before;
        after
    }

    /// Runs `work` after something that may already have left by `flow`.
    pub(super) fn then(&mut self, flow: Flow, work: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let before = self.maybe;
        if flow != Flow::NEXT {
            self.maybe += 1;
        }
        let after = work(self);
        self.maybe = before;
        flow.without(Flow::NEXT) | after
    }

    fn handler(&mut self, index: usize, handler: &Handler, exception: Value) -> Flow {
        if let Some(name) = &handler.name
            && self.frame().generator.as_ref().is_none_or(|pausing| !pausing.is_resuming())
        {
            self.bind(name, exception.clone());
        }
        self.handling.push(exception.clone());
        let flow = self.guarded(Guard::Handler, |this| this.block(&handler.body));
        self.handling.pop();
        if flow.has(Flow::PAUSE) {
            self.pause(Resume::Handler(index, exception));
        } else if let Some(name) = &handler.name {
            self.unbind(name);
        }
        flow
    }

    fn names_of(&mut self, handlers: &[Handler]) -> Vec<Vec<Name>> {
        handlers
            .iter()
            .map(|handler| match &handler.class {
                None => vec!["BaseException".into()],
                Some(class) => {
                    let value = self.quietly(class);
                    class_names(&value)
                }
            })
            .collect()
    }

    /// The value of an expression, without its effects.
    pub(super) fn quietly(&mut self, expression: &Expr) -> Value {
        let events = self.out.events.len();
        let (maybe, pending, risks) = (self.maybe, self.pending, self.risks);
        let value = self.eval(expression).unwrap_or(Value::Unknown);
        self.out.events.truncate(events);
        (self.maybe, self.pending, self.risks) = (maybe, pending, risks);
        value
    }

    fn handler_takes(&mut self, handler: &Handler, exception: &Value) -> Option<bool> {
        let Some(class) = &handler.class else { return Some(true) };
        let class = self.quietly(class);
        is_subclass(&exception_class(exception), &class)
    }

    pub(super) fn with(&mut self, items: &[(Expr, Option<Expr>)], body: &[Stmt]) -> Eval<Flow> {
        let Some(((context, target), rest)) = items.split_first() else {
            return Ok(self.block(body));
        };
        let value = if let Some(Resume::With(value)) = self.resume_point() {
            value
        } else {
            let value = self.eval(context)?;
            let entered = self.enter(&value, context.span)?;
            if let Some(target) = target {
                self.assign(target, entered)?;
            }
            value
        };
        let raising = std::mem::take(&mut self.raising);
        let swallows = builtins::suppressed(&value);
        let flow = if let Some(classes) = &swallows {
            let catches: Arc<[Name]> = classes.iter().flat_map(class_names).collect();
            self.guarded(Guard::Try { catches }, |this| this.with_rest(rest, body))
        } else {
            let sees = u32::from(matches!(value, Value::Instance(..) | Value::Object(_)));
            self.catchers += sees;
            self.swallowers += sees;
            let flow = self.with_rest(rest, body);
            self.swallowers -= sees;
            self.catchers -= sees;
            flow
        };
        let raised = std::mem::replace(&mut self.raising, raising);
        if flow.has(Flow::PAUSE) {
            self.pause(Resume::With(value));
            return Ok(flow);
        }
        if flow == Flow::EXIT {
            return Ok(flow);
        }
        let swallowed = match swallows {
            Some(classes) => {
                let all = raised.iter().all(|exception| {
                    let class = exception_class(exception);
                    classes.iter().any(|caught| is_subclass(&class, caught) != Some(false))
                });
                Some(all)
            }
            None => self.leave(&value, flow, &raised, context.span)?,
        };
        if !flow.has(Flow::RAISE) {
            return Ok(flow);
        }
        Ok(match swallowed {
            Some(true) => flow.without(Flow::RAISE) | Flow::NEXT,
            Some(false) => {
                self.raising.extend(raised);
                flow
            }
            None => {
                self.raising.extend(raised);
                flow | Flow::NEXT
            }
        })
    }

    fn with_rest(&mut self, rest: &[(Expr, Option<Expr>)], body: &[Stmt]) -> Flow {
        let flow = self.deeper(Ok(Flow::NEXT), |this| this.with(rest, body));
        self.settle(flow)
    }

    /// Enters a context manager.
    pub(super) fn enter(&mut self, value: &Value, span: Span) -> Eval<Value> {
        match value {
            Value::Instance(class, _) => {
                for hook in ["__enter__", "__aenter__"] {
                    if self.class_attribute(class, hook).is_some() {
                        let entered = self.special(value, hook, Vec::new(), span)?;
                        return self.awaited(entered.unwrap_or(Value::Unknown));
                    }
                }
                Ok(value.clone())
            }
            // `@contextmanager`: up to the generator's `yield`.
            Value::Object(_) => self.next(value, Sent::Value(Value::None)),
            Value::External(external) => Ok(builtins::null_context(external)
                .or_else(|| builtins::closing(value))
                .unwrap_or_else(|| value.clone())),
            other => Ok(other.clone()),
        }
    }

    /// Leaves a context manager by `flow`; whether it swallows what was raised, where that is
    /// settled.
    fn leave(
        &mut self,
        value: &Value,
        flow: Flow,
        raised: &[Value],
        span: Span,
    ) -> Eval<Option<bool>> {
        let exception = match raised {
            [one] if flow == Flow::RAISE => Some(one.clone()),
            _ if flow == Flow::RAISE => Some(Value::Unknown),
            _ => None,
        };
        match value {
            Value::Instance(class, _) => {
                let hook = ["__exit__", "__aexit__"]
                    .into_iter()
                    .find(|hook| self.class_attribute(class, hook).is_some());
                let Some(hook) = hook else { return Ok(Some(false)) };
                let arguments = match (exception, flow.has(Flow::RAISE)) {
                    (Some(exception), _) => {
                        vec![exception_class(&exception), exception, Value::Unknown]
                    }
                    (None, true) => vec![Value::Unknown; 3],
                    (None, false) => vec![Value::None; 3],
                };
                let answer = self.special(value, hook, arguments, span)?;
                let answer = self.awaited(answer.unwrap_or(Value::Unknown))?;
                self.truth(&answer)
            }
            Value::Object(_) => {
                if let Some(exception) = exception {
                    return match self.advance_with(value, Sent::Raise(exception.clone())) {
                        Ok(_) => Ok(Some(true)),
                        Err(Stop::Raise(other)) if other == exception => Ok(Some(false)),
                        Err(stop) => Err(stop),
                    };
                }
                if !flow.has(Flow::RAISE) {
                    self.advance(value)?;
                    return Ok(Some(false));
                }
                // It is left in one way or the other, and may swallow what it sees.
                let exception = raised.iter().cloned().reduce(Value::or).unwrap_or(Value::Unknown);
                let mut swallowed = Ok(Some(false));
                let mark = self.fork();
                self.under(None, |this| {
                    swallowed = match this.advance_with(value, Sent::Raise(exception.clone())) {
                        Ok(_) => Ok(None),
                        Err(Stop::Raise(other)) if other == exception => Ok(Some(false)),
                        Err(stop) => Err(stop),
                    };
                });
                let seen = self.take_back(mark);
                let mark = self.fork();
                self.under(None, |this| {
                    let _ = this.advance(value);
                });
                let passed = self.take_back(mark);
                self.join(vec![passed, seen]);
                swallowed.or(Ok(None))
            }
            other => {
                if let Some(thing) = builtins::closing(other) {
                    let close = self.attribute(&thing, &"close".into(), span)?;
                    let place = self.place(span);
                    self.call_with(&close, Vec::new(), place)?;
                }
                if let Some(stack) = builtins::stacked(other) {
                    return self.unwind(&stack, flow, raised, span);
                }
                Ok(Some(false))
            }
        }
    }

    /// Leaves what an `ExitStack` holds, the last first.
    fn unwind(
        &mut self,
        stack: &Value,
        flow: Flow,
        raised: &[Value],
        span: Span,
    ) -> Eval<Option<bool>> {
        let (entries, _) = self.elements(stack)?;
        let (mut flow, mut swallowed) = (flow, Some(false));
        let place = self.place(span);
        for entry in entries.iter().rev() {
            match entry {
                Value::Partial(partial) => {
                    self.call(&partial.callee, partial.arguments.clone(), place)?;
                }
                manager => match self.leave(manager, flow, raised, span)? {
                    Some(true) if flow.has(Flow::RAISE) => {
                        flow = Flow::NEXT;
                        swallowed = Some(true);
                    }
                    None if flow.has(Flow::RAISE) => swallowed = None,
                    _ => {}
                },
            }
        }
        Ok(swallowed)
    }

    // What Python itself raises

    /// Whether something is about to catch this exception of Python's own. Where nothing is, it is
    /// likelier that too little was understood than that the program fails there.
    pub(super) fn catches(&self, name: &str) -> bool {
        self.swallowers > 0 || self.expects(name)
    }

    /// Whether a handler is written for this exception.
    pub(super) fn expects(&self, name: &str) -> bool {
        let lineage = super::classes::exception_lineage(name).unwrap_or(&["BaseException"]);
        self.guards.iter().any(|guard| match guard {
            Guard::Try { catches } => {
                catches.iter().any(|caught| &**caught == "?" || lineage.contains(&&**caught))
            }
            _ => false,
        })
    }

    /// Python raises this on some ways, if something is there to catch it.
    pub(super) fn perhaps_raise_builtin(&mut self, name: &str) {
        if self.catches(name) {
            self.raising.push(Value::external(&format!("builtins.{name}")));
            self.may_leave(Flow::RAISE);
        }
    }

    /// Python raises this, if something is there to catch it.
    pub(super) fn raise_builtin(&mut self, name: &str) -> Eval<Value> {
        if self.catches(name) {
            Err(Stop::Raise(Value::external(&format!("builtins.{name}"))))
        } else {
            Ok(Value::Unknown)
        }
    }

    /// What `raise` raises: of a class, an instance.
    pub(super) fn made_exception(&mut self, exception: Value, span: Span) -> Eval<Value> {
        match &exception {
            Value::Class(class) => {
                let place = self.place(span);
                self.instantiate(class, crate::value::Arguments::default(), place)
            }
            _ => Ok(exception),
        }
    }
}

/// Which handler takes an exception.
enum Taken<'h> {
    By(usize, &'h Handler),
    ByNone,
    /// That is not settled.
    Perhaps,
}

fn caught_by(names: &[Vec<Name>]) -> Arc<[Name]> {
    let mut names: Vec<Name> = names.iter().flatten().cloned().collect();
    names.sort();
    names.dedup();
    names.into()
}

/// Whether a `finally` ends elsewhere than where control was going, whatever was raised.
fn leaves_otherwise(block: &[Stmt]) -> bool {
    block.iter().any(|statement| match &statement.kind {
        StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue => true,
        StmtKind::If { arms, orelse } => {
            arms.iter().any(|(_, body)| leaves_otherwise(body)) || leaves_otherwise(orelse)
        }
        StmtKind::With { body, .. } => leaves_otherwise(body),
        _ => false,
    })
}

fn either_of(one: Option<Value>, other: Option<Value>) -> Option<Value> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.or(other)),
        (one, other) => one.or(other),
    }
}

/// The names of the classes that an `except` takes.
fn class_names(class: &Value) -> Vec<Name> {
    match class {
        Value::External(external) => {
            let path = external.path();
            vec![path.strip_prefix("builtins.").unwrap_or(&path).into()]
        }
        Value::Class(class) => vec![Arc::clone(&class.qualname)],
        Value::Tuple(classes) | Value::OneOf(classes) => {
            classes.iter().flat_map(class_names).collect()
        }
        _ => vec!["?".into()],
    }
}

fn is_import_error(name: &str) -> bool {
    matches!(name, "ImportError" | "ModuleNotFoundError")
}

/// The class of an exception that is raised as a class or as an instance.
pub(super) fn exception_class(exception: &Value) -> Value {
    match exception {
        Value::Instance(class, _) => Value::Class(Arc::clone(class)),
        Value::External(external) => match &**external {
            External::Call { callee, .. } => Value::External(Arc::clone(callee)),
            External::Instance { class, .. } => Value::Class(Arc::clone(class)),
            _ => exception.clone(),
        },
        other => other.clone(),
    }
}
