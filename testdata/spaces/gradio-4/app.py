import gradio as gr
import spaces
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline
from PIL import ImageOps

PALETTES = {
    "Spring": "fresh greens, soft pinks, pale yellow",
    "Harbour": "navy, rust, off-white",
    "Candy": "saturated magenta, cyan, lemon",
}

control = ControlNetModel.from_pretrained(
    "lllyasviel/control_v11p_sd15_lineart", torch_dtype=torch.float16
)
pipe = StableDiffusionControlNetPipeline.from_pretrained(
    "stable-diffusion-v1-5/stable-diffusion-v1-5",
    controlnet=control,
    torch_dtype=torch.float16,
    safety_checker=None,
).to("cuda")


@spaces.GPU(duration=20)
def colorize(drawing, palette, seed):
    lines = ImageOps.invert(drawing.convert("L")).convert("RGB").resize((512, 512))
    return pipe(
        f"flat colour illustration, {PALETTES[palette]}",
        image=lines,
        num_inference_steps=20,
        generator=torch.Generator().manual_seed(int(seed)),
    ).images[0]


with gr.Blocks() as demo:
    gr.Markdown("# Sketch Colorizer")
    with gr.Row():
        drawing = gr.Image(type="pil", label="Drawing")
        picture = gr.Image(label="Coloured")
    palette = gr.Dropdown(list(PALETTES), value="Spring", label="Palette")
    seed = gr.Number(1, label="Seed")
    gr.Button("Colour").click(colorize, [drawing, palette, seed], picture)

demo.queue(max_size=10).launch()
