"""One decorator for a Space on ZeroGPU and for the same app at home."""

import functools
import os
import time

ON_ZERO = os.environ.get("SPACES_ZERO_GPU") is not None

if ON_ZERO:
    import spaces


def gpu(duration=60, quiet=False):
    """Run the function on the GPU for at most `duration` seconds, and say how long it took."""

    def decorate(function):
        if ON_ZERO:
            function = spaces.GPU(duration=duration)(function)

        @functools.wraps(function)
        def timed(*args, **kwargs):
            begin = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                if not quiet:
                    print(f"{function.__name__}: {time.perf_counter() - begin:.1f} s")

        return timed

    return decorate
