"""What the machine can do."""

import torch

torch.backends.cudnn.benchmark = True
torch.manual_seed(0)


def pick_device():
    """The best device there is."""
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def free_gigabytes():
    """How much memory is left; for the log."""
    free, _ = torch.cuda.mem_get_info()
    return free / 2**30


DEVICE = pick_device()
