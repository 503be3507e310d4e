"""A graph answers alike on every runtime; what is missing is named; compiled graphs lie where only their user can write."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import model_code.runtimes as module
from model_code.bundle import GRAPH
from model_code.contract import Precision, Runtime
from model_code.errors import BundleError, UsageError
from model_code.graph import OUTPUTS
from model_code.runtimes import CACHE, OpenVino, Session, cache_folder, check_runtime, open_session
from tests.conftest import Line

FLOAT32 = Precision.FLOAT32
needs_openvino = pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="the extra 'openvino' is not installed")
RUNTIMES = [Runtime.ONNXRUNTIME, pytest.param(Runtime.OPENVINO, marks=needs_openvino)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "overread"


@pytest.fixture(scope="module")
def films() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (3, 1, 32, 32), np.uint8)


def opened(line: Line, runtime: Runtime, key: str = "") -> Session:
    return open_session(line.exported / GRAPH, runtime, FLOAT32, outputs=OUTPUTS, key=key)


@needs_openvino
def test_a_graph_in_float32_answers_alike_on_every_runtime(line: Line, films: NDArray[np.uint8]) -> None:
    for one, other in zip(*(opened(line, runtime).run(films) for runtime in Runtime), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_session_answers_many_threads_as_it_answers_one(runtime: Runtime, line: Line, films: NDArray[np.uint8]) -> None:
    session = opened(line, runtime)
    expected = [session.run(film[None])[0] for film in films]
    with ThreadPoolExecutor(4) as pool:
        for index, found in enumerate(pool.map(lambda number: session.run(films[number % 3][None])[0], range(24))):
            np.testing.assert_allclose(found, expected[index % 3], atol=1e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_is_no_graph_is_refused_by_name(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / GRAPH).write_bytes(b"not a graph")
    with pytest.raises(BundleError, match=r"model.onnx' is not a graph that this runtime loads"):
        open_session(tmp_path / GRAPH, runtime, FLOAT32, outputs=OUTPUTS)


@needs_openvino
def test_the_compiled_graph_is_kept_and_used_without_the_graph(
    line: Line, films: NDArray[np.uint8], cache: Path, tmp_path: Path
) -> None:
    expected = opened(line, Runtime.OPENVINO, "a bundle").run(films)
    (kept,) = cache.iterdir()
    again = OpenVino(tmp_path / "no graph here", FLOAT32, OUTPUTS, "a bundle").run(films)
    for one, other in zip(expected, again, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    opened(line, Runtime.OPENVINO, "another bundle")
    assert len(list(cache.iterdir())) == 2 and kept in cache.iterdir()


@needs_openvino
def test_a_damaged_compiled_graph_is_compiled_again(line: Line, films: NDArray[np.uint8], cache: Path) -> None:
    expected = opened(line, Runtime.OPENVINO, "a bundle").run(films)
    (kept,) = cache.iterdir()
    kept.write_bytes(b"damaged")
    found = opened(line, Runtime.OPENVINO, "a bundle").run(films)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5)
    assert kept.stat().st_size > 1000


@needs_openvino
def test_without_a_place_to_keep_it_the_graph_is_compiled_all_the_same(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE, str(tmp_path / "file"))
    opened(line, Runtime.OPENVINO, "a bundle")


def test_the_cache_is_the_users_alone(cache: Path) -> None:
    assert cache_folder() == cache
    assert cache.stat().st_mode & 0o077 == 0
    cache.chmod(0o777)
    with pytest.raises(UsageError, match="others can write to the cache folder"):
        cache_folder()


def test_a_runtime_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"'openvino' is not installed; run: pip install 'overread\[openvino\]'"):
        check_runtime(Runtime.OPENVINO, FLOAT32)


@needs_openvino
def test_a_precision_that_the_processor_has_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        def get_property(self, device: str, name: str) -> list[str]:
            assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
            return ["FP32", "INT8"]

    monkeypatch.setattr(module, "_openvino", Old)
    with pytest.raises(UsageError, match="this processor does not compute in bf16"):
        check_runtime(Runtime.OPENVINO, Precision.BF16)
    check_runtime(Runtime.OPENVINO, Precision.INT8)
