"""Letters with a picture, from people who never lived."""

from threading import Thread

import gradio as gr
import spaces
import torch
from diffusers import DiffusionPipeline
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer

words = AutoTokenizer.from_pretrained("acme/writer")
writer = AutoModelForCausalLM.from_pretrained("acme/writer", dtype=torch.bfloat16).to("cuda")
painter = DiffusionPipeline.from_pretrained("acme/painter", torch_dtype=torch.bfloat16).to("cuda")
oracle = AutoModel.from_pretrained("acme/oracle").to("cuda")
critic = AutoModelForCausalLM.from_pretrained("acme/critic-awq", device_map="cuda")
STYLES = {"ink": "acme/ink", "wash": "acme/wash"}


@spaces.GPU(duration=90)
def write(prompt, max_new_tokens=512):
    """A letter, as it is written."""
    streamer = TextIteratorStreamer(words, skip_prompt=True)
    given = {**words(prompt, return_tensors="pt").to("cuda"), "streamer": streamer, "max_new_tokens": max_new_tokens}
    Thread(target=writer.generate, kwargs=given).start()
    letter = ""
    for piece in streamer:
        letter += piece
        yield letter


@spaces.GPU(duration=60)
def illustrate(letter, steps=24, wide=False):
    """Its picture, and what the writer calls it."""
    image = painter(letter, num_inference_steps=steps, height=1024, width=1024).images[0]
    if wide:
        image = painter(letter, num_inference_steps=4, height=512, width=1024).images[0]
    title = writer.generate(**words(letter, return_tensors="pt"), max_new_tokens=16)
    return image, words.decode(title[0])


@spaces.GPU(size="xlarge")
def judge(letter, style):
    """What becomes of it."""
    fate = oracle(letter)
    verdict = critic.generate(letter, max_new_tokens=64)
    sketch = DiffusionPipeline.from_pretrained(STYLES[style]).to("cuda")
    return fate, verdict, sketch(letter).images[0]


@spaces.GPU
def polish(image):
    """Nothing that a model does."""
    return image * 2


with gr.Blocks() as demo:
    letter = gr.Textbox()
    picture = gr.Image()
    gr.Button("Write").click(write, letter, letter)
    gr.Button("Illustrate").click(illustrate, letter, [picture, letter])
    gr.Button("Judge").click(judge, [letter, letter], [letter, letter, picture])
    gr.Button("Polish").click(polish, picture, picture)

demo.launch()
