from .model import Upscaler
from .tiles import pad_to

__all__ = ["Upscaler", "pad_to"]
