"""Stand-ins for everything that is not the program's own: a recorder remembers by which dotted way it was made.

What a call of one does, and how what nobody can know falls out, is for the `World` that it is made in. This
module must never know a library by name.
"""

from __future__ import annotations

import dis
import re
import sys
from abc import ABCMeta
from types import FrameType, GenericAlias, MethodType
from typing import Any, Protocol

#: Names by which libraries call the exceptions they raise.
_EXCEPTION = re.compile(r"(?:Error|Exception|Timeout|Warning|Interrupt)$")

#: What a module or a class says of itself. Of anything else with such a name CPython and its libraries ask
#: whether it is there, and a stand-in must say that it is not.
_ABOUT = frozenset({"__version__", "__git_version__", "__author__"})

_UNPACK_SEQUENCE = dis.opmap["UNPACK_SEQUENCE"]
_UNPACK_EX = dis.opmap["UNPACK_EX"]
_MERGES = (dis.opmap["DICT_MERGE"], dis.opmap["DICT_UPDATE"])


class World(Protocol):
    """What stands around the recorders of a run."""

    exceptions: set[str]

    def called(self, callee: Recorder, arguments: tuple, keywords: dict[str, Any]) -> Any: ...

    def read(self, recorder: Recorder) -> Any: ...

    def starred(self, module: Recorder) -> list[str]: ...

    def truth(self, recorder: Recorder) -> bool: ...

    def number(self, recorder: Recorder) -> int: ...

    def is_instance(self, value: Any, of: Recorder) -> bool: ...


class How:
    """How a recorder was made."""

    __slots__ = (
        "arguments",
        "canonical",
        "instance",
        "is_module",
        "keywords",
        "kind",
        "leaning",
        "made_by",
        "of",
        "path",
        "settled",
    )

    def __init__(
        self,
        kind: str,
        path: str = "?",
        canonical: str | None = None,
        *,
        of: Recorder | None = None,
        made_by: Recorder | None = None,
        arguments: tuple = (),
        keywords: dict[str, Any] | None = None,
        instance: Any = None,
        leaning: bool = True,
    ) -> None:
        self.kind = kind
        #: The dotted way, with `()` for a call and `[]` for an item.
        self.path = path
        #: The name under which knowledge has it: an instance after its class, a result after what was called.
        self.canonical = canonical
        self.of = of
        self.made_by = made_by
        self.arguments = arguments
        self.keywords = keywords or {}
        #: The object of a class of the program that this is an attribute's owner for.
        self.instance = instance
        #: Whether an import made it. Anything else may be called.
        self.is_module = False
        #: How its truth falls out where nobody chooses.
        self.leaning = leaning
        #: How its truth did fall out: the same thing is not true once and false later.
        self.settled: bool | None = None

    @property
    def leaf(self) -> str:
        return self.path.rpartition(".")[2]


def how(recorder: Recorder) -> How:
    return recorder.__dict__["_recorded"]


def named(name: str) -> Recorder:
    """A module, or a name in one."""
    return Recorder(How("name", name, name))


def unknown() -> Recorder:
    return Recorder(How("unknown"))


def result(callee: Recorder, arguments: tuple, keywords: dict[str, Any], *, decorates: bool = False) -> Recorder:
    made_by = how(callee)
    made = How("call", made_by.path + "()", made_by.canonical, made_by=callee, arguments=arguments, keywords=keywords)
    return Decorated(made) if decorates else Recorder(made)


def instance_of(base: Recorder, instance: Any) -> Recorder:
    """What an object of the program's own class is to the external base of that class."""
    made_by = how(base)
    return Recorder(How("instance", made_by.path + "()", made_by.canonical, made_by=base, instance=instance))


def _operation(leaning: bool = True) -> Recorder:
    return Recorder(How("operation", leaning=leaning))


def _plain_attribute(of: Recorder, name: str) -> Recorder:
    owner = how(of)
    if owner.kind == "name":
        return named(f"{owner.path}.{name}")
    canonical = None if owner.canonical is None else f"{owner.canonical}.{name}"
    return Recorder(How("attribute", f"{owner.path}.{name}", canonical, of=of))


def _attribute(of: Recorder, name: str) -> Any:
    if _EXCEPTION.search(name) or name in Recorder.world.exceptions:
        owner = how(of).path
        return _ExceptionMeta(name, (Exception,), {"_recorded_path": f"{owner}.{name}", "__module__": owner})
    return _plain_attribute(of, name)


class Recorder:
    """Something from outside the program."""

    #: Set once for each run, before the first recorder is made.
    world: World

    def __init__(self, made: How) -> None:
        self.__dict__["_recorded"] = made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in _ABOUT:
            if name == "__all__" and how(self).kind == "name":
                return Recorder.world.starred(self)
            if name in ("__name__", "__qualname__"):
                return how(self).leaf
            if name == "__file__" and how(self).is_module:
                return f"{self}/__init__.py"
            raise AttributeError(name)
        found = self.__dict__[name] = _attribute(self, name)
        if isinstance(found, Recorder):
            found = self.__dict__[name] = Recorder.world.read(found)
        return found

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return Recorder.world.called(self, arguments, keywords)

    def __mro_entries__(self, bases: tuple) -> tuple[type, ...]:
        base = self.__dict__.get("_recorded_class")
        if base is None:
            base = self.__dict__["_recorded_class"] = _BaseMeta(how(self).leaf, (_Base,), {"_recorded_base": self})
        return (base,)

    def __instancecheck__(self, value: Any) -> bool:
        return Recorder.world.is_instance(value, self)

    def __subclasscheck__(self, value: Any) -> bool:
        return Recorder.world.is_instance(value, self)

    # What asks for a plain value gets one.

    def __bool__(self) -> bool:
        return Recorder.world.truth(self)

    def __len__(self) -> int:
        return Recorder.world.number(self)

    def __index__(self) -> int:
        return Recorder.world.number(self)

    __int__ = __index__
    __trunc__ = __index__

    def __float__(self) -> float:
        return float(Recorder.world.number(self))

    def __complex__(self) -> complex:
        return complex(Recorder.world.number(self))

    def __round__(self, digits: int | None = None) -> Any:
        return _operation()

    def __str__(self) -> str:
        return f"/recorded/{how(self).path}"

    __repr__ = __str__
    __fspath__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self)

    def __hash__(self) -> int:
        return id(self)

    # Containers

    def __iter__(self) -> Any:
        return iter([_operation() for _ in range(_wanted(sys._getframe(1), Recorder.world.number(self)))])

    def __next__(self) -> Any:
        return _operation()

    def __reversed__(self) -> Any:
        return iter(self)

    def __getitem__(self, key: Any) -> Recorder:
        return Recorder(How("item", how(self).path + "[]", of=self))

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __delitem__(self, key: Any) -> None:
        pass

    def keys(self) -> Any:
        """`**x` asks for these, and nothing is known to be among them."""
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti] in _MERGES:
            return ()
        return _plain_attribute(self, "keys")()

    def __contains__(self, key: Any) -> bool:
        return Recorder.world.truth(_operation(leaning=False))

    # Comparisons

    def __eq__(self, other: object) -> Any:
        return self is other or _operation(leaning=False)

    def __ne__(self, other: object) -> Any:
        return self is not other and _operation()

    def __lt__(self, other: object) -> Any:
        return _operation(leaning=False)

    __le__ = __gt__ = __ge__ = __lt__

    # Context managers and awaitables

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    async def __aenter__(self) -> Recorder:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def __await__(self) -> Any:
        return self
        yield

    def __aiter__(self) -> Any:
        async def elements() -> Any:
            for element in self:
                yield element

        return elements()

    # A copy of what stands outside is as good as itself.

    def __copy__(self) -> Recorder:
        return self

    def __deepcopy__(self, _: dict) -> Recorder:
        return self


def _wanted(frame: FrameType, otherwise: int) -> int:
    """How many elements the statement that asks for them needs: `a, b = x` runs only if there are two."""
    code = frame.f_code.co_code
    opcode, argument = code[frame.f_lasti], code[frame.f_lasti + 1]
    if opcode == _UNPACK_SEQUENCE:
        return argument
    if opcode == _UNPACK_EX:
        extended = code[frame.f_lasti - 1] if code[frame.f_lasti - 2] == dis.EXTENDED_ARG else 0
        return argument + extended + otherwise
    return otherwise


def _operate(self: Recorder, *_: object) -> Recorder:
    return _operation()


for _name in "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or".split():
    setattr(Recorder, f"__{_name}__", _operate)
    setattr(Recorder, f"__r{_name}__", _operate)
for _name in "neg pos abs invert floor ceil".split():
    setattr(Recorder, f"__{_name}__", _operate)


class _BaseMeta(ABCMeta):
    """The class of external bases: what the program's classes do not define comes from the base."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") or name.startswith("_abc_"):
            raise AttributeError(name)
        return getattr(instance_of(cls._recorded_base, None), name)

    def __instancecheck__(cls, value: Any) -> bool:
        return type.__instancecheck__(cls, value)


class _Base:
    """What a class of the program inherits from an external base."""

    _recorded_base: Recorder

    def __init_subclass__(cls, **_: Any) -> None:
        pass

    def __class_getitem__(cls, item: Any) -> Any:
        return GenericAlias(cls, item)

    def __new__(cls, *_: Any, **__: Any) -> Any:
        return object.__new__(cls)

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        base = self._recorded_base
        own = instance_of(base, self)
        callee = base if type(self).__init__ is _Base.__init__ else _plain_attribute(own, "__init__")
        Recorder.world.called(callee, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return getattr(instance_of(self._recorded_base, self), name)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return Recorder.world.called(instance_of(self._recorded_base, self), arguments, keywords)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __getitem__(self, key: Any) -> Any:
        return instance_of(self._recorded_base, self)[key]

    def __iter__(self) -> Any:
        return iter(instance_of(self._recorded_base, self))


class _ExceptionMeta(type):
    """The class of external exceptions, which CPython wants to be real ones."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return getattr(named(cls._recorded_path), name)


class Decorated(Recorder):
    """What an external decorator returned for a function: in a class it is a method, as the function was."""

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)


class _SuperOfUnknown:
    """`super()` in a method that somebody calls of whom nothing is known."""

    def __init__(self, receiver: Recorder) -> None:
        object.__setattr__(self, "receiver", receiver)

    def __getattribute__(self, name: str) -> Any:
        receiver = object.__getattribute__(self, "receiver")
        return _plain_attribute(receiver, name) if name.startswith("__") else getattr(receiver, name)


#: The real one: the program gets the one below under that name.
_super = super


class Super(_super):
    """`super()`, which finds in an external base whatever is asked of it."""

    def __new__(cls, *arguments: Any) -> Any:
        if arguments:
            receiver = arguments[1] if len(arguments) == 2 else None
        else:
            frame = sys._getframe(1)
            receiver = frame.f_locals.get(frame.f_code.co_varnames[0]) if frame.f_code.co_varnames else None
        return _SuperOfUnknown(receiver) if issubclass(type(receiver), Recorder) else _super.__new__(cls)

    def __getattr__(self, name: str) -> Any:
        owner = self.__self__
        base = None if owner is None else recorded_base(owner)
        if base is None or name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"'super' object has no attribute {name!r}")
        return getattr(instance_of(base, None if isinstance(owner, type) else owner), name)


def recorded_base(value: Any) -> Recorder | None:
    """The external base of an object, or of a class, of the program."""
    cls = value if isinstance(value, type) else type(value)
    return getattr(cls, "_recorded_base", None) if isinstance(cls, _BaseMeta) else None
