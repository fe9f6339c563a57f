import functools
import os

import spaces
import gradio as gr
import torch
from diffusers import AutoPipelineForImage2Image

import gpu
from tools import MINUTE, Printer, enlarger, fix

pipe = AutoPipelineForImage2Image.from_pretrained("ann/darkroom", torch_dtype=torch.float16)
pipe.to("cuda")

EXPOSURE = 30
_gpu = spaces.GPU(duration=EXPOSURE)
zero = spaces.GPU


def budget(photo, steps=20):
    return 10 + steps


def keep(function):
    return function


# @spaces.GPU(duration=30)
def develop_at_home(photo):
    return photo


@spaces.GPU
def bare(photo):
    return pipe(photo).images[0]


@spaces.GPU()
def called(photo):
    return pipe(photo).images[0]


@spaces.GPU#(duration=42)
def commented(photo):
    return pipe(photo).images[0]


@spaces.GPU(duration=20)
def literal(photo):
    return pipe(photo).images[0]


@spaces.GPU(duration=60 * 1)
def product(photo):
    return pipe(photo).images[0]


@spaces.GPU(duration=MINUTE // 2)
def constant(photo):
    return pipe(photo).images[0]


@spaces.GPU(duration=lambda photo, steps=20: 5 + steps)
def by_lambda(photo, steps=20):
    return pipe(photo, num_inference_steps=steps).images[0]


@spaces.GPU(duration=budget)
def by_function(photo, steps=20):
    return pipe(photo, num_inference_steps=steps).images[0]


@spaces.GPU(duration=int(os.getenv("DEVELOP_SECONDS", "40")))
def by_environment(photo):
    return pipe(photo).images[0]


@spaces.GPU(35)
def positional(photo):
    return pipe(photo).images[0]


@spaces.GPU(duration=30, size="large", enable_queue=True)
def sized(photo):
    return pipe(photo).images[0]


@_gpu
def through_a_variable(photo):
    return pipe(photo).images[0]


@zero(duration=12)
def through_the_decorator(photo):
    return pipe(photo).images[0]


@gpu.seconds(20)
def through_a_factory(photo):
    return pipe(photo).images[0]


@gpu.gpu
def through_a_wrapper(photo):
    return pipe(photo).images[0]


@gpu.gpu(duration=18)
def through_a_wrapper_with_arguments(photo):
    return pipe(photo).images[0]


@gpu.late
def through_importlib(photo):
    return pipe(photo).images[0]


@getattr(spaces, "GPU", keep)
def through_getattr(photo):
    return pipe(photo).images[0]


@spaces.GPU(duration=22) if gpu.ON_ZERO else keep
def on_a_condition(photo):
    return pipe(photo).images[0]


@spaces.GPU(duration=24)
@torch.inference_mode()
def above_another(photo):
    return pipe(photo).images[0]


@functools.lru_cache(maxsize=8)
@spaces.GPU(duration=26)
def below_another(photo):
    return pipe(photo).images[0]


@spaces.GPU(duration=28)
def step_by_step(photo):
    for steps in (1, 5, 20):
        yield pipe(photo, num_inference_steps=steps).images[0]


def by_hand(photo, strength):
    return pipe(photo, strength=strength).images[0]


by_hand_softly = spaces.GPU(functools.partial(by_hand, strength=0.2), duration=14)
by_hand = spaces.GPU(duration=16)(by_hand)

printer = Printer(paper=0.9)
double = enlarger(2)

frame = gr.load("models/ann/picture-frames")
frame.fn = spaces.GPU()(frame.fn)

TOOLS = {
    "Develop": bare,
    "Develop again": called,
    "Develop slowly": commented,
    "Tone": literal,
    "Tint": product,
    "Wash": constant,
    "Dry": by_environment,
    "Sharpen": positional,
    "Denoise": sized,
    "Crop": through_a_variable,
    "Rotate": through_the_decorator,
    "Straighten": through_a_factory,
    "Vignette": through_a_wrapper,
    "Grain": through_a_wrapper_with_arguments,
    "Scratch": through_importlib,
    "Dust": through_getattr,
    "Fade": on_a_condition,
    "Restore": above_another,
    "Colour": below_another,
    "Soften": by_hand_softly,
    "Enlarge": double,
    "Fix": fix,
    "Proof": printer.proof,
    "Measure": Printer.measure,
}

with gr.Blocks(title="Darkroom") as demo:
    photo = gr.Image(type="pil")
    steps = gr.Slider(1, 50, value=20, step=1)
    result = gr.Image()
    for name, tool in TOOLS.items():
        gr.Button(name).click(tool, photo, result)
    gr.Button("Expose").click(by_lambda, [photo, steps], result)
    gr.Button("Burn").click(by_function, [photo, steps], result)
    gr.Button("Watch").click(step_by_step, photo, result)
    gr.Button("By hand").click(by_hand, [photo, steps], result)
    gr.Button("At home").click(develop_at_home, photo, result)

if __name__ == "__main__":
    demo.queue(max_size=20).launch()
