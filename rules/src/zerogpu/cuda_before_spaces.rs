use std::collections::BTreeSet;

use spacelint_python::{Certainty, Place, Span};
use spacelint_space::effect::{CudaTouch, Effect, SpacesImport};
use spacelint_space::{Moment, Phase, Space, SpaceTrace};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// CUDA is touched before `import spaces`, which then refuses to load.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/__init__.py:23-27 and zero/torch/patching.py:453-456: is_in_bad_fork"
)]
pub(crate) struct CudaBeforeSpaces<'a> {
    trace: &'a SpaceTrace,
    moment: Moment<'a>,
    touch: &'a CudaTouch,
    import: Moment<'a>,
}

impl<'a> Check<'a> for CudaBeforeSpaces<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.trace().into_iter().flat_map(touches).filter(move |it| seen.insert(it.moment.place()))
    }

    fn finding(&self) -> Finding {
        let CudaTouch { what, says, condition, sure, .. } = self.touch;
        let when = match condition {
            Some(condition) if !sure => {
                format!(
                    " in {} {}, which nothing here rules out",
                    condition.package, condition.range
                )
            }
            _ => String::new(),
        };
        let sure = *sure && self.moment.certainty() == Certainty::Always;
        Self::at(
            &self.moment,
            format!(
                "`{what}` {says}{when}: `import spaces` then raises, and the Space does not start \
                 on ZeroGPU"
            ),
        )
        .certainty(if sure { self.import.certainty() } else { Certainty::Sometimes })
        .chain(&self.moment)
        .related(&self.import, "`spaces` is imported here, too late")
        .help("Import `spaces` before anything that touches CUDA: best as the first import.")
    }

    fn fix(&self) -> Option<Fix> {
        let edits = self.line_of_import().and_then(|line| self.move_before(line))?;
        Some(Fix::safe("move `import spaces` to the top", edits))
    }
}

fn touches(trace: &SpaceTrace) -> impl Iterator<Item = CudaBeforeSpaces<'_>> {
    trace.moments().filter(|moment| moment.phase == Phase::BeforeSpaces).filter_map(move |moment| {
        match &moment.event.effect {
            Effect::TouchCuda(touch) if touch.poisons => {
                let import = moment.spaces()?;
                Some(CudaBeforeSpaces { trace, moment, touch, import })
            }
            _ => None,
        }
    })
}

impl CudaBeforeSpaces<'_> {
    /// The whole line of the import, where it is a plain statement of the entry point with a line
    /// to itself. One that is guarded or stands elsewhere says something: it is its author's.
    fn line_of_import(&self) -> Option<Span> {
        let plain = matches!(
            self.import.event.effect,
            Effect::ImportSpaces(SpacesImport { plain: true, .. })
        );
        let text = &self.import.file().text;
        let span = self.import.place().span;
        let line = text.line_span(text.line_of(span.start));
        let alone = text.slice(line).trim_end().split('#').next().map(str::trim_end);
        (plain
            && self.import.chain().is_empty()
            && self.trace.entry().contains(&span)
            && alone == Some(text.slice(span)))
        .then_some(line)
    }

    /// To the top; but not above what sets the environment, which whatever `spaces` imports may
    /// read: then only above the first statement that touches CUDA.
    fn move_before(&self, line: Span) -> Option<Vec<Edit>> {
        let file = self.import.file();
        let first = touches(self.trace).next()?;
        let place = first.moment.chain().first().map_or(first.moment.place(), |stop| stop.place);
        let sets = self.trace.moments().take_while(|moment| moment.place() != first.moment.place());
        let sets = sets.into_iter().any(|moment| matches!(moment.event.effect, Effect::SetEnv(_)));
        let statement = if sets {
            self.trace.entry().iter().find(|statement| statement.contains(place.span))?
        } else {
            self.trace.entry().first()?
        };
        let text = &file.text;
        let target = text.line_of(statement.start);
        // A statement that shares its line with another cannot be pushed down by a line.
        let indent = text.slice(Span { start: text.line_span(target).start, end: statement.start });
        if !indent.trim_start_matches(spacelint_python::BOM).is_empty() {
            return None;
        }
        let moved = text.slice(line).trim_end_matches(['\r', '\n']);
        Some(vec![Edit::insert_line(file, target, moved), Edit::delete(Location::new(file, line))])
    }
}
