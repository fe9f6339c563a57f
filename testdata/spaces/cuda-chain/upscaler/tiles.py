"""Cutting a picture into tiles and putting it together again."""

import torch
from PIL import Image, ImageOps


def pad_to(image, multiple):
    """Both sides a multiple of `multiple`, by mirrored edges."""
    width = -image.width % multiple
    height = -image.height % multiple
    return ImageOps.expand(image.convert("RGB"), (0, 0, width, height))


def split(image, tile):
    """Tiles, row by row."""
    for top in range(0, image.height, tile):
        for left in range(0, image.width, tile):
            yield image.crop((left, top, left + tile, top + tile))


def join(tiles, size, tile):
    """One picture of all tiles, four times as large as `size`."""
    width, height = size
    canvas = Image.new("RGB", (width * 4, height * 4))
    places = [(x, y) for y in range(0, height, tile) for x in range(0, width, tile)]
    for (left, top), data in zip(places, tiles, strict=True):
        pixels = (data.permute(1, 2, 0) * 255).to(torch.uint8).numpy()
        canvas.paste(Image.fromarray(pixels), (left * 4, top * 4))
    return canvas
