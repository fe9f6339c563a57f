"""Tools that live in a module of their own."""

import torch
from compat import GPU, spaces

MINUTE = 60
PRINT_SECONDS = 45


class Printer:
    """Prints on the GPU; the paper is chosen once."""

    def __init__(self, paper):
        self.paper = paper

    @spaces.GPU(duration=PRINT_SECONDS)
    def proof(self, photo):
        return torch.as_tensor(photo, device="cuda").mul(self.paper).cpu()

    @staticmethod
    @GPU(duration=10)
    def measure(photo):
        return torch.as_tensor(photo, device="cuda").mean().item()


def enlarger(factor):
    """Makes a GPU function for each factor."""

    @spaces.GPU(duration=2 * factor)
    def enlarge(photo):
        return torch.nn.functional.interpolate(photo.to("cuda"), scale_factor=factor).cpu()

    return enlarge


@GPU
def fix(photo):
    return torch.as_tensor(photo, device="cuda").clamp(0, 1).cpu()
