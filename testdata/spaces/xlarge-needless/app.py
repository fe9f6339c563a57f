import gradio as gr
import spaces
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TRANSLATOR = "Qwen/Qwen3-4B-Instruct-2507"
CORRECTOR = "Qwen/Qwen3-1.7B"
LANGUAGES = ["English", "French", "German", "Hindi", "Japanese", "Swahili"]


def load(name):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModelForCausalLM.from_pretrained(name, torch_dtype=torch.bfloat16)
    return tokenizer, model.to("cuda").eval()


translate = load(TRANSLATOR)
correct = load(CORRECTOR)


def ask(pair, prompt, limit):
    tokenizer, model = pair
    messages = [{"role": "user", "content": prompt}]
    inputs = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to("cuda")
    tokens = model.generate(**inputs, max_new_tokens=limit, do_sample=False)
    return tokenizer.decode(tokens[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True)


@spaces.GPU(duration=40, size="xlarge")
def run(text, source, target):
    draft = ask(translate, f"Translate from {source} to {target}:\n\n{text}", 600)
    return ask(correct, f"Correct the {target} of this text, change nothing else:\n\n{draft}", 600)


with gr.Blocks() as demo:
    gr.Markdown("# Tiny Translator")
    with gr.Row():
        source = gr.Dropdown(LANGUAGES, value="English", label="From")
        target = gr.Dropdown(LANGUAGES, value="French", label="To")
    text = gr.Textbox(lines=6, label="Text")
    result = gr.Textbox(lines=6, label="Translation")
    gr.Button("Translate").click(run, [text, source, target], result)

demo.launch()
