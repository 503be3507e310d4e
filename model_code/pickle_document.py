"""A pickle read as a document: what it would build, as plain data, without building it.

Unpickling runs whatever the file says. Here ``pickletools`` lists the operations, and a stack notes what they would have made. No
name in the file is looked up and nothing in it is called, so the worst that a hostile file can do is to be refused.
"""

from __future__ import annotations

import pickletools
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


def read_document(stream: BinaryIO) -> Any:
    """One pickle of protocol 2; the stream then stands after it. Classes and objects are ``Made``.

    A persistent id of a class that comes with its source (``("module", class, file, source)``) becomes the class; every other one
    stays the tuple that it is.

    Raises:
        DocumentError: an operation that files of networks do not have, or no end.
        ValueError, KeyError, IndexError, TypeError, AttributeError: the operations do not fit together.
    """
    stack: list[Any] = []
    memo: dict[Any, Any] = {}

    def since_mark() -> list[Any]:
        at = len(stack) - 1 - stack[::-1].index(_MARK)
        taken = stack[at + 1 :]
        del stack[at:]
        return taken

    for operation, argument, _ in pickletools.genops(stream):
        match operation.name:
            case "PROTO":
                pass
            case "STOP":
                return stack.pop()
            case "MARK":
                stack.append(_MARK)
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(operation.name == "NEWTRUE")
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT" | "BINUNICODE" | "SHORT_BINSTRING":
                stack.append(argument)
            case "EMPTY_TUPLE":
                stack.append(())
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(operation.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_DICT":
                stack.append({})
            case "APPEND":
                _extend(stack, [stack.pop()])
            case "APPENDS":
                _extend(stack, since_mark())
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                _set_items(stack[-1], [key, value])
            case "SETITEMS":
                values = since_mark()
                _set_items(stack[-1], values)
            case "GLOBAL":
                stack.append(Made(str(argument).replace(" ", ".")))
            case "REDUCE" | "NEWOBJ":
                arguments, made = stack.pop(), stack.pop()
                stack.append(Made(made.name, tuple(arguments)))
            case "BUILD":
                state = stack.pop()
                stack[-1].state.update(state)
            case "BINPERSID":
                kind, *rest = stack.pop()
                stack.append(rest[0] if kind == "module" else (kind, *rest))
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case other:
                raise DocumentError(f"its pickle holds the operation {other}, which files of networks do not have")
    raise DocumentError("its pickle has no end")


def _extend(stack: list[Any], values: list[Any]) -> None:
    stack[-1].extend(values)


def _set_items(target: Any, values: list[Any]) -> None:
    items = target.items if isinstance(target, Made) else target
    items.update(zip(values[::2], values[1::2], strict=True))
