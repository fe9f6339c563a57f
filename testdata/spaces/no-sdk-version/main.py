import spaces  # before sentence_transformers, which may touch CUDA when it is imported

import gradio as gr
import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from sentence_transformers import SentenceTransformer
from sklearn.decomposition import PCA

model = SentenceTransformer("sentence-transformers/all-mpnet-base-v2", device="cuda")

SAMPLE = """The cat sat on the mat.
A cat is sitting on a rug.
Interest rates were raised by half a point.
The central bank made borrowing more expensive.
He plays the cello badly.
"""


@spaces.GPU(duration=15)
def embed(sentences):
    return model.encode(sentences, normalize_embeddings=True)


def draw(text):
    sentences = [line.strip() for line in text.splitlines() if line.strip()]
    if len(sentences) < 3:
        raise gr.Error("Three sentences at least, one on each line.")
    points = PCA(n_components=2).fit_transform(embed(sentences))
    figure, axes = plt.subplots(figsize=(7, 7))
    axes.scatter(*points.T)
    for sentence, point in zip(sentences, points, strict=True):
        axes.annotate(sentence[:40], point, fontsize=8)
    axes.set_axis_off()
    return figure


with gr.Blocks() as demo:
    gr.Markdown("# Sentence Map")
    text = gr.Textbox(SAMPLE, lines=8, label="Sentences")
    plot = gr.Plot(label="Map")
    gr.Button("Draw").click(draw, text, plot)

if __name__ == "__main__":
    demo.launch()
