"""The blocks in PyTorch, on random weights: writes what each makes of what, for `numerics.rs` to hold candle to.

    python blocks.py FOLDER
"""

import json
import struct
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

RMS, LAYER = "rms", "layer"
EPSILON = 1e-5


class Case:
    """Tensors by name: weights as they are asked for, inputs and outputs."""

    def __init__(self, seed):
        self.tensors = {}
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, name, *shape, around=0.0, spread=0.3):
        if name not in self.tensors:
            self.tensors[name] = around + spread * torch.randn(shape, generator=self.generator)
        return self.tensors[name]

    def linear(self, name, x, outputs, bias):
        weight = self.draw(f"{name}.weight", outputs, x.shape[-1])
        return F.linear(x, weight, self.draw(f"{name}.bias", outputs) if bias else None)

    def norm(self, name, x, kind, weights=True):
        width = x.shape[-1]
        weight = self.draw(f"{name}.weight", width, around=1.0) if weights else None
        if kind == RMS:
            return F.rms_norm(x, (width,), weight, EPSILON)
        bias = self.draw(f"{name}.bias", width) if weights else None
        return F.layer_norm(x, (width,), weight, bias, EPSILON)

    def write(self, path):
        header, data = {}, b""
        for name, tensor in self.tensors.items():
            raw = tensor.detach().contiguous().numpy().astype("<f4").tobytes()
            shape = list(tensor.shape)
            offsets = [len(data), len(data) + len(raw)]
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
            data += raw
        head = json.dumps(header, separators=(",", ":")).encode()
        head += b" " * (-len(head) % 8)
        path.write_bytes(struct.pack("<Q", len(head)) + head + data)


def rotate(x, start):
    tokens, half = x.shape[2], x.shape[3] // 2
    speed = 10_000 ** (-torch.arange(half) / half)
    angles = torch.outer(torch.arange(start, start + tokens).float(), speed)
    cos, sin = angles.cos(), angles.sin()
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Mixing:
    def __init__(self, case, name, heads, kv_heads, size, bias, query_norm=None, rotary=False):
        self.case, self.name, self.heads, self.kv_heads, self.size = case, name, heads, kv_heads, size
        self.bias, self.query_norm, self.rotary = bias, query_norm, rotary

    def part(self, x, which, heads, start):
        has = self.bias[which]
        x = self.case.linear(f"{self.name}.{which}", x, heads * self.size, has)
        norm = f"{self.name}.norm_{which}"
        if which != "v" and self.query_norm == "full":
            x = self.case.norm(norm, x, RMS)
        x = x.unflatten(-1, (heads, self.size)).transpose(1, 2)
        if which != "v" and self.query_norm == "head":
            x = self.case.norm(norm, x, RMS)
        return rotate(x, start) if which != "v" and self.rotary else x

    def queries(self, x, start=0):
        return self.part(x, "q", self.heads, start)

    def seen(self, x, start=0):
        return self.part(x, "k", self.kv_heads, start), self.part(x, "v", self.kv_heads, start)

    def end(self, x, hidden):
        x = x.transpose(1, 2).flatten(2)
        return self.case.linear(f"{self.name}.o", x, hidden, self.bias["o"])


def attend(q, k, v, causal):
    shared = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1)
    mask = None
    if causal:
        mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).tril(k.shape[2] - q.shape[2])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def biases(letters):
    return {letter: letter in letters for letter in "qkvo"}


def layer(
    seed, *, hidden=12, heads=3, kv_heads=None, size=4, bias="qkvo", kind=LAYER, norms=2, inner=20, gated=False,
    forward_bias=True, query_norm=None, rotary=False, causal=False, tokens=5, past=0, cross=None, vectors=0,
    table=False, step_width=10, second=0, seen_only=False, parallel=False, batch=2,
):
    case = Case(seed)
    kv_heads = kv_heads or heads
    streams = [("first", case.draw("in.x", batch, tokens, hidden, spread=1.0))]
    if second:
        streams.insert(0, ("second", case.draw("in.second", batch, second, hidden, spread=1.0)))
    step = None
    if vectors:
        width = vectors * hidden if table else step_width
        step = case.draw("in.step", batch, width, spread=1.0)
    cross_norm = bool(cross and norms % 2)
    own = norms - cross_norm

    def norm(name, x, has):
        return case.norm(name, x, kind, has)

    def told(name):
        count = 2 if name == "second" and seen_only else vectors
        if not vectors:
            return []
        if table:
            rows = case.draw(f"{name}.table", vectors, hidden)
            return list((step.unflatten(1, (vectors, hidden)) + rows).split(1, 1))
        all_of = case.linear(f"{name}.modulation", F.silu(step), count * hidden, True)
        return [it.unsqueeze(1) for it in all_of.chunk(count, 1)]

    q, k, v, kept, start = [], [], [], [], past
    for name, x in streams:
        vector = told(name)
        normed = norm(f"{name}.norm", x, own >= 1)
        if len(vector) >= 3:
            normed = normed * (1 + vector[1]) + vector[0]
        mixing = Mixing(case, f"{name}.attention", heads, kv_heads, size, biases(bias), query_norm, rotary)
        q.append(mixing.queries(normed, start))
        new = mixing.seen(normed, start)
        k.append(new[0])
        v.append(new[1])
        start += x.shape[1]
        kept.append((name, x, vector, normed, mixing))
    if past:
        k.insert(0, case.draw("in.past_k", batch, kv_heads, past, size, spread=1.0))
        v.insert(0, case.draw("in.past_v", batch, kv_heads, past, size, spread=1.0))
    mixed = attend(torch.cat(q, 2), torch.cat(k, 2), torch.cat(v, 2), causal)

    def forward(name, x):
        up = case.linear(f"{name}.forward.up", x, inner, forward_bias)
        if gated:
            up = F.silu(case.linear(f"{name}.forward.gate", x, inner, forward_bias)) * up
        else:
            up = F.gelu(up, approximate="tanh")
        return case.linear(f"{name}.forward.down", up, hidden, forward_bias)

    place, out = 0, []
    for name, x, vector, normed, mixing in kept:
        mine = mixed[:, :, place : place + x.shape[1]]
        place += x.shape[1]
        if name == "second" and seen_only:
            continue
        gates = {0: (None, None), 2: vector[:2], 3: (vector[2:] or [None])[:1] * 2, 6: vector[2:6:3]}[vectors]
        made = mixing.end(mine, hidden)
        if norms == 4:
            made = norm(f"{name}.after", made, True)
        if parallel:
            made = made + forward(name, normed)
        x = x + (made if gates[0] is None else gates[0] * made)
        if cross:
            context = case.draw("in.context", batch, cross[0], cross[1], spread=1.0)
            asks = norm("cross.norm", x, True) if cross_norm else x
            looking = Mixing(case, "cross", heads, heads, size, biases(bias), query_norm)
            x = x + looking.end(attend(looking.queries(asks), *looking.seen(context), False), hidden)
        if not parallel:
            inside = norm(f"{name}.norm_forward", x, own >= 2)
            if len(vector) >= 6:
                inside = inside * (1 + vector[4]) + vector[3]
            made = forward(name, inside)
            if norms == 4:
                made = norm(f"{name}.after_forward", made, True)
            x = x + (made if gates[1] is None else gates[1] * made)
        out.append(x)
    for index, x in enumerate(out):
        case.tensors[f"out.{index}"] = x
    return case


def convolution(case, name, x, outputs, side, stride=1, padding=None, bias=True):
    weight = case.draw(f"{name}.weight", outputs, x.shape[1], side, side)
    bias = case.draw(f"{name}.bias", outputs) if bias else None
    return F.conv2d(x, weight, bias, stride, side // 2 if padding is None else padding)


def group_norm(case, name, x):
    channels = x.shape[1]
    weight = case.draw(f"{name}.weight", channels, around=1.0)
    bias = case.draw(f"{name}.bias", channels)
    return F.group_norm(x, 32 if channels % 32 == 0 else 1, weight, bias, EPSILON)


def residual(seed):
    case = Case(seed)
    x = case.draw("in.x", 2, 4, 5, 6, spread=1.0)
    step = case.draw("in.step", 2, 7, spread=1.0)
    made = convolution(case, "conv1", F.silu(group_norm(case, "norm1", x)), 6, 3)
    made = made + case.linear("time", F.silu(step), 6, True)[:, :, None, None]
    made = convolution(case, "conv2", F.silu(group_norm(case, "norm2", made)), 6, 3)
    case.tensors["out.0"] = convolution(case, "around", x, 6, 1) + made
    return case


def picture(seed, name, channels, outputs, side, stride, sides, padding=None, bias=True):
    case = Case(seed)
    x = case.draw("in.x", 2, channels, *sides, spread=1.0)
    case.tensors["out.0"] = convolution(case, name, x, outputs, side, stride, padding, bias)
    return case


def grouped(seed):
    case = Case(seed)
    case.tensors["out.0"] = group_norm(case, "norm", case.draw("in.x", 1, 64, 3, 2, spread=1.0))
    return case


decoder = dict(
    hidden=16, heads=4, kv_heads=2, size=4, bias="", kind=RMS, inner=24, gated=True, forward_bias=False, rotary=True,
    causal=True,
)
CASES = {
    "prefill": lambda: layer(1, **decoder),
    "decode": lambda: layer(2, **decoder, tokens=1, past=6),
    "four-norms": lambda: layer(3, **{**decoder, "bias": "qkv", "query_norm": "head"}, norms=4),
    "encoder": lambda: layer(4),
    "cross": lambda: layer(5, cross=(7, 10), norms=3, causal=True, bias="qvo"),
    "shared-modulation": lambda: layer(
        6, cross=(7, 10), norms=1, vectors=6, table=True, query_norm="full", rotary=True
    ),
    "two-streams": lambda: layer(7, norms=0, vectors=6, second=3, query_norm="head", rotary=True),
    "seen-stream": lambda: layer(8, norms=0, vectors=6, second=3, seen_only=True),
    "one-stream": lambda: layer(9, norms=0, vectors=3, parallel=True, bias="qkv", query_norm="head", rotary=True),
    "gates": lambda: layer(10, vectors=2),
    "residual": lambda: residual(11),
    "patch": lambda: picture(12, "patch", 3, 6, 4, 4, (8, 4), padding=0),
    "halving": lambda: picture(13, "convolution", 3, 4, 3, 2, (6, 8)),
    "groups": lambda: grouped(14),
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in CASES.items():
        build().write(folder / f"{name}.safetensors")
