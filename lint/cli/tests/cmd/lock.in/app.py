import gradio as gr
import numpy as np

gr.Interface(lambda text: str(np.mean([len(text)])), "text", "text").launch()
