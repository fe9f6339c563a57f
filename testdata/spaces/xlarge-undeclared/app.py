import os
from threading import Thread

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import spaces
import gradio as gr
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer

CHECKPOINT = "Qwen/Qwen2.5-Coder-32B-Instruct"
RULES = (
    "You review code. Name at most five problems, the gravest first, each with its line and a remedy. "
    "Say nothing about style."
)

tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
model = AutoModelForCausalLM.from_pretrained(CHECKPOINT, dtype=torch.bfloat16)
model = model.to("cuda").eval()


@spaces.GPU(duration=90)
def review(diff):
    messages = [{"role": "system", "content": RULES}, {"role": "user", "content": diff}]
    inputs = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to("cuda")
    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
    Thread(
        target=model.generate,
        kwargs={**inputs, "streamer": streamer, "max_new_tokens": 900},
    ).start()
    text = ""
    for piece in streamer:
        text += piece
        yield text


demo = gr.Interface(
    fn=review,
    inputs=gr.Code(language="python", label="Diff"),
    outputs=gr.Markdown(label="Review"),
    title="Code Reviewer 32B",
)

if __name__ == "__main__":
    demo.launch()
