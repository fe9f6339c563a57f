//! `spaces.GPU(…)` as it stands above a function, for what changes its arguments.

use std::sync::Arc;

use spacelint_python::syntax::{Arg, ArgKind, Expr, ExprKind};
use spacelint_python::{Argument, Span};
use spacelint_space::effect::GpuDeclaration;
use spacelint_space::{SourceFile, SpaceTrace};

use crate::finding::{Edit, Location};

/// An argument of a decorator's call.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    /// The call.
    call: &'a Expr,
    callee: &'a Expr,
    args: &'a [Arg],
    index: usize,
}

impl<'a> Written<'a> {
    /// The keyword argument of that name, where the declaration is a decorator of the function.
    pub(super) fn keyword(gpu: &'a GpuDeclaration, name: &str) -> Option<Self> {
        let function = gpu.function.as_ref()?;
        let mut decorators = function.def.decorators.iter();
        let call = decorators.find(|decorator| {
            decorator.span == gpu.declared_at.span && function.file == gpu.declared_at.file
        })?;
        let ExprKind::Call { callee, args } = &call.kind else { return None };
        let is_it = |arg: &Arg| matches!(&arg.kind, ArgKind::Keyword(it) if **it == *name);
        let index = args.iter().position(is_it)?;
        Some(Self { call, callee, args, index })
    }

    /// Where an argument stands, with its name as far as it is a decorator's.
    pub(super) fn location(
        gpu: &'a GpuDeclaration,
        argument: &Argument,
        trace: &SpaceTrace,
    ) -> Location {
        let written = argument.name.as_deref().and_then(|name| Self::keyword(gpu, name));
        match written {
            Some(written) => Location::new(trace.file(gpu.declared_at.file), written.span()),
            None => Location::of(trace, argument.place),
        }
    }

    fn span(&self) -> Span {
        self.args[self.index].span
    }

    /// The call without it.
    pub(super) fn removal(&self, file: &Arc<SourceFile>) -> Edit {
        let at = |start: u32, end: u32| Location::new(file, Span { start, end });
        let this = self.span();
        match (self.index.checked_sub(1), self.args.get(self.index + 1)) {
            (Some(before), _) => Edit::delete(at(self.args[before].span.end, this.end)),
            (None, Some(next)) => Edit::delete(at(this.start, next.span.start)),
            // Nor does a comma stay.
            (None, None) => {
                Edit::replace(at(self.callee.span.end, self.call.span.end), "()".to_owned())
            }
        }
    }

    /// The same argument under another name.
    pub(super) fn renaming(&self, file: &Arc<SourceFile>, name: &str) -> Edit {
        let arg = &self.args[self.index];
        let ArgKind::Keyword(written) = &arg.kind else { return self.removal(file) };
        let start = arg.span.start;
        let end = start + written.len() as u32;
        Edit::replace(Location::new(file, Span { start, end }), name)
    }
}
