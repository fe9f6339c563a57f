import spaces
import gradio as gr
import httpx
import torch
from diffusers import AutoPipelineForText2Image
from transformers import AutoModelForCausalLM, AutoTokenizer

import settings

painter = AutoPipelineForText2Image.from_pretrained(
    "stabilityai/sdxl-turbo", torch_dtype=torch.float16, variant="fp16"
).to("cuda")
tokenizer = AutoTokenizer.from_pretrained("Qwen/Qwen3-1.7B")
writer = AutoModelForCausalLM.from_pretrained("Qwen/Qwen3-1.7B", dtype=torch.bfloat16).to("cuda")

PROMPT = "Write a story of six sentences about {topic}. One sentence on each line, nothing else."


def write_remotely(topic):
    answer = httpx.post(
        "https://writer.example.org/v1/stories",
        headers={"Authorization": f"Bearer {settings.WRITER_API_KEY}"},
        json={"prompt": PROMPT.format(topic=topic)},
        timeout=30,
    )
    answer.raise_for_status()
    return answer.json()["text"]


@spaces.GPU(duration=30)
def write_here(topic):
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": PROMPT.format(topic=topic)}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    ).to("cuda")
    inputs = {name: value[:, -settings.MAX_INPUT_TOKEN_LENGTH:] for name, value in inputs.items()}
    tokens = writer.generate(**inputs, max_new_tokens=300)
    return tokenizer.decode(tokens[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True)


@spaces.GPU(duration=20)
def paint(sentences):
    generator = torch.Generator().manual_seed(settings.SEED)
    size = min(512, settings.MAX_IMAGE_SIZE)
    return [
        painter(
            sentence,
            width=size,
            height=size,
            num_inference_steps=2,
            guidance_scale=0.0,
            generator=generator,
        ).images[0]
        for sentence in sentences
    ]


def tell(topic):
    story = write_remotely(topic) if settings.WRITER_API_KEY else write_here(topic)
    sentences = [line for line in story.splitlines() if line.strip()][:6]
    pictures = paint(sentences)
    if settings.DISCORD_WEBHOOK:
        httpx.post(settings.DISCORD_WEBHOOK, json={"content": story})
    return list(zip(pictures, sentences, strict=True))


with gr.Blocks() as demo:
    gr.Markdown("# Story Illustrator")
    topic = gr.Textbox("a fox who repairs clocks", label="About")
    gallery = gr.Gallery(columns=3, label="Story")
    gr.Button("Tell it").click(tell, topic, gallery)
    if settings.SHOW_DUPLICATE_BUTTON:
        gr.DuplicateButton()

if __name__ == "__main__":
    demo.launch()
