import gradio as gr
import numpy as np
import spaces
import torch
from transformers import SpeechT5ForSpeechToSpeech, SpeechT5HifiGan, SpeechT5Processor

processor = SpeechT5Processor.from_pretrained("microsoft/speecht5_vc")
model = SpeechT5ForSpeechToSpeech.from_pretrained("microsoft/speecht5_vc").to("cuda")
vocoder = SpeechT5HifiGan.from_pretrained("microsoft/speecht5_hifigan").to("cuda")

VOICES = {"Bright": 0.6, "Neutral": 0.0, "Dark": -0.6}


def voice(name):
    generator = np.random.default_rng(7)
    base = generator.standard_normal(512).astype("float32")
    return torch.from_numpy(base / np.linalg.norm(base) + VOICES[name] / 512).unsqueeze(0)


def prepare(audio):
    rate, samples = audio
    samples = samples.astype("float32")
    if samples.ndim > 1:
        samples = samples.mean(axis=1)
    samples /= max(np.abs(samples).max(), 1)
    positions = np.arange(0, len(samples), rate / 16000)
    return np.interp(positions, np.arange(len(samples)), samples)


@spaces.GPU(duration=30)
def mirror(audio, name):
    if audio is None:
        raise gr.Error("Record something first.")
    inputs = processor(audio=prepare(audio), sampling_rate=16000, return_tensors="pt")
    speech = model.generate_speech(
        inputs["input_values"].to("cuda"), voice(name).to("cuda"), vocoder=vocoder
    )
    return 16000, speech.cpu().numpy()


demo = gr.Interface(
    fn=mirror,
    inputs=[gr.Audio(label="You"), gr.Radio(list(VOICES), value="Neutral", label="Voice")],
    outputs=gr.Audio(label="The stranger"),
    title="Voice Mirror",
)

demo.launch()
