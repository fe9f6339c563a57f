"""Small changes to what the model writes."""

import re


def tidy(text: str) -> str:
    """One line, one space between words, a full stop at the end."""
    text = re.sub(r"\s+", " ", text).strip()
    return text if text.endswith((".", "!", "?")) else text + "."
