from zero import gpu

import cv2
import gradio as gr
import numpy as np
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForDepthEstimation

CHECKPOINT = "depth-anything/Depth-Anything-V2-Small-hf"
MAX_FRAMES = 240

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
processor = AutoImageProcessor.from_pretrained(CHECKPOINT)
model = AutoModelForDepthEstimation.from_pretrained(CHECKPOINT).to(device).eval()


def estimate(image):
    inputs = processor(images=image, return_tensors="pt").to(device)
    with torch.no_grad():
        depth = model(**inputs).predicted_depth[0]
    depth = (depth - depth.min()) / (depth.max() - depth.min())
    return (depth.cpu().numpy() * 255).astype(np.uint8)


@gpu(duration=20)
def on_image(image):
    return Image.fromarray(estimate(image))


@gpu(duration=240, quiet=True)
def on_clip(path):
    frames = cv2.VideoCapture(path)
    rate = frames.get(cv2.CAP_PROP_FPS)
    out = None
    for _ in range(MAX_FRAMES):
        ok, frame = frames.read()
        if not ok:
            break
        depth = estimate(Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)))
        if out is None:
            size = (depth.shape[1], depth.shape[0])
            out = cv2.VideoWriter("depth.mp4", cv2.VideoWriter_fourcc(*"mp4v"), rate, size, False)
        out.write(depth)
    if out is not None:
        out.release()
    return "depth.mp4"


with gr.Blocks() as demo:
    with gr.Tab("Photograph"):
        photo = gr.Image(type="pil")
        depth = gr.Image()
        photo.upload(on_image, photo, depth)
    with gr.Tab("Clip"):
        clip = gr.Video()
        result = gr.Video()
        clip.upload(on_clip, clip, result)

if __name__ == "__main__":
    demo.queue().launch()
