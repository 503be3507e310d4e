"""A pickle read as a document: what it would build, as plain data, without building it.

Unpickling runs whatever the file says. Here ``pickletools`` lists the operations, and a stack notes what they would have made. No
name in the file is looked up and nothing in it is called, so the worst that a hostile file can do is to be refused.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

_MARK: Final = object()


class DocumentError(ValueError):
    """The stream holds no pickle of the kind that is read here."""


@dataclass
class Made:
    """What a pickle wants made by a name: noted, never done."""

    name: str
    """Module and name, with a dot between them."""
    arguments: tuple[Any, ...] = ()
    state: dict[Any, Any] = field(default_factory=dict)
    items: dict[Any, Any] = field(default_factory=dict)
    """Of an ordered dictionary."""


@dataclass
class _Reader:
    """The stack and the memo of a pickle's machine."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        return self.stack.pop()

    def since_mark(self) -> list[Any]:
        at = len(self.stack) - 1 - self.stack[::-1].index(_MARK)
        taken = self.stack[at + 1 :]
        del self.stack[at:]
        return taken

    def tuple_of(self, count: int) -> None:
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def append(self, values: list[Any]) -> None:
        self.stack[-1].extend(values)

    def set_items(self, values: list[Any]) -> None:
        target = self.stack[-1]
        items = target.items if isinstance(target, Made) else target
        items.update(zip(values[::2], values[1::2], strict=True))

    def make(self) -> None:
        arguments, made = self.pop(), self.pop()
        self.push(Made(made.name, tuple(arguments)))

    def build(self) -> None:
        state = self.pop()
        self.stack[-1].state.update(state)

    def resolve(self) -> None:
        kind, *rest = self.pop()
        self.push(rest[0] if kind == "module" else (kind, *rest))

    def remember(self, number: int) -> None:
        self.memo[number] = self.stack[-1]


_Step = Callable[[_Reader, Any], None]
"""What one operation does with its argument."""

_PLAIN: Final = ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING")
"""Operations whose argument is the value."""

_STEPS: Final[Mapping[str, _Step]] = {
    "PROTO": lambda *_: None,
    "MARK": lambda reader, _: reader.push(_MARK),
    "NONE": lambda reader, _: reader.push(None),
    "NEWTRUE": lambda reader, _: reader.push(True),
    "NEWFALSE": lambda reader, _: reader.push(False),
    **dict.fromkeys(_PLAIN, _Reader.push),
    "EMPTY_TUPLE": lambda reader, _: reader.push(()),
    "TUPLE": lambda reader, _: reader.push(tuple(reader.since_mark())),
    "TUPLE1": lambda reader, _: reader.tuple_of(1),
    "TUPLE2": lambda reader, _: reader.tuple_of(2),
    "TUPLE3": lambda reader, _: reader.tuple_of(3),
    "EMPTY_LIST": lambda reader, _: reader.push([]),
    "EMPTY_DICT": lambda reader, _: reader.push({}),
    "APPEND": lambda reader, _: reader.append([reader.pop()]),
    "APPENDS": lambda reader, _: reader.append(reader.since_mark()),
    "SETITEM": lambda reader, _: reader.set_items([reader.pop(), reader.pop()][::-1]),
    "SETITEMS": lambda reader, _: reader.set_items(reader.since_mark()),
    "GLOBAL": lambda reader, name: reader.push(Made(str(name).replace(" ", "."))),
    "REDUCE": lambda reader, _: reader.make(),
    "NEWOBJ": lambda reader, _: reader.make(),
    "BUILD": lambda reader, _: reader.build(),
    "BINPERSID": lambda reader, _: reader.resolve(),
    "BINPUT": _Reader.remember,
    "LONG_BINPUT": _Reader.remember,
    "BINGET": lambda reader, number: reader.push(reader.memo[number]),
    "LONG_BINGET": lambda reader, number: reader.push(reader.memo[number]),
}


def read_document(stream: BinaryIO) -> Any:
    """One pickle of protocol 2; the stream then stands after it. Classes and objects are ``Made``.

    A persistent id of a class that comes with its source (``("module", class, file, source)``) becomes the class; every other one
    stays the tuple that it is.

    Raises:
        DocumentError: an operation that files of networks do not have, or no end.
        ValueError, KeyError, IndexError, TypeError, AttributeError: the operations do not fit together.
    """
    reader = _Reader()
    for operation, argument, _ in pickletools.genops(stream):
        if operation.name == "STOP":
            return reader.pop()
        if operation.name not in _STEPS:
            raise DocumentError(f"its pickle holds the operation {operation.name}, which files of networks do not have")
        _STEPS[operation.name](reader, argument)
    raise DocumentError("its pickle has no end")
