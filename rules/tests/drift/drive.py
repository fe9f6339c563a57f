"""Runs programs in the environment whose Python runs this, and prints what each ends in, as a JSON list.

Each runs in a process of its own, forked after what they have in common is imported, so that none sees what another has
left behind and yet no library is imported a hundred times. Knows nothing of the table.
"""

import contextlib
import importlib
import io
import json
import logging
import os
import sys
import tempfile
import traceback

#: What of Gradio may have the method that a case asks for.
WITH_EVENTS = ["Textbox", "Button", "Image", "Audio", "Slider", "Chatbot", "UploadButton", "Blocks"]


def said(error: BaseException) -> str:
    """As the last line of a traceback says it, and all that was printed before."""
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def read(full: str) -> None:
    """Reads the name as a program would that has imported what can be imported of it."""
    parts = full.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            value = getattr(value, part)
        return
    importlib.import_module(parts[0])


def call(full: str, argument: str) -> None:
    """Calls it with that argument and no other; of a method of anything, that of the first that has it."""
    package, _, method = full.partition(".*.")
    module = importlib.import_module(package.partition(".")[0])
    if not method:
        value = module
        for part in full.split(".")[1:]:
            value = getattr(value, part)
        value(**{argument: None})
        return
    with module.Blocks() as blocks:
        if method in ("then", "success"):
            owner = module.Button().click(lambda: None)
        else:
            name = next(name for name in WITH_EVENTS if hasattr(getattr(module, name, None), method) or name == "Blocks")
            owner = blocks if name == "Blocks" else getattr(module, name)()
        getattr(owner, method)(lambda: None, **{argument: None})


def run(case: dict) -> str:
    """What the case ends in; what a server logs of its own counts, as its errors end nothing."""
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    logging.getLogger().addHandler(handler)
    logging.getLogger("uvicorn.error").addHandler(handler)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(logged):
        try:
            if "program" in case:
                exec(compile(case["program"], "program.py", "exec"), {"__name__": "__main__"})  # noqa: S102
            elif "read" in case:
                read(case["read"])
            else:
                call(case["call"], case["argument"])
        except BaseException as error:  # noqa: BLE001
            # A tail is enough, and a server may have told the same many times.
            return f"{logged.getvalue()[-20000:]}\n{said(error)}"
    return f"{logged.getvalue()[-20000:]}\nnothing is raised"


def main() -> None:
    """Reads the cases from standard input; what a case is "of" is imported once, for all of them."""
    cases = json.load(sys.stdin)
    for module in sorted({case["of"] for case in cases if "of" in case}):
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            importlib.import_module(module)
    errors = []
    for case in cases:
        with tempfile.TemporaryFile("w+") as file:
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    file.write(run(case))
                    file.flush()
                    code = 0
                finally:
                    os._exit(code)
            os.waitpid(child, 0)
            file.seek(0)
            errors.append(file.read())
    print(json.dumps(errors))


if __name__ == "__main__":
    main()
