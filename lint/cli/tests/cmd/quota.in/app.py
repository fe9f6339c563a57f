import gradio as gr
import spaces


def seconds(prompt, steps, progress=None):
    return min(10 + 2 * steps, 90)


@spaces.GPU(duration=seconds)
def draw(prompt, steps, progress=gr.Progress()):
    return prompt


@spaces.GPU(duration=120)
def upscale(image):
    return image


@spaces.GPU(size="xlarge")
def extend(image):
    return image


with gr.Blocks() as demo:
    gr.Interface(draw, ["text", "number"], "image")
    gr.Interface(upscale, "image", "image")
    gr.Interface(extend, "image", "image")

demo.launch()
