"""Postcards from places that do not exist."""

import random

import gradio as gr
import numpy as np
import spaces
import torch
from diffusers import FluxPipeline

MODEL = "black-forest-labs/FLUX.1-dev"
MAX_SEED = np.iinfo(np.int32).max
MAX_IMAGE_SIZE = 1536

device = "cuda" if torch.cuda.is_available() else "cpu"
dtype = torch.bfloat16

pipe = FluxPipeline.from_pretrained(MODEL, torch_dtype=dtype).to(device)
pipe.vae.enable_slicing()

STYLES = {
    "None": "{place}",
    "Lithograph": "a 1930s travel lithograph of {place}, flat colours, wide margins",
    "Linocut": "a two-colour linocut of {place}, visible carving marks",
    "Watercolour": "a loose watercolour of {place}, wet on wet, white paper showing",
}


@spaces.GPU(duration=70)
def draw(place, style, seed, randomize_seed, width, height, guidance, steps,
         progress=gr.Progress(track_tqdm=True)):
    """Draw one postcard and say which seed made it."""
    if not place.strip():
        raise gr.Error("Name a place first.")
    if randomize_seed:
        seed = random.randint(0, MAX_SEED)
    generator = torch.Generator(device="cpu").manual_seed(int(seed))
    image = pipe(
        prompt=STYLES[style].format(place=place),
        width=width,
        height=height,
        guidance_scale=guidance,
        num_inference_steps=steps,
        generator=generator,
    ).images[0]
    return image, seed


css = "#column { margin: 0 auto; max-width: 720px; }"

with gr.Blocks() as demo:
    with gr.Column(elem_id="column"):
        gr.Markdown("# FLUX Postcards\nA place in, a postcard out.")
        with gr.Row():
            place = gr.Textbox(label="Place", placeholder="a harbour town on a moon of Saturn")
            run = gr.Button("Send", variant="primary")
        card = gr.Image(label="Postcard", format="png")
        with gr.Accordion("More", open=False):
            style = gr.Radio(list(STYLES), value="Lithograph", label="Style")
            seed = gr.Slider(0, MAX_SEED, value=0, step=1, label="Seed")
            randomize_seed = gr.Checkbox(True, label="Another seed each time")
            width = gr.Slider(512, MAX_IMAGE_SIZE, value=1216, step=32, label="Width")
            height = gr.Slider(512, MAX_IMAGE_SIZE, value=832, step=32, label="Height")
            guidance = gr.Slider(1.0, 8.0, value=3.5, step=0.1, label="Guidance")
            steps = gr.Slider(8, 40, value=24, step=1, label="Steps")
        gr.Examples(
            [["a lighthouse on a salt flat"], ["a night market under a glass river"]],
            inputs=[place],
            cache_examples=False,
        )
    gr.on(
        [run.click, place.submit],
        draw,
        [place, style, seed, randomize_seed, width, height, guidance, steps],
        [card, seed],
    )

if __name__ == "__main__":
    demo.launch(css=css)
