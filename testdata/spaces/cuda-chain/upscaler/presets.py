"""Settings by the kind of picture."""

from typing import NamedTuple


class Preset(NamedTuple):
    tile: int
    multiple: int


PRESETS = {
    "photo": Preset(tile=256, multiple=8),
    "drawing": Preset(tile=384, multiple=8),
    "scan": Preset(tile=512, multiple=16),
}
