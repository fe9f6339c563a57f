//! Statements: what runs after what, and how surely.

use std::sync::Arc;

use super::heap::Content;
use super::{Branch, Eval, Flow, Interpreter, Stop, fold};
use crate::syntax::{BinOp, Case, Expr, ExprKind, Name, Pattern, Stmt, StmtKind};
use crate::value::{External, Operator, Value};
use crate::world::{Guard, World};

impl<W: World> Interpreter<'_, W> {
    /// Runs statements in order. Certainty is what it was when they are done: whoever runs a block
    /// looks at the ways out to decide how sure what follows is.
    pub(super) fn block(&mut self, body: &[Stmt]) -> Flow {
        let before = self.maybe;
        let around = (self.guard, self.guards.len());
        let mut ways = Flow::NONE;
        let mut ended = false;
        for statement in body {
            self.passed.clear();
            let flow = self.statement(statement);
            for guard in std::mem::take(&mut self.passed) {
                self.guard_from_here(guard);
            }
            ways |= flow.without(Flow::NEXT);
            if flow.ends() {
                ended = true;
                break;
            }
            if flow != Flow::NEXT && self.maybe == before {
                // Control may already have left.
                self.maybe += 1;
            }
        }
        self.maybe = before;
        self.leave_guards(around);
        if ended { ways } else { ways | Flow::NEXT }
    }

    fn statement(&mut self, statement: &Stmt) -> Flow {
        let flow = self.deeper(Flow::NEXT, |this| match this.execute(statement) {
            Ok(flow) => flow,
            Err(Stop::Raise(exception)) => {
                this.raising.push(exception);
                Flow::RAISE
            }
            Err(Stop::Exit) => Flow::EXIT,
        });
        let flow = flow | self.pending;
        self.pending = Flow::NONE;
        if self.steps > self.limits.steps { Flow::EXIT } else { flow }
    }

    fn execute(&mut self, statement: &Stmt) -> Eval<Flow> {
        match &statement.kind {
            StmtKind::Expr(expression) => {
                self.eval(expression)?;
            }
            StmtKind::Assign { targets, value } => {
                let value = self.eval(value)?;
                for target in targets {
                    self.assign(target, value.clone())?;
                }
            }
            StmtKind::AugAssign { target, op, value } => self.augmented(target, *op, value)?,
            StmtKind::AnnAssign { target, annotation, value } => {
                if self.frame().function.is_none() {
                    self.annotation(annotation)?;
                }
                if let Some(value) = value {
                    let value = self.eval(value)?;
                    self.assign(target, value)?;
                } else if self.frame().is_class
                    && let ExprKind::Name(name) = &target.kind
                {
                    self.declare_field(name);
                }
            }
            StmtKind::Import(aliases) => {
                for alias in aliases {
                    let span = if aliases.len() == 1 { statement.span } else { alias.span };
                    self.import(alias, span)?;
                }
            }
            StmtKind::ImportFrom { level, module, names, .. } => {
                self.import_from(*level, module.as_ref(), names, statement.span)?;
            }
            StmtKind::Function(def) => {
                let value = self.define(def)?;
                self.bind(&def.name, value);
            }
            StmtKind::Class(def) => {
                let value = self.define_class(def)?;
                self.bind(&def.name, value);
            }
            StmtKind::If { arms, orelse } => return self.branch(arms, orelse),
            StmtKind::For { target, iter, body, orelse } => {
                let iter = self.eval(iter)?;
                return self.for_loop(target, &iter, body, orelse);
            }
            StmtKind::While { test, body, orelse } => return self.while_loop(test, body, orelse),
            StmtKind::Try { body, handlers, orelse, finally } => {
                return Ok(self.try_statement(body, handlers, orelse, finally));
            }
            StmtKind::With { items, body } => return self.with(items, body),
            StmtKind::Match { subject, cases } => {
                let subject = self.eval(subject)?;
                return self.match_cases(&subject, cases);
            }
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value)?,
                    None => Value::None,
                };
                let frame = self.frame_mut();
                frame.returned = Some(match frame.returned.take() {
                    Some(other) => other.or(value),
                    None => value,
                });
                return Ok(Flow::RETURN);
            }
            StmtKind::Raise { exception, cause } => {
                let exception = match exception {
                    Some(exception) => self.eval(exception)?,
                    None => Value::Unknown,
                };
                if let Some(cause) = cause {
                    self.eval(cause)?;
                }
                self.give_up(statement.span);
                return Err(Stop::Raise(exception));
            }
            StmtKind::Assert { test, message } => return self.assert(test, message.as_ref()),
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.delete(target)?;
                }
            }
            StmtKind::Break => return Ok(Flow::BREAK),
            StmtKind::Continue => return Ok(Flow::CONTINUE),
            // `global` and `nonlocal` are part of the function's definition.
            StmtKind::Global(_) | StmtKind::Nonlocal(_) | StmtKind::Pass => {}
        }
        Ok(Flow::NEXT)
    }

    pub(super) fn give_up(&mut self, span: crate::text::Span) {
        let place = self.place(span);
        let effects = self.ask(place, World::give_up);
        self.record(effects, place);
    }

    // Names

    pub(super) fn bind(&mut self, name: &Name, value: Value) {
        let object = self.target_of(name);
        self.heap.set(object, name, value);
    }

    /// The namespace that an assignment to `name` writes to.
    fn target_of(&self, name: &str) -> crate::value::ObjectId {
        let frame = self.frame();
        if let Some(function) = &frame.function {
            if function.def.globals.iter().any(|global| &**global == name) {
                return frame.module.names;
            }
            if function.def.nonlocals.iter().any(|outer| &**outer == name) {
                return frame
                    .scopes
                    .iter()
                    .copied()
                    .find(|scope| self.heap.get(*scope, name).is_some())
                    .unwrap_or(frame.names);
            }
        }
        frame.names
    }

    pub(super) fn assign(&mut self, target: &Expr, value: Value) -> Eval<()> {
        match &target.kind {
            ExprKind::Name(name) => self.bind(name, value),
            ExprKind::Attribute { value: object, name, .. } => {
                let object = self.eval(object)?;
                self.set_attribute(&object, name, &value, target.span);
            }
            ExprKind::Subscript { value: object, index } => {
                let object = self.eval(object)?;
                let index = self.eval(index)?;
                self.set_item(&object, &index, value, target.span);
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                self.unpack(targets, &value)?;
            }
            ExprKind::Starred(target) => self.assign(target, value)?,
            _ => {}
        }
        Ok(())
    }

    fn unpack(&mut self, targets: &[Expr], value: &Value) -> Eval<()> {
        let (items, open) = self.elements(value);
        let star = targets.iter().position(|target| matches!(target.kind, ExprKind::Starred(_)));
        let fits = !open
            && match star {
                Some(_) => items.len() + 1 >= targets.len(),
                None => items.len() == targets.len(),
            };
        for (index, target) in targets.iter().enumerate() {
            let part = if !fits {
                match value.as_external() {
                    Some(external) => element_of(external),
                    None => Value::Unknown,
                }
            } else if let Some(star) = star {
                let after = targets.len() - star - 1;
                match index.cmp(&star) {
                    std::cmp::Ordering::Less => items[index].clone(),
                    std::cmp::Ordering::Equal => {
                        self.list(items[star..items.len() - after].to_vec(), false)
                    }
                    std::cmp::Ordering::Greater => {
                        items[items.len() - (targets.len() - index)].clone()
                    }
                }
            } else {
                items[index].clone()
            };
            self.assign(target, part)?;
        }
        Ok(())
    }

    fn augmented(&mut self, target: &Expr, op: BinOp, value: &Expr) -> Eval<()> {
        let left = self.eval(target)?;
        let right = self.eval(value)?;
        // `list += …` changes the list itself.
        if let (Value::Object(object), BinOp::Add) = (&left, op)
            && let Content::Items { items, open } = self.heap.content(*object).clone()
        {
            let (more, more_open) = self.elements(&right);
            let items = items.iter().cloned().chain(more).collect();
            let content = Content::Items { items: Arc::new(items), open: open || more_open };
            self.heap.set_content(*object, content);
            return Ok(());
        }
        let result = self.binary(&left, op, &right, target.span.to(value.span));
        self.assign(target, result)
    }

    fn delete(&mut self, target: &Expr) -> Eval<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                let object = self.target_of(name);
                self.heap.put(object, name, None);
            }
            ExprKind::Attribute { value, name, .. } => match self.eval(value)? {
                Value::Instance(_, object) | Value::Module(_, object) => {
                    self.heap.put(object, name, None);
                }
                _ => {}
            },
            ExprKind::Subscript { value, index } => {
                let object = self.eval(value)?;
                let index = self.eval(index)?;
                self.delete_item(&object, &index);
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                for target in targets {
                    self.delete(target)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    // Conditions

    /// Follows both branches of something the text does not settle, and joins what they leave.
    /// The ways out of both are possible afterwards.
    fn either(&mut self, branches: [(Guard, Body<'_, Self>); 2]) -> Flow {
        let mut ways = Flow::NONE;
        let mut branches_taken = Vec::new();
        let mut passed = Vec::new();
        let mut goes_on = 0;
        for (guard, body) in branches {
            self.passed.clear();
            let mark = self.fork();
            let flow = self.under(Some(guard.clone()), |this| body(this));
            // Of an `elif`, the branch may have passed conditions itself.
            let within = std::mem::take(&mut self.passed);
            if !flow.ends() {
                goes_on += 1;
                passed = within;
                passed.extend(guard.passed());
            }
            let mut branch = self.take_back(mark);
            ways |= flow;
            if flow.ends() && !flow.has(Flow::BREAK | Flow::CONTINUE) {
                if flow.has(Flow::RETURN) {
                    branch.leaves(self.frame());
                } else if !self.catching() {
                    // The branch ends the program: nothing it did is ever seen again.
                    continue;
                }
            }
            branches_taken.push(branch);
        }
        self.join(branches_taken);
        if goes_on == 1 {
            self.passed = passed;
        }
        ways
    }

    fn catching(&self) -> bool {
        self.guards.iter().any(|guard| matches!(guard, Guard::Try { .. }))
    }

    fn branch(&mut self, arms: &[(Expr, Vec<Stmt>)], orelse: &[Stmt]) -> Eval<Flow> {
        let Some(((test, body), rest)) = arms.split_first() else {
            return Ok(self.block(orelse));
        };
        let value = self.eval(test)?;
        match self.truth(&value) {
            Some(true) => Ok(self.block(body)),
            Some(false) => self.deeper(Ok(Flow::NEXT), |this| this.branch(rest, orelse)),
            None => {
                let place = self.place(test.span);
                let test = self.frozen(&value);
                let guard = |holds| Guard::Condition { test: test.clone(), holds, place };
                Ok(self.either([
                    (guard(true), &mut |this| this.block(body)),
                    (guard(false), &mut |this| {
                        this.deeper(Flow::NEXT, |this| {
                            let flow = this.branch(rest, orelse);
                            this.settle(flow)
                        })
                    }),
                ]))
            }
        }
    }

    /// A way out, where evaluation may have stopped.
    pub(super) fn settle(&mut self, flow: Eval<Flow>) -> Flow {
        let flow = match flow {
            Ok(flow) => flow,
            Err(Stop::Raise(exception)) => {
                self.raising.push(exception);
                Flow::RAISE
            }
            Err(Stop::Exit) => Flow::EXIT,
        };
        let flow = flow | self.pending;
        self.pending = Flow::NONE;
        flow
    }

    fn assert(&mut self, test: &Expr, message: Option<&Expr>) -> Eval<Flow> {
        let value = self.eval(test)?;
        match self.truth(&value) {
            Some(true) => Ok(Flow::NEXT),
            Some(false) => {
                if let Some(message) = message {
                    self.eval(message)?;
                }
                self.give_up(test.span);
                Err(Stop::Raise(Value::external("builtins.AssertionError")))
            }
            None => {
                let test_value = self.frozen(&value);
                let place = self.place(test.span);
                let guard = |holds| Guard::Condition { test: test_value.clone(), holds, place };
                let passed = guard(true).passed();
                self.under(Some(guard(false)), |this| {
                    if let Some(message) = message {
                        let _ = this.eval(message);
                    }
                    this.give_up(test.span);
                });
                self.raising.push(Value::external("builtins.AssertionError"));
                self.passed.extend(passed);
                Ok(Flow::NEXT | Flow::RAISE)
            }
        }
    }

    fn match_cases(&mut self, subject: &Value, cases: &[Case]) -> Eval<Flow> {
        let Some((case, rest)) = cases.split_first() else { return Ok(Flow::NEXT) };
        let mut settled = self.matches(&case.pattern, subject);
        let mut test = Value::Unknown;
        if settled != Some(false)
            && let Some(guard) = &case.guard
        {
            test = self.eval(guard)?;
            settled = match (settled, self.truth(&test)) {
                (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        match settled {
            Some(true) => Ok(self.block(&case.body)),
            Some(false) => self.deeper(Ok(Flow::NEXT), |this| this.match_cases(subject, rest)),
            None => {
                let span = case.body.first().map_or(crate::text::Span::empty(0), |s| s.span);
                let place = self.place(span);
                let test = self.frozen(&test);
                let guard = |holds| Guard::Condition { test: test.clone(), holds, place };
                Ok(self.either([
                    (guard(true), &mut |this| this.block(&case.body)),
                    (guard(false), &mut |this| {
                        let flow =
                            this.deeper(Ok(Flow::NEXT), |this| this.match_cases(subject, rest));
                        this.settle(flow)
                    }),
                ]))
            }
        }
    }

    /// Whether `pattern` matches, binding what it binds.
    fn matches(&mut self, pattern: &Pattern, subject: &Value) -> Option<bool> {
        match pattern {
            Pattern::Capture(name) => {
                if let Some(name) = name {
                    self.bind(name, subject.clone());
                }
                Some(true)
            }
            Pattern::Value(value) => {
                let value = self.eval(value).ok()?;
                fold::compare(subject, crate::syntax::CompareOp::Eq, &value)
            }
            Pattern::Or(patterns) => {
                let mut sure = true;
                for pattern in patterns {
                    match self.matches(pattern, subject) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => sure = false,
                    }
                }
                sure.then_some(false)
            }
            Pattern::Other(names) => {
                for name in names {
                    self.bind(name, Value::Unknown);
                }
                None
            }
        }
    }

    // Loops

    fn for_loop(
        &mut self,
        target: &Expr,
        iter: &Value,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Eval<Flow> {
        self.operate(Operator::Element, std::slice::from_ref(iter), target.span);
        let (items, open) = self.elements(iter);
        let mut ways = Flow::NONE;
        let before = self.maybe;
        let mut broke = false;
        for item in items.into_iter().take(self.limits.turns) {
            self.assign(target, item)?;
            let flow = self.block(body);
            ways |= flow.without(Flow::NEXT | Flow::CONTINUE | Flow::BREAK);
            if !flow.has(Flow::NEXT | Flow::CONTINUE) {
                broke = true;
                if flow.has(Flow::BREAK) {
                    ways |= Flow::NEXT;
                }
                break;
            }
            if flow.has(Flow::BREAK) {
                ways |= Flow::NEXT;
            }
            if flow.has(Flow::BREAK | Flow::RETURN | Flow::RAISE | Flow::EXIT) {
                self.maybe = before + 1;
            }
        }
        if !broke && open {
            let element = match iter {
                Value::External(external) => element_of(external),
                _ => Value::Unknown,
            };
            let mut assigned = Ok(());
            let flow = self.perhaps_flow(|this| {
                assigned = this.assign(target, element);
                this.block(body)
            });
            assigned?;
            ways |= flow.without(Flow::NEXT | Flow::CONTINUE | Flow::BREAK);
            if flow.has(Flow::BREAK | Flow::RETURN | Flow::RAISE | Flow::EXIT) {
                self.maybe = before + 1;
            }
            if flow.has(Flow::BREAK) {
                ways |= Flow::NEXT;
            }
        }
        if !broke {
            ways |= self.block(orelse);
        }
        self.maybe = before;
        Ok(ways)
    }

    /// Runs `work` zero or more times.
    pub(super) fn perhaps_flow(&mut self, work: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let mark = self.fork();
        let flow = self.under(None, work);
        let mut branch = self.take_back(mark);
        if flow.ends() && flow.has(Flow::RETURN) {
            branch.leaves(self.frame());
        }
        self.join(vec![branch, Branch::default()]);
        flow
    }

    fn while_loop(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Eval<Flow> {
        let before = self.maybe;
        let mut ways = Flow::NONE;
        for _ in 0..self.limits.turns {
            let value = self.eval(test)?;
            match self.truth(&value) {
                Some(true) => {
                    let flow = self.block(body);
                    ways |= flow.without(Flow::NEXT | Flow::CONTINUE | Flow::BREAK);
                    if !flow.has(Flow::NEXT | Flow::CONTINUE) {
                        if flow.has(Flow::BREAK) {
                            ways |= Flow::NEXT;
                        }
                        self.maybe = before;
                        return Ok(ways);
                    }
                    if flow.has(Flow::BREAK | Flow::RETURN | Flow::RAISE | Flow::EXIT) {
                        // A loop that an unknown condition may leave is followed for one turn.
                        ways |= Flow::NEXT;
                        self.maybe = before;
                        return Ok(ways);
                    }
                }
                Some(false) => break,
                None => {
                    let guard = Guard::Condition {
                        test: self.frozen(&value),
                        holds: true,
                        place: self.place(test.span),
                    };
                    let flow =
                        self.perhaps_flow(|this| this.guarded(guard, |this| this.block(body)));
                    ways |= flow.without(Flow::NEXT | Flow::CONTINUE | Flow::BREAK);
                    if flow.has(Flow::BREAK | Flow::RETURN | Flow::RAISE | Flow::EXIT) {
                        self.maybe = before + 1;
                    }
                    if flow.has(Flow::BREAK) {
                        ways |= Flow::NEXT;
                    }
                    break;
                }
            }
        }
        ways |= self.block(orelse);
        self.maybe = before;
        Ok(ways)
    }
}

/// What runs on one branch of a condition.
type Body<'a, I> = &'a mut dyn FnMut(&mut I) -> Flow;

fn element_of(external: &Arc<External>) -> Value {
    Value::External(Arc::new(External::Operation {
        operator: Operator::Element,
        operands: [Value::External(Arc::clone(external))].into(),
    }))
}
