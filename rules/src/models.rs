//! Which models the GPU functions of a Space compute with, and what each call of one is asked for, as far as the text says it:
//! for whoever estimates how long that takes.

use std::sync::Arc;

use spacelint_knowledge::calls::{self, Setting};
use spacelint_knowledge::models::{self, Dtype};
use spacelint_python::{Argument, Certainty, Function, Value};
use spacelint_space::effect::{Effect, ModelCall, ModelLoad};
use spacelint_space::{Moment, Phase, Space};

use crate::duration::{GpuFunction, list};
use crate::finding::Location;
use crate::zerogpu::gpu_function;

/// A GPU function, and what it computes with.
#[derive(Clone, Debug)]
pub struct Computing {
    /// The function.
    pub function: GpuFunction,
    /// Its calls of models, in order.
    pub calls: Vec<Called>,
    /// Whether it loads one of the models itself, which takes time of the call.
    pub loads: bool,
}

/// A call of a model.
#[derive(Clone, Debug)]
pub struct Called {
    /// Where.
    pub location: Location,
    /// What is called.
    pub model: Model,
    /// The method; none where the model itself is.
    pub method: Option<Arc<str>>,
    /// Whether each call of the function makes it that gets that far.
    pub always: bool,
    /// What it is asked for.
    pub settings: Vec<(Setting, Given)>,
}

/// A model that is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The repositories that it may come from; none where the text does not say.
    pub ids: Vec<Arc<str>>,
    /// Whether it is the one that is named.
    pub settled: bool,
    /// The folder of the repository, if one is named.
    pub part: Option<String>,
    /// The type of its numbers, if one is named.
    pub dtype: Option<Dtype>,
    /// Whether its weights are made smaller.
    pub quantised: bool,
}

/// What a call is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A number.
    Number(u64),
    /// What the GPU function is called with, which is this number if it is called without.
    Default(Arc<str>, u64),
    /// Something that the text does not settle.
    Unsettled,
}

/// The GPU functions of a Space in the order in which they are declared, with their calls of models.
pub fn computing(space: &Space) -> Vec<Computing> {
    let functions = list(space).into_iter();
    let mut found: Vec<Computing> =
        functions.map(|function| Computing { function, calls: Vec::new(), loads: false }).collect();
    let mut loads: Vec<&Arc<ModelLoad>> = Vec::new();
    for moment in space.moments() {
        let known = (moment.phase == Phase::Gpu).then(|| gpu_function(&moment)).flatten();
        let place = known.map(|function| Location::of(moment.trace(), function.place()));
        let is_it = |it: &&mut Computing| {
            let at = &it.function.location;
            place
                .as_ref()
                .is_some_and(|place| at.file.path == place.file.path && at.span == place.span)
        };
        let computing = found.iter_mut().find(is_it);
        match &moment.event.effect {
            Effect::LoadModel(load) => {
                loads.push(load);
                if let Some(computing) = computing.filter(|_| load.weights) {
                    computing.loads = true;
                }
            }
            Effect::CallModel(call) => {
                let (Some(computing), Some(function)) = (computing, known) else { continue };
                let load = loads.iter().rfind(|load| Arc::ptr_eq(&load.arguments, &call.load));
                let Some(load) = load.filter(|load| load.weights) else { continue };
                if call.method.as_deref().is_none_or(calls::computes) {
                    computing.calls.push(called(&moment, function, call, load));
                }
            }
            _ => {}
        }
    }
    found
}

fn called(moment: &Moment<'_>, function: &Function, call: &ModelCall, load: &ModelLoad) -> Called {
    let named = call.arguments.items.iter().filter_map(|argument| {
        let setting = calls::sets(argument.name.as_deref()?)?;
        (argument.value != Value::None).then(|| (setting, given(moment, function, argument)))
    });
    let mut settings: Vec<(Setting, Given)> = named.collect();
    if call.arguments.open {
        // Among what is passed on as a whole, `**given`, is nearly always what the function takes by the same name.
        for argument in calls::arguments() {
            let is_given = settings.iter().any(|(setting, _)| *setting == argument.sets);
            if let Some(default) = default(function, argument.name).filter(|_| !is_given) {
                settings.push((argument.sets, default));
            }
        }
    }
    Called {
        location: Location::from(moment),
        model: model(load),
        method: call.method.clone(),
        always: moment.certainty() == Certainty::Always,
        settings,
    }
}

fn given(moment: &Moment<'_>, function: &Function, argument: &Argument) -> Given {
    if let Some(number) = number(&argument.value) {
        return Given::Number(number);
    }
    if !matches!(argument.value, Value::Unknown | Value::External(_)) {
        return Given::Unsettled;
    }
    // What is passed on is written as the parameter's name; in a dict, where only its key is known, it nearly always has that
    // for a name.
    let written = moment.trace().file(argument.place.file).text.slice(argument.place.span);
    let names = [Some(written), argument.name.as_deref()];
    let mut defaults = names.into_iter().flatten().filter_map(|name| default(function, name));
    defaults.next().unwrap_or(Given::Unsettled)
}

/// The number that the parameter of that name has where a call does not give it.
fn default(function: &Function, name: &str) -> Option<Given> {
    let index = function.def.params.iter().position(|param| &*param.name == name)?;
    let number = number(function.default(index)?)?;
    Some(Given::Default(Arc::clone(&function.def.params[index].name), number))
}

/// A whole number above nothing.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok().filter(|number| *number > 0),
        // `gr.Number` and its like make a float of 20.
        Value::Float(number) if number.fract() == 0.0 && (1.0..1e15).contains(number) =>
        {
            #[expect(clippy::cast_sign_loss, reason = "it is at least 1")]
            Some(*number as u64)
        }
        _ => None,
    }
}

fn model(load: &ModelLoad) -> Model {
    let dtype = load.dtype.as_ref().and_then(|dtype| match dtype {
        Value::Str(name) => Dtype::from_name(name),
        Value::External(external) => external.name().and_then(Dtype::from_name),
        _ => None,
    });
    let given = |argument: &Argument| !matches!(argument.value, Value::None | Value::Bool(false));
    Model {
        ids: load.ids.clone(),
        settled: load.settled && !load.open,
        part: load.part.as_ref().and_then(Value::as_str).map(str::to_owned),
        dtype,
        quantised: load.quantisation.iter().any(given)
            || load.ids.iter().any(|id| models::quantised_bytes_in_name(id).is_some()),
    }
}

#[cfg(test)]
mod tests {
    use spacelint_space::Files;

    use super::*;

    #[test]
    fn what_gpu_functions_compute_with() {
        let app = "import spaces, torch\n\
                   from diffusers import FluxPipeline\n\
                   from transformers import AutoModelForCausalLM, AutoTokenizer\n\
                   pipe = FluxPipeline.from_pretrained('a/picture', torch_dtype=torch.bfloat16).to('cuda')\n\
                   words = AutoTokenizer.from_pretrained('a/text')\n\
                   @spaces.GPU(duration=30, size='xlarge')\n\
                   def draw(prompt, steps: int = 20, seed=0, width=1024.0, many=2):\n    \
                       if seed:\n        pipe.vae.enable_slicing()\n        pipe(prompt, num_frames=None)\n    \
                       return pipe(prompt, num_inference_steps=steps, width=width, height=768, num_images_per_prompt=many * 2)\n\
                   @spaces.GPU\n\
                   def write(prompt, max_new_tokens=64):\n    \
                       model = AutoModelForCausalLM.from_pretrained('a/text-4bit')\n    \
                       model.eval()\n    \
                       given = {'max_new_tokens': max_new_tokens, 'do_sample': True}\n    \
                       model.generate(**words(prompt))\n    \
                       return words.decode(model.generate(words(prompt), **given)[0])\n\
                   @spaces.GPU\n\
                   def idle(prompt):\n    return prompt\n";
        let space = Space::read(&Files::memory([("app.py".into(), app.into())]));
        let found = computing(&space);
        let shown: Vec<String> = found
            .iter()
            .map(|it| {
                let calls: Vec<String> = it
                    .calls
                    .iter()
                    .map(|call| {
                        let Model { ids, settled, dtype, quantised, .. } = &call.model;
                        format!(
                            "{ids:?} {settled} {dtype:?} {quantised} {:?} {} {:?}",
                            call.method, call.always, call.settings
                        )
                    })
                    .collect();
                format!("{:?} {} {calls:#?}", it.function.name, it.loads)
            })
            .collect();
        let draw = r#"Some("draw") false [
    "[\"a/picture\"] true Some(Bfloat16) false None false []",
    "[\"a/picture\"] true Some(Bfloat16) false None true [(Steps, Default(\"steps\", 20)), (Width, Default(\"width\", 1024)), (Height, Number(768)), (Batch, Unsettled)]",
]"#;
        let write = r#"Some("write") true [
    "[\"a/text-4bit\"] true None true Some(\"generate\") true [(NewTokens, Default(\"max_new_tokens\", 64))]",
    "[\"a/text-4bit\"] true None true Some(\"generate\") true [(NewTokens, Default(\"max_new_tokens\", 64))]",
]"#;
        assert_eq!(shown, [draw, write, r#"Some("idle") false []"#]);
    }
}
