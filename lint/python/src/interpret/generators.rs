//! Generators and coroutines: left at a `yield`, and taken up there again.
//!
//! A generator that pauses leaves the statements it is in as control always does, by its way out
//! ([`Flow::PAUSE`]), and each of them notes what it needs to go on ([`Resume`]). To take it up, its
//! body runs again from the top, and each statement goes to where the notes say. What a generator is
//! between two steps is thus plain data on the heap, and branches join it like anything else.
//!
//! It pauses only where it surely yields: where that depends on what the text does not settle, it
//! runs on, and what it yields there is handed out as values that may or may not come.

use std::sync::Arc;

use super::heap::{Content, Generator, Progress, Resume, Slot, light};
use super::iteration::Turn;
use super::{Eval, Flow, Frame, Interpreter, Stop};
use crate::syntax::{Expr, ExprKind, Name};
use crate::text::Span;
use crate::trace::{Budget, Step};
use crate::value::{Function, ObjectId, Value};
use crate::world::World;

/// What the frame of a generator has besides.
#[derive(Default)]
pub(super) struct Pausing {
    /// How unsure everything is where the generator is driven from.
    maybe: u32,
    /// Where its statements stand, outermost last: read on the way back in, written on the way out.
    path: Vec<Resume>,
    is_resuming: bool,
    sent: Option<Sent>,
    /// What it hands out where it pauses.
    yielded: Option<Value>,
    /// What it has yielded without pausing.
    loose: Vec<Value>,
}

impl Pausing {
    /// Whether its statements are still on their way to where it stands.
    pub(super) fn is_resuming(&self) -> bool {
        self.is_resuming
    }
}

/// What comes into a generator where it stands.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    Value(Value),
    Raise(Value),
}

/// What `close` raises where a generator pauses.
const EXIT: &str = "builtins.GeneratorExit";

impl<W: World> Interpreter<'_, W> {
    /// Where the statement that is being taken up again stands; `None` where it begins.
    pub(super) fn resume_point(&mut self) -> Option<Resume> {
        let pausing = self.frames.last_mut()?.generator.as_mut()?;
        if !pausing.is_resuming {
            return None;
        }
        let point = pausing.path.pop();
        pausing.is_resuming = !pausing.path.is_empty();
        point
    }

    /// Notes where a statement stands that the generator leaves by [`Flow::PAUSE`].
    pub(super) fn pause(&mut self, point: Resume) {
        if let Some(pausing) = &mut self.frame_mut().generator {
            pausing.path.push(point);
        }
    }

    /// The worth of an expression that is a statement's own, where a generator may pause: `None` if
    /// it does.
    pub(super) fn eval_or_pause(&mut self, expression: &Expr) -> Eval<Option<Value>> {
        if let ExprKind::Yield { value, from } = &expression.kind
            && self.frame().generator.as_ref().is_some_and(|pausing| pausing.maybe == self.maybe)
        {
            return match self.resume_point() {
                Some(Resume::From(iterator)) => {
                    let sent = self.take_sent();
                    self.delegate(&iterator, sent)
                }
                Some(_) => match self.take_sent() {
                    Sent::Value(value) => Ok(Some(value)),
                    Sent::Raise(exception) => Err(Stop::Raise(exception)),
                },
                None => {
                    let worth = match value {
                        Some(value) => self.eval(value)?,
                        None => Value::None,
                    };
                    if *from {
                        let iterator = self.iterator(&worth, expression.span)?;
                        return self.delegate(&iterator, Sent::Value(Value::None));
                    }
                    self.hand_out(worth, Resume::Yield);
                    Ok(None)
                }
            };
        }
        self.eval(expression).map(Some)
    }

    fn take_sent(&mut self) -> Sent {
        let pausing = self.frame_mut().generator.as_mut();
        pausing.and_then(|pausing| pausing.sent.take()).unwrap_or(Sent::Value(Value::None))
    }

    fn hand_out(&mut self, value: Value, point: Resume) {
        if let Some(pausing) = &mut self.frame_mut().generator {
            pausing.yielded = Some(light(value));
            pausing.path.push(point);
        }
    }

    /// `yield from`, for one step of `iterator`.
    fn delegate(&mut self, iterator: &Value, sent: Sent) -> Eval<Option<Value>> {
        let mut sent = sent;
        if let Sent::Raise(exception) = &sent {
            if *exception == Value::external(EXIT) {
                self.close(iterator)?;
                return Err(Stop::Raise(exception.clone()));
            }
            // Only a generator can be thrown into; of anything else it is raised here.
            let is_generator = matches!(iterator, Value::Object(object)
                if matches!(self.heap.content(*object), Content::Generator(_)));
            if !is_generator {
                return Err(Stop::Raise(exception.clone()));
            }
        }
        loop {
            match self.advance_with(iterator, sent)? {
                Turn::Item(value) => {
                    self.hand_out(value, Resume::From(iterator.clone()));
                    return Ok(None);
                }
                Turn::Perhaps(value) => self.yield_loosely(value),
                Turn::Rest(value) => {
                    self.yield_loosely(value);
                    return Ok(Some(Value::Unknown));
                }
                Turn::End(returned) => return Ok(Some(returned)),
            }
            sent = Sent::Value(Value::None);
        }
    }

    /// A `yield` at which the generator does not pause.
    pub(super) fn yield_loosely(&mut self, value: Value) {
        let most = self.limits.turns;
        if let Some(pausing) = &mut self.frame_mut().generator {
            match pausing.loose.get_mut(most) {
                Some(last) => *last = Value::Unknown,
                None => pausing.loose.push(light(value)),
            }
        }
    }

    /// Takes a generator up, with what is sent into it, until it pauses or ends.
    pub(super) fn resume(
        &mut self,
        object: ObjectId,
        generator: &Arc<Generator>,
        sent: Sent,
    ) -> Eval<Turn> {
        if let [(value, sure), rest @ ..] = &*generator.ready {
            let turn = if *sure { Turn::Item(value.clone()) } else { Turn::Perhaps(value.clone()) };
            self.set_generator(object, generator, generator.progress.clone(), rest.into());
            return Ok(turn);
        }
        let none: Arc<[(Value, bool)]> = Arc::from([]);
        match &generator.progress {
            Progress::Ended(returned) => Ok(Turn::End(returned.clone())),
            Progress::Running => Ok(Turn::Rest(Value::Unknown)),
            Progress::Start => {
                if let Sent::Raise(exception) = sent {
                    let ended = Progress::Ended(Value::None);
                    self.set_generator(object, generator, ended, none);
                    return Err(Stop::Raise(exception));
                }
                if !self.may_enter(&generator.function) {
                    let ended = Progress::Ended(Value::Unknown);
                    self.set_generator(object, generator, ended, none);
                    return Ok(Turn::Rest(Value::Unknown));
                }
                let slots = self.bind_parameters(&generator.function, &generator.arguments)?;
                let names = self.names_of_frame(slots);
                self.drive(object, generator, names, Vec::new(), sent)
            }
            Progress::Paused { names, path } => {
                self.drive(object, generator, *names, path.to_vec(), sent)
            }
            Progress::Unsure => {
                // It may be anywhere: whatever it does from its start on it may do now.
                let mut turn = Ok(Turn::End(Value::Unknown));
                self.perhaps(None, |this| {
                    if !this.may_enter(&generator.function) {
                        return;
                    }
                    let slots = this.bind_parameters(&generator.function, &generator.arguments);
                    if let Ok(slots) = slots {
                        let names = this.names_of_frame(slots);
                        this.maybe += 1;
                        turn = this.drive(object, generator, names, Vec::new(), sent);
                    }
                });
                let ended = Progress::Ended(Value::Unknown);
                self.set_generator(object, generator, ended, none);
                match turn {
                    Ok(Turn::Item(value)) => Ok(Turn::Rest(value)),
                    Ok(turn) => Ok(turn),
                    Err(_) => {
                        self.may_leave(Flow::RAISE);
                        Ok(Turn::End(Value::Unknown))
                    }
                }
            }
        }
    }

    fn set_generator(
        &mut self,
        object: ObjectId,
        generator: &Arc<Generator>,
        progress: Progress,
        ready: Arc<[(Value, bool)]>,
    ) {
        let generator = Generator { progress, ready, ..(**generator).clone() };
        self.heap.set_content(object, Content::Generator(Arc::new(generator)));
    }

    fn drive(
        &mut self,
        object: ObjectId,
        generator: &Arc<Generator>,
        names: ObjectId,
        path: Vec<Resume>,
        sent: Sent,
    ) -> Eval<Turn> {
        let none: Arc<[(Value, bool)]> = Arc::from([]);
        if self.frames.len() >= self.limits.calls {
            self.exhaust(Budget::Depth);
            return Ok(Turn::End(Value::Unknown));
        }
        self.set_generator(object, generator, Progress::Running, none);
        let function = &generator.function;
        let mut frame = Self::frame_of(function, names);
        frame.generator = Some(Box::new(Pausing {
            maybe: self.maybe,
            is_resuming: !path.is_empty(),
            path,
            sent: Some(sent),
            ..Pausing::default()
        }));
        self.frames.push(frame);
        let def = Arc::clone(&function.def);
        let step = Step::Call(Arc::clone(&function.qualname));
        let raising = std::mem::take(&mut self.raising);
        let flow = self.step_into(step, generator.place, |this| {
            this.deeper(Flow::NEXT, |this| this.block(&def.body))
        });
        let frame = self.frames.pop().expect("the frame that was pushed");
        let pausing = frame.generator.unwrap_or_default();
        let mut ready: Vec<(Value, bool)> =
            pausing.loose.into_iter().map(|value| (value, false)).collect();
        let progress = if flow.has(Flow::PAUSE) {
            self.raising = raising;
            ready.extend(pausing.yielded.map(|value| (value, true)));
            Progress::Paused { names, path: pausing.path.into() }
        } else {
            let returned = match frame.returned {
                Some(value) if flow.has(Flow::NEXT) => value.or(Value::None),
                Some(value) => value,
                None => Value::None,
            };
            self.set_generator(object, generator, Progress::Ended(Value::None), Arc::from([]));
            let left = self.propagate(flow);
            let raised = std::mem::replace(&mut self.raising, raising);
            self.raising.extend(raised);
            left?;
            Progress::Ended(returned)
        };
        let generator =
            Arc::new(Generator { progress, ready: ready.into(), ..(**generator).clone() });
        self.heap.set_content(object, Content::Generator(Arc::clone(&generator)));
        if generator.ready.is_empty() {
            let Progress::Ended(returned) = &generator.progress else {
                return Ok(Turn::Rest(Value::Unknown));
            };
            return Ok(Turn::End(returned.clone()));
        }
        self.resume(object, &generator, Sent::Value(Value::None))
    }

    /// The last reference to an iterator goes: a generator that has started is closed.
    pub(super) fn close(&mut self, iterator: &Value) -> Eval<()> {
        let Value::Object(object) = iterator else { return Ok(()) };
        let Content::Generator(generator) = self.heap.content(*object).clone() else {
            return Ok(());
        };
        if !matches!(generator.progress, Progress::Paused { .. }) {
            return Ok(());
        }
        let exit = Value::external(EXIT);
        match self.resume(*object, &generator, Sent::Raise(exit.clone())) {
            Err(Stop::Raise(exception)) if exception != exit => Err(Stop::Raise(exception)),
            Err(Stop::Exit) => Err(Stop::Exit),
            _ => Ok(()),
        }
    }

    /// The result of a coroutine, or of anything else that is awaited.
    pub(super) fn awaited(&mut self, value: Value) -> Eval<Value> {
        match &value {
            Value::Object(object) => {
                let Content::Generator(generator) = self.heap.content(*object).clone() else {
                    // What was awaited already: a list of results.
                    return Ok(value);
                };
                if !matches!(generator.progress, Progress::Start) {
                    return Ok(Value::Unknown);
                }
                let none: Arc<[(Value, bool)]> = Arc::from([]);
                self.set_generator(*object, &generator, Progress::Ended(Value::None), none);
                let slots = self.bind_parameters(&generator.function, &generator.arguments)?;
                self.run_function(&generator.function, slots, Some(generator.place))
            }
            Value::Instance(class, _) => match self.class_attribute(class, "__await__") {
                Some(hook) => {
                    let hook = super::attributes::method(hook, &value);
                    let place = self.here();
                    let iterator = self.call_with(&hook, Vec::new(), place)?;
                    loop {
                        match self.advance(&iterator)? {
                            Turn::End(returned) => return Ok(returned),
                            Turn::Rest(_) => return Ok(Value::Unknown),
                            Turn::Item(_) | Turn::Perhaps(_) => {}
                        }
                    }
                }
                None => Ok(value),
            },
            _ => Ok(value),
        }
    }

    /// A coroutine that is handed to something outside the program runs, at some time.
    pub(super) fn run_handed_over(&mut self, value: &Value, sure: bool) {
        let coroutines: Vec<Value> = match value {
            Value::Object(object) => match self.heap.content(*object).clone() {
                Content::Generator(generator)
                    if generator.function.def.is_async
                        && !generator.function.def.is_generator
                        && generator.progress == Progress::Start =>
                {
                    vec![value.clone()]
                }
                Content::Items { items, .. } => {
                    for item in items.iter() {
                        if matches!(item, Value::Object(inner)
                            if matches!(self.heap.content(*inner), Content::Generator(_)))
                        {
                            self.run_handed_over(item, sure);
                        }
                    }
                    return;
                }
                _ => return,
            },
            _ => return,
        };
        for coroutine in coroutines {
            if sure {
                let done = self.awaited(coroutine);
                self.may_have_stopped(done);
            } else {
                self.perhaps(None, |this| {
                    let done = this.awaited(coroutine);
                    this.may_have_stopped(done);
                });
            }
        }
    }

    /// A generator, or a coroutine, that has not started.
    pub(super) fn suspended(
        &mut self,
        function: &Arc<Function>,
        arguments: &crate::value::Arguments,
        place: crate::value::Place,
    ) -> Value {
        Value::Object(self.heap.allocate(Content::Generator(Arc::new(Generator {
            function: Arc::clone(function),
            arguments: Arc::new(arguments.clone()),
            place,
            progress: Progress::Start,
            ready: Arc::from([]),
        }))))
    }

    pub(super) fn names_of_frame(&mut self, slots: Vec<(Name, Slot)>) -> ObjectId {
        let names = self.heap.allocate(Content::Names);
        for (name, slot) in slots {
            self.heap.put(names, &name, Some(slot));
        }
        names
    }

    pub(super) fn frame_of(function: &Arc<Function>, names: ObjectId) -> Frame {
        Frame {
            module: Arc::clone(&function.home),
            function: Some(Arc::clone(function)),
            names,
            scopes: Arc::clone(&function.scopes),
            prefix: format!("{}.<locals>.", function.qualname).into(),
            is_class: false,
            is_comprehension: false,
            returned: None,
            at: Span::empty(0),
            generator: None,
        }
    }
}
