"""What others publish is read as data: nothing in a file is run, whatever it asks for."""

from __future__ import annotations

import contextlib
import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from model_code.errors import UsageError
from model_code.pickle_document import DocumentError
from model_code.published_pickle import read_tensors
from model_code.weight_files import read_weights


class Hostile:
    """Unpickled, it would make a file."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.made),)


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Sequential(nn.ReLU(), nn.Linear(3, 2, bias=False)))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A small network as PyTorch 1.5 pickled it."""
    torch.save(network(), tmp_path / "network.pt", _use_new_zipfile_serialization=False)
    return tmp_path / "network.pt"


def test_a_whole_network_gives_its_state_dict(tmp_path: Path) -> None:
    whole = network()
    first = whole[0]
    assert isinstance(first, nn.Conv2d)
    first.weight = nn.Parameter(first.weight.transpose(2, 3))  # strides of its own
    torch.save(whole, tmp_path / "network.pt", _use_new_zipfile_serialization=False)

    found = read_weights(tmp_path / "network.pt")

    assert found.keys() == whole.state_dict().keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in whole.state_dict().items())


@pytest.mark.parametrize("legacy", [True, False])
def test_nothing_in_a_file_is_run(legacy: bool, tmp_path: Path) -> None:
    torch.save({"weight": Hostile(tmp_path / "made")}, tmp_path / "hostile.pt", _use_new_zipfile_serialization=not legacy)

    with pytest.raises(UsageError, match=r"'hostile.pt' cannot be read without running what is in it"):
        read_weights(tmp_path / "hostile.pt")
    assert not (tmp_path / "made").exists()


def test_a_plain_pickle_is_not_run_either(tmp_path: Path) -> None:
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Hostile(tmp_path / "made"), protocol=2))

    with pytest.raises(UsageError):
        read_weights(tmp_path / "plain.pt")
    assert not (tmp_path / "made").exists()


def test_a_whole_network_in_the_newer_format_is_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save(network(), tmp_path / "network.pt")

    with pytest.raises(UsageError, match=r"save its state dict with safetensors\.torch\.save_file"):
        read_weights(tmp_path / "network.pt")


def test_what_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    torch.save([torch.zeros(1)], tmp_path / "list.pt")

    with pytest.raises(UsageError, match=r"'list\.pt' holds no state dict"):
        read_weights(tmp_path / "list.pt")


def test_a_broken_file_of_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"\x08\0\0\0")

    with pytest.raises(UsageError, match="not a whole file of safetensors"):
        read_weights(tmp_path / "broken.safetensors")


@pytest.mark.parametrize("page", [b"", b"<!DOCTYPE html>", b"Moved", b".", b"G", b"h\n", b"Entry not found", b"\x80\x02}q\0."])
def test_a_page_that_was_saved_instead_is_refused(page: bytes, tmp_path: Path) -> None:
    (tmp_path / "page.pt").write_bytes(page)

    with pytest.raises(UsageError, match=r"'page\.pt' "):
        read_weights(tmp_path / "page.pt")


def test_a_file_that_the_disk_does_not_give_is_told(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(UsageError, match=r"'network\.pt' cannot be read \(Permission denied\)"):
        read_weights(published)


def test_tensors_that_have_no_names_are_refused(tmp_path: Path) -> None:
    torch.save({1: torch.zeros(1)}, tmp_path / "numbers.pt")

    with pytest.raises(UsageError, match=r"'numbers\.pt' holds no state dict"):
        read_weights(tmp_path / "numbers.pt")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no weights at"):
        read_weights(tmp_path / "none.pt")


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_network_is_an_error_of_ours(published: Path, data: st.DataObject) -> None:
    """Cut off or altered anywhere, it is read (where it was altered in a value) or refused as a document."""
    content = bytearray(published.read_bytes())
    if data.draw(st.booleans(), "cut"):
        del content[data.draw(st.integers(0, len(content) - 1), "at") :]
    for at in data.draw(st.lists(st.integers(0, 1500), max_size=4), "altered"):
        if at < len(content):
            content[at] = data.draw(st.integers(0, 255), "byte")
    damaged = published.with_name("damaged.pt")
    damaged.write_bytes(content)

    with contextlib.suppress(DocumentError):
        read_tensors(damaged)
    with contextlib.suppress(UsageError), warnings.catch_warnings(action="ignore"):  # torch's, of versions
        read_weights(damaged)
