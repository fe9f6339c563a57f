"""Alternative text for pictures."""

from .ui import create_app

__all__ = ["create_app"]
