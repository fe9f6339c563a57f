import os
import sys

try:
    import spaces
except ImportError:
    print("No `spaces` here: the decorator does nothing.", file=sys.stderr)

    class spaces:  # noqa: N801
        """Stands in for the package when the app runs at home."""

        @staticmethod
        def GPU(function=None, duration=60, **kwargs):
            if function is None:
                return lambda inner: inner
            return function


import gradio as gr
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

if torch.cuda.is_available():
    DEVICE, DTYPE = "cuda", torch.float16
    print("Running on", torch.cuda.get_device_name(0))
else:
    DEVICE, DTYPE = "cpu", torch.float32

CHECKPOINT = os.environ.get("OCR_MODEL", "stepfun-ai/GOT-OCR-2.0-hf")

processor = AutoProcessor.from_pretrained(CHECKPOINT)
model = AutoModelForImageTextToText.from_pretrained(CHECKPOINT, dtype=DTYPE).to(DEVICE)


@spaces.GPU(duration=40)
def read(image, formatted):
    if image is None:
        raise gr.Error("Upload a page first.")
    inputs = processor(image, return_tensors="pt", format=formatted).to(DEVICE, DTYPE)
    tokens = model.generate(
        **inputs,
        do_sample=False,
        tokenizer=processor.tokenizer,
        stop_strings="<|im_end|>",
        max_new_tokens=2048,
    )
    new = tokens[0, inputs["input_ids"].shape[1]:]
    return processor.decode(new, skip_special_tokens=True)


with gr.Blocks() as demo:
    gr.Markdown("# OCR Notebook")
    with gr.Row():
        image = gr.Image(type="pil", label="Page")
        text = gr.Textbox(lines=20, label="Text")
    formatted = gr.Checkbox(False, label="Keep the layout")
    gr.Button("Read").click(read, [image, formatted], text)

if __name__ == "__main__":
    demo.launch()
