"""The model, and the one function that needs a GPU."""

import spaces
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from .config import GPU_DURATION, SETTINGS
from .text import tidy

processor = AutoProcessor.from_pretrained(SETTINGS.checkpoint)
model = AutoModelForImageTextToText.from_pretrained(
    SETTINGS.checkpoint, dtype=torch.bfloat16
).to("cuda")


@spaces.GPU(duration=GPU_DURATION)
@torch.inference_mode()
def caption(image: Image.Image, detailed: bool) -> str:
    """One sentence, or a paragraph."""
    wish = "Describe this picture in detail." if detailed else "Describe it in one sentence."
    messages = [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": wish}]}
    ]
    prompt = processor.apply_chat_template(messages, add_generation_prompt=True)
    inputs = processor(text=[prompt], images=[image], return_tensors="pt").to("cuda")
    limit = SETTINGS.long if detailed else SETTINGS.short
    tokens = model.generate(**inputs, max_new_tokens=limit)
    new = tokens[:, inputs["input_ids"].shape[1]:]
    return tidy(processor.batch_decode(new, skip_special_tokens=True)[0])
