import os

import gradio as gr

from upscaler import Upscaler, pad_to
from upscaler.presets import PRESETS

import spaces

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

upscaler = Upscaler("caidas/swin2SR-realworld-sr-x4-64-bsrgan-psnr")


@spaces.GPU(duration=240)
def upscale(image, preset):
    if image is None:
        raise gr.Error("Upload a picture first.")
    settings = PRESETS[preset]
    return upscaler(pad_to(image, settings.multiple), settings)


with gr.Blocks(title="Upscale Anything") as demo:
    gr.Markdown("# Upscale Anything")
    with gr.Row():
        before = gr.Image(type="pil", label="Before")
        after = gr.Image(type="pil", label="After", format="png")
    preset = gr.Radio(list(PRESETS), value="photo", label="Preset")
    gr.Button("Upscale", variant="primary").click(upscale, [before, preset], after)

if __name__ == "__main__":
    demo.launch()
