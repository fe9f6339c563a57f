import os

import gradio as gr
import spaces
from transformers import pipeline

NOTES = "/data/notes"
BACKEND = os.environ["BACKEND"]
MAIL_PASSWORD = os.getenv("MAIL_PASSWORD")

write = pipeline("text-generation", "meta-llama/Llama-3.2-3B-Instruct")


@spaces.GPU
def minutes(text):
    return write(text, max_new_tokens=300)


gr.Interface(minutes, "text", "text").launch()
