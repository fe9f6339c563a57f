"""Everything that comes from outside, each with what happens without it."""

import os

os.environ.setdefault("HF_HUB_ENABLE_HF_TRANSFER", "0")
os.environ.setdefault("STORY_SEED", "7")

MAX_INPUT_TOKEN_LENGTH = int(os.environ.get("MAX_INPUT_TOKEN_LENGTH", 4096))
MAX_IMAGE_SIZE = int(os.getenv("MAX_IMAGE_SIZE", "1024"))
SEED = int(os.environ["STORY_SEED"])
TRANSFER = os.environ["HF_HUB_ENABLE_HF_TRANSFER"] == "1"

# The README names this one.
WRITER_API_KEY = os.environ["WRITER_API_KEY"] if "WRITER_API_KEY" in os.environ else ""

try:
    SENTRY_DSN = os.environ["SENTRY_DSN"]
except KeyError:
    SENTRY_DSN = None

if "DISCORD_WEBHOOK" in os.environ:
    DISCORD_WEBHOOK = os.environ["DISCORD_WEBHOOK"]
else:
    DISCORD_WEBHOOK = None

UPLOAD_TOKEN = os.getenv("UPLOAD_TOKEN")
IS_SPACE = os.environ.get("SPACE_ID") is not None
OWNER = os.environ["SPACE_AUTHOR_NAME"] if IS_SPACE else "nobody"
SHOW_DUPLICATE_BUTTON = os.getenv("SHOW_DUPLICATE_BUTTON") == "1"
