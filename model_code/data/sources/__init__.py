"""The sources: each turns its native layout into one table; everything after that is the same code for all.

A fifth source costs one file with a function like these, and one line in ``SOURCES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from model_code.contract import Task
from model_code.data.sources import folder, isic, nih, pneumonia
from model_code.data.sources.listing import Read


@dataclass(frozen=True)
class Source:
    """A kind of source."""

    read: Read
    task: Task | None
    """The task that its labels belong to; None: any."""


SOURCES: Final[Mapping[str, Source]] = MappingProxyType(
    {
        "nih": Source(nih.read, Task.CHEST14),
        "pneumonia": Source(pneumonia.read, Task.PNEUMONIA),
        "isic": Source(isic.read, Task.SKIN8),
        "folder": Source(folder.read, None),
    }
)
