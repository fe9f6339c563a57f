import os
from datetime import timedelta

import gradio as gr
import spaces
from spaces import GPU

import limits
import tools
from limits import ALBUM, FULL_TRACK

ON_ZERO = bool(os.environ.get("SPACES_ZERO_GPU"))

on_gpu = spaces.GPU(duration=4 * 60)


def identity(function):
    return function


def tool(seconds):
    """A GPU function of that many seconds, whose errors reach the visitor."""

    def decorate(function):
        return spaces.GPU(duration=seconds)(function)

    return decorate


# Nothing given, in its three spellings.


@spaces.GPU
def denoise(track):
    return tools.denoise(track)


@spaces.GPU()
def normalise(track):
    return tools.normalise(track)


@GPU  # (duration=42)
def trim(track):
    return tools.trim(track)


# Tight enough for everybody, or exactly on a limit: nothing to say.


@spaces.GPU(duration=30)
def pitch(track):
    return tools.pitch(track)


@spaces.GPU(45)
def tempo(track):
    return tools.tempo(track)


@GPU(duration=limits.PREVIEW)
def preview(track):
    return tools.preview(track)


@spaces.GPU(duration=limits.HALF_OF_A_FREE_DAY)
def transcribe(track):
    return tools.transcribe(track)


@spaces.GPU(duration=limits.by_length)
def align(track, text):
    return tools.align(track, text)


@spaces.GPU(duration=limits.FROM_SETTINGS)
def tag(track):
    return tools.tag(track)


@spaces.GPU(duration=lambda track, loops: 20 + 5 * loops)
def loop(track, loops):
    return tools.loop(track, loops)


# As much as a free visitor can spare, more than that, or more than all that they have.


@spaces.GPU(duration=120)
def diarise(track):
    return tools.diarise(track)


@spaces.GPU(duration=FULL_TRACK)
def separate(track):
    return tools.separate(track)


@spaces.GPU(200)
def accompany(track):
    return tools.accompany(track)


@on_gpu
def master(track):
    return tools.master(track)


@tool(seconds=180)
def convert(track):
    return tools.convert(track)


@(spaces.GPU(duration=240) if ON_ZERO else identity)
def restore(track):
    return tools.restore(track)


@spaces.GPU(duration=2400)
def archive(track):
    return tools.archive(track)


@spaces.GPU(duration=91, size="xlarge")
def compose(prompt):
    return tools.compose(prompt)


# Misread, or more than any visitor has.


@spaces.GPU(duration="120")
def stretch(track):
    return tools.stretch(track)


@spaces.GPU(duration=0.5)
def peak(track):
    return tools.peak(track)


@spaces.GPU(duration=-1)
def endless(track):
    return tools.endless(track)


@spaces.GPU(duration=limits.OVERNIGHT)
def batch(track):
    return tools.batch(track)


@spaces.GPU(duration=timedelta(days=1, seconds=30))
def backup(track):
    return tools.backup(track)


@spaces.GPU(duration=ALBUM)
def album(track):
    return tools.album(track)


@spaces.GPU(duration=1801, size="xlarge")
def symphony(prompt):
    return tools.symphony(prompt)


TOOLS = [
    denoise, normalise, trim, pitch, tempo, preview, transcribe, tag, diarise, separate, accompany,
    master, convert, restore, archive, stretch, peak, endless, batch, backup, album,
]

with gr.Blocks() as demo:
    gr.Markdown("# Audio Workbench")
    track = gr.Audio(type="filepath", label="Track")
    out = gr.Audio(label="Result")
    for function in TOOLS:
        gr.Button(function.__name__.capitalize()).click(function, track, out)
    text = gr.Textbox(label="Words")
    gr.Button("Align").click(align, [track, text], out)
    gr.Button("Compose").click(compose, text, out)
    gr.Button("Symphony").click(symphony, text, out)
    loops = gr.Slider(1, 8, step=1, label="Loops")
    gr.Button("Loop").click(loop, [track, loops], out)

demo.fn = spaces.GPU(tools.warm, duration=150)
quick = spaces.GPU(tools.quick, duration=limits.SHORT)
gr.Interface(quick, gr.Audio(type="filepath"), gr.Audio())

if __name__ == "__main__":
    demo.launch()
