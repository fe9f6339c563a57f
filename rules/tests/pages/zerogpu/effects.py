"""What the calls, methods and imports of `effects.toml` do to CUDA where there is none: whether `import spaces`
refuses after them, and whether they work after it, in the thread that imported it and in another.

Reads from standard input, as JSON, the path of the `table` and how many are tried `at_once`; writes in the folder
that `HF_HOME` names. Prints for each name one JSON object: the `name`, what was `seen` and where the table is
`wrong`. A name that is not tried says why.
"""

import importlib.util
import json
import os
import sys
import threading
import tomllib
import traceback
from importlib import metadata
from pathlib import Path

os.environ.update(
    SPACES_ZERO_GPU="true",
    # Nobody listens: it is asked at a launch and for a call.
    SPACES_ZERO_DEVICE_API_URL="http://127.0.0.1:1",
    HF_HUB_OFFLINE="1",
    TOKENIZERS_PARALLELISM="false",
)

# Seconds of every probe, and none of them touches CUDA.
import gradio  # noqa: E402, F401
import models  # noqa: E402
import torch  # noqa: E402
from packaging.specifiers import SpecifierSet  # noqa: E402

REFUSAL = "CUDA has been initialized before importing the `spaces` package."

# How a name is called, where `name()` or, for what takes a device, `name(1, device="cuda")` is not it.
CALLS = {
    "torch._C._cuda_getDeviceCount": "torch._C._cuda_getDeviceCount()",
    "torch.cuda.get_device_properties": "torch.cuda.get_device_properties(0)",
    "torch.cuda.set_device": "torch.cuda.set_device(0)",
    "torch.cuda.set_per_process_memory_fraction": "torch.cuda.set_per_process_memory_fraction(0.5)",
    "torch.cuda.manual_seed": "torch.cuda.manual_seed(0)",
    "torch.cuda.manual_seed_all": "torch.cuda.manual_seed_all(0)",
    "torch.cuda.FloatTensor": "torch.cuda.FloatTensor(1)",
    "torch.manual_seed": "torch.manual_seed(0)",
    "torch.set_float32_matmul_precision": "torch.set_float32_matmul_precision('high')",
    "torch.set_default_tensor_type": "torch.set_default_tensor_type(torch.FloatTensor)",
    "torch.set_grad_enabled": "torch.set_grad_enabled(True)",
    "torch.nn.DataParallel": "torch.nn.DataParallel(torch.nn.Linear(1, 1))",
    "torch.compile": "torch.compile(lambda x: x)",
    "torch.autocast": "torch.autocast('cuda')",
    "torch.arange": "torch.arange(2, device='cuda')",
    "torch.asarray": "torch.asarray([1], device='cuda')",
    "torch.as_tensor": "torch.as_tensor([1], device='cuda')",
    "torch.tensor": "torch.tensor([1], device='cuda')",
    "torch.full": "torch.full((1,), 2, device='cuda')",
    "torch.linspace": "torch.linspace(0, 1, 2, device='cuda')",
    "torch.logspace": "torch.logspace(0, 1, 2, device='cuda')",
    "torch.randint": "torch.randint(3, (1,), device='cuda')",
    "torch.nn.Embedding": "torch.nn.Embedding(1, 1, device='cuda')",
    "torch.nn.Linear": "torch.nn.Linear(1, 1, device='cuda')",
    "torch.utils.data.DataLoader": "list(torch.utils.data.DataLoader([torch.zeros(1)], pin_memory=True))",
    "torch.Generator": "torch.Generator('cuda')",
    "torch.set_default_device": "torch.set_default_device('cuda')",
    "torch.device": "torch.device('cuda')",
    "torch.load": "torch.load('tensor.pt', map_location='cuda')",
    "torch.jit.load": "torch.jit.load('script.pt', map_location='cuda')",
    "safetensors.torch.load_file": "safetensors.torch.load_file('tensor.safetensors', device='cuda')",
    "safetensors.torch.load_model": "safetensors.torch.load_model(torch.nn.Linear(1, 1), 'linear.safetensors', device='cuda')",
    "safetensors.safe_open": "safetensors.safe_open('tensor.safetensors', 'pt', device='cuda').get_tensor('x')",
    "transformers.pipeline": "transformers.pipeline('feature-extraction', 'google-bert/bert-base-cased', device='cuda')",
    "sentence_transformers.SentenceTransformer": "sentence_transformers.SentenceTransformer('all-MiniLM-L6-v2')",
    "sentence_transformers.CrossEncoder": "sentence_transformers.CrossEncoder('cross-encoder/ms-marco-MiniLM-L6-v2')",
    "peft.PeftModel.from_pretrained": "peft.PeftModel.from_pretrained(transformers.AutoModelForCausalLM.from_pretrained('Qwen/Qwen3-0.6B'), 'me/adapter')",
} | {
    f"torch.{name}_like": f"torch.{name}_like(torch.zeros(1), device='cuda')"
    for name in ["empty", "ones", "rand", "randn", "zeros"]
} | {
    "torch.full_like": "torch.full_like(torch.zeros(1), 2, device='cuda')",
    "torch.randint_like": "torch.randint_like(torch.zeros(1), 3, device='cuda')",
}
METHODS = {
    "cuda": "torch.zeros(1).cuda()",
    "to": "torch.zeros(1).to('cuda')",
    "pin_memory": "torch.zeros(1).pin_memory()",
    "compile": "torch.nn.Linear(1, 1).compile()",
} | {
    name: f"torch.nn.Linear(1, 1).{name}()"
    for name in ["bfloat16", "cpu", "eval", "float", "half", "requires_grad_", "share_memory", "train"]
}
UNTRIED = {
    "enable_model_cpu_offload": "the diffusers that has it refuses by its import",
    "enable_sequential_cpu_offload": "the diffusers that has it refuses by its import",
    "compile_repeated_blocks": "the diffusers that has it refuses by its import",
    "torch.jit.export": "a decorator of methods",
    "torch.jit.ignore": "a decorator of methods",
    "torch.jit.unused": "a decorator of methods",
    "peft.PeftModelForCausalLM.from_pretrained": "as peft.PeftModel.from_pretrained",
    "peft.PeftModelForSeq2SeqLM.from_pretrained": "as peft.PeftModel.from_pretrained",
    "from_pretrained": "see the loads below",
    "from_single_file": "a file of gigabytes",
}
# What a load puts where it is told, in one thread or in several.
LOAD = "transformers.AutoModel.from_pretrained('google-bert/bert-base-cased', device_map='cuda')"
TOUCHES = ("touches-cuda", "touches-cuda-on-device", "touches-cuda-on-iteration", "moves-to-cuda")
WEIGHTS = ("loads-model", "loads-adapter")


def installed(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def holds(condition):
    """Whether a fact that is conditional on what is installed is one here; without a condition it is."""
    if not condition:
        return True
    version = installed(condition["package"])
    also = condition.get("also")
    return (
        version is not None
        and SpecifierSet(condition.get("range", "")).contains(version, prereleases=True)
        and (not also or any(installed(package) for package in also))
    )


def run(statement):
    """The value of a statement's last expression, in a name space that has imported what it names."""
    names = {}
    if not statement.startswith(("import ", "from ")):
        for module in ["torch", "accelerate", "safetensors", "safetensors.torch", "transformers", "peft",
                       "sentence_transformers"]:
            if f"{module}." in statement or module == "torch":
                exec(f"import {module}", names)
        return eval(statement, names)
    exec(statement, names)


def attempt(statement):
    try:
        return {"value": repr(run(statement)), "fails": None}
    except BaseException as error:
        return {"value": None, "fails": f"{type(error).__name__}: {str(error).splitlines()[:1]}"}


def in_thread(work):
    result = []
    thread = threading.Thread(target=lambda: result.append(work()))
    thread.start()
    thread.join()
    return result[0]


def before(statement):
    tried = attempt(statement)
    try:
        import spaces  # noqa: F401
        refuses = False
    except RuntimeError as error:
        if not str(error).startswith(REFUSAL):
            raise
        refuses = True
    return tried | {"refuses": refuses}


def after(statement):
    import spaces  # noqa: F401
    return attempt(statement)


def elsewhere(statement):
    import spaces  # noqa: F401
    return in_thread(lambda: attempt(statement))


def afterwards(statement):
    import spaces  # noqa: F401
    return attempt(statement) | {"next": attempt("torch.zeros(1)")["fails"]}


def switched(statement):
    os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = "1"
    return after(statement)


def fork(probe, statement):
    """Runs a probe in a process of its own; gives where to read what it saw."""
    read, write = os.pipe()
    process = os.fork()
    if process:
        os.close(write)
        return process, read
    os.close(read)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    try:
        seen = probe(statement)
    except BaseException:
        seen = {"broken": traceback.format_exc()[-2000:]}
    os.write(write, json.dumps(seen).encode())
    os._exit(0)


def statement_of(group, name, is_method):
    if is_method:
        return METHODS[name]
    if name in CALLS:
        return CALLS[name]
    return f"{name}(1, device='cuda')" if group["kind"] == "touches-cuda-on-device" else f"{name}()"


def cases(table):
    """Each name with what is tried, and what the table says: (name, statement, probes, check)."""
    for group in [*table["call"], *table["method"]]:
        is_method = group in table["method"]
        kind = group["kind"]
        concerns = (
            kind in TOUCHES
            or kind in ("needs-cuda", "harmless")
            or group.get("touches_cuda")
            or (kind in WEIGHTS and group.get("emulated"))
        )
        for name in group["names"]:
            package = "torch" if is_method else name.split(".")[0]
            if not concerns or package not in ("torch", "accelerate", "safetensors", "transformers",
                                               "sentence_transformers", "peft"):
                continue
            if is_method and name not in METHODS and name not in UNTRIED:
                continue
            if name in UNTRIED:
                yield name, None, UNTRIED[name], group
            else:
                yield name, statement_of(group, name, is_method), None, group
    for group in table["import"]:
        group = group | {"kind": "import"}
        condition = group.get("condition")
        about = f" ({condition['package']}{condition.get('range', '')})" if condition else ""
        for module in group["modules"]:
            here = importlib.util.find_spec(module.split(".")[0]) is not None
            for statement in imports(module, group["names"]):
                if here and holds(condition):
                    yield statement + about, statement, None, group
                else:
                    yield statement + about, None, "another version, or none, is here", group


def imports(module, names):
    """Statements that import what `names` stands for."""
    if names == "any":
        return [f"import {module}"]
    listed = names.get("listed") or [f"Diffusion{ending}" for ending in names["endings"]]
    return [f"from {module} import {name}" for name in listed]


def expected_refusal(group):
    if group["kind"] in WEIGHTS:
        return None
    touches = group["kind"] in TOUCHES or group.get("touches_cuda") or group.get("poisons", False)
    return bool(touches) and holds(group.get("condition"))


def literal(value):
    """As Python shows a value of the table."""
    return repr(tuple(value)) if isinstance(value, list) else repr(value)


def judge(group, seen):
    """Where the table is wrong about what was seen."""
    wrong = [f"{probe}: {told['broken']}" for probe, told in seen.items() if "broken" in told]
    if wrong:
        return wrong
    refuses = seen["before"]["refuses"]
    if expected_refusal(group) not in (None, refuses):
        wrong.append(f"`import spaces` after it {'refuses' if refuses else 'is fine'}")
    if group["kind"] == "import":
        return wrong
    works = [seen[where]["fails"] is None for where in ("after", "elsewhere")]
    emulated = {(True, True): "everywhere", (True, False): "one-thread", (False, False): "nowhere"}.get(tuple(works))
    told = group.get("emulated")
    if told == "afterwards":
        if not works[0] or seen["afterwards"]["next"] is None:
            wrong.append("a tensor after it works")
    elif told is not None and told != emulated:
        wrong.append(f"it works {emulated}, and not {told}: {seen['after']['fails']} · {seen['elsewhere']['fails']}")
    if group["kind"] == "harmless" and not works[0]:
        wrong.append(f"it fails: {seen['after']['fails']}")
    value = group.get("value", {})
    for when, where in (("before", "before"), ("after", "after"), ("always", "after")):
        if when in value:
            several = isinstance(value[when], list) and isinstance(value[when][0], list)
            values = [literal(one) for one in (value[when] if several else [value[when]])]
            if seen[where]["value"] not in values:
                wrong.append(f"{when} it gives {seen[where]['value']}, and not {' or '.join(values)}")
    return wrong


def files():
    """What the loads read, beside models of the Hub."""
    import safetensors.torch

    torch.save(torch.zeros(2), "tensor.pt")
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), "script.pt")
    safetensors.torch.save_file({"x": torch.zeros(2)}, "tensor.safetensors")
    safetensors.torch.save_model(torch.nn.Linear(1, 1), "linear.safetensors")


def run_all(jobs, at_once):
    """What each probe of each job saw, `at_once` of them at a time: (job, what was seen), as they are done."""
    waiting = [(job, probe) for job in jobs for probe in job["probes"]]
    running, seen = {}, {job["name"]: {} for job in jobs}
    while waiting or running:
        while waiting and len(running) < at_once:
            job, probe = waiting.pop(0)
            process, read = fork(probe, job["statement"])
            running[process] = job, probe, read
        process, _ = os.wait()
        job, probe, read = running.pop(process)
        with open(read) as told:
            seen[job["name"]][probe.__name__] = json.loads(told.read())
        if len(seen[job["name"]]) == len(job["probes"]):
            yield job, seen[job["name"]]


def tell(name, seen, wrong):
    print(json.dumps({"name": name, "seen": seen, "wrong": wrong}), flush=True)


def main():
    given = json.load(sys.stdin)
    os.chdir(os.environ["HF_HOME"])
    models.make()
    files()
    table = tomllib.loads(Path(given["table"]).read_text())
    jobs = []
    for name, statement, untried, group in cases(table):
        if untried:
            tell(name, f"not tried: {untried}", [])
            continue
        probes = [before] if group["kind"] == "import" else [before, after, elsewhere]
        if group.get("emulated") == "afterwards":
            probes.append(afterwards)
        jobs.append({"name": name, "statement": statement, "group": group, "probes": probes})
    for job, seen in run_all(jobs, given["at_once"]):
        tell(job["name"], seen, judge(job["group"], seen))
    # Loads that place weights in several threads, and with the switch in one.
    if holds(table["async_loading"]["condition"]):
        (job, seen), = run_all([{"name": LOAD, "statement": LOAD, "probes": [after, switched]}], given["at_once"])
        fails = [seen[probe].get("fails", "broken") is not None for probe in ("after", "switched")]
        tell(job["name"], seen, [] if fails == [True, False] else ["it fails without the switch, and not with it"])


if __name__ == "__main__":
    main()
