"""How long each tool may hold the GPU, in seconds."""

import os
from datetime import timedelta

MINUTE = 60
SHORT = 0.5 * MINUTE
FULL_TRACK = 5 * MINUTE
ALBUM = timedelta(hours=1)
PREVIEW = timedelta(seconds=45)
HALF_OF_A_FREE_DAY = 100
OVERNIGHT = 24 * 60 * MINUTE
FROM_SETTINGS = int(os.environ.get("GPU_SECONDS", "60"))


def by_length(path, *settings):
    """As long as the track asks for, within reason."""
    import librosa

    return min(30 + librosa.get_duration(path=path) / 4, 90)
