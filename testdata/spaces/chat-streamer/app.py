import os
from collections.abc import Iterator
from threading import Thread

import gradio as gr
import spaces
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer

DESCRIPTION = "# Pocket Qwen"
MAX_MAX_NEW_TOKENS = 2048
DEFAULT_MAX_NEW_TOKENS = 1024
MAX_INPUT_TOKEN_LENGTH = int(os.getenv("MAX_INPUT_TOKEN_LENGTH", "4096"))

model_id = "Qwen/Qwen3-4B-Instruct-2507"
tokenizer = AutoTokenizer.from_pretrained(model_id)
model = AutoModelForCausalLM.from_pretrained(model_id, dtype=torch.bfloat16).to("cuda")
model.eval()


@spaces.GPU
def generate(
    message: str,
    history: list[dict],
    system_prompt: str = "",
    max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS,
    temperature: float = 0.6,
    top_p: float = 0.9,
) -> Iterator[str]:
    messages = []
    if system_prompt:
        messages.append({"role": "system", "content": system_prompt})
    messages += [*history, {"role": "user", "content": message}]

    input_ids = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )["input_ids"]
    if input_ids.shape[1] > MAX_INPUT_TOKEN_LENGTH:
        input_ids = input_ids[:, -MAX_INPUT_TOKEN_LENGTH:]
        gr.Warning(f"The conversation was cut to its last {MAX_INPUT_TOKEN_LENGTH} tokens.")
    input_ids = input_ids.to(model.device)

    streamer = TextIteratorStreamer(
        tokenizer, timeout=20.0, skip_prompt=True, skip_special_tokens=True
    )
    arguments = {
        "input_ids": input_ids,
        "streamer": streamer,
        "max_new_tokens": max_new_tokens,
        "do_sample": True,
        "temperature": temperature,
        "top_p": top_p,
    }
    thread = Thread(target=model.generate, kwargs=arguments)
    thread.start()

    answer = ""
    for piece in streamer:
        answer += piece
        yield answer
    thread.join()


demo = gr.ChatInterface(
    fn=generate,
    description=DESCRIPTION,
    additional_inputs=[
        gr.Textbox(label="System prompt", lines=6),
        gr.Slider(1, MAX_MAX_NEW_TOKENS, value=DEFAULT_MAX_NEW_TOKENS, step=1, label="Tokens"),
        gr.Slider(0.1, 4.0, value=0.6, step=0.1, label="Temperature"),
        gr.Slider(0.05, 1.0, value=0.9, step=0.05, label="Top-p"),
    ],
    stop_btn=None,
    examples=[["Why is the sky dark at night?"], ["Explain recursion to a cat."]],
    cache_examples=False,
)

if __name__ == "__main__":
    demo.queue(max_size=20).launch()
