"""The tools. Each takes the path of a track and gives a sampling rate and samples."""

import librosa
import numpy as np
import torch
from transformers import AutoModelForTextToWaveform, AutoProcessor

RATE = 32_000

COMPOSER = "audio-workbench/composer"

processor = AutoProcessor.from_pretrained(COMPOSER)
composer = AutoModelForTextToWaveform.from_pretrained(COMPOSER).to("cuda")


def load(track):
    """Samples at our rate, one channel."""
    samples, _ = librosa.load(track, sr=RATE, mono=True)
    return samples


def filtered(track, keep):
    """The track with only the frequencies for which `keep` holds."""
    samples = torch.from_numpy(load(track)).cuda()
    spectrum = torch.fft.rfft(samples)
    frequencies = torch.fft.rfftfreq(samples.numel(), 1 / RATE, device="cuda")
    spectrum[~keep(frequencies)] = 0
    return RATE, torch.fft.irfft(spectrum).cpu().numpy()


def compose(prompt):
    """Ten seconds of music."""
    inputs = processor(text=[prompt], return_tensors="pt").to("cuda")
    return RATE, composer.generate(**inputs, max_new_tokens=512)[0, 0].cpu().numpy()


def denoise(track):
    """Without what is below 60 Hz."""
    return filtered(track, lambda frequencies: frequencies > 60)


def normalise(track):
    """As loud as it can be."""
    samples = load(track)
    return RATE, samples / max(np.abs(samples).max(), 1e-6)


def quick(track):
    """The first ten seconds."""
    return RATE, load(track)[: 10 * RATE]


def warm(track):
    """A little of its own bass on top."""
    samples = load(track)
    return RATE, samples + 0.2 * np.convolve(samples, np.ones(64) / 64, mode="same")


def same(track, *_):
    """The track as it is."""
    return RATE, load(track)


symphony = compose
trim = preview = normalise
pitch = tempo = transcribe = align = tag = loop = diarise = separate = accompany = same
master = convert = restore = archive = stretch = peak = endless = batch = backup = album = denoise
