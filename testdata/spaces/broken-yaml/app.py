import gradio as gr
import spaces
import torch
from transformers import pipeline

write = pipeline(
    "text-generation", model="Qwen/Qwen3-0.6B", dtype=torch.bfloat16, device="cuda"
)

PROMPT = "Write one haiku about {topic}. Three lines, no title."


@spaces.GPU(duration=250)
def haiku(topic):
    messages = [{"role": "user", "content": PROMPT.format(topic=topic)}]
    answer = write(messages, max_new_tokens=60, return_full_text=False)
    return answer[0]["generated_text"]


COLOURS = ["#fde2e4", "#e2ece9", "#dfe7fd", "#fff1e6"]


def show(topic):
    text = haiku(topic)
    colour = COLOURS[len(topic) % len(COLOURS)]
    lines = "<br>".join(line.strip() for line in text.splitlines() if line.strip())
    return f'<p style="background:{colour};padding:2em;font-size:1.5em">{lines}</p>'


with gr.Blocks() as demo:
    gr.Markdown("# Haiku Machine")
    topic = gr.Textbox("a build that passes", label="About")
    page = gr.HTML()
    gr.Button("Write").click(show, topic, page)

demo.launch()
