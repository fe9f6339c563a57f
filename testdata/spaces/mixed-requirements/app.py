import gradio as gr
import spaces
import torch
from soundtools import clean
from transformers import pipeline

listen = pipeline("automatic-speech-recognition", "openai/whisper-small")


@spaces.GPU(duration=20)
def transcribe(path):
    with torch.inference_mode():
        return listen(clean(path))["text"]


gr.Interface(transcribe, gr.Audio(type="filepath"), "text").launch()
