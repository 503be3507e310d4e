"""Tables in documents that a command writes: what stands between two markers is replaced, so that no figure is typed by hand."""

from __future__ import annotations

from constructs_lib.errors import ConfigurationError


def replaced(text: str, name: str, content: str) -> str:
    """A document with what stands between its markers of that name replaced.

    Raises:
        ConfigurationError: it lacks a marker, or has one twice.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise ConfigurationError(f"the document needs '{start}' and, below it, '{end}', each once; put them where the table goes")
    before, rest = text.split(start)
    _, after = rest.split(end)
    return f"{before}{start}\n{content}\n{end}{after}"
