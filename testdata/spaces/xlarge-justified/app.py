import gradio as gr
import spaces
import torch
from pypdf import PdfReader
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen2.5-32B-Instruct"
SIZE = "xlarge"
LIMIT = 60_000

tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForCausalLM.from_pretrained(MODEL, torch_dtype=torch.bfloat16).to("cuda")


def read(path):
    if path.endswith(".pdf"):
        return "\n\n".join(page.extract_text() for page in PdfReader(path).pages)
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


@spaces.GPU(duration=75, size=SIZE)
def answer(path, question):
    prompt = f"{read(path)[:LIMIT]}\n\nAnswer from the text above only.\n\n{question}"
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    ).to("cuda")
    tokens = model.generate(**inputs, max_new_tokens=500)
    return tokenizer.decode(tokens[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True)


with gr.Blocks() as demo:
    gr.Markdown("# Long Reader")
    file = gr.File(file_types=[".pdf", ".txt", ".md"], label="Text")
    question = gr.Textbox(label="Question")
    reply = gr.Markdown()
    question.submit(answer, [file, question], reply)

if __name__ == "__main__":
    demo.launch()
