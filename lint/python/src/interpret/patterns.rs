//! `match`: which case runs, and what its pattern binds.

use std::sync::Arc;

use super::classes::is_instance;
use super::definitions::FIELDS;
use super::heap::{Content, Resume};
use super::{Eval, Flow, Interpreter, fold};
use crate::syntax::{Case, CompareOp, Expr, Name, Pattern};
use crate::value::Value;
use crate::world::{Guard, World};

impl<W: World> Interpreter<'_, W> {
    pub(super) fn match_cases(
        &mut self,
        subject: &Value,
        cases: &[Case],
        index: usize,
    ) -> Eval<Flow> {
        for (at, case) in cases.iter().enumerate() {
            let mut settled = self.matches(&case.pattern, subject)?;
            let mut test = Value::Unknown;
            if settled != Some(false)
                && let Some(guard) = &case.guard
            {
                test = match settled {
                    Some(_) => self.eval(guard)?,
                    None => self.perhaps_eval(guard),
                };
                settled = match (settled, self.truth(&test)?) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                };
            }
            match settled {
                Some(true) => return Ok(self.case_body(case, index + at)),
                Some(false) => self.steps += 1,
                None => {
                    let span = case.body.first().map_or(crate::text::Span::empty(0), |s| s.span);
                    let place = self.place(span);
                    let test = self.frozen(&test);
                    let guard = |holds| Guard::Condition { test: test.clone(), holds, place };
                    return Ok(self.either([
                        (guard(true), &mut |this| this.block(&case.body)),
                        (guard(false), &mut |this| {
                            let flow = this.deeper(Ok(Flow::NEXT), |this| {
                                this.match_cases(subject, &cases[at + 1..], index + at + 1)
                            });
                            this.settle(flow)
                        }),
                    ]));
                }
            }
        }
        Ok(Flow::NEXT)
    }

    pub(super) fn case_body(&mut self, case: &Case, index: usize) -> Flow {
        let flow = self.block(&case.body);
        if flow.has(Flow::PAUSE) {
            self.pause(Resume::Arm(index));
        }
        flow
    }

    /// An expression that is evaluated only perhaps.
    fn perhaps_eval(&mut self, expression: &Expr) -> Value {
        let mut value = Ok(Value::Unknown);
        self.perhaps(None, |this| value = this.eval(expression));
        value.unwrap_or(Value::Unknown)
    }

    /// Whether `pattern` matches, binding what it binds.
    fn matches(&mut self, pattern: &Pattern, subject: &Value) -> Eval<Option<bool>> {
        match pattern {
            Pattern::Capture(name) => {
                if let Some(name) = name {
                    self.bind(name, subject.clone());
                }
                Ok(Some(true))
            }
            Pattern::Value(value) => {
                let value = self.eval(value)?;
                let left = self.settled(subject);
                let right = self.settled(&value);
                Ok(fold::compare(&left, CompareOp::Eq, &right))
            }
            Pattern::Or(patterns) => {
                let mut sure = true;
                for pattern in patterns {
                    match self.matches(pattern, subject)? {
                        Some(true) => return Ok(if sure { Some(true) } else { None }),
                        Some(false) => {}
                        None => sure = false,
                    }
                }
                Ok(sure.then_some(false))
            }
            Pattern::Sequence(patterns) => self.matches_sequence(patterns, subject),
            Pattern::Star(name) => {
                if let Some(name) = name {
                    self.bind(name, Value::Unknown);
                }
                Ok(None)
            }
            Pattern::Mapping { pairs, rest } => self.matches_mapping(pairs, rest.as_ref(), subject),
            Pattern::Class { class, positional, keywords } => {
                self.matches_class(class, positional, keywords, subject)
            }
            Pattern::As(pattern, name) => {
                let matched = self.matches(pattern, subject)?;
                if matched != Some(false) {
                    self.bind(name, subject.clone());
                }
                Ok(matched)
            }
            Pattern::Unknown => Ok(None),
        }
    }

    /// All of these in turn, as long as they match.
    fn matches_all<'p>(
        &mut self,
        parts: impl Iterator<Item = (&'p Pattern, Value)>,
    ) -> Eval<Option<bool>> {
        let mut all = Some(true);
        for (pattern, value) in parts {
            match self.matches(pattern, &value)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        Ok(all)
    }

    fn matches_sequence(&mut self, patterns: &[Pattern], subject: &Value) -> Eval<Option<bool>> {
        let items = match subject {
            Value::Tuple(items) | Value::List(items) => Some(items.to_vec()),
            Value::Object(object) => match self.heap.content(*object) {
                Content::Items { items, open: false, is_set: false } => Some(items.to_vec()),
                Content::Items { is_set: true, .. } | Content::Pairs { .. } => {
                    return Ok(Some(false));
                }
                _ => None,
            },
            Value::Unknown | Value::External(_) | Value::OneOf(_) | Value::Instance(..) => None,
            _ => return Ok(Some(false)),
        };
        let star = patterns.iter().position(|pattern| matches!(pattern, Pattern::Star(_)));
        let Some(items) = items else {
            let parts = patterns.iter().map(|pattern| (pattern, Value::Unknown));
            self.matches_all(parts)?;
            return Ok(None);
        };
        let fits = match star {
            Some(_) => items.len() + 1 >= patterns.len(),
            None => items.len() == patterns.len(),
        };
        if !fits {
            return Ok(Some(false));
        }
        let Some(star) = star else {
            return self.matches_all(patterns.iter().zip(items));
        };
        let after = patterns.len() - star - 1;
        let tail = items.len() - after;
        let head = patterns[..star].iter().zip(items[..star].to_vec());
        let last = patterns[star + 1..].iter().zip(items[tail..].to_vec());
        let matched = self.matches_all(head.chain(last))?;
        if let (Pattern::Star(Some(name)), true) = (&patterns[star], matched != Some(false)) {
            let middle = self.list(items[star..tail].to_vec(), false);
            self.bind(name, middle);
        }
        Ok(matched)
    }

    fn matches_mapping(
        &mut self,
        wanted: &[(Expr, Pattern)],
        rest: Option<&Name>,
        subject: &Value,
    ) -> Eval<Option<bool>> {
        let Some(mut pairs) = self.pairs_of(subject) else {
            for (_, pattern) in wanted {
                self.matches(pattern, &Value::Unknown)?;
            }
            if let Some(name) = rest {
                self.bind(name, Value::Unknown);
            }
            let is_other = !matches!(
                subject,
                Value::Unknown | Value::External(_) | Value::OneOf(_) | Value::Object(_)
            );
            let is_list = matches!(subject, Value::Object(object)
                if matches!(self.heap.content(*object), Content::Items { .. }));
            return Ok((is_other || is_list).then_some(false));
        };
        let mut all = Some(true);
        for (key, pattern) in wanted {
            let key = self.eval(key)?;
            let at = pairs
                .iter()
                .position(|(known, _)| fold::compare(known, CompareOp::Eq, &key) == Some(true));
            let value = match at {
                Some(at) => pairs.remove(at).1.value,
                None if super::containers::is_absent(&pairs, &key) => return Ok(Some(false)),
                None => {
                    all = None;
                    Value::Unknown
                }
            };
            match self.matches(pattern, &value)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        if let Some(name) = rest {
            let rest = self.dict(pairs, false);
            self.bind(name, rest);
        }
        Ok(all)
    }

    fn matches_class(
        &mut self,
        class: &Expr,
        positional: &[Pattern],
        keywords: &[(Name, Pattern)],
        subject: &Value,
    ) -> Eval<Option<bool>> {
        let class = self.eval(class)?;
        let is = match (subject, &class) {
            (Value::Object(_), _) => self.instance_of(subject, &class),
            _ => is_instance(subject, &class),
        };
        if is == Some(false) {
            return Ok(Some(false));
        }
        // `str(x)`, `int(x)`: the one pattern takes the whole.
        let is_builtin = matches!(&class, Value::External(external)
            if external.name().is_some_and(|name| name.starts_with("builtins.")));
        let names: Vec<Option<Name>> = match &class {
            Value::Class(class) => {
                let names = match self.class_attribute(class, "__match_args__") {
                    Some(names) => self.elements(&names)?.0,
                    None => match self.class_attribute(class, FIELDS) {
                        Some(Value::List(names)) => names.to_vec(),
                        _ => Vec::new(),
                    },
                };
                let name = |value: &Value| match value {
                    Value::Str(name) => Some(Arc::clone(name)),
                    _ => None,
                };
                names.iter().map(name).collect()
            }
            _ => Vec::new(),
        };
        let mut all = is;
        let by_name = keywords.iter().map(|(name, pattern)| (Some(Arc::clone(name)), pattern));
        let placed = positional
            .iter()
            .enumerate()
            .map(|(index, pattern)| (names.get(index).cloned().flatten(), pattern));
        let parts: Vec<(Option<Name>, &Pattern)> = placed.chain(by_name).collect();
        for (name, pattern) in parts {
            let value = match &name {
                _ if is_builtin => subject.clone(),
                Some(name) => {
                    if self.has(subject, name) == Some(false) {
                        return Ok(Some(false));
                    }
                    let span = self.here().span;
                    self.attribute(subject, name, span)?
                }
                None => Value::Unknown,
            };
            match self.matches(pattern, &value)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        Ok(all)
    }
}
