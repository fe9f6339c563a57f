"""The page."""

import gradio as gr

from . import engine


def create_app() -> gr.Blocks:
    """Build the page and bind the engine to it."""
    with gr.Blocks() as demo:
        gr.Markdown("# Caption Desk")
        with gr.Row():
            image = gr.Image(type="pil", label="Picture")
            text = gr.Textbox(label="Alternative text", lines=8)
        detailed = gr.Checkbox(False, label="A paragraph")
        gr.Button("Describe").click(engine.caption, [image, detailed], text)
    return demo
