import emoji
import gradio as gr
import spaces
import torch
from transformers import AutoModel, AutoTokenizer

CHECKPOINT = "sentence-transformers/all-MiniLM-L6-v2"

tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
model = AutoModel.from_pretrained(CHECKPOINT).eval()

NAMES = {
    symbol: data["en"].strip(":").replace("_", " ")
    for symbol, data in emoji.EMOJI_DATA.items()
    if data["status"] == emoji.STATUS["fully_qualified"]
}


def embed(sentences):
    inputs = tokenizer(sentences, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1)
    mean = (hidden * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(mean, dim=1)


SYMBOLS = list(NAMES)
VECTORS = embed(list(NAMES.values()))


# @spaces.GPU(duration=10)
def ask(question):
    if not question.strip():
        return "🤷"
    best = (VECTORS @ embed([question])[0]).topk(3).indices
    return " ".join(SYMBOLS[i] for i in best.tolist())


demo = gr.Interface(
    fn=ask,
    inputs=gr.Textbox(label="Question"),
    outputs=gr.Textbox(label="Answer"),
    examples=[["Will it rain tomorrow?"], ["Should I learn the accordion?"]],
    cache_examples=False,
    title="Emoji Oracle",
)

if __name__ == "__main__":
    demo.launch()
