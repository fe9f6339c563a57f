"""Starts the studio the way our server does."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

os.environ.setdefault("PYTHONPATH", HERE)
os.environ["STUDIO_THEME"] = "soft"

port = os.environ.get("GRADIO_SERVER_PORT", "7860")
command = f"{sys.executable} -u -m studio --host 0.0.0.0 --port {port}"

if __name__ == "__main__":
    status = os.system(command)
    sys.exit(os.waitstatus_to_exitcode(status))
