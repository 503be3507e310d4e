"""The step RegisterModel on this machine: a CreateModelPackage request becomes a record with the hashes of its files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_code.pipeline.literal import Json
from model_code.pipeline.store import Store
from model_code.registry import ModelPackage, Registry, now

SUMS: Final = "SHA256SUMS"
"""Beside the page of an evidence pack; the pack's hash is that of this file."""


def register(request: Json, *, store: Store, registry: Registry, execution: str) -> ModelPackage:
    """A new version of the request's group.

    Raises:
        OverreadError: the model or a file that the request names is not there.
    """
    group = request["ModelPackageGroupName"]
    model = request["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    named = _addresses({key: value for key, value in request.items() if key != "InferenceSpecification"})
    files = {address: store.sha256(address) for address in named}
    properties = request.get("CustomerMetadataProperties", {})
    if "evidence_sha256" in properties:
        files |= _pack(properties["evidence"], properties["evidence_sha256"], store)
    metrics = request.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri")
    return registry.register(
        lambda version: ModelPackage(
            group=group,
            version=version,
            registered=now(),
            execution=execution,
            model=model,
            model_sha256=store.sha256(model),
            files=files,
            properties=properties,
            metrics=_figures(json.loads(store.read(metrics))) if metrics else {},
        ),
        group,
    )


def _pack(page: str, sha256: str, store: Store) -> dict[str, str]:
    """Hashes of all files of an evidence pack, as they were when it was sealed: those in its sums, and the seal over the sums."""
    folder = page.rpartition("/")[0]
    sums = f"{folder}/{SUMS}"
    lines = (line.partition("  ") for line in store.read(sums).decode("utf-8", "replace").splitlines())
    return {sums: sha256, **{f"{folder}/{name}": digest for digest, _, name in lines}}


def _addresses(value: Any) -> Iterator[str]:
    """Every S3 address in a request."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _addresses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _addresses(inner)
    elif isinstance(value, str) and value.startswith("s3://"):
        yield value


def _figures(metrics: Json) -> Json:
    """Of all metrics those that stand by themselves: numbers, and numbers with an interval."""
    return {name: value for name, value in metrics.items() if _is_figure(value)}


def _is_figure(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "value" in value and all(isinstance(inner, int | float) for inner in value.values())
    return isinstance(value, int | float)
