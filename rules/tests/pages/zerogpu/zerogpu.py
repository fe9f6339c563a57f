"""What ZeroGPU does with a Space, without a GPU: starts it under the installed `spaces` and `gradio`, with a
stand-in for the service that grants GPUs, and calls each of its endpoints as a visitor's browser would.

Reads from standard input, as JSON, `spaces` (of each its `name` and `folder`), how many are run `at_once`, the
`time_factor` of the platform's GPUs, what the platform says where there is `no_report` of GPU functions, and whether
`models` are loaded, of which `HF_HOME` then gets stand-ins. Prints for each Space one JSON object, in any order: its
`name`, its `failures` (each with what was printed then), its `asks` (what the calls asked the service for) and its
`answers`. It knows nothing of rules and pages, and judges nothing.
"""

import base64
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

# What ZeroGPU sets.
os.environ.update(
    SYSTEM="spaces",
    SPACE_ID="someone/space",
    SPACES_ZERO_GPU="true",
    GRADIO_CACHE_EXAMPLES="true",
    GRADIO_CACHE_MODE="lazy",
    # `spaces` deletes the files of a model that it has packed, in the cache of whoever runs this.
    ZEROGPU_MMAP_AUTOPRUNE_PATTERN="/nothing/*",
    # Nothing leaves the machine.
    GRADIO_ANALYTICS_ENABLED="False",
    HF_HUB_OFFLINE="1",
    PYTHONUNBUFFERED="1",
)

# What Gradio prints when `launch` has done all, examples included, and uvicorn when it is run by the app.
SERVES = ["To create a public link", "Uvicorn running on"]
START_LIMIT = 120
CALL_LIMIT = 60
# The port of a Space, which an app may write out; here each has its own.
PORT = b"7860"
# A visitor, as the Hub introduces them to the app. What asks without is nobody's.
VISITOR = f"x.{base64.urlsafe_b64encode(b'{}').decode()}.x"


class Service(ThreadingHTTPServer):
    """Grants every GPU that is asked for, and remembers what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.reported = False
        self.asks = []


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        reply = {}
        if url.path == "/startup-report":
            self.server.reported = True
        elif url.path == "/schedule":
            account = "" if "token" in query else "for nobody"
            asked = query["durationSeconds"], query.get("gpuSize", ""), account
            self.server.asks.append(" ".join(filter(None, asked)))
            reply = {"idle": False, "nvidiaIndex": 0, "nvidiaUUID": "GPU-0", "allowToken": "0"}
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def free_port():
    """A port that nobody else takes until the app does: below those that the system hands out by itself, and each
    driver's own."""
    for port in range(10_000 + os.getpid() * 4 % 20_000, 32_000):
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port below 32000 is free")


def run_app(folder, home, port, service, factor):
    """Becomes `python app.py`, in a process of its own."""
    try:
        os.setsid()
        log = os.open(home / "log", os.O_WRONLY | os.O_APPEND)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdout = open(1, "w", buffering=1, closefd=False)
        sys.stderr = open(2, "w", buffering=1, closefd=False)
        os.chdir(folder)
        os.environ.update(
            HOME=str(home),
            GRADIO_TEMP_DIR=str(home / "gradio"),
            ZEROGPU_OFFLOAD_DIR=str(home / "tensors"),
            SPACES_ZERO_DEVICE_API_URL=f"http://127.0.0.1:{service}",
            GRADIO_SERVER_PORT=str(port),
        )
        prepare_imports(factor)
        sys.argv = ["app.py"]
        sys.path[0] = folder
        runpy.run_path("app.py", run_name="__main__")
    except SystemExit as end:
        print(f"SystemExit: {end}")
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def prepare_imports(factor):
    """Changes two modules of the packages when the app imports them."""
    installed = Path(importlib.util.find_spec("spaces").origin).parent.parent
    known = json.loads((installed / "spaces/zero/configs.json").read_text())
    model = next(gpu["model"] for gpu in known if gpu["duration_factor"] == factor)
    changes = {
        # The driver of a GPU that counts time by this factor answers.
        "spaces.zero.config": {"_read_gpu_information": lambda: f"Model: {model}\n"},
        # Stubs for editors, which take half of the time that Gradio takes to import.
        "gradio.component_meta": {"create_or_modify_pyi": lambda *_: None},
    }

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            spec = None
            if name in changes:
                spec = importlib.machinery.PathFinder.find_spec(name, path, target)
            if spec is not None and Path(spec.origin).is_relative_to(installed):
                execute = spec.loader.exec_module

                def exec_module(module):
                    execute(module)
                    vars(module).update(changes[name])

                spec.loader.exec_module = exec_module
            return spec

    sys.meta_path.insert(0, Finder())


def example(parameter):
    """A value for a parameter of an endpoint: the example that Gradio gives, and no file."""
    value = parameter["example_input"]
    return None if "gradio.FileData" in json.dumps(value) else value


def drive(space, given):
    """What fails in a Space, from its start to the end of the last call, and what it asks for."""
    folder = Path(space["folder"])
    home = folder.with_name(folder.name + ".home")
    home.mkdir()
    port = free_port()
    for file in folder.rglob("*.py"):
        file.write_bytes(file.read_bytes().replace(PORT, str(port).encode()))
    log = home / "log"
    log.touch()
    service = Service()
    app = os.fork()
    if app == 0:
        run_app(str(folder), home, port, service.server_port, given["time_factor"])
    threading.Thread(target=service.serve_forever, daemon=True).start()
    failures, answers = [], []
    try:
        failures += start(app, log)
        if not failures and not service.reported:
            failures.append(f"{given['no_report']}\n{log.read_text()}")
        if not failures:
            call(port, log, failures, answers)
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.killpg(app, signal.SIGKILL)
            os.waitpid(app, 0)
    return {"name": space["name"], "failures": failures, "asks": service.asks, "answers": answers}


def start(app, log):
    """Waits until the app serves; what failed instead."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if os.waitpid(app, os.WNOHANG)[0]:
            return [f"It ended.\n{log.read_text()}"]
        if any(words in log.read_text() for words in SERVES):
            return []
        time.sleep(0.05)
    return [f"It does not serve within {START_LIMIT} s.\n{log.read_text()}"]


def call(port, log, failures, answers):
    """Calls each public endpoint once, as a visitor."""
    import gradio_client

    client = None
    end = time.monotonic() + START_LIMIT
    while client is None:
        # On a busy machine an app says that it serves a moment before it does.
        with contextlib.suppress(ValueError) if time.monotonic() < end else contextlib.nullcontext():
            client = gradio_client.Client(
                f"http://127.0.0.1:{port}",
                headers={"x-ip-token": VISITOR},
                verbose=False,
                analytics_enabled=False,
                download_files=False,
            )
        if client is None:
            time.sleep(0.2)
    described = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for endpoint in client.config["dependencies"]:
        if endpoint.get("api_visibility") != "public":
            continue
        name = f"/{endpoint['api_name']}"
        arguments = [example(parameter) for parameter in described[name]["parameters"]]
        before = len(log.read_text())
        try:
            answers.append(str(client.submit(*arguments, api_name=name).result(timeout=CALL_LIMIT)))
        except Exception as error:
            failure = f"{name}: {type(error).__name__}: {error}\n{log.read_text()[before:]}"
            if not is_without_gpu(failure):
                failures.append(failure)


def is_without_gpu(failure):
    """Whether all that failed is that the worker, which has got its GPU, finds none here."""
    return "in worker_init" in failure and "Found no NVIDIA driver" in failure


def preload():
    """Imports what Gradio imports, seconds of every start, and neither Gradio nor `spaces`: each of the two behaves
    otherwise when it is imported after the other."""
    read, write = os.pipe()
    if os.fork() == 0:
        import gradio  # noqa: F401

        names = [name for name in sys.modules if name.split(".")[0] not in ("gradio", "spaces", "__main__")]
        os.write(write, "\n".join(names).encode())
        os._exit(0)
    os.close(write)
    with open(read) as told:
        for name in told.read().split("\n"):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    os.wait()


def main():
    given = json.load(sys.stdin)
    if given["models"]:
        import models

        models.make()
    preload()
    waiting, running = list(given["spaces"]), {}
    assert threading.active_count() == 1, "a thread does not survive a fork"
    while waiting or running:
        while waiting and len(running) < given["at_once"]:
            space = waiting.pop(0)
            result = Path(space["folder"] + ".json")
            driver = os.fork()
            if driver == 0:
                try:
                    told = drive(space, given)
                except BaseException:
                    told = {"name": space["name"], "broken": traceback.format_exc()}
                result.write_text(json.dumps(told))
                os._exit(0)
            running[driver] = result
        driver, _ = os.wait()
        print(running.pop(driver).read_text(), flush=True)


if __name__ == "__main__":
    main()
