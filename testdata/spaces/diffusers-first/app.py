import gradio as gr
import torch
from diffusers import AutoPipelineForImage2Image
from diffusers.utils import load_image
import spaces
from PIL import Image

pipe = AutoPipelineForImage2Image.from_pretrained(
    "stabilityai/sd-turbo", torch_dtype=torch.float16, variant="fp16"
)
pipe.to("cuda")
pipe.set_progress_bar_config(disable=True)

EXAMPLE = "https://huggingface.co/datasets/huggingface/documentation-images/resolve/main/diffusers/cat.png"


@spaces.GPU(duration=10)
def finish(sketch, prompt, strength):
    picture = Image.fromarray(sketch["composite"]).convert("RGB").resize((512, 512))
    steps = max(1, round(1 / strength))
    return pipe(
        prompt,
        image=picture,
        strength=strength,
        num_inference_steps=steps,
        guidance_scale=0.0,
    ).images[0]


def example():
    return load_image(EXAMPLE)


with gr.Blocks() as demo:
    gr.Markdown("# SD Turbo Sketchbook")
    with gr.Row():
        sketch = gr.ImageEditor(type="numpy", label="Sketch")
        result = gr.Image(label="Finished")
    prompt = gr.Textbox("a watercolour of a cat in a garden", label="What is it?")
    strength = gr.Slider(0.3, 1.0, value=0.7, label="How much to change")
    gr.Button("Finish it").click(finish, [sketch, prompt, strength], result)
    gr.Button("Show me one").click(example, None, result)

demo.launch()
