import argparse
import os

import spaces
import gradio as gr
import torch
from PIL import ImageDraw
from transformers import AutoProcessor, VitPoseForPoseEstimation

parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=7860)
arguments = parser.parse_args()

CHECKPOINT = "usyd-community/vitpose-base-simple"
processor = AutoProcessor.from_pretrained(CHECKPOINT)
model = VitPoseForPoseEstimation.from_pretrained(CHECKPOINT).to("cuda")


@spaces.GPU(duration=15)
def find(image):
    box = [[[0, 0, image.width, image.height]]]
    inputs = processor(image, boxes=box, return_tensors="pt").to("cuda")
    with torch.no_grad():
        out = model(**inputs)
    return processor.post_process_pose_estimation(out, boxes=box)[0][0]["keypoints"].cpu().tolist()


def draw(image):
    image = image.convert("RGB")
    pen = ImageDraw.Draw(image)
    for x, y in find(image):
        pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill="red")
    return image


demo = gr.Interface(draw, gr.Image(type="pil"), gr.Image(), title="Pose Studio")
demo.launch(
    server_name=arguments.host,
    server_port=arguments.port,
    theme=os.environ["STUDIO_THEME"],
)
