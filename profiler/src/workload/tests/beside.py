"""How long blocks take in PyTorch: a name and seconds a line, for `beside.rs`."""

import time

import torch
import torch.nn.functional as F

torch.manual_seed(0)


def median(work, runs=15):
    times = []
    with torch.inference_mode():
        for _ in range(3):
            work()
        for _ in range(runs):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return sorted(times)[runs // 2]


def weight(inputs, outputs):
    return torch.randn(outputs, inputs) * 0.02


def decoder(hidden, heads, kv_heads, inner, rows, past):
    size = hidden // heads
    q, k, v = weight(hidden, hidden), weight(hidden, kv_heads * size), weight(hidden, kv_heads * size)
    o, gate, up, down = weight(hidden, hidden), weight(hidden, inner), weight(hidden, inner), weight(inner, hidden)
    one, x = torch.ones(hidden), torch.randn(1, rows, hidden)
    keys, values = torch.randn(2, 1, kv_heads, past + rows, size)
    cos, sin = torch.randn(2, rows, size)

    def turned(x):
        half = size // 2
        return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin

    def split(x, heads):
        return x.view(1, rows, heads, size).transpose(1, 2)

    def work():
        y = F.rms_norm(x, (hidden,), one)
        queries = turned(split(F.linear(y, q), heads))
        keys[:, :, past:] = turned(split(F.linear(y, k), kv_heads))
        values[:, :, past:] = split(F.linear(y, v), kv_heads)
        mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=rows > 1, enable_gqa=True)
        z = x + F.linear(mixed.transpose(1, 2).reshape(1, rows, hidden), o)
        y = F.rms_norm(z, (hidden,), one)
        return z + F.linear(F.silu(F.linear(y, gate)) * F.linear(y, up), down)

    return work


def encoder(hidden, heads, inner, rows):
    size = hidden // heads
    q, k, v, o = (weight(hidden, hidden) for _ in range(4))
    up, down = weight(hidden, inner), weight(inner, hidden)
    one, none, x = torch.ones(hidden), torch.zeros(hidden), torch.randn(1, rows, hidden)

    def split(x):
        return x.view(1, rows, heads, size).transpose(1, 2)

    def work():
        y = F.layer_norm(x, (hidden,), one, none)
        mixed = F.scaled_dot_product_attention(split(F.linear(y, q)), split(F.linear(y, k)), split(F.linear(y, v)))
        z = x + F.linear(mixed.transpose(1, 2).reshape(1, rows, hidden), o)
        y = F.layer_norm(z, (hidden,), one, none)
        return z + F.linear(F.gelu(F.linear(y, up), approximate="tanh"), down)

    return work


def residual(inputs, outputs, side):
    x = torch.randn(1, inputs, side, side)
    first, second = torch.randn(outputs, inputs, 3, 3) * 0.02, torch.randn(outputs, outputs, 3, 3) * 0.02
    around = torch.randn(outputs, inputs, 1, 1) * 0.02

    def work():
        y = F.conv2d(F.silu(F.group_norm(x, 32)), first, padding=1)
        y = F.conv2d(F.silu(F.group_norm(y, 32)), second, padding=1)
        return y + (x if inputs == outputs else F.conv2d(x, around))

    return work


for name, work in [
    ("prefill", decoder(1024, 16, 8, 2816, 512, 0)),
    ("decode", decoder(1024, 16, 8, 2816, 1, 512)),
    ("small-decode", decoder(256, 4, 4, 688, 1, 128)),
    ("vision", encoder(768, 12, 3072, 197)),
    ("speech", encoder(768, 12, 3072, 1500)),
    ("attention", encoder(768, 12, 3072, 4096)),
    ("residual-320", residual(320, 320, 64)),
    ("residual-640-320", residual(640, 320, 32)),
]:
    print(name, median(work), flush=True)
