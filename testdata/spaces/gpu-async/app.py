import spaces
import gradio as gr
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

extractor = AutoFeatureExtractor.from_pretrained("ann/bird-calls")
model = AutoModelForAudioClassification.from_pretrained("ann/bird-calls").to("cuda")


def scores(recording):
    rate, samples = recording
    inputs = extractor(samples, sampling_rate=rate, return_tensors="pt").to("cuda")
    return model(**inputs).logits.softmax(-1)[0]


@spaces.GPU(duration=20)
async def listen(recording):
    return {model.config.id2label[i]: float(s) for i, s in enumerate(scores(recording))}


@spaces.GPU(duration=30)
async def listen_on(recordings):
    for recording in recordings:
        yield scores(recording).argmax().item()


demo = gr.Interface(listen, gr.Audio(), gr.Label())
demo.launch()
