import time

import gradio as gr
import spaces


@spaces.GPU(duration=120)
def render(prompt, steps):
    time.sleep(0.2 + 0.02 * steps)
    return f"{prompt} in {steps} steps"


with gr.Blocks() as demo:
    prompt = gr.Textbox("a lighthouse", label="Prompt")
    steps = gr.Slider(1, 50, value=20, step=1, label="Steps")
    answer = gr.Textbox(label="Picture")
    gr.Button("Render").click(render, [prompt, steps], answer)
    gr.Examples(
        [["a lighthouse in fog", 10], ["two otters", 25], ["a map of an island", 40]],
        [prompt, steps],
        answer,
        render,
    )

demo.launch()
