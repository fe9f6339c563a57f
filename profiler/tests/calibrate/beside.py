"""What `spacelint-profile calibrate` measures of a processor, beside PyTorch and numpy.

    python beside.py ../../../target/release/spacelint-profile [--rounds 5] [--budget 20] [--cores 1] [--write]

The Python that runs it must have torch and numpy. In each round the three measure the same shapes one after the
other, on the same cores. What else the machine does only ever makes them slower: of each the best round counts, and
in a round the first quartile of its runs; a ratio is that of the best. With --write the table in RESULTS.md is made
anew.
"""

import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORES = int(sys.argv[sys.argv.index("--cores") + 1]) if "--cores" in sys.argv else 1
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
# Both read it when they are loaded.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(CORES)

import numpy  # noqa: E402
import torch  # noqa: E402

RESULTS = Path(__file__).resolve().parents[2] / "RESULTS.md"
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def seconds(work):
    """The first quartile of some runs, after two that do not count."""
    for _ in range(2):
        work()
    taken, start = [], time.perf_counter()
    while len(taken) < 9 or (time.perf_counter() - start < 0.5 and len(taken) < 200):
        before = time.perf_counter()
        work()
        taken.append(time.perf_counter() - before)
    return statistics.quantiles(taken, n=4)[0]


def draw(*shape, dtype=torch.float32):
    """Random numbers, as ours are."""
    return (torch.rand(*shape) * 2 - 1).to(dtype)


def product(kind, shape):
    rows, inner, columns = map(int, shape.split(" x "))
    left, right = draw(rows, inner, dtype=TYPES[kind]), draw(inner, columns, dtype=TYPES[kind])
    peers = {"torch": lambda: left @ right}
    if kind == "f32":
        one, other = left.numpy(), right.numpy()
        peers["numpy"] = lambda: one @ other
    return peers


def rows(case, shape):
    length = (int(shape.split(" ")[0]) << 20) // 8
    one, other = (torch.rand(length, dtype=torch.float64) for _ in range(2))
    to, factor = torch.empty_like(one), 1.000123
    first, second, target = one.numpy(), other.numpy(), to.numpy()
    if case == "copy":
        return {"torch": lambda: to.copy_(one), "numpy": lambda: numpy.copyto(target, first)}

    def triad():
        numpy.multiply(second, factor, out=target)
        numpy.add(target, first, out=target)

    return {"torch": lambda: torch.add(one, other, alpha=factor, out=to), "numpy": triad}


def attention(shape):
    heads, tokens, width = map(int, shape.split(" x "))
    query, key, value = (draw(1, heads, tokens, width) for _ in range(3))
    attend = torch.nn.functional.scaled_dot_product_attention
    return {
        "torch": lambda: torch.softmax(query @ key.transpose(2, 3) / width**0.5, -1) @ value,
        "torch, fused": lambda: attend(query, key, value),
    }


def convolution(shape):
    channels, side = map(int, re.match(r"(\d+) of (\d+)", shape).groups())
    image, kernel = draw(1, channels, side, side), draw(channels, channels, 3, 3)
    return {"torch": lambda: torch.nn.functional.conv2d(image, kernel, padding=1)}


def launches(shape):
    count = int(shape.split(" ")[0])

    def of(start):
        def run():
            at = start
            for _ in range(count):
                at = at + 1

        return run

    return {"torch": of(torch.rand(1)), "numpy": of(numpy.random.rand(1).astype("f"))}


def peers(part, case, shape):
    """What does the same elsewhere, by the name of who does it."""
    if part.startswith("matmul-"):
        return product(part.removeprefix("matmul-"), shape)
    if case.startswith("one row "):
        return product(case.removeprefix("one row "), shape)
    return {
        "memory": lambda: rows(case, shape),
        "attention": lambda: attention(shape),
        "convolution": lambda: convolution(shape),
        "launch": lambda: launches(shape),
    }.get(part, dict)()


def ours(program, budget):
    with tempfile.TemporaryDirectory() as caches:
        command = [program, "calibrate", "--device", "cpu", "--json", "--budget", str(budget)]
        environment = {**os.environ, "XDG_CACHE_HOME": caches}
        return json.loads(
            subprocess.run(command, check=True, capture_output=True, env=environment).stdout
        )


def rate(part, per_second):
    unit = {"memory": "B/s", "disk": "B/s", "launch": "/s"}.get(part, "FLOP/s")
    for by, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if per_second >= by:
            return f"{per_second / by:.3g} {prefix}{unit}"
    return f"{per_second:.3g} {unit}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=20)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    found, shapes, left_out, device = {}, {}, {}, None
    for _ in range(asked.rounds):
        calibration = ours(asked.program.resolve(), asked.budget)
        device = calibration["device"]
        torch.set_num_threads(device["threads"])
        for it in calibration["measured"]:
            part, case, shape = it["part"], it["case"], it["shape"]
            key = (part, case)
            one = {"candle": it["amount"] / it["seconds"]["low"]}
            for who, work in peers(part, case, shape).items():
                one[who] = it["amount"] / seconds(work)
            found.setdefault(key, []).append(one)
            shapes.setdefault(key, []).append(shape)
        for it in calibration["left_out"]:
            left_out.setdefault((it["part"], it["case"]), []).append(it["why"])
    lines = [
        f"{datetime.date.today()}, {device['threads']} core(s) of {device['name']} ({platform.machine()}), {platform.system()}, "
        f"{asked.rounds} rounds of {asked.budget} s: candle 0.11.1, PyTorch {torch.__version__}, numpy {numpy.__version__}, "
        f"Python {platform.python_version()}.",
        "",
        "| part | case | shape | ours | PyTorch | numpy | ours / PyTorch | ours / numpy |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    for (part, case), rounds in found.items():
        # A busy round may have found time for a smaller shape only.
        shape = statistics.mode(shapes[part, case])
        rounds = [one for one, of in zip(rounds, shapes[part, case]) if of == shape]
        best = {who: max(one[who] for one in rounds if who in one) for who in rounds[-1]}
        for peer in [who for who in best if who.startswith("torch")] or ["torch"]:
            name = f"{case} (fused there)" if peer != "torch" else case
            rates = [rate(part, best[who]) if who in best else "" for who in ("candle", peer, "numpy")]
            ratios = [f"{best['candle'] / best[who]:.2f}" if who in best else "" for who in (peer, "numpy")]
            lines.append(f"| {' | '.join([part, name, shape, *rates, *ratios])} |")
    lines.append("")
    for (part, case), whys in left_out.items():
        lines.append(f"- left out in {len(whys)} of {asked.rounds} rounds: {part}, {case}: {whys[-1]}")
    table = "\n".join(lines).rstrip()
    print(table)
    if asked.write:
        begin, end = "<!-- calibration -->", "<!-- end of calibration -->"
        before, rest = RESULTS.read_text(encoding="utf-8").split(begin)
        after = rest.split(end)[1]
        RESULTS.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
