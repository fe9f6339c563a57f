import random

import spaces
import gradio as gr
import torch
from diffusers import WanPipeline
from diffusers.utils import export_to_video

from optimize import optimize

FPS = 16
FRAMES = 49
NEGATIVE = "static, blurred, subtitles, watermark"

pipe = WanPipeline.from_pretrained(
    "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", torch_dtype=torch.bfloat16
).to("cuda")

optimize(pipe, prompt="a tram in the rain", height=480, width=832, num_frames=FRAMES)


def seconds(prompt, steps, seed):
    return min(20 + 2 * steps, 100)


@spaces.GPU(duration=seconds)
def film(prompt, steps, seed):
    seed = int(seed) if seed >= 0 else random.randrange(2**31)
    frames = pipe(
        prompt=prompt,
        negative_prompt=NEGATIVE,
        height=480,
        width=832,
        num_frames=FRAMES,
        num_inference_steps=int(steps),
        generator=torch.Generator().manual_seed(seed),
    ).frames[0]
    return export_to_video(frames, fps=FPS)


with gr.Blocks() as demo:
    gr.Markdown("# Wan Sprinter")
    prompt = gr.Textbox("a paper boat going down a gutter", label="Prompt")
    with gr.Row():
        steps = gr.Slider(10, 40, value=25, step=1, label="Steps")
        seed = gr.Number(-1, label="Seed (-1: any)")
    clip = gr.Video(label="Clip")
    gr.Button("Film").click(film, [prompt, steps, seed], clip)

demo.launch()
