"""What may be turned."""

from dataclasses import dataclass

SECOND = 1
MINUTE = 60 * SECOND

# One paragraph for the largest picture took 150 s on the old hardware.
GPU_DURATION = 3 * MINUTE


@dataclass(frozen=True)
class Settings:
    checkpoint: str = "Qwen/Qwen2.5-VL-3B-Instruct"
    short: int = 40
    long: int = 320


SETTINGS = Settings()
