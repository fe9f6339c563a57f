//! Loops: turn after turn where their end is settled; else whatever any number of turns may do.

use super::heap::{Resume, Widen};
use super::iteration::Turn;
use super::statements::Body;
use super::{Branch, Eval, Flow, Interpreter};
use crate::syntax::{Expr, ExprKind, Stmt};
use crate::value::{Operator, Value};
use crate::world::{Guard, World};

impl<W: World> Interpreter<'_, W> {
    pub(super) fn for_loop(
        &mut self,
        target: &Expr,
        iter: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Eval<Flow> {
        let (iterator, mut resuming) = match self.resume_point() {
            Some(Resume::Loop(Some(iterator))) => (iterator, true),
            Some(_) => return Ok(self.else_block(orelse)),
            None => {
                let value = self.eval(iter)?;
                self.operate(Operator::Element, std::slice::from_ref(&value), target.span);
                (self.iterator(&value, iter.span)?, false)
            }
        };
        let before = self.maybe;
        let mut open = Vec::new();
        let mut ways = Flow::NONE;
        let mut goes_on = true;
        let mut stop = Ok(());
        let mut turns = 0;
        while goes_on {
            let flow = if std::mem::take(&mut resuming) {
                self.block(body)
            } else {
                let is_followed = open.len() < self.limits.open_turns;
                let turn = if is_followed && self.may_turn(body.as_ptr(), turns) {
                    self.advance(&iterator)
                } else {
                    Ok(Turn::Rest(Value::Unknown))
                };
                turns += 1;
                match turn {
                    Ok(Turn::Item(value)) => match self.assign(target, value) {
                        Ok(()) => self.block(body),
                        Err(left) => {
                            stop = Err(left);
                            break;
                        }
                    },
                    Ok(Turn::Perhaps(value)) => self.perhaps_flow(|this| {
                        let flow = this.assign(target, value).map(|()| Flow::NEXT);
                        let flow = this.settle(flow);
                        this.then(flow, |this| this.block(body))
                    }),
                    Ok(Turn::Rest(value)) => {
                        goes_on = false;
                        self.repeatedly(&mut |this| {
                            let flow = this.assign(target, value.clone()).map(|()| Flow::NEXT);
                            let flow = this.settle(flow);
                            this.then(flow, |this| this.block(body))
                        })
                    }
                    Ok(Turn::End(_)) => break,
                    Err(left) => {
                        stop = Err(left);
                        break;
                    }
                }
            };
            if flow.has(Flow::PAUSE) {
                self.pause(Resume::Loop(Some(iterator)));
                return Ok(flow);
            }
            goes_on &= self.after_turn(flow, before, &mut ways, &mut open);
            if !flow.has(Flow::NEXT | Flow::CONTINUE) {
                self.end_of_turns(open, before);
                self.close_temporary(iter, &iterator);
                return Ok(ways);
            }
        }
        let flow = match stop {
            Ok(()) => self.else_block(orelse),
            Err(left) => self.settle(Err(left)),
        };
        if flow.has(Flow::PAUSE) {
            return Ok(flow);
        }
        self.end_of_turns(open, before);
        if ways.has(Flow::NEXT) {
            self.close_temporary(iter, &iterator);
        }
        Ok(ways | flow)
    }

    pub(super) fn while_loop(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Eval<Flow> {
        let mut resuming = match self.resume_point() {
            Some(Resume::Loop(_)) => true,
            Some(_) => return Ok(self.else_block(orelse)),
            None => false,
        };
        let before = self.maybe;
        let mut ways = Flow::NONE;
        for turn in 0.. {
            let holds = if resuming {
                Some(true)
            } else {
                let value = self.eval(test)?;
                self.truth(&value)?
            };
            let flow = match holds {
                Some(true) if self.may_turn(body.as_ptr(), turn) => {
                    resuming = false;
                    let flow = self.block(body);
                    if flow.has(Flow::PAUSE) {
                        self.pause(Resume::Loop(None));
                        return Ok(flow);
                    }
                    if !flow.has(Flow::NEXT | Flow::CONTINUE) {
                        ways |= out_of(flow);
                        return Ok(ways);
                    }
                    if flow.only(Flow::NEXT | Flow::CONTINUE) {
                        continue;
                    }
                    ways |= out_of(flow);
                    self.maybe = before + 1;
                    self.any_turns(test, body)
                }
                Some(false) => break,
                _ => self.any_turns(test, body),
            };
            ways |= out_of(flow);
            // Of a condition that always holds there is no other end than those within.
            if !flow.has(Flow::NEXT) {
                self.maybe = before;
                return Ok(if ways == Flow::NONE { Flow::EXIT } else { ways });
            }
            if flow.has(Flow::BREAK | Flow::OUT) {
                self.maybe = before + 1;
            }
            break;
        }
        if ways != Flow::NONE && self.maybe == before {
            self.maybe += 1;
        }
        let flow = self.else_block(orelse);
        if !flow.has(Flow::PAUSE) {
            self.maybe = before;
        }
        Ok(ways | flow)
    }

    /// Any number of turns of a `while`, until its condition fails: without [`Flow::NEXT`] where it
    /// never does.
    fn any_turns(&mut self, test: &Expr, body: &[Stmt]) -> Flow {
        let mut holds = Some(true);
        let flow = self.repeatedly(&mut |this| {
            let tested = this.eval(test).and_then(|value| {
                let truth = this.truth(&value)?;
                Ok((value, truth))
            });
            match tested {
                Ok((_, Some(true))) => this.block(body),
                Ok((_, Some(false))) => {
                    holds = Some(false);
                    Flow::NEXT
                }
                Ok((value, None)) => {
                    holds = None;
                    let guard = Guard::Condition {
                        test: this.frozen(&value),
                        holds: true,
                        place: this.place(test.span),
                    };
                    this.guarded(guard, |this| this.block(body))
                }
                Err(stop) => this.settle(Err(stop)),
            }
        });
        let flow = if flow.has(Flow::CONTINUE) { flow | Flow::NEXT } else { flow };
        if holds == Some(true) {
            flow.without(Flow::NEXT | Flow::CONTINUE)
        } else {
            flow | Flow::NEXT
        }
    }

    /// Runs `turn` any number of times, which the text does not settle. What a turn finds may be
    /// what another left: what turns change is found out first, in silence.
    fn repeatedly(&mut self, turn: Body<'_, Self>) -> Flow {
        let passes = if self.quiet > 0 { 1 } else { 2 };
        for pass in 0..passes {
            let how = if pass + 1 == passes { Widen::Forget } else { Widen::Join };
            let mark = self.fork();
            let marks = (self.out.links.len(), self.out.guards.len(), self.raising.len());
            self.quiet += 1;
            let flow = self.under(None, |this| turn(this));
            self.quiet -= 1;
            self.out.links.truncate(marks.0);
            self.out.guards.truncate(marks.1);
            let branch = self.take_back(mark);
            let changed = self.heap.widen(&branch.delta, how);
            if self.quiet > 0 {
                return flow;
            }
            self.raising.truncate(marks.2);
            if !changed {
                break;
            }
        }
        self.perhaps_flow(|this| turn(this))
    }

    /// Notes what a turn means for the loop; whether there may be another one.
    fn after_turn(
        &mut self,
        flow: Flow,
        before: u32,
        ways: &mut Flow,
        open: &mut Vec<((usize, usize), Flow)>,
    ) -> bool {
        *ways |= out_of(flow);
        let goes_on = flow.has(Flow::NEXT | Flow::CONTINUE);
        if goes_on && flow.has(Flow::BREAK | Flow::OUT) {
            // The turns that follow may not happen.
            self.maybe = before + 1;
            open.push((self.fork(), flow.without(Flow::NEXT | Flow::CONTINUE)));
        }
        goes_on
    }

    /// Joins the turns that may not have happened with the ways on which they did not.
    fn end_of_turns(&mut self, open: Vec<((usize, usize), Flow)>, before: u32) {
        for (mark, left) in open.into_iter().rev() {
            self.join_rest(mark, left);
        }
        self.maybe = before;
    }

    /// Ends what may not have happened because control may have left before, by `left`.
    pub(super) fn join_rest(&mut self, mark: (usize, usize), left: Flow) {
        let rest = self.take_back(mark);
        let mut branches = vec![rest];
        if !left.only(Flow::RAISE | Flow::EXIT) || (left.has(Flow::RAISE) && self.catching()) {
            let mut other = Branch::default();
            if left.only(Flow::RETURN | Flow::RAISE | Flow::EXIT)
                && !(left.has(Flow::RAISE) && self.catching())
            {
                other.leaves(self.frame());
            }
            branches.push(other);
        }
        self.join(branches);
    }

    fn else_block(&mut self, orelse: &[Stmt]) -> Flow {
        let flow = self.block(orelse);
        if flow.has(Flow::PAUSE) {
            self.pause(Resume::Else);
        }
        flow
    }

    /// An iterator that only the loop itself held is closed when the loop is left early. Nobody sees
    /// what is raised there.
    fn close_temporary(&mut self, written: &Expr, iterator: &Value) {
        if let ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } =
            written.kind
        {
            return;
        }
        let (pending, raising) = (self.pending, self.raising.len());
        self.catchers += 1;
        self.swallowers += 1;
        let _ = self.close(iterator);
        self.swallowers -= 1;
        self.catchers -= 1;
        self.pending = pending;
        self.raising.truncate(raising);
    }
}

/// The ways out of a loop that a turn takes.
fn out_of(flow: Flow) -> Flow {
    let out = flow.within(Flow::OUT);
    if flow.has(Flow::BREAK) { out | Flow::NEXT } else { out }
}
