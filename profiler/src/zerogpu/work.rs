//! What the device did during a call, as PyTorch's profiler saw it: to which kind of work each of its seconds belongs.

use std::collections::BTreeMap;

use serde::Deserialize;
use spacelint_knowledge::operators;

use super::calls::rounded;
use crate::parts::Part;
use crate::recording::{Argument, FunctionName, Parts};

/// How many operators of no known kind are recorded by name, those that took longest.
const MOST_NAMES: usize = 8;

/// What the hook tells of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Work {
    /// In the function itself, with the profiler.
    pub(crate) seconds: f64,
    /// Of these, those in which the device did anything.
    pub(crate) busy: f64,
    /// Whether products of 32 bit floats may be made in TF32.
    pub(crate) tf32: bool,
    /// The operator, or the kernel where none is known; the type of its first tensor; and for how many seconds the device
    /// worked for it.
    pub(crate) done: Vec<(String, String, f64)>,
}

impl Work {
    /// What is recorded of it, the work of a call of `function`; nothing if it makes no sense.
    pub(crate) fn recorded(
        &self,
        function: FunctionName,
        arguments: Vec<(String, Argument)>,
    ) -> Option<Parts> {
        let is_time = |seconds: f64| seconds >= 0.0 && seconds.is_finite();
        let times = self.done.iter().map(|(_, _, seconds)| *seconds);
        if !times.clone().chain([self.seconds, self.busy]).all(is_time) {
            return None;
        }
        let sum: f64 = times.sum();
        // Of what ran at the same time each is taken in proportion.
        let scale = if sum > self.busy { self.busy / sum } else { 1.0 };
        let mut seconds: BTreeMap<Part, f64> = BTreeMap::new();
        let mut others: BTreeMap<&str, f64> = BTreeMap::new();
        for (name, of, worked) in &self.done {
            let sum = match part(name, of, self.tf32) {
                Some(part) => seconds.entry(part).or_default(),
                None => others.entry(name).or_default(),
            };
            *sum += worked * scale;
        }
        let mut others: Vec<(&str, f64)> = others.into_iter().filter(|(_, it)| *it > 0.0).collect();
        others.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut other_seconds: BTreeMap<String, f64> = BTreeMap::new();
        for (place, (name, worked)) in others.into_iter().enumerate() {
            let name = if place < MOST_NAMES { name } else { "" };
            *other_seconds.entry(name.to_owned()).or_default() += worked;
        }
        seconds.retain(|_, seconds| *seconds > 0.0);
        for seconds in seconds.values_mut().chain(other_seconds.values_mut()) {
            *seconds = rounded(*seconds);
        }
        Some(Parts {
            function,
            arguments,
            run_seconds: rounded(self.seconds),
            seconds,
            other_seconds,
        })
    }
}

/// Which part the work of an operator is whose first tensor has that type, or that of a kernel for which none is known; none
/// where nobody knows, and of copies from and to pinned memory, which have no part.
fn part(name: &str, of: &str, tf32: bool) -> Option<Part> {
    match operators::work(name) {
        operators::Work::Attention => Some(Part::Attention),
        operators::Work::Convolution => Some(Part::Convolution),
        operators::Work::DeviceToHost => Some(Part::DeviceToHost),
        operators::Work::HostToDevice => Some(Part::HostToDevice),
        operators::Work::Memory => Some(Part::Memory),
        operators::Work::Product => match of {
            "float" if tf32 => Some(Part::MatmulTf32),
            "float" => Some(Part::MatmulF32),
            "c10::Half" => Some(Part::MatmulF16),
            "c10::BFloat16" => Some(Part::MatmulBf16),
            _ => None,
        },
        operators::Work::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(seconds: f64, busy: f64, rows: &[(&str, &str, f64)]) -> Work {
        let rows = rows.iter().map(|(name, of, it)| ((*name).to_owned(), (*of).to_owned(), *it));
        Work { seconds, busy, tf32: false, done: rows.collect() }
    }

    fn function() -> FunctionName {
        let [module, name, path] = ["__main__", "draw", "app.py"].map(str::to_owned);
        FunctionName { module, name, path, line: 7 }
    }

    fn recorded(work: &Work) -> Option<Parts> {
        work.recorded(function(), Vec::new())
    }

    #[test]
    fn an_operator_is_of_the_kind_of_its_work() {
        for (name, of, expected) in [
            ("aten::addmm", "c10::BFloat16", Some(Part::MatmulBf16)),
            ("aten::bmm", "c10::Half", Some(Part::MatmulF16)),
            ("aten::mm", "float", Some(Part::MatmulF32)),
            ("aten::mm", "double", None),
            ("aten::_scaled_mm", "c10::Float8_e4m3fn", None),
            ("aten::_int_mm", "signed char", None),
            ("aten::_weight_int4pack_mm", "c10::BFloat16", None),
            ("aten::_cudnn_rnn", "float", None),
            ("aten::cudnn_convolution", "c10::Half", Some(Part::Convolution)),
            ("aten::conv_depthwise3d", "float", Some(Part::Convolution)),
            ("aten::_flash_attention_forward", "c10::Half", Some(Part::Attention)),
            ("aten::_scaled_dot_product_cudnn_attention", "c10::Half", Some(Part::Attention)),
            ("flash_attn::_flash_attn_forward", "c10::BFloat16", Some(Part::Attention)),
            ("aten::native_layer_norm", "c10::Half", Some(Part::Memory)),
            ("aten::mul", "float", Some(Part::Memory)),
            ("triton_red_fused_mean_3", "", Some(Part::Memory)),
            ("triton_tem_fused_mm_9", "", None),
            ("bitsandbytes::gemv_4bit", "c10::Half", None),
            ("Memcpy HtoD (Pageable -> Device)", "", Some(Part::HostToDevice)),
            ("Memcpy HtoD (Pinned -> Device)", "", None),
            ("Memcpy DtoH (Device -> Pageable)", "", Some(Part::DeviceToHost)),
            ("Memcpy DtoD (Device -> Device)", "", Some(Part::Memory)),
            ("Memset (Device)", "", Some(Part::Memory)),
            ("", "", None),
        ] {
            assert_eq!(part(name, of, false), expected, "{name}");
        }
        assert_eq!(part("aten::mm", "float", true), Some(Part::MatmulTf32));
    }

    #[test]
    fn the_device_does_several_things_at_a_time() {
        let told = work(
            10.0,
            4.0,
            &[
                ("aten::mm", "c10::Half", 2.0),
                ("aten::bmm", "c10::Half", 1.0),
                ("aten::add", "c10::Half", 4.0),
                ("strange", "", 1.0),
            ],
        );
        let found = recorded(&told).expect("it makes sense");
        // Eight seconds of work in four.
        let seconds = BTreeMap::from([(Part::MatmulF16, 1.5), (Part::Memory, 2.0)]);
        assert_eq!(found.seconds, seconds);
        assert_eq!(found.other_seconds, BTreeMap::from([("strange".to_owned(), 0.5)]));
    }

    #[test]
    fn what_is_absurd_is_not_recorded() {
        for absurd in [-1.0, f64::NAN, f64::INFINITY] {
            let row = [("aten::mm", "float", absurd)];
            assert_eq!(recorded(&work(1.0, 1.0, &row)), None);
            assert_eq!(recorded(&work(absurd, 1.0, &[])), None);
            assert_eq!(recorded(&work(1.0, absurd, &[])), None);
        }
        // A call of which the device knows nothing is one all the same.
        assert!(recorded(&work(1.0, 0.0, &[])).is_some());
        // Names are kept of the longest few.
        let names: Vec<String> = (0..20).map(|number| format!("k{number:02}")).collect();
        let rows: Vec<_> = names.iter().map(|name| (name.as_str(), "", 1.0)).collect();
        let found = recorded(&work(40.0, 20.0, &rows)).expect("it is");
        assert_eq!(found.other_seconds.len(), MOST_NAMES + 1);
        assert!((found.other_seconds[""] - 12.0).abs() < 1e-9);
    }
}
