//! Statements: what runs after what, and how surely.

use std::sync::Arc;

use super::heap::{Content, Resume};
use super::iteration::element_of;
use super::keys::Table;
use super::{Branch, Eval, Flow, Interpreter, Stop};
use crate::syntax::{BinOp, Expr, ExprKind, Name, Stmt, StmtKind};
use crate::text::Span;
use crate::value::Value;
use crate::world::{Guard, World};

impl<W: World> Interpreter<'_, W> {
    /// Runs statements in order. Certainty is what it was when they are done: whoever runs a block
    /// looks at the ways out to decide how sure what follows is.
    pub(super) fn block(&mut self, body: &[Stmt]) -> Flow {
        let before = self.maybe;
        let around = (self.guard, self.guards.len());
        let mut ways = Flow::NONE;
        let mut ended = false;
        // Where control may have left, with the ways by which: what comes after may not happen.
        let mut left: Vec<((usize, usize), Flow)> = Vec::new();
        let start = match self.resume_point() {
            Some(Resume::Statement(index)) => index,
            _ => 0,
        };
        for (index, statement) in body.iter().enumerate().skip(start) {
            self.passed.clear();
            let flow = self.statement(statement);
            for guard in std::mem::take(&mut self.passed) {
                self.guard_from_here(guard);
            }
            ways |= flow.without(Flow::NEXT);
            if flow.has(Flow::PAUSE) {
                self.pause(Resume::Statement(index));
            }
            if flow.ends() {
                ended = true;
                break;
            }
            if flow != Flow::NEXT && index + 1 < body.len() {
                self.maybe = before + 1;
                left.push((self.fork(), flow.without(Flow::NEXT)));
            }
        }
        for (mark, flow) in left.into_iter().rev() {
            self.join_rest(mark, flow);
        }
        self.maybe = before;
        self.leave_guards(around);
        if ended { ways } else { ways | Flow::NEXT }
    }

    fn statement(&mut self, statement: &Stmt) -> Flow {
        let before = self.maybe;
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
        self.maybe = before;
        if self.steps > self.limits.steps { Flow::EXIT } else { flow }
    }

    /// Assigns what a statement's own expression is worth; whether the generator pauses there.
    fn assign_all<'t>(
        &mut self,
        targets: impl IntoIterator<Item = &'t Expr>,
        value: &Expr,
    ) -> Eval<Flow> {
        let Some(value) = self.eval_or_pause(value)? else { return Ok(Flow::PAUSE) };
        for target in targets {
            self.assign(target, value.clone())?;
        }
        Ok(Flow::NEXT)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each statement")]
    fn execute(&mut self, statement: &Stmt) -> Eval<Flow> {
        match &statement.kind {
            StmtKind::Expr(expression) => {
                if self.eval_or_pause(expression)?.is_none() {
                    return Ok(Flow::PAUSE);
                }
            }
            StmtKind::Assign { targets, value } => return self.assign_all(targets, value),
            StmtKind::AugAssign { target, op, value } => self.augmented(target, *op, value)?,
            StmtKind::AnnAssign { target, annotation, value } => {
                if let Some(value) = value {
                    let flow = self.assign_all([&**target], value)?;
                    if flow != Flow::NEXT {
                        return Ok(flow);
                    }
                }
                if self.frame().function.is_none() {
                    self.annotation(annotation)?;
                }
                if self.frame().is_class
                    && let ExprKind::Name(name) = &target.kind
                    && !is_class_variable(annotation)
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
            StmtKind::If { arms, orelse } => {
                if let Some(Resume::Arm(index)) = self.resume_point() {
                    let body = arms.get(index).map_or(orelse, |(_, body)| body);
                    return Ok(self.arm(body, index));
                }
                return self.branch(arms, orelse, 0);
            }
            StmtKind::For { target, iter, body, orelse } => {
                return self.for_loop(target, iter, body, orelse);
            }
            StmtKind::While { test, body, orelse } => return self.while_loop(test, body, orelse),
            StmtKind::Try { body, handlers, orelse, finally } => {
                return Ok(self.try_statement(body, handlers, orelse, finally));
            }
            StmtKind::With { items, body } => return self.with(items, body),
            StmtKind::Match { subject, cases } => {
                if let Some(Resume::Arm(index)) = self.resume_point() {
                    return Ok(cases
                        .get(index)
                        .map_or(Flow::NEXT, |case| self.case_body(case, index)));
                }
                let subject = self.eval(subject)?;
                return self.match_cases(&subject, cases, 0);
            }
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => match self.eval_or_pause(value)? {
                        Some(value) => value,
                        None => return Ok(Flow::PAUSE),
                    },
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
                    // What is being handled is raised again.
                    None => self.handling.last().cloned().unwrap_or(Value::Unknown),
                };
                if let Some(cause) = cause {
                    self.eval(cause)?;
                }
                self.give_up(statement.span);
                return Err(Stop::Raise(self.made_exception(exception, statement.span)?));
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

    pub(super) fn give_up(&mut self, span: Span) {
        let place = self.place(span);
        let effects = self.ask(place, World::give_up);
        self.record(effects, place);
    }

    // Names

    pub(super) fn bind(&mut self, name: &Name, value: Value) {
        let function = self.frame().function.as_ref();
        if function.is_some_and(|function| function.def.is_global(name)) {
            self.note_global(name, self.here(), true);
        }
        let object = self.target_of(name);
        self.heap.set(object, name, value);
    }

    pub(super) fn unbind(&mut self, name: &Name) {
        let object = self.target_of(name);
        self.heap.put(object, name, None);
    }

    /// The namespace that an assignment to `name` writes to.
    fn target_of(&self, name: &str) -> crate::value::ObjectId {
        let frame = self.frame();
        if let Some(function) = &frame.function {
            if function.def.is_global(name) {
                return frame.module.names;
            }
            if function.def.is_nonlocal(name) {
                return frame
                    .scopes
                    .iter()
                    .find(|scope| scope.binds(name))
                    .map_or(frame.names, |scope| scope.names);
            }
        }
        frame.names
    }

    pub(super) fn assign(&mut self, target: &Expr, value: Value) -> Eval<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.frame_mut().at = target.span;
                self.bind(name, value);
            }
            ExprKind::Attribute { value: object, name, .. } => {
                let object = self.eval(object)?;
                self.set_attribute(&object, name, &value, target.span)?;
            }
            ExprKind::Subscript { value: object, index } => {
                let object = self.eval(object)?;
                if let (ExprKind::Slice(parts), Value::Object(_)) = (&index.kind, &object) {
                    let bounds = self.bounds(parts)?;
                    return self.set_slice(&object, &bounds, &value);
                }
                let index = self.eval(index)?;
                self.set_item(&object, &index, value, target.span)?;
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
        let (items, open) = self.elements(value)?;
        let star = targets.iter().position(|target| matches!(target.kind, ExprKind::Starred(_)));
        let fits = !open
            && match star {
                Some(_) => items.len() + 1 >= targets.len(),
                None => items.len() == targets.len(),
            };
        if !fits && !open && self.catches("ValueError") {
            self.raise_builtin("ValueError")?;
        }
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

    /// `target op= value`: what stands in the target is evaluated once.
    fn augmented(&mut self, target: &Expr, op: BinOp, value: &Expr) -> Eval<()> {
        let span = target.span.to(value.span);
        match &target.kind {
            ExprKind::Attribute { value: object, name, .. } => {
                let object = self.eval(object)?;
                let left = self.attribute(&object, name, target.span)?;
                let right = self.eval(value)?;
                let result = self.in_place(&left, op, &right, span)?;
                self.set_attribute(&object, name, &result, target.span)
            }
            ExprKind::Subscript { value: object, index } => {
                let object = self.eval(object)?;
                let index = self.eval(index)?;
                let left = self.item(&object, &index, target.span)?;
                let right = self.eval(value)?;
                let result = self.in_place(&left, op, &right, span)?;
                self.set_item(&object, &index, result, target.span)
            }
            _ => {
                let left = self.eval(target)?;
                let right = self.eval(value)?;
                let result = self.in_place(&left, op, &right, span)?;
                self.assign(target, result)
            }
        }
    }

    fn in_place(&mut self, left: &Value, op: BinOp, right: &Value, span: Span) -> Eval<Value> {
        // `list += …` and `set |= …` change the object itself.
        if let (Value::Object(object), BinOp::Add) = (left, op)
            && let Content::Items { is_set: false, .. } = self.heap.content(*object)
        {
            let (more, more_open) = self.elements(right)?;
            self.extend(*object, more, more_open);
            return Ok(left.clone());
        }
        if let Value::Object(object) = left
            && let Content::Items { items, open, is_set: true } = self.heap.content(*object).clone()
        {
            let (more, more_open) = self.elements(right)?;
            let changed = match op {
                BinOp::Add | BinOp::BitOr => {
                    super::keys::unique(items.iter().cloned().chain(more).collect())
                }
                _ => return self.binary(left, op, right, span),
            };
            let open = open || more_open;
            let content = Content::Items { items: Arc::new(changed), open, is_set: true };
            self.heap.set_content(*object, content);
            return Ok(left.clone());
        }
        if let (Value::Object(object), BinOp::BitOr) = (left, op)
            && let Content::Pairs { pairs, open } = self.heap.content(*object).clone()
        {
            let mut table = Table::of(pairs.to_vec());
            let more = self.pairs_of(right);
            let open = open || more.is_none();
            for (key, slot) in more.unwrap_or_default() {
                table.insert(key, slot);
            }
            let pairs = Arc::new(table.into_entries());
            self.heap.set_content(*object, Content::Pairs { pairs, open });
            return Ok(left.clone());
        }
        if op == BinOp::Add
            && let Some(value) = self.special(left, "__iadd__", vec![right.clone()], span)?
        {
            return Ok(value);
        }
        self.binary(left, op, right, span)
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
                Value::Class(class) => self.heap.put(class.namespace, name, None),
                _ => {}
            },
            ExprKind::Subscript { value, index } => {
                let object = self.eval(value)?;
                if let (ExprKind::Slice(parts), Value::Object(_)) = (&index.kind, &object) {
                    let bounds = self.bounds(parts)?;
                    return self.set_slice(&object, &bounds, &Value::Tuple(Arc::from([])));
                }
                let index = self.eval(index)?;
                self.delete_item(&object, &index, target.span)?;
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
    pub(super) fn either(&mut self, branches: [(Guard, Body<'_, Self>); 2]) -> Flow {
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
                let seen = flow.has(Flow::RAISE) && self.catching();
                if !seen && flow.has(Flow::RETURN) {
                    branch.leaves(self.frame());
                } else if !seen {
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

    /// Whether what is raised here is seen by something before it ends the program.
    pub(super) fn catching(&self) -> bool {
        self.catchers > 0 || self.guards.iter().any(|guard| matches!(guard, Guard::Try { .. }))
    }

    /// `if` from its arm `index` on.
    fn branch(&mut self, arms: &[(Expr, Vec<Stmt>)], orelse: &[Stmt], index: usize) -> Eval<Flow> {
        for (arm, (test, body)) in arms.iter().enumerate() {
            let value = self.eval(test)?;
            match self.truth(&value)? {
                Some(true) => return Ok(self.arm(body, index + arm)),
                // A ladder of what does not hold is long, not deep.
                Some(false) => self.steps += 1,
                None => {
                    let place = self.place(test.span);
                    let test = self.frozen(&value);
                    let guard = |holds| Guard::Condition { test: test.clone(), holds, place };
                    return Ok(self.either([
                        (guard(true), &mut |this| this.block(body)),
                        (guard(false), &mut |this| {
                            this.deeper(Flow::NEXT, |this| {
                                let flow = this.branch(&arms[arm + 1..], orelse, index + arm + 1);
                                this.settle(flow)
                            })
                        }),
                    ]));
                }
            }
        }
        Ok(self.arm(orelse, index + arms.len()))
    }

    fn arm(&mut self, body: &[Stmt], index: usize) -> Flow {
        let flow = self.block(body);
        if flow.has(Flow::PAUSE) {
            self.pause(Resume::Arm(index));
        }
        flow
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
        match self.truth(&value)? {
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

    /// Runs `work` zero or more times.
    pub(super) fn perhaps_flow(&mut self, work: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let mark = self.fork();
        let flow = self.under(None, work);
        let mut branch = self.take_back(mark);
        let mut branches = vec![Branch::default()];
        let seen = flow.has(Flow::RAISE) && self.catching();
        if !flow.ends() || flow.has(Flow::BREAK | Flow::CONTINUE) || seen {
            branches.insert(0, branch);
        } else if flow.has(Flow::RETURN) {
            branch.leaves(self.frame());
            branches.insert(0, branch);
        }
        self.join(branches);
        flow | Flow::NEXT
    }
}

/// What runs on one branch of a condition.
pub(super) type Body<'a, I> = &'a mut dyn FnMut(&mut I) -> Flow;

/// `ClassVar[…]`, which is no field.
fn is_class_variable(annotation: &Expr) -> bool {
    let name = match &annotation.kind {
        ExprKind::Subscript { value, .. } => &value.kind,
        other => other,
    };
    matches!(name, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if &**name == "ClassVar")
}
