# Éclair — motion from a still
import spaces
import gradio as gr
import torch
from diffusers import I2VGenXLPipeline
from diffusers.utils import export_to_video

pipe = I2VGenXLPipeline.from_pretrained(
    "ali-vilab/i2vgen-xl", torch_dtype=torch.float16, variant="fp16"
)
pipe.to("cuda")

# « é » and “–” are two and three bytes long, 🎞️ is two code points: columns must not care.
NAMES = {"léger": 20, "fort – 🎞️": 40}


@spaces.GPU(duration=60) # été : 60 s
def animate(still, strength, seed):
    """Deux secondes."""
    frames = pipe(
        prompt="slow motion, steady camera",
        image=still.convert("RGB").resize((1280, 704)),
        num_inference_steps=NAMES[strength],
        generator=torch.manual_seed(int(seed)),
    ).frames[0]
    return export_to_video(frames, "éclair.mp4", fps=7)


légende = "🎞️ é – "; quick = spaces.GPU(duration=130)(lambda still: animate(still, "léger", 0))

with gr.Blocks(title=légende + "Éclair") as demo:
    still = gr.Image(type="pil", label="Photographie")
    strength = gr.Radio(list(NAMES), value="léger", label="Mouvement")
    seed = gr.Number(0, label="Graine")
    film = gr.Video(label="Film")
    gr.Button("Animer").click(animate, [still, strength, seed], film)
    gr.Button("Vite").click(quick, still, film)

demo.launch()
