import gradio as gr
import spaces
import torch

from reconstruct import Scene

device = "cuda" if torch.cuda.is_available() else "cpu"
scene = Scene(steps=4000).to(device)


@spaces.GPU(duration=900)  # spacelint: ignore[long-duration]
def reconstruct(files, progress=gr.Progress()):
    if not files:
        raise gr.Error("Upload at least eight photographs.")
    return scene.fit([file.name for file in files], progress)


# The team knows that it is booked for a minute.
# spacelint: ignore[default-duration]
@spaces.GPU
def render(azimuth, elevation):
    return scene.render(azimuth, elevation)


@spaces.GPU(duration=30)  # spacelint: ignore[long-duration]
def export():
    return scene.export("scene.ply")


with gr.Blocks() as demo:
    files = gr.File(file_count="multiple", label="Photographs")
    status = gr.Textbox(label="Status")
    gr.Button("Reconstruct").click(reconstruct, files, status)
    with gr.Row():
        azimuth = gr.Slider(-180, 180, value=0, label="Azimuth")
        elevation = gr.Slider(-60, 60, value=10, label="Elevation")
    view = gr.Image(label="View")
    azimuth.release(render, [azimuth, elevation], view)
    elevation.release(render, [azimuth, elevation], view)
    gr.Button("Export").click(export, None, gr.File(label="Scene"))

demo.queue().launch()
