import functools

import spaces
import gradio as gr
import torch
from gradio_pdf import PDF
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

import library

tokenizer = AutoTokenizer.from_pretrained("ann/reading-room")
model = AutoModelForSeq2SeqLM.from_pretrained("ann/reading-room", torch_dtype=torch.bfloat16)
model.to("cuda")


@spaces.GPU(duration=20)
def write(prompt):
    inputs = tokenizer(prompt, return_tensors="pt").to("cuda")
    return tokenizer.decode(model.generate(**inputs)[0], skip_special_tokens=True)


def summarise(text):
    return write(f"summarise: {text}")


def translate(text, language):
    return write(f"translate to {language}: {text}")


def count(text):
    return len(text.split())


def spell(text):
    return text.capitalize()


def check(text):
    return bool(text)


def chat(message, history):
    return write(message)


def first_line():
    return "It was a dark and stormy night."


def new_shelf():
    return []


def drop_shelf(shelf):
    shelf.clear()


def greet(request: gr.Request):
    return f"Hello, {request.username}"


def leave():
    library.refresh()


def thank(data: gr.LikeData):
    return data.liked


def pick(event: gr.SelectData):
    return event.value


def tick():
    return len(library.SHELVES)


async def find(words):
    return await library.search(words)


def api_count(text: str) -> int:
    return count(text)


def open_book(path):
    return path


def turn(page):
    return page + 1


def may_enter(name, password):
    return name == password


class Desk:
    """A reader's desk: its methods are handlers."""

    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)
        return "\n".join(self.notes)

    @staticmethod
    def clean(text):
        return ""

    @spaces.GPU(duration=15)
    def improve(self, text):
        return write(text)

    def build(self, text):
        notes = gr.Textbox(label="Notes")
        gr.Button("Note").click(self.note, text, notes)
        gr.Button("Clean").click(Desk.clean, text, text)
        gr.Button("Improve").click(fn=self.improve, inputs=text, outputs=notes)


summary = gr.Interface(fn=summarise, inputs="text", outputs="text")
tools = gr.Interface([count, spell], "text", ["number", "text"])
talk = gr.ChatInterface(chat)
tabs = gr.TabbedInterface([summary, tools, talk], ["Summary", "Tools", "Talk"])

with gr.Blocks(title="Reading Room") as demo:
    tabs.render()
    text = gr.Textbox(value=first_line, lines=8)
    language = gr.Dropdown(["French", "Hindi"], value="French")
    result = gr.Textbox()
    shelf = gr.State(new_shelf, delete_callback=drop_shelf)
    button = gr.Button("Translate")
    pressed = button.click(translate, [text, language], result)
    pressed.then(count, result, gr.Number()).success(lambda: "Done", None, result).failure(
        lambda: "Failed", None, result
    )
    button.click(fn=None, js="() => window.scrollTo(0, 0)")
    gr.Button("French").click(functools.partial(translate, language="French"), text, result)
    gr.Button("Write").click(write, text, result, validator=check)
    gr.Button("Find").click(find, text, result)
    text.submit(summarise, text, result)
    gr.on([text.change, language.change], count, text, gr.Number())

    @gr.on(triggers=[language.input], inputs=language)
    def remember(language):
        library.SHELVES["language"] = language

    @text.blur(inputs=text, outputs=result)
    def trim(text):
        return text.strip()

    @gr.Button("Continue").click(inputs=text, outputs=result)
    @spaces.GPU(duration=25)
    def go_on(text):
        return write(text)

    @gr.render(inputs=text)
    def words(text):
        for word in text.split():
            gr.Button(word).click(spell, gr.State(word), result)

    Desk().build(text)
    chatbot = gr.Chatbot()
    chatbot.like(thank)
    gr.Gallery().select(pick, None, result)
    book = PDF()
    book.change(open_book, book, result)
    for event in (book.upload, button.click):
        event(turn, gr.State(1), gr.State())
    gr.Timer(60).tick(tick, outputs=gr.Number())
    gr.Examples([["Call me Ishmael."]], text, result, fn=summarise, cache_examples=True)
    gr.api(api_count, api_name="count")
    demo.load(greet, outputs=result)
    demo.unload(leave)

demo.queue(default_concurrency_limit=2).launch(auth=may_enter)
