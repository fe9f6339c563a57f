use std::collections::BTreeSet;

use spacelint_knowledge::gradio;
use spacelint_python::{Function, Place, Value};
use spacelint_space::effect::Effect;
use spacelint_space::requirements::Requirement;
use spacelint_space::{Moment, Space};

use super::{declarations, worker};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// A GPU function takes `gr.SelectData`, which an old Gradio cannot hand to the worker.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "gradio CHANGELOG.md 5.46.0, #11917, and route_utils.py:325-328: until then `gr.SelectData` holds the whole app and recurses when it is pickled; spaces 0.51.3 zero/wrappers.py: the arguments are pickled"
)]
pub(crate) struct UnpicklableSelectData<'a> {
    moment: Moment<'a>,
    function: &'a Function,
    /// The parameter.
    place: Place,
    /// What decides the version of Gradio.
    asked: &'a Requirement,
}

impl<'a> Check<'a> for UnpicklableSelectData<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let old = versions::deciding(space)
            .filter(|asked| versions::is_below(asked, gradio::select_data().pickled_since));
        let mut seen = BTreeSet::new();
        old.into_iter()
            .flat_map(move |asked| declarations(space).map(move |it| (it, asked)))
            .filter_map(move |(moment, asked)| {
                let Effect::DeclareGpu(gpu) = &moment.event.effect else { return None };
                let function = gpu.function.as_deref()?;
                let params = function.def.params.iter().enumerate();
                let (_, param) = params
                    .into_iter()
                    .find(|(index, _)| function.annotation(*index).is_some_and(is_select_data))?;
                let place = Place { file: function.file, span: param.span };
                seen.insert(place).then_some(Self { moment, function, place, asked })
            })
    }

    fn finding(&self) -> Finding {
        let name = worker::name(self.function);
        let message = format!(
            "`{name}` is a GPU function and takes `gr.SelectData`, which cannot be pickled before Gradio \
             {}: each selection ends with a `RecursionError` on the way to the worker",
            gradio::select_data().pickled_since
        );
        let trace = self.moment.trace();
        Self::at(Location::of(trace, self.place), message)
            .certainty(self.moment.certainty())
            .related(
                Location::new(&self.asked.file, self.asked.span),
                format!("this asks for {}", versions::asked(self.asked)),
            )
            .help(
                "Take it in a handler without `@spaces.GPU`, and hand `evt.index` and `evt.value` to the \
                 GPU function; or ask for a newer Gradio.",
            )
    }
}

fn is_select_data(annotation: &Value) -> bool {
    let name = annotation.as_external().and_then(|external| external.name());
    name.is_some_and(|name| gradio::select_data().names.contains(&name))
}
