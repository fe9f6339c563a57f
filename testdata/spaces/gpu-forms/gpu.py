"""Decorators of this Space's own."""

import functools
import importlib
import os

ON_ZERO = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "true")


def seconds(duration):
    """A factory: `@seconds(20)`."""
    if not ON_ZERO:
        return lambda function: function
    import spaces

    return spaces.GPU(duration=duration)


def gpu(function=None, *, duration=25):
    """A decorator with and without parentheses, which also counts the calls."""
    if function is None:
        return functools.partial(gpu, duration=duration)
    import spaces

    on_gpu = spaces.GPU(duration=duration)(function)

    @functools.wraps(function)
    def counted(*args, **kwargs):
        counted.calls += 1
        return on_gpu(*args, **kwargs)

    counted.calls = 0
    return counted


def late(function):
    """Finds the package when it is asked to."""
    package = importlib.import_module("spaces")
    return package.GPU(duration=15)(function)
