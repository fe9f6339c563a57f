"""`spaces` where there is one, and something that looks like it at home."""

try:
    import spaces
except ImportError:

    class spaces:  # noqa: N801
        @staticmethod
        def GPU(function=None, duration=60, **_):
            if callable(function):
                return function
            return lambda function: function


GPU = spaces.GPU
