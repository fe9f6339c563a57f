import os

import gradio as gr
import librosa
import torch
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cuda":
    print("GPU:", torch.cuda.get_device_name(0))
torch.set_num_threads(int(os.environ.get("CPU_CORES", "2")))

CHECKPOINT = "bird-calls/ast-europe"
extractor = AutoFeatureExtractor.from_pretrained(CHECKPOINT)
model = AutoModelForAudioClassification.from_pretrained(CHECKPOINT).to(DEVICE).eval()


def classify(path, sensitivity):
    if path is None:
        raise gr.Error("Record or upload a call first.")
    samples, rate = librosa.load(path, sr=extractor.sampling_rate, mono=True)
    inputs = extractor(samples, sampling_rate=rate, return_tensors="pt").to(DEVICE)
    with torch.inference_mode():
        scores = model(**inputs).logits[0].softmax(0).cpu()
    names = model.config.id2label
    return {names[i]: score for i, score in enumerate(scores.tolist()) if score > sensitivity}


with gr.Blocks(title="Bird Calls") as demo:
    gr.Markdown("# Bird Calls")
    with gr.Row():
        call = gr.Audio(type="filepath", label="Call")
        birds = gr.Label(num_top_classes=5, label="Birds")
    sensitivity = gr.Slider(0.0, 0.5, value=0.05, label="Ignore below")
    gr.on([call.change, sensitivity.release], classify, [call, sensitivity], birds)

if __name__ == "__main__":
    demo.launch()
