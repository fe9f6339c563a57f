"""What `spacelint-profile` loads into the Space's Python: tells which GPU function a call is of, what could drive its
time, and how long it ran, one line of JSON each, appended to the file that SPACELINT_EVENTS names.

It imports nothing by itself, so that the Space imports what it imports in its own order; it changes modules of
`spaces` just after they were executed; and it never raises into the Space: what it cannot tell stays untold. Content of
arguments is never told, only numbers, lengths, shapes and sizes.
"""

import sys


def _install(os, time, thread_local):
    environ = os.environ
    events = environ.get("SPACELINT_EVENTS")
    if not events:
        return
    mode = environ.get("SPACELINT_MODE", "zerogpu")
    on_cpu = environ.get("SPACELINT_CPU") == "1"
    gpu = environ.get("SPACELINT_GPU")
    looked_into = environ.get("SPACELINT_LOOKED_INTO")
    clock = time.perf_counter

    # What is told

    def encode(value):
        if value is None:
            return "null"
        if value is True:
            return "true"
        if value is False:
            return "false"
        if isinstance(value, int):
            return int.__repr__(value)
        if isinstance(value, float):
            # What is no number has no word in JSON.
            return float.__repr__(value) if value - value == 0 else "null"
        if isinstance(value, str):
            return '"' + "".join(map(escaped, value)) + '"'
        if isinstance(value, dict):
            pairs = [encode(str(key)) + ":" + encode(item) for key, item in value.items()]
            return "{" + ",".join(pairs) + "}"
        return "[" + ",".join(map(encode, value)) + "]"

    def escaped(character):
        code = ord(character)
        if 0x20 <= code < 0x7F and character not in '"\\':
            return character
        if code > 0xFFFF:
            code -= 0x10000
            return "\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
        if 0xD800 <= code < 0xE000:
            return "?"
        return "\\u%04x" % code

    def tell(event, **more):
        try:
            line = encode({"event": event, "pid": os.getpid(), **more}) + "\n"
            # Opened for each line: the file outlives forks and whatever the Space does to descriptors.
            file = os.open(events, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            try:
                os.write(file, line.encode())
            finally:
                os.close(file)
        except Exception:
            pass

    def tell_versions():
        versions = {"python": "%d.%d.%d" % sys.version_info[:3]}
        metadata = sys.modules.get("importlib.metadata")
        for name in ("spaces", "gradio", "torch"):
            try:
                found = getattr(sys.modules.get(name), "__version__", None) if name != "spaces" else None
                if found is None and metadata is not None and name != "torch":
                    found = metadata.version(name)
                if found is not None:
                    versions[name] = str(found)
            except Exception:
                pass
        tell("versions", versions=versions)

    # Measures of arguments

    def wave_seconds(path):
        """How long a wave file plays, from its header."""
        with open(path, "rb") as file:
            head = file.read(12)
            if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
                return None
            rate = 0
            for _ in range(64):
                chunk = file.read(8)
                if len(chunk) < 8:
                    return None
                length = int.from_bytes(chunk[4:], "little")
                if chunk[:4] == b"fmt ":
                    body = file.read(length)
                    rate = int.from_bytes(body[8:12], "little")
                elif chunk[:4] == b"data":
                    return length / rate if rate else None
                else:
                    file.seek(length + length % 2, 1)
        return None

    def measure_file(path):
        told = {"bytes": os.stat(path).st_size}
        try:
            seconds = wave_seconds(path)
            if seconds is not None:
                told["seconds"] = float(seconds)
        except Exception:
            pass
        return {"file": told}

    def number(value):
        value = float(value)
        return {"number": value} if value - value == 0 else {"other": "float"}

    def measure(value):
        if isinstance(value, bool):
            return {"switch": value}
        if isinstance(value, (int, float)):
            return number(value)
        if isinstance(value, str):
            if "/" in value and len(value) < 4096 and "\n" not in value and os.path.isfile(value):
                return measure_file(value)
            return {"characters": len(value)}
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple):
            if not shape and hasattr(value, "item"):
                return measure(value.item())
            return {"shape": [int(length) for length in shape]}
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int):
            # A sound as Gradio hands it over: samples a second, and the samples.
            samples = getattr(value[1], "shape", None)
            if isinstance(samples, tuple) and samples and value[0] > 0:
                size = int(getattr(value[1], "nbytes", 0))
                return {"file": {"bytes": size, "seconds": float(samples[0]) / value[0]}}
        if isinstance(value, (list, tuple, set, frozenset, dict)):
            return {"items": len(value)}
        if isinstance(value, (bytes, bytearray)):
            return {"file": {"bytes": len(value)}}
        size = getattr(value, "size", None)
        if isinstance(size, tuple) and len(size) == 2 and hasattr(value, "mode"):
            return {"image": [int(size[0]), int(size[1])]}
        name = getattr(value, "name", None)
        if isinstance(name, str) and "/" in name and os.path.isfile(name):
            return measure_file(name)
        return {"other": type(value).__name__}

    def signature_of(task):
        try:
            return sys.modules["inspect"].signature(task)
        except Exception:
            return None

    def measure_all(signature, args, kwargs):
        told = {}
        try:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            stars = {2: "*", 4: "**"}
            kinds = {name: parameter.kind for name, parameter in signature.parameters.items()}
            named = {stars.get(int(kinds[name]), "") + name: value for name, value in bound.arguments.items()}
        except Exception:
            named = {"argument %d" % (place + 1): value for place, value in enumerate(args)}
            named.update(kwargs)
        for name, value in list(named.items())[:64]:
            try:
                told[name] = measure(value)
            except Exception:
                told[name] = {"other": type(value).__name__}
        return told

    def describe(task):
        """Where a function is: that within a partial, the method of an object that is called."""
        inner = task
        for _ in range(16):
            further = getattr(inner, "__wrapped__", None) or getattr(inner, "func", None)
            if further is None or not callable(further):
                break
            inner = further
        if getattr(inner, "__code__", None) is None and not hasattr(inner, "__qualname__"):
            inner = getattr(type(inner), "__call__", inner)
        code = getattr(inner, "__code__", None)
        return {
            "module": str(getattr(inner, "__module__", None) or "__main__"),
            "name": str(getattr(inner, "__qualname__", None) or type(task).__name__),
            "file": str(getattr(code, "co_filename", "")),
            "line": int(getattr(code, "co_firstlineno", 0)),
        }

    # The device

    def cuda():
        """torch.cuda where it is in use: it is never the recorder that begins to use it."""
        if on_cpu:
            return None
        try:
            torch = sys.modules.get("torch")
            if torch is not None and torch.cuda.is_initialized():
                return torch.cuda
        except Exception:
            pass
        return None

    def reset_peak():
        try:
            device = cuda()
            if device is not None:
                device.synchronize()
                device.reset_peak_memory_stats()
        except Exception:
            pass

    def peak():
        """Waits for the device, so that what was begun is part of the measured time."""
        try:
            device = cuda()
            if device is not None:
                device.synchronize()
                return {"peak": int(device.max_memory_allocated())}
        except Exception:
            pass
        return {}

    def holds_cuda(value, depth=3):
        """Whether a result has a tensor in it that is on the GPU."""
        torch = sys.modules.get("torch")
        tensor = getattr(torch, "Tensor", None)
        if tensor is None:
            return False
        if isinstance(value, tensor):
            return getattr(value.device, "type", "") == "cuda"
        if depth and isinstance(value, dict):
            return any(holds_cuda(item, depth - 1) for item in list(value.values())[:64])
        if depth and isinstance(value, (list, tuple)):
            return any(holds_cuda(item, depth - 1) for item in value[:64])
        return False

    def looked_at(value):
        try:
            if holds_cuda(value):
                tell("cuda-result")
        except Exception:
            pass

    # What the time of a call is made of

    def is_looked_into():
        return looked_into is not None and os.path.exists(looked_into)

    def profiler():
        """PyTorch's own, begun. Nobody believes the time of such a call."""
        try:
            torch = sys.modules["torch"]
            kinds = torch.profiler.ProfilerActivity
            more = {}
            try:
                # What runs in threads that the function starts; older releases see only its own.
                more["experimental_config"] = torch._C._profiler._ExperimentalConfig(profile_all_threads=True)
            except Exception:
                pass
            activities = [kinds.CPU] if on_cpu else [kinds.CPU, kinds.CUDA]
            profile = torch.profiler.profile(activities=activities, record_shapes=True, **more)
            profile.__enter__()
            return profile
        except Exception as error:
            tell("hook-failed", error=fault(error))
            return None

    def tell_work(call, profile, seconds):
        try:
            profile.__exit__(None, None, None)
            events = profile.profiler.kineto_results.events()
            rows = list(kernels_of(events))
            if on_cpu and not rows:
                rows = list(operators_of(events))
            if not rows:
                # Where its library of the driver is missing it tells of nothing, and all would count as the host's.
                raise RuntimeError("PyTorch's profiler saw no work of the device")
            sums, busy = added_up(rows)
            rows = [[name[:100], of, worked / 1e9] for (name, of), worked in sums.items()]
            rows.sort(key=lambda row: -row[2])
            if len(rows) > 500:
                rows[500:] = [["", "", sum(row[2] for row in rows[500:])]]
            tell("work", call=call, seconds=seconds, busy=busy / 1e9, tf32=is_tf32(), done=rows)
        except Exception as error:
            tell("hook-failed", error=fault(error))

    def is_on_host(event):
        return event.device_type().name == "CPU"

    def type_of(event):
        """That of its first tensor."""
        for name in event.dtypes():
            if name not in ("", "Scalar", "ScalarList", "TensorList"):
                return name
        return ""

    def is_operator(event):
        # Calls of the driver stand on the host, too: linked to their operator, or with a number that is that of another.
        if not is_on_host(event) or event.linked_correlation_id() or event.name().startswith("cu"):
            return False
        return getattr(event, "external_id", event.correlation_id)() != 0

    def kernels_of(events):
        """Begin and end of each, the operator that asked for it, and the type of that one's numbers."""
        operators = {event.correlation_id(): event for event in filter(is_operator, events)}
        for event in events:
            is_annotation = getattr(event, "is_user_annotation", bool)
            if is_on_host(event) or is_annotation():
                continue
            operator = operators.get(event.linked_correlation_id())
            name, of = event.name(), ""
            # Where a copy goes only its own name tells.
            if operator is not None and not name.startswith(("Memcpy", "Memset")):
                name, of = operator.name(), type_of(operator)
            begin, worked = event.start_ns(), event.duration_ns()
            yield begin, begin + worked, name, of, worked

    def operators_of(events):
        """The same of operators on the CPU, each without what those within it took."""
        threads = {}
        for event in events:
            if is_on_host(event) and not event.is_async():
                threads.setdefault(event.start_thread_id(), []).append(event)
        for events in threads.values():
            events.sort(key=lambda event: (event.start_ns(), -event.duration_ns()))
            within, done = [], []
            for event in events:
                begin, end = event.start_ns(), event.start_ns() + event.duration_ns()
                while within and within[-1][1] <= begin:
                    within.pop()
                row = [begin, end, event.name(), type_of(event), end - begin]
                if within:
                    within[-1][4] -= end - begin
                within.append(row)
                done.append(row)
            yield from done

    def added_up(rows):
        """How long was worked for each operator and type, and how long for any of them."""
        sums, spans = {}, []
        for begin, end, name, of, worked in rows:
            sums[name, of] = sums.get((name, of), 0) + max(worked, 0)
            spans.append((begin, end))
        spans.sort()
        busy = until = 0
        for begin, end in spans:
            busy += max(end - max(begin, until), 0)
            until = max(until, end)
        return sums, busy

    def is_tf32():
        try:
            return sys.modules["torch"].get_float32_matmul_precision() != "highest"
        except Exception:
            return False

    # A call

    # A worker runs one task at a time, in whichever of its threads. Elsewhere each thread has its own call.
    inside = thread_local() if mode == "plain" else type("Inside", (), {})()

    def fault(error):
        told = {"type": type(error).__name__, "text": str(error)[:500]}
        gradio = getattr(sys.modules.get("gradio"), "Error", None)
        if isinstance(gradio, type) and isinstance(error, gradio):
            told["message"] = True
        return told

    def measured(task, is_generator, also):
        """`task`, which tells when it begins and ends. Of calls within each other only the outermost does."""
        signature = signature_of(task)
        functools = sys.modules["functools"]

        def begin(args, kwargs):
            call = str(time.perf_counter_ns())
            try:
                more = also(args, kwargs)
            except Exception:
                more = {}
            profile = None
            if is_looked_into():
                more["looked_into"] = True
                profile = profiler()
            tell("began", call=call, task=str(id(timed)), arguments=measure_all(signature, args, kwargs), **more)
            reset_peak()
            return call, profile, clock()

        def end(call, profile, began, error, busy=None):
            more = peak()
            wall = clock() - began
            seconds = wall if busy is None else busy
            if profile is not None:
                tell_work(call, profile, seconds)
            if busy is not None:
                more["wall"] = wall
            if error is not None:
                more["error"] = fault(error)
            tell("ran", call=call, seconds=seconds, **more)

        if is_generator:

            @functools.wraps(task)
            def timed(*args, **kwargs):
                if getattr(inside, "call", False):
                    return (yield from task(*args, **kwargs))
                call, profile, began = begin(args, kwargs)
                items = task(*args, **kwargs)
                # Under ZeroGPU nobody waits for the reader; elsewhere that time is not the function's.
                busy, error = 0.0, None
                try:
                    while True:
                        resumed = clock()
                        inside.call = True
                        try:
                            item = next(items)
                        except StopIteration as stop:
                            return stop.value
                        finally:
                            inside.call = False
                            busy += clock() - resumed
                        looked_at(item)
                        yield item
                except GeneratorExit:
                    items.close()
                    raise
                except BaseException as raised:
                    error = raised
                    raise
                finally:
                    end(call, profile, began, error, busy)

        else:

            @functools.wraps(task)
            def timed(*args, **kwargs):
                if getattr(inside, "call", False):
                    return task(*args, **kwargs)
                call, profile, began = begin(args, kwargs)
                inside.call = True
                error = None
                try:
                    result = task(*args, **kwargs)
                    looked_at(result)
                    return result
                except BaseException as raised:
                    error = raised
                    raise
                finally:
                    inside.call = False
                    end(call, profile, began, error)

        tell("function", task=str(id(timed)), **describe(task))
        return timed

    # Changes to the modules of `spaces`

    def nothing(args, kwargs):
        return {}

    def in_wrappers(module):
        tell_versions()
        for name, is_generator in (("regular_function_wrapper", False), ("generator_function_wrapper", True)):
            original = getattr(module, name, None)
            if original is None:
                continue

            def wrapper(task, *args, original=original, is_generator=is_generator, **kwargs):
                try:
                    task = measured(task, is_generator, nothing)
                except Exception:
                    pass
                return original(task, *args, **kwargs)

            setattr(module, name, wrapper)
        result_of = getattr(module, "exception_result", None)
        if result_of is not None:

            def exception_result(error, *args, **kwargs):
                tell("failed", error=fault(error))
                return result_of(error, *args, **kwargs)

            module.exception_result = exception_result

    def in_torch(module):
        pack, move = module.pack, module.move

        def packs(*args, **kwargs):
            total = pack(*args, **kwargs)
            if isinstance(total, int):
                tell("packed", bytes=total)
            return total

        def moves(*args, **kwargs):
            began = clock()
            try:
                return move(*args, **kwargs)
            finally:
                try:
                    tell("moved", seconds=clock() - began, bytes=int(module.size()))
                except Exception:
                    pass

        if on_cpu:
            move = emulated(module)
        module.pack, module.move = packs, moves

    def emulated(module):
        """Lets the worker keep the emulation of CUDA, with the packed weights in memory."""
        patching = getattr(module, "_patching", None)
        if patching is None:
            return module.move
        torch = sys.modules["torch"]

        def init(uuid, *_):
            environ["CUDA_VISIBLE_DEVICES"] = str(uuid)

        def move(callback=None):
            for pack in getattr(patching, "tensor_packs", ()):
                load(pack, callback or (lambda _: None))
            keep_modes()

        def load(pack, callback):
            tensors = [tensor for batch in pack.batches for tensor in batch] + list(pack.big_tensors)
            total = sum(aligned for *_, aligned in tensors)
            if not total:
                return
            # A private mapping: what the worker writes stays its own.
            storage = torch.UntypedStorage.from_file(pack.path(), False, total)
            offset = 0
            for meta, size, aligned in tensors:
                real = torch.empty(0, dtype=meta.dtype)
                real.set_(storage[offset : offset + size], 0, meta.shape, meta.stride())
                for fake in pack.fakes[meta]:
                    patching.cuda_aliases[fake] = real
                offset += aligned
                callback(size)

        def keep_modes():
            # The emulation is a mode of each thread, and tasks run in fresh ones.
            thread = sys.modules["threading"].Thread
            bootstrap = thread._bootstrap_inner
            modes = [getattr(patching, name, None) for name in ("function_mode", "dispatch_mode")]

            def _bootstrap_inner(self):
                for mode in modes:
                    try:
                        if mode is not None:
                            mode.__enter__()
                    except Exception:
                        pass
                bootstrap(self)

            thread._bootstrap_inner = _bootstrap_inner

        module.unpatch = lambda *_: None
        module.init = init
        if not hasattr(torch._C, "_cuda_isInBadFork"):
            # A torch without CUDA has a lambda there, which no other process can be asked with.
            module.is_in_bad_fork = lambda *_: False
        return move

    def in_torch_itself(torch):
        """A torch that was built without CUDA has what `spaces` looks for."""
        if torch.version.cuda is None:
            torch.version.cuda = "12.8"
        if not hasattr(torch._C, "_cuda_init"):

            def _cuda_init():
                raise RuntimeError("this torch is built without CUDA")

            torch._C._cuda_init = _cuda_init

    def in_config(module):
        module._read_gpu_information = lambda: "Model: \t %s\n" % gpu

    def in_decorator(module):
        """Outside ZeroGPU, where `spaces.GPU` hands its function back as it is."""
        tell_versions()
        inspect = sys.modules["inspect"]
        decorate = module._GPU
        made = {}

        def _GPU(task, duration=None, size=None, *args, **kwargs):
            decorated = decorate(task, duration, size, *args, **kwargs)
            try:
                if decorated is not task:
                    return decorated
                if task in made:
                    return made[task]
                if inspect.iscoroutinefunction(task) or inspect.isasyncgenfunction(task):
                    tell("asynchronous", **describe(task))
                    return decorated

                def also(args, kwargs):
                    told = {"size": size} if isinstance(size, str) else {}
                    asked = duration(*args, **kwargs) if callable(duration) else duration
                    if hasattr(asked, "total_seconds"):
                        asked = asked.total_seconds()
                    if isinstance(asked, (int, float)):
                        told["duration"] = float(asked)
                    return told

                timed = measured(task, inspect.isgeneratorfunction(task), also)
                made[task] = made[timed] = timed
                return timed
            except Exception:
                return decorated

        module._GPU = _GPU

    changes = {}
    if mode == "plain":
        changes["spaces.zero.decorator"] = in_decorator
    else:
        changes["spaces.zero.wrappers"] = in_wrappers
        changes["spaces.zero.torch"] = in_torch
        if gpu:
            changes["spaces.zero.config"] = in_config
        if on_cpu:
            changes["torch"] = in_torch_itself

    class Finder:
        """Asks the other finders, and has the module changed once it was executed."""

        @staticmethod
        def find_spec(name, path=None, target=None):
            change = changes.get(name)
            if change is None:
                return None
            for finder in list(sys.meta_path):
                find = getattr(finder, "find_spec", None)
                if finder is Finder or find is None:
                    continue
                spec = find(name, path, target)
                if spec is not None:
                    try:
                        attach(spec.loader, change)
                    except Exception:
                        pass
                    return spec
            return None

    def attach(loader, change):
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            try:
                change(module)
            except Exception as error:
                tell("hook-failed", error=fault(error))

        loader.exec_module = exec_module

    sys.meta_path.insert(0, Finder)


def _give_way():
    """Lets the `sitecustomize` that this one hides be what it would have been."""
    here = sys.modules["os"].path.dirname(__file__)
    sys.path[:] = [path for path in sys.path if path != here]
    sys.path_importer_cache.pop(here, None)
    own = sys.modules.pop(__name__)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault(__name__, own)


try:
    # Both are built into the interpreter.
    import _thread
    import time

    _install(sys.modules["os"], time, _thread._local)
except Exception:
    pass
_give_way()
