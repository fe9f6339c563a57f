import os

import gradio as gr
import pypdfium2
import spaces
from huggingface_hub import InferenceClient

from marginalia import Finder

finder = Finder(device="cuda")
reader = InferenceClient("Qwen/Qwen2.5-VL-7B-Instruct", api_key=os.environ["READER_TOKEN"])

PAGES = 50


@spaces.GPU(duration=90)
def notes(pages):
    return [finder(page) for page in pages]


def read_book(path):
    book = pypdfium2.PdfDocument(path)
    pages = [book[i].render(scale=2).to_pil() for i in range(min(len(book), PAGES))]
    gallery = []
    for page, boxes in zip(pages, notes(pages), strict=True):
        for box in boxes:
            gallery.append((page.crop(box), f"{len(gallery) + 1}"))
    return gallery


def transcribe(event: gr.SelectData, gallery):
    path = gallery[event.index][0]
    answer = reader.image_to_text(path)
    return answer.generated_text


with gr.Blocks() as demo:
    gr.Markdown("# Marginalia Reader")
    book = gr.File(file_types=[".pdf"], label="Book")
    gallery = gr.Gallery(label="Notes")
    text = gr.Textbox(label="What it says")
    book.upload(read_book, book, gallery)
    gallery.select(transcribe, gallery, text)

if __name__ == "__main__":
    demo.launch()
