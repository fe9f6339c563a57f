import gradio as gr
from marginalia import Finder

finder = Finder(device="cpu")


def find(page):
    return page, [(box, "note") for box in finder(page)]


gr.Interface(find, gr.Image(type="pil"), gr.AnnotatedImage(), title="Marginalia").launch()
