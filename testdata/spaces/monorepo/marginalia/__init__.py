"""Notes in the margins of books."""

import torch
from transformers import AutoImageProcessor, AutoModelForObjectDetection

__version__ = "0.3.0"


class Finder:
    """Finds notes on a page."""

    def __init__(self, checkpoint="marginalia/detr-notes", device=None):
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.processor = AutoImageProcessor.from_pretrained(checkpoint)
        self.model = AutoModelForObjectDetection.from_pretrained(checkpoint).to(self.device)

    def __call__(self, page):
        """Boxes, best first."""
        inputs = self.processor(images=page, return_tensors="pt").to(self.device)
        with torch.inference_mode():
            out = self.model(**inputs)
        size = torch.tensor([page.size[::-1]])
        found = self.processor.post_process_object_detection(out, 0.5, size)[0]
        return [[round(x) for x in box] for box in found["boxes"].cpu().tolist()]
