# What the driver is held against, in every version of Gradio.
import os
import time
import wave

import gradio as gr
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))
picture = os.path.join(here, "red.png")
Image.new("RGB", (32, 16), "red").save(picture)
sound = os.path.join(here, "hum.wav")
with wave.open(sound, "wb") as file:
    file.setparams((1, 2, 8000, 80, "NONE", "not compressed"))
    file.writeframes(bytes(160))


def draw(prompt, image, steps, size, request: gr.Request):
    drawn = None if image is None else Image.open(image).size
    return f"{prompt} {drawn} {steps} {size} {request.headers.get('x-ip-token')}"


def hear(clip):
    return str(os.path.getsize(clip))


def tell(text):
    for end in range(len(text)):
        time.sleep(0.05)
        yield text[: end + 1]


def refuse(text):
    raise gr.Error("no luck")


def fail(text):
    raise ValueError("nobody sees this")


def count(total, number):
    return total + number, total + number


def chat(message, history, warmth):
    return f"{message} {warmth}"


def predict(number, word):
    return word * int(number)


def sleep(seconds):
    time.sleep(seconds)
    return seconds


with gr.Blocks() as demo:
    prompt = gr.Textbox(label="Prompt")
    image = gr.Image(type="filepath")
    steps = gr.Slider(1, 10, value=4, step=1)
    size = gr.Dropdown([("Small", 256), ("Large", 1024)], value=256)
    out = gr.Textbox()
    gr.Button().click(draw, [prompt, image, steps, size], out, api_name="draw")
    gr.Examples([["a cat", picture, 1024], ["a dog", picture, 256]], [prompt, image, size])
    clip = gr.Audio(type="filepath")
    gr.Button().click(hear, clip, out, api_name="hear")
    gr.Examples([sound], clip)
    text = gr.Textbox(value="hey")
    for function in (tell, refuse, fail):
        gr.Button().click(function, text, out, api_name=function.__name__)
    total, number = gr.State(1), gr.Number(2)
    gr.Button().click(count, [total, number], [total, number], api_name="count")
    seconds = gr.Number(1)
    gr.Button().click(sleep, seconds, out, api_name="sleep", concurrency_limit=4)
    alone = gr.Image()
    gr.Button().click(lambda it: it, alone, alone, api_name="alone")
    with gr.Tab("Chat"):
        gr.ChatInterface(
            chat,
            additional_inputs=[gr.Slider(0, 1, 0.5, step=0.1)],
            examples=[["hi", 0.1], ["bye", 0.9]],
        )
    with gr.Tab("Interface"):
        gr.Interface(
            predict,
            [gr.Slider(0, 5, step=1), "text"],
            "text",
            examples=[[2, "x"], [3, "y"]],
            cache_examples=False,
        )

demo.launch()
