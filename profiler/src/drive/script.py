# Runs a script of the author's as `python SCRIPT` would, with a client of their Space as `client` and `calls`.
import json
import os
import runpy
import sys

given = json.loads(os.environ.pop("SPACELINT_DRIVE"))
script = given["script"]
if not getattr(sys.flags, "safe_path", False):
    sys.path[0] = os.path.dirname(os.path.abspath(script))
try:
    from gradio_client import Client
except ImportError as error:
    sys.exit(
        f"this Python cannot import gradio_client ({error}): install it there, or name the Python of the "
        "Space's own environment"
    )
client = Client(given["address"], headers=given["headers"], verbose=False)
sys.argv = [script]
runpy.run_path(script, {"client": client, "calls": given["calls"]}, "__main__")
