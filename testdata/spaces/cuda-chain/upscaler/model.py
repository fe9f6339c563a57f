"""The model and how it is run."""

import torch
from transformers import AutoImageProcessor, Swin2SRForImageSuperResolution

from .hardware import DEVICE
from .tiles import join, split

half_precision = torch.autocast("cuda", dtype=torch.float16)


class Upscaler:
    """Weights on the device, a call for a picture."""

    def __init__(self, checkpoint):
        self.processor = AutoImageProcessor.from_pretrained(checkpoint)
        self.model = Swin2SRForImageSuperResolution.from_pretrained(checkpoint)
        self.model.to(DEVICE).eval()

    @torch.inference_mode()
    def __call__(self, image, settings):
        done = []
        for tile in split(image, settings.tile):
            inputs = self.processor(tile, return_tensors="pt").to(DEVICE)
            with half_precision:
                out = self.model(**inputs).reconstruction
            done.append(out.squeeze(0).clamp(0, 1).float().cpu())
        return join(done, image.size, settings.tile)
