//! `try` and `with`: which handler runs, and how surely.

use std::sync::Arc;

use super::classes::is_subclass;
use super::{Eval, Flow, Interpreter, builtins};
use crate::syntax::{Expr, Handler, Name, Stmt};
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
        let flow = self.try_except(body, handlers, orelse);
        if finally.is_empty() {
            return flow;
        }
        let after = self.block(finally);
        if after.ends() { after } else { flow | after.without(Flow::NEXT) }
    }

    fn try_except(&mut self, body: &[Stmt], handlers: &[Handler], orelse: &[Stmt]) -> Flow {
        if handlers.is_empty() {
            let flow = self.block(body);
            return if flow.has(Flow::NEXT) {
                self.then(flow, |this| this.block(orelse))
            } else {
                flow
            };
        }
        let catches = self.caught_by(handlers);
        let risks = self.risks;
        let raising = std::mem::take(&mut self.raising);
        let flow = self.guarded(Guard::Try { catches }, |this| this.block(body));
        let raised = std::mem::replace(&mut self.raising, raising);
        let mut ways = flow.without(Flow::RAISE);
        if flow.has(Flow::NEXT) {
            ways = self.then(ways, |this| this.block(orelse));
        }
        if flow.has(Flow::RAISE) {
            // The program itself raises: the first handler that takes an exception runs.
            let sure = flow == Flow::RAISE && raised.len() == 1;
            let mut left = if raised.is_empty() { vec![Value::Unknown] } else { raised };
            for handler in handlers {
                let answers: Vec<Option<bool>> =
                    left.iter().map(|exception| self.handler_takes(handler, exception)).collect();
                let taken = left.iter().zip(&answers).filter(|(_, takes)| **takes != Some(false));
                let Some(exception) = taken.map(|(taken, _)| taken.clone()).reduce(Value::or)
                else {
                    continue;
                };
                let certain = sure && answers == [Some(true)];
                let flow = if certain {
                    self.handler(handler, exception.clone())
                } else {
                    self.perhaps_flow(|this| this.handler(handler, exception.clone()))
                };
                ways |= flow;
                let mut answers = answers.into_iter();
                left.retain(|_| answers.next().flatten() != Some(true));
            }
            if !left.is_empty() {
                ways |= Flow::RAISE;
                self.raising.extend(left);
            }
            return if ways == Flow::NONE { Flow::NEXT } else { ways };
        }
        // Otherwise something outside the program may raise. That happens too rarely to doubt what
        // follows; the handlers are followed as what they are, a possibility.
        let imports = self.risks.imports != risks.imports;
        let others = self.risks.others != risks.others;
        for (handler, names) in handlers.iter().zip(self.names_of(handlers)) {
            let only_imports = !names.is_empty() && names.iter().all(|name| is_import_error(name));
            if imports || (others && !only_imports) {
                let flow = self.perhaps_flow(|this| this.handler(handler, Value::Unknown));
                // A handler's `return` or `raise` is as rare as its exception.
                if imports {
                    ways |= flow.without(Flow::RAISE | Flow::EXIT);
                }
            }
        }
        ways
    }

    /// Runs `work` after something that may already have left by `flow`.
    fn then(&mut self, flow: Flow, work: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let before = self.maybe;
        if flow != Flow::NEXT {
            self.maybe += 1;
        }
        let after = work(self);
        self.maybe = before;
        flow.without(Flow::NEXT) | after
    }

    fn handler(&mut self, handler: &Handler, exception: Value) -> Flow {
        self.guarded(Guard::Handler, |this| {
            if let Some(name) = &handler.name {
                this.bind(name, exception);
            }
            this.block(&handler.body)
        })
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

    fn caught_by(&mut self, handlers: &[Handler]) -> Arc<[Name]> {
        let mut names: Vec<Name> = self.names_of(handlers).into_iter().flatten().collect();
        names.sort();
        names.dedup();
        names.into()
    }

    /// The value of an expression, without its effects.
    fn quietly(&mut self, expression: &Expr) -> Value {
        let events = self.out.events.len();
        let (maybe, pending) = (self.maybe, self.pending);
        let value = self.eval(expression).unwrap_or(Value::Unknown);
        self.out.events.truncate(events);
        (self.maybe, self.pending) = (maybe, pending);
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
        let value = self.eval(context)?;
        let entered = self.enter(&value, context.span)?;
        if let Some(target) = target {
            self.assign(target, entered)?;
        }
        let suppressed = builtins::suppressed(&value);
        let flow = match suppressed {
            Some(classes) => {
                let catches: Arc<[Name]> = classes.iter().flat_map(class_names).collect();
                let raising = std::mem::take(&mut self.raising);
                let flow = self.guarded(Guard::Try { catches }, |this| {
                    let flow = this.with(rest, body);
                    this.settle(flow)
                });
                let raised = std::mem::replace(&mut self.raising, raising);
                let swallowed = raised.iter().all(|exception| {
                    let class = exception_class(exception);
                    classes.iter().any(|caught| is_subclass(&class, caught) != Some(false))
                });
                if flow.has(Flow::RAISE) && swallowed {
                    flow.without(Flow::RAISE) | Flow::NEXT
                } else {
                    self.raising.extend(raised);
                    flow
                }
            }
            None => self.deeper(Ok(Flow::NEXT), |this| this.with(rest, body))?,
        };
        self.leave(&value, context.span)?;
        Ok(flow)
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
fn exception_class(exception: &Value) -> Value {
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
