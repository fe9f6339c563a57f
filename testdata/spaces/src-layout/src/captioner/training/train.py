"""How the adapter was trained, on a machine of our own. Nothing here runs in the Space."""

import os

import torch

torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
WANDB_KEY = os.environ["WANDB_API_KEY"]


def main() -> None:
    """Train."""
    raise SystemExit("see the training repository")


if __name__ == "__main__":
    main()
