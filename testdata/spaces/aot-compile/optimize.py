"""Ahead-of-time compilation, which ZeroGPU allows where torch.compile is of no use."""

import spaces
import torch


def optimize(pipe, *args, **kwargs):
    """Swap the transformer for a compiled one."""

    # Half an hour is a lot, but it is asked for once, by the Space itself, before any visitor.
    @spaces.GPU(duration=1500)
    def compile_transformer():
        with spaces.aoti_capture(pipe.transformer) as call:
            pipe(*args, **kwargs)
        exported = torch.export.export(pipe.transformer, args=call.args, kwargs=call.kwargs)
        return spaces.aoti_compile(exported)

    spaces.aoti_apply(compile_transformer(), pipe.transformer)
