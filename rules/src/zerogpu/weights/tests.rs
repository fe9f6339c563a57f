//! What programs load, against what the estimates say. The numbers of the table are read from it, so
//! that a better count of a model's parameters breaks nothing here.

use super::*;
use crate::rule::Check;
use crate::testing::memory;
use crate::zerogpu::undeclared_xlarge::UndeclaredXlarge;

const IMPORTS: &str = "\
import spaces, torch
from diffusers import *
from diffusers import AutoencoderKL, DiffusionPipeline, QwenImageTransformer2DModel
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, pipeline
";

fn space(requirements: &str, app: &str) -> Space {
    let app = format!("{IMPORTS}{app}");
    Space::read(&memory(&[("app.py", app.as_str()), ("requirements.txt", requirements)]))
}

/// About how many GB all weights take.
fn gb(app: &str) -> Option<f64> {
    all(&space("transformers\ndiffusers", app)).map(|estimate| estimate.gb())
}

fn billions(id: &str, part: Option<&str>) -> f64 {
    let model = models::model(id).expect("it is in the table");
    part.map_or(model.billions(), |part| model.part(part).expect("it has that part"))
}

#[track_caller]
fn takes(app: &str, wanted: f64) {
    let gb = gb(app).expect("all of it is known");
    assert!((gb - wanted).abs() < 1e-6, "{gb} GB, not {wanted} GB");
}

#[test]
fn what_is_handed_to_a_pipeline_counts_once() {
    let id = "Qwen/Qwen-Image";
    let whole = 2.0 * billions(id, None);
    let encoder = 2.0 * billions(id, Some("text_encoder"));
    let load = "bf = torch.bfloat16\nI = 'Qwen/Qwen-Image'\n";
    takes(&format!("{load}p = DiffusionPipeline.from_pretrained(I, torch_dtype=bf)"), whole);
    takes(
        &format!(
            "{load}t = QwenImageTransformer2DModel.from_pretrained(I, subfolder='transformer', torch_dtype=bf)\n\
             p = DiffusionPipeline.from_pretrained(I, transformer=t.eval(), torch_dtype=bf)\n\
             q = DiffusionPipeline.from_pretrained(\n\
                 I, transformer=t, vae=p.vae, text_encoder=None, torch_dtype=bf)"
        ),
        whole,
    );
    takes(
        &format!(
            "{load}p = DiffusionPipeline.from_pretrained(I, text_encoder=None, torch_dtype=bf)"
        ),
        whole - encoder,
    );
    // A part from nowhere may have any size.
    let made = "p = DiffusionPipeline.from_pretrained(I, transformer=make(), torch_dtype=bf)";
    assert_eq!(gb(&format!("{load}{made}")), None);
    assert_eq!(gb(&format!("{load}p = DiffusionPipeline.from_pretrained(I, **options)")), None);
}

#[test]
fn a_model_that_is_wrapped_is_not_loaded_again() {
    takes(
        "m = AutoModelForCausalLM.from_pretrained('Qwen/Qwen3-8B', dtype='bfloat16')\n\
         k = AutoTokenizer.from_pretrained('Qwen/Qwen3-8B')\n\
         ask = pipeline('text-generation', model=m, tokenizer=k)",
        16.0,
    );
    assert_eq!(gb("ask = pipeline('text-generation')"), None);
}

#[test]
fn the_type_is_the_given_one_or_the_library_s_own() {
    let load = |arguments: &str| {
        format!("m = AutoModelForCausalLM.from_pretrained('Qwen/Qwen3-8B'{arguments})")
    };
    takes(&load(", torch_dtype=torch.float16"), 16.0);
    takes(&load(", dtype=torch.float32 if precise else torch.bfloat16"), 32.0);
    // Stored in a type that nobody told.
    takes(&load(", dtype='auto'"), 32.0);
    let stored = "m = AutoModelForCausalLM.from_pretrained('microsoft/phi-2')";
    let phi = billions("microsoft/phi-2", None);
    for (requirements, bytes) in
        [("transformers==4.57.3", 4.0), ("transformers>=5", 2.0), ("transformers", 2.0), ("", 4.0)]
    {
        let gb = all(&space(requirements, stored)).expect("it is known").gb();
        assert!((gb - bytes * phi).abs() < 1e-6, "{requirements}: {gb}");
    }
}

#[test]
fn quantised_weights_take_less() {
    let share = models::estimate().unquantised_share;
    let four = 8.0 * (0.5 + 1.5 * share);
    let eight = 8.0 * (1.0 + share);
    let load = |id: &str, arguments: &str| {
        format!("m = AutoModelForCausalLM.from_pretrained('{id}', dtype='bfloat16'{arguments})")
    };
    takes(&load("Qwen/Qwen3-8B-AWQ", ""), four);
    takes(&load("Qwen/Qwen3-8B", ", load_in_8bit=True"), eight);
    takes(&load("Qwen/Qwen3-8B", ", load_in_8bit=False, quantization_config=None"), 16.0);
    let config =
        "quantization_config=BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_use_double_quant=True)";
    takes(&load("Qwen/Qwen3-8B", &format!(", {config}")), four);
    takes(&load("Qwen/Qwen3-8B", ", quantization_config=config()"), 32.0);
}

#[test]
fn what_is_not_known_silences() {
    let known = "m = AutoModelForCausalLM.from_pretrained('Qwen/Qwen3-8B', dtype='bfloat16')\n";
    takes(known, 16.0);
    takes(
        &format!("{known}m.to('cuda')\nm.lm_head.cuda()\nx = torch.zeros(1, device='cuda')"),
        16.0,
    );
    for more in [
        "n = AutoModel.from_pretrained('someone/model')",
        "n = AutoModel.from_pretrained('Qwen/Qwen3-8B' if small else 'Qwen/Qwen3-32B')",
        "n = AutoModel.from_pretrained('./model-7b')",
        "n = AutoModel.from_pretrained(path)",
        "n = DiffusionPipeline.from_pretrained('someone/video-5B')",
        "import net\nn = net.Net.from_pretrained('someone/net-4B')",
        "n = torch.load('net.pt')",
        "from safetensors.torch import load_file\nn = load_file('net.safetensors')",
        "from huggingface_hub import hf_hub_download\nn = hf_hub_download('a/b', 'net.pt')",
        "from ultralytics import YOLO\nn = YOLO('yolo11n.pt')",
        "import net\nn = net.build().to('cuda')",
        "class Net(torch.nn.Module): pass\nNet().cuda()",
    ] {
        assert_eq!(gb(&format!("{known}{more}")), None, "{more}");
    }
    // An adapter has its allowance.
    let adapted = format!("{known}p = DiffusionPipeline.from_pretrained('Qwen/Qwen-Image')\n");
    let most = |app: &str| all(&space("", app)).expect("it is known").at_most();
    let more = most(&format!("{adapted}p.load_lora_weights('a/b')")) - most(&adapted);
    assert!((more - models::estimate().adapter_gb).abs() < 1e-6);
}

#[test]
fn a_call_that_loads_is_counted_once() {
    let app = "\
def load():
    return AutoModel.from_pretrained('Qwen/Qwen3-8B', dtype='bfloat16').to('cuda')

@spaces.GPU
def a(x): return load()(x)

@spaces.GPU
def b(x): return load()(x)
";
    takes(app, 16.0);
    assert!(placed(&space("", app)).is_empty());
}

#[test]
fn what_start_up_places_is_what_it_surely_moves() {
    let ids = |app: &str| -> Vec<String> {
        let space = space("", app);
        placed(&space).iter().map(|weights| weights.id.to_owned()).collect()
    };
    let one = "AutoModel.from_pretrained('Qwen/Qwen3-8B', dtype='bfloat16')";
    let here = ["Qwen/Qwen3-8B"];
    assert_eq!(ids(&format!("m = {one}.eval().to('cuda')")), here);
    assert_eq!(ids(&format!("m = {one}\nm = m.half()\nm.cuda()")), here);
    assert_eq!(
        ids("m = AutoModel.from_pretrained('Qwen/Qwen3-8B', dtype='bfloat16', device_map='cuda')"),
        here
    );
    assert_eq!(ids("m = pipeline('x', model='Qwen/Qwen3-8B', dtype='bfloat16', device=0)"), here);
    assert_eq!(ids(&format!("p = pipeline('x', model={one})\np.model.to('cuda')")), here);
    for not in [
        format!("m = {one}"),
        format!("m = {one}.to('cpu')"),
        format!("m = {one}.to(torch.float16)"),
        format!("m = {one}\nif torch.rand(1) > 0.5: m.to('cuda')"),
        // Its stored type is not known, nor how small that is.
        "m = AutoModel.from_pretrained('Qwen/Qwen3-8B', dtype='auto').to('cuda')".to_owned(),
        "m = AutoModel.from_pretrained('Qwen/Qwen3-8B', quantization_config=q()).to('cuda')"
            .to_owned(),
    ] {
        assert!(ids(&not).is_empty(), "{not}");
    }
    let quantised = space("torchao", &format!("m = {one}.to('cuda')"));
    assert!(placed(&quantised).is_empty());
    // What is handed over moves along.
    let handed = "\
bf = torch.bfloat16
t = QwenImageTransformer2DModel.from_pretrained('Qwen/Qwen-Image-Edit', subfolder='transformer', torch_dtype=bf)
p = DiffusionPipeline.from_pretrained('Qwen/Qwen-Image', transformer=t, torch_dtype=bf)
p.to('cuda')
";
    assert_eq!(ids(handed), ["Qwen/Qwen-Image-Edit", "Qwen/Qwen-Image"]);
}

#[test]
fn the_size_is_written_into_any_plain_decorator() {
    let load = "m = AutoModel.from_pretrained('Qwen/Qwen2.5-72B', dtype='bfloat16').to('cuda')\n";
    let fixed = |declaration: &str| -> Option<String> {
        let space = space("", &format!("{load}{declaration}"));
        let found: Vec<_> = UndeclaredXlarge::check(&space).collect();
        assert_eq!(found.len(), 1, "{declaration}");
        let fix = found[0].fix()?;
        let [edit] = &*fix.edits else { panic!("one edit") };
        let text = edit.location.file.text.as_str();
        let (before, after) = text.split_at(edit.location.span.start as usize);
        let whole = format!("{before}{}{after}", edit.content);
        Some(whole.lines().nth(IMPORTS.lines().count() + 1)?.to_owned())
    };
    let f = "\ndef f(x): return m(x)\n";
    for (before, after) in [
        ("@spaces.GPU", "@spaces.GPU(size=\"xlarge\")"),
        ("@spaces.GPU()", "@spaces.GPU(size=\"xlarge\")"),
        ("@spaces.GPU(duration=60)", "@spaces.GPU(duration=60, size=\"xlarge\")"),
        ("@spaces.GPU(60,)", "@spaces.GPU(60,size=\"xlarge\")"),
        ("gpu = spaces.GPU(duration=60)\n@gpu", "gpu = spaces.GPU(duration=60, size=\"xlarge\")"),
    ] {
        assert_eq!(fixed(&format!("{before}{f}")).as_deref(), Some(after));
    }
    assert_eq!(fixed(&format!("from spaces import GPU as gpu\n@gpu{f}")), None);
    assert_eq!(fixed(&format!("@spaces.GPU(  # as long as it takes\n    duration=60){f}")), None);
}
